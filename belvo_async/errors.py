"""What can go wrong. One `except BelvoError` catches all of it.

    BelvoError
    ├── UsageError                    raised before anything is sent
    │   ├── ConfigurationError        keys, environment or settings
    │   ├── InvalidValueError         an argument; names the field
    │   ├── PoolClosedError
    │   └── WrongEventLoopError
    ├── TransportError
    │   ├── NotSentError              the request surely never left
    │   │   └── UnreachableError      nor can it, until something is changed
    │   └── ResponseLostError           it left; what became of it is not known
    ├── OutcomeUnknownError           a login that may have happened: settle it before you try again
    ├── LinkBusyError                 another login of the link is in flight, and the call would not wait
    ├── PoolBusyError                 Belvo's limit would hold the request back for longer than `max_wait`
    ├── UnreadableResponseError         an answer that is not what the API promises
    ├── UnreadableWebhookError        what came to your webhook address is none of Belvo's
    ├── ApiError                      Belvo answered with an error
    │   ├── AuthenticationError, AccessDeniedError, NotFoundError, RequestInvalidError
    │   ├── LoginFailedError, LinkStateError, DuplicatedLinkError, SessionExpiredError
    │   ├── ActivationRequiredError, TooManySessionsError, InstitutionUnavailableError
    │   ├── RateLimitedError, RequestTimeoutError, TryLaterError
    │   └── ServerError
    ├── DeadlineExceededError         a link of a job took too long
    ├── JobError                      a job stopped before its end
    │   ├── SourceError               what the links come from failed
    │   ├── OutputError               what the rows go into failed
    │   ├── TooManyFailuresError          too many links failed: a `bulk.StopRule` says stop
    │   ├── AddressBlockedError       Belvo's edge refuses this IP address again and again
    │   └── LedgerError               a journal, or a ledger, cannot be used
    │       ├── LedgerBusyError       another process runs the job
    │       ├── LedgerMismatchError   it belongs to another Belvo client, or environment
    │       ├── LedgerUnreadableError damaged, not whole, or of another version
    │       └── LedgerWriteError      a full disk, or no permission to write
    ├── BackendError                  what several processes share cannot be used
    │   ├── ChallengeStoreError       the store of parked challenges
    │   └── CoordinatorError          the window and the leases; nothing was sent
    └── ChallengeError                the dialogue about a token ended without an answer from Belvo
        ├── TokenRequiredError        nobody was asked: carries the state to park
        ├── ResumeNotSupportedError   Belvo has no call that takes the token
        ├── TokenProviderError        the callback raised
        ├── InvalidTokenError         the callback's answer cannot be sent
        ├── ChallengeDeclinedError
        ├── ChallengeExpiredError
        ├── ChallengeAnsweredError    a token was already sent for it
        ├── ChallengeSupersededError  a newer challenge counts, or the link needs none any more
        ├── TokenNotSentError         the token never left, and may be given again
        ├── TooManyRoundsError
        ├── UnknownTicketError        no parked challenge has this ticket
        └── DamagedStateError         a parked state that cannot be read

Every error pickles, and none holds a password, a token, a header or a body.
"""

from collections.abc import Mapping
from datetime import datetime
from typing import Self, TypeVar, dataclass_transform

import attrs
from attrs import frozen

from belvo_async.models import AwaitingToken
from belvo_async.models._text_limits import write_line

E = TypeVar("E", bound=Exception)

__all__ = [
    "AccessDeniedError",
    "ActivationRequiredError",
    "AddressBlockedError",
    "ApiError",
    "AuthenticationError",
    "BackendError",
    "BelvoError",
    "ChallengeAnsweredError",
    "ChallengeDeclinedError",
    "ChallengeError",
    "ChallengeExpiredError",
    "ChallengeStoreError",
    "ChallengeSupersededError",
    "ConfigurationError",
    "CoordinatorError",
    "DamagedStateError",
    "DeadlineExceededError",
    "DuplicatedLinkError",
    "ErrorDetail",
    "InstitutionUnavailableError",
    "InvalidTokenError",
    "InvalidValueError",
    "JobError",
    "LedgerBusyError",
    "LedgerError",
    "LedgerMismatchError",
    "LedgerUnreadableError",
    "LedgerWriteError",
    "LinkBusyError",
    "LinkStateError",
    "LoginFailedError",
    "NotFoundError",
    "NotSentError",
    "OutcomeUnknownError",
    "OutputError",
    "PoolBusyError",
    "PoolClosedError",
    "RateLimitedError",
    "RequestInvalidError",
    "RequestTimeoutError",
    "ResponseLostError",
    "ResumeNotSupportedError",
    "ServerError",
    "SessionExpiredError",
    "SourceError",
    "TokenNotSentError",
    "TokenProviderError",
    "TokenRequiredError",
    "TooManyFailuresError",
    "TooManyRoundsError",
    "TooManySessionsError",
    "TransportError",
    "TryLaterError",
    "UnknownTicketError",
    "UnreachableError",
    "UnreadableResponseError",
    "UnreadableWebhookError",
    "UsageError",
    "WrongEventLoopError",
]


