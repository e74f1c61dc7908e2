"""Takes one link from its turn to its outcome."""

import asyncio
import inspect
from collections.abc import Callable, Collection, Coroutine
from typing import Final, TypeVar

from belvo_async._client import Client
from belvo_async._engine.priority import for_job
from belvo_async._engine.single_flight import WhenBusy
from belvo_async._event_loop import first_of, is_cancelled_from_outside
from belvo_async._jobs.doubt import check_status
from belvo_async._jobs.failures import FailureReader
from belvo_async._jobs.job_recorder import JobRecorder
from belvo_async._jobs.link_steps import LinkSteps
from belvo_async._jobs.options import JobOptions
from belvo_async._jobs.outcomes import (
    NotUpdated,
    Outcome,
    Parked,
    Unsettled,
    Updated,
    find_code,
    find_state,
)
from belvo_async._jobs.prompts import LeftOpenError, Prompts
from belvo_async._jobs.records import Job
from belvo_async._jobs.refused_credentials import HeldBackError, RefusedCredentials
from belvo_async.backends import LinkRow, LinkState
from belvo_async.errors import (
    AddressBlockedError,
    BelvoError,
    CoordinatorError,
    DeadlineExceededError,
    InvalidValueError,
    NotSentError,
    OutcomeUnknownError,
    SourceError,
    TokenProviderError,
    TokenRequiredError,
    UnreachableError,
)
from belvo_async.mfa import ResumeRoute, challenge_expired
from belvo_async.models import Link
from belvo_async.models._text_limits import LONGEST_NAME, cut_optional
from belvo_async.params import LinkUpdate

T = TypeVar("T")


