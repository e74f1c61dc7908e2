"""Investments, from Belvo's schema: `make models` writes this."""

import datetime as dt
from decimal import Decimal

from attrs import frozen

from belvo_async.models._data_model import DataModel, show_ids_only

__all__ = [
    "Investment",
    "InvestmentBalance",
    "InvestmentClassification",
    "InvestmentDebtor",
    "InvestmentRemuneration",
    "InvestmentVoucherPayment",
]


@frozen(kw_only=True, field_transformer=show_ids_only)
class InvestmentBalance(DataModel):
    """The value of `Investment.balance`."""

    reference_date: dt.datetime | None = None
    gross_value: Decimal | None = None
    blocked_amount: Decimal | None = None
    quantity: Decimal | None = None
    gross_unit_price: Decimal | None = None
    net_value: Decimal | None = None
    withheld_amount: Decimal | None = None
    transaction_fee: Decimal | None = None
    purchase_unit_price: Decimal | None = None
    pre_fixed_rate: Decimal | None = None
    post_fixed_rate: Decimal | None = None
    penalty_fee: Decimal | None = None
    late_payment_fee: Decimal | None = None
    closing_price: Decimal | None = None
    unit_price_factor: Decimal | None = None


@frozen(kw_only=True, field_transformer=show_ids_only)
class InvestmentRemuneration(DataModel):
    """The value of `Investment.remuneration`."""

    pre_fixed_rate: Decimal | None = None
    post_fixed_rate: Decimal | None = None
    rate_type: str | None = None
    rate_periodicity: str | None = None
    calculation_base: str | None = None
    indexer: str | None = None
    indexer_additional_info: str | None = None


@frozen(kw_only=True, field_transformer=show_ids_only)
class InvestmentClassification(DataModel):
    """The value of `Investment.classification_details`."""

    category: str | None = None
    class_: str | None = None
    subclass: str | None = None


@frozen(kw_only=True, field_transformer=show_ids_only)
class InvestmentVoucherPayment(DataModel):
    """The value of `Investment.voucher_payment_details`."""

    is_voucher_payment: bool | None = None
    periodicity: str | None = None
    periodicity_additional_info: str | None = None


@frozen(kw_only=True, field_transformer=show_ids_only)
class InvestmentDebtor(DataModel):
    """The value of `Investment.debtor_details`."""

    name: str | None = None
    id_document_number: str | None = None


@frozen(kw_only=True, field_transformer=show_ids_only)
class Investment(DataModel):
    """A row of `/api/br/investments/`."""

    id: str | None = None
    type: str | None = None
    issuer_id_number: str | None = None
    isin_number: str | None = None
    currency: str | None = None
    product_name: str | None = None
    is_tax_exempt: bool | None = None
    clearing_code: str | None = None
    due_date: dt.date | None = None
    issue_date: dt.date | None = None
    purchase_date: dt.date | None = None
    grace_period_date: dt.date | None = None
    issue_unit_price: Decimal | None = None
    balance: InvestmentBalance | None = None
    remuneration: InvestmentRemuneration | None = None
    classification_details: InvestmentClassification | None = None
    voucher_payment_details: InvestmentVoucherPayment | None = None
    debtor_details: InvestmentDebtor | None = None
