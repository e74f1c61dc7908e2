"""What a PostgreSQL server keeps of challenges, and the form of its tables, as JSON, and back."""

import asyncio
import json
from typing import Any, Final

import psycopg
from psycopg.rows import dict_row

from belvo_async.backends import ChallengeRow, PostgresBackend
from tests.formats.challenges import read_rows_of
from tests.formats.places import HERE, find_newest, write_new
from tests.stores.postgres import running_postgres

NEW: Final = HERE / "postgres_1" / "tables.json"
_COLUMNS: Final = """SELECT table_name, column_name, data_type, is_nullable FROM information_schema.columns
    WHERE table_schema = 'belvo' ORDER BY table_name, ordinal_position"""
_INDEXES: Final = "SELECT indexdef FROM pg_indexes WHERE schemaname = 'belvo' ORDER BY 1"


async def make_tables(dsn: str, rows: list[ChallengeRow]) -> None:
    """Make the tables in an empty database, and keep these rows there."""
    async with PostgresBackend(dsn) as backend:
        for row in rows:
            assert await backend.challenges.add(row)


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
        }


def load_rows(dsn: str, tables: dict[str, Any]) -> None:
    """Put the challenges and the versions into tables that are empty."""
    with psycopg.connect(dsn) as connection:
        connection.execute("DELETE FROM belvo.versions")
        for name in ("versions", "challenges"):
            cells = json.dumps(tables[name])
            query = f"INSERT INTO belvo.{name} SELECT * FROM json_populate_recordset(NULL::belvo.{name}, %s)"  # noqa: S608 - ours
            connection.execute(query.encode(), (cells,))


def write() -> None:
    """Write what a server of its own keeps of the newest rows."""
    rows = read_rows_of(find_newest("rows") / "rows.json")
    with running_postgres() as server:
        asyncio.run(make_tables(server.dsn, rows))
        found = read_tables(server.dsn)
    write_new(NEW, (json.dumps(found, indent=1) + "\n").encode())
