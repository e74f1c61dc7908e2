"""Models of investments. Generated from Belvo's schema: `make models`."""

import datetime as dt
from decimal import Decimal

from belvo_async.models._rows import DataRow, row

__all__ = [
    "ClassificationDetails",
    "DebtorDetails",
    "Investment",
    "InvestmentBalance",
    "Remuneration",
    "VoucherPaymentDetails",
]


@row
class InvestmentBalance(DataRow):
    """The `balance` of an `Investment`."""

    blocked_amount: Decimal | None = None
    closing_price: Decimal | None = None
    gross_unit_price: Decimal | None = None
    gross_value: Decimal | None = None
    late_payment_fee: Decimal | None = None
    net_value: Decimal | None = None
    penalty_fee: Decimal | None = None
    post_fixed_rate: Decimal | None = None
    pre_fixed_rate: Decimal | None = None
    purchase_unit_price: Decimal | None = None
    quantity: Decimal | None = None
    reference_date: dt.datetime | None = None
    transaction_fee: Decimal | None = None
    unit_price_factor: Decimal | None = None
    withheld_amount: Decimal | None = None


@row
class ClassificationDetails(DataRow):
    """The `classification_details` of an `Investment`."""

    category: str | None = None
    class_: str | None = None
    subclass: str | None = None


@row
class DebtorDetails(DataRow):
    """The `debtor_details` of an `Investment`."""

    id_document_number: str | None = None
    name: str | None = None


@row
class Remuneration(DataRow):
    """The `remuneration` of an `Investment`."""

    calculation_base: str | None = None
    indexer: str | None = None
    indexer_additional_info: str | None = None
    post_fixed_rate: Decimal | None = None
    pre_fixed_rate: Decimal | None = None
    rate_periodicity: str | None = None
    rate_type: str | None = None


@row
class VoucherPaymentDetails(DataRow):
    """The `voucher_payment_details` of an `Investment`."""

    is_voucher_payment: bool | None = None
    periodicity: str | None = None
    periodicity_additional_info: str | None = None


@row
class Investment(DataRow):
    """One row of `pool.investments`."""

    balance: InvestmentBalance | None = None
    classification_details: ClassificationDetails | None = None
    clearing_code: str | None = None
    currency: str | None = None
    debtor_details: DebtorDetails | None = None
    due_date: dt.date | None = None
    grace_period_date: dt.date | None = None
    id: str | None = None
    is_tax_exempt: bool | None = None
    isin_number: str | None = None
    issue_date: dt.date | None = None
    issue_unit_price: Decimal | None = None
    issuer_id_number: str | None = None
    product_name: str | None = None
    purchase_date: dt.date | None = None
    remuneration: Remuneration | None = None
    type: str | None = None
    voucher_payment_details: VoucherPaymentDetails | None = None
