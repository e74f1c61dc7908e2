"""The SQLite file of a journal: found, locked, checked and opened; its errors in our words."""

import sqlite3
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing, contextmanager, suppress
from enum import Enum
from pathlib import Path
from typing import Final

from belvo_async._sqlite.file import (
    ask,
    code_of,
    commit,
    connect,
    exists,
    find_obstacle,
    find_real,
    find_remedy,
    make_private,
)
from belvo_async.bulk._journal_owner import bind, check_client
from belvo_async.bulk._schema import APPLICATION_ID, SCHEMA, VERSION
from belvo_async.bulk._write_ahead_log import (
    Log,
    connect_read_only,
    find_fault,
    find_lasting_fault,
    has_log,
    sidecar,
)
from belvo_async.errors import JournalBusyError, JournalError, JournalUnreadableError, JournalWriteError
from belvo_async.params import ClientIdentity

_LOCK_PATIENCE: Final = 0.5  # seconds: `read_status` holds the lock for an instant, another job for long
_WRITE_PATIENCE: Final = 5.0  # seconds: somebody may look at the file with the `sqlite3` tool
_SMALLEST_PAGE: Final = 512  # bytes
_ANY_REMEDY: Final = "Check its disk and permissions."
_GOES_ON: Final = "Then run the job again: it goes on where it stopped."
_UNREADABLE_REMEDY: Final = "Restore it from a copy, or name another file; this one was not changed."
_LOG_REMEDY: Final = (
    "Put the journal's own log back beside it: it holds the newest states, and without them links would be "
    "logged in a second time."
)


class Durability(Enum):
    """What an acknowledged write survives."""

    POWER_LOSS = "FULL"
    """Even a loss of power: each commit waits for the disk."""
    PROCESS_KILL = "NORMAL"
    """A kill of the process, but the last writes may be lost with the power."""


class JournalDatabase:
    """One journal file, or a temporary database that nobody else sees; for the thread that opens it."""

    def __init__(self, path: Path | None, durability: Durability, *, original: Path | None = None) -> None:
        """Take *original* as the file that a temporary database begins as a copy of."""
        self._original: Final = original
        self._path = path
        self._durability: Final = durability
        self._connection: sqlite3.Connection
        self._lock: sqlite3.Connection | None = None
        self._log: Log | None = None
        self.identity: ClientIdentity | None = None
        """Whose journal it has to be, if that matters."""

    @property
    def name(self) -> str:
        """What it is called in an error."""
        return "journal"

    def open(self) -> None:
        """Lock, check and open the file; make it if there is none.

        Raises:
            JournalBusyError: Somebody else has locked it.
            JournalMismatchError: It belongs to another client. It was not changed.
            JournalUnreadableError: It is damaged, cut, or no journal of this version. It was not changed.
            JournalWriteError: It cannot be made or written there.
        """
        if self._path is None:
            self._connection = _open_temporary(self._original, self.identity)
            return
        self._path = path = _find_place(self._path)
        with explained(path), suppress(sqlite3.OperationalError):  # where a job runs, the lock will tell
            # Before there is a lock: it should not stand beside a file of somebody else.
            _check_file(path, is_thorough=False)
        with explained(sidecar(path, "lock")):
            self._lock = _take_lock(path)
        try:
            with explained(path):
                is_ours = _check_file(path, is_thorough=True, identity=self.identity)
                self._connection = _open_file(path, self._durability, self.identity, is_new=not is_ours)
                self._log = _open_log(self._connection, path)
        except BaseException:
            self._lock.close()
            raise

    def close(self) -> None:
        """Move the log into the file, close it and let go of the lock. A failure loses nothing."""
        (self._log or self._connection).close()
        if self._lock is not None:
            self._lock.close()

    def commit(self, operations: Sequence[Callable[[sqlite3.Connection], object]]) -> list[object]:
        """Run all *operations* in one transaction and return their results, or raise and change nothing."""
        if self._log is None:
            return commit(self._connection, operations)
        self._log.prepare()
        results = commit(self._connection, operations)
        self._log.move_if_large()
        return results

    def explain(self, error: Exception) -> JournalWriteError:
        """Build the error for a commit that failed: a new one at each call."""
        remedy = _find_remedy(error)
        reason = str(error) if isinstance(error, sqlite3.Error) else type(error).__name__
        explained_error = self.refuse(f"could not be written: {reason}", remedy=remedy)
        explained_error.__cause__ = error
        return explained_error

    def refuse(self, problem: str, *, remedy: str = "Use it only while it is open.") -> JournalWriteError:
        """Build the error that says what is wrong with the journal."""
        name = "The temporary journal" if self._path is None else f"The journal {self._path}"
        return JournalWriteError(f"{name} {problem}.", remedy=remedy)


