"""Who sends too many: the edge in front of Belvo counts requests, and Belvo itself counts deletions."""

from collections import deque
from datetime import datetime, timedelta
from typing import Final

from belvo_async.sandbox._options import SandboxOptions
from belvo_async.sandbox._problems import Problem, RefusedError

MINUTE: Final = timedelta(minutes=1)


class SandboxRateLimit:
    """A true sliding window. Requests that it blocks do not count (our choice)."""

    def __init__(self, options: SandboxOptions) -> None:
        self._limit = options.rate_limit_requests
        self._window = timedelta(seconds=options.rate_limit_window)
        self._is_on = options.enforce_rate_limit
        self._passed: deque[datetime] = deque()

    def blocks(self, at: datetime) -> bool:
        """Tell whether a request that comes *at* this time is blocked; count it if not."""
        if not self._is_on:
            return False
        while self._passed and self._passed[0] <= at - self._window:
            self._passed.popleft()
        if len(self._passed) >= self._limit:
            return True
        self._passed.append(at)
        return False


class DeletionLimit:
    """So many synchronous deletions a minute, for one kind of thing."""

    def __init__(self, limit: int) -> None:
        self._limit = limit
        self._times: deque[datetime] = deque()

    def count(self, at: datetime) -> None:
        """Count a deletion *at* this time.

        Raises:
            RefusedError: It is one too many.
        """
        while self._times and self._times[0] <= at - MINUTE:
            self._times.popleft()
        if len(self._times) >= self._limit:
            # The body of this 429 is not documented; the code is our choice.
            raise RefusedError(429, Problem("throttled", "Request was throttled."))
        self._times.append(at)
