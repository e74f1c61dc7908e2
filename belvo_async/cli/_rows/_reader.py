"""The rows of a file of links, in either format, and the updates that they are."""

from collections.abc import Iterator
from typing import Final

from attrs import define, field

from belvo_async import LinkUpdate
from belvo_async.cli._rows._csv import read_csv
from belvo_async.cli._rows._fields import BadRow, Row
from belvo_async.cli._rows._json import read_json
from belvo_async.cli._rows._lines import Lines, LongLineError, Stop, never
from belvo_async.cli._rows._source import RowFormat, RowSource
from belvo_async.errors import UsageError

MOST_KEPT: Final = 100
"""Bad rows are described up to this number, and counted beyond it."""
_REMEDY: Final = "Pass CSV with a header row, or JSON lines."


@define
class RowCount:
    """Bad rows: the first ones, and how many there are."""

    count: int = 0
    rows: list[BadRow] = field(factory=list)

    def add(self, row: BadRow) -> None:
        """Count a row, and keep it if it is one of the first."""
        self.count += 1
        if self.count <= MOST_KEPT:
            self.rows.append(row)


def read_rows(source: RowSource, stop: Stop = never) -> Iterator[Row]:
    """Read row after row, good and bad, lazily; closing the iterator closes the file.

    Raises:
        UsageError: The file cannot be read, holds no row, changed since it was first read, or its header
            row is wrong.
        StoppedError: Told to stop.
    """
    is_empty = True
    with source.open(stop) as lines:
        is_json = _find_format(source, lines) is RowFormat.JSON_LINES
        for row in read_json(lines) if is_json else read_csv(lines, source.name):
            is_empty = False
            yield row
    if is_empty:
        raise UsageError(f"{source.name} holds no row of a link.", remedy="Write one row for each link.")


def _find_format(source: RowSource, lines: Lines) -> RowFormat:
    try:
        start = lines.skip_blank().lstrip()[:1]
    except LongLineError:
        start = "too long"
    if start == "too long":
        raise UsageError(f"{source.name}: its first line is too long.", remedy=_REMEDY)
    if not start:
        raise UsageError(f"{source.name} is empty.", remedy=_REMEDY)
    if start == "[" and source.format is not RowFormat.CSV:
        raise UsageError(
            f"{source.name} is a JSON array.", remedy="Write one object a line, as does: jq -c '.[]'"
        )
    return source.format or (RowFormat.JSON_LINES if start == "{" else RowFormat.CSV)


def read_updates(
    source: RowSource, *, skip_bad: bool = False, tally: RowCount | None = None, stop: Stop = never
) -> Iterator[LinkUpdate]:
    """Read update after update, lazily; bad rows are counted in *tally*.

    Raises:
        UsageError: As `read_rows`; or a row is bad, unless *skip_bad*.
        StoppedError: Told to stop.
    """
    for _, row in read_rows(source, stop):
        if not isinstance(row, BadRow):
            yield row
            continue
        if tally is not None:
            tally.add(row)
        if not skip_bad:
            raise UsageError(f"{source.name}, {row}")
