"""Fleet jobs on the task queue procrastinate, in PostgreSQL. Needs the extra `procrastinate`."""

import asyncio
import logging
from collections.abc import AsyncIterable, AsyncIterator, Awaitable, Callable, Collection, Iterable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from inspect import isawaitable
from types import TracebackType
from typing import Final, Self, TypeAlias, Unpack
from uuid import UUID

from belvo_async import Client, Link, check_client, fleet
from belvo_async.bulk import CredentialsProvider, JobLimits
from belvo_async.contrib._next_check import find_next_check
from belvo_async.errors import BackendError, ConfigurationError, InvalidValueError, NotSentError

try:
    from procrastinate import App, BaseRetryStrategy, JobContext, RetryDecision
    from procrastinate.app import WorkerOptions
    from procrastinate.exceptions import ConnectorException
    from procrastinate.jobs import Job
    from procrastinate.types import JSONDict
except ImportError as missing:
    raise ImportError(
        'This needs procrastinate: run `pip install "belvo-async[procrastinate]"`.'
    ) from missing

__all__ = ["ChallengeCallback", "FleetTasks"]

ChallengeCallback: TypeAlias = Callable[[fleet.NeedsToken], Awaitable[None] | None]
"""Tells the person who has the token. It is called on the event loop: a plain function must not block it."""

_Links: TypeAlias = Iterable[Link | UUID | str] | AsyncIterable[Link | UUID | str]

_LOG: Final = logging.getLogger("belvo_async.contrib.procrastinate")
_POOL: Final = "belvo_async.pool"
"""The key of the pool in what procrastinate hands to each task of a worker."""
_STALLED: Final = 30.0
"""Seconds without a heartbeat after which procrastinate takes a worker for dead, unless told otherwise."""
_LARGEST_ERROR: Final = 60.0
"""Seconds that the clock of a worker may be off."""
_CHECKS_FIRST: Final = 1
"""Priority of a link that has begun: above those that wait for their first login."""
_OTHER_SCHEMA: Final = frozenset({"42P01", "42703", "42704", "42883"})
"""What PostgreSQL says (SQLSTATE) where a table, a column, a type or a function is missing."""
_SHORTEST_BACKOFF: Final = 4
_LONGEST_BACKOFF: Final = 600
"""Seconds before a task that has raised is tried again."""


