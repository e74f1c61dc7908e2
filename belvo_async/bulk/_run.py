"""One run of a job, as its user sees it."""

import asyncio
from types import TracebackType
from typing import Final, Generic, Self, cast

from typing_extensions import TypeVar

from belvo_async import Client
from belvo_async._event_loop import LoopBinding, end_all, finish, first_of, wait_until_done
from belvo_async._jobs.job_ledger import JobLedger
from belvo_async._jobs.job_task import JobTask
from belvo_async._jobs.options import JobOptions
from belvo_async._jobs.outcomes import AnyOutcome, Outcome
from belvo_async._jobs.report import JobReport
from belvo_async._jobs.source import Source
from belvo_async.backends import OutputEnd
from belvo_async.bulk._scheduler import Scheduler
from belvo_async.errors import BelvoError, JobError, UsageError

O_co = TypeVar("O_co", bound=AnyOutcome, covariant=True, default=Outcome)


class JobRun(Generic[O_co]):
    """One run of a job: an async context manager that owns its logins, and an iterator of outcomes.

    Made by `refresh` and `retrieve`. Leaving the block starts no more logins, gives those under way
    `close_grace` seconds, and leaves none running.
    """

    def __init__(
        self,
        pool: Client,
        source: Source,
        ledger: JobLedger,
        options: JobOptions,
        task: JobTask,
    ) -> None:
        self._pool: Final = pool
        self._ledger: Final = ledger
        self._options: Final = options
        self._source: Final = source
        self._link_task: Final = task
        self._binding: Final = LoopBinding("run", "with bulk.refresh(…) or bulk.retrieve(…)")
        self._scheduler: Scheduler | None = None
        self._task: asyncio.Task[None] | None = None
        self._closing: asyncio.Future[None] | None = None
        self._stopped: str | None = None
        self._is_failure_told = False

    async def __aenter__(self) -> Self:
        """Check the keys, open the ledger and begin.

        Raises:
            LedgerError: The ledger cannot be used.
            OutputError: The output cannot be used.
            AuthenticationError: The keys are wrong.
            BelvoError: Belvo cannot be reached.
        """
        self._binding.bind()
        if self._scheduler is not None:
            raise UsageError(
                "A run can be entered once.", remedy="Call bulk.refresh(…) or bulk.retrieve(…) again."
            )
        former = await self._ledger.open()
        try:
            scheduler = await self._prepare(None if former is None else former.output_end)
        except BaseException:
            await finish(self._link_task.close())
            await finish(self._ledger.close())
            raise
        self._scheduler = scheduler
        return self

    async def _prepare(self, output_end: OutputEnd | None) -> Scheduler:
        if not self._options.dry_run:
            await finish(self._link_task.open(output_end))
            await self._pool.ping()
        await self._ledger.begin(total=self._source.total)
        scheduler = Scheduler(self._pool, self._ledger, self._options, self._link_task, self._source)
        scheduler.statistics.take_over(await self._ledger.read_counts())
        interrupted = [] if self._options.dry_run else await self._ledger.find_interrupted()
        self._task = asyncio.create_task(scheduler.conduct(interrupted))
        return scheduler

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Stop, wait for the logins under way, and close the ledger."""
        scheduler = self._enter()
        await self.aclose()
        if error is None and scheduler.failure is not None and not self._is_failure_told:
            raise scheduler.failure

    async def aclose(self, grace: float | None = None) -> None:
        """Stop, and close the ledger. What has come about can still be taken. Calling it twice is fine.

        Args:
            grace: Seconds for the logins under way, by default `close_grace`; what is not done by then is cut
                off, and settled by the next run of the job.
        """
        scheduler = self._enter()
        seconds = self._options.limits.close_grace if grace is None else grace
        try:
            self.stop("it was closed before its end")
            await first_of(self._calm_down(), self._pool.clock.sleep(seconds))
        finally:
            if self._closing is None:
                self._closing = asyncio.ensure_future(self._close(scheduler))
            await wait_until_done([self._closing])
            self._closing.result()

    async def _calm_down(self) -> None:
        if self._task is not None:
            await asyncio.shield(self._task)

    async def _close(self, scheduler: Scheduler) -> None:
        await end_all([] if self._task is None else [self._task])
        try:
            await self._ledger.end_run(self.report.stopped)
        except JobError as error:
            scheduler.failure = scheduler.failure or error
        finally:
            await self._link_task.close()
            await self._ledger.close()

    def __aiter__(self) -> Self:
        """Iterate over the outcomes, in the order in which they come about."""
        return self

    async def __anext__(self) -> O_co:
        """Return the next outcome; it is in the ledger already.

        Raises:
            JobError: The run has stopped: the source failed, too many links failed, or the ledger did.
            BelvoError: The run has stopped: the keys are wrong, or the pool was closed.
        """
        scheduler = self._enter()
        outcome = await scheduler.take()
        if outcome is not None:
            return cast("O_co", outcome)  # which the task of the run makes
        if scheduler.failure is not None and not self._is_failure_told:
            self._is_failure_told = True
            raise scheduler.failure
        raise StopAsyncIteration

    async def finish(self) -> JobReport:
        """Run to the end, for whom the ledger and the report are enough; return the report.

        Raises:
            JobError: As for iterating.
        """
        async for _ in self:
            pass
        return self.report

    def stop(self, reason: str = "stopped on request") -> None:
        """Start no more logins. Those under way go on, open challenges are parked; then the outcomes end."""
        scheduler = self._enter()
        if not scheduler.is_stopping:
            self._stopped = reason
            scheduler.stop()

    @property
    def job(self) -> str:
        """The name of the job, by which a later run goes on with it."""
        return self._ledger.job.name

    @property
    def report(self) -> JobReport:
        """Where the job stands now."""
        scheduler = self._scheduler
        if scheduler is None:
            return JobReport(
                total=self._source.total, purpose=self._link_task.purpose, is_dry_run=self._options.dry_run
            )
        statistics = scheduler.statistics
        states = statistics.list_states()
        left = (
            None
            if self._source.total is None
            else self._source.total - statistics.repeated - statistics.skipped - statistics.ended
        )
        return JobReport(
            total=self._source.total,
            purpose=self._link_task.purpose,
            read=self._source.read,
            repeated=statistics.repeated,
            skipped=statistics.skipped,
            held_back=statistics.held_back,
            waiting=len(scheduler.queue) + statistics.planned,
            in_flight=scheduler.queue.running,
            asking=scheduler.worker.prompts.asking,
            settling=scheduler.settling,
            updated=states["updated"],
            retrieved=states["retrieved"],
            parked=states["parked"],
            refused=states["refused"],
            unsettled=states["unsettled"],
            rows=statistics.rows,
            by_institution=statistics.list_institutions(),
            by_code=statistics.list_codes(),
            elapsed=statistics.elapsed,
            rate=statistics.find_rate(),
            seconds_left=None if left is None else statistics.find_seconds_left(max(0, left)),
            next_expiry=statistics.find_next_expiry(),
            stopped=_tell_why(self._stopped, scheduler),
            is_dry_run=self._options.dry_run,
        )

    def _enter(self) -> Scheduler:
        if self._scheduler is None:
            raise UsageError(
                "The run has not begun.",
                remedy="Write: async with bulk.refresh(…) as run, then use run; bulk.retrieve(…) likewise.",
            )
        self._binding.check()
        return self._scheduler


def _tell_why(reason: str | None, scheduler: Scheduler) -> str | None:
    failure = scheduler.failure
    if failure is None:
        return None if scheduler.is_complete else reason
    return failure.message if isinstance(failure, BelvoError) else type(failure).__name__
