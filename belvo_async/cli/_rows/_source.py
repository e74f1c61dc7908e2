"""Where the rows come from: a file that is read twice, or a stream that is held in memory or read once."""

import io
import os
import stat
import sys
from collections.abc import Callable, Generator, Iterator
from contextlib import contextmanager
from enum import StrEnum
from functools import partial
from itertools import count
from pathlib import Path
from typing import IO, Final

from attrs import define, field

from belvo_async.cli._console import make_safe
from belvo_async.errors import UsageError

LONGEST_LINE: Final = 1 << 20
"""Characters: no row of credentials comes near it."""
MOST_HELD: Final = 64 << 20
"""Bytes of a stream that are held in memory: passwords never go to a temporary file."""
LINES_A_LOOK: Final = 1024
"""So often a reader looks whether its file is still the same."""


REMEDY: Final = "Pass CSV with a header row, or JSON lines."


class RowFormat(StrEnum):
    """How rows are written."""

    CSV = "csv"
    JSON_LINES = "jsonl"


_FORMATS: Final = {".csv": RowFormat.CSV} | dict.fromkeys((".jsonl", ".ndjson"), RowFormat.JSON_LINES)


@define(eq=False)
class RowSource:
    """A file of links, which must stay the same as long as it is read; or a stream of them."""

    name: str
    """What messages call it; safe for a terminal."""
    format: RowFormat | None
    """How its rows are written; None where its first character tells."""
    _open: Callable[[], IO[bytes]] = field(repr=False)
    is_stream: bool = field(kw_only=True)
    has_credentials: bool = field(default=True, kw_only=True)
    """Whether its rows are logins to be sent; else they name links, and hold nothing secret."""
    _held: bytes | None = field(default=None, repr=False)
    _seen: tuple[int, int, int] | None = None

    def hold(self) -> None:
        """Read all of a stream into memory, so that it can be read twice.

        Raises:
            UsageError: It is larger than `MOST_HELD` bytes, or cannot be read.
        """
        if not self.is_stream:
            return
        with _telling_failures(self.name), self._open() as stream:
            self._held = stream.read(MOST_HELD + 1)
        if len(self._held) > MOST_HELD:
            raise UsageError(
                f"{self.name} is larger than {MOST_HELD >> 20} MiB, too large to check it first.",
                remedy="Pass a file, or --skip-bad-rows to read it row by row.",
            )

    def read_lines(self) -> Generator[str, None, None]:
        """Read the lines with their ends, lazily; bytes that are no UTF-8 become lone surrogates.

        Raises:
            UsageError: It cannot be read, or has changed since the first line was first read.
        """
        start = self._open if self._held is None else partial(io.BytesIO, self._held)
        with _telling_failures(self.name), start() as stream:
            text = io.TextIOWrapper(stream, "utf-8-sig", errors="surrogateescape", newline="")
            for number in count(1):
                line = text.readline(LONGEST_LINE)
                if not line or number % LINES_A_LOOK == 1:
                    self._compare(stream)
                if not line:
                    return
                if len(line) == LONGEST_LINE:
                    raise UsageError(f"{self.name}, line {number}: it is too long.", remedy=REMEDY)
                yield line

    def _compare(self, stream: IO[bytes]) -> None:
        if self.is_stream:
            return
        now = os.fstat(stream.fileno())
        found = (now.st_ino, now.st_size, now.st_mtime_ns)
        self._seen = self._seen or found
        if found != self._seen:
            raise UsageError(
                f"{self.name} was changed after it was first read.",
                remedy="Run the command again, and leave the file alone until it ends.",
            )


@contextmanager
def _telling_failures(name: str) -> Iterator[None]:
    """Turn what the operating system says into an error about the file called *name*."""
    try:
        yield
    except (OSError, ValueError) as error:  # ValueError: a NUL in a path, or a stream that is closed
        why = (error.strerror if isinstance(error, OSError) else None) or type(error).__name__
        raise UsageError(f"{name} cannot be read: {why}.", remedy="Pass a file that can be read.") from None


def open_rows(
    path: Path | str, row_format: RowFormat | None = None, *, has_credentials: bool = True
) -> RowSource:
    """Return the source of rows at *path*, or standard input for `-`; nothing is read yet.

    Without *row_format*, the end of the name tells it, else the first character of the content.

    Raises:
        UsageError: There is no such file.
    """
    if str(path) == "-":
        return RowSource(
            "standard input",
            row_format,
            _open_standard_input,
            is_stream=True,
            has_credentials=has_credentials,
        )
    path = Path(path)
    name = make_safe(str(path)).replace("\n", "\\n")
    with _telling_failures(name):
        is_file = stat.S_ISREG(path.stat().st_mode)  # else a pipe, such as that of `<(…)` in a shell
    found = row_format or _FORMATS.get(path.suffix.lower())
    return RowSource(
        name, found, lambda: path.open("rb"), is_stream=not is_file, has_credentials=has_credentials
    )


def _open_standard_input() -> IO[bytes]:
    """Open it beside `sys.stdin`: a thread that waits inside that one keeps the interpreter from ending."""
    if sys.stdin is None:
        raise UsageError("There is no standard input.", remedy="Pass a file.")
    return open(sys.stdin.fileno(), "rb", closefd=False)
