"""Models from JSON values: a response is worth an error only where what it is about cannot be read.

All else that is odd becomes the field's default, and stays in `extra` under its name on the wire.
"""

import json
from collections.abc import Callable, Mapping
from datetime import datetime
from decimal import Decimal, InvalidOperation
from functools import partial
from math import inf
from operator import eq
from typing import Any, Final, TypeVar, cast

from attrs import evolve, fields
from cattrs import Converter
from cattrs.gen import make_dict_structure_fn, override

from belvo_async._wire.conversions import list_of, member_of, read_number, read_text, read_time
from belvo_async.errors import ErrorDetail, InvalidValueError
from belvo_async.models import AccessMode, Institution, Link, LinkStatus, Page
from belvo_async.params._checks import read_link_id

T = TypeVar("T")

_ENCODER: Final = json.JSONEncoder(separators=(",", ":"))
_LENGTH_OF_UUID: Final = 36


class MalformedError(ValueError):
    """A JSON value has not the promised shape. The message names paths, never values."""


def _read_id(value: object, _: object) -> str:
    if type(value) is not str or not value:
        raise TypeError("no id")
    if len(value) == _LENGTH_OF_UUID and value.islower():  # canonical already, or no UUID
        return value
    return find_link_id(value) or value


def find_link_id(value: object) -> str | None:
    """Return a link's id in the form that the API documents, or None for what is no UUID."""
    try:
        return read_link_id(value)
    except InvalidValueError:
        return None


def _read_name(value: object, _: object) -> str:
    if type(value) is not str or not value:
        raise TypeError("no name")
    return value


_KEYS: Final[Mapping[type, tuple[str, Callable[[object, object], str]]]] = {
    Link: ("id", _read_id),
    Institution: ("name", _read_name),
}
"""The one field that a model cannot do without, and how it is read."""
_ITEMS: Final[Mapping[object, type]] = {tuple[str, ...]: str, tuple[Mapping[str, object], ...]: dict}
"""What is in a list, by the type of its field."""


def _keeping_the_rest(converter: Converter, model: type[T]) -> Callable[[object, object], T]:
    """Build a hook that puts the keys the model does not know into its `extra`."""
    key, read_key = _KEYS[model]
    # A model is any attrs class; attrs types `fields` for classes that it can see, not for a type variable.
    known = {attribute.name for attribute in fields(cast("Any", model))} - {"extra"}
    # Any: the factory takes a field's override under the field's own name, beside its options.
    overrides: dict[str, Any] = {key: override(struct_hook=read_key), "extra": override(omit=True)}
    structure = make_dict_structure_fn(cast("Any", model), converter, **overrides)

    def hook(value: object, _: object) -> T:
        if not isinstance(value, dict):
            raise TypeError(f"expected an object, got {type(value).__name__}")
        result = cast("T", structure(value, model))
        if value.keys() <= known:
            return result
        rest = {name: value[name] for name in value.keys() - known}
        return cast("T", evolve(cast("Any", result), extra=rest))

    return hook


def _build_converter() -> Converter:
    converter = Converter(detailed_validation=False)
    hooks: list[tuple[Any, Callable[[object, object], object]]] = [  # Any: types and unions of them
        (int, read_number),
        (datetime, read_time),
        *((kind, member_of(kind)) for kind in (AccessMode, LinkStatus)),
    ]
    converter.register_structure_hook(cast("Any", str | None), read_text)
    for kind, hook in hooks:  # every field but the key may be null
        converter.register_structure_hook(kind | None, hook)
    for kind, item in _ITEMS.items():
        converter.register_structure_hook_func(partial(eq, kind), list_of(item))
    for model in _KEYS:
        converter.register_structure_hook(model, _keeping_the_rest(converter, model))
    return converter


_CONVERTER: Final = _build_converter()
# Found once: the look-up would cost as much as three fields.
_READERS: Final = {model: _CONVERTER.get_structure_hook(model) for model in _KEYS}


def read_model(value: object, model: type[T]) -> T:
    """Turn one JSON object into a model.

    Raises:
        MalformedError: It is no object, or what it is about (a link's id, an institution's name) is missing.
    """
    try:
        return cast("T", _READERS[model](value, model))
    except Exception:  # noqa: BLE001, S110 - hooks raise many kinds; the second run tells them apart
        pass
    if not isinstance(value, dict):  # outside the except block: the cause would quote values
        raise MalformedError(f"not a {model.__name__}: expected an object, got {type(value).__name__}")
    return _read_fields(value, model)


