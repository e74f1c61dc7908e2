"""Time as a parameter, so that every test is instant and exact."""

import asyncio
import time
from datetime import UTC, datetime, timedelta
from typing import Final, Protocol, runtime_checkable

from attrs import frozen


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

    def __repr__(self) -> str:
        """Say what it is called, for signatures."""
        return "SYSTEM_CLOCK"


SYSTEM_CLOCK: Final[Clock] = SystemClock()


@frozen
class Instant:
    """One moment by both clocks: seconds of the monotonic one, and the wall clock's time in UTC."""

    monotonic: float
    wall: datetime

    @classmethod
    def now(cls, clock: Clock) -> "Instant":
        """Return this moment."""
        return cls(clock.monotonic(), clock.wall())

    def find_wall(self, at: float) -> datetime:
        """Return another moment of the monotonic clock as a time of day."""
        return self.wall + timedelta(seconds=at - self.monotonic)
