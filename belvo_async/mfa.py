"""What may happen to one login, from the first request to its end: a state machine over plain values.

Two rules hold by construction: a token is in at most one state that sends it, and a state that can be
parked (`AwaitingToken`) holds no password and no token.

`advance(state, event)` is pure. The state alone says what to do next:

| state           | what its driver does                              | events it may answer with           |
|-----------------|---------------------------------------------------|-------------------------------------|
| `Submitting`    | sends the login                                   | `Accepted` `Challenged` `Rejected`  |
| `AwaitingToken` | asks the person, until `deadline`                 | `TokenGiven` `Declined` `Expired`   |
| `Resuming`      | sends the token, once                             | `Accepted` `Challenged` `Rejected`  |
| `Completed`     | returns the result                                | none                                |
| `Failed`        | raises the error                                  | none                                |
"""

from enum import Enum
from typing import Final, Generic, NoReturn, TypeAlias

from attrs import Attribute, field, frozen
from typing_extensions import TypeVar

from belvo_async.errors import (
    BelvoError,
    ChallengeDeclinedError,
    ChallengeExpiredError,
    ErrorDetail,
    ResumeNotSupportedError,
    SessionExpiredError,
    TokenNotSentError,
    TokenRequiredError,
    TooManyRoundsError,
)
from belvo_async.models import AwaitingToken, Challenge, Link
from belvo_async.models._pickles import Fields, reads_older
from belvo_async.params._tokens import read_token
from belvo_async.params._validators import at_least, check_setting, flag, whole

__all__ = [
    "Accepted",
    "AwaitingToken",
    "Challenged",
    "Completed",
    "Declined",
    "Event",
    "Expired",
    "Failed",
    "IllegalTransitionError",
    "MfaPolicy",
    "Rejected",
    "ResumeRoute",
    "Resuming",
    "State",
    "Submitting",
    "TokenGiven",
    "advance",
]

T = TypeVar("T", default=Link)
T_co = TypeVar("T_co", covariant=True, default=Link)

_MARGIN_SHARE: Final = 0.1
_PARK: Final = "Pass provide_token=, or park this error's `state` with challenges.park() and answer it later."


class IllegalTransitionError(BelvoError, RuntimeError):
    """An event cannot happen in a state: a defect of the driver, not of the caller."""


class ResumeRoute(Enum):
    """Which call takes the token of a challenged update (no source of Belvo's settles it)."""

    PATCH_COLLECTION = "patch_collection"
    """`PATCH /api/links/` with session, link and token: the documented resume call."""
    PUT_LINK = "put_link"
    """`PUT /api/links/{id}/` again, with token and session in its body; needs the update once more."""


def _check_route(policy: "MfaPolicy", attribute: "Attribute[ResumeRoute]", value: object) -> None:
    check_setting(f"{type(policy).__name__}.{attribute.name}", value, ResumeRoute)


@frozen(kw_only=True)
class MfaPolicy:
    """How far a dialogue may go.

    Raises:
        ConfigurationError: A number is out of range.
    """

    max_rounds: int = field(default=3, validator=whole(1))
    """Answers given to one login, restarts included: guessing on could lock the end-user's account."""
    restarts: int = field(default=0, validator=whole(0))
    """New logins after a session that expired while a person was there to answer."""
    safety_margin: float = field(default=5.0, validator=at_least(0))
    """Seconds before the expiry when a token is no longer sent; never over a tenth of the expiry."""
    assumed_expiry: float = field(default=600.0, validator=at_least(0))
    """Seconds to count with where the 428 states no expiry."""
    park_abandoned: bool = field(default=False, validator=flag())
    """Whether a challenge that comes when all callers have left is parked, for `challenges.find` to show."""
    resume_route: ResumeRoute = field(default=ResumeRoute.PATCH_COLLECTION, validator=_check_route)

    def find_seconds(self, challenge: Challenge) -> float:
        """Return how many seconds after its 428 a challenge may be answered."""
        expiry = self.assumed_expiry if challenge.expiry is None else challenge.expiry
        return expiry - min(self.safety_margin, expiry * _MARGIN_SHARE)


DEFAULT_POLICY: Final = MfaPolicy()


