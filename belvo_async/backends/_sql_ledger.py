"""What the ledgers in SQLite have in common: each method is one transaction."""

import sqlite3
from abc import ABC, abstractmethod
from collections.abc import Callable, Collection, Sequence
from datetime import datetime
from typing import TypeVar

from belvo_async.backends import _ledger_sql as sql
from belvo_async.backends._ledger import JobKey, JobRow, LinkCounts, LinkRow, LinkState, OutputEnd

T = TypeVar("T")


class SqlLedger(ABC):
    """A `Ledger` over connections of SQLite."""

    @abstractmethod
    async def _run(self, job: JobKey, work: Callable[[sqlite3.Connection], T]) -> T:
        """Do *work* where the rows of a job are, in one transaction."""

    @abstractmethod
    async def list_jobs(self) -> list[JobRow]:
        """Return all jobs; see `Ledger`."""

    @abstractmethod
    async def erase(self, owner: str, link_id: str) -> int:
        """Remove the rows of a link; see `Ledger`."""

    async def read_job(self, job: JobKey) -> JobRow | None:
        """Return a job; see `Ledger`."""
        return await self._run(job, lambda connection: sql.find_job(connection, job))

    async def pause(self, job: JobKey, *, is_paused: bool) -> None:
        """Note whether logins of a job may begin; see `Ledger`."""
        await self._run(job, lambda connection: sql.pause(connection, job, is_paused=is_paused))

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
        return await self._run(
            job, lambda connection: sql.begin(connection, job, environment, at, total, purpose)
        )

    async def end(self, job: JobKey, run: int, *, at: datetime, reason: str | None) -> None:
        """Note that a run has ended; see `Ledger`."""
        await self._run(job, lambda connection: sql.end(connection, job, run, at, reason))

    async def admit(
        self, job: JobKey, run: int, links: Sequence[tuple[str, str | None]], *, at: datetime
    ) -> list[LinkRow]:
        """Take links into a run; see `Ledger`."""
        return await self._run(job, lambda connection: sql.admit(connection, job, run, links, at))

    async def read(self, job: JobKey, link_ids: Collection[str]) -> dict[str, LinkRow]:
        """Return the rows of links; see `Ledger`."""
        return await self._run(job, lambda connection: sql.read(connection, job, link_ids))

    async def replace(self, job: JobKey, row: LinkRow, *, output_end: OutputEnd | None = None) -> bool:
        """Put the next version of a row in its place; see `Ledger`."""
        return await self._run(job, lambda connection: sql.replace(connection, job, row, output_end))

    async def find(
        self, job: JobKey, states: Collection[LinkState], *, limit: int | None = None
    ) -> list[LinkRow]:
        """Return rows by their states; see `Ledger`."""
        return await self._run(job, lambda connection: sql.find(connection, job, states, limit))

    async def count(self, job: JobKey, *, since: datetime) -> LinkCounts:
        """Count the links of a job, and those that have ended lately; see `Ledger`."""
        return await self._run(job, lambda connection: sql.count(connection, job, since))

    async def forget(self, job: JobKey) -> None:
        """Remove a job and all its links; see `Ledger`."""
        await self._run(job, lambda connection: sql.forget(connection, job))
