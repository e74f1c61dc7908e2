"""A clock in the test's hand."""

import asyncio
from collections.abc import Callable
from datetime import UTC, datetime, timedelta


class ManualClock:
    """Time stands still until `advance`."""

    def __init__(self) -> None:
        self.now = datetime(2026, 3, 1, 12, tzinfo=UTC)
        self.naps: list[float] = []
        self._sleepers: list[tuple[datetime, asyncio.Future[None]]] = []

    def monotonic(self) -> float:
        return self.now.timestamp()

    def wall(self) -> datetime:
        return self.now

    async def sleep(self, seconds: float) -> None:
        self.naps.append(seconds)
        waiter: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._sleepers.append((self.now + timedelta(seconds=seconds), waiter))
        await waiter

    @property
    def sleepers(self) -> int:
        return sum(not waiter.done() for _, waiter in self._sleepers)

    def advance(self, seconds: float) -> None:
        self.now += timedelta(seconds=seconds)
        due = [waiter for at, waiter in self._sleepers if at <= self.now]
        self._sleepers = [(at, waiter) for at, waiter in self._sleepers if at > self.now]
        for waiter in due:
            if not waiter.done():
                waiter.set_result(None)


async def eventually(condition: Callable[[], bool]) -> None:
    """Turn the loop until *condition* holds."""
    async with asyncio.timeout(5):
        while not condition():  # noqa: ASYNC110 - any state of the server may be asked for
            await asyncio.sleep(0)
