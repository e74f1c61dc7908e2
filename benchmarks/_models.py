"""Other ways to read the same transactions: the same fields and types, from what our own models say."""

import datetime as dt
import json
from collections.abc import Callable, Mapping
from decimal import Decimal
from types import NoneType, UnionType
from typing import Any, Final, TypeAlias, get_args

import msgspec
import pydantic
from attrs import fields

from belvo_async._http import Request, Response
from belvo_async._wire.data import read_rows
from belvo_async._wire.json import parse_exactly
from belvo_async._wire.redaction import build_forms
from belvo_async.models._data_model import DataModel
from belvo_async.models._enums import OpenEnum
from belvo_async.models.transactions import Transaction

Reader: TypeAlias = Callable[[bytes], object]
_Kind: TypeAlias = Any
_SECRETS: Final = build_forms(("4b5c6d7e-keys-of-nobody", "a-password-of-nobody"))
_REQUEST: Final = Request(method="GET", path="/api/transactions/")


def _translate(kind: _Kind, translate_model: Callable[[type[DataModel]], _Kind]) -> _Kind:
    """Return the type of a field as other packages know it; their enumerations are closed, so it is text."""
    if isinstance(kind, UnionType):
        (inner,) = (one for one in get_args(kind) if one is not NoneType)
        return _translate(inner, translate_model) | None
    if getattr(kind, "__origin__", None) is tuple:
        return tuple[_translate(get_args(kind)[0], translate_model), ...]  # type: ignore[misc] # made here
    if kind in (str, bool, int, Decimal, dt.date, dt.datetime):
        return kind
    if isinstance(kind, type) and issubclass(kind, OpenEnum):
        return str
    return translate_model(kind) if isinstance(kind, type) and issubclass(kind, DataModel) else dict[str, Any]


def _list_fields(model: type[DataModel], translate_model: Callable[[type[DataModel]], _Kind]) -> Any:
    for one in fields(model):
        if one.name != "extra":
            yield one.name, _translate(one.type, translate_model), one.default


def build_pydantic(model: type[DataModel]) -> type[pydantic.BaseModel]:
    """Build a model of pydantic."""
    own: dict[str, Any] = {
        name: (kind, default) for name, kind, default in _list_fields(model, build_pydantic)
    }
    config = pydantic.ConfigDict(frozen=True, extra="allow")
    return pydantic.create_model(model.__name__, __config__=config, **own)


def build_msgspec(model: type[DataModel]) -> type[msgspec.Struct]:
    """Build a struct of msgspec."""
    own = list(_list_fields(model, build_msgspec))
    return msgspec.defstruct(model.__name__, own, kw_only=True, frozen=True)


def _make_pydantic() -> pydantic.TypeAdapter[Any]:
    return pydantic.TypeAdapter(list[build_pydantic(Transaction)])  # type: ignore[misc] # made here


def make_readers() -> Mapping[str, Callable[[], Reader]]:
    """Return what makes each way to read a body, by its name."""
    return {
        "belvo_async": lambda: _read_ours,
        "belvo_async, keys searched": lambda: _read_for_pool,
        "dicts": lambda: json.loads,
        "dicts, exact": lambda: parse_exactly,
        "pydantic": lambda: _make_pydantic().validate_json,
        "pydantic, exact": _make_exact_pydantic,
        "msgspec": lambda: msgspec.json.Decoder(list[build_msgspec(Transaction)]).decode,  # type: ignore[misc] # made here
    }


def _make_exact_pydantic() -> Reader:
    adapter = _make_pydantic()
    return lambda body: adapter.validate_python(parse_exactly(body))


def _read_ours(body: bytes) -> object:
    return read_rows(Response(status=200, headers={}, body=body), _REQUEST, Transaction)


def _read_for_pool(body: bytes) -> object:
    return read_rows(Response(status=200, headers={}, body=body, secrets=_SECRETS), _REQUEST, Transaction)
