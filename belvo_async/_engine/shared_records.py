"""The records that processes share, changed from an event loop: at once, or on threads."""

import asyncio
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import suppress
from functools import partial
from typing import Final, TypeVar

from belvo_async.backends._coordinator import Coordinator, Moment, RecordKind

R = TypeVar("R")
T = TypeVar("T")

_THREADS: Final = 4
"""A server is asked about several links at once; a file takes one change at a time anyway."""


class SharedRecords:
    """Changes the records of a coordinator without blocking the event loop."""

    def __init__(self, coordinator: Coordinator) -> None:
        self._coordinator: Final = coordinator
        self.is_blocking: Final = coordinator.is_blocking
        self._threads: ThreadPoolExecutor | None = None

    def change_now(self, kind: RecordKind[R], key: str, change: Callable[[R, Moment], T]) -> T:
        """Change one in this thread; on the event loop only where that does not block.

        Raises:
            CoordinatorError: It could not be done.
        """
        return self._coordinator.change(kind, key, change)

    async def change(self, kind: RecordKind[R], key: str, change: Callable[[R, Moment], T]) -> T:
        """Change one, and return what *change* returns; who is cancelled meanwhile may have changed it.

        Raises:
            CoordinatorError: It could not be done.
        """
        if not self.is_blocking:
            return self.change_now(kind, key, change)
        work = partial(self.change_now, kind, key, change)
        return await asyncio.get_running_loop().run_in_executor(self._find_threads(), work)

    async def read_all(self, kind: RecordKind[R]) -> tuple[dict[str, R], Moment]:
        """Return copies of all records of a kind, and the moment; see `Coordinator.read_all`.

        Raises:
            CoordinatorError: They could not be read.
        """
        work = partial(self._coordinator.read_all, kind)
        if not self.is_blocking:
            return work()
        return await asyncio.get_running_loop().run_in_executor(self._find_threads(), work)

    def tell(self, kind: RecordKind[R], key: str, change: Callable[[R, Moment], object]) -> None:
        """Change one that this call does not depend on, and do not wait for it; a failure is nobody's."""
        work = partial(self.change_now, kind, key, change)
        if self.is_blocking:
            with suppress(RuntimeError):  # the interpreter ends
                self._find_threads().submit(work).add_done_callback(_look)
        else:
            work()

    def close(self) -> None:
        """Let the threads end."""
        if self._threads is not None:
            self._threads.shutdown(wait=False)
            self._threads = None

    def _find_threads(self) -> ThreadPoolExecutor:
        if self._threads is None:
            self._threads = ThreadPoolExecutor(_THREADS, thread_name_prefix="belvo-coordinator")
        return self._threads


def _look(work: "Future[object]") -> None:
    if not work.cancelled():
        work.exception()
