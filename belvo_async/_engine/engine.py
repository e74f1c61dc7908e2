"""The engine of a pool: what all its clients share, built from its settings."""

from typing import Final

from attrs import field, frozen

from belvo_async._engine.concurrency import ConcurrencyLimits
from belvo_async._engine.context import EngineContext
from belvo_async._engine.known_users import KnownUsers
from belvo_async._engine.lifecycle import Lifecycle
from belvo_async._engine.link_lease import LinkLeases
from belvo_async._engine.link_lock import LinkLock
from belvo_async._engine.logins import LoginMemory
from belvo_async._engine.rate_limiter import RateLimiter
from belvo_async._engine.retry import Retrier
from belvo_async._engine.sent_tokens import SentTokens
from belvo_async._engine.server_clock import ServerClock
from belvo_async._engine.settings import PoolSettings
from belvo_async._engine.shared_records import SharedRecords
from belvo_async._engine.shared_window import SharedWindow
from belvo_async._engine.single_flight import SingleFlight
from belvo_async._engine.status_check import SeenAccesses
from belvo_async._event_loop import close_all
from belvo_async._transport.custom import CustomTransport
from belvo_async._transport.transport import AiohttpTransport, Transport
from belvo_async.params import Credentials, RateLimit

_DELETES: Final = RateLimit(requests=5, window=60.0, margin=1.0)
"""Belvo's limit for deleting links (API reference)."""


@frozen
class Engine:
    """What the clients of one pool share."""

    settings: PoolSettings
    records: SharedRecords = field(init=False)
    context: EngineContext = field(init=False)
    memory: LoginMemory = field(init=False)
    transports: list[Transport] = field(init=False, factory=list)
    """One for each client."""

    @records.default
    def _build_records(self) -> SharedRecords:
        return SharedRecords(self.settings.backend.coordinator)

    @context.default
    def _build_context(self) -> EngineContext:
        settings, clock = self.settings, self.settings.clock
        lifecycle = Lifecycle(clock)
        return EngineContext(
            limits=ConcurrencyLimits(settings.concurrency),
            limiter=self._build_limiter("requests", settings.rate_limit, lifecycle),
            deletes=self._build_limiter("deletes", _DELETES, lifecycle),
            retrier=Retrier(settings.retry, lifecycle.nap, settings.observer),
            lifecycle=lifecycle,
            clock=clock,
            server_clock=ServerClock(clock),
            observer=settings.observer,
            policy=settings.mfa,
            server=settings.url,
        )

    def _build_limiter(self, name: str, limit: RateLimit, lifecycle: Lifecycle) -> RateLimiter:
        settings = self.settings
        window = SharedWindow(self.records, f"{name} {settings.url} {settings.egress}", limit)
        return RateLimiter(limit, settings.clock, lifecycle.nap, window)

    @memory.default
    def _build_memory(self) -> LoginMemory:
        locks = LinkLock(LinkLeases(self.records, self.settings.url, self.context.lifecycle.nap))
        return LoginMemory(
            flights=SingleFlight(self.context, locks),
            locks=locks,
            sent_tokens=SentTokens(self.settings.clock),
            accesses=SeenAccesses(),
            users=KnownUsers(),
        )

    def open_transport(self, credentials: Credentials) -> Transport:
        """Return what sends the requests of a client with these keys."""
        settings = self.settings
        opened: Transport
        if settings.transport is not None:
            opened = CustomTransport(
                settings.transport, settings.url, credentials, timeouts=settings.timeouts
            )
        else:
            opened = AiohttpTransport(
                settings.url, credentials, timeouts=settings.timeouts, network=settings.network
            )
        self.transports.append(opened)
        return opened

    async def cut_off(self) -> None:
        """End the logins under way, then every connection."""
        await self.memory.flights.close()
        custom = self.settings.transport
        try:
            await close_all(*(one.aclose() for one in (self.transports if custom is None else (custom,))))
        finally:
            self.records.close()
            if self.settings.owns_backend:
                await self.settings.backend.aclose()
