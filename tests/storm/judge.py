"""Judges a client by what the bank took from it, and when.

Of what the client says only this counts: which wish a call is for, which token a person gave, and how a call
ended.
"""

from collections import Counter, defaultdict
from collections.abc import Callable
from enum import Enum
from typing import Final

from tests.storm.records import LINGER, Attempt, Call, Challenge, Given, Subject, Wish

_EVIDENCE: Final = 5
"""How many cases of a fault are kept in words."""

_LOGINS: Final = ("update", "register")
"""The calls that want a login of their own; the others go on with one."""


class Fault(Enum):
    """What a client must never do."""

    DOUBLED_LOGIN = "doubled logins"
    UNSEEN_REPEAT = 'repeats without a seen "no success"'
    OVERLAP = "overlapping logins of one link"
    TOKEN_TWICE = "tokens sent twice"
    LATE_TOKEN = "tokens after the expiry of their session"
    CROSSED = "tokens or responses across links"
    FALSE_SUCCESS = "successes that never were"
    HIDDEN_SUCCESS = "successes that a status check showed, not reported"
    ENDLESS_CALL = "calls that never end"
    FOREIGN_ERROR = "exceptions of no documented class"
    LEFT_BEHIND = "left after the pool closed"
    MEMORY = "MiB of memory gained over 10"


class End(Enum):
    """How a call ended, as far as it matters here."""

    SUCCESS = "success"
    NO_SUCCESS = "no success"
    """Unknown, or failed."""
    CANCELLED = "cancelled"
    OTHER = "other"
    """It was refused, or a person is needed."""


