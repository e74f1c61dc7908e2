"""Asyncio client for the Belvo open-finance API.

Start with `SessionPool`. `errors` lists what can go wrong, `mfa` is the state machine of one login.
"""

from belvo_async import errors, mfa
from belvo_async._clock import SYSTEM_CLOCK, Clock, SystemClock
from belvo_async._engine.callers import TokenProvider
from belvo_async._engine.operation import LoginRecorder
from belvo_async._engine.retry import RetryPolicy
from belvo_async._engine.single_flight import WhenBusy
from belvo_async._pool import Client, SessionPool
from belvo_async._version import __version__
from belvo_async.backends._challenge_store import ChallengeRow, ChallengeStore
from belvo_async.backends._memory import MemoryChallengeStore
from belvo_async.errors import (
    BelvoError,
    LinkBusyError,
    OutcomeUnknownError,
    PoolBusyError,
    TokenRequiredError,
)
from belvo_async.mfa import MfaPolicy, ResumeRoute
from belvo_async.models import (
    AcceptedRequest,
    AccessMode,
    Challenge,
    ChallengeKind,
    ChallengePhase,
    Institution,
    Link,
    LinkStatus,
    Page,
    ParkedChallenge,
    Picture,
    TokenGenerationData,
)
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
from belvo_async.resources._paginator import Paginator
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
)
from belvo_async.telemetry._load import PoolLoad, QueueLoad
from belvo_async.telemetry._observer import Observer, log_observation

__all__ = [
    "SYSTEM_CLOCK",
    "AbandonedLoginEnded",
    "AcceptedRequest",
    "AccessMode",
    "BelvoError",
    "Challenge",
    "ChallengeClosed",
    "ChallengeEnding",
    "ChallengeKind",
    "ChallengePhase",
    "ChallengeReceived",
    "ChallengeRow",
    "ChallengeStore",
    "Client",
    "ClientIdentity",
    "Clock",
    "Concurrency",
    "Credentials",
    "Environment",
    "ExchangeEnded",
    "Institution",
    "InstitutionFilters",
    "Link",
    "LinkBusyError",
    "LinkChanges",
    "LinkFilters",
    "LinkRegistration",
    "LinkStatus",
    "LinkUpdate",
    "LoginEnded",
    "LoginOperation",
    "LoginRecorder",
    "LoginSettled",
    "LoginStarted",
    "MemoryChallengeStore",
    "MfaPolicy",
    "Network",
    "Observation",
    "Observer",
    "OutcomeUnknownError",
    "Page",
    "Paginator",
    "ParkedChallenge",
    "ParkedChallengeChanged",
    "ParkedChallengeTroubled",
    "Picture",
    "PoolBusyError",
    "PoolLoad",
    "PoolPaused",
    "QueueLoad",
    "RateLimit",
    "ResumeRoute",
    "RetryPlanned",
    "RetryPolicy",
    "SessionPool",
    "SystemClock",
    "Timeouts",
    "TokenGenerationData",
    "TokenProvider",
    "TokenRequiredError",
    "WhenBusy",
    "__version__",
    "errors",
    "log_observation",
    "mfa",
]
