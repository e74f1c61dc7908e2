"""The SQLite file of a store: opened and checked, by several processes at once."""

import os
import sqlite3
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Final

from belvo_async._sqlite.file import code_of, commit, connect, find_obstacle, find_real, find_remedy
from belvo_async.backends._challenge_record import find_link
from belvo_async.errors import ChallengeStoreError

_APPLICATION_ID: Final = int.from_bytes(b"belc", "big")
_VERSION: Final = 2
_PATIENCE: Final = 5.0  # seconds that another process may take to write
_ATTEMPTS: Final = 50
_PAUSE: Final = 0.1  # seconds before the file is opened again while another process makes it
_BUSY: Final = frozenset({sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED})
_DAMAGED: Final = frozenset({sqlite3.SQLITE_NOTADB, sqlite3.SQLITE_CORRUPT})
_HEADER: Final = """SELECT application_id, user_version, (SELECT count(*) FROM sqlite_master)
    FROM pragma_application_id, pragma_user_version"""
"""One statement, so that a file that another process makes meanwhile is seen before or after, not half."""
_SCHEMA: Final = (
    """CREATE TABLE challenges (
        key TEXT PRIMARY KEY NOT NULL,
        owner TEXT NOT NULL,
        link TEXT NOT NULL,
        phase TEXT NOT NULL,
        version INTEGER NOT NULL,
        expires_at INTEGER NOT NULL,
        keep_until INTEGER NOT NULL,
        record TEXT NOT NULL
    ) WITHOUT ROWID""",
    "CREATE INDEX challenges_by_expiry ON challenges (owner, phase, expires_at)",
    "CREATE INDEX challenges_by_link ON challenges (link, expires_at)",
    "CREATE INDEX challenges_by_keep ON challenges (keep_until)",
    f"PRAGMA application_id = {_APPLICATION_ID}",
    f"PRAGMA user_version = {_VERSION}",
)
_FROM_1_TO_2: Final = (
    "ALTER TABLE challenges ADD COLUMN link TEXT NOT NULL DEFAULT ''",
    "UPDATE challenges SET link = find_link(owner, record)",
    "CREATE INDEX challenges_by_link ON challenges (link, expires_at)",
    "PRAGMA user_version = 2",
)


class ChallengeFile:
    """One SQLite file of parked challenges; for the thread that opens it."""

    def __init__(self, path: str | os.PathLike[str]) -> None:
        self._path: Final = Path(path)
        self._connection: sqlite3.Connection

    @property
    def name(self) -> str:
        """What it is called in an error."""
        return "challenge store"

    def open(self) -> None:
        """Open and check the file; make it if there is none, and bring an older one up to date.

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
            version = self._check_header(connection)
            connection.execute("PRAGMA journal_mode = WAL")
            # A claim that a loss of power undoes could be taken twice.
            connection.execute("PRAGMA synchronous = FULL")
            connection.execute("PRAGMA fullfsync = 1")  # on macOS alone
            if version != _VERSION:
                commit(connection, [self._bring_up_to_date])
        except BaseException:
            connection.close()
            raise
        return connection

    def _bring_up_to_date(self, connection: sqlite3.Connection) -> None:
        version = self._check_header(connection)
        if version == _VERSION:  # another process was faster
            return
        connection.create_function("find_link", 2, find_link)
        for statement in _FROM_1_TO_2 if version else _SCHEMA:
            connection.execute(statement)

    def _check_header(self, connection: sqlite3.Connection) -> int:
        """Return the version of the store that the file is; 0 where it is empty, and may become one."""
        application, version, tables = connection.execute(_HEADER).fetchone()
        if application == _APPLICATION_ID:
            if 1 <= version <= _VERSION:
                return int(version)
            problem = f"is of version {version} (user_version), and this belvo_async reads up to {_VERSION}"
        elif application or version or tables:
            problem = f"is a database of another kind (application_id {application})"
        else:
            return 0
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
