"""Takes one link from its turn to its outcome."""

import asyncio
from collections.abc import Callable, Coroutine
from datetime import timedelta
from typing import Final, TypeVar

from belvo_async._event_loop import first_of
from belvo_async._pool import Client
from belvo_async.bulk._credentials import HeldBackError, RefusedCredentials
from belvo_async.bulk._doubt import build_doubt, check_status
from belvo_async.bulk._journal import Journal
from belvo_async.bulk._options import JobOptions
from belvo_async.bulk._outcomes import NotUpdated, Outcome, Parked, Unsettled, Updated, find_retry
from belvo_async.bulk._prompts import LeftOpenError, Prompts
from belvo_async.bulk._queue import Job
from belvo_async.bulk._records import LinkState, Record
from belvo_async.bulk._sharing import Sharing
from belvo_async.bulk._source import is_cancelled_from_outside
from belvo_async.bulk._statistics import find_code, find_state
from belvo_async.bulk._steps import Phase, Steps
from belvo_async.errors import (
    AddressBlockedError,
    AuthenticationError,
    BelvoError,
    DamagedStateError,
    DeadlineExceededError,
    InvalidTokenError,
    InvalidValueError,
    JobError,
    OutcomeUnknownError,
    PoolClosedError,
    SourceError,
    TokenNotSentError,
    TokenProviderError,
    TokenRequiredError,
    UnreachableError,
    UsageError,
    WrongEventLoopError,
)
from belvo_async.mfa import ResumeRoute, challenge_expired, token_required
from belvo_async.models import AwaitingToken, Link
from belvo_async.models._lines import LONGEST_NAME, cut_optional
from belvo_async.params import LinkUpdate

T = TypeVar("T")


