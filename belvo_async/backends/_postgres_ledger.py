"""A ledger in PostgreSQL."""

from collections.abc import Collection, Sequence
from datetime import datetime
from typing import TYPE_CHECKING, Final

from attrs import evolve

from belvo_async.backends._challenge_store import read_time, write_time
from belvo_async.backends._ledger import (
    JobKey,
    JobRow,
    LinkCounts,
    LinkRow,
    LinkState,
    OutputEnd,
    build_counts,
    is_same_write,
)
from belvo_async.backends._postgres_tables import PostgresPart, PostgresTables
from belvo_async.errors import LedgerWriteError

if TYPE_CHECKING:
    from belvo_async.backends._postgres_connections import Value
    from belvo_async.backends._postgres_driver import Row

_FORGOTTEN_AT_ONCE: Final = 5000
_JOB: Final = "(SELECT number FROM {schema}.jobs WHERE owner = %(owner)s AND name = %(name)s)"
_BEGIN: Final = """INSERT INTO {schema}.jobs AS former
        (owner, name, environment, runs, started_at, total, purpose)
    VALUES (%(owner)s, %(name)s, %(environment)s, 1, %(at)s, %(total)s, %(purpose)s)
    ON CONFLICT (owner, name) DO UPDATE SET runs = former.runs + 1, started_at = excluded.started_at,
        total = excluded.total, ended_at = NULL, reason = NULL"""
_END: Final = """UPDATE {schema}.jobs SET ended_at = %(at)s, reason = %(reason)s
    WHERE owner = %(owner)s AND name = %(name)s AND runs = %(run)s"""
_PAUSE: Final = """UPDATE {schema}.jobs SET is_paused = %(is_paused)s
    WHERE owner = %(owner)s AND name = %(name)s"""
_READ_JOB: Final = "SELECT * FROM {schema}.jobs WHERE owner = %(owner)s AND name = %(name)s"
_JOBS: Final = "SELECT * FROM {schema}.jobs ORDER BY started_at DESC, number DESC"
_READ: Final = f"""SELECT * FROM {{schema}}.links
    WHERE job = {_JOB} AND link_id = ANY(%(link_ids)s::text[])"""  # noqa: S608 - ours
_ADMIT: Final = f"""INSERT INTO {{schema}}.links AS former
        (job, link_id, state, version, at, institution, run)
    SELECT {_JOB}, link_id, 'queued', 1, %(at)s, institution, %(run)s
    FROM unnest(%(link_ids)s::text[], %(institutions)s::text[]) AS wanted (link_id, institution)
    ON CONFLICT (job, link_id) DO UPDATE SET run = excluded.run,
        institution = coalesce(excluded.institution, former.institution)"""  # noqa: S608 - ours
_REPLACE: Final = f"""UPDATE {{schema}}.links
    SET state = %(state)s, version = %(version)s, at = %(at)s, institution = %(institution)s,
        submitted_at = %(submitted_at)s, logins = %(logins)s, ticket = %(ticket)s,
        expires_at = %(expires_at)s, code = %(code)s, message = %(message)s, may_retry = %(may_retry)s,
        retry_at = %(retry_at)s, credentials = %(credentials)s, refused = %(refused)s
    WHERE job = {_JOB} AND link_id = %(link_id)s AND version = %(version)s - 1"""  # noqa: S608 - ours
_REPLACE_AND_END: Final = f"""WITH replaced AS ({_REPLACE} RETURNING job)
    UPDATE {{schema}}.jobs SET output_end = %(output_end)s, output_digest = %(output_digest)s
    WHERE number IN (SELECT job FROM replaced)"""  # noqa: S608 - ours
_FIND: Final = f"""SELECT * FROM {{schema}}.links
    WHERE job = {_JOB} AND state = ANY(%(states)s::text[])
    ORDER BY expires_at NULLS LAST, link_id LIMIT %(limit)s"""  # noqa: S608 - ours
_BY_STATE: Final = f"""SELECT institution, state, count(*) AS links,
        count(*) FILTER (WHERE at >= %(since)s) AS ended,
        count(*) FILTER (WHERE NOT may_retry AND refused IS NOT NULL) AS held_back,
        min(expires_at) AS next_expiry
    FROM {{schema}}.links WHERE job = {_JOB} GROUP BY institution, state"""  # noqa: S608 - ours
