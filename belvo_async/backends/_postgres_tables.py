"""The tables of one backend in PostgreSQL, for one event loop."""

import asyncio
from collections.abc import Coroutine
from types import TracebackType
from typing import TYPE_CHECKING, Any, ClassVar, Final, Self, TypeVar

from belvo_async._event_loop import LoopBinding, finish
from belvo_async.backends._postgres_address import read_address
from belvo_async.backends._postgres_faults import PostgresFault, PostgresFaultError
from belvo_async.errors import BelvoError

if TYPE_CHECKING:
    from belvo_async.backends._postgres_connections import AsyncPostgresConnections, Value
    from belvo_async.backends._postgres_driver import Row

T = TypeVar("T")


class PostgresTables:
    """Makes the tables where there are none, reads and writes; several may stand on one.

    Args:
        dsn: The address.
        schema: Of the tables.
        name: What they are to their user, as in "This … belongs to another event loop".

    Raises:
        ConfigurationError: The extra `postgres` is missing, or an argument makes no sense.
    """

    def __init__(self, dsn: str, schema: str, name: str) -> None:
        self._conninfo: Final = read_address(dsn, schema)
        self._schema: Final = schema
        self._connections: AsyncPostgresConnections | None = None
        self._binding: Final = LoopBinding(name)

    def check_loop(self) -> None:
        """Refuse every event loop but that on which they were used first.

        Raises:
            WrongEventLoopError: It is another one, or another process.
        """
        self._binding.check()

    async def open(self, kind: type[BelvoError]) -> None:
        """Make the tables where there are none.

        Raises an error of *kind* where that cannot be done.
        """
        self._binding.bind()
        await finish(_explained(self._open(), kind, "; nothing was sent"))

    async def close(self) -> None:
        """Close the connections."""
        self._binding.check()
        connections, self._connections = self._connections, None
        if connections is not None:
            await finish(connections.close())

    async def read(self, kind: type[BelvoError], statement: str, **values: "Value") -> "list[Row]":
        """Return the rows of a statement that writes nothing; raise an error of *kind*."""
        self._binding.bind()

        async def run() -> "list[Row]":
            return await (await self._open()).read(self._fill(statement), values)

        return await finish(_explained(run(), kind))

    async def write(self, kind: type[BelvoError], statement: str, **values: "Value") -> int:
        """Return how many rows a statement has changed; raise an error of *kind*."""
        self._binding.bind()

        async def run() -> int:
            return await (await self._open()).write(self._fill(statement), values)

        return await finish(_explained(run(), kind))

    def _fill(self, statement: str) -> str:
        return statement.replace("{schema}", self._schema)

    async def _open(self) -> "AsyncPostgresConnections":
        if self._connections is None:
            from belvo_async.backends._postgres_connections import (  # noqa: PLC0415 - an extra
                AsyncPostgresConnections,
                make_tables,
            )

            await asyncio.to_thread(make_tables, self._conninfo, self._schema)
            if self._connections is None:  # another call may have been faster
                self._connections = AsyncPostgresConnections(self._conninfo)
        return self._connections


class PostgresPart:
    """What keeps rows in the tables of a backend: by itself, or beside another in the same ones."""

    _error: ClassVar[type[BelvoError]]
    """What it raises where the server cannot be used."""
    _tables: PostgresTables

    @classmethod
    def of(cls, tables: PostgresTables) -> Self:
        """Make one in tables that are used for something else too."""
        part = cls.__new__(cls)
        part._tables = tables  # noqa: SLF001 - of this class
        return part

    async def __aenter__(self) -> Self:
        """Make the tables where there are none.

        Raises:
            BackendError: The challenges: the server cannot be used, or has tables of a version that cannot.
            LedgerError: The same, for the jobs.
        """
        await self._tables.open(self._error)
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Close the connections."""
        await self._tables.close()

    async def _read_rows(self, statement: str, **values: "Value") -> "list[Row]":
        return await self._tables.read(self._error, statement, **values)

    async def _write_rows(self, statement: str, **values: "Value") -> int:
        return await self._tables.write(self._error, statement, **values)


async def _explained(
    work: Coroutine[Any, Any, T],  # Any: of no interest
    kind: type[BelvoError],
    assurance: str = "",
) -> T:
    try:
        return await work
    except PostgresFaultError as error:
        fault: PostgresFault = error.fault
    raise kind(f"PostgreSQL {fault.problem}{assurance}.", remedy=fault.remedy)
