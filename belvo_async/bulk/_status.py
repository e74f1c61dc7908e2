"""A look at a journal from outside, also while a job writes to it: nothing is made, locked or changed."""

import os
import sqlite3
import time
from collections.abc import Callable, Collection
from contextlib import closing, suppress
from datetime import datetime, timedelta
from pathlib import Path
from typing import Final, TypeVar

from attrs import frozen

from belvo_async._clock import SYSTEM_CLOCK, Clock
from belvo_async._sqlite.file import connect, exists, find_real
from belvo_async.bulk._database import build_unreadable, check_header, check_log
from belvo_async.bulk._journal_owner import find_environment
from belvo_async.bulk._records import (
    Counts,
    LinkState,
    Record,
    read_record,
    read_time,
    write_cell,
)
from belvo_async.bulk._write_ahead_log import connect_read_only, find_lasting_fault, has_log, sidecar

T = TypeVar("T")

_WINDOW: Final = timedelta(minutes=5)
_ATTEMPTS: Final = 5
_PAUSE: Final = 0.05  # seconds between two attempts: a job needs that long to open or to close the file
_NO_JOB_REMEDY: Final = "Check the path: a job makes its journal when it begins."
_LAST_RUN: Final = "SELECT * FROM runs ORDER BY number DESC LIMIT 1"
_BY_STATE: Final = "SELECT institution, state, count(*) FROM links GROUP BY institution, state"
_BY_CODE: Final = """SELECT code, count(*) FROM links
    WHERE state IN ('refused', 'unsettled') AND code IS NOT NULL GROUP BY code"""
_FINISHED_SINCE: Final = """SELECT count(*) FROM links
    WHERE at >= ? AND state IN ('parked', 'updated', 'refused', 'unsettled')"""
_HELD_BACK: Final = """SELECT count(*) FROM links
    WHERE state = 'refused' AND NOT may_retry AND refused IS NOT NULL"""
_NEXT_EXPIRY: Final = "SELECT min(expires_at) FROM links WHERE state IN ('challenged', 'parked')"


@frozen(kw_only=True)
class JournalStatus:
    """How a bulk refresh stands, read from its journal."""

    path: Path
    environment: str | None
    """The base address that the journal belongs to; None where no run has said so yet."""
    runs: int
    """How many runs have begun."""
    is_running: bool
    """Whether a job has the journal open now."""
    started_at: datetime | None
    """Of the last run, as are the next three."""
    ended_at: datetime | None
    """None while it runs, and after a kill."""
    reason: str | None
    """Why it ended before its end."""
    total: int | None
    """How many links its source said it has."""
    counts: Counts
    finished_per_minute: float
    """Links that came to an end, whichever, in the last five minutes or since the run began."""
    next_expiry: datetime | None
    """When the first open challenge expires."""
    held_back: int
    """Refused links whose credentials are not sent again, unless `refresh` is told to `resend` them."""


def read_status(path: str | os.PathLike[str], *, clock: Clock = SYSTEM_CLOCK) -> JournalStatus:
    """Read how the job of the journal *path* stands; blocking, and slow in proportion to its links.

    Raises:
        JournalUnreadableError: There is no such file, or no journal in it.
    """
    return _look(path, lambda connection, place: _build_status(connection, place, clock.wall()))


def list_records(
    path: str | os.PathLike[str], states: Collection[LinkState] = (LinkState.PARKED,), limit: int = 100
) -> list[Record]:
    """Return up to *limit* links in one of *states*, those first whose challenge expires first; blocking.

    Raises:
        JournalUnreadableError: There is no such file, or no journal in it.
    """
    marks = ", ".join("?" * len(states))
    query = f"""SELECT * FROM links WHERE state IN ({marks})
        ORDER BY expires_at IS NULL, expires_at, link_id LIMIT ?"""  # noqa: S608 - question marks
    values = (*(state.value for state in states), limit)
    return _look(path, lambda connection, _: [read_record(row) for row in connection.execute(query, values)])


