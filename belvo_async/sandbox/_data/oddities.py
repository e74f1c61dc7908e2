"""Records that break Belvo's own specification, for the users whose name begins with `x_odd_`."""

from collections.abc import Callable, Mapping
from datetime import date
from decimal import Decimal
from typing import Any, Final

from belvo_async.sandbox._data.records import Fields
from belvo_async.sandbox._test_users import Oddity

KEPT: Final = frozenset({"id", "link", "account", "investment", "created_at", "collected_at"})
"""What stays as it is, so that the record can still be found and told from others."""
CHOICES: Final = frozenset(
    {"category", "type", "status", "frequency", "outcome", "gender", "payment_type", "income_source_type"}
)
"""The names of fields that take one of some values."""


def make_odd(oddity: Oddity, found: list[Fields]) -> list[Fields]:
    """Return the records, the first one with one odd field if it has a field of that kind."""
    return [*map(_MAKERS[oddity], found[:1]), *found[1:]]


def _change(fields: Fields, matches: Callable[[str, Any], bool], change: Callable[[Any], object]) -> Fields:
    """Change the first field that matches; a record without one is looked through to the depths."""
    for name, value in fields.items():
        if name not in KEPT and matches(name, value):
            return fields | {name: change(value)}
    for name, value in fields.items():
        if isinstance(value, dict) and name not in KEPT:
            changed = _change(value, matches, change)
            if changed is not value:
                return fields | {name: changed}
    return fields


def _is_date(_name: str, value: object) -> bool:
    return isinstance(value, str) and value[4:5] == value[7:8] == "-" and value[10:11] in {"", "T"}


def _reverse(text: str) -> str:
    return f"{date.fromisoformat(text[:10]):%d-%m-%Y}{text[10:]}"


_MAKERS: Final[Mapping[Oddity, Callable[[Fields], Fields]]] = {
    "number": lambda fields: _change(fields, lambda _name, value: isinstance(value, Decimal), str),
    "null": lambda fields: _change(
        fields, lambda name, value: isinstance(value, str) and name not in CHOICES, lambda _value: None
    ),
    "enum": lambda fields: _change(
        fields, lambda name, _value: name in CHOICES, lambda _value: "SOMETHING_NEW"
    ),
    "key": lambda fields: {**fields, "something_new": {"value": 1}},
    "date": lambda fields: _change(fields, _is_date, _reverse),
    "object": lambda fields: _change(
        fields, lambda _name, value: isinstance(value, dict), lambda value: [value]
    ),
}
