"""A look at a journal from outside, also while a job writes to it."""

import os
import sqlite3
from collections import Counter
from collections.abc import Callable, Collection, Mapping
from datetime import datetime, timedelta
from pathlib import Path
from typing import Final, TypeVar

from attrs import frozen

from belvo_async._clock import SYSTEM_CLOCK, Clock
from belvo_async._jobs.journal_errors import JOURNAL_ERRORS
from belvo_async._jobs.journal_owner import find_environment
from belvo_async._jobs.records import (
    Counts,
    LinkState,
    Record,
    read_record,
    read_time,
    write_cell,
)
from belvo_async._sqlite.database import NO_JOB_REMEDY, open_to_read
from belvo_async._sqlite.file import ask, exists, find_real
from belvo_async._sqlite.lock import is_locked
from belvo_async.backends._challenge_record import UNANSWERED, find_key
from belvo_async.backends._challenge_store import write_time
from belvo_async.models import ChallengePhase

T = TypeVar("T")

_WINDOW: Final = timedelta(minutes=5)
_LAST_RUN: Final = "SELECT * FROM runs ORDER BY number DESC LIMIT 1"
_BY_STATE: Final = "SELECT institution, state, count(*) FROM links GROUP BY institution, state"
_BY_CODE: Final = """SELECT code, count(*) FROM links
    WHERE state IN ('refused', 'unsettled') AND code IS NOT NULL GROUP BY code"""
_FINISHED_SINCE: Final = """SELECT count(*) FROM links
    WHERE at >= ? AND state IN ('parked', 'updated', 'refused', 'unsettled')"""
_HELD_BACK: Final = """SELECT count(*) FROM links
    WHERE state = 'refused' AND NOT may_retry AND refused IS NOT NULL"""
_NEXT_EXPIRY: Final = "SELECT min(expires_at) FROM links WHERE state IN ('challenged', 'parked')"
_HAS_STORE: Final = "SELECT count(*) FROM sqlite_master WHERE name = 'challenges'"
_BY_PHASE: Final = """SELECT phase, challenges.expires_at, count(*)
    FROM links, client, challenges ON challenges.key = find_key(client.digest, ticket)
    WHERE state = 'parked' AND ticket IS NOT NULL
    GROUP BY phase, CASE WHEN phase IN ('open', 'claimed') THEN challenges.expires_at END"""


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
    challenges: Mapping[ChallengePhase, int]
    """What has become of the challenges of parked links, as far as their store is in this file."""
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
        is_running=is_locked(path),
        started_at=started_at,
        ended_at=read_time(run.get("ended_at")),
        reason=run.get("reason"),
        total=run.get("total"),
        counts=counts,
        finished_per_minute=_measure_pace(connection, started_at or now, now),
        challenges=_count_phases(connection, now),
        next_expiry=counts.next_expiry,
        held_back=connection.execute(_HELD_BACK).fetchone()[0],
    )


def _count_phases(connection: sqlite3.Connection, now: datetime) -> dict[ChallengePhase, int]:
    """Count what has become of parked challenges: time runs out, and claims lapse, without being written."""
    phases: Counter[ChallengePhase] = Counter()
    if not ask(connection, _HAS_STORE):  # a journal of version 2
        return phases
    connection.create_function("find_key", 2, find_key)
    for name, expires_at, count in connection.execute(_BY_PHASE):
        phase = ChallengePhase(name)
        if phase in UNANSWERED:
            phase = ChallengePhase.OPEN if expires_at > write_time(now) else ChallengePhase.EXPIRED
        phases[phase] += count
    return phases


def _measure_pace(connection: sqlite3.Connection, started_at: datetime, now: datetime) -> float:
    since = max(started_at, now - _WINDOW)
    (count,) = connection.execute(_FINISHED_SINCE, (write_cell(since),)).fetchone()
    minutes = (now - since) / timedelta(minutes=1)
    return count / minutes if minutes > 0 else 0.0


def _look(path: str | os.PathLike[str], read: Callable[[sqlite3.Connection, Path], T]) -> T:
    place = find_real(path)
    try:
        if not exists(place):
            raise JOURNAL_ERRORS.build_unreadable(place, "does not exist", NO_JOB_REMEDY)
        with open_to_read(place, JOURNAL_ERRORS) as connection:
            return read(connection, place)
    except ValueError as error:
        problem = f"could not be read: somebody else wrote to it: {error}"
        raise JOURNAL_ERRORS.build_unreadable(place, problem) from error
    except (sqlite3.Error, OSError) as error:
        raise JOURNAL_ERRORS.build_unreadable(place, f"could not be read: {error}") from error
