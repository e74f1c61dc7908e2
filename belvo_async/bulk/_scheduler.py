"""Runs a job: reads the source, starts logins as there is room, and hands out what becomes of them."""

import asyncio
from collections import deque
from collections.abc import Coroutine
from functools import partial
from typing import Final

from attrs import define, field

from belvo_async import Client
from belvo_async._event_loop import end_all, first_of
from belvo_async._jobs.doubt import add_answer, find_challenge, is_in_doubt
from belvo_async._jobs.job_ledger import JobLedger
from belvo_async._jobs.job_task import JobTask
from belvo_async._jobs.options import JobOptions
from belvo_async._jobs.outcomes import AnyOutcome, Parked, Unsettled, Updated, count_rows
from belvo_async._jobs.records import Job
from belvo_async._jobs.recovery import Recovery
from belvo_async._jobs.source import Source
from belvo_async._jobs.stop_rule import FailureCount
from belvo_async._jobs.worker import LinkWorker
from belvo_async.backends import LinkRow
from belvo_async.bulk._producer import Producer
from belvo_async.bulk._queue import FairQueue
from belvo_async.bulk._statistics import Statistics
from belvo_async.errors import BelvoError, OutputError, SourceError

_MOST_QUEUED: Final = 64
"""Logins that wait for their turn, or for their credentials: the others wait where the next is chosen."""


