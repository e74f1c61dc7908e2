"""A clock that counts the turns of the event loop, so that a busy machine cannot make a storm fail."""

import asyncio
import time
from datetime import UTC, datetime, timedelta
from types import TracebackType
from typing import Final, Self

_PER_TURN: Final = 0.05
"""Seconds in a turn: a request and its response take about ten turns, half a second, as on a real wire."""
_FASTEST: Final = 1600.0
"""Seconds in a real one, at most: an idle loop turns so fast that the kernel could not keep up."""
_START: Final = datetime(2026, 1, 1, 12, tzinfo=UTC)


class TurnClock:
    """Moves a little on each turn of the loop: bank and client see the same time, and nobody waits for real.

    Where a process stands still, its clock does too. Use it as `async with`: until the end the loop itself
    takes its time from it, so that the timers of asyncio and aiohttp agree with it.

    Args:
        bank_ahead: How far the bank's time of day is ahead of the client's.
    """

    def __init__(self, bank_ahead: timedelta = timedelta()) -> None:
        self._bank_ahead: Final = bank_ahead
        self._loop: Final = asyncio.get_running_loop()
        self._first: Final = self._loop.time()
        self._now = self._first
        self._seen = 0.0
        self._next: asyncio.Handle | None = None

    async def __aenter__(self) -> Self:
        self._seen = time.perf_counter()
        self._loop.time = self.monotonic  # type: ignore[method-assign]  # this loop's alone, until the end
        self._turn()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._next is not None:
            self._next.cancel()
        del self._loop.time

    def monotonic(self) -> float:
        return self._now

    def wall(self) -> datetime:
        """Return the client's time of day."""
        return _START + timedelta(seconds=self._now - self._first)

    def tell_bank_time(self, moment: float | None = None) -> datetime:
        """Return the bank's time of day now, or at a moment of `monotonic`."""
        elapsed = (self._now if moment is None else moment) - self._first
        return _START + timedelta(seconds=elapsed) + self._bank_ahead

    async def sleep(self, seconds: float) -> None:
        await asyncio.sleep(max(0.0, seconds))

    def _turn(self) -> None:
        real = time.perf_counter()
        self._now += min(_PER_TURN, (real - self._seen) * _FASTEST)
        self._seen = real
        self._next = self._loop.call_soon(self._turn)