class Judge:
    """Counts offences, and keeps the first few of each kind in words."""

    def __init__(self, now: Callable[[], float]) -> None:
        self._now: Final = now
        self.faults: Final[Counter[Fault]] = Counter()
        self.evidence: Final[defaultdict[Fault, list[str]]] = defaultdict(list)
        self.calls: Final[set[Call]] = set()
        self._wishes: Final[dict[str, Wish]] = {}
        self._subjects: Final[defaultdict[str, Subject]] = defaultdict(Subject)
        self._given: Final[dict[str, Given]] = {}
        self._sent: Final[set[str]] = set()
        self._sessions: Final[dict[str, str]] = {}

    def blame(self, fault: Fault, words: str, number: int = 1) -> None:
        self.faults[fault] += number
        if len(self.evidence[fault]) < _EVIDENCE:
            self.evidence[fault].append(f"{words} (at {self._now():.1f})")

    def forget(self) -> None:
        """Drop what a pool's links have left; its counts stay."""
        for records in (self._wishes, self._subjects, self._given, self._sent, self._sessions, self.calls):
            records.clear()

    # What the user and the client say.

    def wish(self, name: str, subject: str) -> Wish:
        """Note an intent, before any call is made for it."""
        return self._wishes.setdefault(name, Wish(name, subject))

    def begin(
        self, name: str, wish: Wish | None, link_id: str | None, bound: float, stop: Callable[[], object]
    ) -> Call:
        now = self._now()
        call = Call(name, wish, link_id, now, now + bound, stop)
        if wish is not None:
            if name in _LOGINS:
                wish.begin(now)
            wish.waiting += 1
        self.calls.add(call)
        return call

    def ask(self, call: Call, link_id: str) -> None:
        """Note that a person is shown a challenge."""
        if call.link_id is not None and link_id != call.link_id:
            self.blame(Fault.CROSSED, f"{call.name} of {call.link_id}: asked about {link_id}")

    def give(self, token: str, link_id: str, session: str) -> None:
        """Note that a person gives a token."""
        self._given[token] = Given(link_id, session)

    def end(self, call: Call, end: End, link_id: str | None = None) -> None:
        """Judge how a call ended; *link_id* is that of the link it returned."""
        self.calls.discard(call)
        if call.wish is not None:
            call.wish.waiting -= 1
            if end is not End.CANCELLED:
                call.wish.inform(self._now())
        if end is End.SUCCESS and None not in (link_id, call.link_id) and link_id != call.link_id:
            self.blame(Fault.CROSSED, f"{call.name} of {call.link_id} returned {link_id}")
        if call.wish is None or end in (End.OTHER, End.CANCELLED):
            return
        attempts, now = call.wish.attempts, self._now()
        if end is End.SUCCESS and not any(attempt.has_succeeded(now) for attempt in attempts):
            self.blame(Fault.FALSE_SUCCESS, f"{call.name} for {call.wish.name}")
        shown = attempts[-1].shown if attempts else ()
        if end is End.NO_SUCCESS and any(call.began <= at <= now - LINGER for at in shown):
            self.blame(Fault.HIDDEN_SUCCESS, f"{call.name} for {call.wish.name}")

    def blame_overdue(self) -> None:
        """Judge the calls that should have ended, and end them."""
        for call in [call for call in self.calls if call.bound < self._now()]:
            self.calls.discard(call)
            call.is_overdue = True
            self.blame(Fault.ENDLESS_CALL, f"{call.name} of {call.link_id}, since {call.began:.1f}")
            call.stop()

    # What the bank takes and sends.

    def take_login(self, name: str, subject: str, attempt: Attempt) -> Wish:
        """Judge a PUT or a POST that has arrived."""
        wish = self._wishes.get(name) or self.wish(name, subject)
        if wish.subject != subject:
            self.blame(Fault.CROSSED, f"{name} of {wish.subject} arrived for {subject}")
        if formers := wish.find_current():
            self._judge_repeat(wish, formers)
        self._add(wish, subject, attempt)
        return wish

    def _judge_repeat(self, wish: Wish, formers: list[Attempt]) -> None:
        now = self._now()
        if any(attempt.runs(now) or attempt.has_succeeded(now) for attempt in formers):
            self.blame(Fault.DOUBLED_LOGIN, f"{wish.name}, after {formers}")
        if not formers[-1].allows_repeat:
            self.blame(Fault.UNSEEN_REPEAT, f"{wish.name}, after {formers[-1]}")

    def _add(self, wish: Wish, subject: str, attempt: Attempt) -> None:
        others = self._subjects[subject].attempts
        running = [other for other in others if other.runs(attempt.started)]
        if running and attempt.started < attempt.ends:
            self.blame(Fault.OVERLAP, f"{attempt.method} for {wish.name}, while {running[0]} runs")
        wish.attempts.append(attempt)
        others.append(attempt)

    def take_token(self, token: str | None, link_id: str, session: str, challenge: Challenge | None) -> None:
        """Judge a PATCH that has arrived; *challenge* is the link's newest one with this session, if any."""
        given = None if token is None else self._given.get(token)
        if given is not None and (given.link_id, given.session) != (link_id, session):
            self.blame(Fault.CROSSED, f"token for {given} arrived for {link_id}, {session}")
        if self._sessions.get(session, link_id) != link_id:
            self.blame(Fault.CROSSED, f"session {session} arrived for {link_id}")
        if token in self._sent or (challenge is not None and challenge.is_answered):
            self.blame(Fault.TOKEN_TWICE, f"{token} for {link_id}, {session}")
        if token is not None:
            self._sent.add(token)
        if challenge is not None:
            challenge.is_answered = True
            if challenge.expires < self._now():
                late = self._now() - challenge.expires
                self.blame(Fault.LATE_TOKEN, f"{token} for {link_id}, {session}, {late:.2f} s late")

    def take_answer(self, challenge: Challenge, attempt: Attempt) -> None:
        """Note the login that goes on with a token."""
        self._add(challenge.wish, challenge.link_id, attempt)

    def open_session(self, session: str, link_id: str) -> None:
        self._sessions[session] = link_id

    def show_no_success(self, link_id: str, seen_at: float) -> None:
        """Note that a response is sent, which may be read, with the link as it was at a moment."""
        for attempt in self._subjects[link_id].attempts:
            if attempt.ends <= seen_at and not attempt.succeeds:
                attempt.no_success_seen = True

    def show_success(self, link_id: str, seen_at: float) -> None:
        """Note that a response was sent, which is surely read, with the link as it was at a moment."""
        for attempt in self._subjects[link_id].attempts:
            if attempt.has_succeeded(seen_at):
                attempt.shown.append(self._now())
