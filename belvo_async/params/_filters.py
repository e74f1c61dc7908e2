"""Filters of lists, under the names that they have on the wire."""

from collections.abc import Iterable, Mapping
from datetime import date
from decimal import Decimal
from typing import Final, TypedDict
from uuid import UUID

from belvo_async.errors import InvalidValueError
from belvo_async.params._checks import is_sendable, write_day

_MANY_SUFFIXES: Final = ("__in", "__not_in", "__allin", "__range")
_MANY_NAMES: Final = frozenset({"fields", "omit"})


class LinkFilters(TypedDict, total=False):
    """What `links.list` can filter by. Lists are joined by commas; days are dates or `YYYY-MM-DD`."""

    page_size: int
    """Links on one page, 1 to 1000. Belvo's default is 100, in its sandbox 10."""
    fields: Iterable[str]
    omit: Iterable[str]
    id: str | UUID
    id__in: Iterable[str | UUID]
    institution: str
    institution__in: Iterable[str]
    access_mode: str
    created_at: date | str
    created_at__gt: date | str
    created_at__gte: date | str
    created_at__lt: date | str
    created_at__lte: date | str
    created_at__range: Iterable[date | str]
    created_by__not_in: Iterable[str | UUID]
    external_id: str
    external_id__in: Iterable[str]
    institution_user_id: str
    institution_user_id__in: Iterable[str]
    refresh_rate: str
    status: str
    status__in: Iterable[str]


class InstitutionFilters(TypedDict, total=False):
    """What `institutions.list` can filter by."""

    page_size: int
    display_name: str
    country_code: str
    country_code__in: Iterable[str]
    resources__allin: Iterable[str]
    name: str
    name__in: Iterable[str]
    status: str
    status__in: Iterable[str]
    type: str
    type__in: Iterable[str]
    website: str


def write_filters(
    filters: Mapping[str, object], known: frozenset[str], required: frozenset[str] = frozenset()
) -> tuple[tuple[str, str], ...]:
    """Turn filters into query parameters; None is left out.

    Raises:
        InvalidValueError: A filter is not known, missing, empty, or of a wrong type; names it.
    """
    for name in filters.keys() - known:
        raise InvalidValueError.of(
            name, "is no filter of this list", remedy=f"Known are: {', '.join(sorted(known))}."
        )
    for name in sorted(required):
        if filters.get(name) is None:
            raise InvalidValueError.of(
                name, "is missing", remedy=f"Belvo lists nothing without it: pass {name}=…."
            )
    return tuple((name, _write(name, value)) for name, value in filters.items() if value is not None)


def _write(name: str, value: object) -> str:
    if name == "page_size" and not (type(value) is int and 1 <= value <= 1000):
        raise InvalidValueError.of(name, "is not from 1 to 1000", remedy="Belvo allows at most 1000.")
    if name in _MANY_NAMES or name.endswith(_MANY_SUFFIXES):
        return _write_many(name, value)
    return _write_one(name, value)


def _write_many(name: str, value: object) -> str:
    if isinstance(value, str | bytes) or not isinstance(value, Iterable):
        raise InvalidValueError.of(name, "is not a list", remedy='Pass a list, such as ["valid"].')
    texts = [_write_one(name, item) for item in value]
    if any("," in text for text in texts):
        raise InvalidValueError.of(
            name, "holds an item with a comma", remedy="Pass each value as an item of its own."
        )
    if not texts:
        raise InvalidValueError.of(name, "is an empty list", remedy="Leave the filter out, or name a value.")
    if name.endswith("__range") and len(texts) != 2:
        raise InvalidValueError.of(name, "needs two values", remedy="Pass the first and the last.")
    return ",".join(texts)


def _write_one(name: str, value: object) -> str:
    if (day := write_day(value)) is not None:
        return day
    if isinstance(value, Decimal) and value.is_finite():
        return f"{value:f}"
    if isinstance(value, bool) or not isinstance(value, str | UUID | int) or value == "":
        raise InvalidValueError.of(
            name, f"is {type(value).__name__} or empty", remedy="Pass text, a UUID, a number, or a date."
        )
    if isinstance(value, str) and not is_sendable(value):
        raise InvalidValueError.of(name, "holds half a character", remedy="Decode it as UTF-8.")
    return str(value)
