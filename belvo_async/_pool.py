"""The session pool: the front door."""

import os
from collections.abc import Mapping
from datetime import datetime
from types import TracebackType
from typing import Final, Self, TypeVar, cast
from uuid import UUID

from belvo_async._clock import SYSTEM_CLOCK, Clock
from belvo_async._engine.engine import Engine
from belvo_async._engine.exchange import Exchange
from belvo_async._engine.logins import Logins
from belvo_async._engine.parked_challenges import ParkedChallenges
from belvo_async._engine.retry import RetryPolicy
from belvo_async._engine.settings import PoolSettings, check_grace
from belvo_async._event_loop import finish
from belvo_async._http import Request
from belvo_async.backends._backend import PROCESS, Backend, MemoryBackend
from belvo_async.backends._opening import make_backend
from belvo_async.errors import InvalidValueError
from belvo_async.mfa import DEFAULT_POLICY, MfaPolicy
from belvo_async.models import DataModel
from belvo_async.params import (
    ClientIdentity,
    Concurrency,
    Credentials,
    Environment,
    Network,
    RateLimit,
    Timeouts,
)
from belvo_async.params._checks import read_link_id
from belvo_async.params._environment import check_env, environment_from_env, read_environment
from belvo_async.params._network import DIRECT
from belvo_async.params._transport import HttpTransport
from belvo_async.params._validators import check_setting
from belvo_async.resources._challenges import Challenges
from belvo_async.resources._data import DataResource
from belvo_async.resources._data_resources import DataResources
from belvo_async.resources._erasure import Erased, Erasure
from belvo_async.resources._institutions import Institutions
from belvo_async.resources._links import Links
from belvo_async.resources._login_calls import LoginCalls
from belvo_async.resources._raw_request import RawRequests
from belvo_async.resources._widget import Widget
from belvo_async.telemetry._log import Observer, log_observation
from belvo_async.telemetry._pool_load import PoolLoad

D = TypeVar("D", bound=DataResource[DataModel])


