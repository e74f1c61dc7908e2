"""The requests of one login of a link, from submitting it to answering its challenges."""

from attrs import frozen

from belvo_async._claims import Claims
from belvo_async._exchange import Departure, Exchange, Traffic
from belvo_async._http import Request
from belvo_async._models import LinkUpdate
from belvo_async._requests import build_resume, build_update
from belvo_async._retry import NEVER_LEFT
from belvo_async._settle import Accesses, Settler
from belvo_async.mfa import (
    Accepted,
    Event,
    IllegalTransitionError,
    Rejected,
    ResumeRoute,
    Resuming,
    token_not_sent,
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
        return self._note(await self.exchange.login(self.request, settle))

    async def resume(self, state: Resuming) -> Event:
        """Send the answer to a challenge, once.

        Raises:
            ChallengeAnsweredError: It was sent already.
        """
        settler = self._build_settler(state.challenge.link_id)
        departure = Departure()
        self.claims.take(state)
        try:
            event = await self.exchange.login(self._build(state), settler.settle, departure)
        finally:
            if departure.at is None:
                self.claims.release(state)
        if not (isinstance(event, Rejected) and isinstance(event.error, NEVER_LEFT)):
            return self._note(event)
        return Rejected(token_not_sent(state, event.error))

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
