"""One request in, one response or typed error out: slot, throttle, send, retry."""

from collections.abc import Awaitable, Callable
from datetime import datetime, timedelta
from functools import partial
from typing import Final, TypeAlias, overload

from attrs import frozen

from belvo_async._answers import read_answer, read_refusal
from belvo_async._belvo_time import BelvoTime
from belvo_async._clock import Clock
from belvo_async._departure import Announce, Departure, Unproven, needs_status_check
from belvo_async._gate import Gate
from belvo_async._http import Request, Response
from belvo_async._instant import Instant
from belvo_async._models import Link
from belvo_async._observations import ExchangeEnded, PoolPaused
from belvo_async._observer import Observer, notify, wants_details
from belvo_async._refusals import is_rate_refusal, read_retry_after
from belvo_async._retry import Retrier
from belvo_async._slots import Slots
from belvo_async._throttle import Throttle
from belvo_async._transport import Transport
from belvo_async.errors import (
    AnswerLostError,
    BelvoError,
    OutcomeUnknownError,
)
from belvo_async.mfa import (
    Accepted,
    AwaitingToken,
    Event,
    Failed,
    IllegalTransitionError,
    MfaPolicy,
    Rejected,
    Submitting,
    advance,
    challenge_expired,
    token_required,
)

FindResult: TypeAlias = Callable[[Departure], Awaitable[Link | Unproven]]
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
_LONGEST_ANNOUNCEMENT: Final = 0.1
"""Seconds that a turn stays good while the login is announced; the margin of `RateLimit` covers them."""


@frozen(kw_only=True)
class Traffic:
    """What all requests of one pool share, whichever account they are for."""

    slots: Slots
    throttle: Throttle
    retrier: Retrier
    gate: Gate
    clock: Clock
    belvo_time: BelvoTime
    observer: Observer
    policy: MfaPolicy
    server: str
    """Its address, to tell the observer."""

    def now(self) -> Instant:
        """Return this moment by both clocks."""
        return Instant(self.clock.monotonic(), self.clock.wall())

    def find_wall(self, at: float) -> datetime:
        """Return a moment of the monotonic clock as a time of day, by this machine's clock."""
        return self.clock.wall() - timedelta(seconds=self.clock.monotonic() - at)

    def find_belvo_time(self, at: float | None) -> datetime:
        """Return a moment of the monotonic clock by Belvo's clock; None stands for this moment."""
        elapsed = 0.0 if at is None else self.clock.monotonic() - at
        return self.belvo_time.now() - timedelta(seconds=elapsed)


