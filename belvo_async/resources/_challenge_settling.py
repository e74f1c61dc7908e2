"""Settles challenges whose token was sent by a call or a process that is no more, by status checks alone."""

from collections.abc import Awaitable
from datetime import UTC, datetime, timedelta
from typing import Final, Protocol

from attrs import define, field, frozen

from belvo_async._engine.context import EngineContext
from belvo_async._engine.lease import DOUBTFUL
from belvo_async._engine.parked_challenges import ParkedChallenges
from belvo_async.backends._challenge_record import ChallengeRecord
from belvo_async.errors import BelvoError, DamagedStateError, NotFoundError, OutcomeUnknownError
from belvo_async.models import ChallengePhase, Link

_EVER: Final = datetime.fromtimestamp(0, UTC)


class FindSuccess(Protocol):
    """See `Links.settle`."""

    def __call__(self, link_id: str, /, *, since: datetime) -> Awaitable[Link | None]:
        """Return the link if it shows a success since a moment, and None if it shows none."""
        ...


@define
class Settled:
    """What came of settling many."""

    settled: list[str] = field(factory=list)
    """The links of those whose end is known now."""
    in_doubt: list[str] = field(factory=list)
    """The links of the others."""
    failure: BelvoError | None = None
    """Why a link could not be read, where one could not be."""


@frozen(eq=False)
class ChallengeSettling:
    """Checks the links of challenges, and writes down how their answers have ended."""

    _parked: ParkedChallenges
    _context: EngineContext
    _find_success: FindSuccess

    async def settle(self, kept: ChallengeRecord) -> ChallengeRecord:
        """Check what became of a token; see `Challenges.settle`."""
        sent_at = kept.answered_at
        if kept.phase not in DOUBTFUL or sent_at is None:
            return kept
        link_id = kept.read_state(self._context.now()).challenge.link_id
        try:
            link = await self._look(link_id, sent_at)
        except NotFoundError as gone:
            code = gone.code or "not_found"
            settled = kept.enter(ChallengePhase.REFUSED, code=code, message=gone.message)
        else:
            if link is not None:
                settled = kept.enter(ChallengePhase.UPDATED)
            elif kept.phase is ChallengePhase.UNSETTLED or not self._parked.has_ended(sent_at):
                return kept
            else:
                settled = kept.enter(ChallengePhase.UNSETTLED)
        return await self._parked.leases.correct(settled) or settled

    async def settle_all(self, older_than: timedelta) -> Settled:
        """Settle those that were answered longer ago.

        One that cannot be settled keeps none of the others from it.

        Raises:
            ChallengeStoreError: The store cannot be used.
        """
        found = Settled()
        async for row in self._parked.list_all(ChallengePhase.ANSWERED, _EVER):
            try:
                kept = self._parked.open(row)
                if kept.answered_at is not None and self._parked.has_ended(kept.answered_at, older_than):
                    await self._settle_one(kept, found)
            except DamagedStateError:
                self._parked.leases.tell_trouble(row.key, "it cannot be read")
        return found

    async def _settle_one(self, kept: ChallengeRecord, found: Settled) -> None:
        link_id = kept.read_state(self._context.now()).challenge.link_id
        try:
            settled = await self.settle(kept)
        except BelvoError as error:
            found.failure = error
            found.in_doubt.append(link_id)
        else:
            (found.in_doubt if settled.phase in DOUBTFUL else found.settled).append(link_id)

    async def _look(self, link_id: str, sent_at: datetime) -> Link | None:
        try:
            return await self._find_success(link_id, since=sent_at)
        except OutcomeUnknownError:  # the link was read, and proves neither
            return None
