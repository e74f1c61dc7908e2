"""How much of the rate limit a job uses, on a simulated clock."""

import math
import random
from collections.abc import Callable, Iterator
from concurrent.futures import ProcessPoolExecutor
from itertools import repeat
from multiprocessing import get_context
from typing import Final, TypeAlias

from attrs import frozen

from belvo_async import RateLimit, bulk
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
class Goodput:
    """What a job made of its limit while links were queued."""

    mix: str
    starts: int
    """Requests that were started until the last link had its turn."""
    seconds: float
    """From the first to the last of them."""
    steady_seconds: float
    """From the 81st to the last: until then the window fills."""
    most: int
    """In any window of the limit."""
    latency: float
    """The mean of the logins, in seconds."""

    @property
    def share(self) -> float:
        """How much of the limit was used once the window was full."""
        return (self.starts - LIMIT - 1) / self.steady_seconds * (WINDOW + RateLimit().margin) / LIMIT


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


def run_all(links: int) -> Iterator[Goodput]:
    """Run a job of so many links with each mix and the default settings; the result is always the same."""
    with ProcessPoolExecutor(mp_context=get_context("spawn")) as processes:
        yield from processes.map(_run_number, range(len(MIXES)), repeat(links))


def _run_number(number: int, links: int) -> Goodput:
    """Run a mix by its number: functions do not travel to another process."""
    return simulate(_run(MIXES[number], links))


async def _run(mix: Mix, links: int) -> Goodput:
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
        open_pool(bank, clock=clock, rate_limit=limit) as pool,
        bulk.refresh(pool, updates) as run,
    ):
        report = await run.finish()
    if report.updated + report.parked != links:
        raise RuntimeError(f"not all links came through: {report}")
    starts = bank.starts
    return Goodput(
        mix=mix.name,
        starts=len(starts),
        seconds=starts[-1] - starts[0],
        steady_seconds=starts[-1] - starts[LIMIT],
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
