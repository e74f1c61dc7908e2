"""`advance`: one link of a job, one step as far as it goes."""

import asyncio
from collections.abc import Mapping
from typing import Final
from uuid import UUID

from attrs import evolve

from belvo_async import Client
from belvo_async._jobs.doubt import add_answer, find_challenge, find_login_left, is_in_doubt, try_look
from belvo_async._jobs.job_task import JobTask
from belvo_async._jobs.link_steps import LinkSteps
from belvo_async._jobs.options import CredentialsProvider, JobLimits, JobOptions
from belvo_async._jobs.outcomes import AnyOutcome, Parked, Unsettled
from belvo_async._jobs.prompts import check_token, give_once
from belvo_async._jobs.records import Job
from belvo_async._jobs.recovery import build_unsettled
from belvo_async._jobs.step_span import StepSpan
from belvo_async._jobs.update_task import UpdateTask
from belvo_async._jobs.worker import LinkWorker
from belvo_async.backends import LinkRow, LinkState
from belvo_async.errors import (
    BelvoError,
    ConfigurationError,
    CoordinatorError,
    InvalidValueError,
    LedgerBusyError,
    LinkBusyError,
    NotSentError,
    OutputError,
)
from belvo_async.fleet._job import FleetJob
from belvo_async.fleet._next_step import CheckLater, Ended, NeedsToken, NextStep
from belvo_async.fleet._retrieval import Retrieval
from belvo_async.models import Link, ParkedChallenge
from belvo_async.telemetry import StepResult

_SOONEST: Final = 3.0
_LATEST: Final = 60.0
"""Seconds before a login under way is looked at again, at least and at most."""
_PAUSED: Final = 60.0
"""Seconds before a job that is paused is looked at again."""
_ENDS: Final[Mapping[LinkState, StepResult]] = {
    LinkState.UPDATED: "updated",
    LinkState.RETRIEVED: "retrieved",
    LinkState.REFUSED: "refused",
    LinkState.UNSETTLED: "unsettled",
}


async def advance(
    pool: Client,
    *,
    job: str,
    link_id: str | UUID,
    credentials: CredentialsProvider | None = None,
    retrieval: Retrieval | None = None,
    token: str | None = None,
    request_id: str | None = None,
    login_limit: float = JobLimits().login_limit,
) -> NextStep:
    """Take one link of a job one step as far as it goes, and say what is next.

    Call it from a task of any engine that carries each task out at least once: it may be called at any time,
    again and at the same time from several machines. One login is sent for each link, as its row in the
    ledger of the pool's backend says who may send it. A login whose worker has died is looked at, and never
    sent again; a link that has ended is not touched.

    Args:
        pool: Does the login; its backend keeps the job.
        job: The job's name. A job that `bulk.refresh` has begun under it goes on, and the other way round.
        link_id: The link, which need not be admitted to the job before.
        credentials: Looks up the credentials of the link, right before its login: they rest nowhere.
        retrieval: In place of *credentials*: what is retrieved of the link, and where it goes. A login whose
            worker has died is not at its end before *login_limit*: its function has to return within it.
        token: What a person gave for the open challenge. Hand it over here, and not to the engine, so that no
            token rests in its tables.
        request_id: `NeedsToken.challenge.request_id` of the challenge that *token* is for. An institution may
            ask again: name it wherever this call may be made twice, so that the token does not answer the
            next question. Where another one is open, the call returns it, and sends nothing.
        login_limit: Seconds that a login may run (Belvo error article: 408 after five minutes).

    Returns:
        `Ended`, `NeedsToken` or `CheckLater`.

    Raises:
        ConfigurationError: The backend keeps no jobs, or not one of *credentials* and *retrieval* is given.
        LedgerMismatchError: The job was begun to do something else.
        OutputError: The output of *retrieval* raised; the link is unsettled.
        InvalidValueError: An argument is wrong, or there is no challenge for *token*.
        InvalidTokenError: *token* can be none; the challenge is as open as before.
        SourceError: *credentials* raised.
        AuthenticationError: The keys are wrong.
        BelvoError: Belvo or the backend cannot be reached. The link is as it was: let the engine try again.

    Example:
        >>> import asyncio
        >>> from belvo_async import Credentials, LinkUpdate, SessionPool, fleet
        >>> from belvo_async.sandbox import Sandbox
        >>> def read_vault(link_id: str) -> LinkUpdate:
        ...     return LinkUpdate(link_id, password="new-password")
        >>> async def main() -> None:
        ...     async with Sandbox() as belvo:
        ...         link_id = belvo.add_link(institution="heimdall_mx_retail", username="mfa_numeric")
        ...         keys = Credentials(belvo.secret_id, belvo.secret_password)
        ...         async with SessionPool(keys, environment=belvo.url) as pool:
        ...             for token in (None, "111111"):
        ...                 step = await fleet.advance(
        ...                     pool, job="november", link_id=link_id, credentials=read_vault, token=token
        ...                 )
        ...                 print(type(step).__name__)
        >>> asyncio.run(main())
        NeedsToken
        Ended
    """
    found = FleetJob.find(pool, job)
    link_id = Job.read(link_id).link_id
    options = JobOptions(
        limits=JobLimits(login_limit=login_limit),
        default_concurrency=pool.concurrency,
        credentials=credentials,
        provide_token=None if token is None else give_once(token, request_id),
    )
    task = _build_task(pool, options, retrieval)
    found = evolve(found, purpose=task.purpose)
    with StepSpan(pool, job, link_id) as span:
        step = await _take(found, options, task, link_id, token, request_id)
        span.result = _name_result(step)
    return step


