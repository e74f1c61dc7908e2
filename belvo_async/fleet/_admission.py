"""Taking links into a job: first all of them, later those that are to be tried again."""

import asyncio
from collections.abc import AsyncIterator, Collection, Sized
from typing import Final

from attrs import evolve

from belvo_async import Client
from belvo_async._jobs.doubt import check_status
from belvo_async._jobs.options import JobLimits, JobOptions
from belvo_async._jobs.source import LinkItems, Source, check_items
from belvo_async.backends import LinkRow, LinkState
from belvo_async.errors import ConfigurationError, LedgerBusyError, OutcomeUnknownError
from belvo_async.fleet._job import FleetJob
from belvo_async.fleet._retrieval import Retrieval

_BATCH: Final = 1000
_CHECKS: Final = 20
"""Links that are looked at together."""


async def admit(
    pool: Client, links: LinkItems, *, job: str, retrieval: Retrieval | None = None
) -> AsyncIterator[list[str]]:
    """Take links into a job, and yield their ids in batches, for an engine to call `advance` with each.

    A link that has ended is left out. Admit the same links again after a kill: each has one row, and an
    engine that has a link twice does no harm.

    Args:
        pool: Its backend keeps the job.
        links: Links and their ids, from any iterable or async iterable. What `pool.links.list()` gives names
            the institutions too, so that they can take turns.
        job: The job's name; a job of this name goes on.
        retrieval: What its links are retrieved for, as `advance` is told; None where they are updated.

    Raises:
        ConfigurationError: The backend keeps no jobs.
        InvalidValueError: An argument is wrong.
        LedgerMismatchError: The job was begun to do something else.
        SourceError: *links* raised, or gave something that is no link.
        LedgerError: The backend cannot be used.
    """
    found = FleetJob.find(pool, job)
    if retrieval is not None:
        found = evolve(found, purpose=retrieval._build_task(pool).purpose)  # noqa: SLF001 - its part
    check_items(links, "links", "links or their ids")
    begun = await found.begin(total=len(links) if isinstance(links, Sized) else None)
    async for batch in Source(links, has_credentials=True).batches(_BATCH):
        wanted = {item.link_id: item.institution for item in batch}
        rows = await found.ledger.admit(found.key, begun.runs, [*wanted.items()], at=pool.clock.wall())
        if waiting := [row.link_id for row in rows if not row.state.is_final and row.run != begun.runs]:
            yield waiting


async def retry(
    pool: Client,
    *,
    job: str,
    states: Collection[str] = ("refused",),
    login_limit: float = JobLimits().login_limit,
) -> AsyncIterator[list[str]]:
    """Put links of a job that have ended back to the start, and yield their ids in batches, for an engine.

    A refused link is tried again where the same credentials may be, or others might be given by now: those
    that were refused are held back, see `bulk.refresh`. An unsettled link is looked at first: it is put back
    only where a look was seen that shows no success, once its login must have ended. Where the job retrieves
    data, it is put back at a success too, as its data were lost: that is another login.

    Args:
        pool: Looks at the links; its backend keeps the job.
        job: The job's name.
        states: `refused`, `unsettled` or both.
        login_limit: Seconds that a login may run.

    Raises:
        ConfigurationError: The backend keeps no jobs, or *states* has others.
        InvalidValueError: There is no job of this name.
        LedgerError: The backend cannot be used.
        AuthenticationError: The keys are wrong.
    """
    found = FleetJob.find(pool, job)
    options = JobOptions(
        limits=JobLimits(login_limit=login_limit), default_concurrency=pool.concurrency, retry=states
    )
    if LinkState.PARKED in options.retry:
        raise ConfigurationError(
            "states has parked: an open challenge is answered, and not tried again.",
            remedy="Leave it out. Where its time is over, advance ends the link, and refused has it then.",
        )
    begun = await found.check_begun()
    rows = await found.ledger.find(found.key, tuple(options.retry))
    wanted = [row for row in rows if options.tries_again(row)]
    for start in range(0, len(wanted), _CHECKS):
        batch = wanted[start : start + _CHECKS]
        again = await asyncio.gather(*(_put_back(found, row, login_limit, begun.purpose) for row in batch))
        if ids := [row.link_id for row, is_back in zip(batch, again, strict=True) if is_back]:
            yield ids


async def _put_back(job: FleetJob, row: LinkRow, login_limit: float, purpose: str | None) -> bool:
    """Put a link back to the start, unless it turns out to be updated, or nobody can know."""
    steps = job.write(row)
    try:
        if row.state is LinkState.UNSETTLED:
            link = await check_status(job.pool, row, login_limit)
            if link is not None and purpose is None:
                await steps.finish(LinkState.UPDATED, institution=link.institution)
                return False
        await steps.requeue()
    except (OutcomeUnknownError, LedgerBusyError):  # it stays as it is; or somebody else is at it
        return False
    return True


async def pause(pool: Client, *, job: str) -> None:
    """Let no login of a job begin, whichever machine would send it. Open challenges can still be answered.

    Raises:
        ConfigurationError: The backend keeps no jobs.
        InvalidValueError: There is no job of this name.
        LedgerError: The backend cannot be used.
    """
    await _pause(pool, job, is_paused=True)


async def resume(pool: Client, *, job: str) -> None:
    """Let the logins of a job that was paused begin again, within a minute.

    Raises:
        ConfigurationError: The backend keeps no jobs.
        InvalidValueError: There is no job of this name.
        LedgerError: The backend cannot be used.
    """
    await _pause(pool, job, is_paused=False)


async def _pause(pool: Client, job: str, *, is_paused: bool) -> None:
    found = FleetJob.find(pool, job)
    await found.check_begun()
    await found.ledger.pause(found.key, is_paused=is_paused)
