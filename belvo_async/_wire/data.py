"""Rows of data from responses: exact in their amounts, and tolerant of all else that a bank may send."""

import datetime as dt
import re
from collections.abc import Callable, Iterator, Mapping
from decimal import Decimal
from functools import cache, partial
from types import UnionType
from typing import Any, Final, TypeAlias, TypeVar, cast

from attrs import fields, has
from cattrs import Converter
from cattrs.gen import make_dict_structure_fn, override

from belvo_async._http import Request, Response
from belvo_async._wire.error_bodies import unreadable
from belvo_async._wire.json import (
    MalformedError,
    find_link_id,
    list_of,
    member_of,
    optionally,
    parse_amounts,
    read_time,
)
from belvo_async._wire.redaction import read_contents
from belvo_async.errors import TryLaterError
from belvo_async.models import Page
from belvo_async.models._enums import OpenEnum

T = TypeVar("T")

_Hook: TypeAlias = Callable[[object, object], object]
_MISFITS: Final = (TypeError, ValueError, ArithmeticError)
_DATE: Final = re.compile(r"\d{4}-\d{2}-\d{2}", re.ASCII)
_NUMBER: Final = re.compile(r"-?\d{1,40}(\.\d{1,40})?", re.ASCII)
_SHARED: Final = "account"
"""The field whose equal values in one response become one object: each transaction has its whole account."""


def read_rows(response: Response, request: Request, model: type[T]) -> tuple[T, ...]:
    """Read the rows in the response to a retrieval.

    Raises:
        UnreadableResponseError: The body has none, or they are about another link.
        TryLaterError: Belvo retrieves them in the background.
    """
    if response.status == 202:
        raise TryLaterError(
            "Belvo took the request, and retrieves the data in the background.",
            remedy="Read them with list(link=…) once the webhook tells that they are there.",
            status=response.status,
            link_id=request.link_id,
        )
    rows = _read(response, request, lambda value: _read_all(value, model))
    if request.link_id is not None:
        links = {find_link_id(wire) for row in rows for wire in _list_links(row)}
        if links - {None, request.link_id}:
            raise unreadable("it is about another link", response, request)
    return rows


def _list_links(row: object) -> Iterator[object]:
    """Yield what a row says of its link: by itself, or by its account."""
    for part in (row, getattr(row, _SHARED, None)):
        yield getattr(part, "link", None)
        yield getattr(part, "extra", {}).get("link")


def read_row(response: Response, request: Request, model: type[T]) -> T:
    """Read one row; for some resources Belvo sends a list of one.

    Raises:
        UnreadableResponseError: The body is not one row.
    """
    rows = _read(response, request, lambda value: _read_all(value, model))
    if len(rows) != 1:
        raise unreadable("not one row", response, request)
    return rows[0]


def read_row_page(response: Response, request: Request, model: type[T]) -> Page[T]:
    """Read one page of a list.

    Raises:
        UnreadableResponseError: The body is no page, or none of its items is a row.
    """
    return _read(response, request, lambda value: _read_page(value, model))


def read_value(response: Response, request: Request) -> object:
    """Read any JSON; None where there is none.

    Raises:
        UnreadableResponseError: The body is something else.
    """
    return _read(response, request, lambda value: value) if response.body.strip() else None


def _read(response: Response, request: Request, read: Callable[[object], T]) -> T:
    try:
        return read(read_contents(response, request, parse_amounts))
    except MalformedError as error:
        problem = str(error)
    raise unreadable(problem, response, request)


def _read_page(value: object, model: type[T]) -> Page[T]:
    if not isinstance(value, dict) or not isinstance(value.get("results"), list):
        raise MalformedError("not a page: no list of results")
    items = value["results"]
    rows = [item for item in items if isinstance(item, dict)]
    if items and not rows:
        raise MalformedError(f"not a page: none of its items is a {model.__name__}")
    count, following, previous = (value.get(key) for key in ("count", "next", "previous"))
    return Page(
        results=_read_all(rows, model),
        unreadable=tuple(item for item in items if not isinstance(item, dict)),
        count=count if type(count) is int else None,
        next=following if isinstance(following, str) else None,
        previous=previous if isinstance(previous, str) else None,
    )


def _read_all(value: object, model: type[T]) -> tuple[T, ...]:
    items = [value] if isinstance(value, dict) else value
    if not isinstance(items, list) or not all(isinstance(item, dict) for item in items):
        raise MalformedError(f"not {model.__name__} rows: expected a list of objects")
    read, read_shared = _build_readers(cast("Any", model))
    if read_shared is not None:
        _share(items, read_shared)
    return tuple([cast("T", read(item, model)) for item in items])


@cache
def _build_readers(model: Any) -> tuple[_Hook, _Hook | None]:
    """Return what reads a model, and what reads the field of it that rows may share."""
    hooks = {one.name: one.type for one in fields(model)}
    shared = hooks.get(_SHARED)
    is_model = isinstance(shared, UnionType) and has(shared.__args__[0])
    return (
        _find_hook(_CONVERTER, model),
        _find_hook(_CONVERTER, shared.__args__[0]) if is_model and isinstance(shared, UnionType) else None,
    )


