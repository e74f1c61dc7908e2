"""The session pool: the front door."""

from types import TracebackType
from typing import Final, Self

from attrs import field, frozen

from belvo_async._clock import SYSTEM_CLOCK, Clock
from belvo_async._engine.concurrency import ConcurrencyLimits
from belvo_async._engine.context import EngineContext
from belvo_async._engine.exchange import Exchange
from belvo_async._engine.known_users import KnownUsers
from belvo_async._engine.lifecycle import Lifecycle
from belvo_async._engine.link_lock import LinkLock
from belvo_async._engine.logins import LoginMemory, Logins
from belvo_async._engine.parked_challenges import ParkedChallenges
from belvo_async._engine.rate_limiter import RateLimiter
from belvo_async._engine.retry import Retrier, RetryPolicy
from belvo_async._engine.sent_tokens import SentTokens
from belvo_async._engine.server_clock import ServerClock
from belvo_async._engine.single_flight import SingleFlight
from belvo_async._engine.status_check import SeenAccesses
from belvo_async._event_loop import close_all, finish
from belvo_async._http import Request
from belvo_async._transport.transport import AiohttpTransport, Transport
from belvo_async.backends._challenge_store import ChallengeStore
from belvo_async.backends._memory import MemoryChallengeStore
from belvo_async.errors import ConfigurationError
from belvo_async.mfa import DEFAULT_POLICY, MfaPolicy
from belvo_async.params import (
    ClientIdentity,
    Concurrency,
    Credentials,
    Environment,
    Network,
    RateLimit,
    Timeouts,
)
from belvo_async.params._descriptors import count_free_descriptors
from belvo_async.params._environment import check_env, environment_from_env, read_environment
from belvo_async.params._network import DIRECT
from belvo_async.params._validators import check_setting
from belvo_async.resources._challenges import Challenges
from belvo_async.resources._institutions import Institutions
from belvo_async.resources._links import Links
from belvo_async.telemetry._load import PoolLoad
from belvo_async.telemetry._observer import Observer, log_observation

_DELETES: Final = RateLimit(requests=5, window=60.0, margin=1.0)
"""Belvo's limit for deleting links (API reference)."""


@frozen(kw_only=True)
class _Engine:
    """What the clients of one pool share."""

    url: str
    concurrency: Concurrency
    rate_limit: RateLimit
    timeouts: Timeouts
    network: Network
    store: ChallengeStore
    context: EngineContext
    memory: LoginMemory
    transports: list[Transport] = field(factory=list)


class Client:
    """The calls with one set of API keys; the connections are its own, the limits are those of its pool.

    `SessionPool` is one, and `SessionPool.client` makes others.

    Attributes:
        links: The links of these keys.
        institutions: The institutions, asked with these keys.
        challenges: The challenges that are parked under tickets, of these keys.
        identity: Whom the client speaks for, told without its keys.
    """

    def __init__(self, engine: _Engine, credentials: Credentials) -> None:
        transport = AiohttpTransport(
            engine.url, credentials, timeouts=engine.timeouts, network=engine.network
        )
        engine.transports.append(transport)
        context = engine.context
        self._engine: Final = engine
        self._exchange: Final = Exchange(transport, context)
        self.identity: Final = ClientIdentity.build(engine.url, credentials)
        parked = ParkedChallenges(engine.store, context, self.identity.digest)
        logins = Logins(
            exchange=self._exchange,
            context=context,
            memory=engine.memory,
            parked=parked,
            digest=self.identity.keyed,
        )
        self.links: Final = Links(self._exchange, context, logins)
        self.institutions: Final = Institutions(self._exchange, context.lifecycle)
        self.challenges: Final = Challenges(self.links, context, parked)

    @property
    def clock(self) -> Clock:
        """Where the time comes from."""
        return self._engine.context.clock

    @property
    def concurrency(self) -> Concurrency:
        """How many requests at once, of all clients of the pool."""
        return self._engine.concurrency

    @property
    def rate_limit(self) -> RateLimit:
        """How many requests may start in a window of time, of all clients of the pool."""
        return self._engine.rate_limit

    @property
    def load(self) -> PoolLoad:
        """What waits for the rate limit now, and for how long: for gauges, and to turn work away early."""
        return self._engine.context.limiter.read_load()

    @property
    def mfa(self) -> MfaPolicy:
        """How far a dialogue about tokens may go."""
        return self._engine.context.policy

    async def ping(self) -> None:
        """Check the keys, as Belvo's own libraries do: `GET /api/`.

        Raises:
            AuthenticationError: The keys are wrong, or belong to another environment.
            BelvoError: Belvo could not be asked.
        """
        with self._engine.context.lifecycle:
            await self._exchange.fetch(Request(method="GET", path="/api/"))


