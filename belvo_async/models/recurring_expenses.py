"""Models of recurring expenses. Generated from Belvo's schema: `make models`."""

import datetime as dt
from decimal import Decimal

from belvo_async.models._enums import OpenEnum
from belvo_async.models._rows import DataRow, row
from belvo_async.models.accounts import Account

__all__ = [
    "RecurringExpense",
    "RecurringExpenseCategory",
    "RecurringExpenseFrequency",
    "RecurringExpensePaymentType",
    "RecurringExpenseSourceTransaction",
]


class RecurringExpenseCategory(OpenEnum):
    """The `category` of a `RecurringExpense`."""

    BILLS_UTILITIES = "Bills & Utilities"
    CREDITS_LOANS = "Credits & Loans"
    INSURANCE = "Insurance"
    ONLINE_PLATFORMS_LEISURE = "Online Platforms & Leisure"
    TRANSPORT_TRAVEL = "Transport & Travel"
    TAXES = "Taxes"


class RecurringExpenseFrequency(OpenEnum):
    """The `frequency` of a `RecurringExpense`."""

    MONTHLY = "MONTHLY"


class RecurringExpensePaymentType(OpenEnum):
    """The `payment_type` of a `RecurringExpense`."""

    SUBSCRIPTION = "SUBSCRIPTION"
    REGULAR = "REGULAR"


@row
class RecurringExpenseSourceTransaction(DataRow):
    """The `transactions` of a `RecurringExpense`."""

    amount: Decimal | None = None
    description: str | None = None
    value_date: dt.date | None = None


@row
class RecurringExpense(DataRow):
    """One row of `pool.recurring_expenses`."""

    account: Account | None = None
    average_transaction_amount: Decimal | None = None
    category: RecurringExpenseCategory | None = None
    days_since_last_transaction: int | None = None
    frequency: RecurringExpenseFrequency | None = None
    id: str | None = None
    median_transaction_amount: Decimal | None = None
    name: str | None = None
    payment_type: RecurringExpensePaymentType | None = None
    transactions: tuple[RecurringExpenseSourceTransaction, ...] = ()
