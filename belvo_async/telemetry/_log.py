"""The log, which the default observer writes, and how any observer is told."""

import logging
from collections.abc import Callable, Mapping
from typing import Final, TypeAlias

from attrs import asdict

from belvo_async.models._text_limits import write_line
from belvo_async.telemetry._events import (
    AbandonedLoginEnded,
    ChallengeClosed,
    ChallengeReceived,
    ExchangeEnded,
    LoginEnded,
    LoginSettled,
    LoginStarted,
    Observation,
    ParkedChallengeChanged,
    ParkedChallengeTroubled,
    PoolPaused,
    RetryPlanned,
    StepEnded,
    StepStarted,
)

Observer: TypeAlias = Callable[[Observation], None]

_LOG: Final = logging.getLogger("belvo_async")
_PREFIX: Final = "belvo_"
_LINES: Final[Mapping[type[Observation], tuple[int, str]]] = {
    ExchangeEnded: (logging.DEBUG, "%(method)s %(path)s: status %(status)s after %(seconds).3f s"),
    RetryPlanned: (
        logging.WARNING,
        (
            "%(method)s %(path)s: trying again in %(seconds).1f s after %(reason)s "
            "(attempt %(attempt)d failed, request_id %(request_id)s)"
        ),
    ),
    PoolPaused: (
        logging.WARNING,
        "Belvo refused a request with status %(status)d: all wait for %(seconds).0f s",
    ),
    LoginStarted: (logging.DEBUG, "link %(link_id)s: %(operation)s has begun"),
    LoginEnded: (logging.DEBUG, "link %(link_id)s: %(operation)s succeeded after %(seconds).3f s"),
    LoginSettled: (
        logging.INFO,
        "link %(link_id)s: the response was lost, but the link shows that the login succeeded",
    ),
    AbandonedLoginEnded: (logging.INFO, "link %(link_id)s: %(operation)s, whose caller had left, succeeded"),
    ChallengeReceived: (
        logging.INFO,
        "link %(link_id)s: the institution asks for a token (%(kind)s, request_id %(request_id)s)",
    ),
    ChallengeClosed: (logging.INFO, "link %(link_id)s: the challenge was %(ending)s after %(seconds).1f s"),
    StepStarted: (logging.DEBUG, "link %(link_id)s: a step of the job %(job)s has begun"),
    StepEnded: (logging.DEBUG, "link %(link_id)s: the step came to %(result)s after %(seconds).3f s"),
    ParkedChallengeChanged: (logging.INFO, "parked challenge %(key)s: %(phase)s after %(seconds).1f s"),
    ParkedChallengeTroubled: (logging.WARNING, "parked challenge %(key)s: %(problem)s"),
}
_LOST: Final = "%(method)s %(path)s: no answer after %(seconds).3f s (%(error)s)"
_UNSETTLED: Final = "link %(link_id)s: the link shows no success after a lost response or an error"
_UNSEEN: Final = "link %(link_id)s: no status check tells how a login ended after a lost response or an error"
_FAILED: Final[Mapping[type[Observation], tuple[int, str]]] = {
    LoginEnded: (logging.DEBUG, "link %(link_id)s: %(operation)s ended after %(seconds).3f s (%(error)s)"),
    StepEnded: (logging.DEBUG, "link %(link_id)s: the step ended after %(seconds).3f s (%(error)s)"),
    AbandonedLoginEnded: (
        logging.WARNING,
        "link %(link_id)s: %(operation)s, whose caller had left, ended (%(error)s)",
    ),
}


def log_observation(observation: Observation) -> None:
    """Write an observation to the logger `belvo_async`: the default observer.

    Each record is a sentence, and has the same as attributes, for whoever writes JSON: `belvo_event` is the
    name of the observation, and each of its fields is there too, such as `belvo_link_id`. What Belvo or a
    bank names, such as a request id, is on one line: line ends and control characters are escaped.
    """
    level, line = _choose_line(observation)
    if _LOG.isEnabledFor(level):
        fields = {name: _write(value) for name, value in asdict(observation, recurse=False).items()}
        extra = {f"{_PREFIX}{name}": value for name, value in fields.items() if value is not None}
        _LOG.log(level, line, fields, extra={f"{_PREFIX}event": type(observation).__name__, **extra})


def _write(value: object) -> object:
    return write_line(value) if isinstance(value, str) else value


def _choose_line(observation: Observation) -> tuple[int, str]:
    match observation:
        case ExchangeEnded(status=None, error=error):
            return logging.INFO if error == "CancelledError" else logging.WARNING, _LOST
        case LoginEnded(error=str()) | StepEnded(error=str()) | AbandonedLoginEnded(error=str()):
            return _FAILED[type(observation)]
        case LoginSettled(succeeded=False):
            return logging.WARNING, _UNSETTLED
        case LoginSettled(succeeded=None):
            return logging.WARNING, _UNSEEN
        case _:
            return _LINES[type(observation)]


def wants_details(observer: Observer) -> bool:
    """Whether what happens at every login is worth telling: the default observer mostly drops it."""
    return observer is not log_observation or _LOG.isEnabledFor(logging.DEBUG)


def notify(observer: Observer, observation: Observation) -> None:
    """Tell the observer. One that raises is logged, and never harms a login."""
    try:
        observer(observation)
    except Exception:  # noqa: BLE001 - it is the user's code, and a login is under way
        _LOG.exception("the observer raised")
