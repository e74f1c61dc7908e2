"""The ledger in the tables of SQLite: what each of its methods does with an open connection."""

import sqlite3
from collections.abc import Collection, Iterable
from datetime import datetime
from typing import Final

from belvo_async._sqlite.cells import Cell, Row, read_number, read_text, read_time, write_cell
from belvo_async.backends._ledger import (
    JobKey,
    JobRow,
    LinkCounts,
    LinkRow,
    LinkState,
    OutputEnd,
    build_counts,
)

_FIND_JOB: Final = "SELECT * FROM jobs WHERE owner = ? AND name = ?"
_BEGIN: Final = """INSERT INTO jobs (owner, name, environment, runs, started_at, total, purpose)
    VALUES (:owner, :name, :environment, 1, :at, :total, :purpose)
    ON CONFLICT (owner, name) DO UPDATE SET runs = runs + 1, started_at = excluded.started_at,
        total = excluded.total, ended_at = NULL, reason = NULL
    RETURNING *"""
_END: Final = "UPDATE jobs SET ended_at = :at, reason = :reason WHERE number = :job AND runs = :run"
_PAUSE: Final = "UPDATE jobs SET is_paused = ? WHERE owner = ? AND name = ?"
_ERASE: Final = """DELETE FROM links WHERE link_id = ?
    AND job IN (SELECT number FROM jobs WHERE owner = ?)"""
_JOBS: Final = "SELECT * FROM jobs ORDER BY started_at DESC, number DESC"
_READ: Final = "SELECT * FROM links WHERE job = ? AND link_id = ?"
_INSERT: Final = """INSERT INTO links (job, link_id, state, version, at, institution, run)
    VALUES (:job, :link_id, 'queued', 1, :at, :institution, :run)"""
_ADMIT_AGAIN: Final = """UPDATE links SET run = :run, institution = coalesce(:institution, institution)
    WHERE job = :job AND link_id = :link_id"""
_REPLACE: Final = """UPDATE links
    SET state = :state, version = :version, at = :at, institution = :institution,
        submitted_at = :submitted_at, logins = :logins, ticket = :ticket, expires_at = :expires_at,
        code = :code, message = :message, may_retry = :may_retry, retry_at = :retry_at,
        credentials = :credentials, refused = :refused
    WHERE job = :job AND link_id = :link_id AND version = :version - 1"""
_END_OUTPUT: Final = "UPDATE jobs SET output_end = ?, output_digest = ? WHERE owner = ? AND name = ?"
_FIND: Final = """SELECT * FROM links WHERE job = ? AND state IN ({marks})
    ORDER BY expires_at IS NULL, expires_at, link_id LIMIT ?"""
_BY_STATE: Final = """SELECT institution, state, count(*) FROM links
    WHERE job = ? GROUP BY institution, state"""
_BY_CODE: Final = """SELECT code, count(*) FROM links
    WHERE job = ? AND state IN ('refused', 'unsettled') AND code IS NOT NULL GROUP BY code"""
_ENDED: Final = """SELECT count(*) FROM links
    WHERE job = ? AND at >= ? AND state IN ('parked', 'updated', 'retrieved', 'refused', 'unsettled')"""
_HELD_BACK: Final = """SELECT count(*) FROM links
    WHERE job = ? AND state = 'refused' AND NOT may_retry AND refused IS NOT NULL"""
_NEXT_EXPIRY: Final = """SELECT min(expires_at) FROM links INDEXED BY links_by_expiry
    WHERE job = ? AND state IN ('challenged', 'parked')"""
_FORGET: Final = ("DELETE FROM links WHERE job = ?", "DELETE FROM jobs WHERE number = ?")


def begin(
    connection: sqlite3.Connection,
    job: JobKey,
    environment: str,
    at: datetime,
    total: int | None,
    purpose: str | None,
) -> JobRow:
    """Begin a run; see `Ledger.begin`."""
    values = {"owner": job.owner, "name": job.name, "environment": environment, "total": total}
    values |= {"at": write_cell(at), "purpose": purpose}
    return read_job(connection.execute(_BEGIN, values).fetchone())


def end(connection: sqlite3.Connection, job: JobKey, run: int, at: datetime, reason: str | None) -> None:
    """Note that a run has ended; see `Ledger.end`."""
    values = {"run": run, "at": write_cell(at), "reason": write_cell(reason)}
    connection.execute(_END, {**values, "job": _find_number(connection, job)})


def find_job(connection: sqlite3.Connection, job: JobKey) -> JobRow | None:
    """Return a job; see `Ledger.read_job`."""
    row = connection.execute(_FIND_JOB, (job.owner, job.name)).fetchone()
    return None if row is None else read_job(row)


def pause(connection: sqlite3.Connection, job: JobKey, *, is_paused: bool) -> None:
    """Note whether logins may begin; see `Ledger.pause`."""
    connection.execute(_PAUSE, (is_paused, job.owner, job.name))


def erase(connection: sqlite3.Connection, owner: str, link_id: str) -> int:
    """Remove the rows of a link; see `Ledger.erase`."""
    return connection.execute(_ERASE, (write_cell(link_id), owner)).rowcount


def list_jobs(connection: sqlite3.Connection) -> list[JobRow]:
    """Return all jobs; see `Ledger.list_jobs`."""
    return [read_job(row) for row in connection.execute(_JOBS)]


def admit(
    connection: sqlite3.Connection,
    job: JobKey,
    run: int,
    links: Iterable[tuple[str, str | None]],
    at: datetime,
) -> list[LinkRow]:
    """Take links into a run; see `Ledger.admit`."""
    values = {"job": _find_number(connection, job), "run": run, "at": write_cell(at)}
    return [_admit_one(connection, values, at, *link) for link in links]


