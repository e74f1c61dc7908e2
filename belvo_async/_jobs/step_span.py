"""Tells the observer of one step of a link, from the call of `fleet.advance` to its end."""

from types import TracebackType
from typing import Final, Self

from belvo_async._client import Client
from belvo_async.telemetry._events import StepEnded, StepResult, StepStarted
from belvo_async.telemetry._log import notify, wants_details


class StepSpan:
    """Watches over one call, in the task that made it."""

    def __init__(self, pool: Client, job: str, link_id: str) -> None:
        self.result: StepResult | None = None
        """What the step has come to; to be set where it does not raise."""
        self._pool: Final = pool
        self._job: Final = job
        self._link_id: Final = link_id
        self._started: float | None = None

    def __enter__(self) -> Self:
        """Tell that it begins."""
        if wants_details(self._pool.observer):
            self._started = self._pool.clock.monotonic()
            notify(self._pool.observer, StepStarted(job=self._job, link_id=self._link_id))
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Tell how it ended."""
        if self._started is None:
            return
        ended = StepEnded(
            job=self._job,
            link_id=self._link_id,
            seconds=self._pool.clock.monotonic() - self._started,
            result=self.result,
            error=None if kind is None else kind.__name__,
        )
        notify(self._pool.observer, ended)
