"""A parked challenge with all that its ticket stands for, and how it is written into a store's row."""

import hashlib
from datetime import UTC, datetime, timedelta
from typing import Final

from attrs import evolve, frozen

from belvo_async._clock import Instant
from belvo_async._wire.challenge_text import dump_state, load_state
from belvo_async._wire.json import dump_json, parse_json
from belvo_async._wire.records import read_record, write_record
from belvo_async.backends._challenge_store import ChallengeRow, damaged
from belvo_async.models import AwaitingToken, ChallengePhase, ParkedChallenge

_VERSION: Final = 1
_KEPT: Final = timedelta(days=1)
"""How long a challenge is remembered after its time, for whoever comes late or has to look at its link."""
_LEASE: Final = timedelta(seconds=60)
"""How long a claim keeps others off. Whoever outlives it finds out as it notes that the answer leaves."""
UNANSWERED: Final = frozenset({ChallengePhase.OPEN, ChallengePhase.CLAIMED})
"""The phases in which no token has left yet."""
_SENT: Final = frozenset(
    {ChallengePhase.ANSWERED, ChallengePhase.UPDATED, ChallengePhase.REFUSED, ChallengePhase.UNSETTLED}
)
_COLUMNS: Final = ("key", "owner", "link", "phase", "version", "expires_at")
_LATEST: Final = datetime.max.replace(tzinfo=UTC) - _KEPT


@frozen(kw_only=True)
class ChallengeRecord:
    """One parked challenge, as one version of its row has it."""

    key: str
    owner: str
    link: str
    ticket: str
    phase: ChallengePhase
    version: int
    parked: str
    """The challenge as text, see `_wire.challenge_text`."""
    expires_at: datetime
    parked_at: datetime
    institution: str | None
    reference: str | None
    answered_at: datetime | None
    claimed_until: datetime | None
    code: str | None
    message: str | None

    def is_claimed(self, now: datetime) -> bool:
        """Whether a call is about to answer it; a claim that no clock could have made does not count."""
        until = self.claimed_until
        if self.phase is not ChallengePhase.CLAIMED or until is None:
            return False
        return now < until <= now + 2 * _LEASE

    def find_phase(self, now: datetime) -> ChallengePhase:
        """Return the phase as it is at a moment: nobody writes when time runs out, or a claim lapses."""
        if self.phase not in UNANSWERED or self.is_claimed(now):
            return self.phase
        return ChallengePhase.EXPIRED if now >= self.expires_at else ChallengePhase.OPEN

    def claim(self, now: datetime) -> "ChallengeRecord":
        """Return it claimed by one call."""
        return evolve(
            self, version=self.version + 1, phase=ChallengePhase.CLAIMED, claimed_until=now + _LEASE
        )

    def release(self) -> "ChallengeRecord":
        """Return it open as before: nothing was sent."""
        return self.enter(ChallengePhase.OPEN)

    def answer(self, at: datetime) -> "ChallengeRecord":
        """Return it with an answer that leaves now, by Belvo's clock."""
        return evolve(self.enter(ChallengePhase.ANSWERED), answered_at=at)

    def ask(self, state: AwaitingToken, now: Instant) -> "ChallengeRecord":
        """Return it open, with the newest challenge."""
        return evolve(
            self.enter(ChallengePhase.OPEN),
            parked=dump_state(state, now),
            expires_at=find_expiry(state, now),
        )

    def enter(
        self, phase: ChallengePhase, *, code: str | None = None, message: str | None = None
    ) -> "ChallengeRecord":
        """Return its next version in a phase, claimed by nobody."""
        return evolve(
            self, version=self.version + 1, phase=phase, claimed_until=None, code=code, message=message
        )

    def read_state(self, now: Instant) -> AwaitingToken:
        """Return the dialogue as it stands.

        Raises:
            DamagedStateError: It cannot be read.
        """
        return load_state(self.parked, now)

    def show(self, now: Instant) -> ParkedChallenge:
        """Return what its user sees.

        Raises:
            DamagedStateError: The challenge cannot be read.
        """
        state = self.read_state(now)
        return ParkedChallenge(
            ticket=self.ticket,
            challenge=state.challenge,
            phase=self.find_phase(now.wall),
            expires_at=self.expires_at,
            parked_at=self.parked_at,
            attempts=state.rounds + (self.phase in _SENT),
            institution=self.institution,
            reference=self.reference,
            answered_at=self.answered_at,
            code=self.code,
            message=self.message,
        )


def open_record(
    state: AwaitingToken,
    now: Instant,
    *,
    key: str,
    owner: str,
    ticket: str,
    institution: str | None,
    reference: str | None,
) -> ChallengeRecord:
    """Begin the record of a challenge."""
    return ChallengeRecord(
        key=key,
        owner=owner,
        link=digest_link(owner, state.challenge.link_id),
        ticket=ticket,
        phase=ChallengePhase.OPEN,
        version=1,
        parked=dump_state(state, now),
        expires_at=find_expiry(state, now),
        parked_at=now.wall.astimezone(UTC),
        institution=institution,
        reference=reference,
        answered_at=None,
        claimed_until=None,
        code=None,
        message=None,
    )


def digest_link(owner: str, link_id: str) -> str:
    """Return what a store calls a link, so that its index names none."""
    return hashlib.sha256(f"{owner} link {link_id}".encode()).hexdigest()


def find_key(owner: str, ticket: str) -> str:
    """Return what a store calls the row of a ticket."""
    # A digest: how long the look-up of a guess takes tells nothing about the tickets that exist.
    return hashlib.sha256(f"{owner} {ticket}".encode()).hexdigest()


def find_expiry(state: AwaitingToken, now: Instant) -> datetime:
    """Return the last moment for an answer, by the wall clock."""
    return now.find_wall(state.deadline).astimezone(UTC)


def write_row(kept: ChallengeRecord) -> ChallengeRow:
    """Write a record as a row."""
    written = write_record(kept)
    record = {"version": _VERSION} | {name: written[name] for name in written if name not in _COLUMNS}
    return ChallengeRow(
        key=kept.key,
        owner=kept.owner,
        link=kept.link,
        phase=kept.phase,
        version=kept.version,
        expires_at=kept.expires_at,
        keep_until=min(kept.expires_at, _LATEST) + _KEPT,
        record=dump_json(record).decode(),
    )


def read_row(row: ChallengeRow) -> ChallengeRecord:
    """Read what `write_row` wrote.

    Raises:
        DamagedStateError: It was cut short or changed, or another version wrote it.
    """
    try:
        record = parse_json(row.record.encode())
        if isinstance(record, dict) and record.get("version") == _VERSION:
            return _read_record(row, record)
        problem = "it is of another version, or no parked challenge"
    except ValueError:
        problem = "it is cut short or changed"
    raise damaged(problem)


def _read_record(row: ChallengeRow, record: dict[str, object]) -> ChallengeRecord:
    columns = write_record({name: getattr(row, name) for name in _COLUMNS})
    kept = read_record({**record, **columns}, ChallengeRecord)
    if kept.phase in _SENT and kept.answered_at is None:
        raise ValueError("a token was sent, and nobody knows when")
    return kept
