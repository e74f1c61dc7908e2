"""Counts what becomes of the links of a job."""

from bisect import insort
from collections import Counter, defaultdict, deque
from datetime import datetime
from typing import Final

from belvo_async._clock import Clock
from belvo_async._jobs.outcomes import (
    AnyOutcome,
    Parked,
    Refusal,
    Unsettled,
    count_rows,
    find_code,
    find_state,
)
from belvo_async.backends import LinkCounts, LinkState
from belvo_async.params import Concurrency, RateLimit

UNKNOWN: Final = "unknown"
_RECENT: Final = 500
"""Outcomes that the rate is measured on."""
_EXPIRIES: Final = 1000
"""Open challenges that are watched: the soonest."""
_LATENCY_WEIGHT: Final = 0.05
"""Of the newest login in the mean."""


class Statistics:
    """Counts, rates and times of one run, with what earlier runs have left."""

    def __init__(self, clock: Clock, concurrency: Concurrency, rate_limit: RateLimit) -> None:
        self._clock: Final = clock
        self._concurrency: Final = concurrency
        self._rate_limit: Final = rate_limit
        self._began: Final = clock.monotonic()
        self._states: Final[Counter[LinkState]] = Counter()
        self._institutions: Final[defaultdict[str, Counter[str]]] = defaultdict(Counter)
        self._codes: Final[Counter[str]] = Counter()
        self._recent: Final[deque[float]] = deque(maxlen=_RECENT)
        self._latency: float | None = None
        self._expiries: Final[list[tuple[datetime, str]]] = []
        self.repeated = 0
        self.skipped = 0
        self.held_back = 0
        self.planned = 0
        self.rows = 0
        """Of data, retrieved in this run."""
        self.ended = 0
        """Outcomes of this run."""

    def take_over(self, counts: LinkCounts) -> None:
        """Begin with what earlier runs have left."""
        self._states.update({state: n for state, n in counts.by_state.items() if state.is_final})
        self._codes.update(counts.by_code)
        nameless = Counter({str(state): n for state, n in self._states.items()})
        for institution, states in counts.by_institution.items():
            final = {str(state): n for state, n in states.items() if state.is_final}
            self._institutions[institution].update(final)
            nameless.subtract(final)
        self._institutions[UNKNOWN].update(+nameless)

    def take_back(self, state: LinkState, institution: str | None, code: str | None) -> None:
        """Uncount an outcome of an earlier run, or a parked one, as the link is tried again."""
        self._count(state, institution, code, -1)

    def hold_back(self) -> None:
        """Count a link whose credentials were refused before."""
        self.skipped += 1
        self.held_back += 1

    def plan(self, institution: str | None) -> None:
        """Count a link that a run without logins would update."""
        self.planned += 1
        self._institutions[institution or UNKNOWN]["waiting"] += 1

    def count(self, outcome: AnyOutcome, institution: str | None) -> str | None:
        """Count an outcome; return the code of a failure."""
        code = find_code(outcome.error) if isinstance(outcome, Refusal | Unsettled) else None
        self._count(find_state(outcome), institution, code, 1)
        self.ended += 1
        self._recent.append(self._clock.monotonic())
        self.rows += count_rows(outcome)
        if isinstance(outcome, Parked):
            self.watch(outcome.expires_at, outcome.link_id)
        return code

    def _count(self, state: LinkState, institution: str | None, code: str | None, number: int) -> None:
        self._states[state] += number
        self._institutions[institution or UNKNOWN][str(state)] += number
        if code is not None and state in (LinkState.REFUSED, LinkState.UNSETTLED):
            self._codes[code] += number

    def time(self, seconds: float) -> None:
        """Note how long a login has held its place."""
        before = self._latency
        self._latency = seconds if before is None else before + _LATENCY_WEIGHT * (seconds - before)

    def watch(self, expires_at: datetime, link_id: str) -> None:
        """Note when an open challenge expires."""
        insort(self._expiries, (expires_at, link_id))
        del self._expiries[_EXPIRIES:]

    def forget(self, link_id: str) -> None:
        """Note that a challenge is no longer open."""
        self._expiries[:] = [expiry for expiry in self._expiries if expiry[1] != link_id]

    @property
    def finished(self) -> int:
        """How many links have a final outcome."""
        return self._states.total()

    @property
    def elapsed(self) -> float:
        """Seconds since the run began."""
        return self._clock.monotonic() - self._began

    def find_rate(self) -> float | None:
        """Return the links a second, lately."""
        if len(self._recent) < 2:
            return None
        seconds = self._recent[-1] - self._recent[0]
        return (len(self._recent) - 1) / seconds if seconds > 0 else None

    def find_seconds_left(self, links: int) -> float | None:
        """Return how long so many links take: as fast as the limit allows, and as the banks answer."""
        paces = []
        if self._rate_limit.requests is not None:
            paces.append(self._rate_limit.requests / (self._rate_limit.window + self._rate_limit.margin))
        if self._latency:
            paces.append(self._concurrency.total / self._latency)
        return links / min(paces) if paces else None

    def find_next_expiry(self) -> datetime | None:
        """Return when the first open challenge expires."""
        now = self._clock.wall()
        return next((at for at, _ in self._expiries if at > now), None)

    def list_states(self) -> dict[str, int]:
        """Return the count of each outcome."""
        return {str(state): self._states[state] for state in LinkState if state.is_final}

    def list_institutions(self) -> dict[str, dict[str, int]]:
        """Return the counts of each institution."""
        return {name: dict(+counts) for name, counts in self._institutions.items() if +counts}

    def list_codes(self) -> dict[str, int]:
        """Return the count of each error code."""
        return dict(+self._codes)
