"""Those who sleep on a manual clock, in the order in which they wake."""

import asyncio
from bisect import insort

from attrs import define, field


@define(eq=False)
class Sleeper:
    """One call of `sleep` that has not ended."""

    until: float
    """Nanoseconds on the clock; infinite for one who only ends by cancellation."""
    woken: asyncio.Future[None] = field(repr=False)


class Sleepers:
    """A queue by time; who came first is first among equals."""

    def __init__(self) -> None:
        self._queue: list[Sleeper] = []
        self.changes = 0
        """How often somebody came or left."""

    def __len__(self) -> int:
        return len(self._queue)

    @property
    def first(self) -> Sleeper | None:
        """Who wakes next."""
        return self._queue[0] if self._queue else None

    def add(self, sleeper: Sleeper) -> None:
        """Let somebody fall asleep."""
        insort(self._queue, sleeper, key=lambda other: other.until)
        self.changes += 1

    def discard(self, sleeper: Sleeper) -> None:
        """Forget somebody who was cancelled; nothing happens to one who has woken."""
        if sleeper in self._queue:
            self._queue.remove(sleeper)
            self.changes += 1

    def wake(self, now: float) -> None:
        """Wake all whose time has come."""
        while self._queue and self._queue[0].until <= now:
            sleeper = self._queue.pop(0)
            self.changes += 1
            if not sleeper.woken.done():
                sleeper.woken.set_result(None)
