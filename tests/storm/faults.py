"""What goes wrong, drawn from a seed: how a login ends, what the response says, and how it travels."""

from collections.abc import Callable, Mapping
from enum import Enum
from itertools import accumulate
from random import Random
from typing import Final, Generic, TypeVar

from attrs import frozen

T = TypeVar("T")


class Ending(Enum):
    """How a login ends at the bank."""

    SUCCESS = "success"
    CHALLENGE = "challenge"
    REFUSED = "login_error"


class Reply(Enum):
    """What the response says."""

    TRUTH = "the truth"
    UNEXPECTED_ERROR = "500 unexpected_error"
    SERVICE_UNAVAILABLE = "503 service_unavailable"
    BAD_GATEWAY = "502 HTML"
    GATEWAY_TIMEOUT = "504 HTML"
    REQUEST_TIMEOUT = "408 request_timeout"
    TOO_MANY_SESSIONS = "400 too_many_sessions"
    FORBIDDEN_PAGE = "403 HTML"
    TOO_MANY_REQUESTS = "429"
    FOREIGN_LINK = "another link"


class Delivery(Enum):
    """How the response travels, or does not."""

    WHOLE = "whole"
    DELAYED = "delayed"
    TRICKLED = "trickled"
    RESET_UNREAD = "reset before the body is read"
    RESET_UNTAKEN = "reset before the login"
    RESET_AT_START = "reset at the login's start"
    RESET_DURING = "reset while the login runs"
    SILENT = "silence, then reset"
    RESET_IN_HEAD = "reset in the head"
    RESET_IN_BODY = "reset in the body"
    SHORT_BODY = "short body"
    LONG_BODY = "long body"
    STRAY_RESPONSE = "stray second response"
    STRAY_PART = "stray part of a response"


CODED: Final = frozenset({Reply.UNEXPECTED_ERROR, Reply.SERVICE_UNAVAILABLE})
"""5xx with a code of Belvo's: the login is over."""
GATEWAY: Final = frozenset({Reply.BAD_GATEWAY, Reply.GATEWAY_TIMEOUT})
"""5xx of somebody before Belvo: the login may go on."""
REFUSALS: Final = frozenset({Reply.TOO_MANY_SESSIONS, Reply.FORBIDDEN_PAGE, Reply.TOO_MANY_REQUESTS})
"""Nobody logged in."""
UNTAKEN: Final = frozenset({Delivery.RESET_UNREAD, Delivery.RESET_UNTAKEN})
"""The bank does not log in."""
SOUND: Final = frozenset({Delivery.WHOLE, Delivery.DELAYED, Delivery.TRICKLED})
"""A client surely reads the response."""
READABLE: Final = SOUND | {Delivery.LONG_BODY, Delivery.STRAY_RESPONSE, Delivery.STRAY_PART}
"""A client may read the response."""


def seed_with(text: str) -> Random:
    """Return a generator whose numbers depend on a text alone, not on who comes first."""
    return Random(text)  # noqa: S311 - repeatable


class Choice(Generic[T]):
    """A weighted choice."""

    def __init__(self, weights: Mapping[T, float]) -> None:
        self._options: Final = list(weights)
        self._bounds: Final = list(accumulate(weights.values()))

    def draw(self, rng: Random) -> T:
        return rng.choices(self._options, cum_weights=self._bounds)[0]


