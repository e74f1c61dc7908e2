"""The header row of a CSV file: which column is which, and what separates them."""

import csv
from collections import Counter
from typing import Final, NoReturn

from attrs import frozen

from belvo_async.cli._rows._fields import KNOWN, NAMES, BadRow, show_name, suggest
from belvo_async.cli._rows._lines import UNSENDABLE
from belvo_async.errors import UsageError

_DELIMITERS: Final = ",;\t|"
"""Spreadsheets write `;` where the comma is the decimal sign, as in most of Latin America."""


@frozen
class Header:
    """What the header row tells about the rows."""

    columns: tuple[str, ...]
    delimiter: str


def find_delimiter(line: str) -> str:
    """Return the delimiter that makes the most known column names of a header row."""
    return max(_DELIMITERS, key=lambda delimiter: _count_known(line, delimiter))


def _count_known(line: str, delimiter: str) -> int:
    try:
        cells = next(csv.reader([line], delimiter=delimiter), [])
    except csv.Error:
        return 0
    return sum(_normalize(cell) in NAMES for cell in cells)


def _normalize(cell: str) -> str:
    return cell.strip().lower()


def read_header(cells: list[str] | BadRow | None, *, line: int, name: str, delimiter: str) -> Header:
    """Read the cells of the header row, which stands on line *line* of the file called *name*.

    Raises:
        UsageError: It cannot be read, names no link id, or a column that is unknown or named twice.
    """
    if isinstance(cells, BadRow):
        _refuse(name, line, f"the header row {cells.problem}", cells.remedy)
    names = [_normalize(cell) for cell in cells or ()]
    if UNSENDABLE.search("".join(names)):
        _refuse(name, line, "the header row is not UTF-8 text", "Save the file as CSV UTF-8.")
    columns = [NAMES.get(cell, "") for cell in names]
    if "link_id" not in columns:
        remedy = f"The first row names the columns; link_id must be one of them. {KNOWN}"
        _refuse(name, line, "there is no column link_id", remedy)
    for position, (cell, column) in enumerate(zip(names, columns, strict=True), 1):
        if not column:
            _refuse(name, line, f"{show_name(cell, position)} is not known", suggest(cell))
    twice = next((column for column, count in Counter(columns).items() if count > 1), None)
    if twice is not None:
        _refuse(name, line, f"there are two columns for {twice}", "Keep one of them.")
    return Header(tuple(columns), delimiter)


def _refuse(name: str, line: int, problem: str, remedy: str) -> NoReturn:
    raise UsageError(f"{name}, line {line}: {problem}.", remedy=remedy)
