"""Reads the bodies that ask for data."""

from collections.abc import Mapping
from datetime import date
from typing import Final

from attrs import frozen

from belvo_async.sandbox._data.records import Fields
from belvo_async.sandbox._data.resources import DataResource
from belvo_async.sandbox._filters import UUID_PATTERN
from belvo_async.sandbox._forms import Form
from belvo_async.sandbox._problems import Problem

YEAR_PATTERN: Final = r"\d{4}"
FLAGS: Final = ("attach_pdf", "attach_xml")


@frozen(kw_only=True)
class Retrieval:
    """What a client asks of one link; a session keeps it until its token comes."""

    resource: DataResource
    link_id: str
    values: Mapping[str, str]
    """The fields of the body that select records."""
    saves: bool
    token: str | None = None


def read_retrieval(form: Form, resource: DataResource) -> Retrieval:
    """Return what a POST asks for.

    Raises:
        RefusedError: It names every field that is wrong.
    """
    values: dict[str, str] = {}
    for entry in resource.takes.split():
        name = entry.rstrip("*")
        value = _read(form, name, required=entry.endswith("*"))
        if value is not None:
            values[name] = value
    for name in FLAGS:
        form.flag(name)
    saves = form.flag("save_data", default=True)
    for first, last in (("date_from", "date_to"), ("year_from", "year_to")):
        if values.get(first, "") > values.get(last, "9999-12-31"):
            form.problems.append(Problem("invalid", f"{last} may not be before {first}.", last))
    form.finish()
    token = values.pop("token", None)
    return Retrieval(resource=resource, link_id=values.pop("link"), values=values, saves=saves, token=token)


def _read(form: Form, name: str, *, required: bool) -> str | None:
    pattern = {"year_from": YEAR_PATTERN, "year_to": YEAR_PATTERN}.get(name)
    value = form.text(name, required=required, pattern=pattern)
    problem = None if value is None else _find_problem(name, value)
    if problem is None:
        return value
    form.problems.append(problem)
    return None


def _find_problem(name: str, value: str) -> Problem | None:
    if name in {"link", "account", "account_id"} and UUID_PATTERN.fullmatch(value) is None:
        return Problem("invalid", "Must be a valid UUID.", name)
    if (name.startswith("date_") or name == "reference_date") and not _is_day(value):
        return Problem(
            "invalid", "Date has wrong format. Use one of these formats instead: YYYY-MM-DD.", name
        )
    choices = CHOICES.get(name, ())
    if choices and value not in choices:
        return Problem("invalid_choice", f'"{value}" is not a valid choice.', name)
    return None


CHOICES: Final[Mapping[str, tuple[str, ...]]] = {
    "type": ("INFLOW", "OUTFLOW", "monthly", "yearly"),
    "minimum_confidence_level": ("HIGH", "MEDIUM", "LOW"),
}


def _is_day(value: str) -> bool:
    try:
        return date.fromisoformat(value).isoformat() == value
    except ValueError:
        return False


def selects(retrieval: Retrieval, fields: Fields, dated: str | None) -> bool:
    """Tell whether a record is one of those that are asked for."""
    values = retrieval.values
    if dated is not None:
        day = str(fields[dated])[:10]
        if not values.get("date_from", "") <= day <= values.get("date_to", "9999-12-31"):
            return False
    account = fields.get("account")
    owner = account["id"] if isinstance(account, dict) else fields.get("account_id")
    return all(values.get(name, owner) == owner for name in ("account", "account_id"))
