"""Reads the bodies that ask for data."""

from collections.abc import Mapping
from datetime import date
from typing import Final

from attrs import frozen

from belvo_async.sandbox._data.records import Fields
from belvo_async.sandbox._data.resources import ServedData
from belvo_async.sandbox._filters import UUID_PATTERN
from belvo_async.sandbox._forms import Form
from belvo_async.sandbox._problems import Problem, missing

YEAR_PATTERN: Final = r"\d{4}"
FLAGS: Final = ("attach_pdf", "attach_xml")
LISTS: Final = frozenset({"allowed_income_types"})


@frozen(kw_only=True)
class RetrievalRequest:
    """What a client asks of one link; a session keeps it until its token comes."""

    resource: ServedData
    link_id: str
    values: Mapping[str, str]
    """The fields of the body that select records."""
    saves: bool
    token: str | None = None


def read_retrieval(form: Form, resource: ServedData) -> RetrievalRequest:
    """Return what a POST asks for.

    Raises:
        RefusedError: It names every field that is wrong.
    """
    values: dict[str, str] = {}
    for entry in resource.takes.split():
        marked, _, choices = entry.partition("=")
        name = marked.rstrip("*")
        value = _read(form, name, choices, required=marked.endswith("*"))
        if value is not None:
            values[name] = value
    for name in FLAGS:
        form.flag(name)
    saves = form.flag("save_data")
    if resource.path == "tax-returns":
        _check_period(form, values)
    for first, last in (("date_from", "date_to"), ("year_from", "year_to")):
        if values.get(first, "") > values.get(last, "9999-12-31"):
            form.problems.append(Problem("invalid", f"{last} may not be before {first}.", last))
    form.finish()
    token = values.pop("token", None)
    return RetrievalRequest(
        resource=resource, link_id=values.pop("link"), values=values, saves=saves, token=token
    )


def _check_period(form: Form, values: Mapping[str, str]) -> None:
    """Tax returns are of months, between dates, or of years."""
    kind = {"monthly": "date", "yearly": "year"}.get(values.get("type", ""))
    if kind is not None:
        form.problems.extend(missing(name) for name in (f"{kind}_from", f"{kind}_to") if name not in form)


def _read(form: Form, name: str, choices: str, *, required: bool) -> str | None:
    if name in LISTS:
        form.names(name)
        return None
    value = form.text(name, required=required, pattern=YEAR_PATTERN if name.startswith("year_") else None)
    problem = None if value is None else _find_problem(name, value, choices)
    if problem is None:
        return value
    form.problems.append(problem)
    return None


def _find_problem(name: str, value: str, choices: str) -> Problem | None:
    if name in {"link", "account", "account_id"} and UUID_PATTERN.fullmatch(value) is None:
        return Problem("invalid", "Must be a valid UUID.", name)
    if (name.startswith("date_") or name == "reference_date") and not _is_day(value):
        return Problem(
            "invalid", "Date has wrong format. Use one of these formats instead: YYYY-MM-DD.", name
        )
    if choices and value not in choices.split("|"):
        return Problem("invalid_choice", f'"{value}" is not a valid choice.', name)
    return None


def _is_day(value: str) -> bool:
    try:
        return date.fromisoformat(value).isoformat() == value
    except ValueError:
        return False


def selects(retrieval: RetrievalRequest, fields: Fields, dated: str | None) -> bool:
    """Tell whether a record is one of those that are asked for."""
    values = retrieval.values
    if dated is not None:
        day = str(fields[dated])[:10]
        if not values.get("date_from", "") <= day <= values.get("date_to", "9999-12-31"):
            return False
    general = fields.get("informacion_general")
    if isinstance(general, dict) and "year_from" in values:
        return values["year_from"] <= str(general["ejercicio"]) <= values["year_to"]
    direction = values.get("type")
    if direction is not None and fields.get("type", direction) != direction:
        return False
    account = fields.get("account")
    owner = account["id"] if isinstance(account, dict) else fields.get("account_id")
    return all(values.get(name, owner) == owner for name in ("account", "account_id"))


def find_form(retrieval: RetrievalRequest) -> str:
    """Return which form of a record is asked for: tax returns are monthly or yearly."""
    return "monthly" if retrieval.values.get("type") == "monthly" else "record"
