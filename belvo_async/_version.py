"""What the package says of itself: its version, and where its public names live."""

from types import FunctionType

__version__ = "0.1.0"


def publish(names: dict[str, object]) -> None:
    """Make what `__all__` names say that it lives in this module, so that no private path leaves the package.

    Tracebacks, `help` and pickles then show where it is imported from, and a private file can move.

    Args:
        names: The `globals()` of a public module.
    """
    for name in names["__all__"]:  # type: ignore[attr-defined]  # a list, as in every module
        thing = names[name]
        if isinstance(thing, type | FunctionType) and "._" in thing.__module__:
            thing.__module__ = str(names["__name__"])
