"""An attribute whose module is imported when it is first used: a program pays for the resources it uses."""

from importlib import import_module
from typing import Any, Final, Generic, TypeVar, cast, overload

R = TypeVar("R")


class LazyResource(Generic[R]):
    """A data resource of a client; its attribute's name is also the name of its module.

    Args:
        kind: The name of its class.
    """

    def __init__(self, kind: str) -> None:
        self._kind: Final = kind
        self._name = ""

    def __set_name__(self, owner: type, name: str) -> None:
        """Learn the attribute's name."""
        self._name = name

    @overload
    def __get__(self, client: None, owner: type) -> "LazyResource[R]": ...
    # Any: the client is built above this module, and imports it.
    @overload
    def __get__(self, client: Any, owner: type) -> R: ...
    def __get__(self, client: Any, owner: type) -> "LazyResource[R] | R":
        """Import it and make it; from then on it is an attribute of the client's own, which comes first."""
        if client is None:
            return self
        module = import_module(f"belvo_async.resources.{self._name}")
        made = cast("R", client._build_resource(getattr(module, self._kind)))  # noqa: SLF001 - its own part
        client.__dict__[self._name] = made
        return made
