"""Takes one link from its turn to its outcome."""

import asyncio
from collections.abc import Callable, Coroutine
from typing import Final, TypeVar

from belvo_async._client import Client
from belvo_async._engine.priority import for_job
from belvo_async._engine.single_flight import WhenBusy
from belvo_async._event_loop import finish, first_of
from belvo_async._jobs.doubt import check_status
from belvo_async._jobs.failures import FailureReader
from belvo_async._jobs.job_recorder import JobRecorder
from belvo_async._jobs.job_task import JobTask
from belvo_async._jobs.link_steps import LinkSteps
from belvo_async._jobs.options import JobOptions
from belvo_async._jobs.outcomes import (
    AnyOutcome,
    Parked,
    Refusal,
    Retrieved,
    Unsettled,
    Updated,
    find_code,
    find_state,
)
from belvo_async._jobs.prompts import Prompts, leave_open
from belvo_async._jobs.records import Job
from belvo_async._jobs.refused_credentials import HeldBackError
from belvo_async.backends import LinkRow, LinkState
from belvo_async.errors import (
    AddressBlockedError,
    BelvoError,
    CoordinatorError,
    DeadlineExceededError,
    NotSentError,
    OutcomeUnknownError,
    OutputError,
    TokenRequiredError,
    UnreachableError,
)
from belvo_async.mfa import challenge_expired
from belvo_async.models import Link
from belvo_async.models._text_limits import LONGEST_NAME, cut_optional

T = TypeVar("T")


