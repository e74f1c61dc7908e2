"""Accounts, transactions and balances, as they follow from the statements of a link."""

from datetime import datetime
from decimal import Decimal

from belvo_async.sandbox._data.described import Context, write_record
from belvo_async.sandbox._data.origin import derive_digits, derive_id, describe_institution
from belvo_async.sandbox._data.records import Fields
from belvo_async.sandbox._data.statements import (
    CARD,
    CARD_PAYMENT_DAY,
    LOAN,
    AccountStatement,
    Entry,
    build_statements,
)
from belvo_async.sandbox._links import StoredLink, print_time

CARD_LIMIT = Decimal(9000)


def build_accounts(link: StoredLink, at: datetime) -> list[Fields]:
    """Return the accounts of *link*."""
    return [_build_account(link, statement, at) for statement in build_statements(link, at)]


def build_transactions(link: StoredLink, at: datetime) -> list[Fields]:
    """Return the transactions of *link*, the newest first."""
    found = [
        (entry, statement, account)
        for statement in build_statements(link, at)
        for account in (_build_account(link, statement, at),)
        for entry in statement.entries
    ]
    found.sort(key=lambda each: each[0].at, reverse=True)
    return [_build_transaction(entry, statement, account, at) for entry, statement, account in found]


def build_balances(link: StoredLink, at: datetime) -> list[Fields]:
    """Return the balance of each account of *link* that holds money."""
    return [
        {
            "id": derive_id(link.id, statement.plan.category, "balance"),
            "link": link.id,
            "account_id": derive_id(link.id, statement.plan.category),
            "account_internal_identification": derive_digits(41, link.id, statement.plan.category),
            "collected_at": print_time(at),
            "created_at": print_time(at),
            "last_updated_at": print_time(at),
            "currency": statement.currency,
            "available": statement.balance,
            "blocked": Decimal(0),
            "automatically_invested": Decimal(0),
        }
        for statement in build_statements(link, at)
        if not statement.plan.is_debt
    ]


def _build_account(link: StoredLink, statement: AccountStatement, at: datetime) -> Fields:
    plan = statement.plan
    number = derive_digits(8, link.id, plan.category, "number")
    limit = CARD_LIMIT * statement.factor
    return {
        "id": derive_id(link.id, plan.category),
        "link": link.id,
        "institution": describe_institution(link),
        "collected_at": print_time(at),
        "created_at": print_time(at),
        "last_accessed_at": print_time(at),
        "category": plan.category,
        "balance_type": plan.balance_type,
        "overdraft": None,
        "type": plan.type,
        "subtype": "INDIVIDUAL",
        "name": plan.name,
        "number": number,
        "agency": "6272",
        "check_digit": number[-1],
        "balance": {
            "current": statement.balance,
            "available": limit - statement.balance if plan is CARD else statement.balance,
            "blocked": Decimal(0),
            "automatically_invested": Decimal(0),
        },
        "currency": statement.currency,
        "public_identification_name": "AGENCY/ACCOUNT",
        "public_identification_value": f"6272/{number}",
        "internal_identification": derive_digits(41, link.id, plan.category),
        "credit_data": _build_credit(statement, number, limit, at) if plan is CARD else None,
        "loan_data": _build_loan(link, statement, at) if plan is LOAN else None,
        "funds_data": None,
    }


def _build_credit(statement: AccountStatement, number: str, limit: Decimal, at: datetime) -> Fields:
    return {
        "collected_at": print_time(at),
        "credit_limit": limit,
        "limits": [
            {
                "identification_number": number[-4:],
                "credit_limit": limit,
                "used_amount": statement.balance,
                "available_amount": limit - statement.balance,
                "is_limit_flexible": False,
                "type": "TOTAL_LIMIT",
                "consolidation_type": "INDIVIDUAL",
                "line_name": "CREDITO_A_VISTA",
                "line_name_additional_info": None,
            }
        ],
        "cutting_date": at.date().replace(day=CARD_PAYMENT_DAY).isoformat(),
        "minimum_payment": (statement.balance / 10).quantize(Decimal("0.01")),
        "network": "MASTERCARD",
        "network_additional_info": None,
        "cards": [{"is_multiple": False, "identification_number": number[-4:]}],
        "next_payment_date": None,
        "no_interest_payment": None,
        "interest_rate": None,
        "monthly_payment": None,
        "last_payment_date": None,
    }


def _build_loan(link: StoredLink, statement: AccountStatement, at: datetime) -> Fields:
    fields = write_record(Context(link=link, path="accounts", number=0, at=at, form="loan"))
    contract = Decimal(LOAN.opening) * statement.factor
    return fields | {
        "contract_amount": contract,
        "outstanding_balance": statement.balance,
        "monthly_payment": statement.entries[-1].amount,
        "principal": contract,
        "outstanding_principal": statement.balance,
    }


def _build_transaction(entry: Entry, statement: AccountStatement, account: Fields, at: datetime) -> Fields:
    movement, day = entry.movement, entry.at.date()
    return {
        "id": entry.id,
        "internal_identification": entry.id.replace("-", ""),
        "account": account,
        "collected_at": print_time(at),
        "created_at": print_time(at),
        "value_date": day.isoformat(),
        "transacted_at": f"{entry.at.replace(tzinfo=None).isoformat(timespec='milliseconds')}Z",
        "accounting_date": day.isoformat(),
        "inferred_accounting_date": day.isoformat(),
        "amount": entry.amount,
        "local_currency_amount": entry.amount,
        "balance": entry.balance,
        "currency": statement.currency,
        "description": movement.description,
        "observations": None,
        "merchant": {"merchant_name": movement.description} if statement.plan is CARD else None,
        "category": movement.category,
        "subcategory": movement.subcategory,
        "reference": None,
        "type": "INFLOW" if entry.is_inflow else "OUTFLOW",
        "status": "PROCESSED",
        "credit_card_data": _build_purchase(entry, account, at) if statement.plan is CARD else None,
        "counterparty": None,
        "loan_data": None,
        "payment_type": None,
        "operation_type": "CARTAO" if statement.plan is CARD else "TRANSFERENCIA_MESMA_INSTITUICAO",
        "operation_type_additional_info": None,
        "mcc": None,
    }


def _build_purchase(entry: Entry, account: Fields, at: datetime) -> Fields:
    return {
        "collected_at": print_time(at),
        "bill_name": f"{entry.at:%b-%Y}".lower(),
        "bill_due_date": None,
        "bill_internal_identification": None,
        "bill_status": None,
        "previous_bill_total": None,
        "bill_amount": None,
        "card_number": str(account["number"])[-4:],
        "fee_type": None,
        "fee_type_additional_info": None,
        "credits_type": None,
        "credits_type_additional_info": None,
        "installment_identifier": "",
        "number_of_installments": None,
        "credit_card_bill": None,
    }
