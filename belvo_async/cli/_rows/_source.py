"""Where the rows come from: a file that is read twice, or a stream that can be read once."""

import io
import os
import stat
from collections.abc import Callable
from enum import StrEnum
from functools import partial
from pathlib import Path
from typing import IO, Final, Protocol, TypeAlias

from attrs import define, field

from belvo_async.cli._console import make_safe
from belvo_async.cli._rows._lines import STOPPED, Lines, Stop, StoppedError, telling_failures
from belvo_async.cli._rows._streams import open_pipe, open_standard_input
from belvo_async.errors import UsageError

MOST_HELD: Final = 64 << 20
"""Bytes of a stream that are held in memory: passwords never go to a temporary file."""
_CHUNK: Final = 1 << 16


class RowFormat(StrEnum):
    """How rows are written."""

    CSV = "csv"
    JSON_LINES = "jsonl"


_FORMATS: Final = {
    ".csv": RowFormat.CSV,
    ".jsonl": RowFormat.JSON_LINES,
    ".ndjson": RowFormat.JSON_LINES,
}


class RowSource(Protocol):
    """A file of links."""

    @property
    def name(self) -> str:
        """What messages call it; safe for a terminal."""
        ...

    @property
    def format(self) -> RowFormat | None:
        """How its rows are written; None where its first character tells."""
        ...

    def hold(self, stop: Stop) -> None:
        """Make sure that it can be opened more than once.

        Raises:
            UsageError: It is a stream that is too large for that.
            StoppedError: Told to stop.
        """
        ...

    def open(self, stop: Stop) -> Lines:
        """Start at its first line. Close what it returns.

        Raises:
            UsageError: It cannot be opened, has changed since, or was read already.
        """
        ...


_Fingerprint: TypeAlias = tuple[int, int, int, int]


@define(eq=False)
class FileSource:
    """A file, which must stay the same as long as it is read."""

    path: Path
    name: str
    format: RowFormat | None
    _seen: _Fingerprint | None = None

    def hold(self, stop: Stop) -> None:
        """Do nothing: a file can be opened again."""

    def open(self, stop: Stop) -> Lines:
        """Start at its first line; the first time, remember which file it is."""
        with telling_failures(self.name):
            stream = self.path.open("rb")

        def pulse() -> None:
            if stop():
                raise StoppedError(STOPPED)
            self._compare(stream)

        lines = Lines(stream, self.name, pulse)
        try:
            self._compare(stream)
        except UsageError:
            lines.close()
            raise
        return lines

    def _compare(self, stream: IO[bytes]) -> None:
        now = os.fstat(stream.fileno())
        found = (now.st_dev, now.st_ino, now.st_size, now.st_mtime_ns)
        if self._seen is None:
            self._seen = found
        if found != self._seen:
            raise UsageError(
                f"{self.name} was changed after it was first read.",
                remedy="Run the command again, and leave the file alone until it ends.",
            )


@define(eq=False)
class StreamSource:
    """Standard input, or a pipe."""

    name: str
    format: RowFormat | None
    _connect: Callable[[Stop], IO[bytes]] = field(repr=False)
    _held: bytes | None = field(default=None, repr=False)
    _is_taken: bool = False

    def hold(self, stop: Stop) -> None:
        """Read all of it into memory, up to `MOST_HELD` bytes."""
        if self._held is not None:
            return
        held = io.BytesIO()
        with telling_failures(self.name), self._take(stop) as stream:
            while chunk := stream.read(_CHUNK):
                if stop():
                    raise StoppedError(STOPPED)
                held.write(chunk)
                if held.tell() > MOST_HELD:
                    raise UsageError(
                        f"{self.name} is larger than {MOST_HELD >> 20} MiB, too large to check it first.",
                        remedy="Pass a file, or --skip-bad-rows to read it row by row.",
                    )
        self._held = held.getvalue()

    def open(self, stop: Stop) -> Lines:
        """Start at its first line: any number of times if it is held, else once."""

        def pulse() -> None:
            if stop():
                raise StoppedError(STOPPED)

        if self._held is not None:
            return Lines(io.BytesIO(self._held), self.name, pulse)
        with telling_failures(self.name):
            return Lines(self._take(stop), self.name, pulse)

    def _take(self, stop: Stop) -> IO[bytes]:
        if self._is_taken:
            raise UsageError(f"{self.name} can be read only once.", remedy="Pass a file.")
        self._is_taken = True
        return self._connect(stop)


def open_rows(path: Path | str, row_format: RowFormat | None = None) -> RowSource:
    """Return the source of rows at *path*, or standard input for `-`; nothing is read yet.

    Without *row_format*, the end of the name tells it, else the first character of the content.

    Raises:
        UsageError: There is no such file.
    """
    if str(path) == "-":
        return StreamSource("standard input", row_format, open_standard_input)
    path = Path(path)
    name = make_safe(str(path)).replace("\n", "\\n")
    found = row_format or _FORMATS.get(path.suffix.lower())
    with telling_failures(name):
        is_file = stat.S_ISREG(path.stat().st_mode)
    if is_file:
        return FileSource(path, name, found)
    return StreamSource(name, found, partial(open_pipe, path))  # such as that of `<(…)` in a shell
