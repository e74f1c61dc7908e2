"""The requests of one login, from submitting it to answering its challenges, whatever it is to give."""

from collections.abc import Awaitable, Callable
from datetime import datetime
from functools import partial
from typing import Generic, TypeAlias, TypeVar

from attrs import Factory, define, evolve, field

from belvo_async._engine.callers import Callers
from belvo_async._engine.context import EngineContext
from belvo_async._engine.exchange import Exchange, ReadResult
from belvo_async._engine.known_links import KnownLinks
from belvo_async._engine.link_lock import Departing, LinkHold
from belvo_async._engine.parked_challenges import ParkedChallenges, Superseding, parked_already
from belvo_async._engine.recorder import LoginRecorder
from belvo_async._engine.send_record import SendRecord, Unproven
from belvo_async._engine.sent_tokens import SentTokens
from belvo_async._engine.server_clock import ServerClock
from belvo_async._engine.status_check import SeenAccesses, StatusCheck
from belvo_async._http import Repeat, Request
from belvo_async._transport.failures import NEVER_LEFT
from belvo_async._wire.requests import build_resume, build_update
from belvo_async.backends._lease import LOGIN_LIMIT
from belvo_async.errors import BelvoError, TokenRequiredError
from belvo_async.mfa import (
    Accepted,
    Event,
    IllegalTransitionError,
    Rejected,
    ResumeRoute,
    Resuming,
    challenge_expired,
    token_not_sent,
    token_required,
)
from belvo_async.models import AwaitingToken, Link
from belvo_async.params import LinkUpdate

T = TypeVar("T")
FindInLink: TypeAlias = Callable[[Link, datetime], T]
"""Takes a link that shows a success, and when its login left, by Belvo's clock."""


def _begin(login: "Operation[T]") -> SendRecord:
    return SendRecord(is_wanted=login.callers.__bool__)


def _list_secrets(login: "Operation[T]") -> tuple[str, ...]:
    return () if login.request is None else login.request.secrets


