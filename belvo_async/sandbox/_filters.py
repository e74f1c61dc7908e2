"""The filters of the lists, as predicates read from a query."""

import re
from collections.abc import Callable, Mapping
from datetime import date
from functools import partial
from operator import attrgetter, ge, gt, le, lt
from typing import Any, Final, TypeAlias

from belvo_async.sandbox._pages import Query, split
from belvo_async.sandbox._problems import Problem, RefusedError

Test: TypeAlias = Callable[[Any], bool]
Reader: TypeAlias = Callable[[str, str], Test]
"""Turns a parameter's name and value into a test of one item."""

UUID_PATTERN: Final = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", re.IGNORECASE)
STATUSES: Final = frozenset({"valid", "invalid", "unconfirmed", "token_required"})
MODES: Final = frozenset({"single", "recurrent"})


def read_filters(query: Query, readers: Mapping[str, Reader]) -> list[Test]:
    """Return the tests that *query* asks for; parameters that are no filter are ignored."""
    return [readers[name](name, value) for name, value in query if name in readers]


def _equals(attribute: str, _name: str, value: str) -> Test:
    get, wanted = attrgetter(attribute), None if value == "null" else value
    return lambda item: bool(get(item) == wanted)


def _within(attribute: str, _name: str, value: str) -> Test:
    get, wanted = attrgetter(attribute), frozenset(split(value))
    return lambda item: get(item) in wanted


def _not_within(attribute: str, _name: str, value: str) -> Test:
    get, unwanted = attrgetter(attribute), frozenset(split(value))
    return lambda item: get(item) not in unwanted


def _contains_all(attribute: str, _name: str, value: str) -> Test:
    get, wanted = attrgetter(attribute), frozenset(split(value))
    return lambda item: wanted <= set(get(item))


def _chosen(choices: frozenset[str], attribute: str, name: str, value: str) -> Test:
    for part in split(value):
        if part not in choices:
            raise RefusedError(400, Problem("invalid_choice", f'"{part}" is not a valid choice.', name))
    return _within(attribute, name, value)


def _identified(attribute: str, name: str, value: str) -> Test:
    for part in split(value):
        if UUID_PATTERN.fullmatch(part) is None:
            raise RefusedError(400, Problem("invalid", "Enter a valid UUID.", name))
    return _within(attribute, name, value)


def read_day(name: str, value: str) -> date:
    """Return the day that a parameter names.

    Raises:
        RefusedError: It names none.
    """
    try:
        return date.fromisoformat(value)
    except ValueError:
        raise RefusedError(400, Problem("invalid", "Enter a valid date.", name)) from None


def _created(compare: Callable[[date, date], bool], name: str, value: str) -> Test:
    day = read_day(name, value)
    return lambda link: compare(link.created_at.date(), day)


def _created_between(name: str, value: str) -> Test:
    days = [read_day(name, part) for part in split(value)]
    if len(days) != 2:
        raise RefusedError(400, Problem("invalid", "Enter two dates.", name))
    return lambda link: bool(days[0] <= link.created_at.date() <= days[1])


def _on(one: date, other: date) -> bool:
    return one == other


LINK_FILTERS: Final[Mapping[str, Reader]] = {
    "id": partial(_identified, "id"),
    "id__in": partial(_identified, "id"),
    "institution": partial(_equals, "institution"),
    "institution__in": partial(_within, "institution"),
    "access_mode": partial(_chosen, MODES, "access_mode"),
    "created_at": partial(_created, _on),
    "created_at__gt": partial(_created, gt),
    "created_at__gte": partial(_created, ge),
    "created_at__lt": partial(_created, lt),
    "created_at__lte": partial(_created, le),
    "created_at__range": _created_between,
    "created_by__not_in": partial(_not_within, "created_by"),
    "external_id": partial(_equals, "external_id"),
    "external_id__in": partial(_within, "external_id"),
    "institution_user_id": partial(_equals, "institution_user_id"),
    "institution_user_id__in": partial(_within, "institution_user_id"),
    "refresh_rate": partial(_equals, "refresh_rate"),
    "status": partial(_chosen, STATUSES, "status"),
    "status__in": partial(_chosen, STATUSES, "status"),
}

INSTITUTION_FILTERS: Final[Mapping[str, Reader]] = {
    "name": partial(_equals, "name"),
    "name__in": partial(_within, "name"),
    "display_name": partial(_equals, "display_name"),
    "website": partial(_equals, "website"),
    "country_code": partial(_equals, "country_code"),
    "country_code__in": partial(_within, "country_code"),
    "type": partial(_equals, "type"),
    "type__in": partial(_within, "type"),
    "status": partial(_equals, "status"),
    "status__in": partial(_within, "status"),
    "resources__allin": partial(_contains_all, "resources"),
}
