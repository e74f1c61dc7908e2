"""How much of the rate limit a job uses, on a simulated clock."""

import math
import random
from collections.abc import Callable, Iterator
from concurrent.futures import ProcessPoolExecutor
from itertools import repeat
from multiprocessing import get_context
from typing import Final, TypeAlias

from attrs import field, frozen

from belvo_async import Concurrency, RateLimit, bulk
from belvo_async._http import Request
from benchmarks._bank import Bank, every, open_pool
from benchmarks._footprint import PARKED_SHARE
from benchmarks._portfolio import INSTITUTIONS, generate_updates
from benchmarks._simulation import SimulatedClock, simulate

Latency: TypeAlias = Callable[[random.Random, Request], float]
"""Returns the seconds of one login."""

GOAL: Final = 0.99
LIMIT: Final = 80
WINDOW: Final = 30.0
_SEED: Final = 1
_SLOW: Final = frozenset(INSTITUTIONS[:1])
_SPREAD: Final = 0.8
"""Of the logarithm: one login in twenty takes 3.7 times as long as the one in the middle."""


@frozen
class Mix:
    """How long logins take."""

    name: str
    find_seconds: Latency
    is_sorted: bool = False
    """Whether the links come in by institution."""


@frozen(kw_only=True)
class Setting:
    """What a caller may choose."""

    name: str
    concurrency: Concurrency = field(factory=Concurrency)
    look_ahead: int = 1000


@frozen(kw_only=True)
class Goodput:
    """What a job made of its limit while links were queued."""

    mix: str
    setting: str
    starts: int
    """Requests that were started until the last link had its turn."""
    seconds: float
    """From the first to the last of them."""
    most: int
    """In any window of the limit."""
    latency: float
    """The mean of the logins, in seconds."""

    @property
    def share(self) -> float:
        """The least time that the limit allows for so many requests, as a share of the time they took."""
        return WINDOW * (math.ceil(self.starts / LIMIT) - 1) / self.seconds


def _lognormal(mean: float) -> Latency:
    mu = math.log(mean) - _SPREAD**2 / 2
    return lambda chance, _: chance.lognormvariate(mu, _SPREAD)


def _tailed(chance: random.Random, _: Request) -> float:
    """Return 20 s and a bit, and one time in ten 120 s: 30 s in the mean."""
    return 120.0 if chance.random() < 0.1 else chance.uniform(10.0, 30.0)


def _with_slow_bank(usual: float) -> Latency:
    return lambda _, request: 10 * usual if request.institution in _SLOW else usual


MIXES: Final = (
    Mix("2 s, all alike", lambda _, __: 2.0),
    Mix("10 s in the mean, lognormal", _lognormal(10.0)),
    Mix("30 s in the mean, one in ten 120 s", _tailed),
    Mix("2 s, one bank of 20 takes 20 s", _with_slow_bank(2.0)),
    Mix("10 s, one bank of 20 takes 100 s", _with_slow_bank(10.0)),
    Mix("30 s, one bank of 20 takes 300 s", _with_slow_bank(30.0)),
    Mix("10 s, links sorted by bank", lambda _, __: 10.0, is_sorted=True),
)
DEFAULT: Final = Setting(name="default")
LARGER: Final = (
    Setting(name="look_ahead=10_000", look_ahead=10_000),
    Setting(
        name="Concurrency(total=400, per_institution=100)",
        concurrency=Concurrency(total=400, per_institution=100),
    ),
)


def run_mix(mix: Mix, setting: Setting, links: int) -> Goodput:
    """Run a job of so many links; the result is the same each time."""
    return simulate(_run(mix, setting, links))


def run_all(links: int) -> Iterator[Goodput]:
    """Run each mix with the default settings, and where these miss the goal, with larger ones too."""
    with ProcessPoolExecutor(mp_context=get_context("spawn")) as processes:
        numbers = range(len(MIXES))
        usual = processes.map(_run_number, numbers, repeat(DEFAULT), repeat(links))
        for number, result in enumerate(usual):
            yield result
            if result.share < GOAL:
                yield from processes.map(_run_number, repeat(number), LARGER, repeat(links))


def _run_number(number: int, setting: Setting, links: int) -> Goodput:
    """Run a mix by its number: functions do not travel to another process."""
    return run_mix(MIXES[number], setting, links)


async def _run(mix: Mix, setting: Setting, links: int) -> Goodput:
    clock, chance = SimulatedClock(), random.Random(_SEED)  # noqa: S311 - chances, no secrets
    latencies: list[float] = []

    def find_seconds(request: Request) -> float:
        latencies.append(mix.find_seconds(chance, request))
        return latencies[-1]

    bank = Bank(clock, find_seconds, every(PARKED_SHARE))
    bank.keeps_starts = True
    updates = generate_updates(links, by_institution=mix.is_sorted)
    limit = RateLimit(requests=LIMIT, window=WINDOW)
    async with (
        open_pool(bank, clock=clock, rate_limit=limit, concurrency=setting.concurrency) as pool,
        bulk.refresh(pool, updates, look_ahead=setting.look_ahead, progress_every=3600.0) as run,
    ):
        report = await run.finish()
    if report.updated + report.parked != links:
        raise RuntimeError(f"not all links came through: {report}")
    starts = bank.starts
    return Goodput(
        mix=mix.name,
        setting=setting.name,
        starts=len(starts),
        seconds=starts[-1] - starts[0],
        most=find_most(starts),
        latency=sum(latencies) / len(latencies),
    )


def find_most(starts: list[float]) -> int:
    """Return how many starts the fullest window holds, wherever it is laid."""
    most = first = 0
    for last, at in enumerate(starts):
        while at - starts[first] >= WINDOW:
            first += 1
        most = max(most, last - first + 1)
    return most
