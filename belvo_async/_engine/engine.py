"""The engine of a pool: what all its clients share, built from its settings."""

from typing import Final, Self

from attrs import field, frozen

from belvo_async._engine.concurrency import ConcurrencyLimits
from belvo_async._engine.context import EngineContext
from belvo_async._engine.known_links import KnownLinks
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
from belvo_async.backends._window_key import WindowKey
from belvo_async.params import Credentials, RateLimit

_DELETES: Final = RateLimit(requests=5, window=60.0, margin=1.0)
"""Belvo's limit for deleting links (API reference)."""


@frozen
class Engine:
    """What the clients of one pool share."""

    settings: PoolSettings
    records: SharedRecords
    context: EngineContext
    memory: LoginMemory
    transports: list[Transport] = field(init=False, factory=list)
    """One for each client."""

    @classmethod
    def build(cls, settings: PoolSettings) -> Self:
        """Build an engine with these settings."""
        records = SharedRecords(settings.backend.coordinator)
        context = _build_context(settings, records)
        return cls(settings, records, context, _build_memory(context, records))

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
            self.memory.locks.leases.close()
            self.records.close()
            if self.settings.owns_backend:
                await self.settings.backend.aclose()


def _build_context(settings: PoolSettings, records: SharedRecords) -> EngineContext:
    clock = settings.clock
    lifecycle = Lifecycle(clock, is_ready=not settings.owns_backend)

    def build_limiter(name: str, limit: RateLimit) -> RateLimiter:
        key = WindowKey(name, settings.url, settings.egress)
        return RateLimiter(limit, clock, lifecycle.nap, SharedWindow(records, str(key), limit))

    return EngineContext(
        limits=ConcurrencyLimits(settings.concurrency),
        limiter=build_limiter("requests", settings.rate_limit),
        deletes=build_limiter("deletes", _DELETES),
        retrier=Retrier(settings.retry, lifecycle.nap, settings.observer),
        lifecycle=lifecycle,
        clock=clock,
        server_clock=ServerClock(clock),
        observer=settings.observer,
        policy=settings.mfa,
        server=settings.url,
    )


def _build_memory(context: EngineContext, records: SharedRecords) -> LoginMemory:
    locks = LinkLock(LinkLeases(records, context.server, context.lifecycle.nap))
    return LoginMemory(
        flights=SingleFlight(context, locks),
        locks=locks,
        sent_tokens=SentTokens(context.clock),
        accesses=SeenAccesses(),
        links=KnownLinks(),
    )
