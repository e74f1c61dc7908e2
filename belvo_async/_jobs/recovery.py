"""Settles the logins that were in flight when an earlier run was killed: by status checks alone."""

import asyncio
from collections.abc import Iterator
from typing import Final

from belvo_async._client import Client
from belvo_async._event_loop import first_of
from belvo_async._jobs.doubt import find_login_left, try_look
from belvo_async._jobs.job_task import JobTask
from belvo_async._jobs.outcomes import AnyOutcome, Unsettled
from belvo_async._jobs.worker import LinkWorker
from belvo_async.backends import LinkRow
from belvo_async.errors import BelvoError, OutcomeUnknownError
from belvo_async.models import Link

_FIRST_WAIT: Final = 3.0
_LONGEST_WAIT: Final = 60.0


class Recovery:
    """Looks at links until a login that was interrupted must have ended.

    Args:
        pool: Looks.
        worker: Writes the outcomes.
        task: What was done with the links.
        login_limit: Seconds that a login may run (Belvo error article: 408 after five minutes).
        stopping: Set when there is no more time to wait: the next run goes on.
    """

    def __init__(
        self,
        pool: Client,
        worker: LinkWorker,
        task: JobTask,
        login_limit: float,
        stopping: asyncio.Event,
    ) -> None:
        self._pool: Final = pool
        self._worker: Final = worker
        self._task: Final = task
        self._login_limit: Final = login_limit
        self._stopping: Final = stopping

    async def settle(self, record: LinkRow) -> AnyOutcome | None:
        """Return what became of an interrupted login; None where the run stops before that is known.

        Raises:
            BelvoError: The job cannot go on.
        """
        outcome = await self._find_outcome(record)
        if outcome is not None:
            await self._worker.end(record, outcome)
        return outcome

    async def _find_outcome(self, record: LinkRow) -> AnyOutcome | None:
        error: BelvoError | None = None
        for seconds in self._list_waits(record):
            await first_of(self._pool.clock.sleep(seconds), self._stopping.wait())
            if self._stopping.is_set():
                return None
            found = await try_look(self._pool, record)
            if isinstance(found, Link):
                return self._task.conclude(found, record.submitted_at)
            error = found
        return Unsettled(link_id=record.link_id, error=build_unsettled(record, error))

    def _list_waits(self, record: LinkRow) -> Iterator[float]:
        """Yield the seconds before each look, until the login must have ended."""
        left = find_login_left(record, self._pool.server_time, self._login_limit)
        yield 0.0
        wait = _FIRST_WAIT
        while left > 0:
            yield min(wait, left)
            left -= wait
            wait = min(2 * wait, _LONGEST_WAIT)


def build_unsettled(record: LinkRow, cause: BelvoError | None) -> OutcomeUnknownError:
    """Build the error of an interrupted login that must have ended, and shows no success."""
    looked = "the link shows no success"
    if cause is not None:
        looked = f"a status check did not tell how it ended: {cause.message.rstrip('.')}"
    error = OutcomeUnknownError(
        f"An earlier run was stopped while this login was under way, and {looked}.",
        remedy="Run the job again to retry unsettled links: it checks the link once more before it logs in.",
        link_id=record.link_id,
        sent_at=record.submitted_at,
    )
    error.__cause__ = cause
    return error
