"""What a pool tells whoever watches it: an event for each exchange, retry, pause, login and challenge.

An observer is a function that takes one. No event holds a password, a token, a header or a body.
"""

from belvo_async._version import publish as _publish
from belvo_async.telemetry._events import (
    AbandonedLoginEnded,
    ChallengeClosed,
    ChallengeEnding,
    ChallengeReceived,
    ExchangeEnded,
    LoginEnded,
    LoginOperation,
    LoginSettled,
    LoginStarted,
    Observation,
    ParkedChallengeChanged,
    ParkedChallengeTroubled,
    PoolPaused,
    RetryPlanned,
    StepEnded,
    StepResult,
    StepStarted,
)
from belvo_async.telemetry._log import Observer, log_observation
from belvo_async.telemetry._pool_load import PoolLoad, QueueLoad

__all__ = [
    "AbandonedLoginEnded",
    "ChallengeClosed",
    "ChallengeEnding",
    "ChallengeReceived",
    "ExchangeEnded",
    "LoginEnded",
    "LoginOperation",
    "LoginSettled",
    "LoginStarted",
    "Observation",
    "Observer",
    "ParkedChallengeChanged",
    "ParkedChallengeTroubled",
    "PoolLoad",
    "PoolPaused",
    "QueueLoad",
    "RetryPlanned",
    "StepEnded",
    "StepResult",
    "StepStarted",
    "log_observation",
]

_publish(globals())
