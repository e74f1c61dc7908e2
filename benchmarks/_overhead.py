"""What the journal costs per link, with nothing else in the way: no sockets and no limit."""

import asyncio
import gc
from collections.abc import Callable, Coroutine, Iterator, Mapping, Sequence
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, Final

from belvo_async import ClientIdentity, Concurrency, Credentials, Environment, RateLimit, SessionPool, bulk
from belvo_async._clock import SYSTEM_CLOCK
from belvo_async._jobs.journal import Journal
from belvo_async._jobs.options import JobOptions
from belvo_async._jobs.records import Admission
from benchmarks._bank import Bank, every, open_pool
from benchmarks._clients import KEYS, Sample
from benchmarks._portfolio import generate_updates
from benchmarks._speed import Stopwatch

UPDATE: Final = "links.update"
NOTHING: Final = "refresh, journal keeps nothing"
_IDENTITY: Final = ClientIdentity.build(Environment.SANDBOX.url, Credentials(*KEYS))
_NOW: Final = datetime(2026, 1, 1, tzinfo=UTC)


class _NoJournal(Journal):
    """Keeps nothing: what is left is the job's own."""

    def __init__(self) -> None:
        super().__init__(None, _IDENTITY)

    async def open(self, *, total: int | None = None) -> None:
        """Open nothing."""

    async def close(self) -> None:
        """Close nothing."""

    async def admit(self, links: Sequence[tuple[str, str | None]]) -> list[Admission]:
        """Admit all as new."""
        return [
            Admission(
                bulk.Record(link_id=link_id, state=bulk.LinkState.QUEUED, at=_NOW, institution=institution),
                is_repeated=False,
                is_new=True,
            )
            for link_id, institution in links
        ]

    async def submit(self, link_id: str, at: datetime, credentials: str | None = None) -> None:
        """Write nothing."""

    async def finish(  # noqa: PLR0913 - as a journal has it
        self,
        link_id: str,
        state: bulk.LinkState,
        *,
        code: str | None = None,
        message: str | None = None,
        may_retry: bool = False,
        retry_at: datetime | None = None,
        institution: str | None = None,
        submitted_at: datetime | None = None,
        holds_back: bool = False,
    ) -> None:
        """Write nothing."""

    async def take_interrupted(self) -> list[bulk.Record]:
        """Return nothing."""
        return []

    async def read_counts(self) -> bulk.Counts:
        """Return nothing."""
        return bulk.Counts(by_state={}, by_institution={}, by_code={}, next_expiry=None)

    async def end_run(self, reason: str | None) -> None:
        """Write nothing."""


async def _update_all(pool: SessionPool, links: int, workers: int) -> None:
    """Update each link, so many at once."""
    updates = generate_updates(links)

    async def work() -> None:
        for update in updates:
            await pool.links.update(update)

    await asyncio.gather(*(work() for _ in range(workers)))


async def _refresh_all(pool: SessionPool, links: int, journal: Journal) -> None:
    options = JobOptions(default_concurrency=pool.concurrency)
    async with bulk.RefreshRun(pool, generate_updates(links), journal, options) as run:
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


def _open_journals(directory: str) -> Iterator[tuple[str, Journal]]:
    yield NOTHING, _NoJournal()
    yield "refresh, temporary journal", Journal(None, _IDENTITY)
    yield "refresh, journal in a file", Journal(Path(directory, "journal.sqlite"), _IDENTITY)


def run_once(links: int, workers: int) -> Mapping[str, Sample]:
    """Measure each kind of journal with so many logins at once, on the working directory's disk."""
    with TemporaryDirectory(dir=".", prefix=".benchmark-") as directory:
        jobs = {name: partial(_refresh_all, links=links, journal=j) for name, j in _open_journals(directory)}
        works = {UPDATE: partial(_update_all, links=links, workers=workers), **jobs}
        return {name: asyncio.run(_measure(workers, links, work)) for name, work in works.items()}