_BY_CODE: Final = f"""SELECT code, count(*) AS links FROM {{schema}}.links
    WHERE job = {_JOB} AND state IN ('refused', 'unsettled') AND code IS NOT NULL
    GROUP BY code"""  # noqa: S608 - ours
_FORGET_LINKS: Final = f"""DELETE FROM {{schema}}.links WHERE (job, link_id) IN (
    SELECT job, link_id FROM {{schema}}.links WHERE job = {_JOB} LIMIT %(limit)s)"""  # noqa: S608 - ours
_FORGET_JOB: Final = "DELETE FROM {schema}.jobs WHERE owner = %(owner)s AND name = %(name)s"
_ERASE: Final = """DELETE FROM {schema}.links WHERE link_id = %(link_id)s
    AND job IN (SELECT number FROM {schema}.jobs WHERE owner = %(owner)s)"""
_ASKED: Final = (LinkState.CHALLENGED, LinkState.PARKED)


class PostgresLedger(PostgresPart):
    """Keeps jobs in PostgreSQL, for all processes that reach the server.

    Needs the extra `postgres`. What is written survives a crash of the server; a replica that takes over may
    lack what was written last, unless it is synchronous. It belongs to the event loop and the process in
    which it is first used.

    Args:
        dsn: `postgresql://` or `postgres://`, or whatever else libpq takes.
        schema: Of the tables in the database; made where there is none.

    Raises:
        ConfigurationError: The extra `postgres` is missing, or an argument makes no sense.
    """

    _error = LedgerWriteError

    def __init__(self, dsn: str, *, schema: str = "belvo") -> None:
        self._tables = PostgresTables(dsn, schema, "ledger")

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
        asked = _write_text(purpose)
        await self._write(_BEGIN, job, environment=environment, at=write_time(at), total=total, purpose=asked)
        begun = await self.read_job(job)
        if begun is None:
            raise LedgerWriteError(
                f"The job {job.name} was forgotten while it began.", remedy="Begin it again."
            )
        return begun

    async def end(self, job: JobKey, run: int, *, at: datetime, reason: str | None) -> None:
        """Note that a run has ended; see `Ledger`."""
        await self._write(_END, job, run=run, at=write_time(at), reason=_write_text(reason))

    async def read_job(self, job: JobKey) -> JobRow | None:
        """Return a job; see `Ledger`."""
        rows = await self._read(_READ_JOB, job)
        return _read_job(rows[0]) if rows else None

    async def list_jobs(self) -> list[JobRow]:
        """Return all jobs; see `Ledger`."""
        return [_read_job(row) for row in await self._read_rows(_JOBS)]

    async def pause(self, job: JobKey, *, is_paused: bool) -> None:
        """Note whether logins of a job may begin; see `Ledger`."""
        await self._write(_PAUSE, job, is_paused=is_paused)

    async def admit(
        self, job: JobKey, run: int, links: Sequence[tuple[str, str | None]], *, at: datetime
    ) -> list[LinkRow]:
        """Take links into a run; see `Ledger`."""
        wanted: dict[str, str | None] = {}
        for link_id, institution in links:
            wanted[link_id] = institution or wanted.get(link_id)
        found = await self.read(job, wanted)
        new = {link_id: name for link_id, name in wanted.items() if not _is_admitted(found, link_id, run)}
        if new:
            names = [_write_text(name) for name in new.values()]
            await self._write(_ADMIT, job, run=run, at=write_time(at), link_ids=[*new], institutions=names)
        rows = []
        for link_id, institution in links:
            row = found.get(link_id)
            rows.append(
                row or LinkRow(link_id=link_id, state=LinkState.QUEUED, at=at, institution=institution)
            )
            found[link_id] = evolve(rows[-1], run=run)
        return rows

    async def read(self, job: JobKey, link_ids: Collection[str]) -> dict[str, LinkRow]:
        """Return the rows of links; see `Ledger`."""
        rows = await self._read(_READ, job, link_ids=[*link_ids])
        return {row["link_id"]: _read_link(row) for row in rows}

    async def replace(self, job: JobKey, row: LinkRow, *, output_end: OutputEnd | None = None) -> bool:
        """Put the next version of a row in its place; see `Ledger`."""
        cells, statement = _write_link(row), _REPLACE
        if output_end is not None:
            cells |= {"output_end": output_end.position, "output_digest": output_end.digest}
            statement = _REPLACE_AND_END
        try:
            return await self._write(statement, job, **cells) == 1
        except LedgerWriteError:  # it may be written all the same
            found = (await self.read(job, [row.link_id])).get(row.link_id)
            if is_same_write(row, found):
                return True
            raise

    async def find(
        self, job: JobKey, states: Collection[LinkState], *, limit: int | None = None
    ) -> list[LinkRow]:
        """Return rows by their states; see `Ledger`."""
        rows = await self._read(_FIND, job, states=[state.value for state in states], limit=limit)
        return [_read_link(row) for row in rows]

    async def count(self, job: JobKey, *, since: datetime) -> LinkCounts:
        """Count the links of a job, and those that have ended lately; see `Ledger`."""
        groups = await self._read(_BY_STATE, job, since=write_time(since))
        codes = await self._read(_BY_CODE, job)
        by_state = [(group, LinkState(group["state"])) for group in groups]
        expiries = [
            group["next_expiry"]
            for group, state in by_state
            if state in _ASKED and group["next_expiry"] is not None
        ]
        return build_counts(
            [(group["institution"], state, group["links"]) for group, state in by_state],
            by_code={row["code"]: row["links"] for row in codes},
            next_expiry=read_time(min(expiries)) if expiries else None,
            held_back=sum(group["held_back"] for group, state in by_state if state is LinkState.REFUSED),
            ended=sum(group["ended"] for group, state in by_state if state.is_final),
        )

    async def forget(self, job: JobKey) -> None:
        """Remove a job and all its links; see `Ledger`."""
        while await self._write(_FORGET_LINKS, job, limit=_FORGOTTEN_AT_ONCE):
            pass
        await self._write(_FORGET_JOB, job)

    async def erase(self, owner: str, link_id: str) -> int:
        """Remove the rows of a link; see `Ledger`."""
        return await self._write_rows(_ERASE, owner=owner, link_id=link_id)

    async def _read(self, statement: str, job: JobKey, **values: "Value") -> "list[Row]":
        return await self._read_rows(statement, owner=job.owner, name=job.name, **values)

    async def _write(self, statement: str, job: JobKey, **values: "Value") -> int:
        return await self._write_rows(statement, owner=job.owner, name=job.name, **values)


