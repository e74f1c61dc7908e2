"""Reads the fields of a JSON body and collects everything that is wrong with them."""

import re
from collections.abc import Collection
from typing import Final

from belvo_async.sandbox._calls import MALFORMED
from belvo_async.sandbox._problems import Problem, RefusedError, missing

_TEXT_NEEDED: Final = "Not a valid string."


class Form:
    """One JSON object on its way in. Fields that nobody asks for are ignored, as Belvo does."""

    def __init__(self, data: object) -> None:
        if data is MALFORMED:
            raise RefusedError(400, Problem("parse_error", "JSON parse error"))
        if data is None:
            data = {}
        if not isinstance(data, dict):
            raise RefusedError(400, Problem("invalid", "Invalid data. Expected a dictionary."))
        self._data: dict[str, object] = data
        self.problems: list[Problem] = []

    def __contains__(self, name: str) -> bool:
        return name in self._data

    def text(self, name: str, *, required: bool = False, pattern: str | None = None) -> str | None:
        """Return a string, or None if it is absent or wrong."""
        value = self._value(name, required=required)
        if value is None:
            return None
        if not isinstance(value, str):
            self._complain("invalid", _TEXT_NEEDED, name)
        elif not value:
            self._complain("blank", "This field may not be blank.", name)
        elif pattern is not None and re.fullmatch(pattern, value) is None:
            self._complain("invalid", "This value does not match the required pattern.", name)
        else:
            return value
        return None

    def choice(self, name: str, choices: Collection[str], default: str) -> str:
        """Return one of *choices*."""
        value = self.text(name) or default
        if value not in choices:
            self._complain("invalid_choice", f'"{value}" is not a valid choice.', name)
        return value

    def names(self, name: str) -> tuple[str, ...] | None:
        """Return a list of strings, or None if it is absent or wrong."""
        value = self._value(name, required=False)
        if value is None:
            return None
        if not isinstance(value, list):
            self._complain("not_a_list", "Expected a list of items.", name)
        elif not all(isinstance(item, str) for item in value):
            self._complain("invalid", _TEXT_NEEDED, name)
        else:
            return tuple(value)
        return None

    def flag(self, name: str) -> bool:
        """Return true or false; true if it is absent or wrong."""
        value = self._value(name, required=False)
        if isinstance(value, bool):
            return value
        if value is not None:
            self._complain("invalid", "Must be a valid boolean.", name)
        return True

    def finish(self) -> None:
        """End the reading.

        Raises:
            RefusedError: Something was wrong; it names every field.
        """
        if self.problems:
            raise RefusedError(400, *self.problems)

    def _value(self, name: str, *, required: bool) -> object:
        if name not in self._data:
            if required:
                self.problems.append(missing(name))
            return None
        value = self._data[name]
        if value is None:
            self._complain("null", "This field may not be null.", name)
        return value

    def _complain(self, code: str, message: str, name: str) -> None:
        self.problems.append(Problem(code, message, name))
