"""The columns of a file of links, and how one row of them becomes a `LinkUpdate`, or a bad row."""

import re
from collections.abc import Callable, Mapping
from difflib import get_close_matches
from typing import Final, TypeAlias
from uuid import UUID

from attrs import fields, frozen

from belvo_async import LinkUpdate
from belvo_async.errors import InvalidValueError

COLUMNS: Final[tuple[str, ...]] = tuple(attribute.name for attribute in fields(LinkUpdate))
"""What a row may hold, `link_id` first."""
NAMES: Final[Mapping[str, str]] = {name: name for name in COLUMNS} | {"id": "link_id", "link": "link_id"}
"""The column for each name that a file may give it."""
KNOWN: Final = f"Known are {', '.join(COLUMNS)}."

# Only a plain name is ever shown: text with separators or line breaks may be a row, with its password.
_PLAIN: Final = re.compile(r"[^\W\d][\w -]{0,39}")
_UNSENDABLE: Final = re.compile("[\0\ud800-\udfff]")
_TEXT_REMEDY: Final = "Save the file as UTF-8 and write the value anew."
_KEY_REMEDY: Final = "Write certificate and private_key together, as base64 text without line breaks."
_NAMING: Final = frozenset({"link_id", "institution", "institution_user_id"})
_NO_CREDENTIALS: Final = (
    "Remove the column: the worker looks up the credentials itself, and the queue holds none."
)
_REMEDIES: Final[Mapping[str | None, str]] = {
    "link_id": "Write the id as it stands in: belvo-async links list",
    "institution": "Write the name as it stands in: belvo-async links list",
    "certificate": _KEY_REMEDY,
    "private_key": _KEY_REMEDY,
    "password": "Write the new password, or another credential, or remove the row.",
}


@frozen
class BadRow:
    """A row that cannot be sent, and why; never its values, any of which may be a password."""

    line: int
    """Where the row begins in the file; the first line is 1."""
    last: int
    """Where it ends: further down if a quoted value goes over lines."""
    field: str | None
    problem: str
    remedy: str

    def __str__(self) -> str:
        """Tell where, what and what to do, in one line."""
        where = f"line {self.line}" if self.last == self.line else f"lines {self.line} to {self.last}"
        return f"{where}: {self.field or 'the row'} {self.problem}. {self.remedy}"


@frozen
class LinkRef:
    """A row that names a link, and nothing to log in with."""

    link_id: str


Row: TypeAlias = LinkUpdate | LinkRef | BadRow
RowBuilder: TypeAlias = Callable[[int, int, Mapping[str, str]], Row]
"""Makes a row of where it begins and ends, and of what it holds."""
Problem: TypeAlias = tuple[str, str]
"""What is wrong, and the remedy."""


def build_row(line: int, last: int, given: Mapping[str, str]) -> LinkUpdate | BadRow:
    """Build the update of a row that has a value for each column in *given*."""
    if "link_id" not in given:
        return BadRow(line, last, "link_id", "is missing", _REMEDIES["link_id"])
    try:
        return LinkUpdate(**given)
    except InvalidValueError as error:
        name = error.field
        problem = error.message.removeprefix(f"{name} ").rstrip(".")
        is_flawed = find_flaw(given.get(name or "", "")) is not None
        remedy = _TEXT_REMEDY if is_flawed else _REMEDIES.get(name, error.remedy)
        return BadRow(line, last, name, problem, remedy)


def build_ref(line: int, last: int, given: Mapping[str, str]) -> LinkRef | BadRow:
    """Build what a row of a file without credentials names; one that has some is bad."""
    for name in given:
        if name not in _NAMING:
            return BadRow(line, last, name, "is not wanted here", _NO_CREDENTIALS)
    if "link_id" not in given:
        return BadRow(line, last, "link_id", "is missing", _REMEDIES["link_id"])
    try:
        return LinkRef(str(UUID(given["link_id"].strip())))
    except ValueError:
        return BadRow(line, last, "link_id", "is not a UUID", _REMEDIES["link_id"])


def find_flaw(text: str) -> Problem | None:
    """Return what is wrong where *text* holds NUL, or what stands for a byte that is no UTF-8."""
    found = _UNSENDABLE.search(text)
    if found is None:
        return None
    return "holds a NUL byte" if found[0] == "\0" else "is not UTF-8 text", _TEXT_REMEDY


def suggest(name: str, position: int) -> tuple[str, str, str]:
    """Return what to call a column that is not known, its problem, and which one was probably meant."""
    shown = f'"{name}"' if _PLAIN.fullmatch(name) else f"column {position}"
    close = get_close_matches(name.lower()[:40], NAMES, n=1)
    return shown, "is not known", f'Did you mean "{close[0]}"? {KNOWN}' if close else KNOWN
