"""The parked challenges of one Belvo account: kept, read by their ticket, and found by their link."""

import hmac
from collections.abc import AsyncIterator, Awaitable, Callable, Collection
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Final

from belvo_async._engine.context import EngineContext
from belvo_async._engine.known_links import KnownLinks
from belvo_async._engine.lease import ChallengeLeases
from belvo_async._engine.send_record import LONGEST_LOGIN
from belvo_async._engine.tickets import check_note, check_ticket, draw_ticket, is_ticket, unknown_ticket
from belvo_async.backends._challenge_record import (
    UNANSWERED,
    ChallengeRecord,
    digest_link,
    find_key,
    open_record,
    read_row,
    write_row,
)
from belvo_async.backends._challenge_store import ChallengeRow, ChallengeStore, LoopBound, damaged
from belvo_async.errors import (
    BelvoError,
    DamagedStateError,
    InvalidValueError,
    TokenRequiredError,
)
from belvo_async.mfa import token_required
from belvo_async.models import AwaitingToken, ChallengePhase, ParkedChallenge

_LATEST_TOKEN: Final = timedelta(hours=1)
"""How long after the expiry a token may still be on its way, with a new login that had to wait its turn."""
_MOST_OF_A_LINK: Final = 1000
_PAGE: Final = 500
_MICROSECOND: Final = timedelta(microseconds=1)
ANSWER_PARKED: Final = (
    "Give the token with challenges.resume(error.ticket, token). "
    'To start a new login instead, pass when_busy="wait".'
)


class Superseding(StrEnum):
    """Why nobody has to answer a challenge any more: the `code` of a superseded one."""

    NEWER_CHALLENGE = "newer_challenge"
    LINK_UPDATED = "link_updated"
    NEWER_LOGIN = "newer_login"
    LINK_DELETED = "link_deleted"


