"""What became of one link of a job."""

from datetime import datetime
from typing import Final, TypeAlias

from attrs import frozen

from belvo_async.backends import LinkState
from belvo_async.errors import (
    ApiError,
    BelvoError,
    ChallengeDeclinedError,
    ChallengeExpiredError,
    ChallengeSupersededError,
    DamagedStateError,
    DeadlineExceededError,
    InstitutionUnavailableError,
    InvalidTokenError,
    NotSentError,
    RateLimitedError,
    RequestTimeoutError,
    ServerError,
    SessionExpiredError,
    SourceError,
    TokenNotSentError,
    TokenProviderError,
    TooManySessionsError,
)
from belvo_async.models import Challenge, Link
from belvo_async.models._pickles import Fields, reads_older


@frozen(kw_only=True)
class Updated:
    """The link has its new credentials."""

    link_id: str
    link: Link


def _take_challenge(fields: Fields) -> Fields:
    """Give a challenge its place: a whole state was kept while one could be resumed without its ticket."""
    return {**fields, "challenge": fields["state"].challenge} if "state" in fields else fields


@reads_older(_take_challenge)
@frozen(kw_only=True)
class Parked:
    """The institution wants a token, and nobody was asked, or nobody answered before the run stopped."""

    link_id: str
    ticket: str
    """What `pool.challenges` takes, in the job and outside: unguessable, and fit for a URL."""
    challenge: Challenge
    """What the institution asks."""
    expires_at: datetime
    """The last moment for an answer, in UTC."""


@frozen(kw_only=True)
class NotUpdated:
    """The link keeps its old credentials."""

    link_id: str
    error: BelvoError
    may_retry: bool = False
    """Whether the same credentials may be tried again; False: somebody has to act first."""
    retry_at: datetime | None = None
    """When that begins to make sense, in UTC; None: at any time."""


@frozen(kw_only=True)
class Unsettled:
    """A login may have reached the bank, and a look at the link shows no success (rule: Status checks)."""

    link_id: str
    error: BelvoError


Outcome: TypeAlias = Updated | Parked | NotUpdated | Unsettled

_AT_ANY_TIME: Final = (
    ChallengeDeclinedError,
    ChallengeExpiredError,
    ChallengeSupersededError,
    DamagedStateError,
    DeadlineExceededError,
    InvalidTokenError,
    NotSentError,
    SessionExpiredError,
    SourceError,
    TokenNotSentError,
    TokenProviderError,
)
_LATER: Final[tuple[tuple[type[ApiError], float], ...]] = (
    (TooManySessionsError, 120.0),
    (RateLimitedError, 300.0),
    (RequestTimeoutError, 600.0),
    (ServerError, 600.0),
    (InstitutionUnavailableError, 1800.0),
)
_LATER_CODES: Final = {
    "unavailable_data": 600.0,
    "link_refreshed": 600.0,
    "permission_denied": 3600.0,
    "forbidden_by_host": 86400.0,
    "operational_limits_reached": 86400.0,
}


def find_retry(error: BelvoError) -> float | None:
    """Return after how many seconds the same credentials may be tried again; None: not at all."""
    if isinstance(error, _AT_ANY_TIME):
        return 0.0
    if not isinstance(error, ApiError):
        return None
    known = next((seconds for kind, seconds in _LATER if isinstance(error, kind)), None)
    seconds = _LATER_CODES.get(error.code or "", known)
    return seconds if seconds is None or error.retry_after is None else max(seconds, error.retry_after)


def find_state(outcome: Outcome) -> LinkState:
    """Return the state that the ledger keeps for an outcome."""
    match outcome:
        case Updated():
            return LinkState.UPDATED
        case Parked():
            return LinkState.PARKED
        case NotUpdated():
            return LinkState.REFUSED
        case Unsettled():
            return LinkState.UNSETTLED


def find_code(error: BelvoError) -> str:
    """Return the name under which a failure is counted."""
    return error.code or type(error).__name__
