"""A job of `belvo_async.fleet` on Temporal: a workflow for each link. Needs the extra `temporal`."""

import asyncio
from collections.abc import AsyncIterable, AsyncIterator, Awaitable, Callable, Collection, Iterable
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import timedelta
from inspect import isawaitable
from typing import Final, assert_never
from uuid import UUID

from belvo_async import Client, check_client, fleet
from belvo_async.bulk import CredentialsProvider, JobLimits
from belvo_async.contrib._next_check import find_next_check
from belvo_async.errors import AuthenticationError, BelvoError, ConfigurationError
from belvo_async.models import Link

try:
    from temporalio import activity, workflow
    from temporalio.client import Client as TemporalClient
    from temporalio.common import RetryPolicy, WorkflowIDConflictPolicy
    from temporalio.exceptions import ApplicationError
    from temporalio.service import RPCError, RPCStatusCode
except ImportError as missing:
    raise ImportError('This needs Temporal\'s SDK: run `pip install "belvo-async[temporal]"`.') from missing

__all__ = ["LinkActivities", "LinkResult", "LinkTask", "UpdateLink", "answered", "retry", "start"]

_HEARTBEAT: Final = timedelta(seconds=20)
"""A worker that is silent for longer counts as dead, and another one takes the link."""
_LONGEST: Final = timedelta(hours=1)
"""Of an activity: the wait for Belvo's limit, a login (330 s) and `on_challenge`."""
_BACKOFF: Final = RetryPolicy(initial_interval=timedelta(seconds=5), maximum_interval=timedelta(minutes=15))
_KEYS_PAUSE: Final = 300.0
"""Seconds for which a worker whose keys were refused sends nothing."""
_AT_ONCE: Final = 50
"""Workflows that are started together."""


@dataclass(frozen=True, kw_only=True)  # of the standard library, as Temporal's converter reads no other
class LinkTask:
    """A link of a job: what `UpdateLink` is started with."""

    job: str
    """The job's name."""
    link_id: str
    """The link's id, in lower case."""
    told: str | None = None
    """When the challenge came that the user was told of, as ISO 8601; None before the first."""


@dataclass(frozen=True, kw_only=True)
class LinkResult:
    """How a link has ended: what `UpdateLink` returns. The ledger has the message too."""

    state: str
    """`updated`, `retrieved`, `refused` or `unsettled`."""
    code: str | None = None
    """The error code, or the name of the error class; None where the link is done."""
    may_retry: bool = False
    """Whether the same credentials may be tried again, see `retry`."""


@dataclass(frozen=True, kw_only=True)
class _LinkStep:
    """What an activity found: the end of the link, or when to look again."""

    result: LinkResult | None = None
    seconds: float = 0.0
    told: str | None = None


class LinkActivities:
    """The activity of `UpdateLink`, with what it needs in a worker.

    Hand its `advance` to the worker: `Worker(…, workflows=[UpdateLink], activities=[activities.advance])`.

    Args:
        pool: Does the logins; its backend keeps the job.
        credentials: Looks up the credentials of a link, right before its login.
        retrieval: In place of *credentials*: what is retrieved of each link, and where it goes.
        on_challenge: Tells the user that a token is needed: once for each challenge, and again if it failed.
            It is called on the event loop: a plain function must not block it.
        login_limit: Seconds that a login may run.
    """

    def __init__(
        self,
        pool: Client,
        *,
        credentials: CredentialsProvider | None = None,
        retrieval: fleet.Retrieval | None = None,
        on_challenge: Callable[[fleet.NeedsToken], Awaitable[None] | None],
        login_limit: float = JobLimits().login_limit,
    ) -> None:
        check_client(pool)
        if (credentials is None) is (retrieval is None):
            raise ConfigurationError(
                "A link is either updated or retrieved.",
                remedy="Pass credentials= or retrieval=, and not both.",
            )
        self._pool: Final = pool
        self._credentials: Final = credentials
        self._retrieval: Final = retrieval
        self._on_challenge: Final = on_challenge
        self._login_limit: Final = login_limit
        self._refused_until = float("-inf")

    @activity.defn(name="belvo_async.advance")
    async def advance(self, task: LinkTask) -> _LinkStep:
        """Take a link one step further, see `belvo_async.fleet.advance`.

        Raises:
            ApplicationError: Names the class of an error and its remedy. The messages of institutions and of
                your code stay in the worker's log, and out of the history.
        """
        if self._pool.clock.monotonic() < self._refused_until:
            raise ApplicationError("Belvo refused this worker's keys.", type=AuthenticationError.__name__)
        beating = asyncio.create_task(_beat())
        try:
            return await self._take(task)
        except Exception as error:  # noqa: BLE001 - each would be written into the history as it is
            failure = self._describe(error)
        finally:
            beating.cancel()
        raise failure  # outside, so that it has neither cause nor context

    async def _take(self, task: LinkTask) -> _LinkStep:
        step = await fleet.advance(
            self._pool,
            job=task.job,
            link_id=task.link_id,
            credentials=self._credentials,
            retrieval=self._retrieval,
            login_limit=self._login_limit,
        )
        match step:
            case fleet.Ended(state=state, may_retry=may_retry):
                code = step.code if step.code is None or step.code.isidentifier() else "other"  # any text
                return _LinkStep(result=LinkResult(state=state, code=code, may_retry=may_retry))
            case fleet.CheckLater(seconds=seconds):
                return _LinkStep(seconds=seconds, told=task.told)
            case fleet.NeedsToken():
                came = step.challenge.received_at.isoformat()
                if came != task.told and isawaitable(waiting := self._on_challenge(step)):
                    await waiting
                return _LinkStep(seconds=find_next_check(step, self._pool.clock.wall()), told=came)
            case _:
                assert_never(step)

    def _describe(self, error: Exception) -> ApplicationError:
        activity.logger.warning("advance failed; the link is as it was", exc_info=error)
        if isinstance(error, AuthenticationError):
            self._refused_until = self._pool.clock.monotonic() + _KEYS_PAUSE
        return ApplicationError(
            error.remedy if isinstance(error, BelvoError) else "See the log of the worker.",
            type=type(error).__name__,
        )


