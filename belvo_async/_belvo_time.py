"""The time of day by Belvo's clock: what it says about a link can only be compared with that."""

from datetime import datetime, timedelta
from typing import Final

from belvo_async._clock import Clock
from belvo_async._http import Response
from belvo_async._refusals import read_http_date

CLOCKS_AGREE: Final = timedelta(seconds=2)
"""`Date` has whole seconds, and the answer takes time to travel."""


class BelvoTime:
    """Reckons with the difference between this machine's clock and the `Date` of Belvo's answers."""

    def __init__(self, clock: Clock) -> None:
        self._clock: Final = clock
        self._ahead = timedelta()
        self._last_date = ""
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
        self._last_date, self._is_sure = date, is_alone
        theirs = read_http_date(date)
        if theirs is None:
            return
        least = theirs - self._clock.wall()
        ahead = min(max(self._ahead, least), least + timedelta(seconds=seconds))
        self._ahead = timedelta() if abs(ahead) <= CLOCKS_AGREE else ahead

    def now(self) -> datetime:
        """Return the time of day by Belvo's clock; by ours where they agree, or no answer has come yet."""
        return self._clock.wall() + self._ahead
