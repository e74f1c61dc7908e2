"""What a PostgreSQL server keeps of challenges, and the form of its tables, as JSON, and back."""

import asyncio
import json
from typing import Any, Final

import psycopg
from psycopg import sql
from psycopg.rows import dict_row

from belvo_async.backends import ChallengeRow, PostgresBackend
from belvo_async.testing.ledger_suite import JOB, write_all
from tests.formats.challenges import read_rows_of
from tests.formats.places import HERE, find_newest, write_new
from tests.formats.values import ENVIRONMENT, NOON, name_link
from tests.stores.postgres import running_postgres

NEW: Final = HERE / "postgres_2" / "tables.json"
_COLUMNS: Final = """SELECT table_name, column_name, data_type, is_nullable FROM information_schema.columns
    WHERE table_schema = 'belvo' ORDER BY table_name, ordinal_position"""
_INDEXES: Final = "SELECT indexdef FROM pg_indexes WHERE schemaname = 'belvo' ORDER BY 1"


async def make_tables(dsn: str, rows: list[ChallengeRow]) -> None:
    """Make the tables in an empty database, and keep these rows there."""
    async with PostgresBackend(dsn) as backend:
        for row in rows:
            assert await backend.challenges.add(row)
        await backend.ledger.begin(JOB, environment=ENVIRONMENT, at=NOON, total=2)
        admitted = await backend.ledger.admit(
            JOB, 1, [(name_link(1), None), (name_link(2), "erebor")], at=NOON
        )
        assert await backend.ledger.replace(JOB, write_all(admitted[1]))


def read_tables(dsn: str) -> dict[str, Any]:
    """Return the form of the tables, their versions, and the challenges."""
    with psycopg.Connection[dict[str, Any]].connect(dsn, row_factory=dict_row) as connection:

        def ask(query: str) -> list[dict[str, Any]]:
            return connection.execute(query.encode()).fetchall()

        return {
            "columns": [" ".join(row.values()) for row in ask(_COLUMNS)],
            "indexes": [row["indexdef"] for row in ask(_INDEXES)],
            "versions": ask("SELECT * FROM belvo.versions ORDER BY part"),
            "challenges": ask("SELECT * FROM belvo.challenges ORDER BY key"),
            "jobs": ask("SELECT * FROM belvo.jobs ORDER BY number"),
            "links": ask("SELECT * FROM belvo.links ORDER BY link_id"),
        }


_LOAD: Final = """DELETE FROM belvo.{name}; INSERT INTO belvo.{name} OVERRIDING SYSTEM VALUE
    SELECT * FROM json_populate_recordset(NULL::belvo.{name}, {cells})"""


def load_rows(dsn: str, tables: dict[str, Any]) -> None:
    """Put all that a fixture holds into the tables, in place of what is there."""
    with psycopg.connect(dsn) as connection:
        for name in ("versions", "challenges", "jobs", "links"):
            cells = sql.Literal(json.dumps(tables[name]))
            connection.execute(sql.SQL(_LOAD).format(name=sql.Identifier(name), cells=cells))


def write() -> None:
    """Write what a server of its own keeps of the newest rows."""
    rows = read_rows_of(find_newest("rows") / "rows.json")
    with running_postgres() as server:
        asyncio.run(make_tables(server.dsn, rows))
        found = read_tables(server.dsn)
    write_new(NEW, (json.dumps(found, indent=1) + "\n").encode())