def _share(items: list[dict[str, object]], read: _Hook) -> None:
    """Read what rows share once, and put it in the place of what each has on the wire."""
    seen: dict[object, tuple[object, object]] = {}
    for item in items:
        wire = item.get(_SHARED)
        if not isinstance(wire, dict) or not isinstance(wire.get("id"), str):
            continue
        known = seen.get(wire["id"])
        if known is None or known[0] != wire:
            known = seen[wire["id"]] = wire, read(wire, None)
        item[_SHARED] = known[1]


def _read_text(value: object, _: object) -> str:
    if type(value) is str:
        return value
    if type(value) in (int, Decimal):  # Belvo's own examples have numbers of documents as numbers
        return str(value)
    raise TypeError("expected text")


def _read_decimal(value: object, _: object) -> Decimal:
    if type(value) is Decimal:
        return value
    if type(value) is int or (type(value) is str and _NUMBER.fullmatch(value)):
        return Decimal(value)
    raise TypeError("expected a number")


def _read_int(value: object, _: object) -> int:
    if type(value) is int:
        return value
    if type(value) is Decimal and value == value.to_integral_value():
        return int(value)
    raise TypeError("expected a whole number")


def _read_flag(value: object, _: object) -> bool:
    if type(value) is bool:
        return value
    raise TypeError("expected true or false")


def _read_date(value: object, _: object) -> dt.date:
    if type(value) is str and _DATE.fullmatch(value):
        return dt.date.fromisoformat(value)
    raise TypeError("expected a date")


def _read_mapping(value: object, _: object) -> Mapping[str, object]:
    if isinstance(value, dict):
        return value
    raise TypeError("expected an object")


_SCALARS: Final[Mapping[object, _Hook]] = {
    str: _read_text,
    int: _read_int,
    bool: _read_flag,
    Decimal: _read_decimal,
    dt.datetime: read_time,
    dt.date: _read_date,
    Mapping[str, object]: _read_mapping,
}


def _build_converter() -> Converter:
    converter = Converter(detailed_validation=False)
    # Any: cattrs takes types, and unions of them.
    converter.register_structure_hook_factory(has, partial(_RowReader, converter))
    converter.register_structure_hook_func(cast("Any", lambda kind: _find_item(kind) is str), list_of(str))
    converter.register_structure_hook_factory(
        lambda kind: _find_item(kind) not in (None, str), lambda kind: _build_list_hook(converter, kind)
    )
    converter.register_structure_hook_factory(
        lambda kind: isinstance(kind, UnionType),
        lambda kind: optionally(_find_hook(converter, kind.__args__[0])),
    )
    return converter


def _find_item(kind: Any) -> object:
    """Return of what a field is a list; None where it is none."""
    return kind.__args__[0] if getattr(kind, "__origin__", None) is tuple else None


def _find_hook(converter: Converter, kind: Any) -> _Hook:
    if kind in _SCALARS:
        return _SCALARS[kind]
    if isinstance(kind, type) and issubclass(kind, OpenEnum):
        return member_of(kind)
    return cast("_Hook", converter.get_structure_hook(kind))


def _build_list_hook(converter: Converter, kind: Any) -> _Hook:
    item = _find_hook(converter, _find_item(kind))

    def structure(value: object, _: object) -> object:
        if value is None:
            return ()
        if not isinstance(value, list):
            raise TypeError("expected a list")
        return tuple([item(one, None) for one in value])

    return structure


class _RowReader:
    """Reads one model; keeps in `extra` what it does not know, and what does not fit a field."""

    def __init__(self, converter: Converter, model: Any) -> None:
        self._model: Final = model
        # A field whose wire name is a word of Python, such as `class`, has an underscore behind it.
        kinds = {one.name.removesuffix("_"): one for one in fields(model) if one.name != "extra"}
        self._names: Final = {wire: one.name for wire, one in kinds.items()}
        self._hooks: Final = {wire: _find_hook(converter, one.type) for wire, one in kinds.items()}
        self._items: Final = {
            wire: _find_hook(converter, item)
            for wire, one in kinds.items()
            if (item := _find_item(one.type)) is not None
        }
        overrides: dict[str, Any] = {
            name: override(struct_hook=self._hooks[wire], rename=wire) for wire, name in self._names.items()
        }
        self._read_all: Final = make_dict_structure_fn(
            model, converter, extra=override(omit=True), **overrides
        )

    def __call__(self, value: object, _: object) -> object:
        if type(value) is self._model:  # shared with another row
            return value
        if type(value) is not dict:
            raise TypeError("expected an object")
        if value.keys() <= self._hooks.keys():
            try:
                return self._read_all(value, self._model)
            except _MISFITS:
                pass
        return self._read_fields(value)

    def _read_fields(self, value: Mapping[str, object]) -> object:
        found: dict[str, object] = {}
        extra = {key: item for key, item in value.items() if key not in self._hooks}
        for wire in self._hooks.keys() & value.keys():
            try:
                found[self._names[wire]] = self._hooks[wire](value[wire], None)
            except _MISFITS:
                extra[wire] = value[wire]
                if wire in self._items:
                    found[self._names[wire]] = _keep_items(value[wire], self._items[wire])
        return self._model(**found, extra=extra)


def _keep_items(value: object, read: _Hook) -> tuple[object, ...]:
    """Return the items of a list that are as promised."""
    kept = []
    for one in value if isinstance(value, list) else ():
        try:
            kept.append(read(one, None))
        except _MISFITS:
            continue
    return tuple(kept)


_CONVERTER: Final = _build_converter()
