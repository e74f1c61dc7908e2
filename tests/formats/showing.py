"""Values as plain data, with what their equality leaves out."""

from collections.abc import Mapping
from datetime import datetime
from enum import Enum

import attrs


def show(value: object) -> object:
    """Return a value as plain data: the type's name and every field, also those that `==` does not see."""
    match value:
        case Enum():
            return f"{type(value).__name__}({value.value!r})"
        case BaseException():
            return (type(value).__name__, show(value.args), show(vars(value)))
        case Mapping():
            return {show(key): show(item) for key, item in value.items()}
        case list() | tuple() | set() | frozenset():
            return (type(value).__name__, *map(show, value))
        case None | str() | bytes() | bool() | int() | float() | datetime():
            return value
        case _ if attrs.has(type(value)):
            fields = attrs.fields(type(value))
            return (type(value).__name__, {field.name: show(getattr(value, field.name)) for field in fields})
    raise TypeError(f"how is {type(value).__name__} shown?")
