"""What is known of each link of the demo while it runs."""

import time
from collections import Counter, deque
from collections.abc import Iterable
from typing import Final

from attrs import define, field

from belvo_async import BelvoError, Challenge
from belvo_async.cli._console import write_line
from belvo_async.cli._demo.users import DemoCustomer, Outcome
from belvo_async.cli._exit_codes import Ending, EndingKind, read_ending
from belvo_async.errors import (
    ChallengeDeclinedError,
    ChallengeExpiredError,
    LoginFailedError,
    SessionExpiredError,
    TooManyRoundsError,
)
from belvo_async.models import ChallengeKind
from belvo_async.telemetry import LoginSettled, Observation, RetryPlanned

_NEWS: Final = 5


@define(kw_only=True)
class Entry:
    """One customer's link, as far as it has come."""

    customer: DemoCustomer
    link_id: str | None = None
    """None until it is registered."""
    is_asked: bool = False
    """Whether a challenge waits for the person now."""
    challenges: list[Challenge] = field(factory=list)
    is_settled: bool = False
    is_repeated: bool = False
    started: float | None = None
    seconds: float | None = None
    """How long it took, the person's time included; None until it has ended."""
    error: BelvoError | None = None

    @property
    def ending(self) -> Ending:
        """The state in which the link was left."""
        return read_ending(self.error)

    @property
    def outcome(self) -> Outcome:
        """What became of it, told from what happened and not from what was planned."""
        match self.error:
            case None:
                return self._name_update()
            case ChallengeDeclinedError():
                return Outcome.DECLINED
            case ChallengeExpiredError() | SessionExpiredError():
                return Outcome.EXPIRED
            case TooManyRoundsError():
                return Outcome.GUESSED_OUT
            case LoginFailedError():
                return Outcome.REFUSED
            case _:
                return Outcome.OTHER

    def _name_update(self) -> Outcome:
        if self.is_settled:
            return Outcome.SETTLED
        if self.is_repeated:
            return Outcome.REPEATED
        if self.customer.persona.updates > 1:
            return Outcome.TWICE
        if len(self.challenges) > 1:
            same = self.challenges[0].kind == self.challenges[-1].kind
            return Outcome.WRONG_FIRST if same else Outcome.TWO_STEPS
        kind = self.challenges[0].kind if self.challenges else None
        return _BY_KIND.get(kind, Outcome.OTHER)


_BY_KIND: Final = {
    None: Outcome.PLAIN,
    ChallengeKind.NUMERIC: Outcome.NUMERIC,
    ChallengeKind.QR: Outcome.QR,
    ChallengeKind.TEXT: Outcome.TEXT,
    ChallengeKind.INPUTLESS: Outcome.INPUTLESS,
}


_DONE: Final = frozenset({EndingKind.UPDATED, EndingKind.NOT_UPDATED})


class DemoState:
    """All links of one demo, and what happened last."""

    def __init__(self, customers: Iterable[DemoCustomer]) -> None:
        self.entries: Final = [Entry(customer=customer) for customer in customers]
        self.answered: Final[Counter[str]] = Counter()
        """Challenges answered, by kind."""
        self.news: Final[deque[str]] = deque(maxlen=_NEWS)
        self._by_link: Final[dict[str, Entry]] = {}
        self._started: Final = time.monotonic()
        self._done = 0

    @property
    def total(self) -> int:
        """How many links there are."""
        return len(self.entries)

    @property
    def done(self) -> int:
        """How many have ended, well or not; those that Ctrl-C left in between do not count."""
        return self._done

    @property
    def asked(self) -> int:
        """How many challenges wait for their people."""
        return sum(entry.is_asked for entry in self.entries)

    @property
    def elapsed(self) -> float:
        """Seconds since the start."""
        return time.monotonic() - self._started

    def know(self, entry: Entry, link_id: str) -> None:
        """Note the id of a customer's link."""
        entry.link_id = link_id
        self._by_link[link_id] = entry

    def begin(self, entry: Entry) -> None:
        """Note that the login of *entry* is asked for."""
        entry.started = time.monotonic()

    def ask(self, entry: Entry, challenge: Challenge) -> None:
        """Note that a person is asked."""
        entry.is_asked = True
        entry.challenges.append(challenge)
        what = challenge.value or challenge.instructions
        self._report("?", entry, f"{challenge.kind or 'a challenge'}: {write_line(what)}")

    def answer(self, entry: Entry, challenge: Challenge) -> None:
        """Note that the person has answered."""
        entry.is_asked = False
        self.answered[challenge.kind or "unknown"] += 1

    def end(self, entry: Entry, error: BelvoError | None) -> None:
        """Note how it ended."""
        entry.is_asked = False
        entry.error = error
        entry.seconds = time.monotonic() - (entry.started or time.monotonic())
        self._done += entry.ending.kind in _DONE
        outcome = entry.outcome
        self._report(
            "+" if error is None else "-",
            entry,
            str(entry.ending) if outcome is Outcome.OTHER else outcome,
        )

    def observe(self, observation: Observation) -> None:
        """Take in what the pool tells: this is its observer."""
        match observation:
            case LoginSettled(link_id=link_id, succeeded=True) if link_id in self._by_link:
                self._by_link[link_id].is_settled = True
            case RetryPlanned(link_id=str(link_id)) if link_id in self._by_link:
                self._by_link[link_id].is_repeated = True
            case _:
                pass

    def _report(self, mark: str, entry: Entry, what: str) -> None:
        name = (entry.link_id or "new link")[:8]
        self.news.append(f"{mark} {name}  {entry.customer.institution:<20} {what}")