class FleetTasks:
    """Carries out fleet jobs on an app of procrastinate: make one beside your app, where your tasks are.

    Each link of a job is a task, which calls `fleet.advance`. What has to wait, for a person or for another
    login, is put back into the queue with the time of its next check, and takes no place at a worker. A task
    that raises is tried again after 4 s, 8 s and so on, then every ten minutes, until it does not: no link
    leaves the queue before it has ended.

    It is a `fleet.TaskQueue`: `async with` opens the app and closes it, in place of its own `open_async`.

    A task consists of the job's name, the link's id, and when its last challenge came. No password and no
    token is in the queue.

    Args:
        app: Your app, whose connector leads to PostgreSQL.
        credentials: Looks up the credentials of a link, right before its login.
        retrieval: In place of *credentials*: what is retrieved of each link, and where it goes.
        on_challenge: Tells the person who has the token, once for each challenge; again where its worker died
            right then, or where it raised, or where the link was enqueued twice.
        queue: The queue of the tasks, and the beginning of their name. Two sets of keys need two of them.
        login_limit: Seconds that a login may run (Belvo error article: 408 after five minutes).

    Raises:
        InvalidValueError: A callback cannot be called.
        ConfigurationError: *login_limit* is no number of seconds, or *credentials* and *retrieval* are both
            given, or neither.
    """

    def __init__(
        self,
        app: App,
        *,
        credentials: CredentialsProvider | None = None,
        retrieval: fleet.Retrieval | None = None,
        on_challenge: ChallengeCallback,
        queue: str = "belvo",
        login_limit: float = JobLimits().login_limit,
    ) -> None:
        if (credentials is None) is (retrieval is None):
            raise ConfigurationError(
                "A link is either updated or retrieved.",
                remedy="Pass credentials= or retrieval=, and not both.",
            )
        if credentials is not None:
            _check_callable("credentials", credentials)
        _check_callable("on_challenge", on_challenge)
        self._app: Final = app
        self._credentials: Final = credentials
        self._retrieval: Final = retrieval
        self._on_challenge: Final = on_challenge
        self._queue: Final = queue
        self._login_limit: Final = JobLimits(login_limit=login_limit).login_limit
        register = app.task(name=f"{queue}.advance", queue=queue, pass_context=True, retry=_Backoff())
        self._task: Final = register(self._advance)

    async def __aenter__(self) -> Self:
        """Open the app.

        Raises:
            BackendError: PostgreSQL cannot be reached.
            ConfigurationError: It has no tables of procrastinate.
        """
        with _telling_failures():
            await self._app.open_async()
            try:
                has_tables = await self._app.check_connection_async()
            except BaseException:
                await self._app.close_async()
                raise
        if not has_tables:
            await self._app.close_async()
            raise ConfigurationError(
                "The database has no tables of procrastinate.",
                remedy="Make them, in the folder of your module: "
                "PYTHONPATH=. procrastinate --app=<module>.<app> schema --apply",
            )
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None, /
    ) -> None:
        """Close the app."""
        await self._app.close_async()

    async def enqueue(self, pool: Client, links: _Links, *, job: str) -> int:
        """Take links into a job and into the queue, and return how many; those that have ended are left out.

        After a kill, call it again with the same links: those that had not reached the queue reach it now. It
        does no harm that others are in it twice. Their ids decide on the order of a thousand of them at a
        time, so that the institutions mix.

        Raises:
            ConfigurationError: The backend keeps no jobs.
            InvalidValueError: An argument is wrong.
            SourceError: *links* raised, or gave something that is no link.
            LedgerError: The backend cannot be used.
            BackendError: PostgreSQL cannot be reached.
        """
        return await self._defer(fleet.admit(pool, links, job=job, retrieval=self._retrieval), job)

    async def retry(self, pool: Client, *, job: str, states: Collection[str] = ("refused",)) -> int:
        """Put links of a job that have ended back to the start and into the queue; return how many.

        Which those are is said at `fleet.retry`. After a kill, `enqueue` finds those that are back at the
        start and have not reached the queue.

        Raises:
            ConfigurationError: The backend keeps no jobs, or *states* has others than refused and unsettled.
            LedgerError: The backend cannot be used.
            AuthenticationError: The keys are wrong.
            BackendError: PostgreSQL cannot be reached.
        """
        found = fleet.retry(pool, job=job, states=states, login_limit=self._login_limit)
        return await self._defer(found, job)

    async def _defer(self, batches: AsyncIterator[list[str]], job: str) -> int:
        number = 0
        async for batch in batches:
            tasks: list[JSONDict] = [{"job": job, "link_id": link_id} for link_id in sorted(batch)]
            with _telling_failures():
                await self._task.batch_defer_async(*tasks)
            number += len(batch)
        return number

    async def run_worker(self, pool: Client, **options: Unpack[WorkerOptions]) -> None:
        """Run a worker for these tasks until it is stopped by a signal, or this call is cancelled.

        It also puts the tasks of workers that have died back into the queue: those whose last heartbeat is
        `stalled_worker_timeout` old (30 s, unless told otherwise). One that was only asleep does no harm when
        it wakes up.

        Args:
            pool: Does the logins; its backend keeps the jobs.
            options: Those of `procrastinate.App.run_worker_async`. Other than there, the default is to do as
                many tasks at once as the pool does requests, to serve no other queue, and to delete the tasks
                that are done.

        Raises:
            BackendError: PostgreSQL cannot be reached; or the worker was asleep for so long that
                procrastinate has forgotten it. Start it anew.
            ConfigurationError: The tables are of another version of procrastinate; or the clock of this
                machine is a minute off.
            AuthenticationError: The keys are wrong.
        """
        check_client(pool)
        await _check_keys_and_clock(pool)
        worker = WorkerOptions(
            queues=[self._queue], concurrency=pool.concurrency.total, delete_jobs="successful"
        )
        worker |= self._app.worker_defaults | options
        worker["additional_context"] = {**worker.get("additional_context", {}), _POOL: pool}
        rescue = asyncio.create_task(self._take_over(worker.get("stalled_worker_timeout", _STALLED)))
        try:
            with _telling_failures():
                await self._app.run_worker_async(**worker)
        finally:
            rescue.cancel()
            await asyncio.wait([rescue])

    async def _take_over(self, stalled_after: float) -> None:
        """Put the tasks of workers that have died back into the queue, again and again."""
        tasks = self._app.job_manager
        while True:
            await asyncio.sleep(stalled_after / 2)  # by the clock of procrastinate's heartbeats
            try:
                for stalled in await tasks.get_stalled_jobs(
                    queue=self._queue, seconds_since_heartbeat=stalled_after
                ):
                    await tasks.retry_job(stalled)
            except ConnectorException as error:  # another worker was first, or PostgreSQL cannot be reached
                _LOG.info("Tasks of dead workers were not taken over: %s. Next try soon.", error)

    async def _advance(self, context: JobContext, *, job: str, link_id: str, told: str | None = None) -> None:
        """Take one link a step, and put the next one into the queue.

        Args:
            context: Has the pool.
            job: The job's name.
            link_id: The link.
            told: When the challenge came that the person was told of.
        """
        pool = _find_pool(context)
        step = await fleet.advance(
            pool,
            job=job,
            link_id=link_id,
            credentials=self._credentials,
            retrieval=self._retrieval,
            login_limit=self._login_limit,
        )
        if isinstance(step, fleet.Ended):
            return
        if isinstance(step, fleet.NeedsToken):
            came = step.challenge.received_at.isoformat()
            if came != told:
                await self._tell(step)
            told, seconds = came, find_next_check(step, pool.clock.wall())
        else:
            seconds = step.seconds
        later = self._task.configure(
            schedule_at=pool.clock.wall() + timedelta(seconds=seconds), priority=_CHECKS_FIRST
        )
        await later.defer_async(job=job, link_id=link_id, told=told)

    async def _tell(self, needs: fleet.NeedsToken) -> None:
        waiting = self._on_challenge(needs)
        if isawaitable(waiting):
            await waiting


