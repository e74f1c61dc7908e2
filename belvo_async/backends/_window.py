"""The window of one egress address: which starts it has seen, and who comes next.

(rule: Limits hold as Belvo counts)

Two things are told apart. A *start* is hard: a request has left, or leaves now, and it counts until it is
out of the window. A *place* is soft: somebody waits, and knows when it is worth asking again. So nobody
polls, who came first goes first, and a process that dies in its place costs nobody more than a moment; but
nothing is promised, and each start is judged when it is made, by the starts there have been.
"""

from bisect import bisect_right
from functools import lru_cache
from typing import Final

from attrs import define, field, frozen

from belvo_async.backends._coordinator import Moment, RecordKind
from belvo_async.backends._pause import Pause
from belvo_async.backends._record_text import RecordText
from belvo_async.params import RateLimit

_CATCHING_UP: Final = 1.25
"""How much faster than the limit's pace those start that wait, where starts were missed. At once they would
leave in a bunch, and come back in one a window later; and an answer between two bunches waits for seconds."""
_FIRST_RANK: Final = 0
_LAST_RANK: Final = 2
_PLACE_LASTS: Final = 1.0
"""Seconds for which a place is kept after its time: whose process stands still gives it up."""
_KEPT: Final = 4000.0
"""Seconds: a window is over long before, and what pauses it remembers after an hour."""


@frozen
class WindowLimit:
    """A limit, with what follows from it."""

    size: int | None
    """Starts in a span; None: no limit."""
    span: float
    """Seconds for which each start counts."""
    burst: int

    step: float
    """Seconds from one start to the next in the pace of the limit."""
    gap: float
    """Seconds between two starts of those that wait, at least."""
    reserve: int
    """How many of the starts are kept for answers."""

    @classmethod
    def of(cls, limit: RateLimit) -> "WindowLimit":
        """Return that of a setting."""
        return _find_limit(limit.requests, limit.window + limit.margin, limit.burst)


@lru_cache(maxsize=64)
def _find_limit(size: int | None, span: float, burst: int) -> WindowLimit:
    step = span / size if size else 0.0
    gap, reserve = step / _CATCHING_UP, (size or 0) // 10
    return WindowLimit(size, span, min(burst, size or 1), step=step, gap=gap, reserve=reserve)


@frozen
class Place:
    """Somebody who waits."""

    number: int
    """Lower for who came first."""
    rank: int
    """Its class; those with a lower one go first."""
    at: float
    """When it is to ask again."""


@frozen
class Ask:
    """What a process wants to know."""

    rank: int
    """The class of its requests; those with a lower one go first."""
    count: int
    """How many are ready to leave; 0 to learn how things stand."""
    number: int | None = None
    """The place of the first of them, if it has one."""


@frozen
class Grant:
    """What the window says to who asks."""

    moment: float
    """When, by the clock of who keeps the window."""
    count: int
    """How many may start now."""
    seconds: float | None
    """After how many seconds to ask again, for the next one; None where all that were asked for may start."""
    number: int | None
    """The place of the next one, to be named when it asks again."""
    pause: float | None
    """The seconds that a pause goes on for at least; None where there is none."""
    epoch: int
    """Tells the pauses apart."""
    is_hopeless: bool
    """Whether the server refuses this address again and again."""
    starts: tuple[float, ...]
    """When each start of the window was, and each place before the next one's is to be; ascending."""
    paced_until: float
    """When the starts so far would have ended, had they come one by one."""


