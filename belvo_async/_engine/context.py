"""What all requests of one pool share."""

from datetime import datetime, timedelta

from attrs import frozen

from belvo_async._clock import Clock, Instant
from belvo_async._engine.concurrency import ConcurrencyLimits
from belvo_async._engine.lifecycle import Lifecycle
from belvo_async._engine.priority import PRIORITY, Priority
from belvo_async._engine.rate_limiter import RateLimiter
from belvo_async._engine.retry import Retrier
from belvo_async._engine.server_clock import ServerClock
from belvo_async._http import Request
from belvo_async.mfa import MfaPolicy
from belvo_async.telemetry._log import Observer


@frozen(kw_only=True)
class EngineContext:
    """What all requests of one pool share, whichever account they are for."""

    limits: ConcurrencyLimits
    limiter: RateLimiter
    deletes: RateLimiter
    """Of the one operation that has a limit of its own."""
    retrier: Retrier
    lifecycle: Lifecycle
    clock: Clock
    server_clock: ServerClock
    observer: Observer
    policy: MfaPolicy
    server: str
    """Its address, to tell the observer."""

    def now(self) -> Instant:
        """Return this moment by both clocks."""
        return Instant.now(self.clock)

    def find_belvo_time(self, at: float | None) -> datetime:
        """Return a moment of the monotonic clock by Belvo's clock; None stands for this moment."""
        elapsed = 0.0 if at is None else self.clock.monotonic() - at
        return self.server_clock.now() - timedelta(seconds=elapsed)


def find_priority(request: Request) -> Priority:
    """Return the class of a request."""
    return Priority.ANSWER if request.is_urgent else PRIORITY.get()
