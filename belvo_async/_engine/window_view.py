"""What a process knows of the rate limit's window, and what it may expect; by its own monotonic clock."""

import math
from bisect import bisect_right
from typing import Final

from belvo_async._engine.priority import Priority
from belvo_async.backends._window import Grant, WindowLimit

_LEAST_LEAD: Final = 1.0
_MOST_LEAD: Final = 10.0
"""Seconds before its start when a request may open its connection, at least and at most."""
_FRESH: Final = 1.0
"""Seconds for which what others do to the window is taken for known."""
_FADING: Final = 0.9
"""What is left of the slowest connection with each one since."""


class WindowView:
    """How things stood when the window was last asked: for whom to let connect, and how long others wait.

    Only estimates rest on it: the window itself judges each start.
    """

    def __init__(self, limit: WindowLimit) -> None:
        self._limit: Final = limit
        self._starts: list[float] = []
        """Those in the window, and those that others wait for; ascending."""
        self._paced_until = 0.0
        self._preparing = 0.0
        """Seconds that requests have lately needed between being let connect and being ready to leave."""
        self.closed_until: float | None = None
        """Until when a pause goes on at least; None where there is none."""
        self.is_hopeless = False
        """Whether the server refuses this address again and again."""
        self._fresh_until = -math.inf

    def update(self, grant: Grant, now: float) -> None:
        """Take in what the window has said."""
        offset = now - grant.moment
        self._starts = [start + offset for start in grant.starts] if offset else [*grant.starts]
        self._paced_until = grant.paced_until + offset
        self.closed_until = None if grant.pause is None else now + grant.pause
        self.is_hopeless = grant.is_hopeless
        self._fresh_until = now + _FRESH

    def forget(self) -> None:
        """Note that something has changed since."""
        self._fresh_until = -math.inf

    def is_fresh(self, now: float) -> bool:
        """Whether it is recent enough to go by."""
        return now < self._fresh_until

    def note_preparation(self, seconds: float) -> None:
        """Note how long a request needed until it was ready to leave."""
        self._preparing = max(seconds, self._preparing * _FADING)

    def find_pause(self, now: float) -> float:
        """Return for how many seconds requests still wait for a pause to end."""
        return 0.0 if self.closed_until is None else max(0.0, self.closed_until - now)

    def find_wait(self, now: float, priority: Priority, ahead: int) -> float:
        """Return after how many seconds a new request would start, behind *ahead* others of this process."""
        pause, limit = self.find_pause(now), self._limit
        if limit.size is None:
            return pause
        self._forget_old(now)
        kept = limit.reserve if priority is not Priority.ANSWER else 0
        short = ahead + 1 + kept - (limit.size - len(self._starts))
        if short <= 0:
            return pause
        windows, index = divmod(short - 1, limit.size)
        started = self._starts[min(index, len(self._starts) - 1)] if self._starts else now
        return max(pause, started + (windows + 1) * limit.span - now)

    def count_soon(self, now: float, priority: Priority, *, is_paced: bool) -> int | None:
        """Return how many may start by the time that a connection made now is ready; None: any number."""
        size, limit = self._limit.size, self._limit
        if size is None:
            return None
        self._forget_old(now)
        lead = self.find_lead()
        free = size - len(self._starts) + self._count_returns(now + lead)
        if priority is Priority.ANSWER:
            return free
        later = size - len(self._starts) + self._count_returns(now + lead + limit.reserve * limit.step)
        free = min(free, later - limit.reserve)
        if not is_paced:
            return free
        seconds = now + lead - max(now, self._find_pace())
        return min(free, 1 + int(seconds / limit.gap)) if seconds >= 0 else 0

    def find_lead(self) -> float:
        """Return how many seconds before its start a request may connect."""
        return min(_LEAST_LEAD + 2 * self._preparing, _MOST_LEAD, self._limit.span / 3)

    def find_connection_delay(self, now: float, connecting: int) -> float:
        """Return after how many seconds one more may be let connect, if nothing else happens."""
        if self.closed_until is not None and now < self.closed_until:
            return self.closed_until - now
        if self.closed_until is not None and connecting:
            return math.inf  # the probe tells when it goes on
        after = now + self.find_lead()
        index = self._count_returns(after)
        returns = self._starts[index] + self._limit.span if index < len(self._starts) else math.inf
        return min(returns - after, self._limit.step)

    def _find_pace(self) -> float:
        missed = self._paced_until - (self._limit.burst - 1) * self._limit.step
        return max(missed, self._starts[-1] + self._limit.gap) if self._starts else missed

    def _count_returns(self, by: float) -> int:
        """Return how many starts are out of the window by a moment."""
        return bisect_right(self._starts, by - self._limit.span)

    def _forget_old(self, now: float) -> None:
        over = self._count_returns(now)
        if over:
            del self._starts[:over]