@frozen(kw_only=True)
class Submitting:
    """The login is to be sent."""

    rounds: int = 0
    """Answers sent so far."""
    restarts: int = 0
    """Logins given up so far because their session had expired."""
    update_digest: str | None = field(default=None, repr=False)
    """A keyed digest of what the call asks for, so that an equal call is known; the machine hands it on."""


@frozen(kw_only=True)
class Resuming:
    """The answer is to be sent, once."""

    challenge: Challenge
    token: str | None = field(repr=False)
    """None: the person has confirmed elsewhere, nothing was typed."""
    deadline: float
    """The last moment to send it, in seconds of the monotonic clock of this process."""
    rounds: int
    restarts: int = 0
    update_digest: str | None = field(default=None, repr=False)

    def __reduce__(self) -> NoReturn:
        """Refuse to leave the process: the token is sent at most once, from here."""
        raise TypeError("Resuming holds a token and is never pickled; park AwaitingToken instead")


def _rename_link(fields: Fields) -> Fields:
    """Give the result its name: it was called `link` while links alone could be resumed."""
    return {"result": fields["link"]} if "link" in fields else fields


@reads_older(_rename_link)
@frozen(kw_only=True)
class Completed(Generic[T_co]):
    """The login has succeeded."""

    result: T_co
    """What the call returns: the link, or what else it was about."""


@frozen(kw_only=True)
class Failed:
    """It ended without a result."""

    error: BelvoError


@reads_older(_rename_link)
@frozen
class Accepted(Generic[T_co]):
    """Belvo logged in."""

    result: T_co
    """What its response says, or what a status check shows."""


@frozen
class Challenged:
    """Belvo answered 428, at a moment of the monotonic clock."""

    challenge: Challenge
    at: float


@frozen
class Rejected:
    """Belvo, or the way to it, said no."""

    error: BelvoError


@frozen
class TokenGiven:
    """The person answered, at a moment of the monotonic clock; None confirms without a token."""

    token: str | None = field(repr=False)
    at: float


@frozen
class Declined:
    """The person will not answer."""


@frozen
class Expired:
    """Nobody answered before the deadline."""


State: TypeAlias = Submitting | AwaitingToken | Resuming | Completed[T] | Failed
Event: TypeAlias = Accepted[T] | Challenged | Rejected | TokenGiven | Declined | Expired


def advance(  # noqa: PLR0911 - one return for each arm of the specification
    state: State[T], event: Event[T], policy: MfaPolicy = DEFAULT_POLICY
) -> State[T]:
    """Return the state that *event* leads to from *state*.

    Raises:
        InvalidTokenError: The token cannot be one; *state* is still good.
        IllegalTransitionError: *event* cannot happen in *state*.

    Example:
        >>> from belvo_async import Challenge
        >>> from belvo_async.mfa import Challenged, Submitting, TokenGiven, advance
        >>> link_id = "5722d0ba-69c7-4d6a-a4bd-5fb0a3b4d2a0"
        >>> challenge = Challenge(session="s1", link_id=link_id, expiry=600.0)
        >>> state = advance(Submitting(), Challenged(challenge, at=0.0))
        >>> state.deadline
        595.0
        >>> type(advance(state, TokenGiven("123456", at=20.0))).__name__
        'Resuming'
    """
    match state, event:
        case ((Submitting() | Resuming()), Accepted(result)):
            return Completed(result=result)
        case ((Submitting() | Resuming()), Challenged(challenge, at)):
            return _ask(state, challenge, at, policy)
        case Resuming(), Rejected(SessionExpiredError() | ChallengeExpiredError() as error):
            return _restart(state, error, policy)
        case ((Submitting() | Resuming()), Rejected(error)):
            return Failed(error=error)
        case AwaitingToken(), TokenGiven(token, at):
            return _answer(state, token, at, policy)
        case AwaitingToken(), Declined():
            return Failed(error=declined(state))
        case AwaitingToken(), Expired():
            return Failed(error=challenge_expired(state.challenge.link_id, "nobody answered in time"))
        case _:
            raise IllegalTransitionError(
                f"{type(event).__name__} cannot happen in state {type(state).__name__}."
            )


