"""The ledger as one run of a job uses it."""

from collections.abc import Sequence
from contextlib import AbstractAsyncContextManager
from typing import Final

from belvo_async._clock import Clock
from belvo_async._jobs.link_steps import LinkSteps
from belvo_async.backends import JobRow, Ledger, LinkCounts, LinkRow
from belvo_async.backends._ledger import INTERRUPTED, JobKey
from belvo_async.errors import LedgerMismatchError


class JobLedger:
    """The rows of one job, for one run.

    Args:
        opening: Opens the ledger, and lets go of it.
        job: The job.
        environment: The base address of the environment that it is for.
        clock: Tells when a state is written.
        is_named: Whether somebody has named the job, to go on with it later; else it is forgotten at its end.
        purpose: What it retrieves; None where it updates links.
    """

    def __init__(
        self,
        opening: AbstractAsyncContextManager[Ledger],
        job: JobKey,
        *,
        environment: str,
        clock: Clock,
        is_named: bool,
        purpose: str | None,
    ) -> None:
        self._opening: Final = opening
        self._environment: Final = environment
        self._clock: Final = clock
        self._is_named: Final = is_named
        self._purpose: Final = purpose
        self._ledger: Ledger
        self._run = 0
        self.job: Final = job

    async def open(self) -> JobRow | None:
        """Open the ledger, and return the job as earlier runs have left it. To be called once.

        Raises:
            LedgerBusyError: The job runs already.
            LedgerMismatchError: It was begun to do something else.
            LedgerError: The ledger cannot be used. It was not changed.
        """
        self._ledger = await self._opening.__aenter__()
        try:
            former = await self._ledger.read_job(self.job)
            if former is not None:
                check_purpose(former, self._purpose)
        except BaseException:
            await self._opening.__aexit__(None, None, None)
            raise
        return former

    async def begin(self, *, total: int | None = None) -> None:
        """Begin a run, of *total* links where that is known.

        Raises:
            LedgerMismatchError: The job was begun meanwhile to do something else.
            LedgerError: The ledger cannot be used.
        """
        begun = await self._ledger.begin(
            self.job,
            environment=self._environment,
            at=self._clock.wall(),
            total=total,
            purpose=self._purpose,
        )
        check_purpose(begun, self._purpose)
        self._run = begun.runs

    async def close(self) -> None:
        """Let go of the ledger."""
        await self._opening.__aexit__(None, None, None)

    async def admit(self, links: Sequence[tuple[str, str | None]]) -> list[tuple[LinkRow, bool]]:
        """Take links, each with its institution if that is known, into this run; new ones are queued.

        Return the row of each as it was before, and whether this run has admitted it already.
        """
        rows = await self._ledger.admit(self.job, self._run, links, at=self._clock.wall())
        return [(row, row.run == self._run) for row in rows]

    def write(self, row: LinkRow) -> LinkSteps:
        """Return what writes the steps of a link."""
        return LinkSteps(self._ledger, self.job, row, self._clock)

    async def find_interrupted(self) -> list[LinkRow]:
        """Return the links that an earlier run has left in the middle of a login."""
        return await self._ledger.find(self.job, INTERRUPTED)

    async def read_counts(self) -> LinkCounts:
        """Count all links, of all runs; other writes wait for as long as that takes."""
        return await self._ledger.count(self.job, since=self._clock.wall())

    async def end_run(self, reason: str | None) -> None:
        """Note that this run has ended; *reason* says why, where it did not come to its end."""
        if reason is None and not self._is_named:
            await self._ledger.forget(self.job)
        else:
            await self._ledger.end(self.job, self._run, at=self._clock.wall(), reason=reason)


def check_purpose(job: JobRow, purpose: str | None) -> None:
    """Refuse a job that does something else with its links.

    Raises:
        LedgerMismatchError: It does.
    """
    if job.purpose != purpose:
        raise LedgerMismatchError(
            f"The job {job.key.name} was begun to {_tell(job.purpose)}, not to {_tell(purpose)}.",
            remedy="Ask for the same again, or give this job another name or journal.",
        )


def _tell(purpose: str | None) -> str:
    return purpose or "update links"
