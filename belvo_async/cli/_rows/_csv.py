"""The rows of a CSV file with a header row, whatever its delimiter, quotes and line ends are."""

import csv
import re
from collections.abc import Iterator
from typing import Final, TypeAlias

from belvo_async import LinkUpdate
from belvo_async.cli._rows._fields import BadRow, Row, build_flawed, build_row
from belvo_async.cli._rows._header import Header, find_delimiter, read_header
from belvo_async.cli._rows._lines import Lines, LongLineError

_ID: Final = re.compile(r"[0-9a-f]{8}-?(?:[0-9a-f]{4}-?){3}[0-9a-f]{12}", re.ASCII | re.IGNORECASE)
_QUOTING: Final = 'Put the value in quotes, and write each quote inside it twice: "a""b".'
_OPEN_QUOTE: Final = ("opens a quote that is not closed", _QUOTING)
_TOO_LONG: Final = ("is too long", "Look for a quote that is not closed, or remove the row.")
# What the csv module says, and what it means. Its own words hold no value.
_MEANINGS: Final = (
    ("field larger than field limit", _TOO_LONG),
    ("unexpected end of data", _OPEN_QUOTE),
    ("expected after", ("has text after a closing quote", _QUOTING)),
    ("", ("cannot be read as CSV", _QUOTING)),
)

_Cells: TypeAlias = list[str]


def read_csv(lines: Lines, name: str) -> Iterator[Row]:
    """Read row after row, lazily; *name* is what messages call the file.

    Raises:
        UsageError: The header row is missing or wrong.
    """
    delimiter = find_delimiter(lines.skip_blank())
    reader = csv.reader(lines, delimiter=delimiter, strict=True)
    line = lines.begin_row()
    header = read_header(_read_cells(reader, lines, line), line=line, name=name, delimiter=delimiter)
    while True:
        line = lines.begin_row()
        cells = _read_cells(reader, lines, line)
        if cells is None:
            return
        row = cells if isinstance(cells, BadRow) else _read_row(cells, lines, line, header)
        if row is not None:
            yield line, row


def _read_cells(reader: Iterator[_Cells], lines: Lines, line: int) -> _Cells | BadRow | None:
    try:
        return next(reader, None)
    except LongLineError:
        problem, remedy = _TOO_LONG
    except csv.Error as error:
        said = str(error)
        problem, remedy = next(meaning for part, meaning in _MEANINGS if part in said)
    if lines.number != line:
        problem, remedy = _OPEN_QUOTE  # whatever else is wrong: it took the lines after it
    lines.retry()
    return BadRow(line=line, problem=problem, remedy=remedy)


def _read_row(cells: _Cells, lines: Lines, line: int, header: Header) -> LinkUpdate | BadRow | None:
    """Return None for a row of empty cells: spreadsheets leave them behind."""
    if len(cells) != len(header.columns):
        return _refuse_width(cells, lines, line, header)
    given = {column: cell for column, cell in zip(header.columns, cells, strict=True) if cell}
    if not given:
        return None
    if lines.is_flawed:
        return build_flawed(line, given)
    if lines.number != line and any("\n" in cell and _ID.search(cell) for cell in cells):
        # Two quotes too many, some rows apart, make one password of all that is between them.
        lines.retry()
        return BadRow(line=line, problem=_OPEN_QUOTE[0], remedy=_QUOTING)
    return build_row(line, given)


def _refuse_width(cells: _Cells, lines: Lines, line: int, header: Header) -> BadRow | None:
    if not "".join(cells).strip():
        return None
    lines.retry()
    problem = f"has {len(cells)} cells, the header has {len(header.columns)}"
    shown = "a tab" if header.delimiter == "\t" else f"`{header.delimiter}`"
    return BadRow(line=line, problem=problem, remedy=f"Put a value that holds {shown} in quotes.")
