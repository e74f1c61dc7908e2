"""Where functions meet the one SQLite connection: on a thread of its own."""

import asyncio
import sqlite3
from collections.abc import Callable, Sequence
from contextlib import suppress
from queue import SimpleQueue
from threading import Thread
from typing import Any, Final, TypeVar

from attrs import frozen

from belvo_async._event_loop import LoopBinding, wait_until_done
from belvo_async._sqlite.database import Database

T = TypeVar("T")


@frozen(eq=False)
class _Waiter:
    operation: Callable[[sqlite3.Connection], object]
    future: "asyncio.Future[Any]"


@frozen(eq=False)
class _Outcome:
    future: "asyncio.Future[Any]"
    result: object = None
    error: Exception | None = None

    def tell(self) -> None:
        """Wake who waits, unless it was cancelled."""
        if self.future.done():
            return
        if self.error is None:
            self.future.set_result(self.result)
        else:
            self.future.set_exception(self.error)


class ThreadWorker:
    """Runs functions on a thread that owns the connection; all that wait at a time share one commit.

    The thread is a daemon: a disk that hangs does not keep the interpreter from ending.
    """

    def __init__(self, database: Database) -> None:
        self._database: Final = database
        self._queue: Final[SimpleQueue[_Waiter | None]] = SimpleQueue()
        self._binding: Final = LoopBinding(database.name)
        self._closed: asyncio.Future[Any] | None = None
        self._is_open = False

    async def open(self) -> None:
        """Open the database, once; a caller who is cancelled has it closed again."""
        self._binding.bind()
        loop = asyncio.get_running_loop()
        opened, closed = loop.create_future(), loop.create_future()
        Thread(target=self._work, args=(loop, opened, closed), name="belvo-sqlite", daemon=True).start()
        try:
            await opened
        except BaseException as error:
            if isinstance(error, asyncio.CancelledError):
                self._queue.put(None)
            self._binding.release()
            raise
        self._closed, self._is_open = closed, True

    def check_loop(self) -> None:
        """Refuse every event loop but that on which it is open.

        Raises:
            WrongEventLoopError: It is another one, or another process.
        """
        self._binding.check()

    async def run(self, operation: Callable[[sqlite3.Connection], T]) -> T:
        """Return what *operation* returns, once it is committed.

        Who is cancelled in the meantime learns nothing: it may be committed all the same.

        Raises what `Database.explain` builds where nothing was committed.
        """
        self.check_loop()
        if not self._is_open:
            raise self._database.refuse("is not open")
        future: asyncio.Future[T] = asyncio.get_running_loop().create_future()
        self._queue.put(_Waiter(operation, future))
        return await future

    async def close(self) -> None:
        """Commit all that waits, and close. It goes on when cancelled; a second call waits too."""
        self._binding.check()
        if self._is_open:
            self._is_open = False
            self._queue.put(None)
        if self._closed is not None:
            await wait_until_done([self._closed])
            self._binding.release()

    def _work(
        self,
        loop: asyncio.AbstractEventLoop,
        opened: "asyncio.Future[None]",
        closed: "asyncio.Future[None]",
    ) -> None:
        """Be the thread.

        Its frame keeps the connection in a forked process too, where there is no thread: collecting it there
        would close it, which SQLite forbids.
        """
        try:
            self._database.open()
        except Exception as error:  # noqa: BLE001 - whoever opens must hear of it, whatever it is
            _tell(loop, [_Outcome(opened, error=error)])
            return
        _tell(loop, [_Outcome(opened)])
        is_open = True
        while is_open:
            is_open = self._serve(loop)
        self._database.close()
        _tell(loop, [_Outcome(closed)])

    def _serve(self, loop: asyncio.AbstractEventLoop) -> bool:
        """Commit all that waits; return whether more may come."""
        batch = [self._queue.get()]
        while not self._queue.empty():
            batch.append(self._queue.get())
        waiters = [waiter for waiter in batch if waiter is not None]
        if waiters:
            _tell(loop, self._commit(waiters))
        return len(waiters) == len(batch)

    def _commit(self, waiters: Sequence[_Waiter]) -> list[_Outcome]:
        try:
            results = self._database.commit([waiter.operation for waiter in waiters])
        except Exception as error:  # noqa: BLE001 - of whatever kind, nothing was committed
            # Each its own error: one that is raised in many tasks collects all their tracebacks.
            return [_Outcome(waiter.future, error=self._database.explain(error)) for waiter in waiters]
        return [_Outcome(waiter.future, result) for waiter, result in zip(waiters, results, strict=True)]


def _tell(loop: asyncio.AbstractEventLoop, outcomes: Sequence[_Outcome]) -> None:
    """Wake all who wait, in one turn of their event loop."""
    with suppress(RuntimeError):  # the loop is closed: nobody waits any more
        loop.call_soon_threadsafe(_tell_all, outcomes)


def _tell_all(outcomes: Sequence[_Outcome]) -> None:
    for outcome in outcomes:
        outcome.tell()
