"""The requests of one login of a link, from submitting it to answering its challenges."""

from typing import Final

from attrs import frozen

from belvo_async._claims import Claims
from belvo_async._exchange import Exchange, Traffic
from belvo_async._http import Request
from belvo_async._models import LinkUpdate
from belvo_async._requests import build_resume, build_update
from belvo_async._settle import Settler
from belvo_async.errors import NotSentError, PoolClosedError, UsageError
from belvo_async.mfa import Event, Rejected, ResumeRoute, Resuming, token_not_sent

_NEVER_LEFT: Final = (NotSentError, PoolClosedError)


@frozen(kw_only=True)
class LinkLogin:
    """One login, as the driver wants it."""

    exchange: Exchange
    traffic: Traffic
    claims: Claims
    request: Request | None
    """The login that starts it; None where only a parked challenge is known."""
    update: LinkUpdate | None = None
    """The credentials, where the token goes back with them (`ResumeRoute.PUT_LINK`)."""

    async def submit(self) -> Event:
        """Send the login."""
        if self.request is None:
            raise UsageError(
                "The session expired, and the credentials to start again are not at hand.",
                remedy="Pass update= to links.resume() when MfaPolicy.restarts is above 0.",
            )
        link_id = self.request.link_id
        settle = None if link_id is None else Settler(self.exchange, self.traffic, link_id).settle
        return await self.exchange.login(self.request, settle)

    async def resume(self, state: Resuming) -> Event:
        """Send the answer to a challenge, once.

        Raises:
            ChallengeAnsweredError: It was sent already.
        """
        self.claims.take(state)
        settler = Settler(self.exchange, self.traffic, state.challenge.link_id)
        event = await self.exchange.login(self._build(state), settler.settle)
        if not (isinstance(event, Rejected) and isinstance(event.error, _NEVER_LEFT)):
            return event
        self.claims.release(state)
        unsent = token_not_sent(state)
        unsent.__cause__ = event.error
        return Rejected(unsent)

    def _build(self, state: Resuming) -> Request:
        if self.traffic.policy.resume_route is ResumeRoute.PUT_LINK and self.update is not None:
            return build_update(self.update, state)
        institution = None if self.request is None else self.request.institution
        return build_resume(state, institution)
