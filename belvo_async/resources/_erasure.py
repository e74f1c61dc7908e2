"""Erases what a backend keeps about links, and about the person that a reference names."""

from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from typing import Final

from attrs import evolve, frozen

from belvo_async._engine.context import EngineContext
from belvo_async._engine.logins import Logins
from belvo_async.backends._challenge_record import UNANSWERED, ChallengeRecord, write_row
from belvo_async.backends._ledger import Ledger, LinkRow, LinkState
from belvo_async.errors import DamagedStateError, LedgerBusyError, LinkBusyError
from belvo_async.models import ChallengePhase

_EVER: Final = datetime.fromtimestamp(0, UTC)
_RUNNING: Final = frozenset({LinkState.SUBMITTED, LinkState.CHALLENGED, LinkState.ANSWERED})
"""States of a link in a job in which its row keeps a login from being repeated."""


@frozen(kw_only=True)
class Erased:
    """What `erase` has removed."""

    links: tuple[str, ...]
    """The ids of the links that it was about."""
    rows: int
    """Rows of them in jobs."""
    challenges: int


@frozen(eq=False)
class Erasure:
    """Erases links of one account, one at a time, while no login of theirs can begin."""

    _logins: Logins
    _context: EngineContext
    _ledger: Ledger | None

    async def find_links(self, reference: str) -> tuple[str, ...]:
        """Return the links of all challenges with a reference, whatever has become of them."""
        found = [kept async for kept in self._list_challenges() if kept.reference == reference]
        return tuple(dict.fromkeys(map(self._find_link, found)))

    async def erase(self, link_ids: tuple[str, ...]) -> Erased:
        """Erase all that is kept about links; see `Client.erase`."""
        rows = challenges = 0
        for link_id in link_ids:
            locks = self._logins.memory.locks
            async with locks.hold(link_id, may_wait=False, find_end=self._logins.find_end):
                kept = [one async for one in self._list_challenges() if self._find_link(one) == link_id]
                self._check_challenges(link_id, kept)
                rows += await self._erase_rows(link_id)
                challenges += await self._erase_challenges(kept)
        return Erased(links=link_ids, rows=rows, challenges=challenges)

    async def _list_challenges(self) -> AsyncIterator[ChallengeRecord]:
        parked = self._logins.parked
        for phase in ChallengePhase:
            async for row in parked.list_all(phase, _EVER):
                try:
                    yield parked.open(row)
                except DamagedStateError:
                    parked.leases.tell_trouble(row.key, "it cannot be read")

    def _find_link(self, kept: ChallengeRecord) -> str:
        return kept.read_state(self._context.now()).challenge.link_id

    def _check_challenges(self, link_id: str, found: list[ChallengeRecord]) -> None:
        """Refuse to erase what keeps a token from being sent twice, or waits for one."""
        now = self._context.clock.wall()
        for kept in found:
            phase, sent_at = kept.find_phase(now), kept.answered_at
            is_heard = sent_at is None or self._logins.parked.has_ended(sent_at)
            if phase in UNANSWERED or (phase is ChallengePhase.ANSWERED and not is_heard):
                raise LinkBusyError(
                    f"A challenge of the link is {phase}; nothing of the link was erased.",
                    remedy="Decline it with challenges.decline(ticket), or erase the link once it has ended.",
                    link_id=link_id,
                    seconds=max(0.0, (kept.expires_at - now) / timedelta(seconds=1)),
                )

    async def _erase_rows(self, link_id: str) -> int:
        if self._ledger is None:
            return 0
        owner = self._logins.parked.owner
        for job in await self._ledger.list_jobs():
            found = await self._ledger.read(job.key, [link_id]) if job.key.owner == owner else {}
            self._check_row(job.key.name, found.get(link_id))
        return await self._ledger.erase(owner, link_id)

    def _check_row(self, job: str, row: LinkRow | None) -> None:
        if row is not None and row.state in _RUNNING:
            raise LedgerBusyError(
                f"The job {job} has a login of the link that is not settled; nothing of the link was erased.",
                remedy="Let the job end it: run it again, or call fleet.advance. Then erase the link.",
                link_id=row.link_id,
            )

    async def _erase_challenges(self, found: list[ChallengeRecord]) -> int:
        """Empty the rows of challenges, and let the store forget those that are empty."""
        store, erased = self._logins.parked.store, 0
        for kept in found:
            row = write_row(kept.enter(ChallengePhase.SUPERSEDED))
            erased += await store.replace(evolve(row, expires_at=_EVER, keep_until=_EVER, record="{}"))
        if erased:
            await store.forget(_EVER + timedelta(seconds=1))
        return erased
