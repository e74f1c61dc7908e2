"""Where the rows go that a job retrieves: to a function of the user's, or into a file."""

import asyncio
import inspect
import os
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from typing import Any, Final, Protocol, TypeAlias, cast

from belvo_async._event_loop import is_cancelled_from_outside
from belvo_async._jobs.output_file import OutputFile
from belvo_async.backends import OutputEnd
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

    async def open(self, end: OutputEnd | None) -> None:
        """Prepare to go on: up to *end* it holds the rows of links that are done.

        Raises:
            OutputError: It is not what the job has left there.
        """
        ...

    async def close(self) -> None:
        """Let go of it."""
        ...

    async def deliver(self, link_id: str, rows: Sequence[DataModel]) -> None:
        """Hand the rows to whom they are for, who may be cut off.

        Raises:
            OutputError: They were not taken.
        """
        ...

    def keep(self, link_id: str, rows: Sequence[DataModel]) -> AbstractAsyncContextManager[OutputEnd | None]:
        """Keep the rows of a link while the ledger is told; see `JobTask.keep`."""
        ...


def read_output(output: object) -> Output:
    """Return what keeps the rows, by what somebody has named.

    Raises:
        InvalidValueError: It is neither a path nor a function.
    """
    path = os.fspath(output) if isinstance(output, str | os.PathLike) else None
    if isinstance(path, str) and path and "\0" not in path:
        return RowFile(path)
    if callable(output):
        return RowCallback(cast("RowWriter", output))
    raise InvalidValueError.of(
        "output",
        f"is {type(output).__name__}" if path is None else "is no path of a file",
        remedy="Pass the path of a file, or a function that takes a link's id and its rows.",
    )


class RowCallback:
    """Hands the rows to a function of the user's."""

    def __init__(self, write: RowWriter) -> None:
        self._write: Final = write

    async def open(self, end: OutputEnd | None) -> None:
        """Refuse to go on where the job has written a file; see `Output`."""
        if end is not None:
            raise OutputError(
                "The job has written its rows to a file so far.",
                remedy="Pass the path of the file as output.",
            )

    async def close(self) -> None:
        """Do nothing."""

    async def deliver(self, link_id: str, rows: Sequence[DataModel]) -> None:
        """Call the function; see `Output`."""
        try:
            done = self._write(link_id, rows)
            if inspect.isawaitable(done):
                await done
        except (Exception, asyncio.CancelledError) as error:
            if is_cancelled_from_outside(error):
                raise
            raise _build_error(link_id, f"output raised {type(error).__name__}") from error

    @asynccontextmanager
    async def keep(self, link_id: str, rows: Sequence[DataModel]) -> AsyncIterator[None]:  # noqa: ARG002 - it has them
        """Do nothing more; see `Output`."""
        yield


class RowFile:
    """Appends the rows of one link after the other to a file of JSON lines.

    What stands in it is on the disk before the ledger says that the link is done. A kill in between leaves
    rows behind the end that the ledger knows: they are cut off when the job goes on, and they alone.
    """

    def __init__(self, path: str) -> None:
        self._file: Final = OutputFile(path)
        self._turn: Final = asyncio.Lock()

    async def open(self, end: OutputEnd | None) -> None:
        """Open the file, and cut off what is not done; see `Output`."""
        await asyncio.to_thread(self._file.open, end)

    async def close(self) -> None:
        """Close the file."""
        self._file.close()

    async def deliver(self, link_id: str, rows: Sequence[DataModel]) -> None:
        """Do nothing yet; see `Output`."""

    @asynccontextmanager
    async def keep(self, link_id: str, rows: Sequence[DataModel]) -> AsyncIterator[OutputEnd]:
        """Append the rows, and let the next link wait until the ledger knows; see `Output`."""
        async with self._turn:
            try:
                end = await asyncio.to_thread(self._file.append, link_id, rows)
            except OutputError as error:
                raise _build_error(link_id, error.message) from error.__cause__
            try:
                yield end
            except BaseException:  # whether the ledger knows, the next run finds out
                self._file.close()
                raise


def _build_error(link_id: str, why: str) -> OutputError:
    return OutputError(
        f"The rows of link {link_id} could not be kept: {why.rstrip('.')}.",
        remedy="Mend it and run the job again: it goes on with the other links. Belvo has stored the rows of "
        "this one unless it was told not to: read them with list(link=…) of the same resource.",
        link_id=link_id,
    )
