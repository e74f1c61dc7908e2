"""The physical lines of a file of links: numbered, bounded, and given again where a row failed."""

import re
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from io import TextIOWrapper
from typing import IO, Final, Self, TypeAlias

from belvo_async.errors import UsageError

LONGEST_LINE: Final = 1 << 20
"""Characters: no row of credentials comes near it, and no line above it is kept in memory."""
LINES_A_PULSE: Final = 1024
"""So often a reader looks whether it shall stop, and whether its file is still the same."""

UNSENDABLE: Final = re.compile("[\0\ud800-\udfff]")
"""NUL, and what stands for a byte that is no UTF-8."""

Stop: TypeAlias = Callable[[], bool]
"""Tells whether to end early, such as `threading.Event.is_set`."""


def never() -> bool:
    """Go on to the end."""
    return False


STOPPED: Final = "The reading of the links was stopped."


class StoppedError(UsageError):
    """The reading of a file of links was told to stop."""


@contextmanager
def telling_failures(name: str) -> Iterator[None]:
    """Turn what the operating system says into an error about the file called *name*."""
    try:
        yield
    except (OSError, ValueError) as error:  # ValueError: a NUL in a path, or a stream that is closed
        raise _build_failure(name, error) from None


def _build_failure(name: str, error: OSError | ValueError) -> UsageError:
    why = (error.strerror if isinstance(error, OSError) else None) or type(error).__name__
    return UsageError(f"{name} cannot be read: {why}.", remedy="Pass a file that can be read.")


class LongLineError(Exception):
    """A line is longer than `LONGEST_LINE`; it was passed over."""


class Lines:
    """Lines with their ends, decoded; bytes that are no UTF-8 become lone surrogates."""

    def __init__(self, stream: IO[bytes], name: str, pulse: Callable[[], None]) -> None:
        self._text: Final = TextIOWrapper(stream, "utf-8-sig", errors="surrogateescape", newline="")
        self._name: Final = name
        self._pulse: Final = pulse
        self._again: Final[deque[str]] = deque()
        self._row: Final[list[str]] = []
        self.number = 0
        """Of the line that was given last; the first is 1."""
        self.is_flawed = False
        """Whether the row that was begun last holds NUL, or bytes that are no UTF-8."""

    def __iter__(self) -> Iterator[str]:
        """Return itself: there is one place in the file."""
        return self

    def __next__(self) -> str:
        """Return the next line.

        Raises:
            LongLineError: It is too long; the one after it can be read.
            StoppedError: The reader was told to stop.
            UsageError: The file cannot be read, or has changed.
        """
        line = self._again.popleft() if self._again else self._read()
        self.number += 1
        self._row.append(line)
        if not line:
            raise LongLineError
        if "\0" in line or not (line.isascii() or UNSENDABLE.search(line) is None):
            self.is_flawed = True
        return line

    def begin_row(self) -> int:
        """Forget the lines of the row before; return the number of the line that comes next."""
        self._row.clear()
        self.is_flawed = False
        return self.number + 1

    def retry(self, *, from_second: bool = True) -> None:
        """Give the lines since `begin_row` again: all, or all but the first, which surely is no row."""
        again = self._row[from_second:]
        self._again.extendleft(reversed(again))
        self.number -= len(again)

    def skip_blank(self) -> str:
        """Pass over blank lines; return the line that comes next without consuming it, or "" at the end.

        Raises:
            LongLineError: It is too long.
        """
        while True:
            self.begin_row()
            line = next(self, "")
            if not line or line.strip():
                self.retry(from_second=False)
                return line

    def close(self) -> None:
        """Close the stream."""
        self._text.close()

    def __enter__(self) -> Self:
        """Return itself."""
        return self

    def __exit__(self, *_: object) -> None:
        """Close the stream."""
        self.close()

    def _read(self) -> str:
        """Read a line; one that is too long becomes an empty one, so that it keeps its number."""
        if self.number % LINES_A_PULSE == 0:
            self._pulse()
        line = self._read_part()
        if not line:
            self._pulse()
            raise StopIteration
        if len(line) < LONGEST_LINE:
            return line
        while line and not line.endswith(("\n", "\r")):
            self._pulse()
            line = self._read_part()
        return ""

    def _read_part(self) -> str:
        try:  # no context manager: it would take longer than the line
            return self._text.readline(LONGEST_LINE)
        except OSError as error:
            raise _build_failure(self._name, error) from None
