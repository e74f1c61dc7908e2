"""`refresh`: many links, one job."""

import os
from collections.abc import Collection
from uuid import UUID

from belvo_async import Client, TokenProvider, check_client
from belvo_async._jobs.opening import find_ledger
from belvo_async._jobs.options import CredentialsProvider, JobLimits, JobOptions
from belvo_async._jobs.outcomes import Outcome
from belvo_async._jobs.source import Items, Source, check_items
from belvo_async._jobs.stop_rule import StopRule
from belvo_async._jobs.update_task import UpdateTask
from belvo_async.bulk._run import JobRun


def refresh(  # noqa: PLR0913 - settings, all with defaults, by keyword only
    pool: Client,
    updates: Items,
    *,
    credentials: CredentialsProvider | None = None,
    provide_token: TokenProvider | None = None,
    job: str | None = None,
    journal: str | os.PathLike[str] | None = None,
    limits: JobLimits | None = None,
    stop: StopRule | None = None,
    retry: Collection[str] = (),
    resend: Collection[str | UUID] = (),
    dry_run: bool = False,
) -> JobRun[Outcome]:
    """Update many links: as fast as Belvo's limits allow, in flat memory, and with one login for each.

    Use the result as `async with`, and iterate over it: it yields one `Outcome` for each link. A slow
    consumer slows the logins, and those slow the source.

    With a *job* or a *journal* it can be killed at any moment and run again: finished links are skipped,
    parked ones stay parked, and a login that was in flight is settled by looking at the link, never sent
    again by itself.

    Each challenge is parked in the pool's backend before anybody is asked, under a ticket that the job keeps.
    So `pool.challenges` answers it, in this process and in others, while the job runs and later; a later run
    with `retry` of `parked` collects what has come of it. Give the pool a backend that survives, if
    challenges are to be answered after a kill.

    Args:
        pool: Does the logins; its limits and its retries hold.
        updates: `LinkUpdate` values, from any iterable or async iterable; or, with *credentials*, links and
            link ids. A plain iterable is read on the event loop: let one that blocks be an async one.
        credentials: Looks up the credentials of one link, right before its login, so that they are never all
            in memory.
        provide_token: Asked for a token when an institution wants one. Without it, challenges are left open.
        job: The job's name in the pool's backend, which keeps the state of each link: an `SqliteBackend`, for
            one. Of all processes one runs it at a time. Without a name, one is drawn (`JobRun.job`), and
            the job is forgotten when it has come to its end.
        journal: In place of *job*, a file of the job's own where the state of each link is kept.
        limits: How much the job does at once, and for how long.
        stop: When so many links fail that the job stops.
        retry: What to try again of an earlier run: `refused` (where the same credentials may be tried again,
            or others are given), `unsettled` (after a status check), `parked` (its challenge while it is
            open, else a new login). Credentials that were refused are held back: the job knows them by a
            keyed digest, and `JobReport.held_back` counts them.
        resend: Ids of refused links whose credentials are sent once more, though they were refused: because
            the bank was wrong, or somebody has unlocked the user's access there.
        dry_run: Read the source and what earlier runs have done, and report what would be done: `waiting`
            counts the links that would be logged in. Nothing is sent, and nothing is written.

    Raises:
        ConfigurationError: A setting makes no sense, or the backend keeps no jobs.
        InvalidValueError: An argument is of a wrong kind.

    Example:
        >>> import asyncio
        >>> from belvo_async import Credentials, LinkUpdate, SessionPool, bulk
        >>> from belvo_async.sandbox import Sandbox
        >>> async def main() -> None:
        ...     async with Sandbox() as belvo:
        ...         ids = [belvo.add_link(institution="erebor_mx_retail") for _ in range(20)]
        ...         keys = Credentials(belvo.secret_id, belvo.secret_password)
        ...         async with SessionPool(keys, environment=belvo.url) as pool:
        ...             updates = [LinkUpdate(link_id, password="new-password") for link_id in ids]
        ...             async with bulk.refresh(pool, updates) as run:
        ...                 print((await run.finish()).updated)
        >>> asyncio.run(main())
        20
    """
    check_client(pool)
    wanted = "LinkUpdates" if credentials is None else "LinkUpdates, or of links and their ids"
    check_items(updates, "updates", wanted)
    options = JobOptions(
        limits=JobLimits() if limits is None else limits,
        default_concurrency=pool.concurrency,
        credentials=credentials,
        provide_token=provide_token,
        stop=stop,
        retry=retry,
        resend=resend,
        dry_run=dry_run,
    )
    ledger = find_ledger(pool, job=job, journal=journal, dry_run=dry_run)
    source = Source(updates, has_credentials=credentials is not None)
    return JobRun(pool, source, ledger, options, UpdateTask(pool, options))
