"""The first pass over a file of links: every row is read before anything is sent."""

from collections.abc import Callable, Iterator
from contextlib import closing
from heapq import nsmallest
from operator import attrgetter
from typing import Final

from attrs import field, frozen

from belvo_async.cli._rows._duplicates import SeenLinks
from belvo_async.cli._rows._fields import BadRow
from belvo_async.cli._rows._lines import Stop, never
from belvo_async.cli._rows._reader import MOST_KEPT, RowCount, read_rows
from belvo_async.cli._rows._source import RowSource

ROWS_A_STEP: Final = 5000
"""Rows between two calls of a progress callback."""

Progress = Callable[[int], None]
"""Takes the number of rows so far, good and bad, in the thread that reads."""


@frozen(kw_only=True)
class Checked:
    """What the first pass found."""

    total: int
    """Rows that can be sent, those of a repeated link among them: what `read_updates` gives."""
    bad_count: int
    """Rows that cannot."""
    repeated_count: int
    """Rows whose link stood in an earlier row."""
    bad: tuple[BadRow, ...] = field(repr=False)
    """The first rows, in their order, of `bad_count` and `repeated_count`: `MOST_KEPT` at most."""

    @property
    def problem_count(self) -> int:
        """How many rows somebody has to look at."""
        return self.bad_count + self.repeated_count


def check_rows(source: RowSource, *, stop: Stop = never, progress: Progress = lambda _rows: None) -> Checked:
    """Read all rows once, and find those that are bad and those that repeat a link.

    Blocks; run it in a thread. Memory does not grow with the number of rows.

    Raises:
        UsageError: The file cannot be checked, see `read_rows`; or a stream is too large to be held.
        StoppedError: Told to stop.
    """
    source.hold(stop)
    tally = RowCount()
    total = 0
    with closing(SeenLinks(stop)) as seen:
        for line, row in read_rows(source, stop):
            if isinstance(row, BadRow):
                tally.add(row)
            else:
                total += 1
                seen.add(row.link_id, line)
            if (total + tally.count) % ROWS_A_STEP == 0:
                progress(total + tally.count)
        repeated = _tell_repeated(seen)
    progress(total + tally.count)
    bad = sorted([*tally.rows, *repeated.rows], key=attrgetter("line"))[:MOST_KEPT]
    return Checked(total=total, bad_count=tally.count, repeated_count=repeated.count, bad=tuple(bad))


def _tell_repeated(seen: SeenLinks) -> RowCount:
    """Keep the first in the order of the file: they are found in the order of their ids."""
    tally = RowCount()

    def count() -> Iterator[tuple[int, int]]:
        for found in seen.find_repeated():
            tally.count += 1
            yield found

    tally.rows.extend(_refuse_repeated(line, first) for line, first in nsmallest(MOST_KEPT, count()))
    return tally


def _refuse_repeated(line: int, first: int) -> BadRow:
    problem = f"is the same link as in line {first}"
    return BadRow(line=line, field="link_id", problem=problem, remedy="Keep one row for each link.")


def list_problems(name: str, rows: tuple[BadRow, ...], count: int) -> Iterator[str]:
    """Tell about *rows* of the file called *name*, a line each, and how many of *count* are left out."""
    for row in rows:
        yield f"{name}, {row}"
    if count > len(rows):
        yield f"{name}: and {count - len(rows):,} more."
