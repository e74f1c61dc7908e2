"""What all requests of one pool share."""

from datetime import datetime, timedelta

from attrs import frozen

from belvo_async._belvo_time import BelvoTime
from belvo_async._clock import Clock, Instant
from belvo_async._gate import Gate
from belvo_async._http import Request
from belvo_async._priority import PRIORITY, Priority
from belvo_async._rate_limiter import RateLimiter
from belvo_async._retry import Retrier
from belvo_async._slots import Slots
from belvo_async.mfa import MfaPolicy
from belvo_async.telemetry._observer import Observer


@frozen(kw_only=True)
class Traffic:
    """What all requests of one pool share, whichever account they are for."""

    slots: Slots
    limiter: RateLimiter
    deletes: RateLimiter
    """Of the one operation that has a limit of its own."""
    retrier: Retrier
    gate: Gate
    clock: Clock
    belvo_time: BelvoTime
    observer: Observer
    policy: MfaPolicy
    server: str
    """Its address, to tell the observer."""

    def now(self) -> Instant:
        """Return this moment by both clocks."""
        return Instant(self.clock.monotonic(), self.clock.wall())

    def find_wall(self, at: float) -> datetime:
        """Return a moment of the monotonic clock as a time of day, by this machine's clock."""
        return self.clock.wall() - timedelta(seconds=self.clock.monotonic() - at)

    def find_belvo_time(self, at: float | None) -> datetime:
        """Return a moment of the monotonic clock by Belvo's clock; None stands for this moment."""
        elapsed = 0.0 if at is None else self.clock.monotonic() - at
        return self.belvo_time.now() - timedelta(seconds=elapsed)


def find_priority(request: Request) -> Priority:
    """Return the class of a request."""
    return Priority.ANSWER if request.is_urgent else PRIORITY.get()