@frozen(kw_only=True)
class ErrorDetail:
    """One item of Belvo's error array."""

    code: str
    message: str = ""
    request_id: str | None = None
    field: str | None = None
    extra: Mapping[str, object] = attrs.field(factory=dict)
    """Keys that have no attribute of their own, such as `institution_user_id` of `duplicated`."""


@dataclass_transform(field_specifiers=(attrs.field,))
def _with_fields(kind: type[E]) -> type[E]:
    """Give an error a constructor with its fields, after those that it inherits; all else stays as it is."""
    return attrs.define(kind, slots=False, eq=False, repr=False, auto_exc=False, match_args=False)


@_with_fields
class BelvoError(Exception):
    """The root of everything this package raises.

    Example:
        >>> from belvo_async import BelvoError, LinkUpdate
        >>> try:
        ...     LinkUpdate("not an id", password="secret")
        ... except BelvoError as error:
        ...     print(error.remedy)
        Pass the `id` of a link, as links.list() shows it.
    """

    message: str
    """What happened."""
    remedy: str = attrs.field(default="", kw_only=True)
    """What to do next, one sentence."""
    status: int | None = attrs.field(default=None, kw_only=True)
    """HTTP status of the answer, or None where there was none."""
    details: tuple[ErrorDetail, ...] = attrs.field(default=(), kw_only=True)
    """Belvo's error items; empty where it sent none."""
    link_id: str | None = attrs.field(default=None, kw_only=True)
    """The link that the call was about."""

    def __attrs_post_init__(self) -> None:
        """Have the message alone in `args`, as exceptions do."""
        super().__init__(self.message)

    @property
    def code(self) -> str | None:
        """The first error code, e.g. `login_error`."""
        return next((detail.code for detail in self.details if detail.code), None)

    @property
    def codes(self) -> tuple[str, ...]:
        """All error codes, in Belvo's order."""
        return tuple(detail.code for detail in self.details if detail.code)

    @property
    def request_id(self) -> str | None:
        """Belvo's id of the request: its support asks for it."""
        return next((detail.request_id for detail in self.details if detail.request_id), None)

    @property
    def field(self) -> str | None:
        """The request field that is wrong, where Belvo or we can name it."""
        return next((detail.field for detail in self.details if detail.field), None)

    def __str__(self) -> str:
        """Tell what happened, where, and what to do next, on one line, whatever Belvo or a bank names."""
        known = (
            ("status", self.status),
            ("code", ", ".join(self.codes) or None),
            ("field", self.field),
            ("link", self.link_id),
            ("request_id", self.request_id),
        )
        where = ", ".join(f"{name} {value}" for name, value in known if value is not None)
        said = f"{self.message.rstrip('.')} ({where})." if where else self.message
        return write_line(f"{said} {self.remedy}".rstrip())

    def __reduce__(self) -> tuple[object, ...]:
        """Cross a process border with every attribute."""
        return _rebuild, (type(self), self.message), self.__dict__


def _rebuild(kind: type[BelvoError], message: str) -> BelvoError:
    error = kind.__new__(kind, message)
    Exception.__init__(error, message)
    for field in attrs.fields(kind):  # type: ignore[arg-type]  # each is one, see `_with_fields`
        setattr(error, field.name, field.default)  # an older pickle lacks those that are newer
    return error


class UsageError(BelvoError):
    """The call cannot be made as it stands. Nothing was sent."""


class ConfigurationError(UsageError, ValueError):
    """Keys, environment or settings are missing or make no sense."""


class InvalidValueError(UsageError, ValueError):
    """An argument has a value that Belvo could not accept."""

    @classmethod
    def of(cls, name: str, problem: str, *, remedy: str, link_id: str | None = None) -> Self:
        """Build the error for the argument called *name*, never quoting its value."""
        detail = ErrorDetail(code="invalid_value", field=name)
        return cls(f"{name} {problem}.", remedy=remedy, details=(detail,), link_id=link_id)


