"""Which answers were sent already: a token is sent at most once (design rule R5)."""

from typing import Final

from belvo_async._clock import Clock
from belvo_async.errors import ChallengeAnsweredError
from belvo_async.mfa import Resuming

_KEPT_AT_LEAST: Final = 1024
_ASSUMED_EXPIRY: Final = 9600.0


class Claims:
    """Remembers each answered challenge until its session has expired."""

    def __init__(self, clock: Clock) -> None:
        self._clock: Final = clock
        self._until: Final[dict[tuple[str, int], float]] = {}
        self._tidy_at = _KEPT_AT_LEAST

    def __len__(self) -> int:
        """Return how many are remembered."""
        return len(self._until)

    def take(self, state: Resuming) -> None:
        """Note that the answer of *state* is about to be sent.

        Raises:
            ChallengeAnsweredError: One was sent already for this round of the session.
        """
        key = (state.challenge.session, state.rounds)
        if key in self._until:
            raise ChallengeAnsweredError(
                "This challenge was answered already; the token was not sent again.",
                remedy="Look at the link; if it is not valid, update it again.",
                link_id=state.challenge.link_id,
            )
        self._until[key] = max(
            state.deadline, self._clock.monotonic() + (state.challenge.expiry or _ASSUMED_EXPIRY)
        )
        if len(self._until) > self._tidy_at:
            self._tidy()

    def release(self, state: Resuming) -> None:
        """Note that the answer surely never left."""
        del self._until[state.challenge.session, state.rounds]

    def _tidy(self) -> None:
        now = self._clock.monotonic()
        for key in [key for key, until in self._until.items() if until <= now]:
            del self._until[key]
        self._tidy_at = max(_KEPT_AT_LEAST, 2 * len(self._until))
