"""Reads a link to learn how a login ended whose response does not tell (rule: Status checks).

A status check has three results: the link shows a success, it shows none, or it could not be seen. Only
the second allows a repeat.
"""

from collections import OrderedDict
from datetime import datetime, timedelta
from typing import Final

from attrs import evolve, frozen

from belvo_async._engine.context import EngineContext
from belvo_async._engine.exchange import Exchange
from belvo_async._engine.send_record import LONGEST_LOGIN, SendRecord, Unproven
from belvo_async._engine.server_clock import CLOCKS_AGREE
from belvo_async._wire.requests import build_link_read
from belvo_async._wire.responses import read_link
from belvo_async.errors import BelvoError, OutcomeUnknownError
from belvo_async.models import Link, LinkStatus
from belvo_async.telemetry._events import LoginSettled
from belvo_async.telemetry._log import notify

_SCHEDULE: Final = (0.0, 3.0, 6.0, 12.0)
"""Seconds before each check while the caller waits: a login takes seconds to minutes."""
_NEXT_WAIT: Final = 24.0
"""Seconds before the first check after those; then twice as many each, until the login limit is over."""
_REMEMBERED: Final = 10_000
_CLEARLY_AFTER: Final = CLOCKS_AGREE + timedelta(seconds=3)
"""How long after the departure of another process's login an access may be no earlier login's."""


@frozen
class _Access:
    at: datetime
    is_told: bool
    """Whether it is known whose login it was: a caller was told, or another login has left since."""
    login_at: datetime | None
    """When that login left, as its recorder was told; None where it had none, or another has left since."""


class SeenAccesses:
    """The last accesses that this pool has been told of, for the links it logged in at most recently.

    Clocks are compared to about a second only: an access of an earlier login is no news of a later one,
    whatever they say.
    """

    def __init__(self) -> None:
        self._last: Final[OrderedDict[str, _Access]] = OrderedDict()

    def note(self, link: Link, *, is_told: bool, login_at: datetime | None) -> None:
        """Remember the access that a login has reported, and whether a caller was told of it.

        *login_at* is when the login left, as its recorder was told.
        """
        last, at = self._last.get(link.id), link.last_accessed_at
        if at is None or (last is not None and last.at > at):  # a response may be older than one before it
            return
        self._last[link.id] = _Access(at, is_told, login_at)
        self._last.move_to_end(link.id)
        if len(self._last) > _REMEMBERED:
            self._last.popitem(last=False)

    def begin(self, link_id: str) -> None:
        """Note that another login leaves: what was seen so far is no proof for it."""
        last = self._last.get(link_id)
        if last is not None:
            self._last[link_id] = evolve(last, is_told=True, login_at=None)

    def is_known(self, link_id: str, accessed_at: datetime, since: datetime) -> bool:
        """Whether an access is that of a login whose end was told, or an older one.

        It is not where it is asked for a login that left at *since*, and that is the one: whoever was told
        could not write it down.
        """
        last = self._last.get(link_id)
        return last is not None and last.is_told and accessed_at <= last.at and since != last.login_at


