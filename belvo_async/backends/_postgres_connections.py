"""Connections to a PostgreSQL server: none waits for ever, and none is used that the server has closed.

A server may be behind a pooler that hands out another connection for each transaction. So nothing is
prepared, and nothing is set for longer than a transaction.
"""

import math
import time
from collections.abc import AsyncIterator, Generator, Iterator, Mapping
from contextlib import asynccontextmanager, contextmanager, suppress
from selectors import EVENT_READ, DefaultSelector
from typing import Any, Final, Self, TypeAlias, TypeVar

import psycopg
from attrs import define, field
from psycopg.conninfo import conninfo_to_dict, make_conninfo
from psycopg.rows import dict_row
from psycopg_pool import AsyncConnectionPool, ConnectionPool, PoolTimeout

from belvo_async.backends._postgres_faults import (
    BUSY,
    SILENT,
    PostgresFault,
    PostgresFaultError,
    explain,
    explain_refusal,
)
from belvo_async.backends._postgres_schema import prepare

R = TypeVar("R")

Row: TypeAlias = dict[str, Any]
"""Any: of whatever type the column is."""
Values: TypeAlias = Mapping[str, str | int | None]
# Any: what psycopg sends to, and expects of, whoever waits for it.
_Work: TypeAlias = Generator[Any, Any, R]

LIMIT: Final = 5.0
"""Seconds for which an answer of the server is waited for, and a connection."""
_LOCKS: Final = 4.0
"""Seconds after which the server gives up waiting for whoever holds a row."""
_REST: Final = 1.0
"""Seconds for which a server is left alone after it did not respond in time, or let nobody connect: many
calls share few threads, and each would wait for its own time after the others."""
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


class _SilentError(psycopg.OperationalError):
    """The server has not answered in time; the connection is closed."""


def _limit(work: _Work[R]) -> _Work[R]:
    """Let psycopg wait for the server, but not for ever."""
    until, ready = time.monotonic() + LIMIT, None
    while True:
        try:
            wanted = work.send(ready)
        except StopIteration as end:
            result: R = end.value
            return result
        ready = yield wanted
        if not ready and time.monotonic() >= until:
            raise _SilentError("no answer in time")


class _Connection(psycopg.Connection[Row]):
    @classmethod
    def connect(cls, conninfo: str = "", **options: Any) -> Self:  # Any: psycopg's
        """Connect; whatever is wrong is told without the address, also in the log of the pool."""
        faults: Faults = options.pop("faults")
        try:
            return super().connect(conninfo, **options)
        except (psycopg.Error, OSError) as error:
            fault = faults.note(explain_refusal(error))
        raise psycopg.OperationalError(f"PostgreSQL {fault.problem}")

    def wait(self, gen: _Work[R], *args: Any, **options: Any) -> R:  # Any: psycopg's
        """Wait for the server, for some seconds."""
        try:
            return super().wait(_limit(gen), *args, **options)
        except _SilentError:
            self.pgconn.finish()
            raise


class _AsyncConnection(psycopg.AsyncConnection[Row]):
    @classmethod
    async def connect(cls, conninfo: str = "", **options: Any) -> Self:  # Any: psycopg's
        """Connect; see the other one."""
        faults: Faults = options.pop("faults")
        try:
            return await super().connect(conninfo, **options)
        except (psycopg.Error, OSError) as error:
            fault = faults.note(explain_refusal(error))
        raise psycopg.OperationalError(f"PostgreSQL {fault.problem}")

    async def wait(self, gen: _Work[R], *args: Any, **options: Any) -> R:  # Any: psycopg's
        """Wait for the server, for some seconds."""
        try:
            return await super().wait(_limit(gen), *args, **options)
        except _SilentError:
            self.pgconn.finish()
            raise


@define(eq=False)
class Faults:
    """What was wrong with a server lately, as this process has met it. Times are of its monotonic clock."""

    last: PostgresFault | None = field(default=None, init=False)
    """Why there was no connection."""
    at: float = field(default=-math.inf, init=False)
    rests_until: float = field(default=-math.inf, init=False)

    def note(self, fault: PostgresFault) -> PostgresFault:
        """Note why there is no connection."""
        self.last, self.at = fault, time.monotonic()
        return fault

    def rest(self) -> None:
        """Note that the server did not respond in time."""
        self.rests_until = time.monotonic() + _REST

    def check_rest(self, pool: ConnectionPool[Any] | AsyncConnectionPool[Any]) -> None:  # Any: either kind
        """Refuse to ask a server that did not respond a moment ago, or to connect to one that let nobody."""
        now = time.monotonic()
        if now < self.rests_until:
            raise PostgresFaultError(SILENT)
        if self.last is not None and now < self.at + _REST and not pool.get_stats()["pool_available"]:
            raise PostgresFaultError(self.last)

    def check_since(self, moment: float) -> None:
        """Tell whoever waits for a connection since a moment that there will be none."""
        if self.last is not None and self.at >= moment:
            raise PostgresFaultError(self.last)
        if time.monotonic() - moment >= LIMIT:
            raise PostgresFaultError(BUSY)

    @contextmanager
    def translated(self) -> Iterator[None]:
        """Translate what psycopg raises; its text may quote a statement with what it holds."""
        try:
            yield
        except psycopg.Error as error:
            fault = SILENT if isinstance(error, _SilentError) else explain(error)
            if fault is SILENT:
                self.rest()
        else:
            return
        raise PostgresFaultError(fault)


@define(eq=False)
class PostgresConnections:
    """Those of one process, for any of its threads."""

    conninfo: str
    faults: Faults = field(factory=Faults, init=False)
    _pool: ConnectionPool[_Connection] = field(init=False)

    def __attrs_post_init__(self) -> None:
        options = _build_options(psycopg.ClientCursor, self.faults)
        self._pool = ConnectionPool(
            self.conninfo,
            connection_class=_Connection,
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
    def _lend(self) -> Iterator[_Connection]:
        with self.faults.translated():
            connection = self._borrow()
            try:
                yield connection
            finally:
                self._pool.putconn(connection)

    def _borrow(self) -> _Connection:
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
    _pool: AsyncConnectionPool[_AsyncConnection] = field(init=False)

    def __attrs_post_init__(self) -> None:
        options = _build_options(psycopg.AsyncClientCursor, self.faults)
        self._pool = AsyncConnectionPool(
            self.conninfo,
            connection_class=_AsyncConnection,
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
    async def _lend(self) -> AsyncIterator[_AsyncConnection]:
        with self.faults.translated():
            await self._pool.open()  # nothing happens where it is
            connection = await self._borrow()
            try:
                yield connection
            finally:
                await self._pool.putconn(connection)

    async def _borrow(self) -> _AsyncConnection:
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
            connection = _Connection.connect(conninfo, **_build_options(psycopg.ClientCursor, faults))
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


def _is_lost(connection: _Connection | _AsyncConnection, error: psycopg.OperationalError) -> bool:
    """Whether the server has closed the connection; one that is silent is not asked again."""
    return connection.closed and not isinstance(error, _SilentError)


def _check_alive(connection: _Connection | _AsyncConnection) -> None:
    """Refuse a connection with something to read: the server has closed it, and says so."""
    with DefaultSelector() as selector:
        selector.register(connection.fileno(), EVENT_READ)
        if selector.select(0):
            connection.pgconn.finish()
            raise psycopg.OperationalError("closed by the server")


async def _check_alive_too(connection: _AsyncConnection) -> None:
    _check_alive(connection)
