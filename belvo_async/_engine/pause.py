"""All wait after the server has refused a request for coming too fast; then one goes ahead as a probe."""

from collections import deque
from typing import Final

from belvo_async._clock import Clock

_FIRST: Final = 30.0
_SHORTEST: Final = 1.0
_LONGEST: Final = 300.0
_HOPELESS: Final = 5
"""Pauses within an hour after which a job stops: with each twice as long, more than twelve minutes."""
_HOUR: Final = 3600.0
_PROBE_TIME: Final = 5.0
"""Seconds: the edge refuses at once, so a probe that takes longer has passed, and a bank is working on it."""


class Pause:
    """Whether requests may leave, as far as the server's refusals tell.

    A pause lasts as long as the server says, from 1 to 300 s; where it says nothing, 30 s, and twice as long
    each time that the probe is refused again.
    """

    def __init__(self, clock: Clock) -> None:
        self._clock: Final = clock
        self._epoch = 0
        """Counts the pauses, so that a late refusal does not start another."""
        self._until: float | None = None
        self._probe_until: float | None = None
        self._length = 0.0
        self._blocked: Final[deque[float]] = deque(maxlen=_HOPELESS)
        """When the last pauses began that the edge's page has caused, with none passing in between."""

    @property
    def is_hopeless(self) -> bool:
        """Whether the edge has refused this address again and again within an hour, and taken nothing."""
        is_full = len(self._blocked) == _HOPELESS
        return is_full and self._blocked[0] > self._clock.monotonic() - _HOUR

    @property
    def is_on(self) -> bool:
        """Whether the server has refused one, and none has passed since."""
        return self._until is not None

    def may_connect(self, now: float, connected: int) -> bool:
        """Whether one more may connect besides so many *connected*: after a pause the probe alone."""
        return self._until is None or (self.may_start(now) and not connected)

    def may_start(self, now: float) -> bool:
        """Whether one more request may leave."""
        return self._until is None or (now >= self._until and self._probe_until is None)

    def start(self) -> int:
        """Note that a request leaves; return what tells its response from those of other pauses."""
        if self._until is not None:
            self._probe_until = self._clock.monotonic() + _PROBE_TIME
        return self._epoch

    def passed(self, epoch: int) -> None:
        """Note that the server took a request."""
        if epoch == self._epoch and self._until is not None:
            self._until = self._probe_until = None
            self._length = 0.0
            self._blocked.clear()

    def dropped(self, epoch: int) -> None:
        """Note that a request failed on the way, so that it says nothing; the next one is the probe."""
        if epoch == self._epoch:
            self._probe_until = None

    def refused(self, epoch: int, retry_after: float | None, *, is_page: bool) -> float | None:
        """Note that the server refused a request; return the seconds of the pause where one begins.

        *is_page* says whether the edge did, with its HTML page.
        """
        if epoch != self._epoch:
            return None
        if is_page:
            self._blocked.append(self._clock.monotonic())
        self._epoch += 1
        self._length = min(self._length * 2 or _FIRST, _LONGEST)
        seconds = min(max(retry_after, _SHORTEST), _LONGEST) if retry_after else self._length
        self._until = self._clock.monotonic() + seconds
        self._probe_until = None
        return seconds

    def check_probe(self) -> None:
        """Take a probe that has had no response for long for one that has passed."""
        if self._probe_until is not None and self._clock.monotonic() >= self._probe_until:
            self.passed(self._epoch)

    def find_seconds_left(self, now: float) -> float:
        """Return for how many seconds requests still wait."""
        return 0.0 if self._until is None else max(0.0, self._until - now)

    def find_delay(self, now: float) -> float | None:
        """Return after how many seconds it may be over, or None where there is none."""
        if self._until is None:
            return None
        if self._probe_until is not None:
            return max(0.0, self._probe_until - now)
        return max(0.0, self._until - now) or None