class StatusCheck:
    """Checks one link after a login, whose secrets its responses may echo."""

    def __init__(
        self,
        exchange: Exchange,
        context: EngineContext,
        accesses: SeenAccesses,
        link_id: str,
        secrets: tuple[str, ...] = (),
    ) -> None:
        self._accesses: Final = accesses
        self._exchange: Final = exchange
        self._context: Final = context
        self._link_id: Final = link_id
        self._request: Final = build_link_read(link_id, is_urgent=True, secrets=secrets)

    async def find_result(self, departure: SendRecord) -> Link | Unproven:
        """Check on a schedule until the link shows how the login ended; for as long as a caller waits."""
        finding: Link | Unproven = Unproven.NOT_SEEN
        for seconds in _SCHEDULE:
            if seconds and self._context.lifecycle.is_closing:
                break
            finding = await self._check_after(seconds, departure)
            is_seen = finding is not Unproven.NOT_SEEN
            if isinstance(finding, Link) or (is_seen and departure.is_over(self._context.clock.monotonic())):
                break
        self._tell(departure, finding)
        return finding

    async def wait_until_over(self, departure: SendRecord) -> Link | None:
        """Check now and then until the link shows a success, or the login has surely ended.

        Raises:
            PoolClosedError: The pool closes.
        """
        wait = _NEXT_WAIT
        while left := departure.find_seconds_left(self._context.clock.monotonic()):
            await self._context.lifecycle.nap(min(wait, left))
            finding = await self._check_once(departure)
            if isinstance(finding, Link):
                self._tell(departure, finding)
                return finding
            wait *= 2
        return None

    async def read(self, since: datetime) -> Link | None:
        """Return the link if it shows a success since a moment of Belvo's clock, and None if it shows none.

        Raises:
            OutcomeUnknownError: What it shows proves neither.
            BelvoError: The link could not be read.
        """
        link = read_link(await self._exchange.fetch(self._request), self._request)
        finding = self._judge(link, since, since + LONGEST_LOGIN)
        if finding is Unproven.NOT_SEEN:
            raise OutcomeUnknownError(
                "What the link shows does not tell whether the login succeeded: its last access is too close "
                "to the login's departure, or another login came later.",
                remedy="Update the link again only with the user at hand.",
                link_id=self._link_id,
                sent_at=since,
            )
        return finding if isinstance(finding, Link) else None

    async def find_end(self, seconds: float) -> bool:
        """Check once whether a login that another process has sent some seconds ago has surely succeeded.

        An access right after its departure does not count: it may be of a login before that this pool has
        not heard of.
        """
        left_at = self._context.clock.monotonic() - seconds
        link = await self._read_once()
        is_time_known = self._context.server_clock.doubt <= CLOCKS_AGREE  # by this response, at the latest
        if link is None or not is_time_known:
            return False
        since = self._context.find_belvo_time(left_at)
        finding = self._judge(link, since + _CLEARLY_AFTER, since + LONGEST_LOGIN)
        return isinstance(finding, Link)

    async def _check_after(self, seconds: float, departure: SendRecord) -> Link | Unproven:
        try:
            if seconds:
                await self._context.lifecycle.nap(seconds)
        except BelvoError:  # the pool closes
            return Unproven.NOT_SEEN
        return await self._check_once(departure)

    async def _read_once(self) -> Link | None:
        try:
            response = await self._exchange.send(self._request)
            return read_link(response, self._request) if response.is_success else None
        except BelvoError:
            return None

    async def _check_once(self, departure: SendRecord) -> Link | Unproven:
        link = await self._read_once()
        if link is None:
            return Unproven.NOT_SEEN
        since, last = (self._context.find_belvo_time(at) for at in (departure.first, departure.last))
        return self._judge(link, since, last + LONGEST_LOGIN)

    def _judge(self, link: Link, since: datetime, until: datetime) -> Link | Unproven:
        if "last_accessed_at" in link.extra:  # it could not be read
            return Unproven.NOT_SEEN
        accessed_at = link.last_accessed_at
        if accessed_at is None or self._accesses.is_known(link.id, accessed_at, since):
            return Unproven.NO_SUCCESS
        if accessed_at <= since:
            # An access right before the departure may be the login's own, by a clock that is behind.
            earliest = since - CLOCKS_AGREE - self._context.server_clock.doubt
            return Unproven.NO_SUCCESS if accessed_at <= earliest else Unproven.NOT_SEEN
        # An access in the future of Belvo's own clock is by another clock, and one after the limit is of
        # another login: neither proves anything.
        latest = min(self._context.server_clock.now() + CLOCKS_AGREE, until)
        is_proof = accessed_at <= latest and link.status is LinkStatus.VALID
        return link if is_proof else Unproven.NOT_SEEN

    def _tell(self, departure: SendRecord, finding: Link | Unproven) -> None:
        succeeded, is_seen = isinstance(finding, Link), finding is not Unproven.NOT_SEEN
        if succeeded or (is_seen and not departure.may_run):
            departure.settle()
        settled = LoginSettled(link_id=self._link_id, succeeded=succeeded if is_seen else None)
        notify(self._context.observer, settled)
