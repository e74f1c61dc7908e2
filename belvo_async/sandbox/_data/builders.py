"""What a bank has of a link, for each resource."""

from collections.abc import Callable, Mapping
from datetime import datetime
from decimal import Decimal
from typing import Final

from belvo_async.sandbox._data.banking import build_accounts, build_balances, build_transactions
from belvo_async.sandbox._data.described import Context, write_record
from belvo_async.sandbox._data.insights import build_bills, build_expenses, build_incomes, build_insights
from belvo_async.sandbox._data.origin import derive_id
from belvo_async.sandbox._data.owners import build_owners, find_document, name_person
from belvo_async.sandbox._data.records import Fields
from belvo_async.sandbox._data.resources import ServedData
from belvo_async.sandbox._links import StoredLink, print_time

Builder = Callable[[StoredLink, datetime], list[Fields]]

BUILDERS: Final[Mapping[str, Builder]] = {
    "accounts": build_accounts,
    "transactions": build_transactions,
    "owners": build_owners,
    "br/balances": build_balances,
    "bills": build_bills,
    "incomes": build_incomes,
    "recurring-expenses": build_expenses,
    "risk-insights": build_insights,
}
"""The resources whose records follow from statements. All others follow their description alone."""

WITHOUT_DATA: Final = "bnk101"
"""Belvo's test user without data."""


def build_records(resource: ServedData, link: StoredLink, at: datetime, form: str = "record") -> list[Fields]:
    """Return the records of *link* as its bank has them *at* this time."""
    if link.username == WITHOUT_DATA:
        return []
    build = BUILDERS.get(resource.path)
    if build is not None:
        return build(link, at)
    contexts = [
        Context(link=link, path=resource.path, number=number, at=at, form=form)
        for number in range(resource.count)
    ]
    return [_adapt(resource, context, write_record(context)) for context in contexts]


def build_history(link: StoredLink, exchange: Fields, at: datetime) -> list[Fields]:
    """Return the events of one exchange."""
    events = []
    for number in range(2):
        context = Context(link=link, path="br/exchanges", number=number, at=at, form="history")
        same = {name: exchange[name] for name in ("operation_identifier", "operation_due_date")}
        event = write_record(context) | same
        identity = derive_id(str(exchange["id"]), str(number))
        events.append(event | {"id": identity, "exchange_id": exchange["id"]})
    return events


def _adapt(resource: ServedData, context: Context, fields: Fields) -> Fields:
    """Make a described record fit its number: its day, its direction, and what the record adds up to."""
    if resource.dated is not None:
        day = context.day.date().isoformat()
        fields[resource.dated] = f"{day}T10:00:00Z" if resource.dated.endswith("_at") else day
    if resource.path in {"invoices", "cl/invoices"}:
        fields["type"] = ("INFLOW", "OUTFLOW")[context.number % 2]
    if resource.path == "invoices":
        fields |= _bill(context.number)
    if resource.path == "consents":
        fields |= {
            "display_name": name_person(context.link),
            "document_number": find_document(context.link),
            "belvo_institution_name": context.link.institution,
            "status": "AUTHORISED",
            "created_at": print_time(context.link.created_at),
        }
    return fields


def _bill(number: int) -> Fields:
    """Return amounts that add up."""
    subtotal = Decimal("400.50") + 25 * number
    tax = (subtotal * 16 / 100).quantize(Decimal("0.01"))
    return {
        "subtotal_amount": subtotal,
        "tax_amount": tax,
        "discount_amount": Decimal(0),
        "total_amount": subtotal + tax,
    }
