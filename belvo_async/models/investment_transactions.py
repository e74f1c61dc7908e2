"""Models of investment transactions. Generated from Belvo's schema: `make models`."""

import datetime as dt
from decimal import Decimal

from belvo_async.models._enums import OpenEnum
from belvo_async.models._rows import DataRow, row
from belvo_async.models.investments import Investment

__all__ = ["BrokerNote", "InvestmentTransaction", "InvestmentTransactionType"]


@row
class BrokerNote(DataRow):
    """The `broker_note_details` of an `InvestmentTransaction`."""

    broker_note_number: str | None = None
    brokerage_fee: Decimal | None = None
    clearing_custody_fee: Decimal | None = None
    clearing_registration_fee: Decimal | None = None
    clearing_settlement_fee: Decimal | None = None
    gross_value: Decimal | None = None
    income_tax: Decimal | None = None
    net_value: Decimal | None = None
    stock_exchange_asset_trade_notice_fee: Decimal | None = None
    stock_exchange_fee: Decimal | None = None
    taxes: Decimal | None = None


class InvestmentTransactionType(OpenEnum):
    """The `type` of an `InvestmentTransaction`."""

    INFLOW = "INFLOW"
    OUTFLOW = "OUTFLOW"
    NULL = "null"


@row
class InvestmentTransaction(DataRow):
    """One row of `pool.investment_transactions`."""

    broker_note_details: BrokerNote | None = None
    collected_at: dt.datetime | None = None
    created_at: dt.datetime | None = None
    exit_fee: Decimal | None = None
    gross_value: Decimal | None = None
    id: str | None = None
    income_tax: Decimal | None = None
    indexer_percentage: Decimal | None = None
    internal_identification: str | None = None
    investment: Investment | None = None
    link: str | None = None
    net_value: Decimal | None = None
    price_factor: Decimal | None = None
    quantity: Decimal | None = None
    rate: Decimal | None = None
    subtype: str | None = None
    subtype_additional_info: str | None = None
    transaction_tax: Decimal | None = None
    type: InvestmentTransactionType | None = None
    unit_price: Decimal | None = None
    value: Decimal | None = None
    value_date: dt.date | None = None
