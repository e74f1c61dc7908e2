"""Asyncio client for the Belvo open-finance API.

Start with `SessionPool`. `models` is what Belvo says, `errors` what can go wrong, `telemetry` what a pool
tells, `backends` what several processes share, and `mfa` the state machine of one login.
"""

from belvo_async import backends, errors, mfa, models, resources, telemetry
from belvo_async._client import Client, check_client
from belvo_async._clock import SYSTEM_CLOCK, Clock
from belvo_async._engine.callers import TokenProvider
from belvo_async._engine.recorder import LoginRecorder
from belvo_async._engine.retry import RetryPolicy
from belvo_async._engine.single_flight import WhenBusy
from belvo_async._pool import SessionPool
from belvo_async._version import __version__
from belvo_async._version import publish as _publish
from belvo_async.errors import (
    BelvoError,
    LinkBusyError,
    OutcomeUnknownError,
    PoolBusyError,
    TokenRequiredError,
)
from belvo_async.mfa import MfaPolicy
from belvo_async.models import Challenge, Link, ParkedChallenge
from belvo_async.params import (
    ClientIdentity,
    Concurrency,
    Credentials,
    Environment,
    InstitutionFilters,
    LinkChanges,
    LinkFilters,
    LinkRegistration,
    LinkUpdate,
    Network,
    RateLimit,
    Timeouts,
)

__all__ = [
    "SYSTEM_CLOCK",
    "BelvoError",
    "Challenge",
    "Client",
    "ClientIdentity",
    "Clock",
    "Concurrency",
    "Credentials",
    "Environment",
    "InstitutionFilters",
    "Link",
    "LinkBusyError",
    "LinkChanges",
    "LinkFilters",
    "LinkRegistration",
    "LinkUpdate",
    "LoginRecorder",
    "MfaPolicy",
    "Network",
    "OutcomeUnknownError",
    "ParkedChallenge",
    "PoolBusyError",
    "RateLimit",
    "RetryPolicy",
    "SessionPool",
    "Timeouts",
    "TokenProvider",
    "TokenRequiredError",
    "WhenBusy",
    "__version__",
    "backends",
    "check_client",
    "errors",
    "mfa",
    "models",
    "resources",
    "telemetry",
]

_publish(globals())