@define
class Window:
    """What is known of one address. Times are seconds by the clock of who keeps it."""

    starts: list[float] = field(factory=list)
    """Those that still count; ascending."""
    places: list[Place] = field(factory=list)
    paced_until: float = 0.0
    next_number: int = 1
    pause: Pause = field(factory=Pause)
    size: int | None = None
    span: float = 0.0
    """Of the limits that processes have named lately, the smallest."""

    def ask(self, moment: Moment, limit: WindowLimit, asking: Ask) -> Grant:
        """Let requests of a class start now, as many as may, and give the next one a place.

        Where processes name different limits, the smaller one holds.
        """
        now = moment.now
        limit = self._agree(limit, now)
        self._tidy(now, limit)
        ahead = self._find_ahead(now, asking)
        count, wait = self._let_start(moment, limit, asking, ahead)
        if asking.count and asking.number is not None:
            self.leave(asking.number)
        number = None if wait is None else self._give_place(asking, now + wait, is_new=count > 0)
        return Grant(
            moment=now,
            count=count,
            seconds=wait,
            number=number,
            pause=self.pause.find_seconds(now),
            epoch=self.pause.epoch,
            is_hopeless=self.pause.is_hopeless(now),
            starts=(*self.starts, *ahead),
            paced_until=self.paced_until,
        )

    def confirm(self, moment: Moment, limit: WindowLimit, start: float, epoch: int) -> float | None:
        """Count a start from now on: who was given it has not left yet.

        Return None where it has left the window, or a pause has begun: then it has to ask again.
        """
        if epoch != self.pause.epoch:
            return None
        if limit.size is None:
            return moment.now
        if start not in self.starts:
            return None
        self.starts.remove(start)
        self.starts.append(moment.now)
        return moment.now

    def give_back(self, start: float) -> None:
        """Take out a start that was given, and surely has not left."""
        if start in self.starts:
            self.starts.remove(start)
            self.paced_until -= self.span / (self.size or 1)

    def count_starts(self, now: float) -> int:
        """Return how many starts still count."""
        return len(self.starts) - bisect_right(self.starts, now - self.span)

    def count_places(self, now: float) -> int:
        """Return how many wait."""
        return sum(place.at > now - _PLACE_LASTS for place in self.places)

    def leave(self, number: int) -> None:
        """Give up a place."""
        self.places = [place for place in self.places if place.number != number]

    def _agree(self, limit: WindowLimit, now: float) -> WindowLimit:
        if limit.size is None:
            return limit
        if self.size is None or not self.starts or self.starts[-1] <= now - self.span:
            self.size, self.span = limit.size, limit.span
        elif (self.size, self.span) != (limit.size, limit.span):
            self.size, self.span = min(self.size, limit.size), max(self.span, limit.span)
            return _find_limit(self.size, self.span, limit.burst)
        return limit

    def _tidy(self, now: float, limit: WindowLimit) -> None:
        if self.starts and self.starts[-1] > now:  # the clock was set back
            self.starts = [min(start, now) for start in self.starts]
            self.paced_until = min(self.paced_until, now + limit.span)
        over = bisect_right(self.starts, now - limit.span)
        if over:
            del self.starts[:over]
        if self.places:
            oldest = now - _PLACE_LASTS
            self.places = [place for place in self.places if place.at > oldest]

    def _find_ahead(self, now: float, asking: Ask) -> list[float]:
        """Return when those start who go before, ascending."""
        if not self.places:
            return []
        mine = asking.rank, self.next_number if asking.number is None else asking.number
        return sorted(max(place.at, now) for place in self.places if (place.rank, place.number) < mine)

    def _let_start(
        self, moment: Moment, limit: WindowLimit, asking: Ask, ahead: list[float]
    ) -> tuple[int, float | None]:
        """Return how many start, and after how many seconds the next one may."""
        now, count = moment.now, 0
        is_paced = asking.rank == _LAST_RANK or asking.number is not None or (bool(ahead) and asking.rank > 0)
        while count < asking.count:
            wait = self._find_start(moment, limit, asking.rank, ahead, is_paced=is_paced) - now
            pause = self.pause.find_seconds(now)
            if wait > 0 or pause:
                return count, max(wait, pause or 0.0)
            if pause is not None:
                self.pause.start_probe(now)
            self._start(now, limit)
            count += 1
        return count, None

    def _find_start(
        self, moment: Moment, limit: WindowLimit, rank: int, ahead: list[float], *, is_paced: bool
    ) -> float:
        """Return when the next one may start, if those who go before start at their times."""
        if limit.size is None:
            return moment.now
        starts = [*self.starts, *ahead] if ahead else self.starts
        count, start = len(starts), max(moment.now, moment.since + limit.span, *ahead[-1:])
        if count >= limit.size:
            start = max(start, starts[count - limit.size] + limit.span)
        if rank == _FIRST_RANK or not count:
            return start
        rest = limit.size - limit.reserve
        if count >= rest:  # what is kept for answers counts with what comes back soon
            start = max(start, starts[count - rest] + limit.span - limit.reserve * limit.step)
        if is_paced:
            missed = self.paced_until + (len(ahead) - (limit.burst - 1)) * limit.step
            start = max(start, missed, starts[-1] + limit.gap)
        return start

    def _start(self, now: float, limit: WindowLimit) -> None:
        if limit.size is not None:
            self.starts.append(now)
            self.paced_until = max(self.paced_until, now) + limit.step

    def _give_place(self, asking: Ask, at: float, *, is_new: bool) -> int:
        number = None if is_new else asking.number
        if number is None:
            number = self.next_number
            self.next_number += 1
        self.places.append(Place(number, asking.rank, at))
        return number


_TEXT: Final = RecordText(Window, "window", version=1)
WINDOW: Final = RecordKind(name="window", create=Window, dump=_TEXT.dump, load=_TEXT.load, lasts=_KEPT)
