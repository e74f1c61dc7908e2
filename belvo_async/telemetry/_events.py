"""What the pool tells whoever watches it. No observation holds a password, a token, a header or a body."""

from enum import StrEnum
from typing import Literal, TypeAlias

from attrs import frozen

from belvo_async.models import ChallengeKind, ChallengePhase

LoginOperation: TypeAlias = Literal["update", "register", "resume", "refresh_data", "retrieve", "request"]
"""The method that was called: of `links`, of a data resource, or of the pool."""

StepResult: TypeAlias = Literal["updated", "retrieved", "refused", "unsettled", "needs_token", "check_later"]
"""What `belvo_async.fleet.advance` returned: the state in which the link has ended, or what is next."""


class ChallengeEnding(StrEnum):
    """Why nobody is asked for a token any more."""

    ANSWERED = "answered"
    """The callback gave a token, or confirmed."""
    DECLINED = "declined"
    """The person will not answer."""
    EXPIRED = "expired"
    """Time ran out."""
    LEFT = "left"
    """The challenge left the call as `TokenRequiredError`: nobody could be asked, or the pool closed."""
    FAILED = "failed"
    """The callback raised, or was cancelled."""
    CANCELLED = "cancelled"
    """The call itself was cancelled."""


@frozen(kw_only=True)
class ExchangeEnded:
    """One request was answered, or failed on the way."""

    method: str
    path: str
    link_id: str | None
    status: int | None
    """None where no answer came."""
    seconds: float
    """From the first byte out to the last byte in."""
    waited: float
    """Seconds before that: for a slot, for the rate limit, while the whole pool paused, and to connect."""
    server: str
    """The address that the path belongs to, such as `https://api.belvo.com`."""
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
class ChallengeClosed:
    """Nobody is asked for a token any more: the other end of `ChallengeReceived`."""

    link_id: str
    kind: ChallengeKind | None
    ending: ChallengeEnding
    seconds: float
    """How long the person, or the callback, took."""


@frozen(kw_only=True)
class LoginStarted:
    """A call has begun that logs in at a bank.

    It is told in the task that made the call, and so is `LoginEnded`.
    """

    operation: LoginOperation
    link_id: str | None
    """None for a registration."""


@frozen(kw_only=True)
class LoginEnded:
    """The other end of `LoginStarted`, however it came about."""

    operation: LoginOperation
    link_id: str | None
    """None for a registration that has failed."""
    seconds: float
    """From the call to its end, with all waits: for the link, the limits, the bank and the person."""
    error: str | None = None
    """The name of the error class, where it raised."""
    code: str | None = None
    """Belvo's error code, where it has one."""


@frozen(kw_only=True)
class LoginSettled:
    """The response to a login was lost or an error, and a status check was made."""

    link_id: str
    succeeded: bool | None
    """Whether the link shows a success; None where the link could not be read, or does not tell."""


@frozen(kw_only=True)
class AbandonedLoginEnded:
    """A login has ended whose callers had all left, by a cancellation or a timeout of their own.

    The pool has heard its response in the background. It repeats nothing there, and asks nobody.
    """

    operation: LoginOperation
    link_id: str | None
    """None for a registration that made none, as far as is known."""
    error: str | None = None
    """The name of the error class; None where the login succeeded."""
    code: str | None = None
    """Belvo's error code, where it has one."""


@frozen(kw_only=True)
class StepStarted:
    """`belvo_async.fleet.advance` has begun to take a link of a job one step further.

    It is told in the task that made the call, and so is `StepEnded`.
    """

    job: str
    """The job's name."""
    link_id: str


@frozen(kw_only=True)
class StepEnded:
    """The other end of `StepStarted`, however it came about."""

    job: str
    """The job's name."""
    link_id: str
    seconds: float
    """From the call to its end, with all waits: for the limits, and for the bank."""
    result: StepResult | None
    """None where it raised."""
    error: str | None = None
    """The name of the error class, where it raised."""


@frozen(kw_only=True)
class ParkedChallengeChanged:
    """A challenge under a ticket was parked, or has come to another phase."""

    key: str
    """Names it in the store; it is no ticket."""
    phase: ChallengePhase
    seconds: float
    """Since it was parked first."""


@frozen(kw_only=True)
class ParkedChallengeTroubled:
    """A challenge is not kept in its store as it should be."""

    key: str
    """Names it in the store; it is no ticket."""
    problem: str


Observation: TypeAlias = (
    ExchangeEnded
    | RetryPlanned
    | PoolPaused
    | LoginStarted
    | LoginEnded
    | LoginSettled
    | AbandonedLoginEnded
    | StepStarted
    | StepEnded
    | ChallengeReceived
    | ChallengeClosed
    | ParkedChallengeChanged
    | ParkedChallengeTroubled
)