# Running workflows replay this code: a change of its steps stops them, but for `workflow.patched`. Temporal's
# sandbox would import the whole package for each of them; the only clock and waits here are Temporal's.
@workflow.defn(name="belvo_async.UpdateLink", sandboxed=False)
class UpdateLink:
    """Brings a link of a job to its end. Its waits are on Temporal's server, and hold no worker."""

    def __init__(self) -> None:
        self._is_called = False

    @workflow.run
    async def run(self, task: LinkTask) -> LinkResult:
        """Advance the link until it has ended; return how."""
        while True:
            self._is_called = False  # before: a signal may arrive while the activity runs
            step = await workflow.execute_activity_method(
                LinkActivities.advance,
                task,
                start_to_close_timeout=_LONGEST,
                heartbeat_timeout=_HEARTBEAT,
                retry_policy=_BACKOFF,
            )
            if step.result is not None and not self._is_called:  # else `retry` may have put the link back
                return step.result
            task = replace(task, told=step.told)
            with suppress(TimeoutError):
                await workflow.wait_condition(lambda: self._is_called, timeout=step.seconds)
            if workflow.info().is_continue_as_new_suggested():
                workflow.continue_as_new(task)

    @workflow.signal
    def advance_now(self) -> None:
        """Take the next step at once. No token comes with it, as it would stay in the history."""
        self._is_called = True


async def start(
    client: TemporalClient,
    pool: Client,
    links: Iterable[Link | str | UUID] | AsyncIterable[Link | str | UUID],
    *,
    job: str,
    task_queue: str,
) -> int:
    """Take links into a job, as `belvo_async.fleet.admit` does, and start a workflow for each.

    Start the same links again after a kill: a link that has ended is left out, and a link whose workflow
    runs keeps it.

    Args:
        client: That of Temporal.
        pool: Its backend keeps the job.
        links: Links and their ids, from any iterable or async iterable.
        job: The job's name.
        task_queue: That of the workers.

    Returns:
        For how many links a workflow runs.

    Raises:
        BelvoError: See `belvo_async.fleet.admit`.
        temporalio.service.RPCError: Temporal cannot be reached, or refuses.
    """
    return await _start_all(client, fleet.admit(pool, links, job=job), job, task_queue)


async def retry(
    client: TemporalClient,
    pool: Client,
    *,
    job: str,
    task_queue: str,
    states: Collection[str] = ("refused",),
) -> int:
    """Put links that have ended back to the start, as `belvo_async.fleet.retry` does, and start workflows.

    Returns:
        For how many links a workflow runs.

    Raises:
        BelvoError: See `belvo_async.fleet.retry`.
        temporalio.service.RPCError: As in `start`, which has to be called with the links then.
    """
    return await _start_all(client, fleet.retry(pool, job=job, states=states), job, task_queue)


async def answered(client: TemporalClient, *, job: str, link_id: str | UUID) -> bool:
    """Tell the workflow of a link that its challenge was answered, so that it collects the result at once.

    Call it after `belvo_async.fleet.advance` with the token. Without it, the workflow looks some time later.

    Returns:
        Whether the workflow runs; one that has ended has the result already.

    Raises:
        temporalio.service.RPCError: Temporal cannot be reached, or refuses.
    """
    handle = client.get_workflow_handle(_name_workflow(job, str(UUID(str(link_id)))))
    try:
        await handle.signal(UpdateLink.advance_now)
    except RPCError as error:
        if error.status is RPCStatusCode.NOT_FOUND:
            return False
        raise
    return True


async def _start_all(
    client: TemporalClient, batches: AsyncIterator[list[str]], job: str, task_queue: str
) -> int:
    slots, started = asyncio.Semaphore(_AT_ONCE), 0

    async def begin(link_id: str) -> None:
        async with slots:
            await client.start_workflow(
                UpdateLink.run,
                LinkTask(job=job, link_id=link_id),
                id=_name_workflow(job, link_id),
                task_queue=task_queue,
                id_conflict_policy=WorkflowIDConflictPolicy.USE_EXISTING,
                start_signal=UpdateLink.advance_now.__name__,
            )

    async for batch in batches:
        for problem in await asyncio.gather(*map(begin, batch), return_exceptions=True):
            if problem is not None:  # raised when all have ended: no call is left behind
                raise problem
        started += len(batch)
    return started


async def _beat() -> None:
    while True:
        activity.heartbeat()
        await asyncio.sleep(_HEARTBEAT.total_seconds() / 4)


def _name_workflow(job: str, link_id: str) -> str:
    return f"belvo_async/{job}/{link_id}"
