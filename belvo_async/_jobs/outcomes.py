"""What became of one link of a job."""

from datetime import datetime
from typing import Final, Generic, TypeAlias, TypeVar

from attrs import field, frozen

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
from belvo_async.models import Challenge, DataModel, Link
from belvo_async.models._pickles import Fields, reads_older

M_co = TypeVar("M_co", bound=DataModel, covariant=True)


@frozen(kw_only=True)
class Updated:
    """The link has its new credentials."""

    link_id: str
    link: Link


@frozen(kw_only=True)
class Retrieved(Generic[M_co]):
    """The data of the link are here, and in the output of the job, where it has one."""

    link_id: str
    rows: tuple[M_co, ...] = field(repr=False)


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
class Refusal:
    """The login surely has not succeeded."""

    link_id: str
    error: BelvoError
    may_retry: bool = False
    """Whether the same credentials may be tried again; False: somebody has to act first."""
    retry_at: datetime | None = None
    """When that begins to make sense, in UTC; None: at any time."""


@frozen(kw_only=True)
class NotUpdated(Refusal):
    """The link keeps its old credentials."""


@frozen(kw_only=True)
class NotRetrieved(Refusal):
    """No data were retrieved."""


@frozen(kw_only=True)
class Unsettled:
    """A login may have reached the bank, and a look at the link shows no success (rule: Status checks).

    Of data also: it has succeeded, and its data did not arrive. The error says what to do.
    """

    link_id: str
    error: BelvoError


Outcome: TypeAlias = Updated | Parked | NotUpdated | Unsettled
RetrievalOutcome: TypeAlias = Retrieved[M_co] | Parked | NotRetrieved | Unsettled
AnyOutcome: TypeAlias = Updated | Retrieved[DataModel] | Parked | Refusal | Unsettled

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


def find_state(outcome: AnyOutcome) -> LinkState:
    """Return the state that the ledger keeps for an outcome."""
    match outcome:
        case Updated():
            return LinkState.UPDATED
        case Retrieved():
            return LinkState.RETRIEVED
        case Parked():
            return LinkState.PARKED
        case Refusal():
            return LinkState.REFUSED
        case Unsettled():
            return LinkState.UNSETTLED


def count_rows(outcome: AnyOutcome) -> int:
    """Return how many rows an outcome holds."""
    return len(outcome.rows) if isinstance(outcome, Retrieved) else 0


def find_code(error: BelvoError) -> str:
    """Return the name under which a failure is counted."""
    return error.code or type(error).__name__
