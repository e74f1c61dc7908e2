"""One backend, to which each machine of a test has a connection of its own."""

from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import TypeAlias
from uuid import uuid4

import pytest

from belvo_async.backends import PostgresBackend, SqliteBackend
from tests.stores.postgres import PostgresServer

OwnBackend: TypeAlias = SqliteBackend | PostgresBackend


@pytest.fixture(params=["sqlite", "postgres"])
def where(request: pytest.FixtureRequest, tmp_path: Path) -> Callable[[], OwnBackend]:
    """Makes a connection to one and the same backend, that keeps jobs."""
    if request.param == "sqlite":
        return lambda: SqliteBackend(tmp_path / "belvo.sqlite")
    postgres: PostgresServer = request.getfixturevalue("postgres")
    schema = f"belvo_{uuid4().hex}"
    return lambda: PostgresBackend(postgres.dsn, schema=schema)


@pytest.fixture
async def backend(where: Callable[[], OwnBackend]) -> AsyncIterator[OwnBackend]:
    """One of these connections, ready for its first use."""
    async with where() as backend:
        await backend.init()
        yield backend
