"""Whether a login succeeded whose answer was lost: a look at the link itself (design rule R4)."""

from collections import OrderedDict
from datetime import datetime, timedelta
from typing import Final

from belvo_async._answers import read_link
from belvo_async._belvo_time import CLOCKS_AGREE
from belvo_async._exchange import Exchange, Traffic
from belvo_async._models import Link, LinkStatus
from belvo_async._observations import LoginSettled
from belvo_async._observer import notify
from belvo_async._requests import build_link_read
from belvo_async.errors import BelvoError

_LOOKS: Final = (0.0, 3.0, 6.0, 12.0)
"""Seconds before each look: a login takes seconds to minutes, and may still be running."""
_ONE_LOOK: Final = _LOOKS[:1]
_REMEMBERED: Final = 10_000


class Accesses:
    """The last accesses that this pool has been told of, for the links it logged in at most recently.

    Clocks are compared to about a second only: an access that was reported before is no news, whatever
    they say.
    """

    def __init__(self) -> None:
        self._last: Final[OrderedDict[str, datetime]] = OrderedDict()

    def note(self, link: Link) -> None:
        """Remember the access that a login has reported."""
        if link.last_accessed_at is None:
            return
        self._last[link.id] = link.last_accessed_at
        self._last.move_to_end(link.id)
        if len(self._last) > _REMEMBERED:
            self._last.popitem(last=False)

    def last(self, link_id: str) -> datetime | None:
        """Return the last access that was reported, if it is remembered."""
        return self._last.get(link_id)


class Settler:
    """Looks at one link after a login."""

    def __init__(self, exchange: Exchange, traffic: Traffic, accesses: Accesses, link_id: str) -> None:
        self._accesses: Final = accesses
        self._exchange: Final = exchange
        self._traffic: Final = traffic
        self._link_id: Final = link_id

    async def settle(self, sent_at: float, may_still_run: bool) -> Link | None:  # noqa: FBT001 - a `Settle`
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

    async def look(self, since: datetime) -> Link | None:
        """Return the link if it shows a success since a moment of Belvo's clock, else None.

        Raises:
            BelvoError: The link could not be read.
        """
        request = build_link_read(self._link_id, is_urgent=True)
        link = read_link(await self._exchange.fetch(request), request)
        return self._check(link, since)

    async def _look(self, sent_at: float, seconds: float) -> Link | None:
        try:
            if seconds:
                await self._traffic.gate.nap(seconds)
            request = build_link_read(self._link_id, is_urgent=True)
            response = await self._exchange.send(request)
            if not response.is_success:
                return None
            link = read_link(response, request)
        except BelvoError:
            return None
        elapsed = timedelta(seconds=self._traffic.clock.monotonic() - sent_at)
        return self._check(link, self._traffic.belvo_time.now() - elapsed)

    def _check(self, link: Link, since: datetime) -> Link | None:
        accessed_at = link.last_accessed_at
        since = max(since, self._accesses.last(link.id) or since)
        # An access in the future of Belvo's own clock is by another clock, and proves nothing.
        latest = self._traffic.belvo_time.now() + CLOCKS_AGREE
        is_newer = accessed_at is not None and since < accessed_at <= latest
        return link if link.id == self._link_id and link.status is LinkStatus.VALID and is_newer else None
