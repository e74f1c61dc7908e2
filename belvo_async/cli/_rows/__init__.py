"""Files of links, CSV and JSON lines: checked as a whole before anything is sent."""

from collections.abc import Iterator
from typing import Final

from attrs import define, field

from belvo_async import LinkUpdate
from belvo_async.cli._rows._fields import BadRow, LinkRef
from belvo_async.cli._rows._formats import read_rows
from belvo_async.cli._rows._source import RowFormat, RowSource, open_rows
from belvo_async.errors import UsageError

__all__ = [
    "RowCount",
    "RowFormat",
    "RowSource",
    "check_rows",
    "list_problems",
    "open_rows",
    "read_link_ids",
    "read_wanted",
]

MOST_KEPT: Final = 100
"""Problems are described up to this number, and counted beyond it."""


@define
class RowCount:
    """What was found in a file so far."""

    good: int = 0
    """Rows that can be sent, those of a repeated link among them."""
    bad: int = 0
    """Rows that cannot."""
    repeated: int = 0
    """Rows whose link stood in an earlier row."""
    told: list[BadRow] = field(factory=list, repr=False)
    """The first rows, in their order, of `bad` and `repeated`: `MOST_KEPT` at most."""

    @property
    def problems(self) -> int:
        """How many rows somebody has to look at."""
        return self.bad + self.repeated

    def add(self, row: BadRow, *, is_repeated: bool = False) -> None:
        """Count a row, and keep it if it is one of the first."""
        if self.problems < MOST_KEPT:
            self.told.append(row)
        self.bad += not is_repeated
        self.repeated += is_repeated


def check_rows(source: RowSource, count: RowCount) -> None:
    """Read all rows once, and find those that are bad and those that repeat a link; *count* grows meanwhile.

    Blocks; run it in a thread. It keeps some 150 bytes for each link, and of the rows nothing else.

    Raises:
        UsageError: The file cannot be checked, see `read_rows`; or a stream is too large to be held.
    """
    source.hold()
    lines: dict[int, int] = {}
    for line, row in read_rows(source):
        if isinstance(row, BadRow):
            count.add(row)
            continue
        count.good += 1
        link = int(row.link_id.replace("-", ""), 16)
        first = lines.setdefault(link, line)
        if first != line:
            problem = f"is the same link as in line {first}"
            again = BadRow(line, line, "link_id", problem, "Keep one row for each link.")
            count.add(again, is_repeated=True)


def list_problems(name: str, count: RowCount) -> Iterator[str]:
    """Tell about the problems of the file called *name*, a line each, and how many are left out."""
    for row in count.told:
        yield f"{name}, {row}"
    if count.problems > len(count.told):
        yield f"{name}: and {count.problems - len(count.told):,} more."


def read_wanted(source: RowSource, count: RowCount, *, skip_bad: bool = False) -> Iterator[LinkUpdate | str]:
    """Read update after update, or link after link, lazily; bad rows are counted in *count*.

    Raises:
        UsageError: As `read_rows`; or a row is bad, unless *skip_bad*.
    """
    for _, row in read_rows(source):
        if not isinstance(row, BadRow):
            yield row if isinstance(row, LinkUpdate) else row.link_id
            continue
        count.add(row)
        if not skip_bad:
            raise UsageError(f"{source.name}, {row}")


def read_link_ids(source: RowSource) -> Iterator[str]:
    """Read the link of row after row of a file without credentials, lazily; it has been checked.

    Raises:
        UsageError: As `read_rows`.
    """
    return (row.link_id for _, row in read_rows(source) if isinstance(row, LinkRef))
