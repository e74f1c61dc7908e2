"""How fast requests may start: a sliding window, and a pause of the whole pool when Belvo says so."""

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable
from typing import Final

from belvo_async._clock import Clock, first_of
from belvo_async._settings import RateLimit

_FIRST_PAUSE: Final = 30.0
_SHORTEST_PAUSE: Final = 1.0
_LONGEST_PAUSE: Final = 300.0
_PROBE_TIME: Final = 5.0
"""Seconds: the edge refuses at once, so a probe that takes longer has passed, and a bank is working on it."""


class Throttle:
    """Gives requests their turn: urgent ones first, then first come, first served.

    Never more than `limit.requests` turns in any window of `limit.window` seconds: the oldest of the last
    so many must be out of the window. (A leaky bucket would let twice as many through at the start.)
    After a refusal all wait; then one request goes ahead as a probe, and the others follow if it passes.
    """

    def __init__(
        self, limit: RateLimit, clock: Clock, sleep: Callable[[float], Awaitable[None]] | None = None
    ) -> None:
        self._clock: Final = clock
        self._sleep: Final = sleep or clock.sleep
        self._span: Final = limit.window + limit.margin
        self._starts: Final[deque[float]] = deque(maxlen=limit.requests or 0)
        self._queue: Final = asyncio.Lock()
        self._urgent_queue: Final = asyncio.Lock()
        self._urgent = 0
        self._no_urgent: Final = asyncio.Event()
        self._no_urgent.set()
        self._epoch = 0  # counts the pauses, so that a late refusal does not start another
        self._closed_until: float | None = None
        self._pause = 0.0
        self._probe: asyncio.Event | None = None

    async def turn(self, *, urgent: bool = False) -> int:
        """Wait for a turn to send now; the result goes to `passed`, `refused` or `dropped`."""
        if self._starts.maxlen == 0 and self._closed_until is None and not self._queue.locked():
            return self._epoch
        if urgent:
            return await self._turn_first()
        async with self._queue:
            await self._wait()
            while self._urgent:
                await self._no_urgent.wait()
                await self._wait()
            return self._take_turn()

    async def _turn_first(self) -> int:
        self._urgent += 1
        self._no_urgent.clear()
        try:
            async with self._urgent_queue:
                await self._wait()
                return self._take_turn()
        finally:
            self._urgent -= 1
            if not self._urgent:
                self._no_urgent.set()

    def _take_turn(self) -> int:
        if self._closed_until is not None:
            self._probe = asyncio.Event()
        if self._starts.maxlen:
            self._starts.append(self._clock.monotonic())
        return self._epoch

    async def _wait(self) -> None:
        while True:
            if self._probe is not None:
                await self._await_probe(self._probe)
            elif (seconds := self._find_delay()) > 0:
                await self._sleep(seconds)
            else:
                return

    async def _await_probe(self, probe: asyncio.Event) -> None:
        await first_of(probe.wait(), self._clock.sleep(_PROBE_TIME))
        if self._probe is probe:
            self.passed(self._epoch)

    def _find_delay(self) -> float:
        now = self._clock.monotonic()
        full = len(self._starts) == self._starts.maxlen and self._starts
        window = self._starts[0] + self._span - now if full else 0.0
        return max(window, 0.0 if self._closed_until is None else self._closed_until - now)

    def passed(self, turn: int) -> None:
        """Report that the server took the request: a pause is over."""
        if turn == self._epoch and self._closed_until is not None:
            self._closed_until = None
            self._pause = 0.0
            self._end_probe()

    def dropped(self, turn: int) -> None:
        """Report that the request failed on the way, so it says nothing about the limit."""
        if turn == self._epoch:
            self._end_probe()

    def refused(self, turn: int, retry_after: float | None = None) -> float | None:
        """Report that the server refused the request for coming too fast.

        Returns:
            The seconds that the pool now waits, or None where it was already waiting.
        """
        if turn != self._epoch:
            return None
        self._epoch += 1
        self._pause = min(self._pause * 2 or _FIRST_PAUSE, _LONGEST_PAUSE)
        seconds = min(max(retry_after, _SHORTEST_PAUSE), _LONGEST_PAUSE) if retry_after else self._pause
        self._closed_until = self._clock.monotonic() + seconds
        self._end_probe()
        return seconds

    def _end_probe(self) -> None:
        if self._probe is not None:
            self._probe.set()
            self._probe = None
