"""The records of a coordinator in PostgreSQL, for many machines.

A record is read and replaced only if it is still the same, so no process holds a lock while it works, and one
that stands still holds nobody up. The moment is the server's.

What PostgreSQL has acknowledged survives its crash, so a restart costs nobody anything. A replica that takes
over may lack what was written last, though, and so may a backup. The evidence is the server's name of its
cluster, its timeline, which each takeover and each recovery from a backup begins anew, and the number of the
table: where one of them is another, it is noted beside the records since when nothing has been forgotten.
"""

import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from threading import Lock
from typing import TYPE_CHECKING, Any, Final, TypeVar

from attrs import frozen

from belvo_async.backends._coordinator import NEVER_FORGOT, Moment, RecordKind
from belvo_async.backends._postgres_address import read_address
from belvo_async.backends._postgres_faults import READ_ONLY, PostgresFaultError
from belvo_async.backends._postgres_statements import (
    FORGET,
    INIT,
    IS_READ_ONLY,
    LOOK,
    READ,
    READ_ALL,
    TIDY,
    WRITE,
    fill,
)
from belvo_async.errors import CoordinatorError

if TYPE_CHECKING:
    from belvo_async.backends._postgres_connections import PostgresConnections

R = TypeVar("R")
T = TypeVar("T")

_TRIES: Final = 200
"""Of replacing a record: each time that it fails another process has got on."""
_TIDY_AFTER: Final = 1000
_MICROSECOND: Final = 1e-6
_FOR_EVER: Final = 2**63 - 1


class PostgresCoordinator:
    """Keeps records in PostgreSQL, for all processes that reach the server. Needs the extra `postgres`.

    Any thread and any event loop may use it; a forked process opens connections of its own. When a replica
    has taken over, or a backup was restored, requests wait until those that may be under way have ended: one
    window for the rate limit, and 330 s for a login. After a restart of the server they do not.

    Args:
        dsn: `postgresql://` or `postgres://`, or whatever else libpq takes.
        schema: Of the tables in the database; made where there is none.

    Raises:
        ConfigurationError: The extra `postgres` is missing, or an argument makes no sense.
    """

    is_blocking = True

    def __init__(self, dsn: str, *, schema: str = "belvo") -> None:
        self._conninfo: Final = read_address(dsn, schema)
        self._schema: Final = schema
        self._lock = Lock()
        self._process = os.getpid()
        self._connections: PostgresConnections | None = None
        self._changes = 0

    def change(self, kind: RecordKind[R], key: str, change: Callable[[R, Moment], T]) -> T:
        """Let *change* work on a record; see `Coordinator`."""
        with _explained():
            for _ in range(_TRIES):
                found = _Found(**self._read(READ, kind=kind.name, key=key)[0])
                if not found.is_current:
                    self._write(FORGET, until=_FOR_EVER)
                    continue
                record = kind.create() if found.live_text is None else kind.load(found.live_text)
                result = change(record, found.moment)
                if self._replace(kind, key, found, kind.dump(record)):
                    return result
        raise CoordinatorError(
            "Other processes change the same record in PostgreSQL all the time; nothing was sent.",
            remedy="Spread the work over fewer processes, or give groups of them an egress of their own.",
        )

    def read_all(self, kind: RecordKind[R]) -> tuple[dict[str, R], Moment]:
        """Return copies of all records of a kind; see `Coordinator`."""
        with _explained():
            rows = self._read(READ_ALL, kind=kind.name)
            found = _Found(**self._read(LOOK)[0])
        now = max([found.now, *(row["changed_at"] for row in rows)])
        since = found.since if found.is_current else now
        return {row["key"]: kind.load(row["text"]) for row in rows}, _build_moment(now, since)

    def check(self) -> None:
        """Refuse a server that cannot be written; make the tables where there are none.

        Raises:
            CoordinatorError: It cannot be used.
        """
        with _explained():
            if self._read(IS_READ_ONLY)[0]["is_so"]:
                raise PostgresFaultError(READ_ONLY)

    def init(self) -> None:
        """Note that nothing is under way that PostgreSQL should know of: the first use need not wait then.

        Raises:
            CoordinatorError: The server cannot be used.
        """
        with _explained():
            self._write(INIT, until=_FOR_EVER)

    def close(self) -> None:
        """Close the connections; they are opened again when they are needed."""
        connections, self._connections = self._connections, None
        if connections is not None and self._process == os.getpid():
            connections.close()

    def _replace(self, kind: RecordKind[R], key: str, found: "_Found", text: str) -> bool:
        count = self._write(
            WRITE,
            kind=kind.name,
            key=key,
            text=text,
            now=found.now,
            until=found.now + int(kind.lasts / _MICROSECOND),
            server=found.server,
            since=found.since,
            former=found.text,
            changed_at=found.changed_at,
        )
        self._changes += 1
        if self._changes % _TIDY_AFTER == 0:
            self._write(TIDY)
        return count == 1

    def _read(
        self, statement: str, **values: str | int | None
    ) -> list[dict[str, Any]]:  # Any: of the columns
        return self._find_connections().read(fill(statement, self._schema), values)

    def _write(self, statement: str, **values: str | int | None) -> int:
        return self._find_connections().write(fill(statement, self._schema), values)

    def _find_connections(self) -> "PostgresConnections":
        if self._process != os.getpid():  # a lock that was held as it was forked would never be free
            self._lock, self._process, self._connections = Lock(), os.getpid(), None
        connections = self._connections
        if connections is None:
            from belvo_async.backends._postgres_connections import (  # noqa: PLC0415 - an extra
                PostgresConnections,
                make_tables,
            )

            with self._lock:
                connections = self._connections
                if connections is None:
                    make_tables(self._conninfo, self._schema)
                    connections = self._connections = PostgresConnections(self._conninfo)
        return connections


@frozen(kw_only=True)
class _Found:
    """What a record is, and of which server. Times are microseconds since 1970."""

    server: str
    epoch: str | None
    since: int | None
    now: int
    text: str | None = None
    changed_at: int | None = None
    until: int | None = None

    @property
    def is_current(self) -> bool:
        """Whether it was noted already since when this server has forgotten nothing."""
        return self.epoch == self.server

    @property
    def live_text(self) -> str | None:
        """The record, unless it has lasted."""
        return None if self.until is None or self.until <= self.now else self.text

    @property
    def moment(self) -> Moment:
        return _build_moment(self.now, self.since)


def _build_moment(now: int, since: int | None) -> Moment:
    return Moment(now * _MICROSECOND, since * _MICROSECOND if since else NEVER_FORGOT)


@contextmanager
def _explained() -> Iterator[None]:
    failure: CoordinatorError | None = None
    try:
        yield
    except PostgresFaultError as error:
        fault = error.fault
        failure = CoordinatorError(
            f"PostgreSQL {fault.problem}; nothing was sent.",
            remedy=fault.remedy,
            is_permanent=fault.is_permanent,
        )
    if failure is not None:
        raise failure
