"""How values of JSON become values of fields.

Any of them may be null. What does not fit is a `TypeError`, a `ValueError` or an `ArithmeticError`.
"""

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Final, TypeVar

from belvo_async.models._enums import OpenEnum

T = TypeVar("T")

_MOST_DIGITS: Final = 18


def read_text(value: object, _: object) -> str | None:
    """Read a text."""
    if value is None or type(value) is str:  # else false would become "False"
        return value
    raise TypeError(f"expected text, got {type(value).__name__}")


def read_number(value: object, _: object) -> int | None:
    """Read a whole number, or a text that is one."""
    if value is None or type(value) is int:
        return value
    if isinstance(value, str) and value.isascii() and value.isdigit() and len(value) <= _MOST_DIGITS:
        return int(value)
    raise TypeError("expected a whole number")


def read_time(value: object, _: object) -> datetime | None:
    """Read a time, as one in UTC; it is UTC's where it names no zone."""
    if value is None:
        return None
    if not isinstance(value, str):  # a number does not tell seconds from milliseconds
        raise TypeError(f"expected a time as text, got {type(value).__name__}")
    moment = datetime.fromisoformat(value)
    if moment.tzinfo is UTC:
        return moment
    return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)


def list_of(kind: type[T]) -> Callable[[object, object], tuple[T, ...]]:
    """Read a list of texts or of objects, which is empty where it is null."""

    def structure(value: object, _: object) -> tuple[T, ...]:
        if value is None:
            return ()
        if isinstance(value, list) and all(isinstance(item, kind) for item in value):
            return tuple(value)
        raise TypeError(f"expected a list of {kind.__name__}")

    return structure


def member_of(kind: type[OpenEnum]) -> Callable[[object, object], OpenEnum | None]:
    """Read a value of an enumeration, also one that it does not list."""
    members: dict[object, OpenEnum | None] = {None: None, **{member.value: member for member in kind}}

    def structure(value: object, _: object) -> OpenEnum | None:
        try:
            return members[value]
        except KeyError:
            if isinstance(value, str):
                return kind(value)
        raise TypeError(f"expected text, got {type(value).__name__}")

    return structure
