"""The links that wait for their login: which one is next, so that no institution starves another."""

from collections import OrderedDict, deque
from typing import Final

from attrs import define, field

from belvo_async._clock import Clock
from belvo_async._jobs.outcomes import AnyOutcome
from belvo_async._jobs.records import Job
from belvo_async.bulk._circuit_breaker import CircuitBreaker
from belvo_async.errors import InstitutionUnavailableError
from belvo_async.params import Concurrency


@define(eq=False)
class _Bank:
    """One institution: who waits for it, how many logins run there, and whether it rests."""

    waiting: deque[Job] = field(factory=deque)
    running: int = 0
    breaker: CircuitBreaker = field(factory=CircuitBreaker)

    @property
    def is_idle(self) -> bool:
        """Whether there is nothing to remember about it."""
        return not (self.waiting or self.running) and self.breaker.is_idle


class FairQueue:
    """So many waiting links, so many places for logins in all and at each institution.

    (rule: Everybody gets a turn)

    An institution that is down rests. The links of institutions that nobody named share one queue, without a
    bound or a rest of their own.
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
            if bank.waiting and self._may_start(name, bank):
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

    def judge(self, institution: str | None, outcome: AnyOutcome) -> None:
        """Tell the circuit breaker of an institution what became of one of its links."""
        if institution is not None:
            self._bank(institution).breaker.judge(outcome, self._clock.monotonic())
            self._tidy(institution)

    def drop_excess(self, institution: str | None) -> list[tuple[Job, InstitutionUnavailableError]]:
        """Take out the links that do not wait for the end of a rest, each with its error."""
        bank = self._banks.get(institution)
        if bank is None or bank.breaker.rest is None:
            return []
        rest = bank.breaker.rest
        dropped = [bank.waiting.pop() for _ in range(rest.count_excess(len(bank.waiting), self._size))]
        for job in dropped:
            del self._waiting[job.link_id]
        return [(job, rest.refuse(job)) for job in dropped]

    def find_next_start(self) -> float | None:
        """Return the seconds until the first rest ends that a link waits for, if one does."""
        now = self._clock.monotonic()
        ends = [bank.breaker.rests_until for bank in self._banks.values() if bank.waiting]
        return min((end - now for end in ends if end > now), default=None)

    def _bank(self, institution: str | None) -> _Bank:
        return self._banks.setdefault(institution, _Bank())

    def _may_start(self, name: str | None, bank: _Bank) -> bool:
        if name is None:
            return True
        most = self._concurrency.per_institution
        has_place = most is None or bank.running < most
        return has_place and bank.breaker.lets_through(bank.running, self._clock.monotonic())

    def _tidy(self, institution: str | None) -> None:
        if self._banks[institution].is_idle:
            del self._banks[institution]
