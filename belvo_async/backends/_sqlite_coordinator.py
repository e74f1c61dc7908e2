"""The records of a coordinator in one SQLite file, for the processes of one machine.

The file matters only until the machine is started again, as its times are those of the machine's monotonic
clock. So it is a file of its own, and no write waits for the disk: what is in it survives a kill of a
process, and after a loss of power nothing in it counts.
"""

import os
import sqlite3
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path
from threading import Lock
from typing import Final, TypeVar

from attrs import frozen

from belvo_async._sqlite.boot import Boot
from belvo_async._sqlite.database import SMALLEST_PAGE
from belvo_async._sqlite.file import (
    ask,
    connect,
    find_obstacle,
    find_real,
    identify,
    make_private,
    measure,
    transaction,
)
from belvo_async._sqlite.file_errors import FileErrors
from belvo_async._sqlite.schema import read_header
from belvo_async.backends._coordinator import NEVER_FORGOT, Moment, RecordKind
from belvo_async.errors import CoordinatorError

R = TypeVar("R")
T = TypeVar("T")

_APPLICATION_ID: Final = int.from_bytes(b"belw", "big")
_VERSION: Final = 1
_PATIENCE: Final = 5.0
"""Seconds: others hold the file for a fraction of a millisecond."""
_TIDY_AFTER: Final = 1000
_ERRORS: Final = FileErrors(
    name="coordinator file",
    failed=CoordinatorError,
    unreadable=partial(CoordinatorError, is_permanent=True),
    busy=CoordinatorError,
    assurance="; nothing was sent",
    advice="Nothing was sent.",
)
_SCHEMA: Final = (
    """CREATE TABLE machine (
        boot TEXT NOT NULL,
        since REAL,
        opened_at REAL NOT NULL
    )""",
    """CREATE TABLE records (
        kind TEXT NOT NULL,
        key TEXT NOT NULL,
        until REAL NOT NULL,
        text TEXT NOT NULL,
        PRIMARY KEY (kind, key)
    ) WITHOUT ROWID""",
    f"PRAGMA application_id = {_APPLICATION_ID}",
    f"PRAGMA user_version = {_VERSION}",
)
_READ: Final = "SELECT text FROM records WHERE kind = ? AND key = ? AND until > ?"
_READ_ALL: Final = "SELECT key, text FROM records WHERE kind = ? AND until > ?"
_WRITE: Final = "INSERT OR REPLACE INTO records (kind, key, until, text) VALUES (?, ?, ?, ?)"
_TIDY: Final = "DELETE FROM records WHERE until < ?"


