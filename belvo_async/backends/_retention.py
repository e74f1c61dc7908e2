"""Removing what is over: personal data is kept no longer than it is needed."""

from datetime import datetime

from attrs import frozen

from belvo_async.backends._backend import Backend
from belvo_async.backends._job_status import JobStatus
from belvo_async.backends._status import read_jobs
from belvo_async.errors import InvalidValueError


@frozen(kw_only=True)
class Purged:
    """What was removed."""

    jobs: int
    """Jobs, each with all its links."""
    challenges: int


async def purge(backend: Backend, *, before: datetime) -> Purged:
    """Remove from an open backend what was over before a moment; what is not over stays.

    A job is over when its last run has ended, or began before that moment and each link has its outcome. A
    challenge is over a day after its time.

    Args:
        backend: Where jobs and challenges are.
        before: The moment, with its time zone.

    Raises:
        InvalidValueError: *before* has no time zone.
        LedgerError: The jobs cannot be read or removed.
        ChallengeStoreError: The challenges cannot be removed.
        CoordinatorError: It cannot be told which jobs are running.
    """
    if before.tzinfo is None:
        raise InvalidValueError.of(
            "before", "has no time zone", remedy="Pass datetime.now(UTC) - timedelta(days=30), for one."
        )
    ledger, jobs = backend.ledger, 0
    for status in await read_jobs(backend):
        if ledger is not None and _is_over(status, before):
            await ledger.forget(status.job.key)
            jobs += 1
    return Purged(jobs=jobs, challenges=await backend.challenges.forget(before))


def _is_over(status: JobStatus, before: datetime) -> bool:
    job = status.job
    if status.is_running or job.started_at >= before:
        return False
    if job.ended_at is not None:
        return job.ended_at < before
    return all(state.is_final for state, count in status.counts.by_state.items() if count)
