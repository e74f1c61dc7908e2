"""Reads the source into the queue: each link once, and none that is done."""

import asyncio
from collections.abc import Callable
from typing import Final

from belvo_async._jobs.job_ledger import JobLedger
from belvo_async._jobs.job_task import JobTask
from belvo_async._jobs.options import JobOptions
from belvo_async._jobs.records import Job
from belvo_async._jobs.source import Source
from belvo_async.backends import LinkRow, LinkState
from belvo_async.bulk._queue import FairQueue
from belvo_async.bulk._statistics import Statistics

_BATCH: Final = 64


class Producer:
    """Decides what becomes of each item of the source.

    Args:
        source: Gives the items.
        ledger: Knows what earlier runs have done, and which ids this run has met.
        options: Says what is tried again.
        queue: Where links wait.
        statistics: Counts what does not get there.
        task: Knows what is held back.
        is_crowded: Whether outcomes wait to be taken, so that nothing more is read.
        on_wait: Told of each link that waits.
    """

    def __init__(
        self,
        source: Source,
        ledger: JobLedger,
        options: JobOptions,
        queue: FairQueue,
        statistics: Statistics,
        task: JobTask,
        *,
        is_crowded: Callable[[], bool],
        on_wait: Callable[[Job], None],
    ) -> None:
        self._source: Final = source
        self._ledger: Final = ledger
        self._options: Final = options
        self._queue: Final = queue
        self._statistics: Final = statistics
        self._task: Final = task
        self._is_crowded: Final = is_crowded
        self._on_wait: Final = on_wait
        self._has_room: Final = asyncio.Event()
        self.interrupted: Final[set[str]] = set()
        """Links that the run takes from the ledger, and has not met in the source yet."""

    async def read(self) -> None:
        """Read the source to its end, as far ahead as the queue goes.

        Raises:
            SourceError: The source raised, or gave something that is no link.
            LedgerError: The ledger cannot be used.
        """
        batches = self._source.batches(min(_BATCH, self._options.limits.look_ahead))
        try:
            async for batch in batches:
                await self._admit(batch)
                while not self._may_read():
                    self._has_room.clear()
                    await self._has_room.wait()
        finally:
            await batches.aclose()

    def stir(self) -> None:
        """Look again whether there is room."""
        if self._may_read():
            self._has_room.set()

    def _may_read(self) -> bool:
        return bool(self._queue.room) and not self._is_crowded()

    async def _admit(self, batch: list[Job]) -> None:
        jobs: dict[str, Job] = {}
        for job in batch:
            if self._queue.replace(job):
                self._statistics.repeated += 1
                continue
            self._statistics.repeated += job.link_id in jobs
            jobs[job.link_id] = job
        links = [(job.link_id, job.institution) for job in jobs.values()]
        admitted = await self._ledger.admit(links) if links else []
        for job, (row, is_repeated) in zip(jobs.values(), admitted, strict=True):
            self._place(job, row, is_repeated=is_repeated)

    def _place(self, job: Job, row: LinkRow, *, is_repeated: bool) -> None:
        job.row = row
        is_new = row.state is LinkState.QUEUED
        if job.link_id in self.interrupted:
            self.interrupted.remove(job.link_id)
        elif is_repeated:
            self._statistics.repeated += 1
        elif not is_new and not self._options.tries_again(row):
            self._statistics.skipped += 1
        elif self._options.dry_run:
            self._plan_one(job)
        else:
            self._queue.add(job)
            self._on_wait(job)

    def _plan_one(self, job: Job) -> None:
        if self._task.holds_back(job):
            self._statistics.hold_back()
        else:
            self._statistics.plan(job.institution)