_ENDINGS: Final = Choice({Ending.SUCCESS: 60, Ending.CHALLENGE: 32, Ending.REFUSED: 8})
_TOKEN_ENDINGS: Final = Choice({Ending.SUCCESS: 70, Ending.CHALLENGE: 22, Ending.REFUSED: 8})
_LOGIN_REPLIES: Final = Choice(
    {
        Reply.TRUTH: 76,
        Reply.UNEXPECTED_ERROR: 5,
        Reply.SERVICE_UNAVAILABLE: 4,
        Reply.BAD_GATEWAY: 3,
        Reply.GATEWAY_TIMEOUT: 3,
        Reply.REQUEST_TIMEOUT: 1,
        Reply.TOO_MANY_SESSIONS: 4,
        Reply.FORBIDDEN_PAGE: 0.3,
        Reply.TOO_MANY_REQUESTS: 0.7,
        Reply.FOREIGN_LINK: 3,
    }
)
_READ_REPLIES: Final = Choice(
    {
        Reply.TRUTH: 76,
        Reply.UNEXPECTED_ERROR: 6,
        Reply.SERVICE_UNAVAILABLE: 2,
        Reply.BAD_GATEWAY: 6,
        Reply.GATEWAY_TIMEOUT: 2,
        Reply.FORBIDDEN_PAGE: 0.2,
        Reply.TOO_MANY_REQUESTS: 0.5,
        Reply.FOREIGN_LINK: 7,
    }
)
_LOGIN_DELIVERIES: Final = Choice(
    {
        Delivery.WHOLE: 72,
        Delivery.DELAYED: 3,
        Delivery.TRICKLED: 2,
        Delivery.RESET_UNREAD: 2,
        Delivery.RESET_UNTAKEN: 2,
        Delivery.RESET_AT_START: 2,
        Delivery.RESET_DURING: 3,
        Delivery.SILENT: 0.5,
        Delivery.RESET_IN_HEAD: 2,
        Delivery.RESET_IN_BODY: 2,
        Delivery.SHORT_BODY: 2,
        Delivery.LONG_BODY: 2,
        Delivery.STRAY_RESPONSE: 4,
        Delivery.STRAY_PART: 1.5,
    }
)
_READ_DELIVERIES: Final = Choice(
    {
        Delivery.WHOLE: 76,
        Delivery.DELAYED: 3,
        Delivery.TRICKLED: 2,
        Delivery.RESET_UNREAD: 3,
        Delivery.SILENT: 0.5,
        Delivery.RESET_IN_HEAD: 3,
        Delivery.RESET_IN_BODY: 3,
        Delivery.SHORT_BODY: 3,
        Delivery.LONG_BODY: 2,
        Delivery.STRAY_RESPONSE: 3,
        Delivery.STRAY_PART: 1.5,
    }
)


@frozen(kw_only=True)
class Plan:
    """What happens to one request."""

    ending: Ending
    reply: Reply
    delivery: Delivery
    seconds: float
    """How long the bank works."""
    keeps: bool
    """Whether the connection stays open after the response."""
    announces: bool
    """Whether a connection that is closed is said to be (`Connection: close`)."""
    rng: Random
    """For what is left to chance: where a response is cut, how long it is delayed."""

    @property
    def runs(self) -> bool:
        """Whether the bank logs in."""
        return self.reply not in REFUSALS and self.delivery not in UNTAKEN


def _draw_seconds(rng: Random) -> float:
    """Draw seconds as banks take them: mostly a few, now and then minutes; Belvo gives up after five."""
    return rng.uniform(40, 280) if rng.random() < 0.04 else rng.uniform(0.2, 8)


def plan_login(seed: str) -> Plan:
    return _plan(seed, _ENDINGS, _LOGIN_REPLIES, _LOGIN_DELIVERIES)


def plan_token(seed: str) -> Plan:
    return _plan(seed, _TOKEN_ENDINGS, _LOGIN_REPLIES, _LOGIN_DELIVERIES)


def plan_read(seed: str) -> Plan:
    return _plan(seed, _ENDINGS, _READ_REPLIES, _READ_DELIVERIES)


def _plan(seed: str, endings: Choice[Ending], replies: Choice[Reply], deliveries: Choice[Delivery]) -> Plan:
    rng = seed_with(seed)
    return Plan(
        ending=endings.draw(rng),
        reply=replies.draw(rng),
        delivery=deliveries.draw(rng),
        seconds=_draw_seconds(rng),
        keeps=rng.random() < 0.7,
        announces=rng.random() < 0.5,
        rng=rng,
    )


@frozen(kw_only=True)
class Planner:
    """Plans each request from a text that names it."""

    login: Callable[[str], Plan] = plan_login
    token: Callable[[str], Plan] = plan_token
    read: Callable[[str], Plan] = plan_read


SEEDED: Final = Planner()
