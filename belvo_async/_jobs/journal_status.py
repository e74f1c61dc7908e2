"""A look at a journal from outside, also while a job writes to it."""

import os
import sqlite3
from collections import Counter
from collections.abc import Callable, Collection
from datetime import datetime
from pathlib import Path
from typing import Final, TypeVar

from belvo_async._clock import SYSTEM_CLOCK, Clock
from belvo_async._sqlite.database import NO_JOB_REMEDY, open_to_read
from belvo_async._sqlite.file import exists, find_real
from belvo_async._sqlite.lock import is_locked
from belvo_async._sqlite.schema import JOURNAL_JOB
from belvo_async.backends import JobStatus, LinkRow, LinkState
from belvo_async.backends import _ledger_sql as sql
from belvo_async.backends._challenge_record import UNANSWERED, find_key
from belvo_async.backends._challenge_store import write_time
from belvo_async.backends._job_status import build_status, find_since
from belvo_async.backends._ledger import JobRow
from belvo_async.backends._sqlite_ledger import JOURNAL_ERRORS
from belvo_async.backends._upgrades import UPGRADES
from belvo_async.models import ChallengePhase

T = TypeVar("T")

_BY_PHASE: Final = """SELECT phase, challenges.expires_at, count(*)
    FROM jobs, links ON links.job = jobs.number, challenges ON challenges.key = find_key(jobs.owner, ticket)
    WHERE jobs.name = ? AND state = 'parked' AND ticket IS NOT NULL
    GROUP BY phase, CASE WHEN phase IN ('open', 'claimed') THEN challenges.expires_at END"""


def read_status(path: str | os.PathLike[str], *, clock: Clock = SYSTEM_CLOCK) -> JobStatus:
    """Read how the job of the journal *path* stands; blocking, and slow in proportion to its links.

    Raises:
        LedgerUnreadableError: There is no such file, or no job in it.
    """

    def read(connection: sqlite3.Connection, place: Path, job: JobRow) -> JobStatus:
        now = clock.wall()
        counts = sql.count(connection, job.key, find_since(job, now))
        phases = _count_phases(connection, now)
        return build_status(job, counts, now, is_running=is_locked(place), challenges=phases)

    return _look(path, read)


def list_links(
    path: str | os.PathLike[str], states: Collection[LinkState] = (LinkState.PARKED,), limit: int = 100
) -> list[LinkRow]:
    """Return up to *limit* links in one of *states*, those first whose challenge expires first; blocking.

    Raises:
        LedgerUnreadableError: There is no such file, or no job in it.
    """
    return _look(path, lambda connection, _, job: sql.find(connection, job.key, states, limit))


def _count_phases(connection: sqlite3.Connection, now: datetime) -> dict[ChallengePhase, int]:
    """Count what has become of parked challenges: time runs out, and claims lapse, without being written."""
    phases: Counter[ChallengePhase] = Counter()
    connection.create_function("find_key", 2, find_key)
    for name, expires_at, count in connection.execute(_BY_PHASE, (JOURNAL_JOB,)):
        phase = ChallengePhase(name)
        if phase in UNANSWERED:
            phase = ChallengePhase.OPEN if expires_at > write_time(now) else ChallengePhase.EXPIRED
        phases[phase] += count
    return phases


def _look(path: str | os.PathLike[str], read: Callable[[sqlite3.Connection, Path, JobRow], T]) -> T:
    place = find_real(path)
    try:
        if not exists(place):
            raise JOURNAL_ERRORS.build_unreadable(place, "does not exist", NO_JOB_REMEDY)
        with open_to_read(place, JOURNAL_ERRORS, UPGRADES) as connection:
            job = next((row for row in sql.list_jobs(connection) if row.key.name == JOURNAL_JOB), None)
            if job is None:  # the file of a backend, or a run was killed as it made the journal
                raise JOURNAL_ERRORS.build_unreadable(place, "holds no job", NO_JOB_REMEDY)
            return read(connection, place, job)
    except ValueError as error:
        problem = f"could not be read: somebody else wrote to it: {error}"
        raise JOURNAL_ERRORS.build_unreadable(place, problem) from error
    except (sqlite3.Error, OSError) as error:
        raise JOURNAL_ERRORS.build_unreadable(place, f"could not be read: {error}") from error
