"""The memory of one job, in a process of its own: `python -m benchmarks._footprint` prints it as JSON."""

import asyncio
import gc
import json
import subprocess
import sys
import tracemalloc
from pathlib import Path
from typing import Final

import attrs
from attrs import frozen

from belvo_async import Challenge, Concurrency, RateLimit, bulk
from belvo_async._clock import SYSTEM_CLOCK
from benchmarks._bank import Bank, every, open_pool
from benchmarks._portfolio import generate_updates

PARKED_SHARE: Final = 51
"""One login of so many is challenged: 2 %, at all 20 institutions."""
_PATIENCE: Final = 7200.0


@frozen(kw_only=True)
class Job:
    """What is measured."""

    links: int
    challenged: int = PARKED_SHARE
    """One of so many; 1: all."""
    journal: str | None = None
    asks: bool = False
    """Whether people are asked, who all take their time until the last of them is asked."""
    keeps: bool = False
    """Whether the outcomes are kept by whom they are handed to."""
    traces: bool = False
    """Whether Python's own allocations are counted: it costs time and memory."""


@frozen(kw_only=True)
class Footprint:
    """What it took, in bytes."""

    before: int
    """Resident, with the pool open and nothing done."""
    after: int
    """Resident, with all links done or all people asked, before the end of the job."""
    peak: int
    """The most that was ever resident."""
    traced: int
    """What Python has allocated more than before; 0 where that was not counted."""
    file: int
    """The journal, when closed."""
    seconds: float


def measure(job: Job) -> Footprint:
    """Run a job in a fresh process and measure it there."""
    command = [sys.executable, "-m", "benchmarks._footprint", json.dumps(attrs.asdict(job))]
    done = subprocess.run(command, check=True, capture_output=True, text=True, timeout=_PATIENCE)  # noqa: S603
    return Footprint(**json.loads(done.stdout))


def read_status(name: str) -> int:
    """Return a size of this process in bytes.

    `resource.getrusage` would do, but what it calls the peak includes the parent's, from before the `exec`.
    """
    lines = Path("/proc/self/status").read_text(encoding="ascii").splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith(f"{name}:")) * 1024


async def _run(job: Job) -> Footprint:
    bank = Bank(SYSTEM_CLOCK, lambda _: 0.0, every(job.challenged))
    pool = open_pool(bank, rate_limit=RateLimit.unlimited(), concurrency=Concurrency())
    people = _People(job.links)
    async with pool:
        gc.collect()
        if job.traces:
            tracemalloc.start()
        before, began = read_status("VmRSS"), pool.clock.monotonic()
        run = bulk.refresh(
            pool,
            generate_updates(job.links),
            journal=job.journal,
            provide_token=people.ask if job.asks else None,
            limits=bulk.JobLimits(max_open_prompts=job.links),
        )
        async with run:
            kept = await (_wait(run, people) if job.asks else _consume(run, keeps=job.keeps))
            gc.collect()
            after = read_status("VmRSS")
            traced = tracemalloc.get_traced_memory()[0] if job.traces else 0
            del kept
            people.answer()
            await run.finish()
    return Footprint(
        before=before,
        after=after,
        peak=read_status("VmHWM"),
        traced=traced,
        file=_find_size(job.journal),
        seconds=pool.clock.monotonic() - began,
    )


def _find_size(path: str | None) -> int:
    return 0 if path is None else Path(path).stat().st_size


class _People:
    """So many people, who answer all at once."""

    def __init__(self, number: int) -> None:
        self._number: Final = number
        self._asked = 0
        self.all_asked: Final = asyncio.Event()
        self._may_answer: Final = asyncio.Event()

    async def ask(self, challenge: Challenge) -> str | None:
        """Ask one of them."""
        del challenge
        self._asked += 1
        if self._asked == self._number:
            self.all_asked.set()
        await self._may_answer.wait()
        return "123456"

    def answer(self) -> None:
        """Let all of them answer."""
        self._may_answer.set()


async def _wait(run: bulk.JobRun, people: _People) -> list[bulk.Outcome]:
    del run
    await people.all_asked.wait()
    return []


async def _consume(run: bulk.JobRun, *, keeps: bool) -> list[bulk.Outcome]:
    if keeps:
        return [outcome async for outcome in run]
    await run.finish()
    return []


if __name__ == "__main__":
    print(json.dumps(attrs.asdict(asyncio.run(_run(Job(**json.loads(sys.argv[1])))))))
