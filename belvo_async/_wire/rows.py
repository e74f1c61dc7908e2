"""Rows of data resources from JSON values: nothing is lost, and nothing costs its neighbours.

A row whose values all fit is built by the function that cattrs writes for its class. Any other is read field
by field, and keeps in its `extra` what its class does not know, or what does not fit a field.
"""

import datetime as dt
import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from decimal import Decimal
from types import NoneType, UnionType
from typing import Any, Final, TypeAlias, TypeVar, cast, get_args

from attrs import fields
from cattrs import Converter
from cattrs.gen import make_dict_structure_fn, override

from belvo_async._wire.conversions import member_of, read_number, read_text, read_time
from belvo_async._wire.json import MalformedError
from belvo_async.models._data_model import DataModel
from belvo_async.models._enums import OpenEnum

D = TypeVar("D", bound=DataModel)
_Hook: TypeAlias = Callable[[object, object], object]
_Kind: TypeAlias = Any
"""A class of attrs, or the type of a field: there are unions among them."""

_CONVERTER: Final = Converter(detailed_validation=False)
_MISFITS: Final = (TypeError, ValueError, ArithmeticError)
"""What a conversion raises for a value that is none of its field's."""


def read_row(value: object, model: type[D]) -> D:
    """Turn one JSON object into a row.

    Raises:
        MalformedError: It is no object.
    """
    if not isinstance(value, dict):
        raise MalformedError(f"not a {model.__name__}: expected an object, got {type(value).__name__}")
    return cast("D", find_reader(model)(value, model))


def share_accounts(items: list[Any], model: type[DataModel]) -> None:
    """Read equal accounts once, and put the model in their place: each transaction has its account in it."""
    read = find_reader(model).hooks.get("account")
    if read is None:
        return
    known: dict[str, tuple[object, object]] = {}
    for item in items:
        account = item.get("account") if isinstance(item, dict) else None
        name = account.get("id") if isinstance(account, dict) else None
        if isinstance(name, str):
            if name not in known or known[name][0] != account:
                known[name] = account, read(account, None)
            item["account"] = known[name][1]


def find_reader(model: _Kind) -> "_RowReader":
    """Return what reads the objects of a class; it is made when it is first needed."""
    reader = _READERS.get(model)
    if reader is None:
        reader = _READERS[model] = _RowReader(model)
    return reader


class _RowReader:
    """Reads objects as one class, or as that of its profiles whose fields they have."""

    def __init__(self, model: _Kind) -> None:
        # A field whose wire name is a word of Python, such as `class`, has an underscore behind it.
        names = {one.name.removesuffix("_"): one for one in fields(model) if one.name != "extra"}
        self.hooks: Final = {wire: _find_hook(one.type) for wire, one in names.items()}
        self._model: Final = model
        self._names: Final = {wire: one.name for wire, one in names.items()}
        self._profiles: Final = _find_profiles(model)
        overrides: dict[str, Any] = {  # Any: cattrs takes them beside its options
            one.name: override(rename=wire, struct_hook=self.hooks[wire]) for wire, one in names.items()
        }
        self._build: Final = make_dict_structure_fn(model, _CONVERTER, extra=override(omit=True), **overrides)

    def __call__(self, value: object, kind: object) -> object:
        if type(value) is not dict:
            if value is None or isinstance(value, self._model):  # an account that is shared is read already
                return value
            raise TypeError("expected an object")
        profile = self._choose_profile(value) if self._profiles else None
        if profile is not None:
            return profile(value, kind)
        if value.keys() <= self.hooks.keys():
            try:
                return self._build(value, self._model)
            except _MISFITS:
                pass
        return self._read_fields(value)

    def _read_fields(self, value: Mapping[str, object]) -> object:
        found: dict[str, object] = {}
        extra: dict[str, object] = {}
        for wire, item in value.items():
            hook = self.hooks.get(wire)
            if hook is None:
                extra[wire] = item
                continue
            try:
                found[self._names[wire]] = hook(item, None)
            except _MISFITS:
                extra[wire] = item
                if isinstance(hook, _ListReader) and isinstance(item, list):
                    found[self._names[wire]] = hook.keep_fitting(item)
        return self._model(**found, extra=extra)

    def _choose_profile(self, value: Mapping[str, object]) -> "_RowReader | None":
        """Return the profile of which an object has more than of any other: values first, names next."""
        scores = [
            (sum(value.get(name) is not None for name in own), sum(name in value for name in own))
            for own, _ in self._profiles
        ]
        best = max(scores)
        return self._profiles[scores.index(best)][1] if scores.count(best) == 1 else None


def _find_profiles(model: _Kind) -> list[tuple[frozenset[str], _RowReader]]:
    """Return the classes of the model's module that inherit from it, each with what no other of them has."""
    public = vars(sys.modules[model.__module__])
    kinds = [public[name] for name in public["__all__"]]
    readers = [find_reader(kind) for kind in kinds if issubclass(kind, model) and kind is not model]
    return [
        (
            frozenset(reader.hooks).difference(*(other.hooks for other in readers if other is not reader)),
            reader,
        )
        for reader in readers
    ]


class _ListReader:
    """Reads a list, which is empty where it is null."""

    def __init__(self, read: _Hook) -> None:
        self._read: Final = read

    def __call__(self, value: object, kind: object) -> tuple[object, ...]:
        if value is None:
            return ()
        if type(value) is not list or None in value:
            raise TypeError("expected a list")
        return tuple([self._read(item, kind) for item in value])

    def keep_fitting(self, items: list[object]) -> tuple[object, ...]:
        """Return those of the items that can be read."""
        return tuple(self._list_fitting(items))

    def _list_fitting(self, items: list[object]) -> Iterator[object]:
        for item in items:
            with suppress(*_MISFITS):
                yield from self([item], None)


def _find_hook(kind: _Kind) -> _Hook:
    """Return what reads a field of a type; it may be null."""
    if isinstance(kind, UnionType):
        (kind,) = (one for one in get_args(kind) if one is not NoneType)
    if getattr(kind, "__origin__", None) is tuple:
        return _ListReader(_find_hook(get_args(kind)[0]))
    if kind in _SCALARS:
        return _SCALARS[kind]
    return member_of(kind) if issubclass(kind, OpenEnum) else find_reader(kind)


def _read_text(value: object, _: object) -> str | None:
    if value is None or type(value) is str:  # first, as most are
        return value
    return str(value) if type(value) is int else read_text(value, None)  # a document's number comes as either


def _read_decimal(value: object, _: object) -> Decimal | None:
    if value is None or type(value) is Decimal:
        return value
    if type(value) is int:
        return Decimal(value)
    raise TypeError("expected a number")  # what dots and commas of a text mean, nobody knows


def _read_date(value: object, _: object) -> dt.date | None:
    return None if value is None else dt.date.fromisoformat(cast("str", value))


def _exactly(kind: type) -> _Hook:
    def structure(value: object, _: object) -> object:
        if value is None or type(value) is kind:
            return value
        raise TypeError(f"expected {kind.__name__}")

    return structure


_SCALARS: Final[Mapping[_Kind, _Hook]] = {
    str: _read_text,
    Decimal: _read_decimal,
    int: read_number,
    bool: _exactly(bool),
    dt.date: _read_date,
    dt.datetime: read_time,
    Mapping[str, object]: _exactly(dict),
}
_READERS: Final[dict[_Kind, _RowReader]] = {}
