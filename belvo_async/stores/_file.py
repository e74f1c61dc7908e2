"""The SQLite file of a store: opened and checked, by several processes at once."""

import os
import sqlite3
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Final

from belvo_async._sqlite import ask, code_of, commit, connect, find_obstacle, find_real, find_remedy
from belvo_async.errors import ChallengeStoreError

_APPLICATION_ID: Final = int.from_bytes(b"belc", "big")
_VERSION: Final = 1
_PATIENCE: Final = 5.0  # seconds that another process may take to write
_ATTEMPTS: Final = 50
_PAUSE: Final = 0.1  # seconds before the file is opened again while another process makes it
_BUSY: Final = frozenset({sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED})
_DAMAGED: Final = frozenset({sqlite3.SQLITE_NOTADB, sqlite3.SQLITE_CORRUPT})
_SCHEMA: Final = (
    """CREATE TABLE challenges (
        key TEXT PRIMARY KEY NOT NULL,
        owner TEXT NOT NULL,
        phase TEXT NOT NULL,
        version INTEGER NOT NULL,
        expires_at INTEGER NOT NULL,
        keep_until INTEGER NOT NULL,
        record TEXT NOT NULL
    ) WITHOUT ROWID""",
    "CREATE INDEX challenges_by_expiry ON challenges (owner, phase, expires_at)",
    "CREATE INDEX challenges_by_keep ON challenges (keep_until)",
    f"PRAGMA application_id = {_APPLICATION_ID}",
    f"PRAGMA user_version = {_VERSION}",
)


class ChallengeFile:
    """One SQLite file of parked challenges; for the thread that opens it."""

    def __init__(self, path: str | os.PathLike[str]) -> None:
        self._path: Final = Path(path)
        self._connection: sqlite3.Connection

    def open(self) -> None:
        """Open and check the file; make it if there is none.

        Raises:
            ChallengeStoreError: It cannot be made or written, or is something else. It was not changed.
        """
        place = find_real(self._path)
        obstacle = find_obstacle(place)
        if obstacle is not None:
            problem, remedy = obstacle
            raise self.refuse(problem, remedy=remedy)
        for attempt in range(_ATTEMPTS):
            try:
                self._connection = self._open_once(place)
            except sqlite3.Error as error:
                if code_of(error) not in _BUSY or attempt == _ATTEMPTS - 1:
                    raise self.explain(error) from error
            else:
                return
            time.sleep(_PAUSE)

    def _open_once(self, place: Path) -> sqlite3.Connection:
        connection = connect(place, "mode=rwc", patience=_PATIENCE)
        try:
            is_new = not self._check_header(connection)
            connection.execute("PRAGMA journal_mode = WAL")
            # A claim that a loss of power undoes could be taken twice.
            connection.execute("PRAGMA synchronous = FULL")
            connection.execute("PRAGMA fullfsync = 1")  # on macOS alone
            if is_new:
                commit(connection, [self._make_tables])
        except BaseException:
            connection.close()
            raise
        return connection

    def _make_tables(self, connection: sqlite3.Connection) -> None:
        if self._check_header(connection):  # another process was faster
            return
        for statement in _SCHEMA:
            connection.execute(statement)

    def _check_header(self, connection: sqlite3.Connection) -> bool:
        """Return whether the file is a store of ours; an empty one may become one."""
        application = ask(connection, "PRAGMA application_id")
        version = ask(connection, "PRAGMA user_version")
        if (application, version) == (_APPLICATION_ID, _VERSION):
            return True
        if application == _APPLICATION_ID:
            problem = f"is of version {version} (user_version), and this belvo_async reads version {_VERSION}"
        elif application or version or ask(connection, "SELECT count(*) FROM sqlite_master"):
            problem = f"is a database of another kind (application_id {application})"
        else:
            return False
        raise self.refuse(problem, remedy="Name another file; this one was not changed.")

    def close(self) -> None:
        """Close the file."""
        self._connection.close()

    def commit(self, operations: Sequence[Callable[[sqlite3.Connection], object]]) -> list[object]:
        """Run all *operations* in one transaction and return their results, or raise and change nothing."""
        return commit(self._connection, operations)

    def explain(self, error: Exception) -> ChallengeStoreError:
        """Build the error for a commit that failed: a new one at each call."""
        if code_of(error) in _DAMAGED:
            problem = f"is damaged, or no database: {error}"
            remedy = "Restore it from a copy, or name another file; this one was not changed."
        else:
            reason = str(error) if isinstance(error, sqlite3.Error) else type(error).__name__
            problem = f"could not be used: {reason}"
            remedy = find_remedy(error) or "Check its disk and permissions."
        explained = self.refuse(problem, remedy=remedy)
        explained.__cause__ = error
        return explained

    def refuse(
        self, problem: str, *, remedy: str = "Use it inside its `async with` block."
    ) -> ChallengeStoreError:
        """Build the error that says what is wrong with the store."""
        return ChallengeStoreError(f"The challenge store {self._path} {problem}.", remedy=remedy)
