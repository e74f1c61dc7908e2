"""The rows of a file of links, one after the other: CSV with a header row, or JSON lines."""

import csv
import json
import re
from collections import Counter
from collections.abc import Iterator
from contextlib import closing
from itertools import chain
from typing import Final, NoReturn

from belvo_async.cli._rows._fields import (
    KNOWN,
    NAMES,
    BadRow,
    Problem,
    Row,
    RowBuilder,
    build_ref,
    build_row,
    find_flaw,
    suggest,
)
from belvo_async.cli._rows._source import REMEDY, RowFormat, RowSource
from belvo_async.errors import UsageError

_DELIMITERS: Final = ",;\t|"
"""Spreadsheets write `;` where the comma is the decimal sign, as in most of Latin America."""
_ID: Final = re.compile(r"[0-9a-f]{8}-?(?:[0-9a-f]{4}-?){3}[0-9a-f]{12}", re.ASCII | re.IGNORECASE)
_ENDS: Final = frozenset("\r\n")
_QUOTING: Final = 'Put the value in quotes, and write each quote inside it twice: "a""b".'
_OPEN_QUOTE: Final = ("opens a quote that is not closed", _QUOTING)
# What the csv module says, and what it means. Its own words hold no value.
_MEANINGS: Final = (
    ("larger than field limit", ("is too long", "Look for a lone quote, or remove the row.")),
    ("unexpected end of data", _OPEN_QUOTE),
    ("expected after", ("has text after a closing quote", _QUOTING)),
    ("", ("cannot be read as CSV", _QUOTING)),
)
_NO_OBJECT: Final = ("is not a JSON object", 'Write one a line, such as {"link_id": "…", "password": "…"}.')
_DECODER: Final = json.JSONDecoder(object_pairs_hook=tuple)
"""Makes a tuple of each object, so that a key that comes twice is not lost."""
_NO_TEXT: Final = ("is not text", "Write text in quotes, or null for what is not given.")


def read_rows(source: RowSource) -> Iterator[tuple[int, Row]]:
    """Read row after row, good and bad, each with the line where it begins; lazily.

    Raises:
        UsageError: The file cannot be read, holds no row, changed since it was first read, or its header
            row is wrong.
    """
    is_empty = True
    with closing(source.read_lines()) as lines:
        blank, first = next(((number, line) for number, line in enumerate(lines) if line.strip()), (0, ""))
        is_json = _find_format(source, first) is RowFormat.JSON_LINES
        found = chain([first], lines)
        build = build_row if source.has_credentials else build_ref
        rows = (
            _read_json(found, blank, build) if is_json else _read_csv(found, blank, first, source.name, build)
        )
        for row in rows:
            is_empty = False
            yield row
    if is_empty:
        raise UsageError(f"{source.name} holds no row of a link.", remedy="Write one row for each link.")


def _find_format(source: RowSource, first: str) -> RowFormat:
    start = first.lstrip()[:1]
    if not start:
        raise UsageError(f"{source.name} is empty.", remedy=REMEDY)
    if start == "[" and source.format is not RowFormat.CSV:
        raise UsageError(
            f"{source.name} is a JSON array.", remedy="Write one object a line, as does: jq -c '.[]'"
        )
    return source.format or (RowFormat.JSON_LINES if start == "{" else RowFormat.CSV)


def _read_json(lines: Iterator[str], blank: int, build: RowBuilder) -> Iterator[tuple[int, Row]]:
    for line, text in enumerate(lines, blank + 1):
        if text.strip():
            yield line, _read_object(line, text, build)


def _read_object(line: int, text: str, build: RowBuilder) -> Row:
    problem = find_flaw(text)
    pairs = None if problem else _decode(text)
    if pairs is None:
        return BadRow(line, line, None, *(problem or _NO_OBJECT))
    given: dict[str, str] = {}
    for position, (key, value) in enumerate(pairs, 1):
        column = NAMES.get(key)
        if column is None:
            return BadRow(line, line, *suggest(key, position))
        if column in given:
            return BadRow(line, line, column, "is given twice", "Keep one of them.")
        if isinstance(value, str):
            given[column] = value
        elif value is not None:
            return BadRow(line, line, column, *_NO_TEXT)
    return build(line, line, given)


