"""Incomes, from Belvo's schema: `make models` writes this."""

import datetime as dt
from decimal import Decimal

from attrs import frozen

from belvo_async.models._data_model import DataModel, show_ids_only
from belvo_async.models._enums import OpenEnum

__all__ = [
    "Income",
    "IncomeSourceType",
    "IncomeStream",
    "IncomeStreamConfidence",
    "IncomeStreamFrequency",
    "IncomeStreamType",
]


class IncomeStreamType(OpenEnum):
    """Values of `IncomeStream.income_type`."""

    SALARY = "SALARY"
    GOVERNMENT = "GOVERNMENT"
    INTEREST = "INTEREST"
    RENT = "RENT"
    RETIREMENT = "RETIREMENT"
    FREELANCE = "FREELANCE"
    ALTERNATIVE_INCOME = "ALTERNATIVE_INCOME"
    TRANSFER = "TRANSFER"
    DEPOSIT = "DEPOSIT"
    UNKNOWN = "UNKNOWN"


class IncomeStreamFrequency(OpenEnum):
    """Values of `IncomeStream.frequency`."""

    MONTHLY = "MONTHLY"
    FORTNIGHTLY = "FORTNIGHTLY"
    WEEKLY = "WEEKLY"
    IRREGULAR = "IRREGULAR"
    SINGLE = "SINGLE"


class IncomeStreamConfidence(OpenEnum):
    """Values of `IncomeStream.confidence`."""

    HIGH = "HIGH"
    MEDIUM = "MEDIUM"
    LOW = "LOW"


@frozen(kw_only=True, field_transformer=show_ids_only)
class IncomeStream(DataModel):
    """An item of `Income.income_streams`."""

    account_id: str | None = None
    income_type: IncomeStreamType | None = None
    frequency: IncomeStreamFrequency | None = None
    monthly_average: Decimal | None = None
    monthly_median: Decimal | None = None
    average_income_amount: Decimal | None = None
    last_income_amount: Decimal | None = None
    currency: str | None = None
    last_income_description: str | None = None
    last_income_date: dt.date | None = None
    stability: Decimal | None = None
    regularity: Decimal | None = None
    trend: Decimal | None = None
    lookback_periods: int | None = None
    full_periods: int | None = None
    periods_with_income: int | None = None
    number_of_incomes: int | None = None
    confidence: IncomeStreamConfidence | None = None


class IncomeSourceType(OpenEnum):
    """Values of `Income.income_source_type`."""

    BANK = "BANK"


@frozen(kw_only=True, field_transformer=show_ids_only)
class Income(DataModel):
    """A row of `/api/incomes/`."""

    id: str | None = None
    link: str | None = None
    created_at: dt.datetime | None = None
    income_streams: tuple[IncomeStream, ...] = ()
    income_source_type: IncomeSourceType | None = None
    first_transaction_date: dt.date | None = None
    last_transaction_date: dt.date | None = None
    best_working_day_to_charge: int | None = None
    good_working_days_to_charge: tuple[int, ...] = ()
    number_of_income_streams: int | None = None
    monthly_average: Decimal | None = None
    monthly_average_regular: Decimal | None = None
    monthly_average_irregular: Decimal | None = None
    monthly_average_low_confidence: Decimal | None = None
    monthly_average_medium_confidence: Decimal | None = None
    monthly_average_high_confidence: Decimal | None = None
    total_income_amount: Decimal | None = None
    total_regular_income_amount: Decimal | None = None
    total_irregular_income_amount: Decimal | None = None
    total_low_confidence: Decimal | None = None
    total_medium_confidence: Decimal | None = None
    total_high_confidence: Decimal | None = None
