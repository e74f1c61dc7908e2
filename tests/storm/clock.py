"""A clock that counts the turns of the event loop, so that a busy machine cannot make a storm fail."""

import asyncio
import heapq
import time
from datetime import UTC, datetime, timedelta
from itertools import count
from types import TracebackType
from typing import Final, Self

_PER_TURN: Final = 0.05
"""Seconds in a turn: a request and its response take about ten turns, half a second, as on a real wire."""
_FASTEST: Final = 1600.0
"""Seconds in a real one, at most: an idle loop turns so fast that the kernel could not keep up."""
_START: Final = datetime(2026, 1, 1, 12, tzinfo=UTC)
_FIRST: Final = 1000.0


class TurnClock:
    """Moves a little on each turn of the loop: bank and client see the same time, and nobody waits for real.

    Where a process stands still, its clock does too. Use it as `async with`, on the loop that it counts.
    """

    def __init__(self) -> None:
        self._now = _FIRST
        self._seen = 0.0
        self._order: Final = count()
        self._sleepers: Final[list[tuple[float, int, asyncio.Future[None]]]] = []
        self._next: asyncio.Handle | None = None

    async def __aenter__(self) -> Self:
        self._seen = time.perf_counter()
        self._turn(asyncio.get_running_loop())
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._next is not None:
            self._next.cancel()

    def monotonic(self) -> float:
        return self._now

    def wall(self) -> datetime:
        return self.tell_time(self._now)

    def tell_time(self, moment: float) -> datetime:
        """Return the time of day at a moment of `monotonic`."""
        return _START + timedelta(seconds=moment - _FIRST)

    async def sleep(self, seconds: float) -> None:
        if seconds <= 0:
            await asyncio.sleep(0)
            return
        woken = asyncio.get_running_loop().create_future()
        heapq.heappush(self._sleepers, (self._now + seconds, next(self._order), woken))
        await woken

    def _turn(self, loop: asyncio.AbstractEventLoop) -> None:
        real = time.perf_counter()
        self._now += min(_PER_TURN, (real - self._seen) * _FASTEST)
        self._seen = real
        while self._sleepers and self._sleepers[0][0] <= self._now:
            woken = heapq.heappop(self._sleepers)[2]
            if not woken.done():
                woken.set_result(None)
        self._next = loop.call_soon(self._turn, loop)