def _decode(text: str) -> tuple[tuple[str, object], ...] | None:
    """Return None for what is no object; the decoder's own errors would quote the whole line."""
    try:
        decoded = _DECODER.decode(text)
    except (ValueError, RecursionError):  # ValueError: also a number of thousands of digits
        return None
    return decoded if isinstance(decoded, tuple) else None


def _read_csv(
    lines: Iterator[str], blank: int, first: str, name: str, build: RowBuilder
) -> Iterator[tuple[int, Row]]:
    reader = csv.reader(lines, delimiter=_find_delimiter(first), strict=True)
    columns = _read_header(reader, blank, name)
    line = blank + reader.line_num + 1
    while (cells := _read_cells(reader)) is not None:
        last = blank + reader.line_num
        row = _read_row(cells, columns, line, last, build)
        if row is not None:
            yield line, row
        line = last + 1


def _read_cells(reader: Iterator[list[str]]) -> list[str] | Problem | None:
    """Return the cells of the next row, or its problem and remedy; None at the end."""
    try:
        return next(reader, None)
    except csv.Error as error:
        said = str(error)
        return next(meaning for part, meaning in _MEANINGS if part in said)


def _read_row(
    cells: list[str] | Problem, columns: list[str], line: int, last: int, build: RowBuilder
) -> Row | None:
    """Return None for a row of empty cells: spreadsheets leave them behind."""
    if isinstance(cells, tuple):
        return BadRow(line, last, None, *(cells if last == line else _OPEN_QUOTE))
    if not "".join(cells).strip():
        return None
    if len(cells) != len(columns):
        problem = f"has {len(cells)} cells, the header has {len(columns)}"
        return BadRow(line, last, None, problem, "Put a value that holds the delimiter in quotes.")
    if last != line and any(_ID.search(cell) and not _ENDS.isdisjoint(cell) for cell in cells):
        # Two quotes too many, some rows apart, make one password of all that is between them.
        return BadRow(line, last, None, *_OPEN_QUOTE)
    given = {name: cell for name, cell in zip(columns, cells, strict=True) if cell}
    for name, cell in given.items():
        if flaw := find_flaw(cell):
            return BadRow(line, last, name, *flaw)
    return build(line, last, given)


def _find_delimiter(header: str) -> str:
    """Return what makes the most known column names of a header row."""
    return max(_DELIMITERS, key=lambda sign: sum(_normalize(cell) in NAMES for cell in header.split(sign)))


def _normalize(cell: str) -> str:
    return cell.strip().strip('"').strip().lower()


def _read_header(reader: Iterator[list[str]], blank: int, name: str) -> list[str]:
    """Read which column is which, or refuse a row that cannot be read or names what is not right."""

    def refuse(problem: str, remedy: str) -> NoReturn:
        raise UsageError(f"{name}, line {blank + 1}: {problem}.", remedy=remedy)

    cells = _read_cells(reader) or []
    if isinstance(cells, tuple):
        refuse(f"the header row {cells[0]}", cells[1])
    names = [_normalize(cell) for cell in cells]
    if find_flaw("".join(names)):
        refuse("the header row is not UTF-8 text", "Save the file as CSV UTF-8.")
    columns = [NAMES.get(cell, "") for cell in names]
    if "link_id" not in columns:
        refuse("there is no column link_id", f"The first row must name it. {KNOWN}")
    for position, (cell, column) in enumerate(zip(names, columns, strict=True), 1):
        if not column:
            shown, problem, remedy = suggest(cell, position)
            refuse(f"{shown} {problem}", remedy)
    twice = next((column for column, times in Counter(columns).items() if times > 1), None)
    if twice is not None:
        refuse(f"there are two columns for {twice}", "Keep one of them.")
    return columns
