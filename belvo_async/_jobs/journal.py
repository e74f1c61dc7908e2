"""The journal of a bulk refresh: what is about to happen to each link, written down before it happens."""

import os
import sqlite3
from collections.abc import Sequence
from datetime import datetime
from typing import Final

from belvo_async._clock import SYSTEM_CLOCK, Clock
from belvo_async._jobs.journal_errors import JOURNAL_ERRORS
from belvo_async._jobs.journal_owner import bind
from belvo_async._jobs.records import (
    RESULTS,
    Admission,
    Cell,
    Counts,
    LinkState,
    Record,
    read_record,
    write_cell,
)
from belvo_async._jobs.status import count_links
from belvo_async._sqlite.database import Database
from belvo_async._sqlite.worker import InlineWorker, ThreadWorker
from belvo_async.backends._upgrades import UPGRADES
from belvo_async.params import ClientIdentity

_BEGIN_RUN: Final = "INSERT INTO runs (started_at, total) VALUES (:at, :total)"
_END_RUN: Final = "UPDATE runs SET ended_at = :at, reason = :reason WHERE number = :run"
_FIND: Final = "SELECT * FROM links WHERE link_id = ?"
_INSERT: Final = """INSERT INTO links (link_id, state, at, institution, run)
    VALUES (:link_id, 'queued', :at, :institution, :run)"""
_ADMIT_AGAIN: Final = """UPDATE links SET run = :run, institution = coalesce(:institution, institution)
    WHERE link_id = :link_id"""
_SUBMIT: Final = """UPDATE links
    SET state = 'submitted', at = :at, submitted_at = :submitted_at, logins = logins + 1,
        credentials = coalesce(:credentials, credentials),
        ticket = NULL, expires_at = NULL,
        code = NULL, message = NULL, may_retry = 0, retry_at = NULL
    WHERE link_id = :link_id"""
_CHALLENGE: Final = """UPDATE links
    SET state = :state, at = :at, ticket = :ticket, expires_at = :expires_at
    WHERE link_id = :link_id"""
_ANSWER: Final = """UPDATE links
    SET state = 'answered', at = :at, submitted_at = :submitted_at
    WHERE link_id = :link_id"""
_FINISH: Final = """UPDATE links
    SET state = :state, at = :at, institution = coalesce(:institution, institution),
        submitted_at = coalesce(:submitted_at, submitted_at),
        ticket = NULL, expires_at = NULL,
        code = :code, message = :message, may_retry = :may_retry, retry_at = :retry_at,
        refused = CASE WHEN :holds_back AND credentials IS NOT NULL
            THEN substr(credentials || ' ' || replace(coalesce(refused, ''), credentials || ' ', ''), 1, 340)
            ELSE refused END  -- 340: twenty digests with their spaces
    WHERE link_id = :link_id"""
_TAKE_INTERRUPTED: Final = """UPDATE links SET run = :run
    WHERE state IN ('submitted', 'challenged', 'answered') RETURNING *"""
_REQUEUE: Final = """UPDATE links
    SET state = 'queued', at = :at,
        ticket = NULL, expires_at = NULL,
        code = NULL, message = NULL, may_retry = 0, retry_at = NULL
    WHERE link_id = :link_id"""


