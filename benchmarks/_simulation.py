"""Simulated time: an event loop that jumps to its next timer instead of waiting for it."""

import asyncio
import selectors
from collections.abc import Coroutine
from datetime import UTC, datetime, timedelta
from typing import Any, Final, TypeVar

T = TypeVar("T")

_START: Final = datetime(2026, 1, 1, 22, tzinfo=UTC)
_BOOT: Final = 1_000.0


class _Jump(selectors.SelectSelector):
    """Sleeps by moving the time on. No file is ever ready here: nothing comes from outside."""

    def __init__(self) -> None:
        super().__init__()
        self.now = _BOOT

    def select(self, timeout: float | None = None) -> list[tuple[selectors.SelectorKey, int]]:
        """Let *timeout* seconds pass at once.

        Raises:
            RuntimeError: All tasks wait for one another.
        """
        if timeout is None:
            raise RuntimeError("nothing is left that could happen")
        self.now += max(0.0, timeout)
        return []


class _Loop(asyncio.SelectorEventLoop):
    def __init__(self, selector: _Jump) -> None:
        super().__init__(selector)
        self._jump: Final = selector

    def time(self) -> float:
        """Return the simulated seconds."""
        return self._jump.now


class SimulatedClock:
    """A `belvo_async.Clock` by the time of a simulated event loop.

    `belvo_async.testing.ManualClock(automatic=True)` does the same on any event loop, but has to look for a
    quiet moment before each jump; a night of 100,000 logins has 200,000 jumps.
    """

    def monotonic(self) -> float:
        """Return the loop's seconds."""
        return asyncio.get_running_loop().time()

    def wall(self) -> datetime:
        """Return the simulated time of day."""
        return _START + timedelta(seconds=self.monotonic() - _BOOT)

    async def sleep(self, seconds: float) -> None:
        """Wait on the loop."""
        await asyncio.sleep(max(0.0, seconds))


def simulate(work: Coroutine[Any, Any, T]) -> T:
    """Run a coroutine in simulated time, which must not wait for sockets, threads or processes."""
    with asyncio.Runner(loop_factory=lambda: _Loop(_Jump())) as runner:
        return runner.run(work)
