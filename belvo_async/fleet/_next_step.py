"""What is next for one link of a job: values that an engine can carry."""

from datetime import datetime
from typing import TypeAlias

from attrs import frozen

from belvo_async._jobs.outcomes import Parked
from belvo_async.backends import LinkRow, LinkState
from belvo_async.models import Challenge


@frozen(kw_only=True)
class Ended:
    """The link has come to its end: nothing more happens to it unless `retry` says so."""

    link_id: str
    state: LinkState
    """`updated`, `retrieved`, `refused` or `unsettled`."""
    code: str | None = None
    """The error code, or the name of the error class; None where the link is done."""
    message: str | None = None
    may_retry: bool = False
    """Whether the same credentials may be tried again."""
    retry_at: datetime | None = None
    """When that begins to make sense, in UTC; None: at any time."""

    @classmethod
    def of(cls, row: LinkRow) -> "Ended":
        """Return how the link of a row has ended."""
        return cls(
            link_id=row.link_id,
            state=row.state,
            code=row.code,
            message=row.message,
            may_retry=row.may_retry,
            retry_at=row.retry_at,
        )


@frozen(kw_only=True)
class NeedsToken:
    """The institution asks for a token. Nothing is held: tell the person, and let the worker go on.

    Whoever gets the token calls `advance` with it, or answers on the page, at the command line or with
    `pool.challenges.resume`; then the next `advance` finds out what came of it.
    """

    link_id: str
    ticket: str
    challenge: Challenge
    expires_at: datetime
    """The last moment for a token, in UTC. `advance` ends the link after it."""

    @classmethod
    def of(cls, parked: Parked) -> "NeedsToken":
        """Return the question of a link that is parked."""
        return cls(
            link_id=parked.link_id,
            ticket=parked.ticket,
            challenge=parked.challenge,
            expires_at=parked.expires_at,
        )


@frozen(kw_only=True)
class CheckLater:
    """Nothing can be done now: call `advance` again after some seconds."""

    link_id: str
    seconds: float


NextStep: TypeAlias = Ended | NeedsToken | CheckLater
