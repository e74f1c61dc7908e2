"""Where the rows of a job are: in a journal, in the ledger of the pool's backend, or in memory."""

import os
import secrets
import sqlite3
from collections.abc import AsyncIterator, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from datetime import datetime
from typing import Final

from attrs import evolve

from belvo_async._client import Client
from belvo_async._jobs.job_ledger import JobLedger
from belvo_async._jobs.job_lock import lock_job
from belvo_async._sqlite.schema import JOURNAL_JOB
from belvo_async.backends import Backend, Ledger, LinkCounts, LinkRow, MemoryLedger
from belvo_async.backends._backend import PROCESS
from belvo_async.backends._ledger import JobKey, JobRow
from belvo_async.backends._ledger_sql import list_jobs
from belvo_async.backends._sqlite_ledger import JournalFile
from belvo_async.errors import ConfigurationError, InvalidValueError, LedgerMismatchError
from belvo_async.params import ClientIdentity

_LONGEST_NAME: Final = 100


def find_ledger(
    pool: Client,
    *,
    job: str | None,
    journal: str | os.PathLike[str] | None,
    dry_run: bool,
    purpose: str | None = None,
) -> JobLedger:
    """Return the ledger of a job, to be opened.

    Raises:
        ConfigurationError: The backend keeps no jobs, or there are two places for this one.
        InvalidValueError: A name or a path is none.
    """
    if journal is not None:
        if job is not None:
            raise ConfigurationError(
                "A job has either a journal, which is its own, or a name in the pool's backend.",
                remedy="Pass journal= or job=.",
            )
        opened = _open_journal(_check_path(journal), pool.identity, is_copy=dry_run)
        return _build(pool, opened, JobKey(pool.identity.digest, JOURNAL_JOB), purpose)
    is_named = job is not None
    if job is None:
        job = f"{pool.clock.wall():%Y-%m-%dT%H-%M-%S}-{secrets.token_hex(3)}"
        backend = PROCESS if pool.backend.ledger is None else pool.backend
    else:
        check_name(job)
        backend = pool.backend
    if backend.ledger is None:
        raise ConfigurationError(
            f"A {type(pool.backend).__name__} keeps no jobs.",
            remedy="Pass journal= with the path of a file for this job, and leave job= out.",
        )
    key = JobKey(pool.identity.digest, job)
    opening = (
        _preview(backend.ledger, key) if dry_run else _lock(backend, backend.ledger, key, is_named=is_named)
    )
    return _build(pool, opening, key, purpose, is_named=is_named)


def _build(
    pool: Client,
    opening: AbstractAsyncContextManager[Ledger],
    job: JobKey,
    purpose: str | None,
    *,
    is_named: bool = True,
) -> JobLedger:
    return JobLedger(
        opening,
        job,
        environment=pool.identity.environment,
        clock=pool.clock,
        is_named=is_named,
        purpose=purpose,
    )


def _open_journal(
    path: str | os.PathLike[str], identity: ClientIdentity, *, is_copy: bool
) -> AbstractAsyncContextManager[Ledger]:
    def check_owner(connection: sqlite3.Connection) -> None:
        """Refuse the journal of another client.

        Raises:
            LedgerMismatchError: It belongs to other keys, or to another environment.
        """
        for row in list_jobs(connection):
            if row.key.name == JOURNAL_JOB and row.key.owner != identity.digest:
                raise _mismatch(path, row, identity)

    return JournalFile(path, is_copy=is_copy, prepare=check_owner)


def _mismatch(path: str | os.PathLike[str], row: JobRow, identity: ClientIdentity) -> LedgerMismatchError:
    if row.environment == identity.environment:
        problem = "belongs to another Belvo client: it was begun with keys of another id"
    else:
        problem = f"belongs to {row.environment}, and these keys are used on {identity.environment}"
    return LedgerMismatchError(
        f"The journal {path} {problem}.",
        remedy="Set the keys and the environment that it was begun with, or name another journal.",
    )


@asynccontextmanager
async def _lock(backend: Backend, ledger: Ledger, job: JobKey, *, is_named: bool) -> AsyncIterator[Ledger]:
    async with lock_job(backend.coordinator, job):
        try:
            yield ledger
        finally:
            if not is_named and isinstance(ledger, MemoryLedger):  # no later run can go on with it
                await ledger.forget(job)


@asynccontextmanager
async def _preview(ledger: Ledger, job: JobKey) -> AsyncIterator[Ledger]:
    preview = _Preview(ledger)
    try:
        yield preview
    finally:
        await preview.forget(job)


class _Preview(MemoryLedger):
    """Takes links into a run that leaves another ledger as it is: for a dry run."""

    def __init__(self, ledger: Ledger) -> None:
        super().__init__()
        self._original: Final = ledger

    async def admit(
        self, job: JobKey, run: int, links: Sequence[tuple[str, str | None]], *, at: datetime
    ) -> list[LinkRow]:
        rows = await super().admit(job, run, links, at=at)
        known = await self._original.read(job, [row.link_id for row in rows if not row.run])
        return [evolve(known[row.link_id], run=row.run) if row.link_id in known else row for row in rows]

    async def read_job(self, job: JobKey) -> JobRow | None:
        return await self._original.read_job(job)

    async def count(self, job: JobKey, *, since: datetime) -> LinkCounts:
        return await self._original.count(job, since=since)


def _check_path(path: object) -> str | os.PathLike[str]:
    if isinstance(path, str | os.PathLike):
        return path
    raise InvalidValueError.of("journal", f"is {type(path).__name__}", remedy="Pass the path of a file.")


def check_name(name: object) -> None:
    """Refuse what can be no name of a job.

    Raises:
        InvalidValueError: It is none.
    """
    if not (
        isinstance(name, str)
        and 0 < len(name) <= _LONGEST_NAME
        and name.isprintable()
        and name.strip() == name
    ):
        raise InvalidValueError.of(
            "job", "is no name", remedy=f"Pass up to {_LONGEST_NAME} printable characters, such as 2026-11."
        )
