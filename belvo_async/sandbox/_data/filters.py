"""The filters of lists of data, read from the names of the query's parameters.

A name is a path of fields, joined by two underscores, and a comparison: `account__balance__current__lte`.
"""

import operator
import re
from collections.abc import Callable, Container, Mapping
from decimal import Decimal
from typing import Any, Final, TypeAlias

from belvo_async.sandbox._data.records import Fields, StoredRecord
from belvo_async.sandbox._filters import UUID_PATTERN, read_day
from belvo_async.sandbox._pages import Query, split
from belvo_async.sandbox._problems import Problem, RefusedError

RecordTest: TypeAlias = Callable[[StoredRecord], bool]

ORDERS: Final[Mapping[str, Callable[[Any, Any], bool]]] = {
    "gt": operator.gt,
    "gte": operator.ge,
    "lt": operator.lt,
    "lte": operator.le,
}
NUMBER: Final = re.compile(r"-?[0-9]{1,20}(\.[0-9]{1,8})?")
IDENTIFIERS: Final = frozenset({"id", "link", "account"})
ELSEWHERE: Final[Mapping[str, tuple[str, ...]]] = {
    "user_document": ("document_number",),
    "ejercicio": ("informacion_general", "ejercicio"),
    "tipo_declaracion": ("informacion_general", "tipo_declaracion"),
}
"""Where a field is that a filter calls by another name."""


def read_record_filters(query: Query, known: Container[str]) -> list[RecordTest]:
    """Return the tests that *query* asks for; parameters that are not *known* are ignored.

    Raises:
        RefusedError: A value makes no sense.
    """
    return [_read(name, value) for name, value in query if name in known]


def _read(name: str, value: str) -> RecordTest:
    *path, last = name.split("__")
    comparison = last if path and last in (*ORDERS, "in", "range", "icontains") else ""
    steps = tuple(path if comparison else (*path, last))
    steps = ELSEWHERE.get(steps[0], steps)
    if steps[-1] in IDENTIFIERS:
        for part in split(value):
            if UUID_PATTERN.fullmatch(part) is None:
                raise RefusedError(400, Problem("invalid", "Enter a valid UUID.", name))
    return _compare(name, steps, comparison, value)


def _compare(name: str, steps: tuple[str, ...], comparison: str, value: str) -> RecordTest:
    wanted = split(value) if comparison in {"in", "range"} else [value]
    if comparison == "range" and len(wanted) != 2:
        raise RefusedError(400, Problem("invalid", "Enter two values.", name))

    def test(record: StoredRecord) -> bool:
        if steps == ("account",):
            return any(found in wanted for found in _list_accounts(record.fields))
        found = _find(record, steps)
        if found is None:
            return False
        if comparison == "icontains":
            return value.lower() in str(found).lower()
        limits = [_read_like(found, name, part) for part in wanted]
        if comparison == "range":
            return bool(limits[0] <= _plain(found) <= limits[1])
        if comparison in ORDERS:
            return ORDERS[comparison](_plain(found), limits[0])
        return _plain(found) in limits

    return test


def _list_accounts(fields: Fields) -> list[object]:
    """Return the ids of the accounts that a record is about."""
    named = [fields.get("account"), fields.get("account_id")]
    for name in ("accounts", "income_streams"):
        listed = fields.get(name)
        named += listed if isinstance(listed, list) else []
    return [each.get("id", each.get("account_id")) if isinstance(each, dict) else each for each in named]


def _find(record: StoredRecord, steps: tuple[str, ...]) -> object:
    """Return the value at the end of a path, for an institution its name; None: there is none."""
    if steps == ("link",):
        return record.link_id
    value: object = record.fields
    for step in steps:
        value = value.get(step) if isinstance(value, dict) else None
    if isinstance(value, dict):
        return value.get("name")
    return value


def _plain(found: object) -> Any:
    """Return what is compared: of a time only its day."""
    return found[:10] if isinstance(found, str) and found[10:11] == "T" else found


def _read_like(found: object, name: str, text: str) -> Any:
    """Read *text* as a value of the type of *found*."""
    if isinstance(found, Decimal | int):
        if NUMBER.fullmatch(text) is None:
            raise RefusedError(400, Problem("invalid", "Enter a number.", name))
        return Decimal(text)
    if isinstance(found, str) and found[4:5] == found[7:8] == "-":
        return read_day(name, text).isoformat()
    return text