class Exchange:
    """Sends the requests of one account."""

    def __init__(self, transport: Transport, traffic: Traffic) -> None:
        self._transport: Final = transport
        self._traffic: Final = traffic

    async def fetch(self, request: Request, departure: Departure | None = None) -> Response:
        """Send a request that no status check can settle, and return its success.

        Raises:
            TokenRequiredError: The institution wants a token.
            BelvoError: It failed, after the repeats that the policy grants.
        """
        is_wanted = _is_awaited if departure is None else departure.is_wanted
        attempt = partial(self._fetch_once, request, departure)
        return await self._traffic.retrier.run(attempt, request, is_wanted=is_wanted)

    async def _fetch_once(self, request: Request, departure: Departure | None) -> Response:
        response = await self.send(request, departure)
        if response.is_success:
            if departure is not None:
                departure.settle()
            return response
        raise self._refuse(response, request, departure)

    def _refuse(self, response: Response, request: Request, departure: Departure | None) -> BelvoError:
        event = read_refusal(response, request, self._traffic.now())
        if departure is not None:
            departure.note(event)
        match advance(Submitting(), event, self._traffic.policy):
            case AwaitingToken() as state:
                if request.is_login:
                    return token_required(state, "this call has nobody to ask")
                return token_required(state, "this call takes no token", remedy=_RESUME_FIRST)
            case Failed(error=error):
                return error
            case state:
                raise IllegalTransitionError(f"A refusal led to {type(state).__name__}.")

    async def login(self, request: Request, departure: Departure, find_result: FindResult | None) -> Event:
        """Send a login, and return what became of it as an event of the machine.

        Where the response was lost or Belvo failed, *find_result* checks the link first; without it, nothing
        is repeated that may have reached the bank (design rule R4). *departure* tells afterwards, also after
        a cancellation, whether the login left and may still be running.
        """
        attempt = partial(self._login_once, request, departure, find_result)
        try:
            return await self._traffic.retrier.run(
                attempt, request, can_settle=find_result is not None, is_wanted=departure.is_wanted
            )
        except BelvoError as error:
            return Rejected(error)

    async def _login_once(
        self, request: Request, departure: Departure, find_result: FindResult | None
    ) -> Event:
        event = await self._hear(request, departure)
        if not isinstance(event, Rejected):
            return event
        if not needs_status_check(event.error):
            raise event.error
        finding = Unproven.NOT_SEEN if find_result is None else await find_result(departure)
        if isinstance(finding, Link):
            return Accepted(finding)
        if finding is Unproven.NO_SUCCESS and not departure.may_run:
            raise event.error
        # Of the last attempt: those before it have surely ended, and were seen to be no success.
        sent_at = self._traffic.find_belvo_time(departure.last)
        raise outcome_unknown(event.error.message, request.link_id, sent_at, event.error) from event.error

    async def _hear(self, request: Request, departure: Departure) -> Event:
        try:
            event = read_answer(await self.send(request, departure), request, self._traffic.now())
        except AnswerLostError as error:
            event = Rejected(error)
        departure.note(event)
        return event

    async def send(self, request: Request, departure: Departure | None = None) -> Response:
        """Send one request once, as soon as there is a slot and a turn; return any answer.

        Raises:
            TransportError: There was none.
            PoolClosedError: The pool closed before a login was sent.
        """
        slots, asked = self._traffic.slots, self._traffic.clock.monotonic()
        if request.is_urgent:
            async with slots.urgent:
                return await self._transmit(request, departure, asked)
        if request.institution is None:
            async with slots.total:
                return await self._transmit(request, departure, asked)
        async with slots.of(request.institution), slots.total:
            return await self._transmit(request, departure, asked)

    async def _transmit(self, request: Request, departure: Departure | None, asked: float) -> Response:
        announce = None if departure is None else departure.announce
        turn = await self._take_turn(request, announce)
        if turn is None:
            turn = await self._take_turn(request, None)
        try:
            response = await self._send_observed(request, departure, asked)
        except BaseException:
            self._traffic.throttle.dropped(turn)
            raise
        self._tell_throttle(response, turn)
        return response

    @overload
    async def _take_turn(self, request: Request, announce: None) -> int: ...
    @overload
    async def _take_turn(self, request: Request, announce: Announce | None) -> int | None: ...
    async def _take_turn(self, request: Request, announce: Announce | None) -> int | None:
        """Wait for a turn and announce the login; return None where that took longer than a turn lasts."""
        throttle, clock = self._traffic.throttle, self._traffic.clock
        turn = await throttle.turn(urgent=request.is_urgent)
        try:
            if request.is_login:
                self._check_login(request)
            if announce is None:
                return turn
            began = clock.monotonic()
            await announce()
            self._check_login(request)
        except BaseException:
            throttle.dropped(turn)
            raise
        if clock.monotonic() - began <= _LONGEST_ANNOUNCEMENT:
            return turn
        throttle.dropped(turn)
        return None

    async def _send_observed(self, request: Request, departure: Departure | None, asked: float) -> Response:
        started = self._traffic.clock.monotonic()
        depart = None if departure is None else partial(self._leave, request, departure)
        try:
            response = await self._transport.send(request, depart)
        except BaseException as error:
            self._report(request, asked, started, error=type(error).__name__)
            raise
        seconds = self._traffic.clock.monotonic() - started
        self._traffic.belvo_time.note(response, seconds, is_alone=request.travels_alone)
        self._report(request, asked, started, status=response.status)
        return response

    def _leave(self, request: Request, departure: Departure) -> None:
        """Let a login go, now that its connection stands."""
        self._check_login(request)
        departure.leave(self._traffic.clock.monotonic())

    def _check_login(self, request: Request) -> None:
        """Look once more, right before it leaves: the wait for a slot and a turn may have been long."""
        self._traffic.gate.check_open()
        if request.deadline is not None and self._traffic.clock.monotonic() >= request.deadline:
            raise challenge_expired(request.link_id, "the token waited too long to be sent, and was not")

    def _tell_throttle(self, response: Response, turn: int) -> None:
        if not is_rate_refusal(response):
            self._traffic.throttle.passed(turn)
            return
        retry_after = read_retry_after(response, self._traffic.clock.wall())
        seconds = self._traffic.throttle.refused(turn, retry_after)
        if seconds is not None:
            notify(self._traffic.observer, PoolPaused(status=response.status, seconds=seconds))

    def _report(
        self,
        request: Request,
        asked: float,
        started: float,
        *,
        status: int | None = None,
        error: str | None = None,
    ) -> None:
        if error is None and not wants_details(self._traffic.observer):
            return
        ended = ExchangeEnded(
            method=request.method,
            path=request.path,
            link_id=request.link_id,
            status=status,
            seconds=self._traffic.clock.monotonic() - started,
            waited=started - asked,
            server=self._traffic.server,
            error=error,
        )
        notify(self._traffic.observer, ended)


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
