"""The tables of one backend in PostgreSQL, for one event loop."""

import asyncio
from collections.abc import Coroutine
from typing import TYPE_CHECKING, Any, Final, TypeVar

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
