"""Writes the steps of one login into the ledger, each before it happens; challenges go into the store."""

from collections.abc import Callable
from datetime import datetime
from enum import Enum, auto
from typing import Final

from belvo_async._client import Client
from belvo_async._event_loop import finish
from belvo_async._jobs.link_steps import LinkSteps
from belvo_async._jobs.outcomes import Parked
from belvo_async.backends import LinkState
from belvo_async.models import AwaitingToken, ParkedChallenge


class Phase(Enum):
    """What the bank may know of a login."""

    NOTHING = auto()
    SUBMITTED = auto()
    CHALLENGED = auto()
    """It asks for a token, and that is not written down yet."""
    ASKING = auto()
    ANSWERED = auto()


class JobRecorder:
    """The recorder of one login, see `LoginRecorder`.

    Args:
        steps: Where they are written.
        pool: Keeps the challenges.
        institution: Its institution, where it is known.
        is_in_doubt: Whether an earlier login of the link may have succeeded.
        on_begin: Told when the login is about to leave, or to be answered.
        on_challenge: Told when a person is about to be asked.
    """

    def __init__(
        self,
        steps: LinkSteps,
        pool: Client,
        institution: str | None,
        *,
        is_in_doubt: bool = False,
        on_begin: Callable[[], None] | None = None,
        on_challenge: Callable[[Parked], None] | None = None,
    ) -> None:
        self._pool: Final = pool
        self._institution: Final = institution
        self._on_begin: Final = on_begin
        self._on_challenge: Final = on_challenge
        self.steps: Final = steps
        self.link_id: Final = steps.row.link_id
        self.is_in_doubt: Final = is_in_doubt
        self.phase = Phase.NOTHING
        self.submitted_at: datetime | None = None
        """When the last login or answer left, by Belvo's clock."""
        self.is_refused = False
        """Whether the bank has refused an answer that somebody else has sent."""
        self.credentials: str | None = None
        """The digest of what the login sends."""
        self.parked: Parked | None = None
        """The newest challenge, under its ticket."""

    @property
    def has_not_left(self) -> bool:
        """Whether no login of this call has left, if the newest one did not."""
        return self.phase in (Phase.NOTHING, Phase.SUBMITTED) and self.parked is None

    async def put_back(self) -> None:
        """Leave the link as it was, as its login did not leave."""
        if self.phase is Phase.SUBMITTED:
            await self.steps.requeue()

    async def note_submission(self, at: datetime) -> None:
        """Write that the login leaves."""
        self._begin(Phase.SUBMITTED, at)
        await self.steps.submit(at, self.credentials)

    async def note_challenge(self, state: AwaitingToken) -> None:
        """Park the challenge, and write its ticket down, also when cancelled meanwhile."""
        self.phase = Phase.CHALLENGED
        if self.parked is None:
            await finish(self.park(state))
        else:  # it is in the store already, under the ticket of the one before it
            await finish(self._take_newest(self.parked.ticket))

    async def _take_newest(self, ticket: str) -> None:
        await self.take(await self._pool.challenges.get(ticket))

    async def note_answer(self, at: datetime) -> None:
        """Write that the answer leaves."""
        self._begin(Phase.ANSWERED, at)
        await self.steps.answer(at)

    def _begin(self, phase: Phase, at: datetime) -> None:
        """From now on it counts as begun, as nobody knows whether a write that is cut off was made."""
        self.phase, self.submitted_at = phase, at
        if self._on_begin is not None:
            self._on_begin()

    async def park(self, state: AwaitingToken) -> None:
        """Keep a challenge under a new ticket."""
        await self._take_newest(await self._pool.challenges.park(state, institution=self._institution))

    async def take(self, challenge: ParkedChallenge) -> None:
        """Go on with a challenge that the store has."""
        parked, row = show(challenge), self.steps.row
        noted = (LinkState.CHALLENGED, parked.ticket, parked.expires_at)
        if (row.state, row.ticket, row.expires_at) != noted:
            await self.steps.challenge(ticket=parked.ticket, expires_at=parked.expires_at)
        self.phase, self.parked = Phase.ASKING, parked
        if self._on_challenge is not None:
            self._on_challenge(parked)


def show(challenge: ParkedChallenge) -> Parked:
    """Return the outcome of a link whose challenge is left open."""
    return Parked(
        link_id=challenge.link_id,
        ticket=challenge.ticket,
        challenge=challenge.challenge,
        expires_at=challenge.expires_at,
    )
