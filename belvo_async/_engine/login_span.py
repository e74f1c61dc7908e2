"""Tells the observer of a login, from the call to its end."""

from types import TracebackType
from typing import Final, Self

from belvo_async._engine.context import EngineContext
from belvo_async.errors import BelvoError
from belvo_async.telemetry._events import LoginEnded, LoginOperation, LoginStarted
from belvo_async.telemetry._log import notify, wants_details


class LoginSpan:
    """Watches over one call, in the task that made it."""

    def __init__(self, context: EngineContext, operation: LoginOperation, link_id: str | None) -> None:
        self.link_id = link_id
        self._context: Final = context
        self._operation: Final = operation
        self._started: float | None = None

    def __enter__(self) -> Self:
        """Tell that it begins."""
        if wants_details(self._context.observer):
            self._started = self._context.clock.monotonic()
            notify(self._context.observer, LoginStarted(operation=self._operation, link_id=self.link_id))
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Tell how it ended."""
        if self._started is None:
            return
        ended = LoginEnded(
            operation=self._operation,
            link_id=self.link_id,
            seconds=self._context.clock.monotonic() - self._started,
            error=None if kind is None else kind.__name__,
            code=error.code if isinstance(error, BelvoError) else None,
        )
        notify(self._context.observer, ended)
