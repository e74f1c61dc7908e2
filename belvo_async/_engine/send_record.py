"""When a login left for the bank, and whether it may still be running there."""

from collections.abc import Awaitable, Callable
from datetime import datetime, timedelta
from enum import Enum
from typing import Final, TypeAlias

from attrs import define, field

from belvo_async._wire.error_codes import is_belvos_own
from belvo_async.backends._lease import LOGIN_LIMIT
from belvo_async.errors import (
    BelvoError,
    RateLimitedError,
    RequestTimeoutError,
    ResponseLostError,
    ServerError,
    TooManySessionsError,
    UnreadableResponseError,
)
from belvo_async.mfa import Rejected

Announce: TypeAlias = Callable[[], Awaitable[datetime]]
Depart: TypeAlias = Callable[[], Awaitable[bool]]

LONGEST_LOGIN: Final = timedelta(seconds=LOGIN_LIMIT)
"""How long a login may take, to reckon with times of day."""


class Unproven(Enum):
    """What a status check tells that does not show a success."""

    NO_SUCCESS = "no success"
    """The link was read, and no login has succeeded since."""
    NOT_SEEN = "not seen"
    """The link could not be read, or what it shows proves neither."""


class _Stage(Enum):
    SETTLED = "it has not left, or it is known how the login ended"
    RUNNING = "it left, and the login may be running"
    ENDED = "the login is over, and nobody knows how it ended"


@define
class SendRecord:
    """The departures of one request that logs in, with its repeats."""

    is_wanted: Callable[[], bool]
    """Whether anybody still waits for the result; if not, the request is not sent again."""
    announce: Announce | None = None
    """Called each time right before the request leaves, and returns the time of that by Belvo's clock; it
    does not leave if this raises."""
    depart: Depart | None = None
    """Called last, once it may leave: tells other processes. False where that took its time, and the start
    may be too old."""
    announced_at: datetime | None = None
    """What the last announcement has returned."""
    first: float | None = None
    """When the first attempt left that may succeed, by the monotonic clock; evidence counts from it."""
    last: float | None = None
    """When the last attempt left, by the monotonic clock; None where none did."""
    _stage: _Stage = field(default=_Stage.SETTLED, init=False)
    _former: float | None = field(default=None, init=False)
    """What `first` was before the newest attempt."""

    @property
    def may_run(self) -> bool:
        """Whether it left, and nothing shows yet that the login is over."""
        return self._stage is _Stage.RUNNING

    @property
    def is_in_doubt(self) -> bool:
        """Whether it left, and neither the response nor a status check has told how the login ended."""
        return self._stage is not _Stage.SETTLED

    def leave(self, now: float) -> None:
        """Note that an attempt leaves."""
        self._former = self.first
        self.first = now if self.first is None else self.first
        self.last = now
        self._stage = _Stage.RUNNING

    def find_seconds_left(self, now: float) -> float:
        """Return for how many seconds the login may still run."""
        if not self.may_run or self.last is None:
            return 0.0
        return max(0.0, self.last + LOGIN_LIMIT - now)

    def is_over(self, now: float) -> bool:
        """Whether the login has surely ended."""
        return not self.find_seconds_left(now)

    def note(self, event: object) -> None:
        """Note what the response says about the login: an event of the machine."""
        if not isinstance(event, Rejected) or not needs_status_check(event.error):
            self.settle()
        elif is_belvos_own(event.error.code):
            # A code of Belvo's is its word that the login has ended; without one, a gateway gave up waiting.
            self._stage = _Stage.ENDED
        if isinstance(event, Rejected) and isinstance(event.error, RateLimitedError | TooManySessionsError):
            self.first = self._former  # nobody logged in

    def settle(self) -> None:
        """Note that it is known how the login ended."""
        self._stage = _Stage.SETTLED


def needs_status_check(error: BelvoError) -> bool:
    """Whether the login may have succeeded although the response is no success."""
    return isinstance(error, ResponseLostError | UnreadableResponseError | ServerError | RequestTimeoutError)
