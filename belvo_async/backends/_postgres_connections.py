"""Connections to a PostgreSQL server: none waits for ever, and none is used that the server has closed.

A server may be behind a pooler that hands out another connection for each transaction. So nothing is
prepared, and nothing is set for longer than a transaction.
"""

import math
import time
from collections.abc import AsyncIterator, Iterator, Mapping, Sequence
from contextlib import asynccontextmanager, contextmanager, suppress
from selectors import EVENT_READ, DefaultSelector
from typing import Any, Final, TypeAlias

import psycopg
from attrs import define, field
from psycopg.conninfo import conninfo_to_dict, make_conninfo
from psycopg.rows import dict_row
from psycopg_pool import AsyncConnectionPool, ConnectionPool, PoolTimeout

from belvo_async.backends._postgres_driver import (
    LIMIT,
    AsyncLimitedConnection,
    Faults,
    LimitedConnection,
    Row,
    SilentServerError,
)
from belvo_async.backends._postgres_schema import prepare

Value: TypeAlias = str | int | Sequence[str | None] | None
Values: TypeAlias = Mapping[str, Value]
_LOCKS: Final = 4.0
"""Seconds after which the server gives up waiting for whoever holds a row."""
_CONNECTIONS: Final = 8
_LOOK: Final = 0.05
"""Seconds after which whoever waits for a connection looks whether there will be none."""
_WRITING: Final = f"""SET LOCAL statement_timeout = '{LIMIT:.0f}s'; SET LOCAL lock_timeout = '{_LOCKS:.0f}s';
    SELECT set_config('synchronous_commit', 'on', true) WHERE current_setting('synchronous_commit') = 'off';
"""
"""Goes before a statement that writes, in one message with it and so in one transaction: what the server has
acknowledged has to survive its crash."""

_UNDONE: Final = (psycopg.errors.SerializationFailure, psycopg.errors.DeadlockDetected)
"""The server has undone a transaction because of another one: none with the usual settings."""


@define(eq=False)
class PostgresConnections:
    """Those of one process, for any of its threads."""

    conninfo: str
    faults: Faults = field(factory=Faults, init=False)
    _pool: ConnectionPool[LimitedConnection] = field(init=False)

    def __attrs_post_init__(self) -> None:
        options = _build_options(psycopg.ClientCursor, self.faults)
        self._pool = ConnectionPool(
            self.conninfo,
            connection_class=LimitedConnection,
            kwargs=options,
            check=_check_alive,
            open=True,
            **_POOL,
        )

    def read(self, statement: str, values: Values) -> list[Row]:
        """Run a statement that writes nothing: again, where the server closed its connection meanwhile.

        Raises:
            PostgresFaultError: It has failed.
        """
        with self._lend() as connection:
            try:
                return connection.execute(statement.encode(), values).fetchall()
            except psycopg.OperationalError as error:
                if not _is_lost(connection, error):
                    raise
        with self._lend() as connection:
            return connection.execute(statement.encode(), values).fetchall()

    def write(self, statement: str, values: Values) -> int:
        """Run a statement in a transaction of its own, once; return how many rows it has changed.

        It is 0 too where the server has undone it because of another transaction.

        Raises:
            PostgresFaultError: It has failed, or it is not known whether it was done.
        """
        with self._lend() as connection, suppress(*_UNDONE):
            cursor = connection.execute((_WRITING + statement).encode(), values)
            while cursor.nextset():
                pass
            return cursor.rowcount
        return 0

    def close(self) -> None:
        """Close the connections."""
        self._pool.close()

    @contextmanager
    def _lend(self) -> Iterator[LimitedConnection]:
        with self.faults.translated():
            connection = self._borrow()
            try:
                yield connection
            finally:
                self._pool.putconn(connection)

    def _borrow(self) -> LimitedConnection:
        began_at = time.monotonic()
        self.faults.check_rest(self._pool)
        while True:
            try:
                return self._pool.getconn(timeout=_LOOK)
            except PoolTimeout:
                self.faults.check_since(began_at)


