"""Where the links of a job come from: any iterable or async iterable, read no faster than it is wanted."""

import asyncio
from collections.abc import AsyncGenerator, AsyncIterable, AsyncIterator, Generator, Iterable, Sized
from itertools import islice
from typing import Final, TypeAlias
from uuid import UUID

from belvo_async._event_loop import end_all, finish, is_cancelled_from_outside
from belvo_async._jobs.records import Job
from belvo_async.errors import BelvoError, InvalidValueError, SourceError
from belvo_async.models import Link
from belvo_async.params import LinkUpdate

Item: TypeAlias = LinkUpdate | Link | UUID | str
Items: TypeAlias = Iterable[Item] | AsyncIterable[Item]
LinkItems: TypeAlias = Iterable[Link | UUID | str] | AsyncIterable[Link | UUID | str]


def check_items(items: object, name: str, wanted: str) -> None:
    """Refuse what cannot be a source.

    Args:
        items: What was handed in.
        name: Of the argument that it was handed in as.
        wanted: What it should hold.

    Raises:
        InvalidValueError: It is one link, text, or nothing that can be iterated over.
    """
    if isinstance(items, str | bytes | LinkUpdate | Link) or not isinstance(items, Iterable | AsyncIterable):
        raise InvalidValueError.of(
            name,
            f"is {type(items).__name__}, not an iterable",
            remedy=f"Pass an iterable or async iterable of {wanted}.",
        )


class Source:
    """Reads jobs in batches."""

    def __init__(self, updates: Items, *, has_credentials: bool, takes_updates: bool = True) -> None:
        self._updates: Final = updates
        self._has_credentials: Final = has_credentials
        self._takes_updates: Final = takes_updates
        self.total: Final = len(updates) if isinstance(updates, Sized) else None
        """How many items there are, where that is known."""
        self.read = 0
        """How many items were read."""

    def batches(self, size: int) -> AsyncGenerator[list[Job], None]:
        """Iterate over batches of up to *size* jobs; a batch does not wait for an item that is not there yet.

        Raises:
            SourceError: The source raised, or gave something that is no link. What it gave before is out.
        """
        if isinstance(self._updates, AsyncIterable):
            return self._read_async(self._updates, size)
        return self._read_sync(self._updates, size)

    async def _read_sync(self, items: Iterable[Item], size: int) -> AsyncGenerator[list[Job], None]:
        iterator = iter(items)
        error: SourceError | None = None
        try:
            while error is None:
                batch: list[Job] = []
                try:
                    batch.extend(map(self._read_item, islice(iterator, size)))
                except (Exception, asyncio.CancelledError) as cause:  # noqa: BLE001 - it is the user's code
                    error = self._fail(cause)
                if batch:
                    yield batch
                elif error is None:
                    return
        finally:
            if isinstance(iterator, Generator):
                iterator.close()
        raise error

    async def _read_async(self, items: AsyncIterable[Item], size: int) -> AsyncGenerator[list[Job], None]:
        iterator = aiter(items)
        coming = asyncio.ensure_future(_take(iterator))
        batch: list[Job] = []
        error: SourceError | None = None
        try:
            while True:
                if batch and (len(batch) == size or not await _is_there(coming)):
                    yield batch
                    batch = []
                try:
                    batch.append(self._read_item(await coming))
                except StopAsyncIteration:
                    break
                except (Exception, asyncio.CancelledError) as cause:
                    if is_cancelled_from_outside(cause):
                        raise
                    error = self._fail(cause)
                    break
                coming = asyncio.ensure_future(_take(iterator))
            if batch:
                yield batch
            if error is not None:
                raise error
        finally:
            await _abandon(coming, iterator)

    def _read_item(self, item: Item) -> Job:
        self.read += 1
        if not self._has_credentials and not isinstance(item, LinkUpdate):
            raise InvalidValueError.of(
                "updates",
                f"holds {type(item).__name__}, not LinkUpdate",
                remedy="Pass LinkUpdates, or credentials= to look them up by link id.",
            )
        if not self._takes_updates and isinstance(item, LinkUpdate):
            raise InvalidValueError.of(
                "links", "holds a LinkUpdate, whose credentials nobody sends", remedy="Pass its link_id."
            )
        return Job.read(item)

    def _fail(self, error: BaseException) -> SourceError:
        said = str(error) if isinstance(error, BelvoError) else f"it raised {type(error).__name__}."
        failed = SourceError(
            f"The source of links failed at number {self.read}: {said}"
            if isinstance(error, BelvoError)
            else f"The source of links failed after {self.read} of them: {said}",
            remedy="Mend it and run the job again: by name or journal, it goes on where it stopped.",
        )
        failed.__cause__ = error
        return failed


async def _take(iterator: AsyncIterator[Item]) -> Item:
    return await anext(iterator)


async def _is_there(coming: "asyncio.Future[Item]") -> bool:
    """Whether the next item came at once."""
    await asyncio.sleep(0)
    return coming.done()


async def _abandon(coming: "asyncio.Future[Item]", iterator: AsyncIterator[Item]) -> None:
    try:
        await end_all([coming])
    finally:
        if isinstance(iterator, AsyncGenerator):
            await finish(iterator.aclose())