class LinkWorker:
    """Logs in, asks people, and writes the end of it into the journal.

    Args:
        pool: Does the logins.
        journal: Told of each step before it happens.
        plan: The settings of the run.
        credentials: Knows what is held back.
        stopping: Set when no more people are to be asked.
    """

    def __init__(
        self,
        pool: Client,
        journal: Journal,
        options: JobOptions,
        credentials: RefusedCredentials,
        stopping: asyncio.Event,
    ) -> None:
        self._pool: Final = pool
        self._journal: Final = journal
        self._options: Final = options
        self._credentials: Final = credentials
        self._sharing: Final = Sharing(pool, is_on=options.share_challenges)
        self._not_begun: Final[set[asyncio.Task[object] | None]] = set()
        self.prompts: Final = Prompts(options.provide_token, options.most_asking, stopping)

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

        steps = Steps(
            self._journal,
            self._pool,
            job.link_id,
            ticket=None if job.earlier is None else job.earlier.ticket,
            is_in_doubt=job.earlier is not None and job.earlier.state is LinkState.UNSETTLED,
            on_begin=begin,
            on_challenge=on_challenge,
        )
        self._not_begun.add(task)
        try:
            return await self._finish(self._limit(self._log_in(job, steps)), steps, job.institution)
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

    async def go_on(self, record: Record, on_challenge: Callable[[Parked], None]) -> Outcome:
        """Ask for the token of a challenge that an earlier run left open, or park it."""
        steps = Steps(
            self._journal, self._pool, record.link_id, ticket=record.ticket, on_challenge=on_challenge
        )
        return await self._finish(self._limit(self._resume(record, steps)), steps, record.institution)

    async def answer(self, record: Record, token: str | None) -> Outcome:
        """Answer a parked challenge.

        Raises:
            InvalidTokenError: The token cannot be one; the challenge is as it was.
            InvalidValueError: Others may answer it too.
            BelvoError: The answer cannot be sent; the challenge is as it was.
        """
        await self._sharing.check_own(record.ticket or "")
        steps = Steps(self._journal, self._pool, record.link_id, ticket=record.ticket)
        state = self._pool.links.unpark(record.parked or "")
        update = await self._find_update_to_resume(state, None, record)
        work = self._pool.links.resume(state, token, update=update, recorder=steps)
        return await self._finish(work, steps, record.institution, passes=(InvalidTokenError, UsageError))

    async def record(self, outcome: Outcome, institution: str | None, *, has_left: bool = False) -> None:
        """Write an outcome into the journal; *has_left* says whether a login or a token was sent."""
        state = find_state(outcome)
        match outcome:
            case Updated(link_id=link_id, link=link):
                name = cut_optional(link.institution or institution, LONGEST_NAME)
                await self._journal.finish(link_id, state, institution=name)
            case Parked(link_id=link_id, ticket=ticket, expires_at=expires_at):
                parked = self._pool.links.park(outcome.state)
                await self._journal.park(link_id, ticket=ticket, parked=parked, expires_at=expires_at)
                await self._sharing.park(outcome, institution)
            case NotUpdated(link_id=link_id, error=error):
                await self._journal.finish(
                    link_id,
                    state,
                    code=find_code(error),
                    message=error.message,
                    may_retry=outcome.may_retry,
                    retry_at=outcome.retry_at,
                    holds_back=not outcome.may_retry and has_left,
                )
            case Unsettled(link_id=link_id, error=error):
                await self._journal.finish(link_id, state, code=find_code(error), message=error.message)

    def refuse(self, link_id: str, error: BelvoError) -> NotUpdated:
        """Build the outcome of a link that keeps its old credentials."""
        seconds = find_retry(error)
        retry_at = self._pool.clock.wall() + timedelta(seconds=seconds) if seconds else None
        return NotUpdated(link_id=link_id, error=error, may_retry=seconds is not None, retry_at=retry_at)

    async def _finish(
        self,
        work: Coroutine[object, object, Link],
        steps: Steps,
        institution: str | None,
        passes: tuple[type[BelvoError], ...] = (),
    ) -> Outcome:
        try:
            link = await work
        except BelvoError as error:
            if isinstance(error, passes) and steps.phase is Phase.NOTHING:
                raise
            outcome = await self._read_failure(error, steps)
        else:
            outcome = Updated(link_id=steps.link_id, link=link)
        await self.record(outcome, institution, has_left=steps.submitted_at is not None)
        return outcome

    async def _read_failure(self, error: BelvoError, steps: Steps) -> Outcome:
        match error:
            case OutcomeUnknownError():
                return Unsettled(link_id=steps.link_id, error=error)
            case TokenRequiredError(state=state) | TokenNotSentError(state=AwaitingToken() as state):
                return steps.build_parked(state)
            case TokenProviderError(state=AwaitingToken() as state, __cause__=LeftOpenError()):
                return steps.build_parked(state)
            case DeadlineExceededError():
                return await self._read_lateness(error, steps)
            case AuthenticationError() | PoolClosedError() if _is_unsent(error, steps):
                await self._journal.requeue(steps.link_id)  # no login happened
                raise error
            case UnreachableError() | AddressBlockedError() if steps.phase is Phase.SUBMITTED:
                await self._journal.requeue(steps.link_id)  # it was announced, and did not leave
                raise error
            case AuthenticationError() | JobError() | PoolClosedError() | WrongEventLoopError():
                raise error  # every other link would meet it too
            case _:
                return self._read_refusal(error, steps)

    def _read_refusal(self, error: BelvoError, steps: Steps) -> Outcome:
        """Tell a login that failed from one that never began: then an earlier one stays in doubt."""
        if not steps.is_in_doubt or steps.submitted_at is not None:
            return self.refuse(steps.link_id, error)
        doubt = build_doubt(steps.link_id, f"no new one has begun: {error.message}")
        doubt.__cause__ = error
        return Unsettled(link_id=steps.link_id, error=doubt)

    async def _read_lateness(self, error: DeadlineExceededError, steps: Steps) -> Outcome:
        """Find out what became of a login that was given up in the middle."""
        if steps.phase is Phase.ASKING and steps.state is not None:
            return steps.build_parked(steps.state)
        if steps.submitted_at is None:
            return self._read_refusal(error, steps)
        try:
            link = await self._pool.links.settle(steps.link_id, since=steps.submitted_at)
        except BelvoError:
            link = None
        if link is not None:
            return Updated(link_id=steps.link_id, link=link)
        return Unsettled(link_id=steps.link_id, error=error)

    async def _limit(self, work: Coroutine[object, object, T]) -> T:
        seconds = self._options.link_deadline
        if seconds is None:
            return await work
        task = asyncio.ensure_future(work)
        await first_of(task, self._pool.clock.sleep(seconds))
        if not task.cancelled():
            return task.result()
        raise DeadlineExceededError(
            f"The link took longer than the link_deadline of {seconds:g} s.",
            remedy="Allow more time, or fewer links at once.",
        )

    async def _log_in(self, job: Job, steps: Steps) -> Link:
        earlier = job.earlier
        if earlier is not None and earlier.state is LinkState.PARKED:
            shared = await self._sharing.find(earlier.ticket)
            if shared is not None:
                link = await self._sharing.collect(shared, earlier)
                if link is not None:
                    return link
                steps.ticket = None  # the old one stands for what is over
            elif self._is_open(earlier):
                return await self._resume(earlier, steps, job.update)
        if earlier is not None and steps.is_in_doubt:
            link = await check_status(self._pool, earlier, self._options.login_limit)
            if link is not None:
                return link
        update = job.update or await self._find_update(job.link_id)
        if self._credentials.holds_back(update, job.refused):
            raise HeldBackError
        steps.credentials = self._credentials.digest(update)
        return await self._pool.links.update(update, provide_token=self.prompts.provider, recorder=steps)

    async def _resume(self, record: Record, steps: Steps, update: LinkUpdate | None = None) -> Link:
        state = self._pool.links.unpark(record.parked or "")
        if state.deadline <= self._pool.clock.monotonic():
            raise challenge_expired(record.link_id, "nobody answered before its time ran out")
        steps.phase, steps.state = Phase.ASKING, state
        provider = self.prompts.provider
        if provider is None:
            raise token_required(state, "nobody can be asked")
        update = await self._find_update_to_resume(state, update, record)
        if update is None and self._needs_update(state):
            raise token_required(state, "there are no credentials to send with the token")
        steps.credentials = None if update is None else self._credentials.digest(update)
        return await self._pool.links.resume(state, provide_token=provider, update=update, recorder=steps)

    def _needs_update(self, state: AwaitingToken) -> bool:
        policy = self._pool.mfa
        return policy.resume_route is ResumeRoute.PUT_LINK or policy.restarts > state.restarts

    async def _find_update_to_resume(
        self, state: AwaitingToken, update: LinkUpdate | None, record: Record
    ) -> LinkUpdate | None:
        """Return the credentials, where a resumed login may have to send them once more, and may do so."""
        if not self._needs_update(state):
            return None
        if update is None and self._options.credentials is not None:
            update = await self._find_update(state.challenge.link_id)
        if update is not None and self._credentials.holds_back(update, record.refused):
            return None
        return update

    def _is_open(self, record: Record) -> bool:
        try:
            state = self._pool.links.unpark(record.parked or "")
        except DamagedStateError:
            return False
        return state.deadline > self._pool.clock.monotonic()

    async def _find_update(self, link_id: str) -> LinkUpdate:
        find = self._options.credentials
        if find is None:
            raise SourceError(f"There are no credentials for link {link_id}.", remedy="Pass credentials=.")
        try:
            update = await find(link_id)
        except (Exception, asyncio.CancelledError) as error:
            if is_cancelled_from_outside(error):
                raise
            raise SourceError(
                f"credentials raised {type(error).__name__} for link {link_id}; nothing was sent.",
                remedy="Mend it and run the job again on its journal: it goes on where it stopped.",
                link_id=link_id,
            ) from error
        if isinstance(update, LinkUpdate) and update.link_id == link_id:
            return update
        problem = "returned none" if update is None else "returned something else than its LinkUpdate"
        raise InvalidValueError.of(
            "credentials", problem, remedy="Return LinkUpdate(link_id, password=…).", link_id=link_id
        )


def _is_unsent(error: BelvoError, steps: Steps) -> bool:
    """Whether it says that no login has happened; a 401 with a code that nobody knows may mean anything."""
    is_sure = isinstance(error, PoolClosedError) or error.code in (None, "authentication_failed")
    return is_sure and steps.phase is Phase.SUBMITTED
