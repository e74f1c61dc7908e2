"""Standard input, line by line, read without holding up the event loop or the end of the process."""

import os
import sys
from collections.abc import Callable
from contextlib import suppress
from io import UnsupportedOperation

from attrs import define

from belvo_async.cli._threads import run_aside

_CHUNK = 4096


@define
class LineSource:
    """Lines out of chunks of bytes."""

    _read: Callable[[], bytes]
    """Blocks until there is something; returns nothing at the end."""
    _rest: bytes = b""

    def read(self) -> str | None:
        """Return the next line without its end, or None where there is no more."""
        while b"\n" not in self._rest:
            chunk = self._read()
            if not chunk:
                line, self._rest = self._rest, b""
                return _decode(line) if line else None
            self._rest += chunk
        line, _, self._rest = self._rest.partition(b"\n")
        return _decode(line)

    async def read_aside(self) -> str | None:
        """Return the next line without holding up the event loop or the end of the process."""
        with suppress(OSError):
            return await run_aside(self.read)
        return None


def open_standard_input() -> LineSource:
    """Return the lines of standard input; use one source for all of it."""
    try:
        descriptor = sys.stdin.fileno()
    except (UnsupportedOperation, ValueError):
        return LineSource(sys.stdin.buffer.readline)
    # Not sys.stdin: a thread that waits inside it holds its lock, and the interpreter could not end.
    return LineSource(lambda: os.read(descriptor, _CHUNK))


def _decode(line: bytes) -> str:
    return line.rstrip(b"\r").decode("utf-8", errors="surrogateescape")
