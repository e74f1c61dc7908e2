"""The session pool: the front door."""

import os
from types import TracebackType
from typing import Final, Self, cast

from belvo_async._client import Client
from belvo_async._clock import SYSTEM_CLOCK, Clock
from belvo_async._engine.engine import Engine
from belvo_async._engine.retry import RetryPolicy
from belvo_async._engine.settings import PoolSettings, check_grace
from belvo_async._event_loop import finish
from belvo_async.backends._backend import PROCESS, Backend, MemoryBackend
from belvo_async.backends._opening import make_backend
from belvo_async.mfa import DEFAULT_POLICY, MfaPolicy
from belvo_async.params import (
    Concurrency,
    Credentials,
    Environment,
    Network,
    RateLimit,
    Timeouts,
)
from belvo_async.params._environment import check_env, environment_from_env, read_environment
from belvo_async.params._network import DIRECT
from belvo_async.params._transport import HttpTransport
from belvo_async.params._validators import check_setting
from belvo_async.telemetry._log import Observer, log_observation


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
