"""What the judge remembers of one login, one wish, one link, one challenge and one call."""

import math
from collections.abc import Callable
from typing import Final

from attrs import define, field, frozen

LINGER: Final = 1.0
"""Seconds between the last byte of a response and the moment when a client has surely read it."""


@define(eq=False)
class Attempt:
    """One request that logs in, as the bank took it."""

    method: str
    started: float
    ends: float
    succeeds: bool
    is_refused: bool = False
    """Whether a response said that nobody logged in: the client may send it again."""
    is_coded: bool = False
    """Whether a response said that Belvo failed and the login is over: a status check may allow a repeat."""
    no_success_seen: bool = False
    """Whether a response showed the link after this login, and no success."""
    shown: list[float] = field(factory=list)
    """When responses were delivered that showed its success."""

    def runs(self, now: float) -> bool:
        return self.started < self.ends and now < self.ends

    def has_succeeded(self, now: float) -> bool:
        return self.succeeds and self.ends <= now

    @property
    def allows_repeat(self) -> bool:
        return self.is_refused or (self.is_coded and self.no_success_seen)


@frozen
class Asking:
    """A call that began while no other one for its wish was waiting."""

    at: float
    is_informed: bool
    """Whether a call before it was told an end, known or not: then it wants a new login."""


@define(eq=False)
class Wish:
    """One intent of a user's: a password for a link, or a user to register. It wants one login."""

    name: str
    subject: str
    """The link, or the user who is registered."""
    asked: list[Asking] = field(factory=list)
    """Calls that meet want one login together; the first of them counts."""
    met: list[float] = field(factory=list)
    """When the others began."""
    is_informed: bool = False
    """Whether a call was told an end."""
    waiting: int = 0
    """How many calls for it have not ended."""
    attempts: list[Attempt] = field(factory=list)

    def begin(self, now: float) -> None:
        """Note a call that wants a login."""
        if self.waiting:
            self.met.append(now)
        else:
            self.asked.append(Asking(now, self.is_informed))

    def inform(self, now: float) -> None:
        """Note that a call is told an end; one that began right before has come too late to meet it."""
        self.is_informed = True
        self.asked += [Asking(at, is_informed=True) for at in self.met if now - at <= LINGER]

    def find_current(self) -> list[Attempt]:
        """Return the logins since the last call that wants a new one."""
        start = max((each.at for each in self.asked if self._wants_new(each)), default=-math.inf)
        return [attempt for attempt in self.attempts if attempt.started >= start]

    def _wants_new(self, asking: Asking) -> bool:
        former = [attempt for attempt in self.attempts if attempt.started < asking.at]
        return asking.is_informed or all(attempt.ends < asking.at for attempt in former)


@define(eq=False)
class Subject:
    """A link, or a user who is registered: one login at a time."""

    attempts: list[Attempt] = field(factory=list)


@define(eq=False)
class Challenge:
    """One question of the bank's, open for one token."""

    session: str
    request_id: str
    link_id: str
    wish: Wish
    seconds: int
    """How long it is open, from the moment when the client has been told."""
    expires: float = math.inf
    is_answered: bool = False


@frozen
class Given:
    """A token that a person gave, and for which challenge."""

    link_id: str
    session: str


@define(eq=False)
class Call:
    """One call of the client's."""

    name: str
    wish: Wish | None
    link_id: str | None
    """The link that it is about; None while it registers one."""
    began: float
    bound: float
    """When it must have ended."""
    stop: Callable[[], object]
    """Ends it by force."""
    is_overdue: bool = False
