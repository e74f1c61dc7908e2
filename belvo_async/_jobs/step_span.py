"""Tells the observer of one step of a link, from the call of `fleet.advance` to its end."""

from typing import Final

from belvo_async._client import Client
from belvo_async.telemetry._events import StepEnded, StepResult, StepStarted
from belvo_async.telemetry._span import Span


class StepSpan(Span):
    """Watches over one step."""

    def __init__(self, pool: Client, job: str, link_id: str) -> None:
        super().__init__(pool.observer, pool.clock)
        self.result: StepResult | None = None
        """What the step has come to; to be set where it does not raise."""
        self._job: Final = job
        self._link_id: Final = link_id

    def _tell_start(self) -> StepStarted:
        return StepStarted(job=self._job, link_id=self._link_id)

    def _tell_end(self, seconds: float, error: BaseException | None) -> StepEnded:
        return StepEnded(
            job=self._job,
            link_id=self._link_id,
            seconds=seconds,
            result=self.result,
            error=None if error is None else type(error).__name__,
        )
