"""A small checker of records, after the types, choices and needed fields of Belvo's specification 1.223.0.

`schemas.json` has them: a question mark allows null, a star marks a field that is needed.
"""

import json
import re
from collections.abc import Callable, Iterator
from decimal import Decimal
from pathlib import Path
from typing import Any, Final

SCHEMAS: Final[dict[str, Any]] = json.loads(Path(__file__).with_name("schemas.json").read_text("utf-8"))


def _is_day(value: object) -> bool:
    return isinstance(value, str) and re.fullmatch(r"\d{4}-[01]\d-[0-3]\d", value) is not None


def _is_time(value: object) -> bool:
    return isinstance(value, str) and re.fullmatch(r"\d{4}-[01]\d-[0-3]\dT[\d:.]+Z", value) is not None


KINDS: Final[dict[str, Callable[[Any], bool]]] = {
    "any": lambda _value: True,
    "boolean": lambda value: isinstance(value, bool),
    "day": _is_day,
    "integer": lambda value: isinstance(value, int) and not isinstance(value, bool),
    "number": lambda value: isinstance(value, int | Decimal) and not isinstance(value, bool),
    "string": lambda value: isinstance(value, str),
    "time": _is_time,
    "uuid": lambda value: re.fullmatch(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", value) is not None,
}


def find_faults(resource: str, record: object) -> list[str]:
    """Return what is wrong with a record; an empty list: nothing."""
    return list(_check(SCHEMAS[resource], record, resource))


def _check(schema: Any, value: object, at: str) -> Iterator[str]:
    if isinstance(schema, str):
        yield from _check_leaf(schema, value, at)
        return
    ((kind, inner),) = schema.items()
    if kind == "one of":
        found = [list(_check(one, value, at)) for one in inner]
        yield from min(found, key=len)
    elif value is None:
        yield from () if kind.endswith("?") else (f"{at} is null",)
    elif kind.startswith("array"):
        assert isinstance(value, list), at
        for number, item in enumerate(value):
            yield from _check(inner, item, f"{at}[{number}]")
    else:
        assert isinstance(value, dict), at
        yield from _check_object(inner, value, at)


def _check_object(fields: dict[str, Any], value: dict[str, object], at: str) -> Iterator[str]:
    known = {name.rstrip("*"): schema for name, schema in fields.items()}
    yield from (f"{at}.{name} is unknown" for name in value if name not in known)
    yield from (f"{at}.{name} is missing" for name in known if f"{name}*" in fields and name not in value)
    for name, schema in known.items():
        if name in value:
            yield from _check(schema, value[name], f"{at}.{name}")


def _check_leaf(schema: str, value: object, at: str) -> Iterator[str]:
    kind, _, choices = schema.partition(" ")
    if kind.rstrip("?") == "account":
        yield from _check(SCHEMAS["accounts"], value, at)
    elif value is None:
        yield from () if kind.endswith("?") else (f"{at} is null",)
    elif not KINDS[kind.rstrip("?")](value):
        yield f"{at} is no {kind}: {value!r}"
    elif choices and str(value) not in choices.split("|"):
        yield f"{at} is none of {choices}: {value!r}"
