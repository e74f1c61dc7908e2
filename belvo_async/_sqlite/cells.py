"""How values stand in the tables of SQLite."""

from datetime import UTC, datetime
from typing import Protocol, TypeAlias

Cell: TypeAlias = str | int | None


class Row(Protocol):
    """The one thing that is asked of `sqlite3.Row`."""

    def __getitem__(self, name: str, /) -> Cell:
        """Return the value of a column."""
        ...


def write_cell(value: str | datetime | bool | int | None) -> Cell:  # noqa: FBT001 - one of many values
    """Return *value* as it stands in a row.

    Times are ISO texts of one width, in UTC, so that they sort as text. UTF-8 has no lone surrogates, which
    JSON can smuggle into a message: they are written as their escapes.
    """
    if isinstance(value, datetime):
        return value.astimezone(UTC).isoformat(timespec="microseconds")
    if isinstance(value, str):
        return value.encode("utf-8", "backslashreplace").decode("utf-8")
    return value


def read_time(cell: Cell) -> datetime | None:
    """Read what `write_cell` made of a time.

    Raises:
        ValueError: It is no time: somebody else wrote it.
    """
    return None if cell is None else datetime.fromisoformat(str(cell))


def read_text(cell: Cell) -> str | None:
    """Read a text, or nothing."""
    return None if cell is None else str(cell)


def read_number(cell: Cell) -> int | None:
    """Read a number, or nothing.

    Raises:
        ValueError: It is none: somebody else wrote it.
    """
    return None if cell is None else int(cell)