def _read_fields(value: Mapping[str, object], model: type[T]) -> T:
    """Read what can be read; what cannot stays in `extra`, beside the keys that the model does not know."""
    key, _ = _KEYS[model]
    found: dict[str, object] = {key: _read_key(value, model)}
    extra = {name: value[name] for name in value.keys() - {key}}
    kinds = {attribute.name: attribute.type for attribute in fields(cast("Any", model))}
    for name in kinds.keys() & extra.keys() - {"extra"}:
        try:
            found[name] = _CONVERTER.structure(extra[name], cast("Any", kinds[name]))
        except Exception:  # noqa: BLE001 - hooks raise many kinds, and all of them mean the same
            found.update(_keep_items(name, extra[name], kinds[name]))
        else:
            del extra[name]
    return cast("T", cast("Any", model)(**found, extra=extra))


def _read_key(value: Mapping[str, object], model: type) -> str:
    key, read = _KEYS[model]
    try:
        return read(value.get(key), str)
    except TypeError:
        problem = "unreadable" if key in value else "missing"
    raise MalformedError(f"not a {model.__name__}: required field {problem} @ $.{key}")


def _keep_items(name: str, items: object, kind: object) -> dict[str, object]:
    """Return the items that are as promised, where the field is a list."""
    wanted = _ITEMS.get(kind)
    if wanted is None or not isinstance(items, list):
        return {}
    return {name: tuple(item for item in items if isinstance(item, wanted))}


def parse_json(body: bytes) -> object:
    """Parse a body.

    Raises:
        MalformedError: It is not JSON, or nested too deeply.
    """
    try:
        return cast("object", json.loads(body))
    except (ValueError, RecursionError):
        pass
    return _parse_leniently(body, parse_int=_parse_int)


def _parse_leniently(body: bytes, **hooks: Any) -> object:  # Any: as `json` has them
    """Parse a body in which bytes are no UTF-8, or numbers longer than Python reads: they cost no session."""
    try:
        return cast("object", json.loads(body.decode("utf-8", "replace"), **hooks))
    except (ValueError, RecursionError):
        problem = "not JSON" if body.strip() else "empty"
    raise MalformedError(problem)


def _parse_int(digits: str) -> float:
    try:
        return int(digits)
    except ValueError:
        return -inf if digits.startswith("-") else inf  # as `json` reads 1e999


def parse_exactly(body: bytes) -> object:
    """Parse a body that holds amounts: numbers with a fraction become decimals, digit for digit.

    A number that no decimal can hold stays text; NaN and Infinity are no JSON.

    Raises:
        MalformedError: It is not JSON, or nested too deeply.
    """
    try:
        return cast("object", json.loads(body, parse_float=Decimal, parse_constant=_refuse_constant))
    except (ValueError, InvalidOperation, RecursionError):
        pass
    return _parse_leniently(
        body, parse_int=_parse_whole, parse_float=_parse_decimal, parse_constant=_refuse_constant
    )


def _parse_whole(digits: str) -> int | Decimal:
    try:
        return int(digits)
    except ValueError:
        return Decimal(digits)


def _parse_decimal(digits: str) -> Decimal | str:
    try:
        return Decimal(digits)
    except InvalidOperation:
        return digits


def _refuse_constant(name: str) -> object:
    raise ValueError(name)


def dump_json(value: object) -> bytes:
    """Write JSON as bytes, without spaces; escaped, as a server may send text that UTF-8 cannot carry."""
    return _ENCODER.encode(value).encode("ascii")


def read_page(value: object, model: type[T], read: Callable[[object, type[T]], T] = read_model) -> Page[T]:
    """Turn one page of a list into models, by *read*; what is none is kept beside them.

    Raises:
        MalformedError: It is no page, or none of its items can be read.
    """
    if not isinstance(value, dict) or not isinstance(value.get("results"), list):
        raise MalformedError("not a page: no list of results")
    results: list[T] = []
    unreadable: list[object] = []
    problem = ""
    for item in value["results"]:
        try:
            results.append(read(item, model))
        except MalformedError as error:
            problem = str(error)
            unreadable.append(item)
    if unreadable and not results:
        raise MalformedError(problem)
    count, following, previous = (value.get(key) for key in ("count", "next", "previous"))
    return Page(
        results=tuple(results),
        unreadable=tuple(unreadable),
        count=count if type(count) is int else None,
        next=following if isinstance(following, str) else None,
        previous=previous if isinstance(previous, str) else None,
    )


def read_details(value: object) -> tuple[ErrorDetail, ...]:
    """Read an error body: an array of items, one item, or the 2020 form `{"detail": …}`."""
    items = value if isinstance(value, list) else [value]
    return tuple(_read_detail(item) for item in items if isinstance(item, dict))


def _read_detail(item: Mapping[str, object]) -> ErrorDetail:
    def text(key: str) -> str | None:
        value = item.get(key)
        return value if isinstance(value, str) else None

    known = {"code", "message", "detail", "request_id", "field"}
    return ErrorDetail(
        code=text("code") or "",
        message=text("message") or text("detail") or "",
        request_id=text("request_id"),
        field=text("field"),
        extra={key: item[key] for key in item.keys() - known},
    )
