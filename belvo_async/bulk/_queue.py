"""The links that wait for their login: which one is next, so that no institution starves another."""

from collections import OrderedDict, deque
from typing import Final

from attrs import define, field

from belvo_async._clock import Clock
from belvo_async._jobs.records import Job
from belvo_async.params import Concurrency

_FIRST_REST: Final = 60.0
_LONGEST_REST: Final = 900.0
_HELD_UP_AFTER: Final = 2
"""Rests in a row: one bad minute is waited for."""
_HOPELESS_AFTER: Final = 5
"""Rests in a row: half an hour without one login that went through."""
_LARGEST_SHARE: Final = 0.5
"""Of the queue, for the links of one institution that rests: the others need room too."""


@define(eq=False)
class _Bank:
    """One institution: who waits for it, how many logins run there, and whether it rests."""

    waiting: deque[Job] = field(factory=deque)
    running: int = 0
    rest: float = 0.0
    """Seconds of the last rest, 0 when all is well. After it, one login at a time goes ahead as a probe."""
    rests_until: float = 0.0
    rests_in_a_row: int = 0
    complaints: int = 0
    """Logins in a row that it was too busy for."""

    @property
    def is_idle(self) -> bool:
        """Whether there is nothing to remember about it."""
        return not (self.waiting or self.running or self.rest or self.complaints)


class FairQueue:
    """So many waiting links, so many places for logins in all and at each institution.

    (rule: Everybody gets a turn)

    An institution that is down rests: 60 s, then twice as long each time, 15 minutes at most. The links of
    institutions that nobody named share one queue, without a bound or a rest of their own.
    """

    def __init__(self, concurrency: Concurrency, size: int, clock: Clock) -> None:
        self._concurrency: Final = concurrency
        self._size: Final = size
        self._clock: Final = clock
        self._banks: Final[OrderedDict[str | None, _Bank]] = OrderedDict()
        self._waiting: Final[dict[str, Job]] = {}
        self._running = 0

    def __len__(self) -> int:
        """Return how many links wait."""
        return len(self._waiting)

    @property
    def room(self) -> int:
        """How many more links may wait."""
        return max(0, self._size - len(self._waiting))

    @property
    def running(self) -> int:
        """How many places are taken."""
        return self._running

    def replace(self, job: Job) -> bool:
        """Put the newer value of a link that waits already in its place; return whether it did wait."""
        waiting = self._waiting.get(job.link_id)
        if waiting is None:
            return False
        waiting.update = job.update
        return True

    def add(self, job: Job) -> None:
        """Let a link wait."""
        self._waiting[job.link_id] = job
        self._bank(job.institution).waiting.append(job)

    def pick(self) -> Job | None:
        """Return the link whose login may start now, and take its place; institutions take turns."""
        if self._running >= self._concurrency.total:
            return None
        for name, bank in self._banks.items():
            if bank.waiting and self._is_open(name, bank):
                self._banks.move_to_end(name)
                bank.running += 1
                self._running += 1
                job = bank.waiting.popleft()
                del self._waiting[job.link_id]
                return job
        return None

    def leave(self, job: Job) -> None:
        """Give back the place of a login that has ended, or whose person is being asked."""
        self._bank(job.institution).running -= 1
        self._running -= 1
        self._tidy(job.institution)

    def praise(self, institution: str | None) -> None:
        """Note that an institution answered: its rest is over."""
        bank = self._banks.get(institution)
        if bank is not None:
            bank.rest = bank.rests_until = 0.0
            bank.rests_in_a_row = bank.complaints = 0
            self._tidy(institution)

    def complain(self, institution: str | None, *, enough: int = 1) -> float | None:
        """Note that an institution was down or busy; after *enough* times in a row it rests.

        Returns:
            The seconds of the rest that begins now; None where none does.
        """
        if institution is None:
            return None
        bank, now = self._bank(institution), self._clock.monotonic()
        bank.complaints += 1
        if bank.complaints < enough or now < bank.rests_until:
            return None
        bank.rest = min(max(_FIRST_REST, 2 * bank.rest), _LONGEST_REST)
        bank.rests_until = now + bank.rest
        bank.rests_in_a_row += 1
        return bank.rest

    def drop_excess(self, institution: str | None) -> list[Job]:
        """Take out the links that an institution at rest has no room for, or no hope."""
        bank = self._banks.get(institution)
        if bank is None or bank.rests_in_a_row < _HELD_UP_AFTER:
            return []
        most = 0 if bank.rests_in_a_row >= _HOPELESS_AFTER else int(self._size * _LARGEST_SHARE)
        dropped = []
        while len(bank.waiting) > most:
            job = bank.waiting.pop()
            del self._waiting[job.link_id]
            dropped.append(job)
        return dropped

    def find_next_start(self) -> float | None:
        """Return the seconds until the first rest ends that a link waits for, if one does."""
        now = self._clock.monotonic()
        ends = [bank.rests_until for bank in self._banks.values() if bank.waiting and bank.rests_until > now]
        return min(ends) - now if ends else None

    def _bank(self, institution: str | None) -> _Bank:
        return self._banks.setdefault(institution, _Bank())

    def _is_open(self, name: str | None, bank: _Bank) -> bool:
        if name is None:
            return True
        if not bank.rest:
            most = self._concurrency.per_institution
            return most is None or bank.running < most
        return not bank.running and self._clock.monotonic() >= bank.rests_until

    def _tidy(self, institution: str | None) -> None:
        if self._banks[institution].is_idle:
            del self._banks[institution]
