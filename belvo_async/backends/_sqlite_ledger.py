"""A ledger in one SQLite file."""

import os
import sqlite3
from collections.abc import Callable
from types import TracebackType
from typing import Final, Self, TypeVar

from attrs import evolve

from belvo_async._sqlite.database import Database
from belvo_async._sqlite.file_errors import FileErrors
from belvo_async._sqlite.worker import ThreadWorker
from belvo_async.backends import _ledger_sql as sql
from belvo_async.backends._ledger import JobKey, JobRow
from belvo_async.backends._sql_ledger import SqlLedger
from belvo_async.backends._upgrades import UPGRADES
from belvo_async.errors import LedgerBusyError, LedgerUnreadableError, LedgerWriteError

T = TypeVar("T")

LEDGER_ERRORS: Final = FileErrors(
    name="ledger",
    failed=LedgerWriteError,
    unreadable=LedgerUnreadableError,
    busy=LedgerBusyError,
    advice="Then run the job again: it goes on where it stopped.",
)
JOURNAL_ERRORS: Final = evolve(LEDGER_ERRORS, name="journal")
"""Of a file that one job has for itself."""


class SqliteLedger(SqlLedger):
    """Keeps the jobs of one machine's processes in one SQLite file.

    Use it as `async with`. Inside the block it belongs to that event loop and process. What is written
    survives a kill and a loss of power. A disk of another machine (NFS, SMB) will not do: SQLite's locks do
    not hold there.

    Args:
        path: The file, which may hold parked challenges too; made where there is none.
    """

    def __init__(self, path: str | os.PathLike[str]) -> None:
        self._worker: Final = ThreadWorker(self._build_database(path))

    def _build_database(self, path: str | os.PathLike[str]) -> Database:
        return Database(path, LEDGER_ERRORS, UPGRADES)

    async def __aenter__(self) -> Self:
        """Open the file.

        Raises:
            LedgerError: It cannot be made or written, or is something else. It was not changed.
        """
        await self._worker.open()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Finish what was begun, and close the file."""
        await self._worker.close()

    async def list_jobs(self) -> list[JobRow]:
        """Return all jobs; see `Ledger`."""
        return await self._worker.run(sql.list_jobs)

    async def erase(self, owner: str, link_id: str) -> int:
        """Remove the rows of a link; see `Ledger`."""
        return await self._worker.run(lambda connection: sql.erase(connection, owner, link_id))

    async def _run(self, job: JobKey, work: Callable[[sqlite3.Connection], T]) -> T:  # noqa: ARG002 - one for all
        return await self._worker.run(work)


class JournalFile(SqliteLedger):
    """The ledger of one job, in a file that no other job may use meanwhile.

    Args:
        path: The file.
        is_copy: Whether to work on a temporary copy of the file, which stays as it is: for a dry run.
        prepare: Called with the connection as the file is opened; what it raises leaves the file as it was.
    """

    def __init__(
        self,
        path: str | os.PathLike[str],
        *,
        is_copy: bool,
        prepare: Callable[[sqlite3.Connection], object],
    ) -> None:
        self._is_copy: Final = is_copy
        self._prepare: Final = prepare
        super().__init__(path)

    def _build_database(self, path: str | os.PathLike[str]) -> Database:
        return Database(
            path, JOURNAL_ERRORS, UPGRADES, is_job=True, is_copy=self._is_copy, prepare=self._prepare
        )
