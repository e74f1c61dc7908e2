"""`refresh`: many links, one job."""

import os
from collections.abc import Collection
from uuid import UUID

from belvo_async._clock import Clock
from belvo_async._engine.callers import TokenProvider
from belvo_async._pool import Client, check_client
from belvo_async.bulk._journal import Journal
from belvo_async.bulk._options import CredentialsProvider, JobOptions, ProgressCallback
from belvo_async.bulk._run import RefreshRun
from belvo_async.bulk._source import Items, check_items
from belvo_async.bulk._stop_rule import StopRule
from belvo_async.errors import ConfigurationError, InvalidValueError
from belvo_async.params import Concurrency


def refresh(  # noqa: PLR0913 - settings, all with defaults, by keyword only
    pool: Client,
    updates: Items,
    *,
    credentials: CredentialsProvider | None = None,
    provide_token: TokenProvider | None = None,
    journal: str | os.PathLike[str] | Journal | None = None,
    concurrency: Concurrency | None = None,
    look_ahead: int = 1000,
    most_asking: int = 1000,
    share_challenges: bool = False,
    link_deadline: float | None = None,
    login_limit: float = 330.0,
    stop: StopRule | None = None,
    retry: Collection[str] = (),
    resend: Collection[str | UUID] = (),
    total: int | None = None,
    progress: ProgressCallback | None = None,
    progress_every: float = 5.0,
    close_grace: float = 30.0,
    dry_run: bool = False,
) -> RefreshRun:
    """Update many links: as fast as Belvo's limits allow, in flat memory, and with one login for each.

    Use the result as `async with`, and iterate over it: it yields one `Outcome` for each link. A slow
    consumer slows the logins, and those slow the source.

    With a journal the job can be killed at any moment and run again: finished links are skipped, parked ones
    stay parked, and a login that was in flight is settled by looking at the link, never sent again by itself.

    Args:
        pool: Does the logins; its limits and its retries hold.
        updates: `LinkUpdate` values, from any iterable or async iterable; or, with *credentials*, links and
            link ids. A plain iterable is read on the event loop: let one that blocks be an async one.
        credentials: Looks up the credentials of one link, right before its login, so that they are never all
            in memory.
        provide_token: Asked for a token when an institution wants one. Without it, challenges are parked.
        journal: Where the state of each link is kept: a path, or a `Journal`. Without it, nothing survives.
        concurrency: Logins at once, in all and at each institution; by default the pool's. Links whose person
            is being asked do not count.
        look_ahead: How many links are read ahead to let institutions take turns. A source that is sorted by
            institution needs more.
        most_asking: How many people are asked at once; the challenges of others are parked.
        share_challenges: Whether to park challenges in the pool's `challenge_store` too, for whoever shares
            it to answer with `pool.challenges` under the same tickets, while the job runs or later; then
            `RefreshRun.answer` does not, and a later run with `retry` of `parked` collects what has come of
            them.
        link_deadline: Seconds for each link, from its turn on; then it is given up, settled or parked.
        login_limit: Seconds after which a login that an earlier run began must have ended (Belvo error
            article: 408 after five minutes, and the response takes its time).
        stop: When so many links fail that the job stops.
        retry: What to try again of an earlier run: `refused` (where the same credentials may be tried again,
            or others are given), `unsettled` (after a status check), `parked` (its challenge while it is
            open, else a new login). Credentials that were refused are held back: the journal knows them by a
            keyed digest, and `RefreshReport.held_back` counts them.
        resend: Ids of refused links whose credentials are sent once more, though they were refused: because
            the bank was wrong, or somebody has unlocked the user's access there.
        total: How many links there are, for the time left; not needed where *updates* has a length.
        progress: Called with a report every *progress_every* seconds, and at the end.
        progress_every: Seconds.
        close_grace: Seconds for the logins under way when the block is left before the end.
        dry_run: Read the source and the journal, and report what would be done: `waiting` counts the links
            that would be logged in. Nothing is sent, and the journal, given by its path, is not changed.

    Raises:
        ConfigurationError: A setting makes no sense.
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
    check_items(updates, has_credentials=credentials is not None)
    if not isinstance(journal, str | os.PathLike | Journal | None):
        raise InvalidValueError.of(
            "journal", f"is {type(journal).__name__}", remedy="Pass the path of a file, or a Journal."
        )
    options = JobOptions(
        concurrency=concurrency or pool.concurrency,
        credentials=credentials,
        provide_token=provide_token,
        look_ahead=look_ahead,
        most_asking=most_asking,
        share_challenges=share_challenges,
        link_deadline=link_deadline,
        login_limit=login_limit,
        stop=stop,
        retry=retry,
        resend=resend,
        total=total,
        progress=progress,
        progress_every=progress_every,
        close_grace=close_grace,
        dry_run=dry_run,
    )
    return RefreshRun(pool, updates, _find_journal(journal, pool.clock, dry_run=dry_run), options)


def _find_journal(
    journal: str | os.PathLike[str] | Journal | None, clock: Clock, *, dry_run: bool
) -> Journal:
    if not isinstance(journal, Journal):
        return Journal(journal, clock=clock, is_copy=dry_run)
    if dry_run:
        raise ConfigurationError(
            "A dry run cannot use a Journal, which writes.", remedy="Pass the path of the journal."
        )
    return journal
