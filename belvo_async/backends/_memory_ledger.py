"""A ledger in memory: jobs that nobody goes on with once the process has ended."""

import os
import sqlite3
import weakref
from collections.abc import Callable
from datetime import datetime
from threading import Lock
from typing import TypeVar

from attrs import field, frozen

from belvo_async._sqlite.database import Database
from belvo_async.backends import _ledger_sql as sql
from belvo_async.backends._ledger import JobKey, JobRow
from belvo_async.backends._sql_ledger import SqlLedger
from belvo_async.backends._sqlite_ledger import LEDGER_ERRORS
from belvo_async.backends._upgrades import UPGRADES

T = TypeVar("T")


class MemoryLedger(SqlLedger):
    """Keeps jobs for one process, on whichever event loops and threads it has.

    Each job is a temporary database of SQLite, which moves to a file without a name where memory is short.
    It is gone when the job is forgotten or the process has ended. A forked process begins with none.
    """

    def __init__(self) -> None:
        self._jobs = self._begin()

    async def list_jobs(self) -> list[JobRow]:
        """Return all jobs; see `Ledger`."""
        jobs = self._find_jobs()
        with jobs.lock:
            rows = [row for database in jobs.databases.values() for row in _commit(database, sql.list_jobs)]
        return sorted(rows, key=lambda row: row.started_at, reverse=True)

    async def erase(self, owner: str, link_id: str) -> int:
        """Remove the rows of a link; see `Ledger`."""
        jobs = self._find_jobs()
        with jobs.lock:
            return sum(
                _commit(database, lambda connection: sql.erase(connection, owner, link_id))
                for database in jobs.databases.values()
            )

    async def forget(self, job: JobKey) -> None:
        """Remove a job and all its links; see `Ledger`."""
        jobs = self._find_jobs()
        with jobs.lock:
            database = jobs.databases.pop(job, None)
            if database is not None:
                database.close()

    def reset(self) -> None:
        """Forget all jobs: for tests."""
        self._jobs.close()
        self._jobs = self._begin()

    def _begin(self, inherited: "_Jobs | None" = None) -> "_Jobs":
        """Begin without a job; what is opened is closed with the ledger."""
        jobs = _Jobs(inherited)
        weakref.finalize(self, jobs.close)
        return jobs

    async def begin(
        self,
        job: JobKey,
        *,
        environment: str,
        at: datetime,
        total: int | None = None,
        purpose: str | None = None,
    ) -> JobRow:
        """Begin a run of a job; see `Ledger`."""
        jobs = self._find_jobs()
        with jobs.lock:
            jobs.make(job)
        return await super().begin(job, environment=environment, at=at, total=total, purpose=purpose)

    async def _run(self, job: JobKey, work: Callable[[sqlite3.Connection], T]) -> T:
        jobs = self._find_jobs()
        with jobs.lock:
            return _commit(jobs.find(job), work)

    def _find_jobs(self) -> "_Jobs":
        if self._jobs.process != os.getpid():
            # SQLite forbids to close what was opened before the fork: it stays where nobody uses it.
            self._jobs = self._begin(self._jobs)
        return self._jobs


@frozen(eq=False)
class _Jobs:
    """The jobs of one process; for whoever holds the lock."""

    inherited: "_Jobs | None" = None
    process: int = field(factory=os.getpid)
    lock: Lock = field(factory=Lock)
    databases: dict[JobKey, Database] = field(factory=dict)
    nothing: list[Database] = field(factory=list)
    """What is looked into for jobs that there are none of; made when it is first needed."""

    def close(self) -> None:
        """Close all, in the process that has opened it."""
        if self.process == os.getpid():
            for database in (*self.databases.values(), *self.nothing):
                database.close()
            self.databases.clear()
            self.nothing.clear()

    def make(self, job: JobKey) -> None:
        """Make the database of a job where there is none."""
        if job not in self.databases:
            self.databases[job] = _open()

    def find(self, job: JobKey) -> Database:
        """Return the database of a job, or an empty one."""
        if job in self.databases:
            return self.databases[job]
        if not self.nothing:
            self.nothing.append(_open())
        return self.nothing[0]


def _open() -> Database:
    database = Database(None, LEDGER_ERRORS, UPGRADES)
    database.open()
    return database


def _commit(database: Database, work: Callable[[sqlite3.Connection], T]) -> T:
    results: list[T] = []
    try:
        database.commit([lambda connection: results.append(work(connection))])
    except Exception as error:  # noqa: BLE001 - of whatever kind, nothing was committed
        failure = database.explain(error)
    else:
        return results[0]
    raise failure
