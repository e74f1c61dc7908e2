"""What the ledger costs per link, with nothing else in the way: no sockets and no limit."""

import asyncio
import gc
from collections.abc import Callable, Coroutine, Mapping, Sequence
from contextlib import nullcontext
from datetime import datetime
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, Final

from belvo_async import Concurrency, RateLimit, SessionPool, bulk
from belvo_async._clock import SYSTEM_CLOCK
from belvo_async._jobs.job_ledger import JobLedger
from belvo_async._jobs.opening import find_ledger
from belvo_async._jobs.options import JobOptions
from belvo_async._jobs.source import Source
from belvo_async._jobs.update_task import UpdateTask
from belvo_async.backends import JobKey, LinkRow, LinkState, MemoryLedger, OutputEnd
from benchmarks._bank import Bank, every, open_pool
from benchmarks._clients import Sample
from benchmarks._portfolio import generate_updates
from benchmarks._speed import Stopwatch

UPDATE: Final = "links.update"
NOTHING: Final = "refresh, ledger keeps nothing"


class _NoLedger(MemoryLedger):
    """Keeps no links: what is left is the job's own."""

    async def admit(
        self,
        job: JobKey,  # noqa: ARG002 - no job keeps anything
        run: int,  # noqa: ARG002 - as above
        links: Sequence[tuple[str, str | None]],
        *,
        at: datetime,
    ) -> list[LinkRow]:
        """Admit all as new."""
        return [
            LinkRow(link_id=link_id, state=LinkState.QUEUED, at=at, institution=name)
            for link_id, name in links
        ]

    async def replace(
        self,
        job: JobKey,  # noqa: ARG002 - as above
        row: LinkRow,  # noqa: ARG002 - as above
        *,
        output_end: OutputEnd | None = None,  # noqa: ARG002 - as above
    ) -> bool:
        """Write nothing."""
        return True


async def _update_all(pool: SessionPool, links: int, workers: int) -> None:
    """Update each link, so many at once."""
    updates = generate_updates(links)

    async def work() -> None:
        for update in updates:
            await pool.links.update(update)

    await asyncio.gather(*(work() for _ in range(workers)))


async def _refresh_all(pool: SessionPool, links: int, find: Callable[[SessionPool], JobLedger]) -> None:
    options = JobOptions(default_concurrency=pool.concurrency)
    source, task = Source(generate_updates(links), has_credentials=False), UpdateTask(pool, options)
    async with bulk.JobRun[bulk.Outcome](pool, source, find(pool), options, task) as run:
        await run.finish()


async def _measure(
    workers: int, links: int, work: Callable[[SessionPool], Coroutine[Any, Any, None]]
) -> Sample:
    bank = Bank(SYSTEM_CLOCK, lambda _: 0.0, every(0))
    concurrency = Concurrency(total=workers, per_institution=workers)
    async with open_pool(bank, rate_limit=RateLimit.unlimited(), concurrency=concurrency) as pool:
        gc.collect()
        watch = Stopwatch()
        await work(pool)
        return watch.stop(links)


def _find_none(pool: SessionPool) -> JobLedger:
    key = JobKey(pool.identity.digest, "job")
    return JobLedger(
        nullcontext(_NoLedger()),
        key,
        environment=pool.identity.environment,
        clock=pool.clock,
        is_named=False,
        purpose=None,
    )


def run_once(links: int, workers: int) -> Mapping[str, Sample]:
    """Measure each kind of ledger with so many logins at once, on the working directory's disk."""
    with TemporaryDirectory(dir=".", prefix=".benchmark-") as directory:
        path = Path(directory, "journal.sqlite")
        ledgers: dict[str, Callable[[SessionPool], JobLedger]] = {
            NOTHING: _find_none,
            "refresh, in memory": partial(find_ledger, job=None, journal=None, dry_run=False),
            "refresh, journal in a file": partial(find_ledger, job=None, journal=path, dry_run=False),
        }
        jobs = {name: partial(_refresh_all, links=links, find=find) for name, find in ledgers.items()}
        works = {UPDATE: partial(_update_all, links=links, workers=workers), **jobs}
        return {name: asyncio.run(_measure(workers, links, work)) for name, work in works.items()}
