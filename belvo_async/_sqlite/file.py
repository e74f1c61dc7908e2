"""An SQLite file by its path: what is there, what is in the way, and how to connect to it."""

import errno
import os
import sqlite3
import stat
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Final

_CAN_ASK_AS_WHO_WE_ARE: Final = os.access in os.supports_effective_ids  # not on Windows
_ABSENT: Final = frozenset({errno.ENOENT, errno.ENOTDIR, errno.ELOOP})
PERMISSION_REMEDY: Final = "Allow this user to write to the file and to its directory."
REACH_REMEDY: Final = "Check that this user may read and write the file and its directory."


def connect(path: Path, query: str, *, patience: float, is_shared: bool = False) -> sqlite3.Connection:
    """Open a file by SQLite in autocommit mode.

    *patience*, in seconds, is for locks; *is_shared* says that several threads use it, one at a time.
    """
    connection = sqlite3.connect(
        f"{path.as_uri()}?{query}",
        uri=True,
        timeout=patience,
        isolation_level=None,
        check_same_thread=not is_shared,
    )
    connection.row_factory = sqlite3.Row
    return connection


@contextmanager
def transaction(connection: sqlite3.Connection) -> Iterator[None]:
    """Commit what the block does, or raise and change nothing."""
    try:
        connection.execute("BEGIN IMMEDIATE")
        yield
        connection.execute("COMMIT")
    except BaseException:
        with suppress(sqlite3.Error):
            connection.rollback()
        raise


def ask(connection: sqlite3.Connection, question: str) -> object:
    """Return the one value that answers a question."""
    (answer,) = connection.execute(question).fetchone()
    return answer


def find_real(path: str | os.PathLike[str]) -> Path:
    """Return the path of the file itself: SQLite puts its own beside the target of a symbolic link."""
    return Path(os.path.realpath(path))  # `Path.resolve` raises where links go round in circles


def sidecar(path: Path, suffix: str) -> Path:
    """Return the path of a file that stands beside another."""
    return path.with_name(f"{path.name}-{suffix}")


def exists(place: Path) -> bool:
    """Return whether there is anything at a path.

    Raises:
        OSError: That cannot be told: `Path.exists` says no then, from Python 3.14 on.
    """
    return _find(place) is not None


def measure(place: Path) -> int:
    """Return how many bytes a file has; 0 where there is none."""
    found = _find(place)
    return 0 if found is None else found.st_size


def identify(place: Path) -> tuple[int, int] | None:
    """Return what tells the file at a path from any other that is or was there; None where there is none."""
    found = _find(place)
    return None if found is None else (found.st_dev, found.st_ino)


def _find(place: Path) -> os.stat_result | None:
    try:
        return place.stat()
    except OSError as error:
        if error.errno in _ABSENT:
            return None
        raise


def _read_mode(place: Path) -> int | None:
    found = _find(place)
    return None if found is None else found.st_mode


def make_private(place: Path) -> None:
    """Make an empty file that its owner alone may read, if there is none; SQLite's other files take its mode.

    Where that cannot be done, SQLite's own attempt says why.
    """
    with suppress(OSError):
        os.close(os.open(place, os.O_CREAT | os.O_EXCL, 0o600))


def find_obstacle(place: Path) -> tuple[str, str] | None:
    """Return why a database cannot be made or written at a real path, and the remedy; None if it can."""
    try:
        mode, parent = _read_mode(place), _read_mode(place.parent)
        may_write = os.access(place, os.W_OK, effective_ids=_CAN_ASK_AS_WHO_WE_ARE)
    except OSError:
        return "could not be reached", REACH_REMEDY
    if mode is not None and stat.S_ISDIR(mode):
        return "is a directory", "Name a file in it."
    if parent is None or not stat.S_ISDIR(parent):
        problem = f"could not be made: there is no directory {place.parent}"
        return problem, "Make the directory, or name another place."
    if mode is not None and not may_write:  # SQLite would open it all the same, and fail later
        return "cannot be written", PERMISSION_REMEDY
    return None
