"""Links per second of a job without a limit, against bare aiohttp and against `pool.links.update`."""

import asyncio
import gc
import time
from collections.abc import Iterator, Mapping
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final

from belvo_async import Concurrency, LinkUpdate, bulk
from benchmarks._clients import CONNECTIONS, WARM_UP, Sample, connect, put_aiohttp, update_ours
from benchmarks._pairs import Run
from benchmarks._portfolio import generate_updates
from benchmarks._server import Server

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


async def _run_job(server: Server, seconds: float, journal: Path | None) -> Sample:
    """Measure a job in full swing: after the first connections, and before the last links."""
    pool = connect(server, Concurrency(total=CONNECTIONS, per_institution=CONNECTIONS))
    supply, done = _Supply(), 0
    async with pool, bulk.refresh(pool, supply, journal=journal) as run:
        watch = Stopwatch()
        async for _ in run:
            if watch.wall >= WARM_UP:
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


def refresh_ours(server: Server, seconds: float) -> Sample:
    """Run a job with a journal in a file of the working directory's disk."""
    with TemporaryDirectory(dir=".", prefix=".benchmark-") as directory:
        return asyncio.run(_run_job(server, seconds, Path(directory, "journal.sqlite")))


def _refresh_without_file(server: Server, seconds: float) -> Sample:
    return asyncio.run(_run_job(server, seconds, None))


RUNS: Final[Mapping[str, Run]] = {
    AIOHTTP: put_aiohttp,
    UPDATE: update_ours,
    "refresh, temporary journal": _refresh_without_file,
    "refresh, journal in a file": refresh_ours,
}


def run_rounds(server: Server, *, rounds: int, seconds: float) -> list[dict[str, Sample]]:
    """Run all of them in turns: what disturbs the machine for a while disturbs each."""
    results = []
    for _ in range(rounds):
        samples = {}
        for name, run in RUNS.items():
            gc.collect()  # nobody pays for the garbage of the run before
            samples[name] = run(server, seconds)
        results.append(samples)
    return results
