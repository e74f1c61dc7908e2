"""Tables in PostgreSQL of every version so far are used, and today's are those of the newest fixture."""

import json
from pathlib import Path
from typing import Any

import pytest
from attrs import evolve

from belvo_async.backends import LinkState, PostgresBackend
from belvo_async.testing.ledger_suite import JOB, write_all
from tests.formats.challenges import read_rows_of
from tests.formats.in_postgres import load_rows, make_tables, read_tables
from tests.formats.places import HERE, find_newest
from tests.formats.values import ENVIRONMENT, NOON, name_link
from tests.stores.postgres import PostgresServer

FIXTURES = sorted(HERE.glob("postgres_*/tables.json"))


def read_fixture(path: Path) -> dict[str, Any]:
    fixture: dict[str, Any] = json.loads(path.read_text("utf-8"))
    return fixture


@pytest.mark.parametrize("path", FIXTURES, ids=lambda path: path.parent.name)
async def test_rows_of_every_version_are_read(path: Path, postgres: PostgresServer) -> None:
    dsn, rows = postgres.make_database(), read_rows_of(find_newest("rows") / "rows.json")
    await make_tables(dsn, [])
    load_rows(dsn, read_fixture(path))
    async with PostgresBackend(dsn) as backend:
        assert [await backend.challenges.read(row.key) for row in rows] == rows
        links = await backend.ledger.read(JOB, [name_link(1), name_link(2)])
        assert links[name_link(1)].state is LinkState.QUEUED
        assert links[name_link(2)] == write_all(evolve(links[name_link(2)], version=1))
        (job,) = await backend.ledger.list_jobs()
        assert (job.key, job.environment, job.started_at, job.total) == (JOB, ENVIRONMENT, NOON, 2)


async def test_the_same_rows_are_still_kept_alike(postgres: PostgresServer) -> None:
    dsn = postgres.make_database()
    await make_tables(dsn, read_rows_of(find_newest("rows") / "rows.json"))
    assert read_tables(dsn) == read_fixture(find_newest("postgres") / "tables.json")
