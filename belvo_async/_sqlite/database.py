"""One SQLite file of ours: found, checked, made, upgraded and opened.

By SQLite's rollback journal each acknowledged write is in the file itself. What a kill in the middle of a
write leaves beside it (`-journal`) undoes that write: whoever opens the file next has SQLite do so.
"""

import os
import sqlite3
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Final

from belvo_async._sqlite.file import (
    ask,
    connect,
    exists,
    find_obstacle,
    find_real,
    make_private,
    measure,
    sidecar,
    transaction,
)
from belvo_async._sqlite.file_errors import FileErrors, code_of, is_busy
from belvo_async._sqlite.lock import take_lock
from belvo_async._sqlite.schema import read_header, upgrade
from belvo_async.errors import BelvoError

NO_JOB_REMEDY: Final = "Check the path: a job makes its journal when it begins."
_PATIENCE: Final = 10.0  # seconds: others write for an instant, but the `sqlite3` tool may read for longer
_PAUSE: Final = 0.02  # seconds before a file that others hold open is opened again
SMALLEST_PAGE: Final = 512  # bytes
_ALONE: Final = "mode=ro&immutable=1"
"""The file without what stands beside it, which SQLite would take in or remove."""
_LOG_LENGTH: Final = 8 * 2**20  # bytes that the log of a journal of version 2 has while it is needed
_LOG_REMEDY: Final = (
    "Put the journal's own log back beside it: it holds the newest states, and without them links would be "
    "logged in a second time."
)
_SETTINGS: Final = (
    "PRAGMA synchronous = EXTRA",  # a loss of power undoes no commit: not even by bringing its journal back
    "PRAGMA fullfsync = 1",  # on macOS alone, where a plain fsync does not wait for the disk
    "PRAGMA cache_size = -4096",  # KiB
    "PRAGMA temp_store = FILE",
    "PRAGMA secure_delete = ON",  # what is erased is in no free page either
)


class Database:
    """One SQLite file, for the thread that opens it; or a temporary database that nobody else sees.

    Args:
        path: The file, made where there is none; None for an empty temporary database, which any thread may
            use, one at a time.
        errors: What the file is called, and the errors that say what is wrong with it.
        functions: What an upgrade of an earlier form calls, by the names in SQL.
        is_job: Whether it is opened for a job, which keeps other jobs out, and asks first whether the file is
            whole.
        is_copy: Whether to work on a temporary copy of the file, if there is one, and to leave it as it is.
        prepare: Called in the transaction that makes or upgrades the file, which it undoes by raising.
    """

    def __init__(
        self,
        path: str | os.PathLike[str] | None,
        errors: FileErrors,
        functions: Mapping[str, Callable[..., str]],
        *,
        is_job: bool = False,
        is_copy: bool = False,
        prepare: Callable[[sqlite3.Connection], object] | None = None,
    ) -> None:
        self._original: Final = path if is_copy else None
        self._place = None if path is None or is_copy else Path(path)
        self._errors: Final = errors
        self._functions: Final = functions
        self._is_job: Final = is_job
        self._prepare: Final = prepare
        self._connection: sqlite3.Connection
        self._lock: sqlite3.Connection | None = None

    @property
    def name(self) -> str:
        """What it is called in an error."""
        return self._errors.name

    def open(self) -> None:
        """Lock, check, make or upgrade, and open the file.

        Raises one of the errors of its owner where that cannot be done; the file was not changed then.
        """
        if self._place is None:
            with self._errors.explained(None):
                self._connection = self._open_temporary()
            return
        self._place = place = _find_place(self._place, self._errors)
        with self._errors.explained(place):
            check_kind(place, self._errors)  # before there is a lock: not beside a file of somebody else
        if self._is_job:
            self._lock = self._take_lock(place)
        try:
            with self._errors.explained(place):
                self._connection = self._open_patiently(place)
        except BaseException:
            if self._lock is not None:
                self._lock.close()
            raise

    def close(self) -> None:
        """Close it, and let go of the lock."""
        self._connection.close()
        if self._lock is not None:
            self._lock.close()

    def commit(self, operations: Sequence[Callable[[sqlite3.Connection], object]]) -> list[object]:
        """Run all *operations* in one transaction and return their results, or raise and change nothing."""
        with transaction(self._connection):
            return [operation(self._connection) for operation in operations]

    def explain(self, error: Exception) -> BelvoError:
        """Build the error for a commit that failed: a new one at each call."""
        return self._errors.explain_commit(error, self._place)

    def refuse(self, problem: str) -> BelvoError:
        """Build the error that says that it is used at a wrong time."""
        return self._errors.refuse_use(self._place, problem, "Use it inside its `async with` block.")

    def _take_lock(self, place: Path) -> sqlite3.Connection:
        try:
            with self._errors.explained(sidecar(place, "lock")):
                return take_lock(place)
        except self._errors.busy as error:
            raise self._errors.busy(
                f"Another job runs the {self.name} {place}.",
                remedy=f"Wait until it has ended, or give this job a {self.name} of its own.",
            ) from error.__cause__

    def _open_patiently(self, place: Path) -> sqlite3.Connection:
        """Try again while other processes, which upgrade the same file, keep its log from being removed."""
        until = time.monotonic() + _PATIENCE
        while True:
            try:
                return self._open_once(place)
            except sqlite3.OperationalError as error:
                if not is_busy(error) or time.monotonic() >= until:
                    raise
            time.sleep(_PAUSE)

    def _open_once(self, place: Path) -> sqlite3.Connection:
        make_private(place)
        connection = connect(place, "mode=rwc", patience=_PATIENCE)
        try:
            for setting in _SETTINGS:
                connection.execute(setting)
            with transaction(connection):
                self._bring_up_to_date(connection)
            connection.execute("PRAGMA journal_mode = DELETE")  # earlier versions had a log
        except BaseException:
            connection.close()
            raise
        return connection

    def _open_temporary(self) -> sqlite3.Connection:
        connection = connect_temporary()
        try:
            if self._original is not None:
                self._copy(self._original, connection)
            with transaction(connection):
                self._bring_up_to_date(connection)
        except BaseException:
            connection.close()
            raise
        return connection

    def _copy(self, original: str | os.PathLike[str], connection: sqlite3.Connection) -> None:
        """Copy a file, if there is one."""
        place = _find_place(original, self._errors)
        with self._errors.explained(place):
            check_kind(place, self._errors)
            if measure(place):
                with closing(_connect_to_read(place)) as source:
                    source.backup(connection)

    def _bring_up_to_date(self, connection: sqlite3.Connection) -> None:
        header = read_header(connection)
        if (problem := header.find_problem()) is not None:
            raise self._errors.build_unreadable(self._place, problem)
        if self._is_job and (fault := ask(connection, "PRAGMA quick_check(1)")) != "ok":
            raise self._errors.build_unreadable(self._place, f"is damaged: {fault}")
        if not header.is_current:
            upgrade(connection, header, self._functions)
        if self._prepare is not None:
            self._prepare(connection)


