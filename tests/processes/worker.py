"""One process of an application that updates links: `python -m tests.processes.worker SETTINGS`.

It says `ready` when its pool is open, begins when it is given a line, and prints what came of it as JSON.
"""

import asyncio
import json
import ssl
import sys
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path
from random import Random
from typing import Any, Final
from unittest.mock import patch
from uuid import UUID

import attrs
from attrs import define, field, frozen

from belvo_async import BelvoError, Credentials, LinkUpdate, Network, RateLimit, SessionPool, Timeouts

_STALL: Final = 1.5
"""Seconds that the event loop stands still at a time."""
_PATIENCE: Final = 60.0
"""Seconds for PostgreSQL to respond, and for a call to have a connection."""
_OTHER_BOOT: Final = 1000.0
"""Seconds by which another machine has been up for longer."""


@frozen(kw_only=True)
class Settings:
    """What one worker is to do, and under which conditions."""

    name: str
    """How its passwords begin, so that the judge can tell whose login it is."""
    url: str
    keys: tuple[str, str] = ("id", "password")
    backend: str | None = None
    """What the workers share; None: nothing."""
    updates: int
    links: int
    """How many links they are spread over."""
    first_link: int = 0
    requests: int = 80
    window: float
    margin: float = 0.3
    login_limit: float = 330.0
    authority: str | None = None
    """A file with the certificate that is trusted."""
    seed: int = 0
    stalls_every: float | None = None
    """Seconds after which the event loop stands still again, about; those of one seed do so together."""
    wall_ahead: float = 0.0
    """By how many seconds its time of day is ahead."""
    is_elsewhere: bool = False
    """Whether it is as on another machine, whose clocks count from elsewhere."""

    def dump(self) -> str:
        return json.dumps(attrs.asdict(self))

    @classmethod
    def load(cls, text: str) -> "Settings":
        return cls(**json.loads(text))

    def list_updates(self) -> list[LinkUpdate]:
        """Build the updates: each link as often as the others, in an order of this worker's own."""
        numbers = [self.first_link + number % self.links for number in range(self.updates)]
        Random(f"{self.seed}/{self.name}").shuffle(numbers)  # noqa: S311 - an order
        return [
            LinkUpdate(name_link(number), password=f"{self.name}-{index}")
            for index, number in enumerate(numbers)
        ]


def name_link(number: int) -> str:
    return str(UUID(int=number))


@frozen
class OddClock:
    """The clock of a machine that is ahead of the others, or counts from another moment."""

    wall_ahead: float
    monotonic_ahead: float

    def monotonic(self) -> float:
        return time.monotonic() + self.monotonic_ahead

    def wall(self) -> datetime:
        return datetime.now(UTC) + timedelta(seconds=self.wall_ahead)

    async def sleep(self, seconds: float) -> None:
        await asyncio.sleep(max(0.0, seconds))


@define
class Stalls:
    """Lets the event loop stand still now and then, as a program does that computes in it."""

    every: float
    random: Random
    count: int = 0
    _next: asyncio.TimerHandle | None = field(default=None, init=False)

    def plan(self) -> None:
        """Draw when it stands still next."""
        seconds = self.every * self.random.uniform(0.5, 1.5)
        self._next = asyncio.get_running_loop().call_later(seconds, self._stall)

    def end(self) -> None:
        if self._next is not None:
            self._next.cancel()

    def _stall(self) -> None:
        self.count += 1
        time.sleep(_STALL)
        self.plan()


def open_pool(settings: Settings) -> SessionPool:
    """Build the pool; what a worker is not told to set is left as it is by default."""
    options: dict[str, Any] = {}
    if settings.backend is not None:
        options["backend"] = settings.backend
    if settings.wall_ahead or settings.is_elsewhere:
        options["clock"] = OddClock(settings.wall_ahead, _OTHER_BOOT if settings.is_elsewhere else 0.0)
    if settings.authority is not None:
        options["network"] = Network(ssl=ssl.create_default_context(cafile=settings.authority))
    return SessionPool(
        Credentials(*settings.keys),
        environment=settings.url,
        rate_limit=RateLimit(requests=settings.requests, window=settings.window, margin=settings.margin),
        timeouts=Timeouts(login=settings.login_limit),
        observer=lambda _: None,
        **options,
    )


async def update(pool: SessionPool, wanted: LinkUpdate) -> str:
    """Update one link; return the outcome in a word."""
    try:
        await pool.links.update(wanted)
    except BelvoError as error:
        return type(error).__name__
    return "updated"


async def work(settings: Settings) -> str:
    """Update the links; return what came of it as JSON."""
    stalls = Stalls(settings.stalls_every or 0.0, Random(settings.seed))  # noqa: S311 - moments
    async with open_pool(settings) as pool:
        sys.stdout.write("ready\n")
        sys.stdout.flush()
        await asyncio.to_thread(sys.stdin.readline)
        if settings.stalls_every is not None:
            stalls.plan()
        began, waited = time.monotonic(), measure_wait()
        outcomes = await asyncio.gather(*(update(pool, wanted) for wanted in settings.list_updates()))
        share = (measure_wait() - waited) / (time.monotonic() - began)
        stalls.end()
    return json.dumps({"outcomes": Counter(outcomes), "stalls": stalls.count, "waited": share})


def measure_wait() -> float:
    """Return for how many seconds the threads of this process have waited for a processor; Linux tells."""
    total = 0
    for place in Path("/proc/self/task").glob("*/schedstat"):
        with suppress(OSError):  # the thread has ended
            total += int(place.read_text().split()[1])
    return total / 1e9


@contextmanager
def shifted_time(seconds: float) -> Iterator[None]:
    """Put `time.time` ahead too: what asks it, and not the pool's clock, is as far ahead."""
    real = time.time
    with patch("time.time", lambda: real() + seconds):
        yield


def main() -> None:
    settings = Settings.load(sys.argv[1])
    with ExitStack() as conditions:
        # The bank of the judge is quicker than a real one, and so are the links of a process that died free.
        conditions.enter_context(patch("belvo_async.backends._lease.LOGIN_LIMIT", settings.login_limit))
        # The server does respond, however late on a busy machine.
        conditions.enter_context(patch("belvo_async.backends._postgres_driver.LIMIT", _PATIENCE))
        if settings.is_elsewhere:
            conditions.enter_context(shifted_time(settings.wall_ahead))
        sys.stdout.write(asyncio.run(work(settings)))


if __name__ == "__main__":
    main()