def check_header(connection: sqlite3.Connection, path: Path) -> bool:
    """Return whether the file is a journal of ours; an SQLite file with nothing in it is not, but may be one.

    Raises:
        JournalUnreadableError: It is another application's, or another version's.
    """
    application = ask(connection, "PRAGMA application_id")
    version = ask(connection, "PRAGMA user_version")
    if (application, version) == (APPLICATION_ID, VERSION):
        return True
    if application == APPLICATION_ID:
        problem = f"is of version {version} (user_version), and this belvo_async reads version {VERSION}"
    elif application or version or ask(connection, "SELECT count(*) FROM sqlite_master"):
        problem = f"is a database of another application (application_id {application})"
    else:
        return False
    raise build_unreadable(path, problem)


def check_log(path: Path, fault: str | None) -> None:
    """Refuse a journal that is not whole.

    Raises:
        JournalUnreadableError: There is a fault.
    """
    if fault is not None:
        raise build_unreadable(path, fault, remedy=_LOG_REMEDY)


def build_unreadable(path: Path, problem: str, *, remedy: str = _UNREADABLE_REMEDY) -> JournalUnreadableError:
    """Build the error that says why a file cannot be read as a journal."""
    return JournalUnreadableError(f"The journal {path} {problem}.", remedy=remedy)


@contextmanager
def explained(path: Path) -> Iterator[None]:
    """Translate what SQLite raises on the way to an open journal."""
    try:
        yield
    except sqlite3.Error as error:
        raise _explain_opening(error, path) from error


def _explain_opening(error: sqlite3.Error, path: Path) -> JournalError:
    match code_of(error):
        case sqlite3.SQLITE_BUSY | sqlite3.SQLITE_LOCKED:
            remedy = "Wait until it has ended, or give this job a journal of its own."
            return JournalBusyError(f"Another job runs the journal {path}.", remedy=remedy)
        case sqlite3.SQLITE_NOTADB | sqlite3.SQLITE_CORRUPT:
            return build_unreadable(path, f"is damaged, or no journal: {error}")
        case _:
            remedy = _find_remedy(error)
            return JournalWriteError(f"The journal {path} could not be opened: {error}.", remedy=remedy)


def _find_remedy(error: Exception) -> str:
    return f"{find_remedy(error) or _ANY_REMEDY} {_GOES_ON}"


def _find_place(path: Path) -> Path:
    place = find_real(path)
    obstacle = find_obstacle(place)
    if obstacle is not None:
        problem, remedy = obstacle
        raise JournalWriteError(f"The journal {place} {problem}.", remedy=remedy)
    return place


