"""Rows of data resources as JSON text: what Belvo sent, by its names, with every digit of its numbers."""

import datetime as dt
import json
from collections.abc import Hashable, Iterable, Iterator, Mapping
from decimal import Decimal
from functools import cache
from typing import Any, Final, TypeAlias, cast

from attrs import fields

from belvo_async.models._data_model import DataModel

_ENCODE: Final = json.JSONEncoder(ensure_ascii=False).encode


_Members: TypeAlias = Iterable[tuple[str, object]]


def write_line(row: DataModel, link_id: str) -> bytes:
    """Return a row as one line of JSON that begins with its link; a field without a value is null."""
    members = (member for member in _list_members(row) if member[0] != "link")
    return _write_object((("link", link_id), *members)).encode("utf-8", "backslashreplace") + b"\n"


def _list_members(row: DataModel) -> Iterator[tuple[str, object]]:
    """Yield what was an object's: that in its fields, and instead or besides that what is in its `extra`."""
    for attribute, wire in _list_names(cast("Hashable", type(row))):
        if wire not in row.extra:
            yield wire, getattr(row, attribute)
    yield from row.extra.items()


@cache
def _list_names(model: Hashable) -> tuple[tuple[str, str], ...]:
    """Return the attributes of a class, each with its name on the wire."""
    attributes = fields(cast("Any", model))  # Any: attrs types it for classes that it can see
    return tuple((one.name, one.name.removesuffix("_")) for one in attributes if one.name != "extra")


def _write(value: object) -> str:
    match value:
        case DataModel():
            return _write_object(_list_members(value))
        case Mapping():
            return _write_object((str(name), item) for name, item in value.items())
        case list() | tuple():
            return f"[{', '.join(map(_write, value))}]"
        case Decimal():
            return str(value)
        case dt.date():  # a datetime is one
            return _ENCODE(value.isoformat())
        case _:
            return _ENCODE(value)


def _write_object(members: _Members) -> str:
    written = ", ".join(f"{_ENCODE(name)}: {_write(value)}" for name, value in members)
    return f"{{{written}}}"
