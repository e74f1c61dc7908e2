"""The log of a journal (`-wal`), and the mark in the journal's file that says whether the log is needed.

SQLite writes into the log first and moves it into the file later. A file without its log looks whole to
SQLite, but is an older one: on it, links would be logged in a second time. So the file names its generation,
and the log names the generation that it carries on. The order of the writes lets a process be killed between
any two of them, and it keeps two rules:

- Nothing is written into a log before the file says, durably, that a log is needed.
- The file says that it is whole only once all of the log is in it.
"""

import os
import secrets
import sqlite3
import time
from collections.abc import Callable
from contextlib import closing, suppress
from enum import StrEnum
from pathlib import Path
from typing import Final

from attrs import frozen

from belvo_async._sqlite.file import connect, exists

_LENGTH: Final = 8 * 2**20
"""Bytes that a log has at least while it is needed, most of them a hole: a shorter one was cut."""
_LARGE: Final = 1000
"""Frames after which a log is moved into the file: about half of the length."""
_MAGIC: Final = (b"\x37\x7f\x06\x82", b"\x37\x7f\x06\x83")
_READ_PATIENCE: Final = 5.0
_ATTEMPTS: Final = 5
_PAUSE: Final = 0.05  # seconds between two checks: a job needs that long to open, move or close its log
_ALONE: Final = "mode=ro&immutable=1"
"""The file without its log: `immutable` keeps SQLite from reading one, and from making one."""
_MOVE_PAUSE: Final = 0.01  # seconds until another program may have read what it reads


class LogMark(StrEnum):
    """What a file knows of its log."""

    WHOLE = "whole"
    """All is in the file."""
    NEEDED = "needed"
    """The newest states are in the log."""
    LOGGED = "logged"
    """As `NEEDED`, but written into the log alone: in a file it shows that all of the log was moved there by
    another program, such as the `sqlite3` tool after a kill. While a job runs, nobody can do that."""
    MOVING = "moving"
    """The log is being moved into the file."""


@frozen
class Generation:
    """What the table `generation` holds: in the file by itself, or as the log has it."""

    id: str
    base: str
    """The generation before it."""
    mark: LogMark

    @property
    def needs_log(self) -> bool:
        """Whether a file with this mark is older than its log."""
        return self.mark in (LogMark.NEEDED, LogMark.MOVING)


_MARKS: Final = ", ".join(f"'{mark}'" for mark in LogMark)
GENERATION_SCHEMA: Final = (
    f"""CREATE TABLE generation (
        id TEXT NOT NULL, base TEXT NOT NULL, mark TEXT NOT NULL CHECK (mark IN ({_MARKS}))
    )""",
    "INSERT INTO generation VALUES (lower(hex(randomblob(16))), '', 'whole')",
)
_NEXT: Final = "UPDATE generation SET base = id, id = ?, mark = ?"
_MARK: Final = "UPDATE generation SET mark = ?"


def sidecar(path: Path, suffix: str) -> Path:
    """Return the path of a file that stands beside the journal."""
    return path.with_name(f"{path.name}-{suffix}")


def has_log(path: Path) -> bool:
    """Return whether there is anything beside the journal that has not been moved into it."""
    return _measure(sidecar(path, "wal")) > 0


def connect_read_only(path: Path) -> sqlite3.Connection:
    """Open a journal so that nothing is changed, be it in use, killed or closed.

    Nothing is made either, but the index (`-shm`) of a log that was copied without it.
    """
    if not has_log(path):
        return connect(path, _ALONE, patience=_READ_PATIENCE)
    has_index = exists(sidecar(path, "shm"))
    return connect(path, "mode=ro&readonly_shm=1" if has_index else "mode=ro", patience=_READ_PATIENCE)


def find_fault(
    path: Path, connect_with_log: Callable[[Path], sqlite3.Connection] = connect_read_only
) -> str | None:
    """Return what is wrong with a journal and its log, or None where they belong together."""
    log = sidecar(path, "wal")
    length = _measure(log)
    with closing(connect(path, _ALONE, patience=0)) as connection:
        file = _read(connection)
    if file is None:
        return "is damaged, or stands beside a log that is not its own: it has no generation"
    if not length:
        return f"is not whole: its log {log.name} is missing, or empty" if file.needs_log else None
    if file.needs_log and (length < _LENGTH or not _has_frames(log)):
        return f"is not whole: its log {log.name} was cut, or overwritten"
    with closing(connect_with_log(path)) as connection:
        logged = _read(connection)
    if logged is None or file.id not in (logged.id, logged.base):
        return f"stands beside a log of another journal, or of another time: {log.name}"
    return None


def find_lasting_fault(path: Path) -> str | None:
    """Return what is wrong with a journal that a job may have open: what looks wrong for a moment is not."""
    for _ in range(_ATTEMPTS - 1):
        with suppress(sqlite3.Error, OSError):
            if find_fault(path) is None:
                return None
        time.sleep(_PAUSE)
    return find_fault(path)


def _measure(log: Path) -> int:
    return log.stat().st_size if exists(log) else 0