def _check_file(path: Path, *, is_thorough: bool, identity: ClientIdentity | None = None) -> bool:
    """Return whether there is a journal, or nothing; raise if there is anything else; change nothing."""
    size = path.stat().st_size if exists(path) else 0
    if not size and has_log(
        path
    ):  # SQLite would make a new file, and remove the log of the one that was here
        check_log(path, f"is missing, or empty, but a log is there: {sidecar(path, 'wal').name}")
    if not size:
        return False
    if size < _SMALLEST_PAGE:  # one byte, such as a note of yours, is an empty database to SQLite
        raise build_unreadable(path, f"is damaged, or no journal: it has {size} bytes")
    with closing(_connect_to_check(path) if is_thorough else connect_read_only(path)) as connection:
        is_ours = check_header(connection, path)
        if is_thorough and is_ours:
            check_log(path, find_fault(path, _connect_to_check))
        if is_thorough and (fault := ask(connection, "PRAGMA quick_check(1)")) != "ok":
            raise build_unreadable(path, f"is damaged: {fault}")
        if is_ours:
            check_client(connection, path, identity)
    return is_ours


def _connect_to_check(path: Path) -> sqlite3.Connection:
    """Open a file that we hold locked, and whose header is ours or empty."""
    if exists(sidecar(path, "journal")):  # killed as it was made: only a writer may take that back
        return connect(path, "mode=rw", patience=_WRITE_PATIENCE)
    return connect_read_only(path)


def _take_lock(path: Path) -> sqlite3.Connection:
    """Hold a file beside the journal locked: the system lets go of it even when this process is killed."""
    lock = sidecar(path, "lock")
    make_private(lock)
    connection = connect(lock, "mode=rwc", patience=_LOCK_PATIENCE)
    try:
        connection.execute("PRAGMA journal_mode = MEMORY")  # or a file more stands beside the journal
        connection.execute("BEGIN EXCLUSIVE")
    except BaseException:
        connection.close()
        raise
    return connection


def _open_file(
    path: Path, durability: Durability, identity: ClientIdentity | None, *, is_new: bool
) -> sqlite3.Connection:
    make_private(path)
    connection = connect(path, "mode=rwc", patience=_WRITE_PATIENCE)
    try:
        if is_new:  # without a log: the file is a journal before it has one
            connection.execute("PRAGMA journal_mode = DELETE")
        _prepare(connection, is_new=is_new)
        connection.execute("PRAGMA journal_mode = WAL")
        connection.execute(f"PRAGMA synchronous = {durability.value}")
        # On macOS alone, where a plain fsync does not wait for the disk.
        connection.execute(f"PRAGMA fullfsync = {durability is Durability.POWER_LOSS}")
        commit(connection, [lambda connection: bind(connection, identity)])
    except BaseException:
        connection.close()
        raise
    return connection


def _open_log(connection: sqlite3.Connection, path: Path) -> Log:
    try:
        log = Log(connection, path, _WRITE_PATIENCE)
        log.open()
    except BaseException:
        connection.close()
        raise
    return log


def _open_temporary(original: Path | None, identity: ClientIdentity | None) -> sqlite3.Connection:
    connection = sqlite3.connect("", isolation_level=None)  # a file without a name, made when memory is short
    connection.row_factory = sqlite3.Row
    try:
        connection.execute(
            "PRAGMA journal_mode = MEMORY"
        )  # what nobody reads again needs no file to roll back
        _prepare(connection, is_new=original is None or not _copy(original, connection, identity))
    except BaseException:
        connection.close()
        raise
    return connection


def _copy(original: Path, connection: sqlite3.Connection, identity: ClientIdentity | None) -> bool:
    """Copy a journal, if there is one; return whether there is."""
    path = _find_place(original)
    with explained(path):
        if not _check_file(path, is_thorough=False, identity=identity):
            return False
        check_log(path, find_lasting_fault(path))
        with closing(connect_read_only(path)) as source:
            source.backup(connection)
    return True


def _prepare(connection: sqlite3.Connection, *, is_new: bool) -> None:
    connection.execute("PRAGMA cache_size = -4096")  # KiB
    connection.execute("PRAGMA temp_store = FILE")
    if is_new:
        connection.execute("BEGIN IMMEDIATE")
        for statement in SCHEMA:
            connection.execute(statement)
        connection.execute("COMMIT")
