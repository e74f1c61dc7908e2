"""The job that retrieves data: each login brings the rows of one link."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import datetime
from typing import Final, cast

from belvo_async._client import Client
from belvo_async._engine.callers import TokenProvider
from belvo_async._engine.single_flight import WhenBusy
from belvo_async._jobs.job_recorder import JobRecorder
from belvo_async._jobs.job_task import JobTask
from belvo_async._jobs.outcomes import AnyOutcome, NotRetrieved, Retrieved, Unsettled
from belvo_async._jobs.output import Output
from belvo_async._jobs.records import Job
from belvo_async._jobs.retrieval_call import RetrievalCall
from belvo_async.backends import OutputEnd
from belvo_async.models import DataModel, Link


class RetrieveTask(JobTask):
    """Retrieves the data of links.

    Args:
        pool: Sends the logins.
        retrieval: What is retrieved.
        output: Where the rows are kept; None where they only go to whoever takes the outcomes.
    """

    refusal = NotRetrieved

    def __init__(self, pool: Client, retrieval: RetrievalCall, output: Output | None) -> None:
        self._pool: Final = pool
        self._retrieval: Final = retrieval
        self._output: Final = output
        self.collection = retrieval.collection
        self.purpose = retrieval.describe()

    async def log_in(self, job: Job, recorder: JobRecorder, when_busy: WhenBusy) -> Retrieved[DataModel]:
        """Retrieve the data of a link; see `JobTask`."""
        rows = await self._retrieval.run(job.link_id, recorder, when_busy)
        return Retrieved(link_id=job.link_id, rows=rows)

    async def answer(
        self, ticket: str, provide_token: TokenProvider, job: Job, recorder: JobRecorder
    ) -> Retrieved[DataModel]:
        """Answer a challenge; see `JobTask`."""
        rows = await self._pool.challenges.resume(ticket, provide_token=provide_token, recorder=recorder)
        if isinstance(rows, Link):
            raise TypeError("a challenge of a job that retrieves data was one of an update")
        return Retrieved(link_id=job.link_id, rows=cast("tuple[DataModel, ...]", rows))

    def find_result(self, link: Link) -> None:
        """Return None: the data are in the response."""

    def conclude(self, link: Link, sent_at: datetime | None) -> AnyOutcome:
        """Tell that the login has succeeded, and that its data are not here."""
        return Unsettled(link_id=link.id, error=self._retrieval.build_lost(link.id, sent_at))

    async def open(self, end: OutputEnd | None) -> None:
        """Open the output; see `JobTask`."""
        if self._output is not None:
            await self._output.open(end)

    async def close(self) -> None:
        """Close the output."""
        if self._output is not None:
            await self._output.close()

    async def deliver(self, outcome: AnyOutcome) -> None:
        """Hand the rows to a function; see `JobTask`."""
        if self._output is not None and isinstance(outcome, Retrieved):
            await self._output.deliver(outcome.link_id, outcome.rows)

    @asynccontextmanager
    async def keep(self, outcome: AnyOutcome) -> AsyncIterator[OutputEnd | None]:
        """Write the rows to the output; see `JobTask`."""
        if self._output is None or not isinstance(outcome, Retrieved):
            yield None
            return
        async with self._output.keep(outcome.link_id, outcome.rows) as end:
            yield end
