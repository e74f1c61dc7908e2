"""Streams of bytes that can be read once, and how reading them is given up."""

import io
import select
import sys
from io import FileIO, UnsupportedOperation
from pathlib import Path
from typing import IO, Any, Final

from belvo_async.cli._rows._lines import STOPPED, Stop, StoppedError
from belvo_async.errors import UsageError

_PATIENCE: Final = 0.2
"""Seconds between two looks whether to stop, while nothing comes."""


class _PatientFile(FileIO):
    """A pipe or a terminal whose reader can be told to stop while it waits."""

    def __init__(self, file: Path | int, stop: Stop) -> None:
        super().__init__(file, "rb", closefd=not isinstance(file, int))
        self._stop: Final = stop

    def readinto(self, buffer: Any, /) -> int:
        """Wait until there is something, and read it.

        Raises:
            StoppedError: Told to stop.
        """
        while sys.platform != "win32" and not select.select([self], [], [], _PATIENCE)[0]:
            if self._stop():
                raise StoppedError(STOPPED)
        return super().readinto(buffer)


def open_pipe(path: Path, stop: Stop) -> IO[bytes]:
    """Open a pipe, or what else is no regular file; waits for its writer."""
    return io.BufferedReader(_PatientFile(path, stop))


def open_standard_input(stop: Stop) -> IO[bytes]:
    """Open standard input beside `sys.stdin`.

    A thread that waits inside `sys.stdin` holds its lock, and the interpreter could not end.

    Raises:
        UsageError: The process has none.
    """
    if sys.stdin is None:
        raise UsageError("There is no standard input.", remedy="Pass a file.")
    try:
        descriptor = sys.stdin.fileno()
    except (UnsupportedOperation, ValueError):
        return sys.stdin.buffer
    return io.BufferedReader(_PatientFile(descriptor, stop))
