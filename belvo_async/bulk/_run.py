"""One run of a job, as its user sees it."""

import asyncio
import logging
from collections.abc import Sized
from types import TracebackType
from typing import Final, Self

from belvo_async._event_loop import LoopBinding, end_all, finish, first_of, wait_until_done
from belvo_async._http import hide
from belvo_async._pool import SessionPool
from belvo_async.bulk._conductor import Conductor
from belvo_async.bulk._journal import Journal
from belvo_async.bulk._outcomes import Outcome
from belvo_async.bulk._plan import Plan
from belvo_async.bulk._report import RefreshReport
from belvo_async.bulk._source import Items, Source
from belvo_async.errors import BelvoError, JobError, UsageError

_LOG: Final = logging.getLogger("belvo_async")


class RefreshRun:
    """One run of a job: an async context manager that owns its logins, and an iterator of outcomes.

    Made by `refresh`. Leaving the block starts no more logins, gives those under way `close_grace` seconds,
    and leaves none running.
    """

    def __init__(self, pool: SessionPool, updates: Items, journal: Journal, plan: Plan) -> None:
        self._pool: Final = pool
        self._journal: Final = journal
        self._plan: Final = plan
        self._source: Final = Source(updates, has_credentials=plan.credentials is not None)
        self._total: Final = len(updates) if isinstance(updates, Sized) else plan.total
        self._binding: Final = LoopBinding("run", "with bulk.refresh(…)")
        self._conductor: Conductor | None = None
        self._task: asyncio.Task[None] | None = None
        self._reporter: asyncio.Task[None] | None = None
        self._closing: asyncio.Future[None] | None = None
        self._stopped: str | None = None
        self._is_failure_told = False

    async def __aenter__(self) -> Self:
        """Check the keys, open the journal and begin.

        Raises:
            JournalError: The journal cannot be used.
            AuthenticationError: The keys are wrong.
            BelvoError: Belvo cannot be reached.
        """
        self._binding.bind()
        if self._conductor is not None:
            raise UsageError("A run can be entered once.", remedy="Call bulk.refresh(…) again.")
        await self._journal.open(total=self._total, identity=self._pool.identity)
        try:
            conductor = await self._prepare()
        except BaseException:
            await finish(self._journal.close())
            raise
        self._conductor = conductor
        self._reporter = asyncio.create_task(self._report_progress())
        return self

    async def _prepare(self) -> Conductor:
        if not self._plan.dry_run:
            await self._pool.ping()
        conductor = Conductor(self._pool, self._journal, self._plan, self._source)
        conductor.tally.take_over(await self._journal.read_counts())
        interrupted = [] if self._plan.dry_run else await self._journal.take_interrupted()
        self._task = asyncio.create_task(conductor.conduct(interrupted))
        return conductor

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Stop, wait for the logins under way, and close the journal."""
        conductor = self._enter()
        await self.aclose()
        if error is None and conductor.failure is not None and not self._is_failure_told:
            raise conductor.failure

    async def aclose(self, grace: float | None = None) -> None:
        """Stop, and close the journal. What has come about can still be taken. Calling it twice is fine.

        Args:
            grace: Seconds for the logins under way, by default `close_grace`; what is not done by then is cut
                off, and settled by the next run on the journal.
        """
        conductor = self._enter()
        seconds = self._plan.close_grace if grace is None else grace
        try:
            self.stop("it was closed before its end")
            await first_of(self._calm_down(conductor), self._pool.clock.sleep(seconds))
        finally:
            if self._closing is None:
                self._closing = asyncio.ensure_future(self._close(conductor))
            await wait_until_done([self._closing])
            self._closing.result()

    async def _calm_down(self, conductor: Conductor) -> None:
        if self._task is not None:
            await asyncio.shield(self._task)
        await conductor.no_answers.wait()

    async def _close(self, conductor: Conductor) -> None:
        tasks = [task for task in (self._task, self._reporter) if task is not None]
        await end_all(tasks)
        self._tell_progress()
        try:
            await self._journal.end_run(self.report.stopped)
        except JobError as error:
            conductor.failure = conductor.failure or error
        finally:
            await self._journal.close()

    def __aiter__(self) -> Self:
        """Iterate over the outcomes, in the order in which they come about."""
        return self

    async def __anext__(self) -> Outcome:
        """Return the next outcome; it is in the journal already.

        Raises:
            JobError: The run has stopped: the source failed, too many links failed, or the journal did.
            BelvoError: The run has stopped: the keys are wrong, or the pool was closed.
        """
        conductor = self._enter()
        outcome = await conductor.take()
        if outcome is not None:
            return outcome
        if conductor.failure is not None and not self._is_failure_told:
            self._is_failure_told = True
            raise conductor.failure
        raise StopAsyncIteration

    async def finish(self) -> RefreshReport:
        """Run to the end, for whom the journal and the report are enough; return the report.

        Raises:
            JobError: As for iterating.
        """
        async for _ in self:
            pass
        return self.report

    def stop(self, reason: str = "stopped on request") -> None:
        """Start no more logins. Those under way go on, open challenges are parked; then the outcomes end."""
        conductor = self._enter()
        if not conductor.is_stopping:
            self._stopped = reason
            conductor.stop()

    async def answer(self, ticket: str, token: str | None = None) -> Outcome:
        """Answer a parked challenge of this job, while the run goes on.

        The outcome is counted and written into the journal, and returned here, not by iterating. A new
        challenge comes back as `Parked`, under the same ticket.

        Args:
            ticket: `Parked.ticket`, of this run or an earlier one.
            token: The token; None where the challenge expects no input.

        Raises:
            InvalidValueError: No open challenge has this ticket.
            InvalidTokenError: The token cannot be one; nothing was sent, and the challenge is still open.
            BelvoError: The journal or the pool cannot be used.
        """
        token = hide(token)
        return await self._enter().answer(ticket, token)

    @property
    def report(self) -> RefreshReport:
        """Where the job stands now."""
        conductor = self._conductor
        if conductor is None:
            return RefreshReport(total=self._total, is_dry_run=self._plan.dry_run)
        tally = conductor.tally
        states = tally.list_states()
        left = None if self._total is None else self._total - tally.repeated - tally.skipped - tally.ended
        return RefreshReport(
            total=self._total,
            read=self._source.read,
            repeated=tally.repeated,
            skipped=tally.skipped,
            held_back=tally.held_back,
            waiting=len(conductor.window) + tally.planned,
            in_flight=conductor.window.running,
            asking=conductor.clerk.people.asking,
            settling=conductor.settling,
            updated=states["updated"],
            parked=states["parked"],
            refused=states["refused"],
            unsettled=states["unsettled"],
            by_institution=tally.list_institutions(),
            by_code=tally.list_codes(),
            elapsed=tally.elapsed,
            rate=tally.find_rate(),
            seconds_left=None if left is None else tally.find_seconds_left(max(0, left)),
            next_expiry=tally.find_next_expiry(),
            stopped=_tell_why(self._stopped, conductor),
            is_dry_run=self._plan.dry_run,
        )

    def _enter(self) -> Conductor:
        if self._conductor is None:
            raise UsageError(
                "The run has not begun.", remedy="Write: async with bulk.refresh(…) as run, then use run."
            )
        self._binding.check()
        return self._conductor

    async def _report_progress(self) -> None:
        while True:
            await self._pool.clock.sleep(self._plan.progress_every)
            self._tell_progress()

    def _tell_progress(self) -> None:
        if self._plan.progress is None:
            return
        try:
            self._plan.progress(self.report)
        except Exception:  # noqa: BLE001 - the user's code, and logins are under way
            _LOG.exception("the progress callback raised")


def _tell_why(reason: str | None, conductor: Conductor) -> str | None:
    failure = conductor.failure
    if failure is None:
        return None if conductor.is_complete else reason
    return failure.message if isinstance(failure, BelvoError) else type(failure).__name__