@define(kw_only=True)
class Operation(Generic[T]):
    """One login, as the runner wants it."""

    exchange: Exchange
    context: EngineContext
    sent_tokens: SentTokens
    parked: ParkedChallenges
    accesses: SeenAccesses
    links: KnownLinks
    callers: Callers
    request: Request | None
    """The login that starts it; None where only a parked challenge is known."""
    read: ReadResult[T]
    """Reads the result out of a success."""
    find: FindInLink[T]
    """Returns the result of a login whose success the link alone shows, or raises why there is none."""
    is_shown: bool = True
    """Whether the link shows how the login that starts it has ended."""
    supersedes_as: Superseding = Superseding.LINK_UPDATED
    """Why its success ends the open challenges of the link."""
    update: LinkUpdate | None = None
    """The credentials, where the token goes back with them (`ResumeRoute.PUT_LINK`)."""
    recorder: LoginRecorder | None = None
    max_wait: float | None = None
    """Seconds that each of its requests may wait for the rate limit."""
    departure: SendRecord = field(init=False, default=Factory(_begin, takes_self=True))
    """The departures of the newest request."""
    link_id: str | None
    """The link; None for a registration that was not challenged yet."""

    secrets: tuple[str, ...] = field(init=False, repr=False, default=Factory(_list_secrets, takes_self=True))
    """What it was given, and each token that it has sent: any response to it, or about it, may echo them."""

    hold: LinkHold | None = field(default=None, init=False)
    """What keeps other logins away, from when it runs."""
    asked_until: float | None = field(default=None, init=False)
    """Until when its person may be asked, by the monotonic clock."""

    @property
    def can_restart(self) -> bool:
        """Whether the login may be submitted once more: an update, without a token made beforehand."""
        return self.update is not None and self.update.token is None

    async def submit(self) -> Event[T]:
        """Send the login."""
        if self.request is None:
            raise IllegalTransitionError("There is no login to submit, only a challenge to answer.")
        note = None if self.recorder is None else self.recorder.note_submission
        try:
            return await self._send(self.request, note, is_shown=self.is_shown)
        finally:
            self._note_start()

    def _note_start(self) -> None:
        """Note that a login has begun, if it has: the sessions of those before it are over."""
        if self.link_id is not None and self.departure.first is not None:
            self.sent_tokens.replace(self.link_id, self.context.now().find_wall(self.departure.first))

    def _note_link(self, state: AwaitingToken) -> None:
        self.link_id = state.challenge.link_id
        if self.request is not None:
            self.links.note_institution(self.link_id, self.request.institution)

    async def note_challenge(self, state: AwaitingToken) -> None:
        """Tell the recorder of a challenge.

        Raises:
            ChallengeAnsweredError: It was answered already, so nobody is asked.
        """
        if self.departure.last is None:  # else it is the newest there is: it came in return for what left
            self.sent_tokens.check(state)
        self._note_link(state)
        self.asked_until = state.deadline
        if self.recorder is not None:
            await self.recorder.note_challenge(state)

    async def leave_challenge(self, state: AwaitingToken) -> TokenRequiredError:
        """Take note of a challenge that nobody waits for; park it where the policy says so.

        Raises:
            ChallengeStoreError: It could not be kept.
        """
        self._note_link(state)
        if not self.context.policy.park_abandoned:
            return token_required(state, "nobody waits for it any more")
        return parked_already(state, await self.parked.park(state))

    async def resume(self, state: Resuming) -> Event[T]:
        """Send the token of a challenge, once.

        Raises:
            ChallengeAnsweredError: One was sent already.
        """
        note = None if self.recorder is None else self.recorder.note_answer
        request = self._build(state)
        self.sent_tokens.take(state)
        try:
            event = await self._send(request, note)
        finally:
            if self.departure.last is None:
                self.sent_tokens.release(state)
        if isinstance(event, Rejected) and isinstance(event.error, NEVER_LEFT):
            return Rejected(token_not_sent(state, event.error))
        return event

    def find_seconds_left(self) -> float:
        """Return after how many seconds it has ended at the latest, if no further challenge comes."""
        now = self.context.clock.monotonic()
        if self.departure.may_run:
            return self.departure.find_seconds_left(now)
        asking = 0.0 if self.asked_until is None else max(0.0, self.asked_until - now)
        return asking + LOGIN_LIMIT

    async def wait_until_over(self) -> T | None:
        """Wait until the login has surely ended; return its result if the link shows it.

        Raises:
            PoolClosedError: The pool closes.
        """
        link_id = self.link_id
        if link_id is not None:
            link = await self._build_check(link_id).wait_until_over(self.departure)
            return None if link is None else await self._find_late(link)
        await self.context.lifecycle.nap(self.departure.find_seconds_left(self.context.clock.monotonic()))
        return None

    async def _send(
        self,
        request: Request,
        note: Callable[[datetime], Awaitable[None]] | None,
        *,
        is_shown: bool = True,
    ) -> Event[T]:
        self.departure = SendRecord(
            announce=None if note is None else partial(_announce, note, self.context.server_clock),
            depart=None
            if self.hold is None
            else partial(_depart, self.hold, request.link_id, is_answer=request.repeat is Repeat.TOKEN),
            is_wanted=self.callers.__bool__,
        )
        self.secrets = tuple(dict.fromkeys((*self.secrets, *request.secrets)))
        request = evolve(request, max_wait=self.max_wait, secrets=self.secrets)
        if request.link_id is not None:
            self.accesses.begin(request.link_id)
        find_result = partial(self._find_result, request.link_id) if is_shown else None
        event = await self.exchange.login(request, self.departure, self.read, find_result)
        if isinstance(event, Accepted):
            await self._note_success(event.result)
        return event

    async def _note_success(self, result: T) -> None:
        if isinstance(result, Link):
            await self._remember(result)
        elif self.is_shown and self.link_id is not None:
            await self.parked.end_open(self.link_id, self.supersedes_as)

    async def _find_result(self, link_id: str | None, departure: SendRecord) -> T | Unproven:
        if link_id is None:  # a registration: there is no link yet to look at
            return Unproven.NOT_SEEN
        finding = await self._build_check(link_id).find_result(departure)
        if isinstance(finding, Unproven):
            return finding
        await self._remember(finding)
        return self._find_in(finding)

    async def _find_late(self, link: Link) -> T | None:
        await self._remember(link)
        try:
            return self._find_in(link) if self.is_shown else None
        except BelvoError:  # the login has succeeded, and what it gave is lost
            return None

    def _find_in(self, link: Link) -> T:
        return self.find(link, self.context.find_belvo_time(self.departure.last))

    def _build_check(self, link_id: str) -> StatusCheck:
        return StatusCheck(self.exchange, self.context, self.accesses, link_id, self.secrets)

    async def _remember(self, link: Link) -> None:
        self.link_id = link.id
        self.accesses.note(link, is_told=bool(self.callers), login_at=self.departure.announced_at)
        self.links.note(link)
        await self.parked.end_open(link.id, self.supersedes_as)

    def _build(self, state: Resuming) -> Request:
        if self.context.policy.resume_route is ResumeRoute.PUT_LINK and self.update is not None:
            return build_update(self.update, state)
        return build_resume(state)


# No methods: a departure that knew its login would keep the credentials in memory until the next collection.
async def _announce(note: Callable[[datetime], Awaitable[None]], server_clock: ServerClock) -> datetime:
    at = server_clock.now()
    await note(at)
    return at


async def _depart(hold: LinkHold, link_id: str | None, *, is_answer: bool) -> bool:
    """Tell other processes that a request leaves; return whether it may go at once.

    Raises:
        ChallengeExpiredError: Another process has logged in since the challenge, which is void now.
        CoordinatorError: They could not be told.
    """
    departing = await hold.send(link_id)
    if departing is Departing.OVERTAKEN and is_answer:
        raise challenge_expired(link_id, "another process has logged in, and no token was sent")
    return departing is Departing.AT_ONCE