def _admit_one(
    connection: sqlite3.Connection,
    values: dict[str, Cell],
    at: datetime,
    link_id: str,
    institution: str | None,
) -> LinkRow:
    found = connection.execute(_READ, (values["job"], write_cell(link_id))).fetchone()
    link = {**values, "link_id": write_cell(link_id), "institution": write_cell(institution)}
    if found is None:
        connection.execute(_INSERT, link)
        return LinkRow(link_id=link_id, state=LinkState.QUEUED, at=at, institution=institution)
    if found["run"] != values["run"]:
        connection.execute(_ADMIT_AGAIN, link)
    return read_link(found)


def read(connection: sqlite3.Connection, job: JobKey, link_ids: Iterable[str]) -> dict[str, LinkRow]:
    """Return the rows of links; see `Ledger.read`."""
    number = _find_number(connection, job)
    found = (connection.execute(_READ, (number, write_cell(link_id))).fetchone() for link_id in link_ids)
    rows = [read_link(row) for row in found if row is not None]
    return {row.link_id: row for row in rows}


def replace(connection: sqlite3.Connection, job: JobKey, row: LinkRow, output_end: OutputEnd | None) -> bool:
    """Put a row in the place of the one before it; see `Ledger.replace`."""
    cells = write_link(row)
    is_done = connection.execute(_REPLACE, {**cells, "job": _find_number(connection, job)}).rowcount == 1
    if is_done and output_end is not None:
        connection.execute(_END_OUTPUT, (output_end.position, output_end.digest, job.owner, job.name))
    return is_done


def find(
    connection: sqlite3.Connection, job: JobKey, states: Collection[LinkState], limit: int | None
) -> list[LinkRow]:
    """Return rows by their states; see `Ledger.find`."""
    query = _FIND.format(marks=", ".join("?" * len(states)))
    number = _find_number(connection, job)
    values = (number, *(state.value for state in states), -1 if limit is None else limit)
    return [read_link(row) for row in connection.execute(query, values)]


def count(connection: sqlite3.Connection, job: JobKey, since: datetime) -> LinkCounts:
    """Count the links of a job; see `Ledger.count`."""
    number = _find_number(connection, job)
    by_code = dict(connection.execute(_BY_CODE, (number,)).fetchall())
    return build_counts(
        ((row[0], LinkState(row[1]), row[2]) for row in connection.execute(_BY_STATE, (number,))),
        by_code=by_code,
        next_expiry=read_time(_ask(connection, _NEXT_EXPIRY, number)),
        held_back=int(_ask(connection, _HELD_BACK, number) or 0),
        ended=int(_ask(connection, _ENDED, number, write_cell(since)) or 0),
    )


def forget(connection: sqlite3.Connection, job: JobKey) -> None:
    """Remove a job; see `Ledger.forget`."""
    number = _find_number(connection, job)
    for statement in _FORGET:
        connection.execute(statement, (number,))


def read_job(row: Row) -> JobRow:
    """Read one row of the table `jobs`.

    Raises:
        ValueError: A time makes no sense: somebody else wrote it.
    """
    return JobRow(
        key=JobKey(str(row["owner"]), str(row["name"])),
        environment=str(row["environment"]),
        runs=int(row["runs"] or 0),
        started_at=datetime.fromisoformat(str(row["started_at"])),
        ended_at=read_time(row["ended_at"]),
        reason=read_text(row["reason"]),
        total=read_number(row["total"]),
        is_paused=bool(row["is_paused"]),
        purpose=read_text(row["purpose"]),
        output_end=_read_end(row),
    )


def _read_end(row: Row) -> OutputEnd | None:
    position = read_number(row["output_end"])
    return None if position is None else OutputEnd(position, str(row["output_digest"]))


def read_link(row: Row) -> LinkRow:
    """Read one row of the table `links`.

    Raises:
        ValueError: A state or a time makes no sense: somebody else wrote it.
    """
    return LinkRow(
        link_id=str(row["link_id"]),
        state=LinkState(str(row["state"])),
        version=int(row["version"] or 0),
        run=int(row["run"] or 0),
        at=datetime.fromisoformat(str(row["at"])),
        institution=read_text(row["institution"]),
        submitted_at=read_time(row["submitted_at"]),
        logins=int(row["logins"] or 0),
        ticket=read_text(row["ticket"]),
        expires_at=read_time(row["expires_at"]),
        code=read_text(row["code"]),
        message=read_text(row["message"]),
        may_retry=bool(row["may_retry"]),
        retry_at=read_time(row["retry_at"]),
        credentials=read_text(row["credentials"]),
        refused=tuple(str(row["refused"] or "").split()),
    )


def write_link(row: LinkRow) -> dict[str, Cell]:
    """Return the cells of a row, by the names of their columns."""
    return {
        "link_id": write_cell(row.link_id),
        "state": row.state.value,
        "version": row.version,
        "at": write_cell(row.at),
        "institution": write_cell(row.institution),
        "submitted_at": write_cell(row.submitted_at),
        "logins": row.logins,
        "ticket": row.ticket,
        "expires_at": write_cell(row.expires_at),
        "code": write_cell(row.code),
        "message": write_cell(row.message),
        "may_retry": row.may_retry,
        "retry_at": write_cell(row.retry_at),
        "credentials": row.credentials,
        "refused": " ".join(row.refused) or None,
    }


def _find_number(connection: sqlite3.Connection, job: JobKey) -> int | None:
    """Return by which number a file knows a job; None where there is no such job."""
    row = connection.execute(_FIND_JOB, (job.owner, job.name)).fetchone()
    return None if row is None else int(row["number"])


def _ask(connection: sqlite3.Connection, query: str, *values: Cell) -> Cell:
    cell: Cell = connection.execute(query, values).fetchone()[0]
    return cell
