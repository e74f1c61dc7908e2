"""Bills, incomes, recurring expenses and risk insights, as they follow from the statements of a link."""

from datetime import datetime
from decimal import Decimal
from typing import Final

from belvo_async.sandbox._data.banking import build_accounts
from belvo_async.sandbox._data.described import Context, write_record
from belvo_async.sandbox._data.origin import derive_id
from belvo_async.sandbox._data.records import Fields
from belvo_async.sandbox._data.statements import (
    CARD,
    CHECKING,
    SAVINGS,
    AccountStatement,
    Entry,
    Movement,
    build_statements,
)
from belvo_async.sandbox._links import StoredLink

CENT: Final = Decimal("0.01")
EXPENSES: Final = frozenset({"Bills & Utilities", "Credits & Loans", "Online Platforms & Leisure"})
"""The categories of a recurring expense that occur here."""


def build_bills(link: StoredLink, at: datetime) -> list[Fields]:
    """Return the bill of each month in which the card was paid, the newest first."""
    card = _find_statement(link, at, CARD.category)
    account = _find_account(link, at, CARD.category)
    payments = [entry for entry in reversed(card.entries) if entry.is_inflow]
    return [_build_bill(link, payment, account, number, at) for number, payment in enumerate(payments)]


def _build_bill(link: StoredLink, payment: Entry, account: Fields, number: int, at: datetime) -> Fields:
    due = payment.at.date().isoformat()
    fields = write_record(Context(link=link, path="bills", number=number, at=at, account=account))
    return fields | {
        "id": derive_id(link.id, "bill", due),
        "internal_identification": derive_id(link.id, "bill", due),
        "bill_name": f"{payment.at:%b-%Y}".lower(),
        "due_date": due,
        "currency": account["currency"],
        "total_amount": payment.amount,
        "minimum_amount": (payment.amount / 10).quantize(CENT),
        "is_installment": False,
        "finance_charges": [],
        "payments": [
            {
                "type": "FULL",
                "payment_date": due,
                "payment_mode": "DIRECT_DEBIT",
                "currency": account["currency"],
                "amount": payment.amount,
            }
        ],
    }


def build_incomes(link: StoredLink, at: datetime) -> list[Fields]:
    """Return one summary, with the salary as its only stream."""
    checking = _find_statement(link, at, CHECKING.category)
    salaries = [entry for entry in checking.entries if entry.movement.subcategory == "Salary"]
    average, total = salaries[-1].amount, salaries[-1].amount * len(salaries)
    return [
        write_record(Context(link=link, path="incomes", number=0, at=at))
        | {
            "income_streams": [_build_stream(link, checking.currency, salaries)],
            "first_transaction_date": salaries[0].at.date().isoformat(),
            "last_transaction_date": salaries[-1].at.date().isoformat(),
            "number_of_income_streams": 1,
        }
        | dict.fromkeys(
            ("monthly_average", "monthly_average_regular", "monthly_average_high_confidence"), average
        )
        | dict.fromkeys(
            ("total_income_amount", "total_regular_income_amount", "total_high_confidence"), total
        )
    ]


def _build_stream(link: StoredLink, currency: str, salaries: list[Entry]) -> Fields:
    amount = salaries[-1].amount
    return {
        "account_id": derive_id(link.id, CHECKING.category),
        "income_type": "SALARY",
        "frequency": "MONTHLY",
        "monthly_average": amount,
        "monthly_median": amount,
        "average_income_amount": amount,
        "last_income_amount": amount,
        "currency": currency,
        "last_income_description": salaries[-1].movement.description,
        "last_income_date": salaries[-1].at.date().isoformat(),
        "stability": 1,
        "regularity": 1,
        "trend": 0,
        "lookback_periods": len(salaries),
        "full_periods": len(salaries),
        "periods_with_income": len(salaries),
        "number_of_incomes": len(salaries),
        "confidence": "HIGH",
    }


def build_expenses(link: StoredLink, at: datetime) -> list[Fields]:
    """Return each movement that leaves an account once a month."""
    return [
        _build_expense(link, movement, statement, at)
        for statement in build_statements(link, at)
        for movement in statement.plan.movements
        if movement.day is not None and not movement.is_inflow and movement.category in EXPENSES
    ]


def _build_expense(link: StoredLink, movement: Movement, statement: AccountStatement, at: datetime) -> Fields:
    entries = [entry for entry in statement.entries if entry.movement is movement]
    amount = entries[-1].amount
    return {
        "id": derive_id(link.id, "expense", movement.description),
        "account": _find_account(link, at, statement.plan.category),
        "name": movement.description,
        "transactions": [
            {
                "amount": entry.amount,
                "description": movement.description,
                "value_date": entry.at.date().isoformat(),
            }
            for entry in entries
        ],
        "frequency": "MONTHLY",
        "average_transaction_amount": amount,
        "median_transaction_amount": amount,
        "days_since_last_transaction": (at.date() - entries[-1].at.date()).days,
        "category": movement.category,
        "payment_type": "SUBSCRIPTION" if statement.plan is CARD else "REGULAR",
    }


def build_insights(link: StoredLink, at: datetime) -> list[Fields]:
    """Return one summary; of its many numbers only those of the assets follow from the accounts."""
    checking, savings = (_find_statement(link, at, plan.category) for plan in (CHECKING, SAVINGS))
    return [
        write_record(Context(link=link, path="risk-insights", number=0, at=at))
        | {
            "accounts": [account["id"] for account in build_accounts(link, at)],
            "assets_metrics": {
                "institutions": [link.institution],
                "num_assets_accounts": 2,
                "num_checking_accounts": 1,
                "num_savings_accounts": 1,
                "checking_accounts_balance": checking.balance,
                "savings_accounts_balance": savings.balance,
            },
        }
    ]


def _find_statement(link: StoredLink, at: datetime, category: str) -> AccountStatement:
    return next(each for each in build_statements(link, at) if each.plan.category == category)


def _find_account(link: StoredLink, at: datetime, category: str) -> Fields:
    return next(account for account in build_accounts(link, at) if account["category"] == category)
