"""Settings as values, checked where they are made: keys, environment, limits and timeouts."""

import math
import os
from collections.abc import Callable, Mapping
from enum import Enum
from typing import Any, Final, TypeAlias
from urllib.parse import SplitResult, urlsplit

from attrs import Attribute, field, frozen

from belvo_async._descriptors import count_connections
from belvo_async._models import Secretive, is_sendable
from belvo_async.errors import ConfigurationError

# A validator sees fields of any attrs class: the class and the field's type stay open.
Check: TypeAlias = Callable[[Any, "Attribute[Any]", Any], None]

_LOOPBACK: Final = frozenset({"127.0.0.1", "localhost", "::1"})
_HTTPS_REMEDY: Final = "Pass sandbox, production, or the https:// address of a server."


def at_least(least: float) -> Check:
    """Build a validator for a finite number of *least* or more."""

    def check(instance: object, attribute: "Attribute[object]", value: object) -> None:
        if isinstance(value, bool) or not isinstance(value, int | float) or not least <= value < math.inf:
            raise ConfigurationError(
                f"{type(instance).__name__}.{attribute.name} must be a number of at least {least:g}.",
                remedy="Correct the setting.",
            )

    return check


def whole(least: int, *, optional: bool = False) -> Check:
    """Build a validator for a whole number of *least* or more; None passes where *optional*."""

    def check(instance: object, attribute: "Attribute[object]", value: object) -> None:
        if optional and value is None:
            return
        if type(value) is not int or value < least:
            raise ConfigurationError(
                f"{type(instance).__name__}.{attribute.name} must be a whole number of at least {least}.",
                remedy="Correct the setting.",
            )

    return check


def flag() -> Check:
    """Build a validator for True and False."""

    def check(instance: object, attribute: "Attribute[object]", value: object) -> None:
        if not isinstance(value, bool):
            raise ConfigurationError(
                f"{type(instance).__name__}.{attribute.name} must be True or False.",
                remedy="Pass one of the two, or leave it out.",
            )

    return check


def check_setting(name: str, value: object, kind: type) -> None:
    """Refuse a setting of a wrong type.

    Raises:
        ConfigurationError: Names the setting and the type.
    """
    if not isinstance(value, kind) or isinstance(value, type):  # a class has a protocol's methods too
        raise ConfigurationError(
            f"{name} is {type(value).__name__}, not {kind.__name__}.",
            remedy=f"Pass {kind.__name__}(…), or leave the argument out.",
        )


class Environment(Enum):
    """Where Belvo runs. Keys belong to one environment."""

    SANDBOX = "https://sandbox.belvo.com"
    """Made-up data, free."""
    PRODUCTION = "https://api.belvo.com"

    @property
    def url(self) -> str:
        """The base address, without a slash at the end."""
        return self.value


def read_environment(value: object) -> str:
    """Return the base address for an environment, its name, or a URL.

    Raises:
        ConfigurationError: It is none of these, or plain `http://` to another machine.
    """
    if isinstance(value, Environment):
        return value.url
    if not isinstance(value, str) or not value.strip():
        raise ConfigurationError("The environment is missing or no text.", remedy=_HTTPS_REMEDY)
    name = value.strip()
    if name.upper() in Environment.__members__:
        return Environment[name.upper()].url
    if name.lower() == "development":
        raise ConfigurationError(
            "Belvo closed its development environment in June 2024.", remedy="Use sandbox or production."
        )
    return _read_url(name)


def _read_url(text: str) -> str:
    try:
        parts = urlsplit(text)
        host = (parts.hostname or "").encode("idna")
        valid = parts.scheme in ("http", "https") and bool(host) and parts.port != 0
    except ValueError:
        valid, parts = False, SplitResult("", "", "", "", "")
    if not valid:
        raise ConfigurationError(
            "The environment is neither sandbox, nor production, nor an http address.",
            remedy=_HTTPS_REMEDY,
        )
    if parts.username is not None or parts.query or parts.fragment:
        raise ConfigurationError(
            "The environment's address holds keys, a query or a fragment.", remedy="Pass keys as Credentials."
        )
    if parts.scheme == "http" and not is_loopback(text):
        raise ConfigurationError(
            f"Keys and passwords would travel to {parts.hostname} in the clear.", remedy="Use https://."
        )
    return f"{parts.scheme}://{parts.netloc}{parts.path.rstrip('/')}"


def is_loopback(url: str) -> bool:
    """Whether an address is on this machine."""
    return urlsplit(url).hostname in _LOOPBACK


_DEFAULT_BURST: Final = 8
_ON_THIS_MACHINE: Final = 100


