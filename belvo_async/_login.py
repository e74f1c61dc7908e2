"""The requests of one login of a link, from submitting it to answering its challenges."""

from collections.abc import Awaitable, Callable
from datetime import datetime
from typing import Protocol, runtime_checkable

from attrs import frozen

from belvo_async._claims import Claims
from belvo_async._exchange import Announce, Departure, Exchange, Traffic
from belvo_async._http import Request
from belvo_async._models import LinkUpdate
from belvo_async._requests import build_resume, build_update
from belvo_async._retry import NEVER_LEFT
from belvo_async._settle import Accesses, Settler
from belvo_async.errors import InvalidValueError
from belvo_async.mfa import (
    Accepted,
    AwaitingToken,
    Event,
    IllegalTransitionError,
    Rejected,
    ResumeRoute,
    Resuming,
    token_not_sent,
)


@runtime_checkable
class LoginRecorder(Protocol):
    """Writes down each step of one login before it happens, so that it is known after a crash.

    What these methods raise comes out of the call, and the step does not happen. A login that Belvo asks to
    repeat is announced each time. The requests of the pool wait meanwhile: be quick.
    """

    async def note_submission(self, at: datetime) -> None:
        """Take note that the login leaves now.

        Args:
            at: The time of day in UTC, by Belvo's clock as far as it is known: what `links.settle` wants.
        """
        ...

    async def note_challenge(self, state: AwaitingToken) -> None:
        """Take note of a challenge, before anybody is asked; `links.park` writes *state* as text."""
        ...

    async def note_answer(self, at: datetime) -> None:
        """Take note that the answer to a challenge leaves now, once and for all.

        Args:
            at: As for `note_submission`.
        """
        ...


def check_recorder(recorder: object) -> None:
    """Refuse what cannot record.

    Raises:
        InvalidValueError: It is neither None nor a `LoginRecorder`.
    """
    if recorder is not None and (isinstance(recorder, type) or not isinstance(recorder, LoginRecorder)):
        raise InvalidValueError.of(
            "recorder",
            f"is {type(recorder).__name__}, not a LoginRecorder",
            remedy="Pass an object with note_submission, note_challenge and note_answer.",
        )


@frozen(kw_only=True)
class LinkLogin:
    """One login, as the driver wants it."""

    exchange: Exchange
    traffic: Traffic
    claims: Claims
    accesses: Accesses
    request: Request | None
    """The login that starts it; None where only a parked challenge is known."""
    update: LinkUpdate | None = None
    """The credentials, where the token goes back with them (`ResumeRoute.PUT_LINK`)."""
    recorder: LoginRecorder | None = None

    @property
    def can_restart(self) -> bool:
        """Whether the login may be submitted once more: an update, without a token made beforehand."""
        return self.update is not None and self.update.token is None

    async def submit(self) -> Event:
        """Send the login."""
        if self.request is None:
            raise IllegalTransitionError("There is no login to submit, only a challenge to answer.")
        link_id = self.request.link_id
        settle = None if link_id is None else self._build_settler(link_id).settle
        departure = Departure()
        if self.recorder is not None:
            departure.announce = self._announce(self.recorder.note_submission)
        return self._note(await self.exchange.login(self.request, settle, departure))

    async def note_challenge(self, state: AwaitingToken) -> None:
        """Tell the recorder of a challenge."""
        if self.recorder is not None:
            await self.recorder.note_challenge(state)

    async def resume(self, state: Resuming) -> Event:
        """Send the answer to a challenge, once.

        Raises:
            ChallengeAnsweredError: It was sent already.
        """
        settler = self._build_settler(state.challenge.link_id)
        departure = Departure()
        if self.recorder is not None:
            departure.announce = self._announce(self.recorder.note_answer)
        self.claims.take(state)
        try:
            event = await self.exchange.login(self._build(state), settler.settle, departure)
        finally:
            if departure.at is None:
                self.claims.release(state)
        if isinstance(event, Rejected) and isinstance(event.error, NEVER_LEFT):
            return Rejected(token_not_sent(state, event.error))
        return self._note(event)

    def _announce(self, note: Callable[[datetime], Awaitable[None]]) -> Announce:
        return lambda: note(self.traffic.belvo_time.now())

    def _build_settler(self, link_id: str) -> Settler:
        return Settler(self.exchange, self.traffic, self.accesses, link_id)

    def _note(self, event: Event) -> Event:
        if isinstance(event, Accepted):
            self.accesses.note(event.link)
        return event

    def _build(self, state: Resuming) -> Request:
        if self.traffic.policy.resume_route is ResumeRoute.PUT_LINK and self.update is not None:
            return build_update(self.update, state)
        return build_resume(state)
