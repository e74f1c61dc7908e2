"""Recurring expenses, from Belvo's schema: `make models` writes this."""

import datetime as dt
from decimal import Decimal

from attrs import frozen

from belvo_async.models._data_model import DataModel, show_ids_only
from belvo_async.models._enums import OpenEnum
from belvo_async.models.accounts import Account

__all__ = [
    "RecurringExpense",
    "RecurringExpenseCategory",
    "RecurringExpenseFrequency",
    "RecurringExpensePaymentType",
    "RecurringExpenseSourceTransaction",
]


@frozen(kw_only=True, field_transformer=show_ids_only)
class RecurringExpenseSourceTransaction(DataModel):
    """An item of `RecurringExpense.transactions`."""

    amount: Decimal | None = None
    description: str | None = None
    value_date: dt.date | None = None


class RecurringExpenseFrequency(OpenEnum):
    """Values of `RecurringExpense.frequency`."""

    MONTHLY = "MONTHLY"


class RecurringExpenseCategory(OpenEnum):
    """Values of `RecurringExpense.category`."""

    BILLS_UTILITIES = "Bills & Utilities"
    CREDITS_LOANS = "Credits & Loans"
    INSURANCE = "Insurance"
    ONLINE_PLATFORMS_LEISURE = "Online Platforms & Leisure"
    TRANSPORT_TRAVEL = "Transport & Travel"
    TAXES = "Taxes"


class RecurringExpensePaymentType(OpenEnum):
    """Values of `RecurringExpense.payment_type`."""

    SUBSCRIPTION = "SUBSCRIPTION"
    REGULAR = "REGULAR"


@frozen(kw_only=True, field_transformer=show_ids_only)
class RecurringExpense(DataModel):
    """A row of `/api/recurring-expenses/`."""

    id: str | None = None
    account: Account | None = None
    name: str | None = None
    transactions: tuple[RecurringExpenseSourceTransaction, ...] = ()
    frequency: RecurringExpenseFrequency | None = None
    average_transaction_amount: Decimal | None = None
    median_transaction_amount: Decimal | None = None
    days_since_last_transaction: int | None = None
    category: RecurringExpenseCategory | None = None
    payment_type: RecurringExpensePaymentType | None = None
