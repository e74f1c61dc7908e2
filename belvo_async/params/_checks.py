"""Checks on what a caller hands in: every failure names the field and the remedy, never the value."""

import base64
import binascii
import re
from collections.abc import Iterable
from datetime import date, datetime
from typing import Final, NoReturn, Protocol, Self, TypeVar
from uuid import UUID

from attrs import Attribute

from belvo_async.errors import InvalidValueError

T = TypeVar("T")

_UUID: Final = re.compile(r"[0-9a-f]{8}-?(?:[0-9a-f]{4}-?){3}[0-9a-f]{12}", re.ASCII)
_LONGEST_INSTITUTION: Final = 100


def read_link_id(
    value: object,
    name: str = "link_id",
    remedy: str = "Pass the `id` of a link, as links.list() shows it.",
) -> str:
    """Return an id as the API writes it: lower case, with hyphens.

    Raises:
        InvalidValueError: It is no UUID, so it must not enter a path.
    """
    # str(UUID(…)) costs 2 µs; an id that is already canonical costs a tenth of it.
    if isinstance(value, str) and len(value) == 36 and _UUID.fullmatch(value):
        return value
    if isinstance(value, UUID):
        return str(value)
    if isinstance(value, str) and _UUID.fullmatch(value.strip().lower()):
        return str(UUID(value.strip()))
    raise InvalidValueError.of(name, "is not a UUID", remedy=remedy)


def read_institution(value: object) -> str:
    """Return an institution's name, such as `erebor_mx_retail`.

    Raises:
        InvalidValueError: It does not look like one.
    """
    # Belvo gives the names, so only what cannot be one is refused.
    is_short = isinstance(value, str) and 0 < len(value) <= _LONGEST_INSTITUTION
    if isinstance(value, str) and is_short and value.isprintable() and " " not in value:
        return value
    raise InvalidValueError.of(
        "institution",
        "is not the name of an institution (up to 100 characters, without blanks)",
        remedy="Take the `name` that institutions.list() shows.",
    )


def read_optional_institution(value: object) -> str | None:
    """Return the name of an institution, or None."""
    return None if value is None else read_institution(value)


def read_names(
    value: object, name: str = "fetch_resources", example: str = '["ACCOUNTS", "OWNERS"]'
) -> tuple[str, ...] | None:
    """Return a list of names as a tuple; None stays None.

    Raises:
        InvalidValueError: It is one bare string, or holds something that is no text.
    """
    if value is None:
        return None
    if isinstance(value, Iterable) and not isinstance(value, str | bytes):
        names = tuple(value)
        if all(isinstance(name, str) and name for name in names):
            return names
    raise InvalidValueError.of(name, "is not a list of names", remedy=f"Pass a list, such as {example}.")


def write_day(value: object) -> str | None:
    """Return a date, or the day of a datetime, as `YYYY-MM-DD`; None for all else."""
    day = value.date() if isinstance(value, datetime) else value
    return day.isoformat() if isinstance(day, date) else None


class Check(Protocol):
    """A validator as attrs calls it."""

    def __call__(self, instance: object, attribute: "Attribute[T]", value: T, /) -> None:
        """Raise `InvalidValueError` for a wrong *value*."""
        ...


def is_sendable(text: str) -> bool:
    """Whether UTF-8 can carry a text: half a surrogate pair it cannot."""
    return text.isascii() or not any("\ud800" <= letter <= "\udfff" for letter in text)


def _refuse_surrogates(name: str, text: str) -> None:
    if not is_sendable(text):
        raise InvalidValueError.of(
            name, "holds half a character", remedy="Decode it as UTF-8, without surrogateescape."
        )


def filled_text(_instance: object, attribute: "Attribute[T]", value: T) -> None:
    """Accept text with at least one character."""
    if not isinstance(value, str):
        raise InvalidValueError.of(
            attribute.name, f"is {type(value).__name__}, not text", remedy="Pass a str."
        )
    _refuse_surrogates(attribute.name, value)
    if not value:
        raise InvalidValueError.of(
            attribute.name, "is empty", remedy=f"Pass the {attribute.name}, or leave the argument out."
        )


def optional_text(_instance: object, attribute: "Attribute[T]", value: T) -> None:
    """Accept None (not sent) and any text (sent as it is, even when empty)."""
    if value is None:
        return
    if not isinstance(value, str):
        raise InvalidValueError.of(
            attribute.name,
            f"is {type(value).__name__}, not text",
            remedy="Pass a str, or None to leave it out.",
        )
    _refuse_surrogates(attribute.name, value)


def optional_filled_text(_instance: object, attribute: "Attribute[T]", value: T) -> None:
    """Accept None (not sent) and text with at least one character."""
    if value is not None:
        filled_text(_instance, attribute, value)


def optional_flag(_instance: object, attribute: "Attribute[T]", value: T) -> None:
    """Accept None (not sent), True and False (both sent)."""
    if value is not None and not isinstance(value, bool):
        raise InvalidValueError.of(
            attribute.name, f"is {type(value).__name__}, not a bool", remedy="Pass True, False, or None."
        )


def matching(pattern: str, example: str) -> Check:
    """Build a check that accepts None and text that matches *pattern* as a whole."""
    compiled = re.compile(pattern, re.ASCII)

    def check(_instance: object, attribute: "Attribute[T]", value: T) -> None:
        if value is not None and not (isinstance(value, str) and compiled.fullmatch(value)):
            raise InvalidValueError.of(
                attribute.name, f"does not match {pattern}", remedy=f"Pass a value such as {example}."
            )

    return check


def encode_base64(value: str | bytes | bytearray | memoryview | None) -> str | None:
    """Encode bytes as base64 text; leave everything else to the validator."""
    if isinstance(value, bytes | bytearray | memoryview):
        return base64.b64encode(value).decode("ascii")
    return value


def optional_base64(_instance: object, attribute: "Attribute[T]", value: T) -> None:
    """Accept None and base64 text."""
    if value is None:
        return
    filled_text(_instance, attribute, value)
    try:
        base64.b64decode(str(value), validate=True)
    except (binascii.Error, ValueError):
        broken = True
    else:
        broken = False
    if broken:  # outside the except block: the cause would quote the key
        raise InvalidValueError.of(
            attribute.name,
            "is text, but not base64",
            remedy="Pass the file's bytes, which are encoded for you, or base64 text without line breaks.",
        )


class Secretive:
    """A value that holds a secret: it is never pickled, and a copy of it is itself."""

    __slots__ = ()

    def __reduce__(self) -> NoReturn:
        """Refuse to leave the process."""
        raise TypeError(
            f"{type(self).__name__} holds a secret and is never pickled; fetch the secret where it is needed"
        )

    def __copy__(self) -> Self:
        """Return the value itself: it cannot change."""
        return self

    def __deepcopy__(self, memo: object) -> Self:
        """Return the value itself: it cannot change."""
        return self
