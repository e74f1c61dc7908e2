"""Which event loop an object belongs to, and how to wait for what runs there.

A scope of anyio cancels its task at each turn of the event loop until the scope is left, and swallows only a
cancellation that carries its name. So those with a name are waited out, and the first one comes out as it
came. One without a name, of asyncio's own, that comes second is somebody who will not wait: then the call
ends at once, and its clean-up goes on in a task of its own.
"""

import asyncio
import os
from collections.abc import Awaitable, Collection
from typing import Any, Final, TypeVar

from belvo_async.errors import WrongEventLoopError

T = TypeVar("T")

_PATIENCE: Final = 10.0
"""Seconds that a cancelled call waits for its clean-up, so that nothing goes on behind its back."""


async def finish(work: Awaitable[T], patience: float = _PATIENCE) -> T:
    """Finish *work* even where the caller is cancelled meanwhile; the cancellation comes out then."""
    task = asyncio.ensure_future(work)
    task.add_done_callback(_drop)
    await wait_until_done([task], patience)
    return task.result()


async def wait_until_done(
    futures: Collection["asyncio.Future[Any]"],  # Any: of whatever results
    patience: float = _PATIENCE,
) -> None:
    """Wait until all are done; where the caller is cancelled, for no more than *patience* seconds from then.

    The cancellation comes out at the end.
    """
    await _wait_through(futures, None, patience)


async def end_all(futures: Collection["asyncio.Future[Any]"], patience: float = _PATIENCE) -> None:
    """Cancel all, and wait up to *patience* seconds until they are gone; whatever they raise is dropped."""
    for future in futures:
        future.cancel()
        future.add_done_callback(_drop)
    await _wait_through(futures, patience, patience)


async def close_all(*closings: Awaitable[None]) -> None:
    """Let each close, whatever the others raise; the first error comes out then."""
    results = await asyncio.gather(*closings, return_exceptions=True)
    for result in results:
        if isinstance(result, BaseException):
            raise result


async def _wait_through(
    futures: Collection["asyncio.Future[Any]"], limit: float | None, patience: float
) -> None:
    """Wait up to *limit* seconds, and up to *patience* seconds more once the caller is cancelled."""
    try:
        await _wait(futures, limit)
    except asyncio.CancelledError:
        await _outlast(futures, patience)
        raise


async def _wait(futures: Collection["asyncio.Future[Any]"], limit: float | None) -> None:
    waiting = [future for future in futures if not future.done()]
    if waiting:
        await asyncio.wait(waiting, timeout=limit)


async def _outlast(futures: Collection["asyncio.Future[Any]"], patience: float) -> None:
    """Wait, however often a scope cancels this task: the caller has kept the first cancellation."""
    loop = asyncio.get_running_loop()
    until = loop.time() + patience
    while (left := until - loop.time()) > 0 and not all(future.done() for future in futures):
        try:
            await _wait(futures, left)
        except asyncio.CancelledError as again:
            if not again.args:
                raise


def _drop(future: "asyncio.Future[Any]") -> None:
    """Look at what it raised, so that asyncio does not log that nobody has."""
    if not future.cancelled():
        future.exception()


async def first_of(*waits: Awaitable[object]) -> asyncio.Future[object]:
    """Return the first of several waits that is done; cancel the others and wait until they are gone."""
    futures: list[asyncio.Future[object]] = [asyncio.ensure_future(wait) for wait in waits]
    try:
        await asyncio.wait(futures, return_when=asyncio.FIRST_COMPLETED)
        return next(future for future in futures if future.done())
    finally:
        await end_all(futures)


class LoopBinding:
    """Ties an object to the event loop and the process of its first use, and refuses every other.

    Args:
        name: What the object is called in the error.
        renewal: How to get another one, as the end of "Make a new one …".
    """

    def __init__(self, name: str, renewal: str = "inside the coroutine that uses it") -> None:
        self._name: Final = name
        self._renewal: Final = renewal
        self._loop: asyncio.AbstractEventLoop | None = None
        self._process: int | None = None

    def bind(self) -> None:
        """Tie it to the running event loop, if it is not tied already.

        Raises:
            WrongEventLoopError: It belongs to another event loop, or to the process that this one was forked
                from.
        """
        if self._loop is None:
            self._loop, self._process = _find_running(), os.getpid()
        else:
            self.check()

    def check(self) -> None:
        """Refuse every event loop but its own, and every use where none runs.

        Raises:
            WrongEventLoopError: It is tied, and the running event loop is not its own.
        """
        if self._loop is None:
            return
        if self._process != os.getpid():
            raise self._refuse("was used before this process was forked", f"{self._renew()}, in this process")
        if self._loop is _find_running():
            return
        if self._loop.is_closed():
            raise self._refuse("belongs to an event loop that has ended", self._renew())
        how = "hand the call to its loop with asyncio.run_coroutine_threadsafe or loop.call_soon_threadsafe"
        raise self._refuse("belongs to another event loop", f"{self._renew()}, or {how}")

    def release(self) -> None:
        """Let the next event loop have it."""
        self._loop = self._process = None

    def _renew(self) -> str:
        return f"Make a new one {self._renewal}"

    def _refuse(self, problem: str, remedy: str) -> WrongEventLoopError:
        return WrongEventLoopError(f"This {self._name} {problem}; nothing was done.", remedy=f"{remedy}.")


def _find_running() -> asyncio.AbstractEventLoop | None:
    try:
        return asyncio.get_running_loop()
    except RuntimeError:
        return None


def is_cancelled_from_outside(error: BaseException) -> bool:
    """Whether *error* is the cancellation of this task, and not one that the user's code has raised."""
    task = asyncio.current_task()
    return isinstance(error, asyncio.CancelledError) and task is not None and bool(task.cancelling())
