"""The models of data resources, the rows that Belvo shows of them, and how the tests read any row."""

import json
from collections.abc import Iterator
from importlib import import_module
from pathlib import Path
from typing import Any, Final

from attrs import fields

from belvo_async._http import Request, Response
from belvo_async._wire.data import read_rows
from belvo_async.models._data_model import DataModel
from tests.surface import DATA_MODELS

Row = dict[str, Any]
Model = type[DataModel]

_FILE: Final = Path(__file__).with_name("data_examples.json")
EXAMPLES: Final[dict[str, list[Row]]] = json.loads(_FILE.read_text("utf-8"))
"""Belvo's own, by the name of their class."""
READ: Final = Request(method="GET", path="/api/accounts/")


def find_model(name: str) -> Model:
    """Return a class by its name and its module's."""
    module, _, kind = name.partition(".")
    found: Model = getattr(import_module(f"belvo_async.models.{module}"), kind)
    return found


def list_models() -> list[Model]:
    """Return all classes of rows, and of parts of rows."""
    modules = [import_module(name) for name in DATA_MODELS]
    kinds = [getattr(module, name) for module in modules for name in module.__all__]
    return [kind for kind in kinds if issubclass(kind, DataModel)]


def respond(value: object) -> Response:
    """Build a success."""
    return Response(status=200, headers={}, body=json.dumps(value, allow_nan=False).encode())


def read(name: str, value: object) -> tuple[Any, ...]:
    """Read rows out of a success."""
    return read_rows(respond(value), READ, find_model(name))


def list_misfits(part: object, path: str = "") -> Iterator[tuple[str, object]]:
    """Yield all that is in any `extra` of a row."""
    if isinstance(part, tuple):
        for number, item in enumerate(part):
            yield from list_misfits(item, f"{path}[{number}]")
    elif isinstance(part, DataModel):
        yield from ((f"{path}.{name}".removeprefix("."), value) for name, value in part.extra.items())
        for one in fields(type(part)):
            yield from list_misfits(getattr(part, one.name), f"{path}.{one.name}")