@define(eq=False)
class AsyncPostgresConnections:
    """Those of one event loop."""

    conninfo: str
    faults: Faults = field(factory=Faults, init=False)
    _pool: AsyncConnectionPool[AsyncLimitedConnection] = field(init=False)

    def __attrs_post_init__(self) -> None:
        options = _build_options(psycopg.AsyncClientCursor, self.faults)
        self._pool = AsyncConnectionPool(
            self.conninfo,
            connection_class=AsyncLimitedConnection,
            kwargs=options,
            check=_check_alive_too,
            open=False,
            **_POOL,
        )

    async def read(self, statement: str, values: Values) -> list[Row]:
        """Run a statement that writes nothing; see `PostgresConnections`."""
        async with self._lend() as connection:
            try:
                return await (await connection.execute(statement.encode(), values)).fetchall()
            except psycopg.OperationalError as error:
                if not _is_lost(connection, error):
                    raise
        async with self._lend() as connection:
            return await (await connection.execute(statement.encode(), values)).fetchall()

    async def write(self, statement: str, values: Values) -> int:
        """Run a statement in a transaction of its own, once; see `PostgresConnections`."""
        async with self._lend() as connection:
            with suppress(*_UNDONE):
                cursor = await connection.execute((_WRITING + statement).encode(), values)
                while cursor.nextset():
                    pass
                return cursor.rowcount
        return 0

    async def close(self) -> None:
        """Close the connections."""
        await self._pool.close()

    @asynccontextmanager
    async def _lend(self) -> AsyncIterator[AsyncLimitedConnection]:
        with self.faults.translated():
            await self._pool.open()  # nothing happens where it is
            connection = await self._borrow()
            try:
                yield connection
            finally:
                await self._pool.putconn(connection)

    async def _borrow(self) -> AsyncLimitedConnection:
        began_at = time.monotonic()
        self.faults.check_rest(self._pool)
        while True:
            try:
                return await self._pool.getconn(timeout=_LOOK)
            except PoolTimeout:
                self.faults.check_since(began_at)


_POOL: Final[dict[str, Any]] = {  # Any: options of both kinds of pool
    "min_size": 0,
    "max_size": _CONNECTIONS,
    "reconnect_timeout": 0.0,  # whoever needs a connection asks for it, and is told at once
    "num_workers": 1,
    "name": "belvo",
}


def build_conninfo(dsn: str) -> str | None:
    """Return an address with what we set where it sets nothing, or None where it makes no sense."""
    ours = {"connect_timeout": f"{LIMIT:.0f}", "application_name": "belvo_async"}
    try:
        return make_conninfo("", **{**ours, **conninfo_to_dict(dsn), "client_encoding": "utf8"})
    except psycopg.Error:
        return None


def make_tables(conninfo: str, schema: str) -> None:
    """Make the tables that are not there, by a connection of its own.

    Raises:
        PostgresFaultError: It cannot be done, or they are of a version that this package cannot use.
    """
    faults = Faults()
    with faults.translated():
        try:
            connection = LimitedConnection.connect(conninfo, **_build_options(psycopg.ClientCursor, faults))
        except psycopg.OperationalError:
            faults.check_since(-math.inf)
            raise
        with connection:
            prepare(connection, schema)


def _build_options(cursor: type[Any], faults: Faults) -> dict[str, Any]:  # Any: psycopg's
    # Statements are sent with their values in them: so several are one message, and one transaction.
    return {
        "autocommit": True,
        "prepare_threshold": None,
        "row_factory": dict_row,
        "cursor_factory": cursor,
        "faults": faults,
    }


def _is_lost(connection: LimitedConnection | AsyncLimitedConnection, error: psycopg.OperationalError) -> bool:
    """Whether the server has closed the connection; one that is silent is not asked again."""
    return connection.closed and not isinstance(error, SilentServerError)


def _check_alive(connection: LimitedConnection | AsyncLimitedConnection) -> None:
    """Refuse a connection with something to read: the server has closed it, and says so."""
    with DefaultSelector() as selector:
        selector.register(connection.fileno(), EVENT_READ)
        if selector.select(0):
            connection.pgconn.finish()
            raise psycopg.OperationalError("closed by the server")


async def _check_alive_too(connection: AsyncLimitedConnection) -> None:
    _check_alive(connection)