class SqliteCoordinator:
    """Keeps records in one SQLite file, for all processes of one machine.

    Any thread may use it; a forked process opens the file anew. A process whose file is deleted or replaced
    while it is open opens what is there, or makes it, and all wait as after a restart of the machine: one
    window for the rate limit, and 330 s for a login.

    Args:
        path: The file, made where there is none, readable by its owner alone. Not on a network drive: two
            machines have no clock in common.
    """

    is_blocking = True

    def __init__(self, path: str | os.PathLike[str]) -> None:
        self._path: Final = path
        self._file = _File(Lock(), os.getpid())
        self._changes = 0

    def change(self, kind: RecordKind[R], key: str, change: Callable[[R, Moment], T]) -> T:
        """Let *change* work on a record; see `Coordinator`."""
        return self._use(lambda connection: self._change(connection, kind, key, change))

    def read_all(self, kind: RecordKind[R]) -> tuple[dict[str, R], Moment]:
        """Return copies of all records of a kind; see `Coordinator`."""

        def read(connection: sqlite3.Connection) -> tuple[list[sqlite3.Row], Moment]:
            rows = connection.execute(_READ_ALL, (kind.name, time.monotonic())).fetchall()
            return rows, Moment(time.monotonic(), _read_since(connection))

        rows, moment = self._use(read)
        return {row["key"]: kind.load(row["text"]) for row in rows}, moment

    def close(self) -> None:
        """Close the file; it is opened again when it is needed."""
        if self._file.process == os.getpid():
            with self._file.lock:
                if self._file.connection is not None:
                    self._file.connection.close()
                    self._file = _File(self._file.lock, self._file.process)

    def _use(self, work: Callable[[sqlite3.Connection], T]) -> T:
        """Let *work* use the file, and nobody else of this process.

        Raises:
            CoordinatorError: The file cannot be used.
        """
        if self._file.process != os.getpid():  # its connection must not even be closed here
            self._file = _File(Lock(), os.getpid())
        with self._file.lock:
            place = find_real(self._path)
            try:
                return work(self._find_connection(place))
            except (sqlite3.Error, OSError) as error:
                failure = _ERRORS.explain_commit(error, place)
            raise failure

    def _change(
        self, connection: sqlite3.Connection, kind: RecordKind[R], key: str, change: Callable[[R, Moment], T]
    ) -> T:
        with transaction(connection):
            now = time.monotonic()
            row = connection.execute(_READ, (kind.name, key, now)).fetchone()
            record = kind.create() if row is None else kind.load(row["text"])
            result = change(record, Moment(now, _read_since(connection)))
            connection.execute(_WRITE, (kind.name, key, now + kind.lasts, kind.dump(record)))
            self._changes += 1
            if self._changes % _TIDY_AFTER == 0:
                connection.execute(_TIDY, (now,))
            return result

    def _find_connection(self, place: Path) -> sqlite3.Connection:
        """Return that of the file, which is opened again where another is in its place, or none."""
        file = self._file
        if file.connection is not None:
            if identify(place) == file.identity:
                return file.connection
            self._file = _File(file.lock, file.process, is_lost=True)
            file.connection.close()
        return self._open(place)

    def _open(self, place: Path) -> sqlite3.Connection:
        obstacle = find_obstacle(place)
        if obstacle is not None:
            raise _ERRORS.build_unreadable(place, *obstacle)
        if 0 < measure(place) < SMALLEST_PAGE:  # to SQLite one byte is an empty database
            raise _ERRORS.build_unreadable(place, "is damaged, or something else")
        make_private(place)
        connection = connect(place, "mode=rwc", patience=_PATIENCE, is_shared=True)
        try:
            connection.execute("PRAGMA synchronous = OFF")
            connection.execute("PRAGMA journal_mode = TRUNCATE")
            with transaction(connection):
                _begin(connection, place, is_lost=self._file.is_lost)
        except BaseException:
            connection.close()
            raise
        self._file = _File(self._file.lock, self._file.process, connection, identify(place))
        return connection


@frozen(eq=False)
class _File:
    lock: Lock
    process: int
    connection: sqlite3.Connection | None = None
    identity: tuple[int, int] | None = None
    """Of the file that is open."""
    is_lost: bool = False
    """Whether the one that was open is gone, and with it what others had noted there."""


def _begin(connection: sqlite3.Connection, place: Path, *, is_lost: bool) -> None:
    """Make or check the file, and forget what was written before the machine was started."""
    _check(connection, place)
    row = connection.execute("SELECT * FROM machine").fetchone()
    boot, now = Boot.find(), time.time()
    if row is None:
        connection.execute("INSERT INTO machine VALUES (?, NULL, ?)", (boot.name, now))
    elif row["boot"] == boot.name:
        connection.execute("UPDATE machine SET opened_at = ?", (now,))
    else:
        _begin_anew(connection, place, row, boot)
    if is_lost:
        connection.execute("UPDATE machine SET since = ?", (time.monotonic(),))


def _begin_anew(connection: sqlite3.Connection, place: Path, row: sqlite3.Row, boot: Boot) -> None:
    """Forget what was written before the machine was started."""
    if row["opened_at"] > boot.at:
        raise _ERRORS.build_unreadable(
            place,
            "is used by another machine at the same time",
            "Use Redis for several machines, or a file on a drive of this machine alone.",
        )
    values = (boot.name, boot.since, time.time())
    connection.execute("DELETE FROM records")
    connection.execute("UPDATE machine SET boot = ?, since = ?, opened_at = ?", values)


def _read_since(connection: sqlite3.Connection) -> float:
    """Return since when nothing has been forgotten: it may be another process that has noticed."""
    since = ask(connection, "SELECT since FROM machine")
    return NEVER_FORGOT if since is None else float(str(since))


def _check(connection: sqlite3.Connection, place: Path) -> None:
    header = read_header(connection)
    if header.is_empty:
        for statement in _SCHEMA:
            connection.execute(statement)
    elif header.application != _APPLICATION_ID:
        raise _ERRORS.build_unreadable(
            place, f"is another application's (application_id {header.application})"
        )
    elif abs(header.version - _VERSION) > 1:
        raise _ERRORS.build_unreadable(
            place, f"is of version {header.version} (user_version), which this belvo_async cannot use"
        )