@frozen
class Credentials(Secretive):
    """The API keys of one Belvo account in one environment.

    Raises:
        ConfigurationError: One of the two is missing.

    Example:
        >>> from belvo_async import Credentials
        >>> Credentials("id", "password")
        Credentials()
    """

    secret_id: str = field(repr=False)
    secret_password: str = field(repr=False)

    @secret_id.validator
    @secret_password.validator
    def _check(self, attribute: "Attribute[str]", value: object) -> None:
        if not isinstance(value, str) or not value:
            raise ConfigurationError(
                f"{attribute.name} is missing or no text.",
                remedy="Take both from Belvo's dashboard, or set BELVO_SECRET_ID and BELVO_SECRET_PASSWORD.",
            )
        if not is_sendable(value):
            raise ConfigurationError(f"{attribute.name} holds half a character.", remedy="Store it as UTF-8.")
        if attribute.name == "secret_id" and ":" in value:
            raise ConfigurationError(
                "secret_id holds a colon.", remedy="Pass the id alone, without the password."
            )

    @classmethod
    def from_env(cls, environ: Mapping[str, str] | None = None) -> "Credentials":
        """Read BELVO_SECRET_ID and BELVO_SECRET_PASSWORD.

        Raises:
            ConfigurationError: One of the two is not set.
        """
        return cls(*_read_variables(("BELVO_SECRET_ID", "BELVO_SECRET_PASSWORD"), environ))


def _read_variables(names: tuple[str, ...], environ: Mapping[str, str] | None) -> list[str]:
    values = [(os.environ if environ is None else environ).get(name, "").strip() for name in names]
    missing = [name for name, value in zip(names, values, strict=True) if not value]
    if missing:
        raise ConfigurationError(
            f"Not set in the environment: {', '.join(missing)}.",
            remedy="Take the keys from Belvo's dashboard; BELVO_ENVIRONMENT is sandbox or production.",
        )
    return values


def check_env(environ: Mapping[str, str] | None = None) -> None:
    """Look for all three variables, to name everything that is missing at once.

    Raises:
        ConfigurationError: One of them is not set.
    """
    _read_variables(("BELVO_SECRET_ID", "BELVO_SECRET_PASSWORD", "BELVO_ENVIRONMENT"), environ)


def environment_from_env(environ: Mapping[str, str] | None = None) -> str:
    """Read BELVO_ENVIRONMENT: `sandbox`, `production`, or an address.

    Raises:
        ConfigurationError: It is not set, or makes no sense.
    """
    return read_environment(*_read_variables(("BELVO_ENVIRONMENT",), environ))


@frozen(kw_only=True)
class Timeouts:
    """How long to wait for each phase of a request, in seconds.

    Raises:
        ConfigurationError: A number is out of range.
    """

    connect: float = field(default=10.0, validator=at_least(0.001))
    """For the connection, TLS included."""
    read: float = field(default=60.0, validator=at_least(0.001))
    """For a read to be answered whole."""
    login: float = field(default=330.0, validator=at_least(0.001))
    """For a login to be answered whole; Belvo itself works up to 300 s (408 in its error article)."""


@frozen(kw_only=True)
class Concurrency:
    """How many requests may be under way at once.

    Calls, jobs, and answers with status checks have this room each, so that none waits behind another. By
    default it is as much as Belvo's limit lets be under way with the longest logins, so that the limit alone
    holds requests back, and institutions take turns in it; or as many connections as this process may open.

    Raises:
        ConfigurationError: A number is out of range.
    """

    total: int = field(factory=count_connections, validator=whole(1))
    per_institution: int | None = field(default=None, validator=whole(1, optional=True))
    """Of the requests whose institution is known; None: as many as in all."""

    @classmethod
    def for_url(cls, url: str) -> "Concurrency":
        """Build the default for a server: 100 on this machine, where no limit holds requests back."""
        return cls(total=min(_ON_THIS_MACHINE, count_connections())) if is_loopback(url) else cls()


@frozen(kw_only=True)
class RateLimit:
    """How many requests may start in any window of time.

    The default is Belvo's: more than 80 in 30 s from one IP address get an HTML 403 (error article).

    Raises:
        ConfigurationError: A number is out of range.

    Example:
        >>> from belvo_async import RateLimit
        >>> half = RateLimit(requests=40)  # where two processes share one address
        >>> half.window
        30.0
    """

    requests: int | None = field(default=80, validator=whole(1, optional=True))
    """None: no limit."""
    window: float = field(default=30.0, validator=at_least(0.001))
    """Seconds."""
    margin: float = field(default=0.3, validator=at_least(0))
    """Seconds added to the window: a request that needs a new connection arrives later than the others.

    Where connections take longer than this to make, Belvo may count one window's requests into the next.
    """

    burst: int = field(default=_DEFAULT_BURST, validator=whole(1))
    """How many missed starts are made up for: those that wait start one by one, in the pace of the limit, and
    a quarter faster where the window has been used less."""

    def __attrs_post_init__(self) -> None:
        """Refuse a burst that no window holds."""
        if self.requests is not None and self.burst > max(self.requests, _DEFAULT_BURST):
            raise ConfigurationError(
                f"RateLimit.burst is {self.burst}, and a window holds {self.requests} requests.",
                remedy="Pass a burst of at most `requests`.",
            )

    @classmethod
    def unlimited(cls) -> "RateLimit":
        """Build the limit of a server that has none, such as the bundled sandbox."""
        return cls(requests=None)

    @classmethod
    def for_url(cls, url: str) -> "RateLimit":
        """Build the default for a server: none on this machine, Belvo's for all others."""
        return cls.unlimited() if is_loopback(url) else cls()
