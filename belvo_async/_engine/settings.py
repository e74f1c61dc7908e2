"""The settings of a pool as one value, checked where it is made."""

import re
from typing import TYPE_CHECKING, Any, Final

from attrs import field, frozen

from belvo_async._clock import Clock
from belvo_async._engine.retry import RetryPolicy
from belvo_async.backends._backend import Backend
from belvo_async.errors import ConfigurationError
from belvo_async.mfa import MfaPolicy
from belvo_async.params import Concurrency, Network, RateLimit, Timeouts
from belvo_async.params._descriptors import count_free_descriptors
from belvo_async.params._network import DIRECT
from belvo_async.params._transport import HttpTransport
from belvo_async.params._validators import check_setting
from belvo_async.telemetry._log import Observer

if TYPE_CHECKING:
    from attrs import Attribute

_EGRESS: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,99}")


def _is_of_its_type(_: object, attribute: "Attribute[Any]", value: object) -> None:
    check_setting(attribute.name, value, attribute.type or object)


def _is_callable(_: object, attribute: "Attribute[Observer]", value: object) -> None:
    if not callable(value):
        raise ConfigurationError(
            f"{attribute.name} is {type(value).__name__}, which cannot be called.",
            remedy="Pass a function that takes an observation, without calling it.",
        )


def _fits_the_process(_: object, _attribute: "Attribute[Concurrency]", value: Concurrency) -> None:
    free = count_free_descriptors()
    if free is not None and value.total > free:
        raise ConfigurationError(
            f"Concurrency.total is {value.total}, and this process may open {free} more connections.",
            remedy="Pass a smaller total, or raise the limit of open files (ulimit -n).",
        )


def _is_backend(_: object, attribute: "Attribute[Backend]", value: object) -> None:
    check_setting(
        attribute.name,
        value,
        Backend,
        remedy="Pass a path, an address of Redis, or an object of belvo_async.backends.",
    )


def _is_egress(_: object, _attribute: "Attribute[str]", value: object) -> None:
    if not isinstance(value, str) or not _EGRESS.fullmatch(value):
        raise ConfigurationError(
            "egress is no name of up to 100 letters, digits, dots, dashes and underscores.",
            remedy="Name the address that requests leave from, such as nat-1, the same in all processes.",
        )


def _is_alone(settings: "PoolSettings", _attribute: "Attribute[HttpTransport | None]", value: object) -> None:
    if value is None:
        return
    check_setting("transport", value, HttpTransport, remedy="Pass an object with `send` and `aclose`.")
    if settings.network != DIRECT:
        raise ConfigurationError(
            "network is for the pool's own connections, and transport takes their place.",
            remedy="Pass one of the two.",
        )


def _is_grace(_: object, _attribute: "Attribute[float]", value: object) -> None:
    check_grace(value)


def check_grace(grace: object) -> None:
    """Refuse what is no number of seconds.

    Raises:
        ConfigurationError: Says what it has to be.
    """
    if isinstance(grace, bool) or not isinstance(grace, int | float) or not grace >= 0:
        raise ConfigurationError(
            "close_grace must be a number of seconds, 0 or more.", remedy="Correct the setting."
        )


@frozen(kw_only=True)
class PoolSettings:
    """What a `SessionPool` was made with; its docstring tells what each one means.

    Raises:
        ConfigurationError: A setting is of a wrong type, or makes no sense; names it.
    """

    url: str
    """The base address of the environment."""
    concurrency: Concurrency = field(validator=[_is_of_its_type, _fits_the_process])
    rate_limit: RateLimit = field(validator=_is_of_its_type)
    timeouts: Timeouts = field(validator=_is_of_its_type)
    retry: RetryPolicy = field(validator=_is_of_its_type)
    mfa: MfaPolicy = field(validator=_is_of_its_type)
    backend: Backend = field(validator=_is_backend)
    owns_backend: bool
    """Whether the pool opens and closes it."""
    egress: str = field(validator=_is_egress)
    close_grace: float = field(validator=_is_grace)
    observer: Observer = field(validator=_is_callable)
    clock: Clock = field(validator=_is_of_its_type)
    network: Network = field(validator=_is_of_its_type)
    transport: HttpTransport | None = field(validator=_is_alone)