def _ask(
    state: Submitting | Resuming, challenge: Challenge, at: float, policy: MfaPolicy
) -> AwaitingToken | Failed:
    if state.rounds >= policy.max_rounds:
        return Failed(
            error=TooManyRoundsError(
                f"The institution still asks after {state.rounds} answers.",
                remedy="Make sure that the person has the right token before the link is updated again.",
                link_id=challenge.link_id,
                status=428,
            )
        )
    if not challenge.resume_target.takes_token:
        return Failed(error=_resume_not_supported(challenge))
    if challenge.expiry is not None and challenge.expiry <= 0:
        return Failed(error=challenge_expired(challenge.link_id, "it was over when it came", status=428))
    return AwaitingToken(
        challenge=challenge,
        deadline=at + policy.find_seconds(challenge),
        rounds=state.rounds,
        restarts=state.restarts,
        update_digest=state.update_digest,
    )


def _answer(
    state: AwaitingToken, token: str | None, at: float, policy: MfaPolicy
) -> Submitting | Resuming | Failed:
    if at >= state.deadline:
        late = challenge_expired(state.challenge.link_id, "the token came too late and was not sent")
        return _restart(state, late, policy)
    return Resuming(
        challenge=state.challenge,
        token=read_token(state.challenge, token, state),
        deadline=state.deadline,
        rounds=state.rounds + 1,
        restarts=state.restarts,
        update_digest=state.update_digest,
    )


def _restart(state: AwaitingToken | Resuming, error: BelvoError, policy: MfaPolicy) -> Submitting | Failed:
    if state.restarts >= policy.restarts:
        return Failed(error=error)
    return Submitting(rounds=state.rounds, restarts=state.restarts + 1, update_digest=state.update_digest)


def declined(state: AwaitingToken) -> ChallengeDeclinedError:
    """Build the error of a person who does not answer."""
    return ChallengeDeclinedError(
        "The person declined to give a token: provide_token returned None, or said so.",
        remedy="The link keeps its old credentials; update it again when a token can be given.",
        link_id=state.challenge.link_id,
        state=state,
    )


def token_required(state: AwaitingToken, why: str, *, remedy: str = _PARK) -> TokenRequiredError:
    """Build the error that carries a waiting challenge out of a call, with what that call can do."""
    return TokenRequiredError(
        f"The institution asks for a token, and {why}.",
        remedy=remedy,
        status=428,
        details=(_build_detail(state.challenge),),
        link_id=state.challenge.link_id,
        state=state,
    )


def _build_detail(challenge: Challenge) -> ErrorDetail:
    return ErrorDetail(code="token_required", message=challenge.message, request_id=challenge.request_id)


def _resume_not_supported(challenge: Challenge) -> ResumeNotSupportedError:
    collection = challenge.resume_target.collection
    return ResumeNotSupportedError(
        f"The institution asks for a token, and Belvo has no call that takes one for {collection}.",
        remedy="With the person at hand, update the link: links.update(LinkUpdate(link_id, password=…), "
        "provide_token=…). Then make this call again.",
        status=428,
        details=(_build_detail(challenge),),
        link_id=challenge.link_id,
    )


def challenge_expired(link_id: str | None, what: str, *, status: int | None = None) -> ChallengeExpiredError:
    """Build the error of a challenge whose time ran out; a status says that Belvo's answer told so."""
    return ChallengeExpiredError(
        f"The challenge expired: {what}.",
        remedy="Update the link again, with the person at hand.",
        status=status,
        link_id=link_id,
    )


def token_not_sent(state: Resuming, why: BelvoError) -> TokenNotSentError:
    """Build the error of an answer that never left, so that the challenge is as open as before."""
    waiting = AwaitingToken(
        challenge=state.challenge,
        deadline=state.deadline,
        rounds=state.rounds - 1,
        restarts=state.restarts,
        update_digest=state.update_digest,
    )
    error = TokenNotSentError(
        f"The token was not sent: {why.message}",
        remedy="Resume from this error's `state` with the token, before the challenge expires.",
        link_id=state.challenge.link_id,
        state=waiting,
    )
    error.__cause__ = why
    return error