class LinkWorker:
    """Logs in, asks people, and writes the end of it into the ledger.

    Args:
        pool: Does the logins.
        write: Returns what writes the steps of a link, each before it happens.
        options: The settings of the run.
        credentials: Knows what is held back.
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
        credentials: RefusedCredentials,
        stopping: asyncio.Event,
        *,
        is_engine: bool = False,
    ) -> None:
        self._pool: Final = pool
        self._write: Final = write
        self._is_engine: Final = is_engine
        self._options: Final = options
        self._credentials: Final = credentials
        self._not_begun: Final[set[asyncio.Task[object] | None]] = set()
        unreachable = NotSentError if is_engine else UnreachableError
        self.failures: Final = FailureReader(pool, (AddressBlockedError, CoordinatorError, unreachable))
        self.prompts: Final = Prompts(options.provide_token, options.limits.max_open_prompts, stopping)

    async def serve(
        self, job: Job, on_begin: Callable[[], None], on_challenge: Callable[[Parked], None]
    ) -> Outcome | None:
        """Update one link; None where its credentials are held back.

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

    async def go_on(self, record: LinkRow, on_challenge: Callable[[Parked], None]) -> Outcome:
        """Ask for the token of a challenge that an earlier run left open, or park it."""
        recorder = JobRecorder(self._write(record), self._pool, record.institution, on_challenge=on_challenge)
        return await self._finish(self._limit(self._resume(record, recorder)), recorder, record.institution)

    async def end(self, row: LinkRow, outcome: Outcome) -> None:
        """Write how a link has ended without a login of this run; *row* is as it is in the ledger."""
        await self._record(self._write(row), outcome, row.institution)

    async def _record(
        self, steps: LinkSteps, outcome: Outcome, institution: str | None, *, has_left: bool = False
    ) -> None:
        """Write an outcome into the ledger; *has_left* says whether a login or a token was sent."""
        state = find_state(outcome)
        match outcome:
            case Updated(link=link):
                name = cut_optional(link.institution or institution, LONGEST_NAME)
                await steps.finish(state, institution=name)
            case Parked(ticket=ticket):
                if not (self._is_engine and steps.row.ticket == ticket):  # another call may be at its answer
                    await steps.park(ticket=ticket, expires_at=outcome.expires_at)
            case NotUpdated(error=error):
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

    async def _finish(
        self, work: Coroutine[object, object, Link], recorder: JobRecorder, institution: str | None
    ) -> Outcome:
        try:
            with for_job():
                link = await work
        except BelvoError as error:
            outcome = await self.failures.read(error, recorder)
        else:
            outcome = Updated(link_id=recorder.link_id, link=link)
        await self._record(
            recorder.steps,
            outcome,
            institution,
            has_left=recorder.is_refused or recorder.submitted_at is not None,
        )
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

    async def _log_in(self, job: Job, recorder: JobRecorder) -> Link:
        earlier = job.earlier
        if earlier is not None and earlier.state is LinkState.PARKED:
            link = await self._follow(earlier, recorder, job.update)
            if link is not None:
                return link
        if earlier is not None and recorder.is_in_doubt:
            link = await check_status(self._pool, earlier, self._options.limits.login_limit)
            if link is not None:
                return link
        update = job.update or await self._find_update(job.link_id)
        if self._credentials.holds_back(update, job.row.refused):
            raise HeldBackError
        recorder.credentials = self._credentials.digest(update)
        try:
            when_busy: WhenBusy = "refuse" if self._is_engine else "join"
            return await self._pool.links.update(update, recorder=recorder, when_busy=when_busy)
        except TokenRequiredError as required:
            if recorder.parked is None and required.ticket is not None:  # of an equal login
                await recorder.take(await self._pool.challenges.get(required.ticket))
            if recorder.parked is None:
                raise
            return await self._ask(recorder, recorder.parked.ticket, update, job.row.refused)

    async def _resume(self, record: LinkRow, recorder: JobRecorder) -> Link:
        link = await self._follow(record, recorder, None)
        if link is None:
            raise challenge_expired(record.link_id, "nobody answered before its time ran out")
        return link

    async def _follow(self, record: LinkRow, recorder: JobRecorder, update: LinkUpdate | None) -> Link | None:
        """Collect what became of a challenge, or ask for its token; None where only a new login can help."""
        found = await self.failures.collect(record, recorder)
        if found is None or isinstance(found, Link):
            return found
        await recorder.take(found)
        return await self._ask(recorder, found.ticket, update, record.refused)

    async def _ask(
        self, recorder: JobRecorder, ticket: str, update: LinkUpdate | None, refused: Collection[str]
    ) -> Link:
        """Ask for the tokens of a parked challenge; leave it open where that cannot be done."""
        provider = self.prompts.provider
        update = None if provider is None else await self._find_update_to_resume(recorder, update, refused)
        if provider is None or (update is None and self._needs_update):
            raise TokenProviderError(
                "The challenge is left open.", remedy="Answer it by its ticket.", link_id=recorder.link_id
            ) from LeftOpenError()
        recorder.credentials = None if update is None else self._credentials.digest(update)
        try:
            resumed = await self._pool.challenges.resume(
                ticket, provide_token=provider, update=update, recorder=recorder
            )
        except TokenRequiredError as required:
            if not required.ticket:  # the store could not keep the newest challenge under its ticket
                await recorder.park(required.state)
            raise
        if isinstance(resumed, Link):
            return resumed
        raise TypeError("a challenge of a job that updates links was one of data")

    @property
    def _needs_update(self) -> bool:
        """Whether a token may have to be sent with the credentials, or after another login with them."""
        policy = self._pool.mfa
        return policy.resume_route is ResumeRoute.PUT_LINK or policy.restarts > 0

    async def _find_update_to_resume(
        self, recorder: JobRecorder, update: LinkUpdate | None, refused: Collection[str]
    ) -> LinkUpdate | None:
        """Return the credentials, where a resumed login may have to send them once more, and may do so."""
        if not self._needs_update:
            return None
        if update is None and self._options.credentials is not None:
            update = await self._find_update(recorder.link_id)
        if update is not None and self._credentials.holds_back(update, refused):
            return None
        return update

    async def _find_update(self, link_id: str) -> LinkUpdate:
        find = self._options.credentials
        if find is None:
            raise SourceError(f"There are no credentials for link {link_id}.", remedy="Pass credentials=.")
        try:
            found = find(link_id)
            update = await found if inspect.isawaitable(found) else found
        except (Exception, asyncio.CancelledError) as error:
            if is_cancelled_from_outside(error):
                raise
            raise SourceError(
                f"credentials raised {type(error).__name__} for link {link_id}; nothing was sent.",
                remedy="Mend it and run the job again: by name or journal, it goes on where it stopped.",
                link_id=link_id,
            ) from error
        if isinstance(update, LinkUpdate) and update.link_id == link_id:
            return update
        problem = "returned none" if update is None else "returned something else than its LinkUpdate"
        raise InvalidValueError.of(
            "credentials", problem, remedy="Return LinkUpdate(link_id, password=…).", link_id=link_id
        )
