"""The time of day by Belvo's clock: what it says about a link can only be compared with that."""

from datetime import datetime, timedelta
from typing import Final

from belvo_async._clock import Clock
from belvo_async._http import Response
from belvo_async._refusals import read_http_date

CLOCKS_AGREE: Final = timedelta(seconds=2)
"""`Date` has whole seconds, and packets take time to travel."""


class BelvoTime:
    """Reckons with the difference between this machine's clock and the `Date` of Belvo's answers."""

    def __init__(self, clock: Clock) -> None:
        self._clock: Final = clock
        self._ahead = timedelta()
        self._last_date = ""

    def note(self, response: Response, sent_at: float) -> None:
        """Compare the clocks: `Date` was written at some moment between the request's departure and now.

        So a slow response gives only bounds, and what faster ones have told stays as far as it is within.

        Args:
            response: Read whole just now, after a body that may have taken its time.
            sent_at: When its request left, by the monotonic clock.
        """
        date = response.headers.get("date", "")
        if date == self._last_date:
            return
        self._last_date = date
        theirs = read_http_date(date)
        if theirs is not None:
            latest = self._clock.wall()
            earliest = latest - timedelta(seconds=self._clock.monotonic() - sent_at)
            ahead = min(max(self._ahead, theirs - latest), theirs - earliest)
            self._ahead = timedelta() if abs(ahead) <= CLOCKS_AGREE else ahead

    def now(self) -> datetime:
        """Return the time of day by Belvo's clock; by ours where they agree, or no answer has come yet."""
        return self._clock.wall() + self._ahead