class SessionPool(Client):
    """Sends many requests to Belvo at once, within its limits.

    One pool serves a whole application, thousands of tasks included; it belongs to the event loop and the
    process in which it is first used, and raises `WrongEventLoopError` in every other. Use it as
    `async with`, or call `aclose`. Making one opens nothing.

    Args:
        credentials: The API keys; by default from BELVO_SECRET_ID and BELVO_SECRET_PASSWORD.
        environment: `Environment`, its name, or the address of a server; by default BELVO_ENVIRONMENT.
        concurrency: How many requests at once.
        rate_limit: How many in a window of time; by default Belvo's limit, and none on this machine.
        timeouts: Seconds for each phase.
        retry: What is repeated how often.
        mfa: How far a dialogue about tokens may go.
        challenge_store: Where `challenges` keeps what is parked; by default in memory. It is not closed.
        close_grace: Seconds that `aclose` waits for logins in flight.
        observer: Told of every exchange, retry, pause and challenge; by default they are logged.
        clock: Where the time comes from.
        network: A proxy, certificates of your own, or the address to connect from.

    Raises:
        ConfigurationError: A setting is missing or makes no sense; names it.

    Example:
        >>> import asyncio
        >>> from belvo_async import Credentials, LinkUpdate, SessionPool
        >>> from belvo_async.sandbox import Sandbox
        >>> async def main() -> None:
        ...     async with Sandbox() as belvo:
        ...         link_id = belvo.add_link(institution="heimdall_mx_retail", username="mfa_numeric")
        ...         keys = Credentials(belvo.secret_id, belvo.secret_password)
        ...         async with SessionPool(keys, environment=belvo.url) as pool:
        ...             update = LinkUpdate(link_id, password="new-password")
        ...             link = await pool.links.update(update, provide_token=lambda challenge: "111111")
        ...     print(link.status)
        >>> asyncio.run(main())
        valid
    """

    def __init__(  # noqa: PLR0913 - settings, all with defaults, by keyword only
        self,
        credentials: Credentials | None = None,
        *,
        environment: Environment | str | None = None,
        concurrency: Concurrency | None = None,
        rate_limit: RateLimit | None = None,
        timeouts: Timeouts | None = None,
        retry: RetryPolicy | None = None,
        mfa: MfaPolicy | None = None,
        challenge_store: ChallengeStore | None = None,
        close_grace: float = 30.0,
        observer: Observer = log_observation,
        clock: Clock = SYSTEM_CLOCK,
        network: Network | None = None,
    ) -> None:
        for name, value, kind in (
            ("concurrency", concurrency, Concurrency),
            ("rate_limit", rate_limit, RateLimit),
            ("timeouts", timeouts, Timeouts),
            ("retry", retry, RetryPolicy),
            ("mfa", mfa, MfaPolicy),
            ("challenge_store", challenge_store, ChallengeStore),
            ("network", network, Network),
        ):
            if value is not None:
                check_setting(name, value, kind)
        check_setting("clock", clock, Clock)
        if not callable(observer):
            raise ConfigurationError(
                f"observer is {type(observer).__name__}, which cannot be called.",
                remedy="Pass a function that takes an observation, without calling it.",
            )
        _check_grace(close_grace)
        credentials, url = _find_server(credentials, environment)
        concurrency = concurrency or Concurrency.for_url(url)
        _check_descriptors(concurrency)
        rate_limit = rate_limit or RateLimit.for_url(url)
        self._close_grace: Final = close_grace
        lifecycle = Lifecycle(clock)
        context = EngineContext(
            limits=ConcurrencyLimits(concurrency),
            limiter=RateLimiter(rate_limit, clock, lifecycle.nap),
            deletes=RateLimiter(_DELETES, clock, lifecycle.nap),
            retrier=Retrier(retry or RetryPolicy(), lifecycle.nap, observer),
            lifecycle=lifecycle,
            clock=clock,
            server_clock=ServerClock(clock),
            observer=observer,
            policy=mfa or DEFAULT_POLICY,
            server=url,
        )
        locks = LinkLock()
        memory = LoginMemory(
            flights=SingleFlight(context, locks),
            locks=locks,
            sent_tokens=SentTokens(clock),
            accesses=SeenAccesses(),
            users=KnownUsers(),
        )
        engine = _Engine(
            url=url,
            concurrency=concurrency,
            rate_limit=rate_limit,
            timeouts=timeouts or Timeouts(),
            network=network or DIRECT,
            store=MemoryChallengeStore() if challenge_store is None else challenge_store,
            context=context,
            memory=memory,
        )
        super().__init__(engine, credentials)
        self._clients: Final[dict[tuple[str, str], Client]] = {_name(credentials): self}

    def client(self, credentials: Credentials) -> Client:
        """Return a client with other API keys that shares this pool's limits.

        Belvo counts requests by IP address, whoever's keys they carry: one pool for all keys of a machine
        keeps within the limit. The connections are separate.

        Raises:
            ConfigurationError: *credentials* are none.
        """
        check_setting("credentials", credentials, Credentials)
        key = _name(credentials)
        if key not in self._clients:
            self._clients[key] = Client(self._engine, credentials)
        return self._clients[key]

    async def __aenter__(self) -> Self:
        """Tie the pool to the running event loop."""
        self._engine.context.lifecycle.bind()
        self._engine.context.lifecycle.check_open()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Close the pool."""
        await self.aclose()

    async def aclose(self, grace: float | None = None) -> None:
        """Close the pool. Calling it twice is fine.

        No new login starts. A call that waits for a person ends at once with `TokenRequiredError`, whose
        `state` can be parked. Logins in flight have *grace* seconds (by default `close_grace`) to end;
        after that they are cut off, and raise `OutcomeUnknownError`. Cancelling this call cuts them off now.

        Raises:
            WrongEventLoopError: The pool belongs to another event loop, or to another process; it goes on.
        """
        _check_grace(grace or 0.0)
        self._engine.context.lifecycle.bind()
        try:
            await self._engine.context.lifecycle.close(self._close_grace if grace is None else grace)
        finally:
            await finish(self._cut_off())

    async def _cut_off(self) -> None:
        await self._engine.memory.flights.close()
        await close_all(*(transport.aclose() for transport in self._engine.transports))


def check_client(client: object, name: str = "pool") -> None:
    """Refuse what is no `Client`: for code of yours that takes a pool, or a client of it.

    Args:
        client: What was handed in as the pool.
        name: Of the argument that it was handed in as, for the message.

    Raises:
        ConfigurationError: It is something else; names the argument and what it is.
    """
    check_setting(name, client, Client, remedy="Pass the pool, or a client of it.")


def _find_server(credentials: Credentials | None, environment: object) -> tuple[Credentials, str]:
    """Return the keys and the base address; what was not passed comes from the environment variables."""
    if credentials is None and environment is None:
        check_env()
    url = environment_from_env() if environment is None else read_environment(environment)
    if credentials is None:
        return Credentials.from_env(), url
    check_setting("credentials", credentials, Credentials)
    return credentials, url


def _name(credentials: Credentials) -> tuple[str, str]:
    return credentials.secret_id, credentials.secret_password


def _check_descriptors(concurrency: Concurrency) -> None:
    free = count_free_descriptors()
    if free is not None and concurrency.total > free:
        raise ConfigurationError(
            f"Concurrency.total is {concurrency.total}, and this process may open {free} more connections.",
            remedy="Pass a smaller total, or raise the limit of open files (ulimit -n).",
        )


def _check_grace(grace: object) -> None:
    if isinstance(grace, bool) or not isinstance(grace, int | float) or not grace >= 0:
        raise ConfigurationError(
            "close_grace must be a number of seconds, 0 or more.", remedy="Correct the setting."
        )