class PoolClosedError(UsageError):
    """The session pool is closed, is closing, or was not opened although it has a backend to open."""


class WrongEventLoopError(UsageError):
    """What belongs to one event loop was used from another one, another thread or a forked process.

    A pool, a store or a run belongs to the loop and the process of its first use. Nothing was sent or closed,
    and there it goes on undisturbed.
    """


class TransportError(BelvoError):
    """The network failed."""


class NotSentError(TransportError):
    """No connection was made, so the request never left: it may be repeated."""


class UnreachableError(NotSentError):
    """No connection can be made until something is changed, so it is not tried again.

    The certificate is not trusted, there is no TLS on the port, the host name is not known, or the proxy
    refuses its credentials.
    """


class ResponseLostError(TransportError):
    """The request left, and its answer never arrived whole. It may or may not have taken effect."""


@_with_fields
class OutcomeUnknownError(BelvoError):
    """A login may have reached the bank, and a status check did not show whether it succeeded.

    It is not repeated by itself: a second login could lock the user's account.
    """

    sent_at: datetime | None = attrs.field(default=None, kw_only=True)
    """When the login left, the last time where it was repeated; aware, by Belvo's clock: what `links.settle`
    takes as `since`. None where an earlier process did not write down when."""


@_with_fields
class LinkBusyError(BelvoError):
    """Another login of this link is in flight, and the call asked not to wait (`when_busy="refuse"`)."""

    seconds: float = attrs.field(default=0.0, kw_only=True)
    """After how many seconds the link is free at the latest, as far as is known now.

    Each login may take 330 s, and a person who is asked has until the challenge expires."""


@_with_fields
class PoolBusyError(BelvoError):
    """The request would have waited for longer than `max_wait` until Belvo's limit lets it leave.

    Nothing was sent.
    """

    seconds: float = attrs.field(default=0.0, kw_only=True)
    """After how many seconds it would have left, as far as is known now."""


class UnreadableResponseError(BelvoError):
    """An answer is not what the API promises: HTML, empty, broken, too large or of a wrong type."""


class UnreadableWebhookError(BelvoError):
    """What came as a webhook is too large, no JSON object, or has no type or code."""


@_with_fields
class ApiError(BelvoError):
    """Belvo answered, and the answer was an error.

    With a code that this version does not know, the status decides: 401 is an `AuthenticationError`, 403 an
    `AccessDeniedError`, 404 a `NotFoundError`, 409 a `TryLaterError`, 405, 413, 415 and 422 a
    `RequestInvalidError`, 408 a `RequestTimeoutError`, 429 a `RateLimitedError`, 5xx a `ServerError`. All
    others are this class itself, 400 too: Belvo uses it for banks and for fields alike.
    """

    retry_after: float | None = attrs.field(default=None, kw_only=True)
    """Seconds that the server asked to wait (`Retry-After`), or None."""


class AuthenticationError(ApiError):
    """The API keys are wrong, or belong to another environment."""


class AccessDeniedError(ApiError):
    """The keys are right, but not for this: no permission, no product, or the host forbids it today."""


class NotFoundError(ApiError):
    """No such resource, or it is not yours."""


class RequestInvalidError(ApiError):
    """Belvo refused the values of the request; `field` names the first one."""


class LoginFailedError(ApiError):
    """The institution refused the login. Repeating it may lock the end-user's account."""


class LinkStateError(ApiError):
    """The link is invalid, unconfirmed, or its credentials have expired: the end-user must act."""


class DuplicatedLinkError(ApiError):
    """A link for this institution and user exists already."""

    @property
    def institution_user_id(self) -> str | None:
        """The id that the existing link carries, to find it with `links.list`."""
        found = (detail.extra.get("institution_user_id") for detail in self.details)
        return next((value for value in found if isinstance(value, str)), None)


class SessionExpiredError(ApiError):
    """The MFA session at Belvo has expired: only a new login can help."""


class ActivationRequiredError(ApiError):
    """The end-user has no web access at the institution yet. There is no session to resume."""


class TooManySessionsError(ApiError):
    """The end-user, or Belvo, is logged in at the institution already."""


class InstitutionUnavailableError(ApiError):
    """The institution is down, unavailable, or switched off at Belvo."""


class RateLimitedError(ApiError):
    """Too many requests: an HTML 403 of the edge, or a 429. The request was not carried out."""


