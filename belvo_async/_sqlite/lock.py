"""A lock beside a file, for whoever has to be the only one of its kind to use it."""

import sqlite3
from contextlib import closing
from pathlib import Path
from typing import Final

from belvo_async._sqlite.file import connect, exists, make_private, sidecar
from belvo_async._sqlite.file_errors import is_busy

_PATIENCE: Final = 0.5  # seconds: `is_locked` holds the lock for an instant, another job for long


def take_lock(path: Path) -> sqlite3.Connection:
    """Hold the lock of *path* until the result is closed.

    It is an SQLite file beside it: the system lets go of it even when this process is killed.
    """
    lock = sidecar(path, "lock")
    make_private(lock)
    connection = connect(lock, "mode=rwc", patience=_PATIENCE)
    try:
        connection.execute("PRAGMA journal_mode = MEMORY")  # or one more file stands beside it
        connection.execute("BEGIN EXCLUSIVE")
    except BaseException:
        connection.close()
        raise
    return connection


def is_locked(path: Path) -> bool:
    """Return whether somebody holds the lock of *path*; nothing is made, and nobody is kept out."""
    lock = sidecar(path, "lock")
    if not exists(lock):
        return False
    with closing(connect(lock, "mode=ro", patience=0)) as connection:
        try:
            connection.execute("SELECT * FROM sqlite_master").fetchall()
        except sqlite3.OperationalError as error:
            if is_busy(error):
                return True
            raise
    return False
