"""Texts from outside: on one line, and of bounded length."""

from collections.abc import Mapping
from typing import Final

from attrs import define

MARK: Final = " …"
"""What ends a text that was cut."""
LONGEST_MESSAGE: Final = 500
LONGEST_NAME: Final = 100
"""Characters of a code, an id of a request, a field, a key, or the name of an institution."""

_MOST_DIGITS: Final = 2**63
_DEEPEST: Final = 8
_COST: Final = 8
"""Characters that a number, or an item of a list, counts as."""


def write_line(text: str) -> str:
    r"""Return a text so that a log or a terminal shows all of it on the line where it stands.

    Line ends, escape sequences, control characters and marks that turn the direction of writing become `\n`,
    `\x1b` and the like.
    """
    if text.isprintable():
        return text
    return "".join(sign if sign.isprintable() else _escape(sign) for sign in text)


def _escape(sign: str) -> str:
    return sign.encode("unicode_escape").decode("ascii")


def cut(text: str, length: int) -> str:
    """Return a text of at most *length* characters; the last two say that there was more."""
    return text if len(text) <= length else text[: length - len(MARK)] + MARK


def cut_optional(text: str | None, length: int) -> str | None:
    """Cut a text; None stays None."""
    return None if text is None else cut(text, length)


def trim(values: Mapping[str, object], room: int, *, longest: int) -> dict[str, object]:
    """Return a JSON object with about *room* characters at most; what is left out leaves a mark.

    Args:
        values: The object.
        room: Characters for all its keys and values.
        longest: Characters of one text.
    """
    return _Trimmer(room, longest).trim_object(values, 0)


@define
class _Trimmer:
    left: int
    longest: int

    def trim_object(self, values: Mapping[str, object], depth: int) -> dict[str, object]:
        trimmed: dict[str, object] = {}
        for key, value in values.items():
            if self.left <= 0:
                trimmed[MARK.strip()] = MARK.strip()
                break
            self.left -= min(len(key), LONGEST_NAME) + _COST
            trimmed[cut(key, LONGEST_NAME)] = self._trim(value, depth + 1)
        return trimmed

    def _trim_list(self, items: list[object], depth: int) -> list[object]:
        trimmed: list[object] = []
        for item in items:
            if self.left <= 0:
                trimmed.append(MARK.strip())
                break
            self.left -= _COST
            trimmed.append(self._trim(item, depth + 1))
        return trimmed

    def _trim(self, value: object, depth: int) -> object:
        match value:
            case str():
                text = cut(value, min(self.longest, max(self.left, LONGEST_NAME)))
                self.left -= len(text)
                return text
            case dict() | list() if depth > _DEEPEST:
                return MARK.strip()
            case dict():
                return self.trim_object(value, depth)
            case list():
                return self._trim_list(value, depth)
            case int() if abs(value) >= _MOST_DIGITS:
                return float("inf") if value > 0 else float("-inf")
            case _:
                return value
