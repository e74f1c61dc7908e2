"""Where the rows go that a job retrieves: into a file that holds each of them once, or to a callback."""

import asyncio
import inspect
import os
from collections.abc import AsyncIterator, Awaitable, Callable, Collection, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager, suppress
from pathlib import Path
from typing import Any, BinaryIO, Final, Protocol, TypeAlias, cast

from belvo_async._event_loop import is_cancelled_from_outside
from belvo_async._wire.row_text import begin_line, write_line
from belvo_async.errors import InvalidValueError, OutputError
from belvo_async.models import DataModel

# Any: each resource has rows of its own, and a function that takes one kind is no function of all.
RowWriter: TypeAlias = Callable[[str, Sequence[Any]], Awaitable[None] | None]
"""Takes a link's id and its rows, and returns once they are kept; a plain function must not block.

It is called before the ledger says that the link is done. Where the process is killed in between, the link is
unsettled, and its rows may have been kept; where a person has it retrieved again, they come once more: let
the rows of a link take the place of earlier ones."""


class Output(Protocol):
    """Keeps the rows of a job."""

    async def open(self, end: int | None, interrupted: Collection[str]) -> None:
        """Prepare to go on where the job stands.

        Args:
            end: Up to which byte it holds the rows of links that are done; None where it holds none.
            interrupted: The links of which rows may stand behind that.

        Raises:
            OutputError: It is not what the job has left there.
        """
        ...

    async def close(self) -> None:
        """Let go of it."""
        ...

    def keep(self, link_id: str, rows: Sequence[DataModel]) -> AbstractAsyncContextManager[int | None]:
        """Keep the rows of a link; see `JobTask.keep`."""
        ...


def read_output(output: object) -> Output:
    """Return what keeps the rows, by what somebody has named.

    Raises:
        InvalidValueError: It is neither a path nor a function.
    """
    if isinstance(output, str | os.PathLike):
        return RowFile(Path(output))
    if callable(output):
        return RowCallback(cast("RowWriter", output))
    raise InvalidValueError.of(
        "output",
        f"is {type(output).__name__}",
        remedy="Pass the path of a file, or a function that takes a link's id and its rows.",
    )


class RowCallback:
    """Hands the rows to a function of the user's."""

    def __init__(self, write: RowWriter) -> None:
        self._write: Final = write

    async def open(self, end: int | None, interrupted: Collection[str]) -> None:  # noqa: ARG002 - it knows itself
        """Refuse to go on where the job has written a file; see `Output`."""
        if end is not None:
            raise OutputError(
                "The job has written its rows to a file so far.",
                remedy="Pass the path of the file as output.",
            )

    async def close(self) -> None:
        """Do nothing."""

    @asynccontextmanager
    async def keep(self, link_id: str, rows: Sequence[DataModel]) -> AsyncIterator[None]:
        """Call the function; see `Output`."""
        try:
            done = self._write(link_id, rows)
            if inspect.isawaitable(done):
                await done
        except (Exception, asyncio.CancelledError) as error:
            if is_cancelled_from_outside(error):
                raise
            raise _build_error(link_id, f"output raised {type(error).__name__}") from error
        yield


class RowFile:
    """Appends the rows of one link after the other to a file of JSON lines.

    What stands in it is on the disk before the ledger says that the link is done. A kill in between leaves
    rows behind the end that the ledger knows: they are cut off when the job goes on, and they alone.
    """

    def __init__(self, path: Path) -> None:
        self._path: Final = path
        self._turn: Final = asyncio.Lock()
        self._file: BinaryIO | None = None
        self._end = 0

    async def open(self, end: int | None, interrupted: Collection[str]) -> None:
        """Open the file, and cut off what is not done; see `Output`."""
        self._end = end or 0
        try:
            self._file = await asyncio.to_thread(_open, self._path, self._end, interrupted)
        except OSError as error:
            raise OutputError(
                f"The file {self._path} cannot be opened: {error.strerror}.", remedy="Name another file."
            ) from error

    async def close(self) -> None:
        """Close the file."""
        file, self._file = self._file, None
        if file is not None:
            with suppress(OSError):  # all that counts has been flushed
                file.close()

    @asynccontextmanager
    async def keep(self, link_id: str, rows: Sequence[DataModel]) -> AsyncIterator[int]:
        """Append the rows, and let the next link wait until the ledger knows; see `Output`."""
        async with self._turn:
            file = self._file
            if file is None:
                raise _build_error(link_id, f"an earlier failure has closed {self._path}")
            try:
                end = await asyncio.to_thread(_append, file, self._end, link_id, rows)
            except OSError as error:
                raise _build_error(
                    link_id, f"{self._path} could not be written: {error.strerror or error}"
                ) from error
            try:
                yield end
            except BaseException:  # whether the ledger knows, the next run finds out
                await self.close()
                raise
            self._end = end


def _open(path: Path, end: int, interrupted: Collection[str]) -> BinaryIO:
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT | getattr(os, "O_BINARY", 0), 0o600)
    file = os.fdopen(descriptor, "r+b")
    try:
        _check_rest(file, path, end, interrupted)
        file.truncate(end)
    except BaseException:
        file.close()
        raise
    return file


def _check_rest(file: BinaryIO, path: Path, end: int, interrupted: Collection[str]) -> None:
    """Refuse a file that is shorter than the job has made it, or has something of others behind that."""
    size = file.seek(0, os.SEEK_END)
    if size < end:
        raise OutputError(
            f"The file {path} has {size:,} bytes, and the job has written {end:,} to it.",
            remedy="Name the file that the job has written to so far.",
        )
    file.seek(end)
    if not all(_is_of(line, interrupted) for line in file):
        raise OutputError(
            f"The file {path} holds something that this job has not written.",
            remedy="Name a file that is not there yet, or the one that the job has written to so far.",
        )


def _is_of(line: bytes, link_ids: Collection[str]) -> bool:
    """Whether a line, which may have been cut off, is a row of one of these links."""
    begins = map(begin_line, link_ids)
    return any(line.startswith(begin) or begin.startswith(line) for begin in begins)


def _append(file: BinaryIO, end: int, link_id: str, rows: Sequence[DataModel]) -> int:
    """Append rows behind *end*, and return where they end; the file is as before where that fails."""
    if os.fstat(file.fileno()).st_size != end:
        raise OSError("somebody else has written to it")
    try:
        file.seek(end)
        file.writelines(write_line(row, link_id) for row in rows)
        file.flush()
        os.fsync(file.fileno())
        return file.tell()
    except OSError:
        with suppress(OSError):
            file.truncate(end)
        raise


def _build_error(link_id: str, why: str) -> OutputError:
    return OutputError(
        f"The rows of link {link_id} could not be kept: {why}.",
        remedy="Mend it and run the job again: it goes on with the other links. Belvo has stored the rows of "
        "this one unless it was told not to: read them with list(link=…) of the same resource.",
        link_id=link_id,
    )