def _has_frames(log: Path) -> bool:
    """Whether the log begins as one does that was written to: it may be a hole from its start to its end."""
    with log.open("rb") as file:
        header, frame = file.read(32), file.read(24)
    return header[:4] in _MAGIC and header[16:24] == frame[8:16]  # the salts of this log, in each frame


def _read(connection: sqlite3.Connection) -> Generation | None:
    if not connection.execute("SELECT 1 FROM sqlite_master WHERE name = 'generation'").fetchone():
        return None
    row = connection.execute("SELECT id, base, mark FROM generation").fetchone()
    return None if row is None else Generation(str(row["id"]), str(row["base"]), LogMark(row["mark"]))


class Log:
    """The log of a journal that is open for writing; for the thread that opened it.

    Args:
        connection: Writes; it does not move the log by itself, and is closed with it.
        path: The journal.
        patience: Seconds to wait, where a moment matters, for another program that reads.
    """

    def __init__(self, connection: sqlite3.Connection, path: Path, patience: float) -> None:
        self._connection: Final = connection
        self._path: Final = path
        self._patience: Final = patience
        self._guard: Final = connect(path, "mode=ro", patience=patience)
        """Reads the last state that may be in the file: SQLite lets nobody move more than that."""
        self._guard.execute("SELECT mark FROM generation").fetchone()  # it is of use once it has read
        self._is_begun = False

    def open(self) -> None:
        """Take over what a killed process has left, and begin a log of our own."""
        try:
            self._connection.execute("PRAGMA wal_autocheckpoint = 0")
            if has_log(self._path):
                self._end(self._patience)
            self._begin(self._patience)
        except BaseException:
            self._leave()
            raise

    def close(self) -> None:
        """Move all into the file and say so. A failure loses nothing: the next to open does it."""
        try:
            self._end(self._patience)
        except sqlite3.Error:
            self._leave()
        else:
            self._guard.close()
            self._connection.close()

    def _leave(self) -> None:
        """Close, and leave the log where it is: the last to close a file moves it, if it may write."""
        with suppress(sqlite3.Error):  # from now on nothing is written: another program may move it all
            self._connection.execute(_MARK, (LogMark.LOGGED,))
        self._connection.close()
        self._guard.close()

    def prepare(self) -> None:
        """Make sure, before a transaction, that the file says that a log is needed."""
        if not self._is_begun:
            self._end(self._patience)
            self._begin(self._patience)

    def move_if_large(self) -> None:
        """Begin another log where this one is large; later, where somebody reads it or the disk is full."""
        try:
            if self._count_frames() >= _LARGE:
                self._end(0.0)
                self._begin(0.0)
        except sqlite3.Error:
            with suppress(sqlite3.Error):
                self._go_on()

    def _count_frames(self) -> int:
        _, frames, _ = self._connection.execute("PRAGMA wal_checkpoint(PASSIVE)").fetchone()
        return int(frames)

    def _begin(self, patience: float) -> None:
        self._connection.execute(_NEXT, (secrets.token_hex(16), LogMark.NEEDED))
        _lengthen(sidecar(self._path, "wal"))
        self._hold()
        self._move_all(patience)
        self._connection.execute(_MARK, (LogMark.LOGGED,))
        self._is_begun = True

    def _end(self, patience: float) -> None:
        self._connection.execute(_MARK, (LogMark.MOVING,))
        self._hold()
        self._move_all(patience)
        self._is_begun = False
        self._connection.execute(_NEXT, (secrets.token_hex(16), LogMark.WHOLE))
        self._guard.rollback()
        self._move_all(patience)
        self._connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")

    def _go_on(self) -> None:
        """Write into the same log, as another program reads it, or the disk is full."""
        self._connection.execute(_MARK, (LogMark.NEEDED,))
        self._hold()
        self._connection.execute(_MARK, (LogMark.LOGGED,))
        with closing(connect(self._path, _ALONE, patience=0)) as connection:
            file = _read(connection)
        self._is_begun = file is not None and file.needs_log

    def _hold(self) -> None:
        """Let nobody move more into the file than what is committed now."""
        self._guard.rollback()
        self._guard.execute("BEGIN")
        self._guard.execute("SELECT mark FROM generation").fetchone()

    def _move_all(self, patience: float) -> None:
        """Have all of the log moved into the file, and on the disk; as far as the guard allows."""
        until = time.monotonic() + patience
        while True:
            busy, frames, moved = self._connection.execute("PRAGMA wal_checkpoint(PASSIVE)").fetchone()
            if not busy and frames == moved:
                return
            if time.monotonic() >= until:
                raise sqlite3.OperationalError("another program reads it for too long")
            time.sleep(_MOVE_PAUSE)


def _lengthen(log: Path) -> None:
    """Give a log its least length, so that it cannot be cut unnoticed."""
    try:
        with log.open("r+b") as file:
            file.truncate(max(_LENGTH, log.stat().st_size))
            os.fsync(file.fileno())
    except OSError as error:
        raise sqlite3.OperationalError(f"its log could not be made: {error.strerror}") from error
