"""One request in, one response or typed error out: slot, limiter, send, retry."""

from collections.abc import Awaitable, Callable
from datetime import datetime
from functools import partial
from typing import Any, Final, TypeAlias, TypeVar

from belvo_async._engine.context import EngineContext, find_priority
from belvo_async._engine.priority import Priority
from belvo_async._engine.request_start import RequestStart
from belvo_async._engine.send_record import SendRecord, Unproven, needs_status_check
from belvo_async._http import Request, Response
from belvo_async._transport.transport import Transport
from belvo_async._wire.error_bodies import is_rate_refusal, read_retry_after
from belvo_async._wire.responses import read_refusal, read_response
from belvo_async.errors import (
    BelvoError,
    OutcomeUnknownError,
    ResponseLostError,
)
from belvo_async.mfa import (
    Accepted,
    Event,
    Failed,
    IllegalTransitionError,
    Rejected,
    State,
    Submitting,
    advance,
    token_required,
)
from belvo_async.models import AwaitingToken
from belvo_async.telemetry._events import ExchangeEnded, PoolPaused
from belvo_async.telemetry._log import notify, wants_details

T = TypeVar("T")
ReadResult: TypeAlias = Callable[[Response, Request], T]
"""Reads what a login has given out of its response."""
FindResult: TypeAlias = Callable[[SendRecord], Awaitable[T | Unproven]]
"""Reads the link after a login whose response does not tell how it ended."""
_SETTLE: Final = (
    "A second login could lock the user's account. Wait until it has ended, at most five and a half minutes, "
    "then settle it: link = await pool.links.settle(error.link_id, since=error.sent_at)"
)
_FIND: Final = (
    "A second login could lock the user's account. Wait until it has ended, at most five and a half minutes, "
    "then look for the link: "
    "links = [link async for link in pool.links.list(created_at__gte=error.sent_at.date())]"
)
_RESUME_FIRST: Final = (
    "Answer it with links.resume(error.state, token), or park `error.state` with challenges.park(); "
    "then make this call again."
)


