"""The links of the bank, and how Belvo shows them."""

from random import Random
from typing import Final
from uuid import UUID

from attrs import define, field

from tests.storm.clock import TurnClock
from tests.storm.records import Attempt, Challenge, Wish
from tests.storm.wire import Message, say

_EXPIRIES: Final = (30, 60, 120, 600, 9600)
"""Seconds."""
_KINDS: Final = ("numeric", "text", "qr", "inputless")
_SAME_SESSION: Final = 0.2
_SAME_REQUEST_ID: Final = 0.1


@define(eq=False)
class BankLink:
    """One link: its credentials, its logins and its open challenge."""

    id: str
    clock: TurnClock
    rng: Random
    password: str | None = None
    first_access: float | None = None
    """When it was last accessed before the storm."""
    attempts: list[Attempt] = field(factory=list)
    challenges: dict[str, Challenge] = field(factory=dict)
    """The newest of each session: a session's id may come again."""
    newest: Challenge | None = None
    """The only one that can be answered."""
    logins: int = 0
    reads: int = 0

    def take(self, attempt: Attempt) -> None:
        """Begin a login; what was open before is not any more."""
        self.attempts.append(attempt)
        self.newest = None

    @property
    def accessed_at(self) -> float | None:
        now = self.clock.monotonic()
        succeeded = (attempt.ends for attempt in self.attempts if attempt.has_succeeded(now))
        return max(succeeded, default=self.first_access)

    def show(self) -> dict[str, object]:
        accessed_at = self.accessed_at
        is_new = accessed_at != self.first_access
        return {
            "id": self.id,
            "institution": "erebor_mx_retail",
            "access_mode": "single",
            "status": "valid" if is_new or accessed_at is not None else "invalid",
            "last_accessed_at": None if accessed_at is None else self._tell(accessed_at),
            "created_at": "2025-01-01T00:00:00.000000Z",
            "external_id": None,
            "institution_user_id": None,
            "created_by": str(UUID(int=1)),
            "refresh_rate": None,
            "credentials_storage": "365d",
            "fetch_resources": [],
            "stale_in": None,
        }

    def _tell(self, moment: float) -> str:
        return self.clock.tell_bank_time(moment).strftime("%Y-%m-%dT%H:%M:%S.%fZ")

    def open_challenge(self, wish: Wish) -> Challenge:
        """Open the session of a login that wants a token; the id of a former one may come again."""
        rng, former = self.rng, next(reversed(self.challenges.values()), None)
        session, request_id = f"{rng.getrandbits(128):032x}", f"{rng.getrandbits(128):032x}"
        if former is not None and rng.random() < _SAME_SESSION:
            session = former.session
        if former is not None and rng.random() < _SAME_REQUEST_ID:
            request_id = former.request_id
        challenge = Challenge(session, request_id, self.id, wish, rng.choice(_EXPIRIES))
        self.challenges[session] = self.newest = challenge
        return challenge

    def find_challenge(self, session: str) -> Challenge | None:
        return self.challenges.get(session)


def ask(challenge: Challenge, named: str, rng: Random) -> Message:
    """Build the 428 of a challenge that names a link, in one of the forms that Belvo's pages show."""
    kind = rng.choice(_KINDS)
    item: dict[str, object] = {
        "code": "token_required",
        "message": "A MFA token is required by the institution to login",
        "request_id": challenge.request_id,
        "session": challenge.session,
        "expiry": challenge.seconds if rng.random() < 0.8 else str(challenge.seconds),
        "link": named,
        "token_generation_data": {
            "instructions": "Use this code to generate the token",
            "type": kind,
            "value": "12345",
            "expects_user_input": kind != "inputless",
        },
    }
    return say([item] if rng.random() < 0.9 else item, 428)
