"""A clock in the test's hand: nothing waits for real."""

import asyncio
import math
from datetime import UTC, datetime, timedelta
from typing import Final

from belvo_async._event_loop import LoopBinding
from belvo_async.testing._idle import QuietCounter, settle
from belvo_async.testing._timers import Sleeper, Sleepers

START: Final = datetime(2026, 1, 1, 12, tzinfo=UTC)
_BOOT: Final = 1_000 * 10**9
"""Where `monotonic` starts, in nanoseconds: not at zero, so that nobody mistakes it for "never"."""
_PATIENCE: Final = 5.0
"""Real seconds until a test that waits for sleepers is told that none will come."""


class ManualClock:
    """A `belvo_async.Clock` that stands still until the test moves it.

    Time is counted in whole nanoseconds, so three sleeps of 0.1 s end with an advance of 0.3 s.

    An *automatic* clock jumps to the next sleeper's time by itself as soon as the event loop has nothing else
    to do: a test of retries or of limits then runs at once, without a call of `advance`. It cannot see what
    waits for a thread or for another process: such work loses against every sleeper.

    While anybody sleeps, the clock belongs to the event loop of the sleepers, and raises
    `WrongEventLoopError` in every other.

    Args:
        start: The time of day to begin with, aware.
        automatic: Whether time moves by itself; `automatic` can be set later too.

    Raises:
        ValueError: *start* has no time zone.

    Example:
        >>> import asyncio
        >>> from belvo_async.testing import ManualClock
        >>> async def main() -> None:
        ...     clock = ManualClock()
        ...     nap = asyncio.create_task(clock.sleep(30))
        ...     await clock.advance(29)
        ...     print(nap.done())
        ...     await clock.advance(1)
        ...     print(nap.done())
        >>> asyncio.run(main())
        False
        True
    """

    def __init__(self, *, start: datetime = START, automatic: bool = False) -> None:
        self._wall_start = _read_time(start)
        self._now: float = 0
        self._sleepers: Final = Sleepers()
        self._binding: Final = LoopBinding("clock", "for each event loop")
        self._naps: Final[list[float]] = []
        self._automatic = automatic
        self._spring: asyncio.Handle | None = None

    def __repr__(self) -> str:
        """Tell the time."""
        return f"<ManualClock {self.wall().isoformat()}, {self.sleepers} asleep>"

    def monotonic(self) -> float:
        """Return the seconds, which only `advance` and an automatic clock's jumps change."""
        return (_BOOT + self._now) / 10**9

    def wall(self) -> datetime:
        """Return the time of day in UTC."""
        return self._wall_start + timedelta(microseconds=self._now // 1000)

    @property
    def naps(self) -> list[float]:
        """The seconds of every `sleep` so far, in order, as a copy; those still asleep count."""
        return list(self._naps)

    @property
    def sleepers(self) -> int:
        """How many are asleep now."""
        return len(self._sleepers)

    @property
    def automatic(self) -> bool:
        """Whether time moves by itself."""
        return self._automatic

    @automatic.setter
    def automatic(self, automatic: bool) -> None:
        self._automatic = automatic
        self._wind_up()

    def set_wall(self, at: datetime) -> None:
        """Set the time of day, forward or back, as an administrator would; `monotonic` and sleepers stay.

        Raises:
            ValueError: *at* has no time zone.
        """
        self._wall_start += _read_time(at) - self.wall()

    async def sleep(self, seconds: float) -> None:
        """Wait until the clock has moved by *seconds*; at once when zero or less."""
        duration = _count_nanoseconds(seconds)
        self._naps.append(seconds)
        if duration <= 0:
            await asyncio.sleep(0)
            return
        self._binding.bind()
        sleeper = Sleeper(self._now + duration, asyncio.get_running_loop().create_future())
        self._sleepers.add(sleeper)
        self._wind_up()
        try:
            await sleeper.woken
        finally:
            self._sleepers.discard(sleeper)
            if not self._sleepers:
                self._binding.release()

    async def advance(self, seconds: float) -> None:
        """Move on by *seconds*, waking each sleeper at its own time, and let all that follows happen.

        Who falls asleep on the way wakes on the way too, if its time comes before the end.

        Raises:
            ValueError: *seconds* is negative, or no finite number.
        """
        self._binding.check()
        duration = _count_nanoseconds(seconds)
        if not 0 <= duration < math.inf:
            raise ValueError(f"a clock cannot advance by {seconds} seconds")
        end = self._now + duration
        await self.settle()
        while (sleeper := self._sleepers.first) is not None and sleeper.until <= end:
            self._jump(sleeper.until)
            await self.settle()
        self._jump(end)

    async def settle(self) -> None:
        """Let everything run that can run without time moving."""
        await settle(self._count_changes)

    async def wait_for_sleepers(self, count: int = 1) -> None:
        """Wait until at least *count* are asleep, however long their way there takes.

        Raises:
            TimeoutError: They are not, after five real seconds.
        """
        async with asyncio.timeout(_PATIENCE):
            while self.sleepers < count:  # noqa: ASYNC110 - seen after every turn, none is lost
                await asyncio.sleep(0)

    def _count_changes(self) -> int:
        return self._sleepers.changes

    def _jump(self, to: float) -> None:
        self._now = max(self._now, to)
        self._sleepers.wake(self._now)

    def _wind_up(self) -> None:
        """Begin to watch for a quiet moment, unless that is under way."""
        first = self._sleepers.first
        if self._automatic and self._spring is None and first is not None:
            loop = first.woken.get_loop()
            self._spring = loop.call_soon(self._tick, loop, QuietCounter(self._count_changes))

    def _tick(self, loop: asyncio.AbstractEventLoop, counter: QuietCounter) -> None:
        self._spring = None
        first = self._sleepers.first
        if not self._automatic or first is None or first.until == math.inf:
            return
        if counter.turn():
            self._jump(first.until)
            self._wind_up()
        else:
            self._spring = loop.call_soon(self._tick, loop, counter)


def _read_time(at: datetime) -> datetime:
    if at.tzinfo is None:
        raise ValueError(f"{at!r} has no time zone; pass datetime(…, tzinfo=UTC)")
    return at.astimezone(UTC)


def _count_nanoseconds(seconds: float) -> float:
    if math.isnan(seconds):
        raise ValueError("not a number of seconds")
    if math.isinf(seconds):
        return seconds
    # A remainder of a float subtraction must still move the clock, or who sleeps for it never gets on.
    return max(1, round(seconds * 10**9)) if seconds > 0 else round(seconds * 10**9)
