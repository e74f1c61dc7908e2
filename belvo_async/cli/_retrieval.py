"""What `belvo-async retrieve` asks of Belvo: a resource, and its options, checked before anything is sent."""

from collections.abc import Iterable, Mapping, Sequence
from enum import StrEnum
from typing import Any, Final, NoReturn, get_origin

from belvo_async import SessionPool, bulk
from belvo_async.cli._job import Start
from belvo_async.errors import InvalidValueError, UsageError
from belvo_async.models import write_line


class Resource(StrEnum):
    """The data resources that retrieve."""

    ACCOUNTS = "accounts"
    BALANCES = "balances"
    BILLS = "bills"
    CHILE_DEBT_REPORTS = "chile_debt_reports"
    CHILE_INVOICES = "chile_invoices"
    CHILE_TAX_STATUS = "chile_tax_status"
    CURRENT_EMPLOYMENTS = "current_employments"
    EMPLOYMENT_METRICS = "employment_metrics"
    EMPLOYMENT_RECORDS = "employment_records"
    EMPLOYMENTS = "employments"
    EXCHANGES = "exchanges"
    FINANCIAL_STATEMENTS = "financial_statements"
    INCOMES = "incomes"
    INVESTMENT_TRANSACTIONS = "investment_transactions"
    INVESTMENTS = "investments"
    INVOICES = "invoices"
    OWNERS = "owners"
    RECURRING_EXPENSES = "recurring_expenses"
    RISK_INSIGHTS = "risk_insights"
    TAX_COMPLIANCE_STATUS = "tax_compliance_status"
    TAX_RETENTIONS = "tax_retentions"
    TAX_RETURNS = "tax_returns"
    TAX_STATUS = "tax_status"
    TRANSACTIONS = "transactions"


_ANNOTATIONS: Final[Mapping[str, object]] = bulk.RetrieveOptions.__annotations__
_WORDS: Final[Mapping[str, object]] = {"true": True, "false": False}
_FLAGS: Final = {"date_from": "--from", "date_to": "--to", "save_data": "--no-save", "output": "--out"}


def read_options(
    first: str | None, last: str | None, others: Sequence[str], *, saves: bool
) -> dict[str, object]:
    """Return what was asked for as options of `bulk.retrieve`.

    Raises:
        UsageError: One of *others* is no NAME=VALUE, or has an option of its own here.
    """
    found: dict[str, object] = {"date_from": first, "date_to": last} if first or last else {}
    if not saves:
        found["save_data"] = False
    for other in others:
        name, equals, value = other.partition("=")
        if not (name and equals):
            raise UsageError(f"--option {other} has no value.", remedy="Write it as NAME=VALUE.")
        if name in _FLAGS:
            raise UsageError(f"{name} has an option of its own.", remedy=f"Pass {_FLAGS[name]}.")
        if name not in _ANNOTATIONS:
            known = ", ".join(sorted(_ANNOTATIONS.keys() - _FLAGS.keys()))
            raise UsageError(f"--option {write_line(name)} is not known.", remedy=f"Known are: {known}.")
        found[name] = _read_value(name, value)
    return {name: value for name, value in found.items() if value is not None}


def _read_value(name: str, value: str) -> object:
    if get_origin(_ANNOTATIONS[name]) is Iterable:
        return value.split(",")
    return _WORDS.get(value, value)


def begin_retrieval(
    pool: SessionPool,
    resource: Resource,
    options: Mapping[str, object],
    **settings: Any,  # Any: those of `bulk.retrieve`
) -> Start:
    """Return what begins the job, once its options were checked; nothing is sent.

    Raises:
        UsageError: The resource does not take an option, or needs another.
    """
    asked: dict[str, Any] = {**options}  # Any: they are checked by the call
    kind = getattr(pool, resource)
    try:
        bulk.retrieve(kind, (), dry_run=True, **asked)
    except InvalidValueError as error:
        _refuse(error)
    return lambda _, links, provide_token: bulk.retrieve(
        kind, links, provide_token=provide_token, **settings, **asked
    )


def _refuse(error: InvalidValueError) -> NoReturn:
    name = error.field or ""
    flag = _FLAGS.get(name, f"--option {name}")
    problem = error.message.removeprefix(f"{name} ")
    for other, written in _FLAGS.items():
        problem = problem.replace(other, written)
    remedy = f"Pass {flag}." if "is missing" in problem else error.remedy
    raise UsageError(f"{flag} {problem}", remedy=remedy) from None
