"""Tells an observer when something begins, and how it has ended."""

from abc import ABC, abstractmethod
from types import TracebackType
from typing import Final, Self

from belvo_async._clock import Clock
from belvo_async.telemetry._events import Observation
from belvo_async.telemetry._log import Observer, notify, wants_details


class Span(ABC):
    """Watches over one call, in the task that made it."""

    def __init__(self, observer: Observer, clock: Clock) -> None:
        self._observer: Final = observer
        self._clock: Final = clock
        self._started: float | None = None

    @abstractmethod
    def _tell_start(self) -> Observation: ...

    @abstractmethod
    def _tell_end(self, seconds: float, error: BaseException | None) -> Observation: ...

    def __enter__(self) -> Self:
        """Tell that it begins."""
        if wants_details(self._observer):
            self._started = self._clock.monotonic()
            notify(self._observer, self._tell_start())
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Tell how it ended."""
        if self._started is not None:
            notify(self._observer, self._tell_end(self._clock.monotonic() - self._started, error))
