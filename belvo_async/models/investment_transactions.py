"""Investment transactions, from Belvo's schema: `make models` writes this."""

import datetime as dt
from decimal import Decimal

from attrs import frozen

from belvo_async.models._data_model import DataModel, show_ids_only
from belvo_async.models._enums import OpenEnum
from belvo_async.models.investments import Investment

__all__ = ["InvestmentBrokerNote", "InvestmentTransaction", "InvestmentTransactionType"]


class InvestmentTransactionType(OpenEnum):
    """Values of `InvestmentTransaction.type`."""

    INFLOW = "INFLOW"
    OUTFLOW = "OUTFLOW"


@frozen(kw_only=True, field_transformer=show_ids_only)
class InvestmentBrokerNote(DataModel):
    """The value of `InvestmentTransaction.broker_note_details`."""

    broker_note_number: str | None = None
    gross_value: Decimal | None = None
    brokerage_fee: Decimal | None = None
    clearing_settlement_fee: Decimal | None = None
    clearing_registration_fee: Decimal | None = None
    stock_exchange_asset_trade_notice_fee: Decimal | None = None
    stock_exchange_fee: Decimal | None = None
    clearing_custody_fee: Decimal | None = None
    taxes: Decimal | None = None
    income_tax: Decimal | None = None
    net_value: Decimal | None = None


@frozen(kw_only=True, field_transformer=show_ids_only)
class InvestmentTransaction(DataModel):
    """A row of `/api/br/investment-transactions/`."""

    id: str | None = None
    link: str | None = None
    collected_at: dt.datetime | None = None
    created_at: dt.datetime | None = None
    investment: Investment | None = None
    internal_identification: str | None = None
    value_date: dt.date | None = None
    gross_value: Decimal | None = None
    net_value: Decimal | None = None
    value: Decimal | None = None
    unit_price: Decimal | None = None
    price_factor: Decimal | None = None
    transaction_tax: Decimal | None = None
    income_tax: Decimal | None = None
    quantity: Decimal | None = None
    type: InvestmentTransactionType | None = None
    subtype: str | None = None
    subtype_additional_info: str | None = None
    indexer_percentage: Decimal | None = None
    rate: Decimal | None = None
    exit_fee: Decimal | None = None
    broker_note_details: InvestmentBrokerNote | None = None