def connect_temporary() -> sqlite3.Connection:
    """Connect to an empty database in memory, which moves to a file without a name where that is short."""
    connection = sqlite3.connect("", isolation_level=None, check_same_thread=False)
    connection.row_factory = sqlite3.Row
    connection.execute("PRAGMA journal_mode = MEMORY")  # what nobody reads again needs no other
    return connection


@contextmanager
def open_to_read(
    place: Path, errors: FileErrors, functions: Mapping[str, Callable[..., str]]
) -> Iterator[sqlite3.Connection]:
    """Open a file of a job to look at one moment of it, also while the job writes, which waits meanwhile.

    Nothing is made or changed, with one exception: where a process was killed in the middle of a write, it is
    undone now, as nobody can read the file before. A read-only connection may not do that, so this one could
    write; where this user may not, SQLite makes it read-only.
    """
    check_kind(place, errors)
    with closing(_connect_to_read(place)) as connection:
        connection.execute("BEGIN")
        header = read_header(connection)
        if header.is_empty:
            raise errors.build_unreadable(place, "is empty", NO_JOB_REMEDY)
        if header.is_current:
            yield connection
            return
        with closing(connect_temporary()) as copy:
            connection.backup(copy)
            with transaction(copy):
                upgrade(copy, header, functions)
            yield copy


def check_kind(place: Path, errors: FileErrors) -> None:
    """Refuse what is no file of ours, nor may become one: nothing is locked or changed.

    What cannot be told at this moment, because somebody writes, is left to who opens the file.
    """
    size = measure(place)
    if not size:
        return
    if size < SMALLEST_PAGE:  # one byte, such as a note of yours, is an empty database to SQLite
        raise errors.build_unreadable(place, f"is damaged, or no {errors.name}: it has {size} bytes")
    try:
        with closing(connect(place, _ALONE, patience=0)) as connection:
            header = read_header(connection)
            is_whole = not header.is_logged_journal or _has_its_log(connection, place)
        if is_whole and measure(sidecar(place, "wal")):
            with closing(_connect_to_log(place)) as connection:
                header = read_header(connection)
    except sqlite3.DatabaseError as error:
        if code_of(error) == sqlite3.SQLITE_NOTADB:
            raise
        return
    if (problem := header.find_problem()) is not None:
        raise errors.build_unreadable(place, problem)
    if not is_whole:
        problem = f"is not whole: its log {sidecar(place, 'wal').name} is missing, or was cut"
        raise errors.build_unreadable(place, problem, _LOG_REMEDY)


def _has_its_log(alone: sqlite3.Connection, place: Path) -> bool:
    """Return whether a journal of version 2 has the log that the mark in the file by itself asks for."""
    mark = ask(alone, "SELECT max(mark) FROM generation")
    return mark not in ("needed", "moving") or measure(sidecar(place, "wal")) >= _LOG_LENGTH


def _connect_to_log(place: Path) -> sqlite3.Connection:
    """Connect to a file and its log so that neither changes; only an index of the log (`-shm`) is made."""
    has_index = exists(sidecar(place, "shm"))
    return connect(place, "mode=ro&readonly_shm=1" if has_index else "mode=ro", patience=_PATIENCE)


def _connect_to_read(place: Path) -> sqlite3.Connection:
    if measure(sidecar(place, "wal")):  # of a journal of version 2
        return _connect_to_log(place)
    connection = connect(place, "mode=rw", patience=_PATIENCE)
    connection.execute("PRAGMA query_only = 1")
    return connection


def _find_place(path: str | os.PathLike[str], errors: FileErrors) -> Path:
    place = find_real(path)
    obstacle = find_obstacle(place)
    if obstacle is not None:
        problem, remedy = obstacle
        raise errors.build_failed(place, problem, remedy)
    return place
