"""Standard input, line by line, read without holding up the event loop or the end of the process."""

import asyncio
import os
import sys
from collections.abc import Callable
from contextlib import suppress
from io import UnsupportedOperation
from threading import Thread

from attrs import define

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
        """Return the next line, read in a thread that nobody has to wait for.

        A thread of `asyncio.to_thread` would have to end before the process can: Ctrl-C at a prompt would
        then hang until somebody presses Enter.
        """
        loop = asyncio.get_running_loop()
        line: asyncio.Future[str | None] = loop.create_future()

        def deliver(text: str | None) -> None:
            if not line.done():
                line.set_result(text)

        def read() -> None:
            try:
                text = self.read()
            except OSError:
                text = None
            with suppress(RuntimeError):  # the loop is closed: nobody wants the line any more
                loop.call_soon_threadsafe(deliver, text)

        Thread(target=read, name="standard input", daemon=True).start()
        return await line


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