class Scheduler:
    """The tasks of one run.

    Args:
        pool: Does the logins.
        ledger: Open; told of each step before it happens.
        options: The settings of the run.
        task: What is done with a link.
        source: Where the links come from.
    """

    def __init__(
        self, pool: Client, ledger: JobLedger, options: JobOptions, task: JobTask, source: Source
    ) -> None:
        self._pool: Final = pool
        self._options: Final = options
        self._stopping: Final = asyncio.Event()
        self._changed: Final = asyncio.Event()
        self._arrived: Final = asyncio.Event()
        self._outcomes: Final[deque[AnyOutcome]] = deque()
        self._rows = 0
        """Of the outcomes that wait to be taken."""
        self._tasks: Final[set[asyncio.Task[None]]] = set()
        self._failure_count: Final = FailureCount(options.stop)
        self._feeder: asyncio.Task[None] | None = None
        self._has_ended = False
        self._was_cut = False
        """Whether something that had begun was given up."""
        limits = options.limits
        self.queue: Final = FairQueue(options.concurrency, limits.look_ahead, pool.clock)
        self.statistics: Final = Statistics(pool.clock, options.concurrency, pool.rate_limit)
        self._task: Final = task
        self.worker: Final = LinkWorker(pool, ledger.write, options, task, self._stopping)
        self._recovery: Final = Recovery(pool, self.worker, task, limits.login_limit, self._stopping)
        self._producer: Final = Producer(
            source,
            ledger,
            options,
            self.queue,
            self.statistics,
            task,
            is_crowded=self._is_crowded,
            on_wait=self._welcome,
        )
        self.failure: BaseException | None = None
        """Why the run stops before its end, where it is an error."""
        self.settling = 0
        """Interrupted logins that are being looked into."""

    @property
    def is_stopping(self) -> bool:
        """Whether no more logins are started."""
        return self._stopping.is_set()

    @property
    def is_complete(self) -> bool:
        """Whether the run has come to the end of its source, and of all that it had begun."""
        is_fed = self._feeder is not None and self._feeder.done() and not self._feeder.cancelled()
        return self._has_ended and is_fed and not self._was_cut and not len(self.queue)

    def stop(self) -> None:
        """Start no more logins, and leave open challenges open."""
        self._stopping.set()
        if self._feeder is not None:
            self._feeder.cancel()
        self._was_cut = self.worker.drop_not_begun() > 0 or self._was_cut
        self._stir()

    def fail(self, error: BaseException) -> None:
        """Stop because of an error, which the consumer is going to meet."""
        self.failure = self.failure or error
        self.stop()

    async def take(self) -> AnyOutcome | None:
        """Return the next outcome; None when there are no more."""
        while not self._outcomes:
            if self._has_ended:
                return None
            self._arrived.clear()
            await self._arrived.wait()
        outcome = self._outcomes.popleft()
        self._rows -= count_rows(outcome)
        self._stir()
        return outcome

    async def conduct(self, interrupted: list[LinkRow]) -> None:
        """Run the job to its end, or until it is stopped and what was under way has ended."""
        try:
            for record in interrupted:
                self._producer.interrupted.add(record.link_id)
                self._start_task(self._recover(record))
            self._feeder = asyncio.create_task(self._feed())
            self._feeder.add_done_callback(lambda _: self._stir())
            while not self._is_over():
                self._changed.clear()
                self._start_jobs()
                await self._wait_for_change()
        except Exception as error:  # noqa: BLE001 - the consumer meets it
            self.fail(error)
        finally:
            try:
                await self._clear()
            finally:
                self._has_ended = True
                self._arrived.set()

    async def _clear(self) -> None:
        self._was_cut = self._was_cut or bool(self._tasks)
        await end_all([*self._tasks, *([] if self._feeder is None else [self._feeder])])

    def _is_over(self) -> bool:
        if self._tasks:
            return False
        is_fed = self._feeder is None or self._feeder.done()
        return is_fed and (self.is_stopping or not len(self.queue))

    def _start_jobs(self) -> None:
        while not self.is_stopping and not self._is_crowded() and self.worker.queued < _MOST_QUEUED:
            job = self.queue.pick()
            if job is None:
                break
            self._start_task(self._serve(job))
        self._producer.stir()

    async def _wait_for_change(self) -> None:
        if self._is_over():
            return
        seconds = None if self.is_stopping else self.queue.find_next_start()
        if seconds is None:
            await self._changed.wait()
        else:
            await first_of(self._changed.wait(), self._pool.clock.sleep(seconds))

    def _stir(self) -> None:
        self._changed.set()
        self._producer.stir()

    def _is_crowded(self) -> bool:
        """Whether so many outcomes wait to be taken that nothing more is begun."""
        options = self._options
        return (
            len(self._outcomes) >= options.concurrency.total or self._rows >= options.limits.max_waiting_rows
        )

    def _welcome(self, job: Job) -> None:
        """A link waits; but maybe its institution rests, and has no room for it."""
        self._drop_excess(job.institution)
        self._changed.set()

    def _start_task(self, work: Coroutine[object, object, None]) -> None:
        task = asyncio.create_task(self._guard(work))
        self._tasks.add(task)
        task.add_done_callback(self._end_task)

    def _end_task(self, task: asyncio.Task[None]) -> None:
        self._tasks.discard(task)
        self._stir()

    async def _guard(self, work: Coroutine[object, object, None]) -> None:
        """Let no error of one link cut off the logins of others."""
        try:
            await work
        except Exception as error:  # noqa: BLE001 - the consumer meets it
            self.fail(error)

    async def _feed(self) -> None:
        """Read the source as far ahead as the queue goes; what it gave before it failed is finished."""
        try:
            await self._producer.read()
        except SourceError as error:
            self.failure = self.failure or error
        except Exception as error:  # noqa: BLE001 - the consumer meets it
            self.fail(error)

    async def _serve(self, job: Job) -> None:
        place = _Place(self.queue, self.statistics, job)
        try:
            outcome = await self.worker.serve(job, self._stir, partial(self._ask, place))
        finally:
            place.leave()
            self.statistics.forget(job.link_id)
        if outcome is None:
            self.statistics.hold_back()
            return
        if job.earlier is not None:
            self.statistics.take_back(job.earlier.state, job.earlier.institution, job.earlier.code)
        self.queue.judge(job.institution, outcome)
        self._drop_excess(job.institution)
        self._hand_out(outcome, job.institution)

    def _ask(self, place: "_Place | None", parked: Parked) -> None:
        """A person is being asked: another login may take the place, and the answer needs none."""
        self.statistics.watch(parked.expires_at, parked.link_id)
        if place is not None:
            place.leave()
            self._stir()

    async def _recover(self, record: LinkRow) -> None:
        parked = await find_challenge(self._pool, record, self._task.collection)
        record = add_answer(record, parked)
        outcome = await (self._settle(record) if is_in_doubt(record, parked) else self._go_on(record))
        if outcome is not None:
            self._hand_out(outcome, record.institution)

    async def _go_on(self, record: LinkRow) -> AnyOutcome:
        try:
            return await self.worker.go_on(record, partial(self._ask, None))
        finally:
            self.statistics.forget(record.link_id)

    async def _settle(self, record: LinkRow) -> AnyOutcome | None:
        self.settling += 1
        try:
            return await self._recovery.settle(record)
        finally:
            self.settling -= 1

    def _drop_excess(self, institution: str | None) -> None:
        for job, error in self.queue.drop_excess(institution):
            self._start_task(self._give_up(job, error))

    async def _give_up(self, job: Job, error: BelvoError) -> None:
        """Leave a link without a login, as its institution does not work."""
        outcome = self.worker.failures.refuse(job.link_id, error)
        await self.worker.end(job.row, outcome)
        self._hand_out(outcome, job.institution)

    def _hand_out(self, outcome: AnyOutcome, institution: str | None) -> None:
        if isinstance(outcome, Updated):
            institution = outcome.link.institution or institution
        code = self.statistics.count(outcome, institution)
        self._outcomes.append(outcome)
        self._rows += count_rows(outcome)
        self._arrived.set()
        why: BelvoError | None = self._failure_count.note(outcome, code)
        if isinstance(outcome, Unsettled) and isinstance(outcome.error, OutputError):
            why = outcome.error  # the next one would meet it too
        if why is not None:
            self.fail(why)


@define
class _Place:
    """The room that one login takes, until it ends or its person is asked."""

    _queue: FairQueue
    _statistics: Statistics
    _job: Job
    _began: float = field(init=False)
    _is_left: bool = False

    def __attrs_post_init__(self) -> None:
        self._began = self._statistics.elapsed

    def leave(self) -> None:
        """Give it to another login; once is enough."""
        if not self._is_left:
            self._is_left = True
            self._statistics.time(self._statistics.elapsed - self._began)
            self._queue.leave(self._job)
