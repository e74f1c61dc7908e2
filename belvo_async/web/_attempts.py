"""Against guessing: how often somebody may try."""

import hashlib
from collections import OrderedDict, deque
from typing import Final

_REMEMBERED: Final = 10_000


class Allowance:
    """Counts what somebody may do a few times a minute.

    Args:
        most: How often in a window.
        window: Seconds.
    """

    def __init__(self, most: int, window: float = 60.0) -> None:
        self._most: Final = most
        self._window: Final = window
        self._times: Final[OrderedDict[bytes, deque[float]]] = OrderedDict()

    def use(self, name: str, now: float) -> bool:
        """Count one more; return whether it is allowed. *now* is of a monotonic clock."""
        key = hashlib.sha256(name.encode("utf-8", "replace")).digest()
        times = self._times.setdefault(key, deque(maxlen=self._most))
        self._times.move_to_end(key)
        if len(self._times) > _REMEMBERED:
            self._times.popitem(last=False)
        if len(times) == self._most and now - times[0] < self._window:
            return False
        times.append(now)
        return True


class Attempts:
    """What people may try on the page of challenges, and how often."""

    def __init__(self) -> None:
        self.answers: Final = Allowance(10)
        """For each ticket in a minute, whether they are accepted or not."""
        self.unknown_tickets: Final = Allowance(20)
        """From each address in a minute."""
        self.status_checks: Final = Allowance(1, window=10.0)
        """For each ticket whose answer is under way elsewhere."""
