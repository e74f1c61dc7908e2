"""A file of JSON lines to which one job at a time appends, and which it knows again; blocking."""

import os
import stat
import sys
from collections.abc import Sequence
from contextlib import suppress
from hashlib import blake2b
from pathlib import Path
from typing import Final

from belvo_async._wire.row_text import write_line
from belvo_async.backends import OutputEnd
from belvo_async.errors import OutputError
from belvo_async.models import DataModel

if sys.platform == "win32":
    import msvcrt
else:
    import fcntl

_KNOWN_BY: Final = 4096
"""Bytes before the end by which the file is known again."""
_CHUNK: Final = 2**20
_FAR_AWAY: Final = 2**62
"""A byte that no file has: Windows locks bytes, and lets nobody else read them."""


class OutputFile:
    """Appends rows behind an end that its user remembers, and cuts off what stands behind that."""

    def __init__(self, path: str) -> None:
        self._path: Final = path
        self._descriptor: int | None = None
        self._end = 0

    def open(self, end: OutputEnd | None) -> None:
        """Open the file, so that nobody else can, and cut off what stands behind *end*.

        It is made, for its owner alone, where there is no end yet.

        Raises:
            OutputError: It cannot be opened; or it is not the file with this end, and stays as it is.
        """
        descriptor = self._open(is_new=end is None)
        try:
            self._check_kind(descriptor)
            self._lock(descriptor)
            self._check_content(descriptor, end)
            self._end = 0 if end is None else end.position
            os.ftruncate(descriptor, self._end)
            os.fsync(descriptor)
        except BaseException as error:
            os.close(descriptor)
            if isinstance(error, OSError):
                raise self._explain("opened", error) from error
            raise
        self._descriptor = descriptor

    def append(self, link_id: str, rows: Sequence[DataModel]) -> OutputEnd:
        """Append the rows of a link, so that they are on the disk; return the new end.

        Raises:
            OutputError: They could not be written; the file ends where it did.
        """
        descriptor = self._descriptor
        if descriptor is None:
            raise OutputError(f"an earlier failure has closed {self._path}")
        if os.fstat(descriptor).st_size != self._end:
            raise OutputError(f"somebody else has written to {self._path}")
        try:
            os.lseek(descriptor, self._end, os.SEEK_SET)
            chunk = bytearray()
            for row in rows:
                chunk += write_line(row, link_id)
                if len(chunk) >= _CHUNK:
                    _write(descriptor, chunk)
                    chunk.clear()
            _write(descriptor, chunk)
            os.fsync(descriptor)
        except OSError as error:
            with suppress(OSError):
                os.ftruncate(descriptor, self._end)
            raise self._explain("written", error) from error
        self._end = os.lseek(descriptor, 0, os.SEEK_CUR)
        return _find_end(descriptor, self._end)

    def close(self) -> None:
        """Close the file, and let others open it."""
        descriptor, self._descriptor = self._descriptor, None
        if descriptor is not None:
            with suppress(OSError):  # all that counts is on the disk
                os.close(descriptor)

    def _open(self, *, is_new: bool) -> int:
        flags = os.O_RDWR | getattr(os, "O_BINARY", 0) | getattr(os, "O_CLOEXEC", 0)
        flags |= getattr(os, "O_NONBLOCK", 0)  # a pipe does not let its opener wait for a reader
        flags |= os.O_CREAT if is_new else 0
        try:
            descriptor = os.open(self._path, flags, 0o600)
        except OSError as error:
            raise self._explain("opened", error) from error
        if is_new and hasattr(os, "O_DIRECTORY"):
            with suppress(OSError):
                _sync_directory(Path(self._path).parent)
        return descriptor

    def _check_kind(self, descriptor: int) -> None:
        if not stat.S_ISREG(os.fstat(descriptor).st_mode):
            raise OutputError(f"{self._path} is no regular file.", remedy="Name a file, or pass a function.")

    def _lock(self, descriptor: int) -> None:
        try:
            if sys.platform == "win32":
                os.lseek(descriptor, _FAR_AWAY, os.SEEK_SET)
                msvcrt.locking(descriptor, msvcrt.LK_NBLCK, 1)
            else:
                fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            raise OutputError(
                f"Another job writes to {self._path}.", remedy="Name another file, or let that job end."
            ) from error

    def _check_content(self, descriptor: int, end: OutputEnd | None) -> None:
        size = os.fstat(descriptor).st_size
        if end is None:
            if size:
                raise OutputError(
                    f"{self._path} holds something already, and no link of this job is done.",
                    remedy="Name a file that is not there yet; "
                    "or delete this one, if it is left of the same job.",
                )
            return
        if size < end.position:
            raise OutputError(
                f"{self._path} has {size:,} bytes, and the job has written {end.position:,}.",
                remedy="Name the file that the job has written to so far.",
            )
        if _find_end(descriptor, end.position) != end:
            raise OutputError(
                f"{self._path} is not the file that this job has written to.",
                remedy="Name the file that the job has written to so far, as the job has left it.",
            )

    def _explain(self, what: str, error: OSError) -> OutputError:
        why = error.strerror or type(error).__name__
        return OutputError(
            f"{self._path} could not be {what}: {why}.", remedy="Name another file, or mend that."
        )


def _find_end(descriptor: int, position: int) -> OutputEnd:
    """Return what the bytes before a position are known by."""
    begin = max(0, position - _KNOWN_BY)
    os.lseek(descriptor, begin, os.SEEK_SET)
    known = bytearray()
    while len(known) < position - begin:
        read = os.read(descriptor, position - begin - len(known))
        if not read:
            break
        known += read
    return OutputEnd(position, blake2b(known, digest_size=16).hexdigest())


def _write(descriptor: int, data: bytearray) -> None:
    view = memoryview(bytes(data))
    while view:
        view = view[os.write(descriptor, view) :]


def _sync_directory(directory: Path) -> None:
    descriptor = os.open(directory, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
