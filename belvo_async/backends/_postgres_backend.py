"""What processes share, in PostgreSQL."""

from typing import Final

from belvo_async.backends._postgres import PostgresChallengeStore
from belvo_async.backends._postgres_coordinator import PostgresCoordinator
from belvo_async.backends._postgres_ledger import PostgresLedger
from belvo_async.backends._postgres_tables import PostgresTables
from belvo_async.backends._server_backend import ServerBackend


class PostgresBackend(ServerBackend[PostgresChallengeStore, PostgresCoordinator]):
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
        super().__init__(PostgresChallengeStore.of(tables), PostgresCoordinator(dsn, schema=schema))
        self.ledger: Final = PostgresLedger.of(tables)