class ParkedChallenges:
    """What one account has parked in a store that others may share.

    Args:
        store: Where it is kept.
        context: What all requests of the pool share.
        owner: Names the account.
        links: What is known of links.
        let_go: Lets other processes have a link that was left for its challenge, once that is parked.
    """

    def __init__(
        self,
        store: ChallengeStore,
        context: EngineContext,
        owner: str,
        links: KnownLinks,
        let_go: Callable[[str], Awaitable[None]],
    ) -> None:
        self.store: Final = store
        self.owner: Final = owner
        self._links: Final = links
        self._let_go: Final = let_go
        self.leases: Final = ChallengeLeases(store, context)
        self._context: Final = context
        self._check_loop: Final = store.check_loop if isinstance(store, LoopBound) else None

    def check_loop(self) -> None:
        """Refuse to go on where the store could not park what a login is asked.

        Raises:
            WrongEventLoopError: The store belongs to another event loop, or to another process.
        """
        if self._check_loop is not None:
            self._check_loop()

    async def park(
        self,
        state: AwaitingToken,
        *,
        institution: str | None = None,
        reference: str | None = None,
        ticket: str | None = None,
    ) -> str:
        """Keep a waiting challenge and return its ticket; see `Challenges.park`.

        Raises:
            InvalidValueError: An argument is wrong.
            ChallengeStoreError: It could not be kept; *state* is as good as before.
        """
        institution = check_note("institution", institution)
        reference = check_note("reference", reference)
        ticket = draw_ticket() if ticket is None else check_ticket(ticket)
        kept = open_record(
            state,
            self._context.now(),
            key=self._find_key(ticket),
            owner=self.owner,
            ticket=ticket,
            institution=institution or self._links.find_institution(state.challenge.link_id),
            reference=reference,
        )
        if not await self.store.add(write_row(kept)):
            raise InvalidValueError.of("ticket", "is taken", remedy="Leave it out to have one drawn.")
        self.leases.tell_change(kept)
        await self._let_go(state.challenge.link_id)
        await self.end_open(state.challenge.link_id, Superseding.NEWER_CHALLENGE)
        return ticket

    async def end_open(self, link_id: str, why: Superseding) -> None:
        """End the open challenges of a link that nobody has to answer any more, or all but the newest.

        Those that are being answered stay. Where the store fails, all of them do, and the observer is told.
        (rule: The newest challenge counts)
        """
        try:
            found = await self._find_all(link_id, UNANSWERED)
            now = self._context.clock.wall()
            for kept in found[:-1] if why is Superseding.NEWER_CHALLENGE else found:
                if kept.find_phase(now) is ChallengePhase.OPEN:  # else somebody is about to answer it
                    await self.leases.replace(kept.enter(ChallengePhase.SUPERSEDED, code=why))
        except Exception as error:  # noqa: BLE001 - whatever a store raises, the link is as it is
            problem = f"the older challenges of its link could not be ended ({type(error).__name__})"
            self.leases.tell_trouble(digest_link(self.owner, link_id), problem)

    async def read(self, ticket: str) -> ChallengeRecord:
        """Return the challenge of a ticket, whatever has become of it.

        Raises:
            UnknownTicketError: No challenge of this account has it.
            DamagedStateError: It cannot be read.
            ChallengeStoreError: The store cannot be used.
        """
        if not is_ticket(ticket):
            raise unknown_ticket()
        row = await self.store.read(self._find_key(ticket))
        if row is None:
            raise unknown_ticket()
        kept = self.open(row)
        if not hmac.compare_digest(kept.ticket, ticket):
            raise damaged("it is another ticket's")
        return kept

    async def is_parked(self, state: AwaitingToken) -> bool:
        """Whether a challenge waits in the store already, as far as that can be told."""
        try:
            found = await self.find(state.challenge.link_id)
        except BelvoError:
            return False
        return found is not None and found.read_state(self._context.now()).challenge == state.challenge

    async def find(
        self, link_id: str, phases: Collection[ChallengePhase] = UNANSWERED
    ) -> ChallengeRecord | None:
        """Return the newest challenge of a link that now is in one of *phases*, or None.

        The phases are those that are ongoing. A challenge is answered for as long as a login may take; then
        its token is not on the way any more. One that cannot be read is left out, and the observer is told.

        Raises:
            ChallengeStoreError: The store cannot be used.
        """
        found = await self._find_all(link_id, phases)
        return found[-1] if found else None

    async def _find_all(self, link_id: str, phases: Collection[ChallengePhase]) -> list[ChallengeRecord]:
        """Return the challenges of a link that now are in one of *phases*, the newest last."""
        link = digest_link(self.owner, link_id)
        rows = await self.store.find(link, after=self._find_earliest(), limit=_MOST_OF_A_LINK)
        found = [kept for row in rows if (kept := self._match(row, phases, link_id)) is not None]
        return sorted(found, key=self._find_age)

    async def find_reference(
        self, reference: str, phases: Collection[ChallengePhase]
    ) -> ChallengeRecord | None:
        """Return the newest challenge with a reference that now is in one of *phases*; see `find`.

        It reads all of the account's that are: stores have no index of references.
        """
        found: list[ChallengeRecord] = []
        for phase in phases:
            async for row in self.list_all(phase, self._find_earliest()):
                kept = self._match(row, phases)
                if kept is not None and kept.reference == reference:
                    found.append(kept)
        return max(found, key=self._find_age, default=None)

    async def list_all(self, phase: ChallengePhase, after: datetime) -> AsyncIterator[ChallengeRow]:
        """Yield all rows that are stored in a phase and expire after a moment, page by page."""
        limit, last = _PAGE, frozenset[str]()
        while True:
            rows = await self.store.list(self.owner, phase, after=after, limit=limit)
            for row in rows:
                if row.key not in last:
                    yield row
            if len(rows) < limit:
                return
            # The next page begins with the moment at which this one ends: others may expire then, too.
            next_one = max(row.expires_at for row in rows) - _MICROSECOND
            limit = limit if next_one > after else 2 * limit
            after, last = max(after, next_one), frozenset(row.key for row in rows)

    def _find_earliest(self) -> datetime:
        """Return the earliest expiry of a challenge that may still be ongoing."""
        return self._context.clock.wall() - _LATEST_TOKEN

    def open(self, row: ChallengeRow) -> ChallengeRecord:
        """Read a row.

        Raises:
            DamagedStateError: It cannot be read.
        """
        kept = read_row(row)
        if not is_ticket(kept.ticket) or self._find_key(kept.ticket) != row.key:
            raise damaged("its ticket is changed")
        return kept

    def show(self, row: ChallengeRow) -> ParkedChallenge | None:
        """Return what the user sees of a row; None where it cannot be read."""
        try:
            return self.open(row).show(self._context.now())
        except DamagedStateError:
            return None

    def has_ended(self, sent_at: datetime, limit: timedelta = LONGEST_LOGIN) -> bool:
        """Whether a login that was sent at a moment, by Belvo's clock, has run for longer than any can."""
        return self._context.server_clock.now() - sent_at > limit

    def _match(
        self, row: ChallengeRow, phases: Collection[ChallengePhase], link_id: str | None = None
    ) -> ChallengeRecord | None:
        now = self._context.now()
        try:
            kept = self.open(row)
            found = kept.read_state(now).challenge.link_id
            if link_id not in {found, None}:
                raise damaged("its link is changed")
        except DamagedStateError:
            self.leases.tell_trouble(row.key, "it cannot be read")
            return None
        phase, sent_at = kept.find_phase(now.wall), kept.answered_at
        is_over = phase is ChallengePhase.ANSWERED and sent_at is not None and self.has_ended(sent_at)
        return kept if phase in phases and not is_over else None

    def _find_age(self, kept: ChallengeRecord) -> tuple[datetime, datetime]:
        """Return by what the newest is told: when its challenge came, and when it was parked."""
        return kept.read_state(self._context.now()).challenge.received_at, kept.parked_at

    def _find_key(self, ticket: str) -> str:
        return find_key(self.owner, ticket)


def parked_already(state: AwaitingToken, ticket: str) -> TokenRequiredError:
    """Build the error that carries out a challenge which waits under a ticket."""
    required = token_required(state, "it is parked already", remedy=ANSWER_PARKED)
    required.ticket = ticket
    return required