class RequestTimeoutError(ApiError):
    """Belvo worked for five minutes and gave up (408)."""


class TryLaterError(ApiError):
    """It cannot be done now, but may be later: a cooldown, a used-up limit, or data that is not there yet."""


class ServerError(ApiError):
    """Belvo, or a gateway before it, failed (5xx)."""


class DeadlineExceededError(BelvoError):
    """A link of a job did not get its turn, or its answer, within `link_deadline`."""


class JobError(BelvoError):
    """A job stopped before its end. What was begun is finished or written down: run it again."""


class SourceError(JobError):
    """What the links, or their credentials, come from raised, or gave something that is no link."""


class OutputError(JobError):
    """What a job was to keep the rows in could not take them, or is not what the job has left there.

    Of a link whose rows were not taken, the ledger says that it is unsettled: the login has succeeded.
    """


class TooManyFailuresError(JobError):
    """Too many links failed, so that no further login was started."""


class AddressBlockedError(JobError):
    """Belvo's edge has refused this IP address five times in a row within an hour (HTML, status 403).

    Waiting for the next probe does not help any more. A job stops; calls and answers still go ahead.
    """


class LedgerError(JobError):
    """What keeps the links of a job, a journal or a backend's ledger, cannot be used.

    A login that it could not announce was not sent.
    """


class LedgerBusyError(LedgerError):
    """Another process, or another run of this one, runs this job."""


class LedgerUnreadableError(LedgerError):
    """The file is damaged, not whole, of another version, or something else. It was not changed."""


class LedgerMismatchError(LedgerError):
    """The journal belongs to another Belvo client or environment. It was not changed; nothing was sent."""


class LedgerWriteError(LedgerError):
    """The ledger could not be written: a full disk, a limit, or a missing permission."""


class BackendError(BelvoError):
    """A backend, which several processes share, could not do its work."""


@_with_fields
class CoordinatorError(BackendError):
    """The rate limit's window or the leases that processes share could not be used; nothing was sent."""

    is_permanent: bool = attrs.field(default=False, kw_only=True)
    """Whether it stays so until something is changed: then nobody waits for it to end."""


class ChallengeStoreError(BackendError):
    """A store of parked challenges could not do its work. No token was sent that it could not note."""


@_with_fields
class ChallengeError(BelvoError):
    """The dialogue about a token ended before Belvo accepted or refused one."""

    state: AwaitingToken | None = attrs.field(default=None, kw_only=True)
    """Where the dialogue stands, when it can still go on with `links.resume`; else None."""


class TokenRequiredError(ChallengeError):
    """The institution asks for a token, and this call has nobody to ask (HTTP 428).

    `state` is what `links.resume` needs, in this process or, parked as text, in another.
    """

    state: AwaitingToken  # pyright: ignore[reportIncompatibleVariableOverride]  # it is only ever read
    ticket: str | None = None
    """That of the challenge, where it is parked already: pass it to `challenges.resume`."""


class ResumeNotSupportedError(ChallengeError):
    """The institution asks for a token, and Belvo has no call that takes it for these data (HTTP 428)."""


class TokenProviderError(ChallengeError):
    """The `provide_token` callback raised; its exception is the cause. No token was sent."""


class InvalidTokenError(ChallengeError):
    """What was given as a token cannot be one. No token was sent."""


class ChallengeDeclinedError(ChallengeError):
    """The person declined to give a token. A `provide_token` callback may raise it too."""


class ChallengeExpiredError(ChallengeError):
    """The time for a token ran out before one was sent."""


class ChallengeAnsweredError(ChallengeError):
    """This challenge was answered already. A token is sent at most once."""


@_with_fields
class ChallengeSupersededError(ChallengeError):
    """A newer challenge of the link was parked since, or the link was updated another way or deleted.

    Nothing was sent: the bank would not take the token any more, or nobody needs it.
    """

    ticket: str | None = attrs.field(default=None, kw_only=True)
    """That of the newer challenge, where one waits for a token."""


class TokenNotSentError(ChallengeError):
    """The token never left: no connection, or the pool closed (see the cause). `state` is still good."""


class TooManyRoundsError(ChallengeError):
    """The institution went on asking after `MfaPolicy.max_rounds` tokens."""


class UnknownTicketError(ChallengeError):
    """No parked challenge of this account and environment has this ticket, or it is forgotten."""


class DamagedStateError(ChallengeError):
    """A parked state cannot be read: cut short, changed, or written by another version."""
