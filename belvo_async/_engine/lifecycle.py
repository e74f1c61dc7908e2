"""The life of a pool: who is inside, on which event loop, and whether it is closing."""

import asyncio
from types import TracebackType
from typing import Final

from belvo_async._clock import Clock
from belvo_async._event_loop import LoopBinding, first_of
from belvo_async.errors import PoolClosedError


class Lifecycle:
    """Counts the calls inside the pool, and ends their waits when it closes.

    Args:
        clock: Of the pool.
        is_ready: Whether calls may be made before the pool was opened.
    """

    def __init__(self, clock: Clock, *, is_ready: bool = True) -> None:
        self._clock: Final = clock
        self._closing: Final = asyncio.Event()
        self._empty: Final = asyncio.Event()
        self._inside = 0
        self._is_ready = is_ready
        self._binding: Final = LoopBinding("session pool")

    @property
    def is_closing(self) -> bool:
        """Whether `close` was called."""
        return self._closing.is_set()

    @property
    def inside(self) -> int:
        """How many calls are inside."""
        return self._inside

    def __enter__(self) -> None:
        """Let one call in.

        Raises:
            PoolClosedError: The pool is closed, or closing, or was not opened.
            WrongEventLoopError: The pool belongs to another event loop, or to another process.
        """
        self.bind()
        self.check_open()
        self._inside += 1
        self._empty.clear()

    def bind(self) -> None:
        """Tie the pool to the running event loop, if it is not tied already, and refuse one not opened yet.

        Raises:
            PoolClosedError: The pool was not opened, and has a backend to open.
            WrongEventLoopError: The pool belongs to another event loop, or to another process.
        """
        self.bind_unopened()
        if not self._is_ready:
            raise PoolClosedError(
                "The session pool was not opened; nothing was sent.",
                remedy="Use it inside its `async with` block, which opens the backend given as text.",
            )

    def bind_unopened(self) -> None:
        """Tie the pool to the running event loop, if it is not tied already.

        Raises:
            WrongEventLoopError: The pool belongs to another event loop, or to another process.
        """
        self._binding.bind()

    def note_opened(self) -> None:
        """Let calls be made from now on."""
        self._is_ready = True

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Let one call out."""
        self._inside -= 1
        if not self._inside:
            self._empty.set()

    def check_open(self) -> None:
        """Refuse to go on in a pool that is closing.

        Raises:
            PoolClosedError: It is.
        """
        if self._closing.is_set():
            raise PoolClosedError(
                "The session pool is closed; nothing was sent.",
                remedy="Make a new one: a closed pool cannot be opened again. One pool can serve an "
                "application for its whole life.",
            )

    async def close(self, grace: float) -> None:
        """Let no more calls in, and wait up to *grace* seconds until those inside have left."""
        self._closing.set()
        if self._inside:
            await first_of(self._empty.wait(), self._clock.sleep(grace))

    async def nap(self, seconds: float) -> None:
        """Sleep, unless the pool closes.

        Raises:
            PoolClosedError: It does.
        """
        self.check_open()
        await first_of(self._clock.sleep(seconds), self._closing.wait())
        self.check_open()

    async def closing(self) -> None:
        """Wait until the pool closes."""
        await self._closing.wait()