class Exchange:
    """Sends the requests of one account."""

    def __init__(self, transport: Transport, context: EngineContext) -> None:
        self._transport: Final = transport
        self._context: Final = context

    async def fetch(self, request: Request) -> Response:
        """Send a request that logs in nowhere, and return its success.

        Raises:
            TokenRequiredError: The institution wants a token.
            BelvoError: It failed, after the repeats that the policy grants.
        """
        attempt = partial(self._fetch_once, request)
        return await self._context.retrier.run(
            attempt, request, find_priority(request), is_wanted=_is_awaited
        )

    async def _fetch_once(self, request: Request) -> Response:
        response = await self.send(request)
        if response.is_success:
            return response
        raise self._refuse(response, request)

    def _refuse(self, response: Response, request: Request) -> BelvoError:
        event = read_refusal(response, request, self._context.now())
        state: State[Any] = advance(Submitting(), event, self._context.policy)  # Any: nothing has succeeded
        match state:
            case AwaitingToken():
                return token_required(state, "this call takes no token", remedy=_RESUME_FIRST)
            case Failed(error=error):
                return error
            case _:
                raise IllegalTransitionError(f"A refusal led to {type(state).__name__}.")

    async def login(
        self,
        request: Request,
        departure: SendRecord,
        read: ReadResult[T],
        find_result: FindResult[T] | None,
    ) -> Event[T]:
        """Send a login, and return what became of it as an event of the machine.

        Where the response was lost or Belvo failed, *find_result* checks the link first (rule: Status
        checks); None where what Belvo was asked is no login yet, and the failure itself is told. *departure*
        tells afterwards, also after a cancellation, whether the login left and may still be running.
        """
        attempt = partial(self._login_once, request, departure, read, find_result)
        try:
            return await self._context.retrier.run(
                attempt,
                request,
                find_priority(request),
                can_settle=find_result is not None,
                is_wanted=departure.is_wanted,
            )
        except BelvoError as error:
            return Rejected(error)

    async def _login_once(
        self,
        request: Request,
        departure: SendRecord,
        read: ReadResult[T],
        find_result: FindResult[T] | None,
    ) -> Event[T]:
        event = await self._hear(request, departure, read)
        if not isinstance(event, Rejected):
            return event
        if find_result is None or not needs_status_check(event.error):
            raise event.error
        finding = await find_result(departure)
        if not isinstance(finding, Unproven):
            return Accepted(finding)
        if finding is Unproven.NO_SUCCESS and not departure.may_run:
            raise event.error
        # Of the last attempt: those before it have surely ended, and were seen to be no success.
        sent_at = self._context.find_belvo_time(departure.last)
        raise outcome_unknown(event.error.message, request.link_id, sent_at, event.error) from event.error

    async def _hear(self, request: Request, departure: SendRecord, read: ReadResult[T]) -> Event[T]:
        event: Event[T]
        try:
            event = read_response(await self.send(request, departure), request, self._context.now(), read)
        except ResponseLostError as error:
            event = Rejected(error)
        departure.note(event)
        return event

    async def send(self, request: Request, departure: SendRecord | None = None) -> Response:
        """Send one request once, as soon as there is a slot and a turn; return any response.

        Raises:
            TransportError: There was none.
            PoolBusyError: The limits would let it leave too late.
            PoolClosedError: The pool closed before a login was sent.
        """
        limits, priority = self._context.limits, find_priority(request)
        asked = self._context.clock.monotonic()
        async with limits.of(priority, request.institution), limits.room(priority):
            return await self._transmit(request, departure, priority, asked)

    async def _transmit(
        self, request: Request, departure: SendRecord | None, priority: Priority, asked: float
    ) -> Response:
        context = self._context
        start = await RequestStart(request, departure, context).admit(priority)
        try:
            response = await self._transport.send(request, start)
        except BaseException as error:
            start.give_up()
            self._report(request, asked, start.left_at, error=type(error).__name__)
            raise
        left_at = asked if start.left_at is None else start.left_at
        seconds = context.clock.monotonic() - left_at
        context.server_clock.note(response, seconds, is_alone=request.travels_alone)
        self._report(request, asked, left_at, status=response.status)
        await self._tell_limits(response, start)
        return response

    async def _tell_limits(self, response: Response, start: RequestStart) -> None:
        if not is_rate_refusal(response):
            start.passed()
            return
        retry_after = read_retry_after(response, self._context.clock.wall())
        seconds = await start.refused(response.status, retry_after)
        if seconds is not None:
            notify(self._context.observer, PoolPaused(status=response.status, seconds=seconds))

    def _report(
        self,
        request: Request,
        asked: float,
        left_at: float | None,
        *,
        status: int | None = None,
        error: str | None = None,
    ) -> None:
        if error is None and not wants_details(self._context.observer):
            return
        now = self._context.clock.monotonic()
        left_at = now if left_at is None else left_at
        ended = ExchangeEnded(
            method=request.method,
            path=request.path,
            link_id=request.link_id,
            status=status,
            seconds=now - left_at,
            waited=left_at - asked,
            server=self._context.server,
            error=error,
        )
        notify(self._context.observer, ended)


def _is_awaited() -> bool:
    """Whether a read is still wanted: whoever leaves cancels it."""
    return True


def outcome_unknown(
    why: str, link_id: str | None, sent_at: datetime, error: BelvoError | None = None
) -> OutcomeUnknownError:
    """Build the error of a login that may have succeeded."""
    return OutcomeUnknownError(
        f"It is not known whether the login succeeded: {why}",
        remedy=_SETTLE if link_id is not None else _FIND,
        status=None if error is None else error.status,
        details=() if error is None else error.details,
        link_id=link_id,
        sent_at=sent_at,
    )