class Journal:
    """The state of each link of a job, on disk before the act that it announces.

    A method that writes returns once its write is committed, and what waits at the same time is committed
    together. Each raises `JournalWriteError` where nothing was written, and may then be called again. Who is
    cancelled in the meantime must take it that the write was made.

    Args:
        path: An SQLite file, made where there is none; or None for a temporary one, gone when it is closed.
        identity: The client whose job it is; a journal belongs to that of its first run.
        clock: Tells when a state was written.
        is_copy: Whether to work on a temporary copy of the file, which stays as it is: for a dry run.
    """

    def __init__(
        self,
        path: str | os.PathLike[str] | None,
        identity: ClientIdentity,
        *,
        clock: Clock = SYSTEM_CLOCK,
        is_copy: bool = False,
    ) -> None:
        database = Database(
            path,
            JOURNAL_ERRORS,
            UPGRADES,
            is_job=True,
            is_copy=is_copy,
            prepare=lambda connection: bind(connection, path, identity),
        )
        self._worker: Final[InlineWorker | ThreadWorker] = (
            InlineWorker(database) if path is None else ThreadWorker(database)
        )
        self._clock: Final = clock
        self._run: int | None = None

    async def open(self, *, total: int | None = None) -> None:
        """Open the file and begin a run, of *total* links where that is known. To be called once.

        Raises:
            JournalBusyError: Another job runs it.
            JournalMismatchError: It belongs to another client, or environment. It was not changed.
            JournalUnreadableError: It is damaged, cut, or no journal of this version. It was not changed.
            JournalWriteError: It cannot be made or written there.
        """
        await self._worker.open()
        values = {"at": write_cell(self._clock.wall()), "total": total}
        try:
            self._run = await self._worker.run(
                lambda connection: connection.execute(_BEGIN_RUN, values).lastrowid
            )
        except BaseException:
            await self._worker.close()
            raise

    async def close(self) -> None:
        """Finish what waits, close the file and let go of it; goes on when cancelled, may be repeated."""
        await self._worker.close()

    async def admit(self, links: Sequence[tuple[str, str | None]]) -> list[Admission]:
        """Take links, each with its institution if that is known, into this run; new ones are queued."""
        now = self._clock.wall()
        return await self._worker.run(
            lambda connection: [self._admit_one(connection, now, *link) for link in links]
        )

    async def submit(self, link_id: str, at: datetime, credentials: str | None = None) -> None:
        """Announce a login; *at* is its time by Belvo's clock, *credentials* a digest of what it sends."""
        await self._write(_SUBMIT, link_id, submitted_at=at, credentials=credentials)

    async def challenge(self, link_id: str, *, ticket: str, expires_at: datetime) -> None:
        """Note that the bank asks for a token, under which ticket, and until when."""
        await self._write_challenge(LinkState.CHALLENGED, link_id, ticket, expires_at)

    async def answer(self, link_id: str, at: datetime) -> None:
        """Announce the answer to a challenge; *at* is its time by Belvo's clock."""
        await self._write(_ANSWER, link_id, submitted_at=at)

    async def park(self, link_id: str, *, ticket: str, expires_at: datetime) -> None:
        """Leave a challenge open under its ticket."""
        await self._write_challenge(LinkState.PARKED, link_id, ticket, expires_at)

    async def finish(  # noqa: PLR0913 - what a row holds, by keyword only
        self,
        link_id: str,
        state: LinkState,
        *,
        code: str | None = None,
        message: str | None = None,
        may_retry: bool = False,
        retry_at: datetime | None = None,
        institution: str | None = None,
        submitted_at: datetime | None = None,
        holds_back: bool = False,
    ) -> None:
        """Note how a link ended: updated, refused or unsettled. Its challenge, if any, is forgotten.

        With *submitted_at*, somebody else has sent an answer at that time, by Belvo's clock. With
        *holds_back*, the credentials that were sent last are kept among the refused ones.
        """
        if state not in RESULTS:
            raise ValueError(f"a link does not end as {state}")
        await self._write(
            _FINISH,
            link_id,
            state=state.value,
            code=code,
            message=message,
            may_retry=may_retry,
            retry_at=retry_at,
            institution=institution,
            submitted_at=submitted_at,
            holds_back=holds_back,
        )

    async def requeue(self, link_id: str) -> None:
        """Put a link that has ended back to the start, because somebody asked for it."""
        await self._write(_REQUEUE, link_id)

    async def take_interrupted(self) -> list[Record]:
        """Take into this run the links that an earlier one left in the middle of a login."""
        values = {"run": self._run}
        return await self._worker.run(
            lambda connection: [read_record(row) for row in connection.execute(_TAKE_INTERRUPTED, values)]
        )

    async def read_counts(self) -> Counts:
        """Count all links, of all runs; other writes wait for as long as that takes."""
        return await self._worker.run(count_links)

    async def end_run(self, reason: str | None) -> None:
        """Note that this run has ended; *reason* says why, where it did not come to its end."""
        at = write_cell(self._clock.wall())
        values = {"run": self._run, "at": at, "reason": None if reason is None else write_cell(reason)}
        await self._worker.run(lambda connection: connection.execute(_END_RUN, values))

    def _admit_one(
        self, connection: sqlite3.Connection, now: datetime, link_id: str, institution: str | None
    ) -> Admission:
        name = None if institution is None else write_cell(institution)
        values = {"link_id": write_cell(link_id), "institution": name, "run": self._run}
        row = connection.execute(_FIND, (values["link_id"],)).fetchone()
        if row is None:
            connection.execute(_INSERT, {**values, "at": write_cell(now)})
            record = Record(link_id=link_id, state=LinkState.QUEUED, at=now, institution=institution)
            return Admission(record, is_repeated=False, is_new=True)
        is_repeated = row["run"] == self._run
        if not is_repeated:
            connection.execute(_ADMIT_AGAIN, values)
        return Admission(read_record(row), is_repeated=is_repeated, is_new=False)

    async def _write_challenge(
        self, state: LinkState, link_id: str, ticket: str, expires_at: datetime
    ) -> None:
        await self._write(_CHALLENGE, link_id, state=state.value, ticket=ticket, expires_at=expires_at)

    async def _write(self, statement: str, link_id: str, **values: str | datetime | bool | None) -> None:
        named: dict[str, Cell] = {name: write_cell(value) for name, value in values.items()}
        named |= {"link_id": write_cell(link_id), "at": write_cell(self._clock.wall())}
        count = await self._worker.run(lambda connection: connection.execute(statement, named).rowcount)
        if not count:  # or what it should have announced would happen unannounced
            raise LookupError(f"link {link_id} was never admitted to the journal")
