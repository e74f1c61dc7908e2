"""Checks of settings, each with an error that names what is wrong."""

import math
from collections.abc import Callable
from typing import Any, TypeAlias

from attrs import Attribute

from belvo_async.errors import ConfigurationError

# A validator sees fields of any attrs class: the class and the field's type stay open.
Check: TypeAlias = Callable[[Any, "Attribute[Any]", Any], None]


def at_least(least: float) -> Check:
    """Build a validator for a finite number of *least* or more."""

    def check(instance: object, attribute: "Attribute[object]", value: object) -> None:
        if isinstance(value, bool) or not isinstance(value, int | float) or not least <= value < math.inf:
            raise ConfigurationError(
                f"{type(instance).__name__}.{attribute.name} must be a number of at least {least:g}.",
                remedy="Correct the setting.",
            )

    return check


def whole(least: int, *, optional: bool = False) -> Check:
    """Build a validator for a whole number of *least* or more; None passes where *optional*."""

    def check(instance: object, attribute: "Attribute[object]", value: object) -> None:
        if optional and value is None:
            return
        if type(value) is not int or value < least:
            raise ConfigurationError(
                f"{type(instance).__name__}.{attribute.name} must be a whole number of at least {least}.",
                remedy="Correct the setting.",
            )

    return check


def flag() -> Check:
    """Build a validator for True and False."""

    def check(instance: object, attribute: "Attribute[object]", value: object) -> None:
        if not isinstance(value, bool):
            raise ConfigurationError(
                f"{type(instance).__name__}.{attribute.name} must be True or False.",
                remedy="Pass one of the two, or leave it out.",
            )

    return check


def check_setting(name: str, value: object, kind: type, *, remedy: str | None = None) -> None:
    """Refuse a setting of a wrong type.

    Raises:
        ConfigurationError: Names the setting and the type.
    """
    if not isinstance(value, kind) or isinstance(value, type):  # a class has a protocol's methods too
        raise ConfigurationError(
            f"{name} is {type(value).__name__}, not {kind.__name__}.",
            remedy=remedy or f"Pass {kind.__name__}(…), or leave the argument out.",
        )