def _is_admitted(found: dict[str, LinkRow], link_id: str, run: int) -> bool:
    return link_id in found and found[link_id].run == run


def _read_job(row: "Row") -> JobRow:
    return JobRow(
        key=JobKey(row["owner"], row["name"]),
        environment=row["environment"],
        runs=row["runs"],
        started_at=read_time(row["started_at"]),
        ended_at=_read_time(row["ended_at"]),
        reason=row["reason"],
        total=row["total"],
        is_paused=row["is_paused"],
        purpose=row["purpose"],
        output_end=None if row["output_end"] is None else OutputEnd(row["output_end"], row["output_digest"]),
    )


def _read_link(row: "Row") -> LinkRow:
    return LinkRow(
        link_id=row["link_id"],
        state=LinkState(row["state"]),
        at=read_time(row["at"]),
        version=row["version"],
        run=row["run"],
        institution=row["institution"],
        submitted_at=_read_time(row["submitted_at"]),
        logins=row["logins"],
        ticket=row["ticket"],
        expires_at=_read_time(row["expires_at"]),
        code=row["code"],
        message=row["message"],
        may_retry=row["may_retry"],
        retry_at=_read_time(row["retry_at"]),
        credentials=row["credentials"],
        refused=tuple((row["refused"] or "").split()),
    )


def _write_link(row: LinkRow) -> "dict[str, Value]":
    return {
        "link_id": row.link_id,
        "state": row.state.value,
        "version": row.version,
        "at": write_time(row.at),
        "institution": _write_text(row.institution),
        "submitted_at": _write_time(row.submitted_at),
        "logins": row.logins,
        "ticket": row.ticket,
        "expires_at": _write_time(row.expires_at),
        "code": _write_text(row.code),
        "message": _write_text(row.message),
        "may_retry": row.may_retry,
        "retry_at": _write_time(row.retry_at),
        "credentials": row.credentials,
        "refused": " ".join(row.refused) or None,
    }


def _read_time(cell: object) -> datetime | None:
    return None if cell is None else read_time(cell)


def _write_time(moment: datetime | None) -> int | None:
    return None if moment is None else write_time(moment)


def _write_text(text: str | None) -> str | None:
    """Return a text as PostgreSQL takes it: half characters and zero bytes as their escapes."""
    return None if text is None else text.encode("utf-8", "backslashreplace").decode().replace("\0", "\\x00")
