"""Values as plain data, with what their equality leaves out."""

from collections.abc import Mapping
from enum import Enum

import attrs


def show(value: object) -> object:
    """Return a value as plain data: the type's name and every field, also those that `==` does not see."""
    if isinstance(value, Enum):
        return f"{type(value).__name__}({value.value!r})"
    if isinstance(value, BaseException):
        return type(value).__name__, show(value.args), show(vars(value))
    if isinstance(value, Mapping):
        return {show(key): show(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return type(value).__name__, *map(show, value)
    kind = type(value)
    if attrs.has(kind):
        return kind.__name__, {field.name: show(getattr(value, field.name)) for field in attrs.fields(kind)}
    return value