class Client(DataResources):
    """The calls with one set of API keys; the connections are its own, the limits are those of its pool.

    `SessionPool` is one, and `SessionPool.client` makes others. Besides what is listed here it has an
    attribute for each data resource of Belvo, such as `transactions`.

    Attributes:
        links: The links of these keys.
        institutions: The institutions, asked with these keys.
        challenges: The challenges that are parked under tickets, of these keys.
        widget: Tokens for Belvo's hosted widget.
        identity: Whom the client speaks for, told without its keys.
    """

    def __init__(self, engine: Engine, credentials: Credentials) -> None:
        context = engine.context
        self._engine: Final = engine
        self._exchange: Final = Exchange(engine.open_transport(credentials), context)
        self.identity: Final = ClientIdentity.build(engine.settings.url, credentials)
        parked = ParkedChallenges(
            engine.settings.backend.challenges,
            context,
            self.identity.digest,
            engine.memory.links,
            engine.memory.locks.leases.let_go,
        )
        self._logins: Final = Logins(
            exchange=self._exchange,
            context=context,
            memory=engine.memory,
            parked=parked,
            digest=self.identity.keyed,
        )
        self._calls: Final = LoginCalls(context, self._logins)
        self.links: Final = Links(self._exchange, context, self._logins)
        self.institutions: Final = Institutions(self._exchange, context.lifecycle)
        self.challenges: Final = Challenges(self.links, self._find_resumable, context, parked)
        self.widget: Final = Widget(self._exchange, context.lifecycle, credentials)

    def _build_resource(self, kind: type[D]) -> D:
        return kind(self._exchange, self._engine.context, self._logins)

    @property
    def backend(self) -> Backend:
        """What the pool shares with the other processes that use it."""
        return self._engine.settings.backend

    @property
    def clock(self) -> Clock:
        """Where the time comes from."""
        return self._engine.context.clock

    @property
    def server_time(self) -> datetime:
        """The time by Belvo's clock, as far as its responses have told it; else by that of this machine."""
        return self._engine.context.server_clock.now()

    @property
    def concurrency(self) -> Concurrency:
        """How many requests at once, of all clients of the pool."""
        return self._engine.settings.concurrency

    @property
    def rate_limit(self) -> RateLimit:
        """How many requests may start in a window of time, of all clients of the pool."""
        return self._engine.settings.rate_limit

    @property
    def load(self) -> PoolLoad:
        """What waits for the rate limit now, and for how long: for gauges, and to turn work away early."""
        return self._engine.context.limiter.read_load()

    @property
    def observer(self) -> Observer:
        """Whom the pool tells what it does."""
        return self._engine.context.observer

    @property
    def mfa(self) -> MfaPolicy:
        """How far a dialogue about tokens may go."""
        return self._engine.context.policy

    async def request(
        self,
        method: str,
        path: str,
        *,
        json: object = None,
        params: Mapping[str, object] | None = None,
        link_id: str | UUID | None = None,
        max_wait: float | None = None,
    ) -> object:
        """Send a request that has no method here yet, within the same limits and with the same errors.

        A GET is repeated like any read, all else only where it surely has not left. Where the body names a
        `link`, or *link_id* does, that link is held: no other login of it is in flight meanwhile.

        Args:
            method: In capitals.
            path: From the first slash to the last, such as `/api/accounts/`.
            json: The body.
            params: What follows the question mark; lists only under names such as `id__in`.
            link_id: The link at whose institution it may log in.
            max_wait: Seconds that it may wait for Belvo's limit of requests; None: as long as it takes.

        Returns:
            The JSON of the response, numbers with a fraction as `Decimal`; None where it has none.

        Raises:
            InvalidValueError: An argument is wrong, or there is a method of `links`; nothing was sent.
            TokenRequiredError: The institution wants a token: park its `state`, and resume it.
            ResumeNotSupportedError: It does, and Belvo has no call that takes one.
            ResponseLostError: It left, and no response came whole: it may have taken effect.
            BelvoError: It failed otherwise.
        """
        raw = RawRequests(self._exchange, self._engine.context.lifecycle, self._logins, self._calls)
        return await raw.send(
            method,
            path,
            json=json,
            params={} if params is None else params,
            link_id=link_id,
            max_wait=max_wait,
        )

    async def erase(self, link_id: str | UUID | None = None, *, reference: str | None = None) -> Erased:
        """Erase from the backend what it keeps about a link, or about the person that a reference names.

        Those are its rows in jobs, and its challenges, with their tickets. The link itself stays at Belvo:
        `links.delete` deletes it. A hold on the link names it for up to three hours more, so that a process
        that wakes up late cannot log in. All challenges are read to find those of a link.

        Args:
            link_id: The link.
            reference: In its place, what was noted as challenges were parked: their links are erased.

        Raises:
            InvalidValueError: There is not exactly one of the two.
            LinkBusyError: Another process logs in at a link, or a challenge waits; nothing of it was erased.
            LedgerBusyError: A job has a login of a link that is not settled; its rows were not erased.
            ChallengeStoreError: The store cannot be used.
            LedgerError: The jobs cannot be read or changed.
        """
        if (link_id is None) is (reference is None):
            raise InvalidValueError.of(
                "link_id", "or reference has to be given", remedy="Pass one of the two."
            )
        erasure = Erasure(self._logins, self._engine.context, self.backend.ledger)
        with self._engine.context.lifecycle:
            if reference is None:
                return await erasure.erase((read_link_id(link_id),))
            return await erasure.erase(await erasure.find_links(reference))

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
        backend: What the processes share that behave as one pool: the window of the rate limit, the leases on
            links, and the parked challenges. An object of `belvo_async.backends`, which is not closed; or as
            text the path of an SQLite file or an address of Redis, which the pool opens in `async with` and
            closes. By default BELVO_BACKEND, else the memory of this process; a pool with a clock or a
            transport of its own shares nothing.
        egress: Names the IP address that requests leave from, where processes that share the backend have
            several: each has a window of its own. By default all have one, which is safe.
        close_grace: Seconds that `aclose` waits for logins in flight.
        observer: Told of every exchange, retry, pause and challenge; by default they are logged.
        clock: Where the time comes from.
        network: A proxy, certificates of your own, or the address to connect from.
        transport: Sends in place of the pool's own connections, and is closed with the pool: a double for
            tests, or a way of your own. It replaces `network`.

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
        backend: Backend | str | os.PathLike[str] | None = None,
        egress: str = "default",
        close_grace: float = 30.0,
        observer: Observer = log_observation,
        clock: Clock = SYSTEM_CLOCK,
        network: Network | None = None,
        transport: HttpTransport | None = None,
    ) -> None:
        credentials, url = _find_server(credentials, environment)
        is_private = transport is not None or clock is not SYSTEM_CLOCK
        if backend is None and not is_private:
            backend = os.environ.get("BELVO_BACKEND") or None
        chosen, owns_backend = _find_backend(backend, MemoryBackend(clock=clock) if is_private else PROCESS)
        if isinstance(chosen, MemoryBackend):
            chosen = chosen.on(clock)
        settings = PoolSettings(
            url=url,
            concurrency=Concurrency.for_url(url) if concurrency is None else concurrency,
            rate_limit=RateLimit.for_url(url) if rate_limit is None else rate_limit,
            timeouts=Timeouts() if timeouts is None else timeouts,
            retry=RetryPolicy() if retry is None else retry,
            mfa=DEFAULT_POLICY if mfa is None else mfa,
            backend=chosen,
            owns_backend=owns_backend,
            egress=egress,
            close_grace=close_grace,
            observer=observer,
            clock=clock,
            network=DIRECT if network is None else network,
            transport=transport,
        )
        super().__init__(Engine.build(settings), credentials)
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
        """Tie the pool to the running event loop, and open the backend that was named to it.

        Raises:
            BackendError: The backend cannot be used.
        """
        self._engine.context.lifecycle.bind_unopened()
        self._engine.context.lifecycle.check_open()
        if self._engine.settings.owns_backend:
            await self._engine.settings.backend.open()
            self._engine.context.lifecycle.note_opened()
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
        grace = self._engine.settings.close_grace if grace is None else grace
        check_grace(grace)
        self._engine.context.lifecycle.bind_unopened()
        try:
            await self._engine.context.lifecycle.close(grace)
        finally:
            await finish(self._engine.cut_off())


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


def _find_backend(backend: object, default: MemoryBackend) -> tuple[Backend, bool]:
    """Return the backend, and whether the pool opens and closes it."""
    if isinstance(backend, str | os.PathLike):
        return make_backend(backend), True
    # The settings check what it is.
    return (default if backend is None else cast("Backend", backend)), False


def _name(credentials: Credentials) -> tuple[str, str]:
    return credentials.secret_id, credentials.secret_password
