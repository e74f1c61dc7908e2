"""Connections of psycopg to a server: none waits for ever, and what is wrong is told without the address."""

import math
import time
from collections.abc import Generator, Iterator
from contextlib import contextmanager
from typing import Any, Final, Self, TypeAlias, TypeVar

import psycopg
from attrs import define, field
from psycopg_pool import AsyncConnectionPool, ConnectionPool

from belvo_async.backends._postgres_faults import (
    BUSY,
    SILENT,
    PostgresFault,
    PostgresFaultError,
    explain,
    explain_refusal,
)

R = TypeVar("R")

Row: TypeAlias = dict[str, Any]
"""Any: of whatever type the column is."""
# Any: what psycopg sends to, and expects of, whoever waits for it.
_Work: TypeAlias = Generator[Any, Any, R]

LIMIT: Final = 5.0
"""Seconds for which an answer of the server is waited for, and a connection."""
_REST: Final = 1.0
"""Seconds for which a server is left alone after it did not respond in time, or let nobody connect: many
calls share few threads, and each would wait for its own time after the others."""


class SilentServerError(psycopg.OperationalError):
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
            raise SilentServerError("no answer in time")


class LimitedConnection(psycopg.Connection[Row]):
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
        except SilentServerError:
            self.pgconn.finish()
            raise


class AsyncLimitedConnection(psycopg.AsyncConnection[Row]):
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
        except SilentServerError:
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
            fault = SILENT if isinstance(error, SilentServerError) else explain(error)
            if fault is SILENT:
                self.rest()
        else:
            return
        raise PostgresFaultError(fault)
