"""What a retrieval can be told, checked by the types that its options declare."""

import re
import types
from collections.abc import Callable, Iterable, Mapping
from datetime import date, timedelta
from decimal import Decimal
from functools import cache
from typing import Final, Literal, TypeAlias, get_args, get_origin, get_type_hints
from uuid import UUID

from belvo_async.errors import InvalidValueError
from belvo_async.params._checks import is_sendable, read_link_id, write_day

Day: TypeAlias = date | str
"""A day, as a date or as `YYYY-MM-DD`."""
Amount: TypeAlias = Decimal | int | str
"""A number, exact: a float would be rounded."""
_DAY: Final = re.compile(r"\d{4}-\d{2}-\d{2}", re.ASCII)


def write_options(options: Mapping[str, object], declared: type) -> dict[str, object]:
    """Turn the options of a retrieval into members of its body; None is left out.

    Args:
        options: Those of the resource's own, under their names on the wire.
        declared: The TypedDict that declares them.

    Raises:
        InvalidValueError: One is missing, or of a wrong type, or the days are the wrong way round; names it.
    """
    kinds = _read_kinds(declared)
    for name in sorted(list_required(declared)):
        if options.get(name) is None:
            raise InvalidValueError.of(name, "is missing", remedy=f"Pass {name}=….")
    body = {name: _write(name, value, kinds[name]) for name, value in options.items() if value is not None}
    first, last = body.get("date_from"), body.get("date_to")
    if isinstance(first, str) and isinstance(last, str) and last < first:
        raise InvalidValueError.of("date_to", "is before date_from", remedy="Exchange the two days.")
    return body


def check_alternatives(body: Mapping[str, object], alternatives: tuple[tuple[str, ...], ...]) -> None:
    """Refuse a body that has not all of one set of names, and none of the others.

    Raises:
        InvalidValueError: It has not; names them.
    """
    named = {name for names in alternatives for name in names} & body.keys()
    if not alternatives or any(named == set(names) for names in alternatives):
        return
    choices = ", or ".join(" and ".join(names) for names in alternatives)
    wrong = next(iter(sorted(named)), alternatives[0][0])
    raise InvalidValueError.of(wrong, "does not name a period alone", remedy=f"Pass {choices}.")


def check_period(body: Mapping[str, object], days: int) -> None:
    """Refuse a period that is shorter than the resource allows; a day that is left out is Belvo's to choose.

    Raises:
        InvalidValueError: It is.
    """
    first, last = body.get("date_from"), body.get("date_to")
    if not (isinstance(first, str) and isinstance(last, str)):
        return
    earliest = date.fromisoformat(last) - timedelta(days=days)
    if date.fromisoformat(first) > earliest:
        raise InvalidValueError.of(
            "date_from",
            f"is less than {days} days before date_to, the shortest period of this resource",
            remedy=f"Pass {earliest.isoformat()} or an earlier day.",
        )


def list_options(declared: type) -> frozenset[str]:
    """Return the names that a TypedDict declares."""
    return frozenset(_read_kinds(declared))


@cache
def _read_kinds(declared: type) -> Mapping[str, object]:
    return types.MappingProxyType(get_type_hints(declared))


def list_required(declared: type) -> frozenset[str]:
    """Return the names that a TypedDict requires."""
    found: frozenset[str] = declared.__required_keys__  # type: ignore[attr-defined]  # as each TypedDict has
    return found


def _write(name: str, value: object, kind: object) -> object:
    if get_origin(kind) is Literal:
        return _write_choice(name, value, get_args(kind))
    if get_origin(kind) is Iterable:
        return _write_many(name, value, get_args(kind)[0])
    return _WRITERS[kind](name, value)


def _write_choice(name: str, value: object, choices: tuple[object, ...]) -> object:
    if value in choices:
        return value
    named = ", ".join(str(choice) for choice in choices)
    raise InvalidValueError.of(name, "is not a choice", remedy=f"Pass one of: {named}.")


def _write_many(name: str, value: object, kind: object) -> object:
    if isinstance(value, str | bytes) or not isinstance(value, Iterable):
        raise InvalidValueError.of(name, "is not a list", remedy="Pass a list of values.")
    return [_write(name, item, kind) for item in value]


def _write_day(name: str, value: object) -> str:
    if (day := write_day(value)) is not None:
        return day
    if isinstance(value, str) and _DAY.fullmatch(value) and _is_day(value):
        return value
    raise InvalidValueError.of(name, "is no day", remedy="Pass a date, or text such as 2026-01-31.")


def _is_day(text: str) -> bool:
    try:
        date.fromisoformat(text)
    except ValueError:
        return False
    return True


def _write_id(name: str, value: object) -> str:
    return read_link_id(value, name, "Pass an `id` as Belvo shows it.")


def _write_flag(name: str, value: object) -> bool:
    if isinstance(value, bool):
        return value
    raise InvalidValueError.of(name, f"is {type(value).__name__}, not a bool", remedy="Pass True or False.")


def _write_text(name: str, value: object) -> str:
    if isinstance(value, str) and value and is_sendable(value):
        return value
    raise InvalidValueError.of(name, "is no text, or empty", remedy="Pass text, or leave it out.")


_WRITERS: Final[Mapping[object, Callable[[str, object], object]]] = {
    Day: _write_day,
    str | UUID: _write_id,
    bool: _write_flag,
    str: _write_text,
}
