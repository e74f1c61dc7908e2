"""All wait after the server has refused a request for coming too fast; then one goes ahead as a probe."""

from typing import Final

from attrs import define, field

_FIRST: Final = 30.0
_SHORTEST: Final = 1.0
_LONGEST: Final = 300.0
_HOPELESS: Final = 5
"""Pauses within an hour after which a job stops: with each twice as long, more than twelve minutes."""
_HOUR: Final = 3600.0
_PROBE_TIME: Final = 5.0
"""Seconds: the edge refuses at once, so a probe that takes longer has passed, and a bank is working on it."""


@define
class Pause:
    """Whether requests may leave, as far as the server's refusals tell.

    A pause lasts as long as the server says, from 1 to 300 s; where it says nothing, 30 s, and twice as long
    each time that the probe is refused again. Times are seconds by the clock of who keeps it.
    """

    epoch: int = 0
    """Counts the pauses, so that a late refusal does not start another."""
    until: float | None = None
    """None where none is on."""
    probe_until: float | None = None
    """While the probe is under way."""
    length: float = 0.0
    blocked: list[float] = field(factory=list)
    """When the last pauses began that the edge's page has caused, with none passing in between."""

    def is_hopeless(self, now: float) -> bool:
        """Whether the edge has refused this address again and again within an hour, and taken nothing."""
        return len(self.blocked) == _HOPELESS and self.blocked[0] > now - _HOUR

    def find_seconds(self, now: float) -> float | None:
        """Return after how many seconds one more request may leave; None where no pause is on."""
        if self.probe_until is not None and now >= self.probe_until:
            self.passed(self.epoch)
        if self.until is None:
            return None
        return max(0.0, (self.until if self.probe_until is None else self.probe_until) - now)

    def start_probe(self, now: float) -> None:
        """Note that a request leaves although the pause is on: its fate tells whether it is over."""
        self.probe_until = now + _PROBE_TIME

    def passed(self, epoch: int) -> None:
        """Note that the server took a request."""
        if epoch == self.epoch and self.until is not None:
            self.until = self.probe_until = None
            self.length = 0.0
            self.blocked.clear()

    def dropped(self, epoch: int) -> None:
        """Note that a request failed on the way, so that it says nothing; the next one is the probe."""
        if epoch == self.epoch:
            self.probe_until = None

    def refused(self, epoch: int, now: float, retry_after: float | None, *, is_page: bool) -> float | None:
        """Note that the server refused a request; return the seconds of the pause where one begins.

        *is_page* says whether the edge did, with its HTML page.
        """
        if epoch != self.epoch:
            return None
        if is_page:
            self.blocked = [*self.blocked, now][-_HOPELESS:]
        self.epoch += 1
        self.length = min(self.length * 2 or _FIRST, _LONGEST)
        seconds = min(max(retry_after, _SHORTEST), _LONGEST) if retry_after else self.length
        self.until = now + seconds
        self.probe_until = None
        return seconds
