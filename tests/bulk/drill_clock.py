"""One clock for all processes of a drill, faster than the machine's."""

import asyncio
import time
from datetime import UTC, datetime
from typing import Final


class FastClock:
    """Real time, *speed* times as fast since *origin*: every process that is given both sees the same.

    Only ratios count for what the drill is about: a login of 1.5 s against looks that take 21 s, and a limit
    of 30 s. At speed 4 they take a quarter of that.
    """

    def __init__(self, speed: float, origin: float) -> None:
        self._speed: Final = speed
        self._origin: Final = origin

    def monotonic(self) -> float:
        return time.monotonic() * self._speed

    def wall(self) -> datetime:
        seconds = self._origin + (time.time() - self._origin) * self._speed
        return datetime.fromtimestamp(seconds, UTC)

    async def sleep(self, seconds: float) -> None:
        await asyncio.sleep(max(0.0, seconds) / self._speed)
