"""Tells the observer of a login, from the call to its end."""

from typing import Final

from belvo_async._engine.context import EngineContext
from belvo_async.errors import BelvoError
from belvo_async.telemetry._events import LoginEnded, LoginOperation, LoginStarted
from belvo_async.telemetry._span import Span


class LoginSpan(Span):
    """Watches over one call that may log in."""

    def __init__(self, context: EngineContext, operation: LoginOperation, link_id: str | None) -> None:
        super().__init__(context.observer, context.clock)
        self.link_id = link_id
        self._operation: Final = operation

    def _tell_start(self) -> LoginStarted:
        return LoginStarted(operation=self._operation, link_id=self.link_id)

    def _tell_end(self, seconds: float, error: BaseException | None) -> LoginEnded:
        return LoginEnded(
            operation=self._operation,
            link_id=self.link_id,
            seconds=seconds,
            error=None if error is None else type(error).__name__,
            code=error.code if isinstance(error, BelvoError) else None,
        )
