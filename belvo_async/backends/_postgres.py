"""Parked challenges in PostgreSQL."""

import builtins
from collections.abc import Callable
from datetime import datetime
from functools import partial
from typing import TYPE_CHECKING, Final

from belvo_async.backends._challenge_store import ChallengeRow, write_time
from belvo_async.backends._postgres_tables import PostgresPart, PostgresTables
from belvo_async.errors import ChallengeStoreError, DamagedStateError
from belvo_async.models import ChallengePhase

if TYPE_CHECKING:
    from belvo_async.backends._postgres_driver import Row

_FORGOTTEN_AT_ONCE: Final = 500
_ADD: Final = """INSERT INTO {schema}.challenges
        (key, owner, link, phase, version, expires_at, keep_until, record)
    VALUES (%(key)s, %(owner)s, %(link)s, %(phase)s, %(version)s, %(expires_at)s, %(keep_until)s, %(record)s)
    ON CONFLICT (key) DO NOTHING"""
_READ: Final = "SELECT * FROM {schema}.challenges WHERE key = %(key)s"
_REPLACE: Final = """UPDATE {schema}.challenges
    SET phase = %(phase)s, version = %(version)s, expires_at = %(expires_at)s, keep_until = %(keep_until)s,
        record = %(record)s
    WHERE key = %(key)s AND version = %(version)s - 1"""
_LIST: Final = """SELECT * FROM {schema}.challenges
    WHERE owner = %(owner)s AND phase = %(phase)s AND expires_at > %(after)s
    ORDER BY expires_at LIMIT %(limit)s"""
_FIND: Final = """SELECT * FROM {schema}.challenges
    WHERE link = %(link)s AND expires_at > %(after)s AND phase IN ('open', 'claimed', 'answered')
    ORDER BY expires_at DESC LIMIT %(limit)s"""
_FORGET: Final = """DELETE FROM {schema}.challenges WHERE key IN (
    SELECT key FROM {schema}.challenges WHERE keep_until < %(before)s
    LIMIT %(limit)s FOR UPDATE SKIP LOCKED)"""


class PostgresChallengeStore(PostgresPart):
    """Keeps parked challenges in PostgreSQL, for all processes that reach the server.

    Needs the extra `postgres`. What is written survives a crash of the server, whatever `synchronous_commit`
    says there; a replica that takes over may lack what was written last, unless it is synchronous.

    A store belongs to the event loop and the process in which it is first used, as its connections do, and
    raises `WrongEventLoopError` in every other. On Windows it needs a `SelectorEventLoop`.

    Args:
        dsn: `postgresql://` or `postgres://`, or whatever else libpq takes.
        schema: Of the tables in the database; made where there is none.

    Raises:
        ConfigurationError: The extra `postgres` is missing, or an argument makes no sense.
    """

    _error = ChallengeStoreError

    def __init__(self, dsn: str, *, schema: str = "belvo") -> None:
        self._tables = PostgresTables(dsn, schema, "challenge store")

    def check_loop(self) -> None:
        """Refuse every event loop but its own; see `ChallengeStore`."""
        self._tables.check_loop()

    async def add(self, row: ChallengeRow) -> bool:
        """Keep a new row; see `ChallengeStore`."""
        return await self._write_rows(_ADD, **row.write_cells()) == 1

    async def read(self, key: str) -> ChallengeRow | None:
        """Return the row of this key; see `ChallengeStore`."""
        found = await self._read_rows(_READ, key=key)
        return ChallengeRow.read_cells(found[0]) if found else None

    async def replace(self, row: ChallengeRow) -> bool:
        """Put the next version of a row in its place; see `ChallengeStore`."""
        return await self._write_rows(_REPLACE, **row.write_cells()) == 1

    async def list(
        self, owner: str, phase: ChallengePhase, *, after: datetime, limit: int
    ) -> builtins.list[ChallengeRow]:
        """Return the rows that expire soonest; see `ChallengeStore`."""
        found = await self._read_rows(
            _LIST, owner=owner, phase=phase.value, after=write_time(after), limit=limit
        )
        stand_in = partial(ChallengeRow.stand_in, owner=owner, phase=phase)
        return [_read(row, stand_in) for row in found]

    async def find(self, link: str, *, after: datetime, limit: int) -> builtins.list[ChallengeRow]:
        """Return the ongoing rows of a link; see `ChallengeStore`."""
        found = await self._read_rows(_FIND, link=link, after=write_time(after), limit=limit)
        return [_read(row, partial(ChallengeRow.stand_in, link=link)) for row in found]

    async def forget(self, before: datetime) -> int:
        """Remove rows that are over; see `ChallengeStore`."""
        count, last = 0, _FORGOTTEN_AT_ONCE
        while last == _FORGOTTEN_AT_ONCE:
            last = await self._write_rows(_FORGET, before=write_time(before), limit=_FORGOTTEN_AT_ONCE)
            count += last
        return count


def _read(row: "Row", stand_in: Callable[[str], ChallengeRow]) -> ChallengeRow:
    try:
        return ChallengeRow.read_cells(row)
    except DamagedStateError:
        return stand_in(str(row["key"]))
