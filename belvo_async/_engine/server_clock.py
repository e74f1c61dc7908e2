"""The time of day by Belvo's clock: what it says about a link can only be compared with that."""

from datetime import datetime, timedelta
from typing import Final

from belvo_async._clock import Clock
from belvo_async._http import Response
from belvo_async._wire.error_bodies import read_http_date

CLOCKS_AGREE: Final = timedelta(seconds=2)
"""What two clocks of Belvo's may differ by: that of its `Date`, and that of its database."""
_WHOLE_SECOND: Final = timedelta(seconds=1)
"""`Date` leaves out the rest of a second."""
_UNKNOWN: Final = timedelta(days=1)
"""How far a clock may be wrong of which no response has told yet: one that runs on local time, by hours."""


class ServerClock:
    """Reckons with the difference between this machine's clock and the `Date` of Belvo's responses."""

    def __init__(self, clock: Clock) -> None:
        self._clock: Final = clock
        self._least, self._most = -_UNKNOWN, _UNKNOWN
        self._ahead = timedelta()
        self._last_date = ""
        self._theirs: datetime | None = None
        self._is_sure = False

    def note(self, response: Response, seconds: float, *, is_alone: bool) -> None:
        """Compare the clocks: the response was written at some moment of its last *seconds*.

        A response that was slow says little, so that what is known already stays wherever it may be true.
        One on a kept connection counts only until another has come: it may be a stale one.
        """
        date = response.headers.get("date", "")
        # The same `Date` again says more where the response was faster: a status check after a slow login.
        if not is_alone and (self._is_sure or date == self._last_date):
            return
        if date != self._last_date:
            self._last_date, self._theirs = date, read_http_date(date)
        if self._theirs is None:
            return
        if not self._is_sure:
            self._least, self._most = -_UNKNOWN, _UNKNOWN
        self._is_sure = is_alone
        least = self._theirs - self._clock.wall()
        self._narrow(least, least + timedelta(seconds=seconds) + _WHOLE_SECOND)

    def _narrow(self, least: timedelta, most: timedelta) -> None:
        is_new = least > self._most or most < self._least  # else a clock was set in between
        self._least = least if is_new else max(least, self._least)
        self._most = most if is_new else min(most, self._most)
        self._ahead = min(max(self._ahead, self._least), self._most)

    def now(self) -> datetime:
        """Return the time of day by Belvo's clock; by ours where they may agree, or none has been told."""
        return self._clock.wall() + self._ahead

    @property
    def doubt(self) -> timedelta:
        """How much earlier than `now` it may be by Belvo's clock."""
        return self._ahead - self._least