def _build_task(pool: Client, options: JobOptions, retrieval: Retrieval | None) -> JobTask:
    if retrieval is not None and not isinstance(retrieval, Retrieval):
        raise InvalidValueError.of(
            "retrieval", f"is {type(retrieval).__name__}", remedy="Pass fleet.Retrieval(…)."
        )
    if (options.credentials is None) is (retrieval is None):
        raise ConfigurationError(
            "A link is either updated or retrieved.", remedy="Pass credentials= or retrieval=, and not both."
        )
    return UpdateTask(pool, options) if retrieval is None else retrieval._build_task(pool)  # noqa: SLF001 - its part


async def _take(
    job: FleetJob,
    options: JobOptions,
    task: JobTask,
    link_id: str,
    token: str | None,
    request_id: str | None,
) -> NextStep:
    is_paused = await job.check_purpose()
    row = await job.find_row(link_id)
    try:
        return await _Advance(job, options, task, token, request_id, is_paused=is_paused).take(row)
    except LedgerBusyError:  # another call has taken the link meanwhile
        return _tell(await job.find_row(link_id))
    except LinkBusyError as busy:
        return CheckLater(link_id=link_id, seconds=_bound(busy.seconds))


class _Advance:
    """One call."""

    def __init__(
        self,
        job: FleetJob,
        options: JobOptions,
        task: JobTask,
        token: str | None,
        request_id: str | None,
        *,
        is_paused: bool,
    ) -> None:
        self._job: Final = job
        self._token: Final = token
        self._request_id: Final = request_id
        self._options: Final = options
        self._steps: LinkSteps | None = None
        self._task: Final = task
        self._is_paused: Final = is_paused
        self._worker: Final = LinkWorker(
            job.pool, self._write, options, task, asyncio.Event(), is_engine=True
        )

    async def take(self, row: LinkRow) -> NextStep:
        """Take a link from where it stands."""
        if row.state.is_result:
            return Ended.of(row)
        if row.state is LinkState.QUEUED:
            return await self._begin(row)
        parked = await find_challenge(self._job.pool, row, self._task.collection)
        row = add_answer(row, parked)
        if is_in_doubt(row, parked):
            return await self._look(row)
        if self._token is not None and parked is not None:
            check_token(parked.challenge, self._token)
        outcome = await self._worker.go_on(row, _ignore)
        is_asked = parked is None or self._request_id in (None, parked.challenge.request_id)
        if self._token is not None and is_asked and _is_unanswered(outcome, parked):
            return CheckLater(link_id=row.link_id, seconds=_SOONEST)
        return await self._conclude(row.link_id, outcome)

    async def _begin(self, row: LinkRow) -> NextStep:
        if self._token is not None:
            raise InvalidValueError.of(
                "token",
                "has no challenge to answer: no login of the link has begun",
                remedy="Call advance without a token first.",
                link_id=row.link_id,
            )
        if self._is_paused:
            return CheckLater(link_id=row.link_id, seconds=_PAUSED)
        waiting = Job(row.link_id, row.institution)
        waiting.row = row
        outcome = await self._worker.serve(waiting, _do_nothing, _ignore)
        if outcome is None:
            steps = self._write(row)
            await steps.finish(
                LinkState.REFUSED,
                code="held_back",
                message="These credentials were refused before, and are not sent again.",
            )
            return Ended.of(steps.row)
        return await self._conclude(row.link_id, outcome)

    async def _look(self, row: LinkRow) -> NextStep:
        """Look at a login, or an answer, that somebody else has sent: never send it again."""
        pool = self._job.pool
        found = await try_look(pool, row)
        if isinstance(found, NotSentError | CoordinatorError):  # nobody has looked: the next call does
            raise found
        left = find_login_left(row, pool.server_time, self._options.limits.login_limit)
        outcome = self._task.find_result(found) if isinstance(found, Link) else None
        if outcome is None and left > 0:  # whoever has sent it may still be at its response
            age = self._options.limits.login_limit - left
            return CheckLater(link_id=row.link_id, seconds=min(left, _bound(age)))
        if outcome is None:
            outcome = self._give_up(row, found)
        await self._worker.end(row, outcome)
        return await self._conclude(row.link_id, outcome)

    def _give_up(self, row: LinkRow, found: Link | BelvoError | None) -> AnyOutcome:
        """Return what an interrupted login has come to that must have ended."""
        if isinstance(found, Link):
            return self._task.conclude(found, row.submitted_at)
        return Unsettled(link_id=row.link_id, error=build_unsettled(row, found))

    async def _conclude(self, link_id: str, outcome: AnyOutcome) -> NextStep:
        if isinstance(outcome, Parked):
            return NeedsToken.of(outcome)
        if isinstance(outcome, Unsettled) and isinstance(outcome.error, OutputError):
            raise outcome.error  # the next link would meet it too: let the engine slow down
        if self._steps is not None and self._steps.row.state.is_result:  # it was written, and stays
            return Ended.of(self._steps.row)
        return _tell(await self._job.find_row(link_id))

    def _write(self, row: LinkRow) -> LinkSteps:
        """Return what writes the steps of the link, and keep it: afterwards it has the row as written."""
        self._steps = self._job.write(row)
        return self._steps


def _is_unanswered(outcome: AnyOutcome, parked: ParkedChallenge | None) -> bool:
    """Whether a challenge waits as before: somebody else is answering it, or its token did not leave."""
    if not isinstance(outcome, Parked) or parked is None:
        return False
    return outcome.challenge.request_id == parked.challenge.request_id


def _tell(row: LinkRow) -> NextStep:
    if row.state.is_result:
        return Ended.of(row)
    return CheckLater(link_id=row.link_id, seconds=_SOONEST)


def _name_result(step: NextStep) -> StepResult:
    if isinstance(step, Ended):
        return _ENDS[step.state]
    return "needs_token" if isinstance(step, NeedsToken) else "check_later"


def _bound(seconds: float) -> float:
    return min(max(seconds, _SOONEST), _LATEST)


def _do_nothing() -> None:
    """Nobody waits for the place."""


def _ignore(_: Parked) -> None:
    """The outcome tells it."""
