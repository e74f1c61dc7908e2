"""Models of incomes. Generated from Belvo's schema: `make models`."""

import datetime as dt
from decimal import Decimal

from belvo_async.models._enums import OpenEnum
from belvo_async.models._rows import DataRow, row

__all__ = [
    "Income",
    "IncomeSourceType",
    "IncomeStreamConfidence",
    "IncomeStreamFrequency",
    "IncomeStreamType",
    "IncomeStreamsBody",
]


class IncomeSourceType(OpenEnum):
    """The `income_source_type` of an `Income`."""

    BANK = "BANK"


class IncomeStreamConfidence(OpenEnum):
    """The `confidence` of an `IncomeStreamsBody`."""

    HIGH = "HIGH"
    MEDIUM = "MEDIUM"
    LOW = "LOW"


class IncomeStreamFrequency(OpenEnum):
    """The `frequency` of an `IncomeStreamsBody`."""

    MONTHLY = "MONTHLY"
    FORTNIGHTLY = "FORTNIGHTLY"
    WEEKLY = "WEEKLY"
    IRREGULAR = "IRREGULAR"
    SINGLE = "SINGLE"


class IncomeStreamType(OpenEnum):
    """The `income_type` of an `IncomeStreamsBody`."""

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


@row
class IncomeStreamsBody(DataRow):
    """The `income_streams` of an `Income`."""

    account_id: str | None = None
    average_income_amount: Decimal | None = None
    confidence: IncomeStreamConfidence | None = None
    currency: str | None = None
    frequency: IncomeStreamFrequency | None = None
    full_periods: int | None = None
    income_type: IncomeStreamType | None = None
    last_income_amount: Decimal | None = None
    last_income_date: dt.date | None = None
    last_income_description: str | None = None
    lookback_periods: int | None = None
    monthly_average: Decimal | None = None
    monthly_median: Decimal | None = None
    number_of_incomes: int | None = None
    periods_with_income: int | None = None
    regularity: Decimal | None = None
    stability: Decimal | None = None
    trend: Decimal | None = None


@row
class Income(DataRow):
    """One row of `pool.incomes`."""

    best_working_day_to_charge: int | None = None
    created_at: dt.datetime | None = None
    first_transaction_date: dt.date | None = None
    good_working_days_to_charge: tuple[int, ...] = ()
    id: str | None = None
    income_source_type: IncomeSourceType | None = None
    income_streams: tuple[IncomeStreamsBody, ...] = ()
    last_transaction_date: dt.date | None = None
    link: str | None = None
    monthly_average: Decimal | None = None
    monthly_average_high_confidence: Decimal | None = None
    monthly_average_irregular: Decimal | None = None
    monthly_average_low_confidence: Decimal | None = None
    monthly_average_medium_confidence: Decimal | None = None
    monthly_average_regular: Decimal | None = None
    number_of_income_streams: int | None = None
    total_high_confidence: Decimal | None = None
    total_income_amount: Decimal | None = None
    total_irregular_income_amount: Decimal | None = None
    total_low_confidence: Decimal | None = None
    total_medium_confidence: Decimal | None = None
    total_regular_income_amount: Decimal | None = None
