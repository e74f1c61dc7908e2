"""The parked challenges of a job, where others can answer them: `pool.challenges`."""

from typing import Final

from belvo_async._pool import Client
from belvo_async.bulk._outcomes import Parked
from belvo_async.bulk._records import Record
from belvo_async.errors import (
    ApiError,
    ChallengeDeclinedError,
    ErrorDetail,
    InvalidValueError,
    OutcomeUnknownError,
    UnknownTicketError,
)
from belvo_async.mfa import token_required
from belvo_async.models import ChallengePhase, Link, ParkedChallenge


class Sharing:
    """Parks challenges in the pool's store too, and finds out what others have made of them.

    Args:
        pool: Whose store it is.
        is_on: Whether the job shares its challenges at all.
    """

    def __init__(self, pool: Client, *, is_on: bool) -> None:
        self._pool: Final = pool
        self._is_on: Final = is_on

    async def park(self, outcome: Parked, institution: str | None) -> None:
        """Let others answer a challenge that the journal has parked already.

        Raises:
            ChallengeStoreError: The store cannot be used.
        """
        if self._is_on and await self.find(outcome.ticket) is None:
            await self._pool.challenges.park(outcome.state, institution=institution, ticket=outcome.ticket)

    async def find(self, ticket: str | None) -> ParkedChallenge | None:
        """Return the challenge of a ticket, if others can answer it.

        Raises:
            ChallengeStoreError: The store cannot be used.
            DamagedStateError: It cannot be read.
        """
        if not self._is_on or ticket is None:
            return None
        try:
            return await self._pool.challenges.settle(ticket)
        except UnknownTicketError:
            return None

    async def check_own(self, ticket: str) -> None:
        """Refuse to answer past those who share a challenge: two tokens could be sent.

        Raises:
            InvalidValueError: It is shared.
        """
        if await self.find(ticket) is not None:
            raise InvalidValueError.of(
                "ticket", "is shared with others", remedy="Answer it with pool.challenges.resume()."
            )

    async def collect(self, parked: ParkedChallenge, record: Record) -> Link | None:
        """Return the link that others have updated, or None where only a new login can help.

        Raises:
            TokenRequiredError: Nobody has answered yet.
            OutcomeUnknownError: An answer was sent, and the link does not show what became of it.
            ChallengeDeclinedError: Somebody declined.
            ApiError: The answer was refused.
        """
        match parked.phase:
            case ChallengePhase.UPDATED:
                return await self._pool.links.get(record.link_id)
            case ChallengePhase.EXPIRED:
                return None
            case ChallengePhase.OPEN | ChallengePhase.CLAIMED:
                state = self._pool.links.unpark(record.parked or "")
                raise token_required(state, "nobody has answered it yet")
            case ChallengePhase.ANSWERED | ChallengePhase.UNSETTLED:
                raise OutcomeUnknownError(
                    "The challenge was answered, and the link shows no success.",
                    remedy="Run the job again later to retry unsettled links: it looks before it logs in.",
                    link_id=record.link_id,
                )
            case ChallengePhase.DECLINED:
                raise ChallengeDeclinedError(
                    "The person declined to give a token.",
                    remedy="Update the link again when a token can be given.",
                    link_id=record.link_id,
                )
            case ChallengePhase.REFUSED:
                raise ApiError(
                    parked.message or "The answer was refused.",
                    remedy="Correct the credentials before the link is updated again.",
                    details=(ErrorDetail(code=parked.code or ""),),
                    link_id=record.link_id,
                )
