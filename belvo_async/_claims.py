"""Which answers were sent already: a token is sent at most once (design rule R5)."""

from datetime import datetime
from typing import Final, TypeAlias

from belvo_async._clock import Clock
from belvo_async.errors import ChallengeAnsweredError
from belvo_async.mfa import AwaitingToken, Resuming

_KEPT_AT_LEAST: Final = 1024
_ASSUMED_EXPIRY: Final = 9600.0
_Key: TypeAlias = tuple[str, str, str | None, datetime, int]
"""One 428 as it was received. A session id alone does not tell: a server may give it to a later login."""


class Claims:
    """Remembers each answered challenge until its session has expired."""

    def __init__(self, clock: Clock) -> None:
        self._clock: Final = clock
        self._until: Final[dict[_Key, float]] = {}
        self._tidy_at = _KEPT_AT_LEAST

    def __len__(self) -> int:
        """Return how many are remembered."""
        return len(self._until)

    def check(self, state: AwaitingToken | Resuming) -> None:
        """Refuse a challenge that was answered already.

        Raises:
            ChallengeAnsweredError: It was.
        """
        if _find_key(state) in self._until:
            raise ChallengeAnsweredError(
                "This challenge was answered already; no token was sent again.",
                remedy="Check the link with links.get(); if its status is not valid, update it again.",
                link_id=state.challenge.link_id,
            )

    def take(self, state: Resuming) -> None:
        """Note that the token of *state* is about to be sent.

        Raises:
            ChallengeAnsweredError: One was sent already for this challenge.
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
