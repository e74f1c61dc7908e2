"""What an earlier version has pickled, read by this one."""

from collections.abc import Callable
from typing import Any, TypeAlias, TypeVar

C = TypeVar("C", bound=type[object])
Fields: TypeAlias = dict[str, Any]
"""The values of a pickled object by the names of its fields: of any type."""


def reads_older(upgrade: Callable[[Fields], Fields]) -> Callable[[C], C]:
    """Let a class of attrs read its older pickles, by the function that gives them the fields of today."""

    def decorate(kind: C) -> C:
        set_state = kind.__setstate__  # type: ignore[attr-defined] # attrs has made it

        def read(self: object, state: Fields) -> None:
            set_state(self, upgrade(state))

        kind.__setstate__ = read  # type: ignore[attr-defined] # as above
        return kind

    return decorate
