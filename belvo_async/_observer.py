"""What the pool tells whoever watches it. No observation holds a password, a token, a header or a body."""

import logging
from collections.abc import Callable
from typing import Final, TypeAlias, assert_never

from attrs import frozen

from belvo_async._models import ChallengeKind

_LOG: Final = logging.getLogger("belvo_async")


@frozen(kw_only=True)
class ExchangeEnded:
    """One request was answered, or failed on the way."""

    method: str
    path: str
    link_id: str | None
    status: int | None
    """None where no answer came."""
    seconds: float
    """From the first byte out to the last byte in, connecting included."""
    error: str | None = None
    """The name of the error class, where no answer came."""


@frozen(kw_only=True)
class RetryPlanned:
    """A request will be sent again."""

    method: str
    path: str
    link_id: str | None
    request_id: str | None
    reason: str
    """The error code, or the name of the error class."""
    attempt: int
    """How many attempts have failed."""
    seconds: float
    """The wait before the next one."""


@frozen(kw_only=True)
class PoolPaused:
    """Belvo refused a request for coming too fast, and the whole pool waits."""

    status: int
    seconds: float


@frozen(kw_only=True)
class ChallengeReceived:
    """An institution asks for a token."""

    link_id: str
    kind: ChallengeKind | None
    expiry: float | None
    request_id: str | None


@frozen(kw_only=True)
class LoginSettled:
    """The answer to a login was lost or failed, and the link was looked at."""

    link_id: str
    succeeded: bool


@frozen(kw_only=True)
class ParkedChallengeTroubled:
    """A challenge is not kept in its store as it should be."""

    key: str
    """Names it in the store; it is no ticket."""
    problem: str


Observation: TypeAlias = (
    ExchangeEnded | RetryPlanned | PoolPaused | ChallengeReceived | LoginSettled | ParkedChallengeTroubled
)
Observer: TypeAlias = Callable[[Observation], None]


def log_observation(observation: Observation) -> None:
    """Write an observation to the logger `belvo_async`: the default observer."""
    match observation:
        case ExchangeEnded(status=None, error=error) as ended:
            level = logging.INFO if error == "CancelledError" else logging.WARNING
            _LOG.log(level, "%s %s: no answer after %.3f s (%s)", *_where(ended), ended.seconds, error)
        case ExchangeEnded() as ended:
            _LOG.debug("%s %s: status %s after %.3f s", *_where(ended), ended.status, ended.seconds)
        case RetryPlanned() as planned:
            message = "%s %s: trying again in %.1f s after %s (attempt %d failed, request_id %s)"
            why = (planned.seconds, planned.reason, planned.attempt, planned.request_id)
            _LOG.warning(message, *_where(planned), *why)
        case PoolPaused(status=status, seconds=seconds):
            _LOG.warning("Belvo refused a request with status %d: all wait for %.0f s", status, seconds)
        case ChallengeReceived(link_id=link_id, kind=kind, request_id=request_id):
            _LOG.info(
                "link %s: the institution asks for a token (%s, request_id %s)", link_id, kind, request_id
            )
        case LoginSettled(link_id=link_id, succeeded=True):
            _LOG.info("link %s: the answer was lost, but the link shows that the login succeeded", link_id)
        case LoginSettled(link_id=link_id):
            _LOG.warning("link %s: no success to be seen after a lost or failed answer", link_id)
        case ParkedChallengeTroubled(key=key, problem=problem):
            _LOG.warning("parked challenge %s: %s", key, problem)
        case _:
            assert_never(observation)


def _where(observation: ExchangeEnded | RetryPlanned) -> tuple[str, str]:
    return observation.method, observation.path


def wants_good_exchanges(observer: Observer) -> bool:
    """Whether an exchange that went well is worth telling: the default observer mostly drops it."""
    return observer is not log_observation or _LOG.isEnabledFor(logging.DEBUG)


def notify(observer: Observer, observation: Observation) -> None:
    """Tell the observer. One that raises is logged, and never harms a login."""
    try:
        observer(observation)
    except Exception:  # noqa: BLE001 - it is the user's code, and a login is under way
        _LOG.exception("the observer raised")