class LinkWorker:
    """Logs in, asks people, and writes the end of it into the ledger.

    Args:
        pool: Does the logins.
        write: Returns what writes the steps of a link, each before it happens.
        options: The settings of the run.
        task: What is done with a link.
        stopping: Set when no more people are to be asked.
        is_engine: Whether somebody else calls again, so that nothing is waited for: where another login of
            the link is in flight (`LinkBusyError`), or Belvo cannot be reached (`NotSentError`), the link is
            left as it was.
    """

    def __init__(
        self,
        pool: Client,
        write: Callable[[LinkRow], LinkSteps],
        options: JobOptions,
        task: JobTask,
        stopping: asyncio.Event,
        *,
        is_engine: bool = False,
    ) -> None:
        self._pool: Final = pool
        self._write: Final = write
        self._is_engine: Final = is_engine
        self._options: Final = options
        self._task: Final = task
        self._not_begun: Final[set[asyncio.Task[object] | None]] = set()
        unreachable = NotSentError if is_engine else UnreachableError
        self.failures: Final = FailureReader(pool, task, (AddressBlockedError, CoordinatorError, unreachable))
        self.prompts: Final = Prompts(options.provide_token, options.limits.max_open_prompts, stopping)

    async def serve(
        self, job: Job, on_begin: Callable[[], None], on_challenge: Callable[[Parked], None]
    ) -> AnyOutcome | None:
        """Do the task of one link; None where its credentials are held back.

        Raises:
            BelvoError: The job cannot go on; the link is as it was, or is settled by the next run.
        """
        task = asyncio.current_task()

        def begin() -> None:
            self._not_begun.discard(task)
            on_begin()

        recorder = JobRecorder(
            self._write(job.row),
            self._pool,
            job.institution,
            is_in_doubt=job.earlier is not None and job.earlier.state is LinkState.UNSETTLED,
            on_begin=begin,
            on_challenge=on_challenge,
        )
        self._not_begun.add(task)
        try:
            return await self._finish(self._limit(self._log_in(job, recorder)), recorder, job.institution)
        except HeldBackError:
            return None
        finally:
            self._not_begun.discard(task)

    @property
    def queued(self) -> int:
        """How many wait to log in, for a turn or for their credentials."""
        return len(self._not_begun)

    def drop_not_begun(self) -> int:
        """Cancel those who still wait to log in, for a turn or for their credentials; return how many."""
        tasks = [task for task in self._not_begun if task is not None]
        for task in tasks:
            task.cancel()
        return len(tasks)

    async def go_on(self, record: LinkRow, on_challenge: Callable[[Parked], None]) -> AnyOutcome:
        """Ask for the token of a challenge that an earlier run left open, or park it."""
        recorder = JobRecorder(self._write(record), self._pool, record.institution, on_challenge=on_challenge)
        job = Job(record.link_id, record.institution)
        job.row = record
        return await self._finish(self._limit(self._resume(job, recorder)), recorder, record.institution)

    async def end(self, row: LinkRow, outcome: AnyOutcome) -> None:
        """Write how a link has ended without a login of this run; *row* is as it is in the ledger."""
        await self._record(self._write(row), outcome, row.institution)

    async def _record(
        self, steps: LinkSteps, outcome: AnyOutcome, institution: str | None, *, has_left: bool = False
    ) -> None:
        """Write an outcome into the ledger; *has_left* says whether a login or a token was sent."""
        state = find_state(outcome)
        match outcome:
            case Updated(link=link):
                name = cut_optional(link.institution or institution, LONGEST_NAME)
                await steps.finish(state, institution=name)
            case Retrieved():
                await self._task.deliver(outcome)
                await finish(self._keep(steps, outcome))
            case Parked(ticket=ticket):
                if not (self._is_engine and steps.row.ticket == ticket):  # another call may be at its answer
                    await steps.park(ticket=ticket, expires_at=outcome.expires_at)
            case Refusal(error=error):
                await steps.finish(
                    state,
                    code=find_code(error),
                    message=error.message,
                    may_retry=outcome.may_retry,
                    retry_at=outcome.retry_at,
                    holds_back=not outcome.may_retry and has_left,
                )
            case Unsettled(error=error):
                await steps.finish(
                    state,
                    code=find_code(error),
                    message=error.message,
                    submitted_at=error.sent_at if isinstance(error, OutcomeUnknownError) else None,
                )

    async def _keep(self, steps: LinkSteps, outcome: AnyOutcome) -> None:
        """Write what was retrieved to the output, and then that it is there: neither is cut off."""
        async with self._task.keep(outcome) as end:
            await steps.retrieve(end)

    async def _finish(
        self, work: Coroutine[object, object, AnyOutcome], recorder: JobRecorder, institution: str | None
    ) -> AnyOutcome:
        try:
            with for_job():
                outcome = await work
        except BelvoError as error:
            outcome = await self.failures.read(error, recorder)
        has_left = recorder.is_refused or recorder.submitted_at is not None
        try:
            await self._record(recorder.steps, outcome, institution, has_left=has_left)
        except OutputError as error:  # the login has succeeded, and its rows are nowhere
            outcome = Unsettled(link_id=recorder.link_id, error=error)
            await self._record(recorder.steps, outcome, institution)
        return outcome

    async def _limit(self, work: Coroutine[object, object, T]) -> T:
        seconds = self._options.limits.link_deadline
        if seconds is None:
            return await work
        task = asyncio.ensure_future(work)
        await first_of(task, self._pool.clock.sleep(seconds))
        if task.done() and not task.cancelled():  # its clean-up may take longer than anybody waits
            return task.result()
        raise DeadlineExceededError(
            f"The link took longer than the link_deadline of {seconds:g} s.",
            remedy="Allow more time, or fewer links at once.",
        )

    async def _log_in(self, job: Job, recorder: JobRecorder) -> AnyOutcome:
        earlier = job.earlier
        if earlier is not None and earlier.state is LinkState.PARKED:
            outcome = await self._follow(job, recorder)
            if outcome is not None:
                return outcome
        if earlier is not None and recorder.is_in_doubt:
            link = await check_status(self._pool, earlier, self._options.limits.login_limit)
            outcome = None if link is None else self._task.find_result(link)
            if outcome is not None:
                return outcome
        try:
            when_busy: WhenBusy = "refuse" if self._is_engine else "join"
            return await self._task.log_in(job, recorder, when_busy)
        except TokenRequiredError as required:
            if recorder.parked is None and required.ticket is not None:  # of an equal login
                await recorder.take(await self._pool.challenges.get(required.ticket))
            if recorder.parked is None:
                raise
            return await self._ask(job, recorder, recorder.parked.ticket)

    async def _resume(self, job: Job, recorder: JobRecorder) -> AnyOutcome:
        outcome = await self._follow(job, recorder)
        if outcome is None:
            raise challenge_expired(job.link_id, "nobody answered before its time ran out")
        return outcome

    async def _follow(self, job: Job, recorder: JobRecorder) -> AnyOutcome | None:
        """Collect what became of a challenge, or ask for its token; None where only a new login can help."""
        found = await self.failures.collect(job.row, recorder)
        if isinstance(found, Link):
            return self._task.conclude(found, job.row.submitted_at)
        if found is None:
            return None
        await recorder.take(found)
        return await self._ask(job, recorder, found.ticket)

    async def _ask(self, job: Job, recorder: JobRecorder, ticket: str) -> AnyOutcome:
        """Ask for the tokens of a parked challenge; leave it open where that cannot be done."""
        provider = self.prompts.provider
        if provider is None:
            raise leave_open(job.link_id)
        try:
            return await self._task.answer(ticket, provider, job, recorder)
        except TokenRequiredError as required:
            if not required.ticket:  # the store could not keep the newest challenge under its ticket
                await recorder.park(required.state)
            raise
