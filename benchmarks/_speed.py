"""Links per second of a job without a limit, against bare aiohttp and against `pool.links.update`."""

import asyncio
import gc
import time
from collections.abc import Iterator, Mapping
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final

from belvo_async import Concurrency, Credentials, LinkUpdate, RateLimit, SessionPool, bulk
from benchmarks._clients import CONNECTIONS, KEYS, Sample, run_aiohttp, run_ours
from benchmarks._pairs import Run
from benchmarks._portfolio import generate_updates

_WARM_UP: Final = 0.3
"""Seconds in which connections open; they are not counted."""

AIOHTTP: Final = "aiohttp"
UPDATE: Final = "links.update"


class _Supply:
    """Links until time is up."""

    def __init__(self) -> None:
        self.is_over = False

    def __iter__(self) -> Iterator[LinkUpdate]:
        """Yield as many as are wanted."""
        for update in generate_updates():
            if self.is_over:
                return
            yield update


class Stopwatch:
    """Both clocks of this process."""

    def __init__(self) -> None:
        self._wall, self._cpu = time.perf_counter(), time.process_time()

    @property
    def wall(self) -> float:
        """Seconds since it was started."""
        return time.perf_counter() - self._wall

    def stop(self, updates: int) -> Sample:
        """Return what was done in the time."""
        return Sample(updates=updates, wall=self.wall, cpu=time.process_time() - self._cpu)


async def _run_job(url: str, seconds: float, journal: bulk.Journal | None) -> Sample:
    """Measure a job in full swing: after the first connections, and before the last links."""
    pool = SessionPool(
        Credentials(*KEYS),
        environment=url,
        concurrency=Concurrency(total=CONNECTIONS, per_institution=CONNECTIONS),
        rate_limit=RateLimit.unlimited(),
    )
    supply, done = _Supply(), 0
    async with pool, bulk.refresh(pool, supply, journal=journal) as run:
        watch = Stopwatch()
        async for _ in run:
            if watch.wall >= _WARM_UP:
                break
        watch = Stopwatch()
        async for _ in run:
            done += 1
            if watch.wall >= seconds:
                break
        sample = watch.stop(done)
        supply.is_over = True
        await run.finish()
    return sample


def _build_run(durability: bulk.Durability | None) -> Run:
    """Build a run with a journal in a file of the working directory's disk, or with a temporary one."""

    def run(url: str, seconds: float) -> Sample:
        with TemporaryDirectory(dir=".", prefix=".benchmark-") as directory:
            path = None if durability is None else Path(directory, "journal.sqlite")
            journal = bulk.Journal(path, durability=durability or bulk.Durability.PROCESS_KILL)
            return asyncio.run(_run_job(url, seconds, journal))

    return run


RUNS: Final[Mapping[str, Run]] = {
    AIOHTTP: run_aiohttp,
    UPDATE: run_ours,
    "refresh, temporary journal": _build_run(None),
    "refresh, PROCESS_KILL": _build_run(bulk.Durability.PROCESS_KILL),
    "refresh, POWER_LOSS": _build_run(bulk.Durability.POWER_LOSS),
}


def run_rounds(url: str, *, rounds: int, seconds: float) -> list[dict[str, Sample]]:
    """Run all of them in turns: what disturbs the machine for a while disturbs each."""
    results = []
    for _ in range(rounds):
        samples = {}
        for name, run in RUNS.items():
            gc.collect()  # nobody pays for the garbage of the run before
            samples[name] = run(url, seconds)
        results.append(samples)
    return results