class _Backoff(BaseRetryStrategy):
    """Tries for ever, as a link that leaves the queue would be forgotten."""

    def get_retry_decision(self, *, exception: BaseException, job: Job) -> RetryDecision:  # noqa: ARG002 - whatever it is
        seconds = min(_SHORTEST_BACKOFF * 2 ** min(job.attempts, 10), _LONGEST_BACKOFF)
        return RetryDecision(retry_in={"seconds": seconds})


@contextmanager
def _telling_failures() -> Iterator[None]:
    """Turn what procrastinate's connector says into an error of this package."""
    try:
        yield
    except ConnectorException as error:
        if getattr(error.__cause__, "sqlstate", None) in _OTHER_SCHEMA:
            raise ConfigurationError(
                "The tables in the database are not those of this version of procrastinate.",
                remedy="Apply its migrations; they are in the folder that this names: "
                "procrastinate schema --migrations-path",
            ) from error
        raise BackendError(
            "The database of procrastinate cannot be used.",
            remedy="See that PostgreSQL runs, and that the app's connector has its address; start again.",
        ) from error


async def _check_keys_and_clock(pool: Client) -> None:
    """Refuse wrong keys, and a clock by which links would be looked at too late, or too early."""
    try:
        await pool.ping()
    except NotSentError as error:  # each task tries again
        _LOG.warning("Belvo cannot be reached now: %s", error.message)
        return
    ahead = (pool.clock.wall() - pool.server_time).total_seconds()
    if abs(ahead) > _LARGEST_ERROR:
        told = "ahead of" if ahead > 0 else "behind"
        raise ConfigurationError(
            f"The clock of this machine is {abs(ahead):.0f} s {told} Belvo's, and the queue goes by it.",
            remedy="Set the clock, by NTP for instance, and start the worker again.",
        )


def _find_pool(context: JobContext) -> Client:
    pool = context.additional_context.get(_POOL)
    if isinstance(pool, Client):
        return pool
    raise ConfigurationError(
        "The worker has no pool for the tasks of a fleet.",
        remedy="Start it with FleetTasks.run_worker(pool), or let it serve other queues.",
    )


def _check_callable(name: str, value: object) -> None:
    if not callable(value):
        raise InvalidValueError.of(
            name,
            f"is {type(value).__name__}, which cannot be called",
            remedy="Pass a function, without calling it.",
        )
