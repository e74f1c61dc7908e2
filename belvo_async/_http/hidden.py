"""Secrets behind types that hide them: what shows the variables of a frame shows nothing of them."""

from typing import TypeVar

T = TypeVar("T")


class Body(bytes):
    """Bytes that may hold a secret: what shows the variables of a frame does not show them."""

    __slots__ = ()

    def __repr__(self) -> str:
        """Tell the length alone."""
        return f"<body of {len(self)} bytes>"

    __str__ = __repr__


class HiddenText(str):
    """A text that is a secret: what shows the variables of a frame does not show it."""

    __slots__ = ()

    def __repr__(self) -> str:
        """Show nothing of it."""
        return "<hidden>"


def hide(text: T) -> T | HiddenText:
    """Return a text behind a type that hides it; all else stays as it is."""
    return HiddenText(text) if isinstance(text, str) else text
