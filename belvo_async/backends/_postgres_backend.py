"""What processes share, in PostgreSQL."""

import asyncio
from types import TracebackType
from typing import Final, Self

from belvo_async.backends._backend import is_used
from belvo_async.backends._postgres import PostgresChallengeStore
from belvo_async.backends._postgres_coordinator import PostgresCoordinator
from belvo_async.backends._postgres_ledger import PostgresLedger
from belvo_async.backends._postgres_tables import PostgresTables


class PostgresBackend:
    """Keeps all in PostgreSQL, for the processes of many machines. Needs the extra `postgres`.

    The tables are made where there are none, in a schema of their own; `belvo-async backend init` makes them
    beforehand, for a user who may not. Jobs, parked challenges, window and leases survive a restart of the
    server.
    After a replica has taken over, or a backup was restored, requests wait for what may be under way: one
    window, and 330 s for a login. The same goes for the first use, unless `init` or
    `belvo-async backend init` has told that nothing is under way.

    Args:
        dsn: `postgresql://` or `postgres://`, or whatever else libpq takes. A pooler such as PgBouncer may be
            in front of the server, with transactions as its pool mode.
        schema: Of the tables; backends with different schemas do not see each other.

    Raises:
        ConfigurationError: The extra `postgres` is missing, or an argument makes no sense.
    """

    def __init__(self, dsn: str, *, schema: str = "belvo") -> None:
        tables = PostgresTables(dsn, schema, "backend")
        self.challenges: Final = PostgresChallengeStore.of(tables)
        self.ledger: Final = PostgresLedger.of(tables)
        self.coordinator: Final = PostgresCoordinator(dsn, schema=schema)
        self._is_open = False

    async def open(self) -> None:
        """Make the tables where there are none, and check that they can be used.

        Raises:
            ChallengeStoreError: The server does not respond, or refuses.
            CoordinatorError: It is read-only.
        """
        if not self._is_open:
            await self.challenges.__aenter__()
            try:
                await asyncio.to_thread(self.coordinator.check)
            except BaseException:
                await self.aclose()
                raise
            self._is_open = True

    async def init(self) -> bool:
        """Note that nothing is under way, so that the first use need not wait.

        Call it before the first process uses the backend, and not each time that one starts: after a replica
        has taken over it cannot be told what may be under way.

        Returns:
            Whether it was noted; it is not where the backend is in use already.

        Raises:
            CoordinatorError: The server cannot be used.
        """
        if await asyncio.to_thread(is_used, self.coordinator):
            return False
        await asyncio.to_thread(self.coordinator.init)
        return True

    async def aclose(self) -> None:
        """Close the connections, also those of a backend that was used without being opened."""
        try:
            self._is_open = False
            await self.challenges.__aexit__(None, None, None)
        finally:
            await asyncio.to_thread(self.coordinator.close)

    async def __aenter__(self) -> Self:
        await self.open()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.aclose()
