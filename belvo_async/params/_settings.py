"""Settings as values, checked where they are made: limits and timeouts."""

from typing import Final

from attrs import field, frozen

from belvo_async.errors import ConfigurationError
from belvo_async.params._descriptors import count_connections
from belvo_async.params._environment import is_loopback
from belvo_async.params._validators import at_least, whole

_DEFAULT_BURST: Final = 8
_ON_THIS_MACHINE: Final = 100


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
