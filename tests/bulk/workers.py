"""Workers for tests, and what they run."""

import asyncio
import sqlite3
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from threading import Event

from belvo_async._jobs.journal_errors import JOURNAL_ERRORS
from belvo_async._sqlite.database import Database
from belvo_async._sqlite.worker import ThreadWorker
from belvo_async.backends._upgrades import UPGRADES

COUNT = "SELECT count(*) FROM runs"
PATIENCE = 10.0


def insert(connection: sqlite3.Connection) -> int | None:
    return connection.execute("INSERT INTO runs (started_at) VALUES ('now')").lastrowid


def count(connection: sqlite3.Connection) -> int:
    (rows,) = connection.execute(COUNT).fetchone()
    assert isinstance(rows, int)
    return rows


def fail(connection: sqlite3.Connection) -> None:
    connection.execute("INSERT INTO nowhere VALUES (1)")


def build_database(path: Path | None) -> Database:
    return Database(path, JOURNAL_ERRORS, UPGRADES, is_job=True)


@asynccontextmanager
async def opened_lane(path: Path) -> AsyncIterator[ThreadWorker]:
    worker = ThreadWorker(build_database(path))
    await worker.open()
    try:
        yield worker
    finally:
        await worker.close()


class Blocked:
    """A worker's thread that is kept from going on, so that what comes later waits together."""

    def __init__(self, worker: ThreadWorker) -> None:
        self._worker = worker
        self._release = Event()

    async def __aenter__(self) -> None:
        begun = Event()

        def block(_: sqlite3.Connection) -> None:
            begun.set()
            self._release.wait(PATIENCE)

        self._task = asyncio.create_task(self._worker.run(block))
        while not begun.is_set():  # noqa: ASYNC110 - a thread sets it
            await asyncio.sleep(0)

    async def __aexit__(self, *_: object) -> None:
        self._release.set()
        await self._task
