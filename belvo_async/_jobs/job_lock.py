"""Holds the lock of a job while it runs."""

import asyncio
import secrets
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress
from typing import Final

from belvo_async._engine.shared_records import SharedRecords
from belvo_async._event_loop import end_all
from belvo_async.backends import Coordinator
from belvo_async.backends._job_lock import JOB_LOCK, write_key
from belvo_async.backends._ledger import JobKey
from belvo_async.errors import BelvoError, LedgerBusyError

_SECONDS: Final = 20.0
"""For which it is held between two renewals: as long as that, a killed run keeps the next one waiting."""
_RENEWAL: Final = 5.0


@asynccontextmanager
async def lock_job(coordinator: Coordinator, job: JobKey) -> AsyncIterator[None]:
    """Be the one run that goes on with a job, of all that share a coordinator.

    Raises:
        LedgerBusyError: Another run goes on with it.
        CoordinatorError: It cannot be told.
    """
    records, holder, key = SharedRecords(coordinator), secrets.token_hex(8), write_key(job)

    async def hold() -> float:
        return await records.change(JOB_LOCK, key, lambda lock, moment: lock.hold(moment, holder, _SECONDS))

    try:
        seconds = await hold()
        if seconds > 0:
            raise LedgerBusyError(
                f"Another run of the job {job.name} goes on.",
                remedy=f"Wait until it has ended; after a kill, for {seconds:.0f} s. Or give this job a name "
                "of its own.",
            )
        renewal = asyncio.create_task(_renew(hold))
        try:
            yield
        finally:
            await end_all([renewal])
            with suppress(BelvoError):
                await records.change(JOB_LOCK, key, lambda lock, _: lock.release(holder))
    finally:
        records.close()


async def _renew(hold: Callable[[], Awaitable[float]]) -> None:
    """Go on holding it; where that fails for long, another run may begin, and writes meet its rows."""
    while True:
        await asyncio.sleep(_RENEWAL)
        with suppress(BelvoError):
            await hold()
