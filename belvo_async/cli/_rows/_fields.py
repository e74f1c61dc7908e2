"""The columns of a file of links, and how one row of them becomes a `LinkUpdate`, or a bad row."""

import re
from collections.abc import Mapping
from difflib import get_close_matches
from typing import Final, TypeAlias

from attrs import fields, frozen

from belvo_async import LinkUpdate
from belvo_async.cli._rows._lines import UNSENDABLE
from belvo_async.errors import InvalidValueError

COLUMNS: Final = tuple(attribute.name for attribute in fields(LinkUpdate))
"""What a row may hold, `link_id` first."""
_ID_NAMES: Final = ("link_id", "id", "link")
NAMES: Final[Mapping[str, str]] = {name: name for name in COLUMNS} | dict.fromkeys(_ID_NAMES, "link_id")
"""The column for each name that a file may give it."""
KNOWN: Final = f"Known are {', '.join(COLUMNS)}."

# Only a plain name is ever shown: text with separators or line breaks may be a row, with its password.
_PLAIN: Final = re.compile(r"[^\W\d][\w -]{0,39}")
_TEXT_REMEDY: Final = "Save the file as UTF-8 and write the value anew."
_REMEDIES: Final[Mapping[str | None, str]] = {
    "link_id": "Write the id as it stands in: belvo-async links list",
    "institution": "Write the name as it stands in: belvo-async links list",
    "certificate": "Write certificate and private_key together, as base64 text without line breaks.",
    "private_key": "Write certificate and private_key together, as base64 text without line breaks.",
    "password": "Write the new password, or another credential, or remove the row.",
}


@frozen(kw_only=True)
class BadRow:
    """A row that cannot be sent, and why; never its values, any of which may be a password."""

    line: int
    """Where the row begins in the file; the first line is 1."""
    field: str | None = None
    problem: str
    remedy: str

    def __str__(self) -> str:
        """Tell where, what and what to do, in one line."""
        return f"line {self.line}: {self.field or 'the row'} {self.problem}. {self.remedy}"


Row: TypeAlias = tuple[int, LinkUpdate | BadRow]
"""The line where a row begins, and what it is."""


def build_row(line: int, given: Mapping[str, str]) -> LinkUpdate | BadRow:
    """Build the update of a row that has a value for each column in *given*."""
    if "link_id" not in given:
        return BadRow(line=line, field="link_id", problem="is missing", remedy=_REMEDIES["link_id"])
    try:
        return LinkUpdate(**given)
    except InvalidValueError as error:
        return _explain(line, error, given)


def _explain(line: int, error: InvalidValueError, given: Mapping[str, str]) -> BadRow:
    name = error.field
    problem = error.message.removeprefix(f"{name} ").rstrip(".")
    is_text = UNSENDABLE.search(given.get(name or "", "")) is None
    remedy = _REMEDIES.get(name, error.remedy) if is_text else _TEXT_REMEDY
    return BadRow(line=line, field=name, problem=problem, remedy=remedy)


def build_flawed(line: int, given: Mapping[str, str]) -> BadRow:
    """Tell which value of *given* holds NUL or broken UTF-8; one called "" is the whole row."""
    found = ((name, UNSENDABLE.search(value)) for name, value in given.items())
    name, sign = next((name, match[0]) for name, match in found if match)
    problem = "holds a NUL byte" if sign == "\0" else "is not UTF-8 text"
    return BadRow(line=line, field=name or None, problem=problem, remedy=_TEXT_REMEDY)


def show_name(name: str, position: int) -> str:
    """Return what to call a column that is not known: its name, if it surely is one, else its place."""
    return f'"{name}"' if _PLAIN.fullmatch(name) else f"column {position}"


def suggest(name: str) -> str:
    """Ask for the column that was probably meant, and list the known ones."""
    close = get_close_matches(name.lower()[:40], NAMES, n=1)
    return f'Did you mean "{close[0]}"? {KNOWN}' if close else KNOWN
