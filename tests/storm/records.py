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
    is_told: bool = False
    """Whether its response was sent whole."""
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


@define(eq=False)
class Wish:
    """One intent of a user's: a password for a link, or a user to register. It wants one login."""

    name: str
    subject: str
    """The link, or the user who is registered."""
    asked: list[float] = field(factory=list)
    """When calls for it began while no other one was waiting: those that meet want one login together."""
    waiting: int = 0
    """How many calls for it have not ended."""
    attempts: list[Attempt] = field(factory=list)

    @property
    def wants_another(self) -> bool:
        """Whether a call that begins now wants a login of its own: nobody waits, or its end is told."""
        newest = self.attempts[-1] if self.attempts else None
        return not self.waiting or (newest is not None and (newest.is_told or bool(newest.shown)))

    def find_current(self) -> list[Attempt]:
        """Return the logins since the last call that wants a new one: it began when all others were over."""
        begins = [
            at for at in self.asked if all(each.ends < at for each in self.attempts if each.started < at)
        ]
        start = max(begins, default=-math.inf)
        return [attempt for attempt in self.attempts if attempt.started >= start]


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
