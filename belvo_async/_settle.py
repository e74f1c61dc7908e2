"""Whether a login succeeded whose answer was lost: a look at the link itself (design rule R4)."""

from datetime import datetime, timedelta
from typing import Final

from belvo_async._answers import read_body
from belvo_async._exchange import Exchange, Traffic
from belvo_async._http import Response
from belvo_async._models import Link, LinkStatus
from belvo_async._observer import LoginSettled, notify
from belvo_async._refusals import read_http_date
from belvo_async._requests import build_link_read
from belvo_async.errors import BelvoError

_LOOKS: Final = (0.0, 3.0, 6.0, 12.0)
"""Seconds before each look: a login takes seconds to minutes, and may still be running."""
_ONE_LOOK: Final = _LOOKS[:1]
_CLOCKS_AGREE: Final = timedelta(seconds=2)
"""`Date` has whole seconds, and the answer takes time to travel."""


class Settler:
    """Looks at one link after a login."""

    def __init__(self, exchange: Exchange, traffic: Traffic, link_id: str) -> None:
        self._exchange: Final = exchange
        self._traffic: Final = traffic
        self._link_id: Final = link_id

    async def settle(self, sent_at: datetime, may_still_run: bool) -> Link | None:  # noqa: FBT001 - a `Settle`
        """Return the link if it shows a success since *sent_at*, else None."""
        link = None
        for seconds in _LOOKS if may_still_run else _ONE_LOOK:
            if seconds and self._traffic.gate.is_closing:
                break
            link = await self._look(sent_at, seconds)
            if link is not None:
                break
        settled = LoginSettled(link_id=self._link_id, succeeded=link is not None)
        notify(self._traffic.observer, settled)
        return link

    async def _look(self, sent_at: datetime, seconds: float) -> Link | None:
        try:
            if seconds:
                await self._traffic.gate.nap(seconds)
            request = build_link_read(self._link_id)
            response = await self._exchange.send(request)
            if not response.is_success:
                return None
            link = read_body(response, request, Link)
        except BelvoError:
            return None
        accessed_at = link.last_accessed_at
        since = sent_at + self._find_skew(response)
        succeeded = link.status is LinkStatus.VALID and accessed_at is not None and accessed_at > since
        return link if succeeded else None

    def _find_skew(self, response: Response) -> timedelta:
        """Return how far the server's clock is ahead of ours, so that ours may be wrong."""
        theirs = read_http_date(response.headers.get("date", ""))
        if theirs is None:
            return timedelta()
        skew = theirs - self._traffic.clock.wall()
        return skew if abs(skew) > _CLOCKS_AGREE else timedelta()
