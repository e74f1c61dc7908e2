"""The edge in front of Belvo: it counts requests and blocks who sends too many."""

from collections import deque
from datetime import datetime, timedelta

from belvo_async.sandbox._options import SandboxOptions


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
