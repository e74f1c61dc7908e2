"""Writes the steps of one login into the journal, each before it happens."""

from collections.abc import Callable
from datetime import datetime
from enum import Enum, auto
from typing import Final

from belvo_async._clock import Instant
from belvo_async._engine.parked_challenges import draw_ticket
from belvo_async._pool import Client
from belvo_async.bulk._journal import Journal
from belvo_async.bulk._outcomes import Parked
from belvo_async.models import AwaitingToken


class Phase(Enum):
    """What the bank may know of a login."""

    NOTHING = auto()
    SUBMITTED = auto()
    ASKING = auto()
    ANSWERED = auto()


class Steps:
    """The recorder of one login, see `LoginRecorder`.

    Args:
        journal: Where the steps are written.
        pool: Writes challenges as text.
        link_id: The link.
        ticket: That of an earlier challenge, which the new one replaces.
        is_in_doubt: Whether an earlier login of the link may have succeeded.
        on_begin: Told when the login is about to leave, or to be answered.
        on_challenge: Told when a person is about to be asked.
    """

    def __init__(
        self,
        journal: Journal,
        pool: Client,
        link_id: str,
        *,
        ticket: str | None = None,
        is_in_doubt: bool = False,
        on_begin: Callable[[], None] | None = None,
        on_challenge: Callable[[Parked], None] | None = None,
    ) -> None:
        self._journal: Final = journal
        self._pool: Final = pool
        self._on_begin: Final = on_begin
        self._on_challenge: Final = on_challenge
        self.link_id: Final = link_id
        self.ticket = ticket
        self.is_in_doubt: Final = is_in_doubt
        self.phase = Phase.NOTHING
        self.submitted_at: datetime | None = None
        """When the last login or answer left, by Belvo's clock."""
        self.credentials: str | None = None
        """The digest of what the login sends."""
        self.state: AwaitingToken | None = None
        """The newest challenge."""

    async def note_submission(self, at: datetime) -> None:
        """Write that the login leaves."""
        self._begin(Phase.SUBMITTED, at)
        await self._journal.submit(self.link_id, at, self.credentials)

    async def note_challenge(self, state: AwaitingToken) -> None:
        """Write the challenge down."""
        parked = self.build_parked(state)
        await self._journal.challenge(
            self.link_id,
            ticket=parked.ticket,
            parked=self._pool.links.park(state),
            expires_at=parked.expires_at,
        )
        self.phase, self.state = Phase.ASKING, state
        if self._on_challenge is not None:
            self._on_challenge(parked)

    async def note_answer(self, at: datetime) -> None:
        """Write that the answer leaves."""
        self._begin(Phase.ANSWERED, at)
        await self._journal.answer(self.link_id, at)

    def _begin(self, phase: Phase, at: datetime) -> None:
        """From now on it counts as begun, as nobody knows whether a write that is cut off was made."""
        self.phase, self.submitted_at = phase, at
        if self._on_begin is not None:
            self._on_begin()

    def build_parked(self, state: AwaitingToken) -> Parked:
        """Return a challenge under its ticket."""
        self.ticket = self.ticket or draw_ticket()
        return Parked(
            link_id=self.link_id,
            ticket=self.ticket,
            state=state,
            expires_at=Instant.now(self._pool.clock).find_wall(state.deadline),
        )
