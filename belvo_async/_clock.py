"""Time as a parameter, so that every test is instant and exact."""

import asyncio
import time
from collections.abc import Awaitable
from datetime import UTC, datetime
from typing import Final, Protocol, runtime_checkable

from belvo_async._finishing import end_all


@runtime_checkable
class Clock(Protocol):
    """Where the time comes from."""

    def monotonic(self) -> float:
        """Return seconds that never go back; only differences mean anything."""
        ...

    def wall(self) -> datetime:
        """Return the time of day, aware, in UTC."""
        ...

    async def sleep(self, seconds: float) -> None:
        """Wait for *seconds*; at once when zero or less."""
        ...


class SystemClock:
    """The machine's own clock."""

    def monotonic(self) -> float:
        """Return `time.monotonic()`."""
        return time.monotonic()

    def wall(self) -> datetime:
        """Return the current time in UTC."""
        return datetime.now(UTC)

    async def sleep(self, seconds: float) -> None:
        """Wait on the running event loop."""
        await asyncio.sleep(max(0.0, seconds))


SYSTEM_CLOCK: Final[Clock] = SystemClock()


async def first_of(*waits: Awaitable[object]) -> asyncio.Future[object]:
    """Return the first of several waits that is done; cancel the others and wait until they are gone."""
    futures: list[asyncio.Future[object]] = [asyncio.ensure_future(wait) for wait in waits]
    try:
        await asyncio.wait(futures, return_when=asyncio.FIRST_COMPLETED)
        return next(future for future in futures if future.done())
    finally:
        await end_all(futures)
