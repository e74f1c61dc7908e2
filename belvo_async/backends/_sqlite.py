"""Parked challenges in one SQLite file."""

import builtins
import os
import sqlite3
from collections.abc import Callable, Mapping
from datetime import datetime
from functools import partial
from types import TracebackType
from typing import Final, Self

from belvo_async._sqlite.database import Database
from belvo_async._sqlite.file_errors import FileErrors
from belvo_async._sqlite.worker import ThreadWorker
from belvo_async.backends._challenge_store import ChallengeRow, write_time
from belvo_async.backends._upgrades import UPGRADES
from belvo_async.errors import ChallengeStoreError, ConfigurationError, DamagedStateError
from belvo_async.models import ChallengePhase

_ERRORS: Final = FileErrors(
    name="challenge store",
    failed=ChallengeStoreError,
    unreadable=ChallengeStoreError,
    busy=ChallengeStoreError,
    assurance="; nothing was sent",
)
_ADD: Final = """INSERT INTO challenges (key, owner, link, phase, version, expires_at, keep_until, record)
    VALUES (:key, :owner, :link, :phase, :version, :expires_at, :keep_until, :record)
    ON CONFLICT (key) DO NOTHING"""
_READ: Final = "SELECT * FROM challenges WHERE key = ?"
_REPLACE: Final = """UPDATE challenges
    SET phase = :phase, version = :version, expires_at = :expires_at, keep_until = :keep_until,
        record = :record
    WHERE key = :key AND version = :version - 1"""
_LIST: Final = """SELECT * FROM challenges WHERE owner = ? AND phase = ? AND expires_at > ?
    ORDER BY expires_at LIMIT ?"""
_FIND: Final = """SELECT * FROM challenges
    WHERE link = ? AND expires_at > ? AND phase IN ('open', 'claimed', 'answered')
    ORDER BY expires_at DESC LIMIT ?"""
_FORGET: Final = "DELETE FROM challenges WHERE keep_until < ?"


class SqliteChallengeStore:
    """Keeps parked challenges in one SQLite file, for all processes of one machine.

    Use it as `async with`. Inside the block it belongs to that event loop and process, and raises
    `WrongEventLoopError` in every other, which opens a store of its own on the file. The file is made where
    there is none. What is written survives a kill and a loss of power. A disk of another machine (NFS, SMB)
    will not do: SQLite's locks do not hold there.

    Args:
        path: The file; it may be the journal of a job too.

    Raises:
        ConfigurationError: *path* is no path.
    """

    def __init__(self, path: str | os.PathLike[str]) -> None:
        if not _is_path(path):
            raise ConfigurationError("path is no path of a file.", remedy="Name the file of the store.")
        self._worker: Final = ThreadWorker(Database(path, _ERRORS, UPGRADES))

    async def __aenter__(self) -> Self:
        """Open the file.

        Raises:
            ChallengeStoreError: It cannot be made or written, or is something else. It was not changed.
        """
        await self._worker.open()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Finish what was begun, and close the file."""
        await self._worker.close()

    def check_loop(self) -> None:
        """Refuse every event loop but its own; see `ChallengeStore`."""
        self._worker.check_loop()

    async def add(self, row: ChallengeRow) -> bool:
        """Keep a new row; see `ChallengeStore`."""
        return await self._change(_ADD, row.write_cells())

    async def read(self, key: str) -> ChallengeRow | None:
        """Return the row of this key; see `ChallengeStore`."""
        found = await self._worker.run(lambda connection: connection.execute(_READ, (key,)).fetchone())
        return None if found is None else ChallengeRow.read_cells(dict(found))

    async def replace(self, row: ChallengeRow) -> bool:
        """Put the next version of a row in its place; see `ChallengeStore`."""
        return await self._change(_REPLACE, row.write_cells())

    async def list(
        self, owner: str, phase: ChallengePhase, *, after: datetime, limit: int
    ) -> builtins.list[ChallengeRow]:
        """Return the rows that expire soonest; see `ChallengeStore`."""
        values = (owner, phase.value, write_time(after), limit)
        found = await self._worker.run(lambda connection: connection.execute(_LIST, values).fetchall())
        stand_in = partial(ChallengeRow.stand_in, owner=owner, phase=phase)
        return [_read(row, stand_in) for row in found]

    async def find(self, link: str, *, after: datetime, limit: int) -> builtins.list[ChallengeRow]:
        """Return the ongoing rows of a link; see `ChallengeStore`."""
        values = (link, write_time(after), limit)
        found = await self._worker.run(lambda connection: connection.execute(_FIND, values).fetchall())
        return [_read(row, partial(ChallengeRow.stand_in, link=link)) for row in found]

    async def forget(self, before: datetime) -> int:
        """Remove rows that are over; see `ChallengeStore`."""
        values = (write_time(before),)
        return await self._worker.run(lambda connection: connection.execute(_FORGET, values).rowcount)

    async def _change(self, statement: str, values: Mapping[str, str | int]) -> bool:
        count = await self._worker.run(lambda connection: connection.execute(statement, values).rowcount)
        return count == 1


def _is_path(value: object) -> bool:
    return isinstance(value, str | os.PathLike) and bool(os.fspath(value))


def _read(row: sqlite3.Row, stand_in: Callable[[str], ChallengeRow]) -> ChallengeRow:
    try:
        return ChallengeRow.read_cells(dict(row))
    except DamagedStateError:
        return stand_in(str(row["key"]))