def count_links(connection: sqlite3.Connection) -> Counts:
    """Count all links of a journal; reads every row."""
    by_state, by_institution = _count_none(), dict[str, dict[LinkState, int]]()
    for institution, name, count in connection.execute(_BY_STATE):
        state = LinkState(name)
        by_state[state] += count
        if institution is not None:
            by_institution.setdefault(institution, _count_none())[state] = count
    (expiry,) = connection.execute(_NEXT_EXPIRY).fetchone()
    return Counts(
        by_state=by_state,
        by_institution=by_institution,
        by_code=dict(connection.execute(_BY_CODE).fetchall()),
        next_expiry=read_time(expiry),
    )


def _count_none() -> dict[LinkState, int]:
    return dict.fromkeys(LinkState, 0)


def _build_status(connection: sqlite3.Connection, path: Path, now: datetime) -> JournalStatus:
    row = connection.execute(_LAST_RUN).fetchone()
    run = {} if row is None else dict(row)  # none: killed as the journal was made
    started_at = read_time(run.get("started_at"))
    counts = count_links(connection)
    return JournalStatus(
        path=path,
        environment=find_environment(connection),
        runs=run.get("number", 0),
        is_running=_is_locked(path),
        started_at=started_at,
        ended_at=read_time(run.get("ended_at")),
        reason=run.get("reason"),
        total=run.get("total"),
        counts=counts,
        finished_per_minute=_measure_pace(connection, started_at or now, now),
        next_expiry=counts.next_expiry,
        held_back=connection.execute(_HELD_BACK).fetchone()[0],
    )


def _is_locked(path: Path) -> bool:
    """Return whether a job has locked the journal; nothing is made, and a job that begins is not kept out."""
    lock = sidecar(path, "lock")
    if not exists(lock):
        return False
    with closing(connect(lock, "mode=ro", patience=0)) as connection:
        try:
            connection.execute("SELECT * FROM sqlite_master").fetchall()
        except sqlite3.OperationalError as error:
            if error.sqlite_errorcode == sqlite3.SQLITE_BUSY:
                return True
            raise
    return False


def _measure_pace(connection: sqlite3.Connection, started_at: datetime, now: datetime) -> float:
    since = max(started_at, now - _WINDOW)
    (count,) = connection.execute(_FINISHED_SINCE, (write_cell(since),)).fetchone()
    minutes = (now - since) / timedelta(minutes=1)
    return count / minutes if minutes > 0 else 0.0


def _look(path: str | os.PathLike[str], read: Callable[[sqlite3.Connection, Path], T]) -> T:
    """Return what *read* reads; try again where a job opens or closes the file at this very moment."""
    place = find_real(path)
    for _ in range(_ATTEMPTS - 1):
        with suppress(sqlite3.Error, OSError):
            return _look_once(place, read)
        time.sleep(_PAUSE)
    try:
        return _look_once(place, read)
    except (sqlite3.Error, OSError) as error:
        raise build_unreadable(place, f"could not be read: {error}") from error


def _look_once(path: Path, read: Callable[[sqlite3.Connection, Path], T]) -> T:
    if not exists(path):
        raise build_unreadable(path, "does not exist", remedy=_NO_JOB_REMEDY)
    before = _describe_files(path)
    with closing(connect_read_only(path)) as connection:
        connection.execute("BEGIN")  # all that is read is of one moment
        if not check_header(connection, path):
            raise build_unreadable(path, "is empty", remedy=_NO_JOB_REMEDY)
        check_log(path, find_lasting_fault(path))
        try:
            seen = read(connection, path)
        except ValueError as error:
            raise build_unreadable(path, f"could not be read: somebody else wrote to it: {error}") from error
    if before != _describe_files(path):
        raise sqlite3.OperationalError("a job began to write")  # and what was seen may be half of it
    return seen


def _describe_files(path: Path) -> tuple[int, int] | None:
    """Return what tells whether anybody wrote to the file; None where a log lets SQLite see to that."""
    if has_log(path):
        return None
    file = path.stat()
    return file.st_mtime_ns, file.st_size
