"""Which challenges can no longer be answered: a token was sent, or another login came.

(rules: A token is sent once, The newest challenge counts)
"""

from collections import OrderedDict
from datetime import datetime
from typing import Final, TypeAlias

from belvo_async._clock import Clock
from belvo_async._engine.server_clock import CLOCKS_AGREE
from belvo_async.errors import ChallengeAnsweredError
from belvo_async.mfa import Resuming, challenge_expired
from belvo_async.models import AwaitingToken

_KEPT_AT_LEAST: Final = 1024
_ASSUMED_EXPIRY: Final = 9600.0
_REMEMBERED: Final = 10_000
_Key: TypeAlias = tuple[str, str, str | None, datetime, int]
"""One 428 as it was received. A session id alone does not tell: a server may give it to a later login."""


class SentTokens:
    """Remembers each answered challenge until its session has expired, and the newest login of each link."""

    def __init__(self, clock: Clock) -> None:
        self._clock: Final = clock
        self._until: Final[dict[_Key, float]] = {}
        self._starts: Final[OrderedDict[str, datetime]] = OrderedDict()
        self._tidy_at = _KEPT_AT_LEAST

    def __len__(self) -> int:
        """Return how many are remembered."""
        return len(self._until)

    def check(self, state: AwaitingToken | Resuming) -> None:
        """Refuse a challenge that was answered already, or is one of a login before the newest.

        Raises:
            ChallengeAnsweredError: It was answered.
            ChallengeExpiredError: A newer login has ended its session.
        """
        if _find_key(state) in self._until:
            raise ChallengeAnsweredError(
                "This challenge was answered already; no token was sent again.",
                remedy="Check the link with links.get(); if its status is not valid, update it again.",
                link_id=state.challenge.link_id,
            )

        link_id, received_at = state.challenge.link_id, state.challenge.received_at
        started_at = self._starts.get(link_id)
        # A challenge may be one of another process, on a machine with another clock.
        if started_at is not None and received_at < started_at - CLOCKS_AGREE:
            raise challenge_expired(link_id, "a newer login of the link has begun, and no token was sent")

    def replace(self, link_id: str, started_at: datetime) -> None:
        """Note that a login of a link has begun: what earlier ones were asked is void.

        (rule: The newest challenge counts)
        """
        self._starts[link_id] = started_at
        self._starts.move_to_end(link_id)
        if len(self._starts) > _REMEMBERED:
            self._starts.popitem(last=False)

    def take(self, state: Resuming) -> None:
        """Note that the token of *state* is about to be sent.

        Raises:
            ChallengeAnsweredError: One was sent already for this challenge.
            ChallengeExpiredError: A newer login has ended its session.
        """
        self.check(state)
        self._until[_find_key(state)] = max(
            state.deadline, self._clock.monotonic() + (state.challenge.expiry or _ASSUMED_EXPIRY)
        )
        if len(self._until) > self._tidy_at:
            self._tidy()

    def release(self, state: Resuming) -> None:
        """Note that the token surely never left."""
        del self._until[_find_key(state)]

    def _tidy(self) -> None:
        now = self._clock.monotonic()
        for key in [key for key, until in self._until.items() if until <= now]:
            del self._until[key]
        self._tidy_at = max(_KEPT_AT_LEAST, 2 * len(self._until))


def _find_key(state: AwaitingToken | Resuming) -> _Key:
    challenge = state.challenge
    answered = state.rounds - 1 if isinstance(state, Resuming) else state.rounds
    return challenge.link_id, challenge.session, challenge.request_id, challenge.received_at, answered
