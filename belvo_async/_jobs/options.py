"""What a job was asked to do, checked."""

from collections.abc import Awaitable, Callable, Iterable
from typing import Final, TypeAlias, TypeVar

from attrs import Attribute, field, frozen

from belvo_async._engine.callers import TokenProvider, check_provider
from belvo_async._jobs.stop_rule import StopRule
from belvo_async.backends import LinkRow, LinkState
from belvo_async.errors import ConfigurationError, InvalidValueError
from belvo_async.models._pickles import reads_older
from belvo_async.params import Concurrency, LinkUpdate
from belvo_async.params._checks import read_link_id
from belvo_async.params._validators import at_least, check_setting, whole

T = TypeVar("T")

CredentialsProvider: TypeAlias = Callable[[str], Awaitable[LinkUpdate | None] | LinkUpdate | None]
"""Looks up the new credentials of a link by its id, right before its login.

None where there are none: the link is not updated, and a later run with `retry` of `refused` asks again. It
is called on the event loop: a plain function must not block it."""

_MAX_WAITING_ROWS: Final = 100_000
RETRIABLE: Final = (LinkState.REFUSED, LinkState.UNSETTLED, LinkState.PARKED)


def _check_callable(_options: "JobOptions", attribute: "Attribute[T]", value: T) -> None:
    if value is not None and not callable(value):
        raise InvalidValueError.of(
            attribute.name,
            f"is {type(value).__name__}, which cannot be called",
            remedy="Pass a function, without calling it.",
        )


def _check_provider(_options: "JobOptions", _attribute: "Attribute[T]", value: T) -> None:
    check_provider(value)


def _check_rule(_options: "JobOptions", attribute: "Attribute[T]", value: T) -> None:
    if value is not None:
        check_setting(attribute.name, value, StopRule)


def _check_concurrency(_limits: "JobLimits", attribute: "Attribute[T]", value: T) -> None:
    if value is not None:
        check_setting(f"JobLimits.{attribute.name}", value, Concurrency)


def _check_deadline(limits: "JobLimits", attribute: "Attribute[float | None]", value: float | None) -> None:
    if value is not None:
        at_least(0.001)(limits, attribute, value)


def _read_retry(value: object) -> frozenset[LinkState]:
    names = [value] if isinstance(value, str) else value
    if isinstance(names, Iterable):
        states = {str(name) for name in names}
        if states <= set(RETRIABLE):
            return frozenset(LinkState(state) for state in states)
    raise ConfigurationError(
        "retry must be made of refused, unsettled and parked.", remedy='Pass, for instance, retry={"parked"}.'
    )


def _read_resend(value: object) -> frozenset[str]:
    if isinstance(value, Iterable) and not isinstance(value, str | bytes):
        return frozenset(read_link_id(link_id) for link_id in value)
    raise ConfigurationError(
        "resend must be made of link ids.", remedy="Pass the ids of links, such as resend=[link_id]."
    )


@reads_older(lambda fields: {"max_waiting_rows": _MAX_WAITING_ROWS, **fields})
@frozen(kw_only=True)
class JobLimits:
    """How much a job does at once, and for how long.

    Raises:
        ConfigurationError: A number is out of range, or of a wrong type.
    """

    concurrency: Concurrency | None = field(default=None, validator=_check_concurrency)
    """Logins at once, in all and at each institution; None: as many as the pool's. Links whose person is
    being asked do not count."""
    look_ahead: int = field(default=10_000, validator=whole(1))
    """How many links are read ahead to let institutions take turns; a source that is sorted by institution
    needs more."""
    max_open_prompts: int = field(default=1000, validator=whole(1))
    """How many people are asked at once; the challenges of others are parked."""
    max_waiting_rows: int = field(default=_MAX_WAITING_ROWS, validator=whole(1))
    """While so many rows of data wait to be taken, no more logins begin; those under way bring theirs."""
    link_deadline: float | None = field(default=None, validator=_check_deadline)
    """Seconds for each link, from its turn on; then it is given up, settled or parked."""
    login_limit: float = field(default=330.0, validator=at_least(0))
    """Seconds after which a login that an earlier run began must have ended (Belvo error article: 408 after
    five minutes, and the response takes its time)."""
    close_grace: float = field(default=30.0, validator=at_least(0))
    """Seconds for the logins under way when the block is left before the end."""


def _check_limits(_options: "JobOptions", attribute: "Attribute[T]", value: T) -> None:
    check_setting(attribute.name, value, JobLimits, remedy="Pass JobLimits(…).")


@frozen(kw_only=True)
class JobOptions:
    """The settings of one run.

    Raises:
        ConfigurationError: A setting is of a wrong type.
        InvalidValueError: A callback cannot be called.
    """

    limits: JobLimits = field(factory=JobLimits, validator=_check_limits)
    default_concurrency: Concurrency
    """That of the pool."""
    credentials: CredentialsProvider | None = field(default=None, validator=_check_callable)
    provide_token: TokenProvider | None = field(default=None, validator=_check_provider)
    stop: StopRule | None = field(default=None, validator=_check_rule)
    retry: frozenset[LinkState] = field(default=frozenset(), converter=_read_retry)
    resend: frozenset[str] = field(default=frozenset(), converter=_read_resend)
    dry_run: bool = False

    @property
    def concurrency(self) -> Concurrency:
        """How many logins at once."""
        return self.limits.concurrency or self.default_concurrency

    def tries_again(self, record: LinkRow) -> bool:
        """Whether a link that has ended is to be tried again, if its credentials are not held back."""
        if record.state is not LinkState.REFUSED:
            return record.state in self.retry
        # By now there may be other credentials, or, where nothing was ever sent, any at all.
        is_worth_it = record.may_retry or bool(record.refused) or not record.logins
        return record.link_id in self.resend or (LinkState.REFUSED in self.retry and is_worth_it)
