"""Ctrl-C: the first one asks for an orderly end, the second one cuts off what is in flight."""

import asyncio
import signal
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from typing import Final, Protocol, TypeVar

T = TypeVar("T")

_SIGNALS: Final = (signal.SIGINT, signal.SIGTERM)


class Interrupt:
    """Counts the requests to stop that this process was sent."""

    def __init__(self) -> None:
        self.first: Final = asyncio.Event()
        self.second: Final = asyncio.Event()

    def note(self) -> None:
        """Count one."""
        (self.second if self.first.is_set() else self.first).set()

    @property
    def happened(self) -> bool:
        """Whether there was one."""
        return self.first.is_set()


@contextmanager
def watch_signals() -> Iterator[Interrupt]:
    """Turn Ctrl-C and SIGTERM into events of the running loop, in place of its own handling.

    The loop's own handling would cancel the main task at once, and with it every login in flight.
    """
    interrupt = Interrupt()
    loop = asyncio.get_running_loop()
    before = {number: signal.getsignal(number) for number in _SIGNALS}
    for number in before:
        _watch(loop, number, interrupt.note)
    try:
        yield interrupt
    finally:
        for number, handler in before.items():
            with suppress(NotImplementedError):
                loop.remove_signal_handler(number)
            signal.signal(number, handler)


def _watch(loop: asyncio.AbstractEventLoop, number: signal.Signals, note: Callable[[], None]) -> None:
    try:
        # This wakes the loop also where the signal comes right before it waits: a handler of Python's own is
        # called only after that, which may be minutes later.
        loop.add_signal_handler(number, note)
    except NotImplementedError:  # on Windows

        def handle(_number: int, _frame: object) -> None:
            loop.call_soon_threadsafe(note)

        signal.signal(number, handle)


async def wait_or_interrupt(work: "asyncio.Future[T]", interrupt: Interrupt) -> None:
    """Wait until *work* is done; or for Ctrl-C, which cancels it."""
    heard = asyncio.ensure_future(interrupt.first.wait())
    await asyncio.wait((work, heard), return_when=asyncio.FIRST_COMPLETED)
    for future in (work, heard):
        future.cancel()
    await asyncio.gather(work, heard, return_exceptions=True)


class Closable(Protocol):
    """A pool, or a run of a job."""

    async def aclose(self, grace: float | None = None) -> None:
        """Start nothing new, and give what is under way *grace* seconds."""
        ...


async def close_on_interrupt(pool: Closable, interrupt: Interrupt, say: Callable[[str], None]) -> None:
    """Wait for Ctrl-C, then close the pool or the run: with its grace, or at once on the second one."""
    await interrupt.first.wait()
    say("Stopping: no new login starts, those in flight may end. Ctrl-C again cuts them off.")
    closing = asyncio.ensure_future(pool.aclose())
    cutting = asyncio.ensure_future(interrupt.second.wait())
    await asyncio.wait({closing, cutting}, return_when=asyncio.FIRST_COMPLETED)
    cutting.cancel()
    if not closing.done():
        say("Cutting off what is in flight.")
        await pool.aclose(grace=0)
    await closing
