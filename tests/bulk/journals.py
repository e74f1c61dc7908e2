"""Journals that earlier runs have left, jobs without a network on them, and processes that run such jobs."""

import os
import sqlite3
import subprocess
import sys
import tempfile
from collections.abc import AsyncIterator, Iterable, Iterator
from contextlib import asynccontextmanager, closing, contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Final

import pytest

from belvo_async import Client, Clock, Credentials, LinkUpdate, RateLimit, SessionPool
from belvo_async.bulk import JobRun, refresh
from belvo_async.errors import LedgerError
from belvo_async.testing import BelvoMock, ManualClock

NOON: Final = datetime(2026, 1, 1, 12, tzinfo=UTC)
HOUR: Final = timedelta(hours=1)
KEYS: Final = Credentials("id", "password")
A, B, C = ("30cb4806-6e00-48a4-91c9-ca55968576c" + digit for digit in "abc")
_NOBODY: Final = 65534


def build_updates(*link_ids: str) -> list[LinkUpdate]:
    return [LinkUpdate(link_id, password="new") for link_id in link_ids]


def build_belvo(*link_ids: str) -> BelvoMock:
    """Build a Belvo that a job may ask once, and where the logins of these links succeed."""
    belvo = BelvoMock()
    belvo.reply("GET", "/api/")
    for link_id in link_ids:
        belvo.link_updated(link_id)
    return belvo


def open_pool(belvo: BelvoMock, clock: Clock | None = None, **settings: Any) -> SessionPool:
    limit = RateLimit.unlimited()  # the clock stands still
    clock = clock or ManualClock()
    return SessionPool(
        KEYS, environment=belvo.url, transport=belvo, clock=clock, rate_limit=limit, **settings
    )


@asynccontextmanager
async def running(
    path: Path | None,
    updates: Any = (),
    *,
    belvo: BelvoMock | None = None,
    clock: Clock | None = None,
    **settings: Any,
) -> AsyncIterator[JobRun]:
    """Run a job on a Belvo of a script; by default all logins succeed."""
    belvo = belvo or build_belvo(*(update.link_id for update in updates))
    async with (
        open_pool(belvo, clock) as pool,
        refresh(pool, updates, journal=path, **settings) as run,
    ):
        yield run


async def make(path: Path, *link_ids: str) -> Path:
    """Run a job on a journal to its end."""
    async with running(path, build_updates(*link_ids)) as run:
        await run.finish()
    return path


async def leave(path: Path, link_id: str, state: str, *, pool: Client | None = None, **cells: object) -> None:
    """Write what a run that was killed has left, into a new journal of the client of *pool* or another."""
    if not os.path.exists(path):  # noqa: ASYNC240, PTH110 - an instant
        if pool is None:
            await make(path)
        else:
            async with refresh(pool, [], journal=path) as run:
                await run.finish()
    write_links(path, [{"link_id": link_id, "state": state, **cells}])
    alter(path, "UPDATE jobs SET ended_at = NULL")


def write_links(path: Path, rows: Iterable[dict[str, object]]) -> None:
    """Write rows of links into a journal, in the form that tests/formats keeps."""
    with closing(sqlite3.connect(path)) as connection, connection:
        for row in rows:
            cells = {"job": 1, "version": 1, "at": NOON, "run": 0, **row}
            values = [_write_time(cell) if isinstance(cell, datetime) else cell for cell in cells.values()]
            marks = ", ".join("?" * len(cells))
            connection.execute(f"INSERT INTO links ({', '.join(cells)}) VALUES ({marks})", values)  # noqa: S608 - ours


def _write_time(time: datetime) -> str:
    return time.astimezone(UTC).isoformat(timespec="microseconds")


async def write_thousand(path: Path) -> Path:
    """Make a journal with 1,000 links that wait."""
    await make(path)
    write_links(path, ({"link_id": f"link {number}", "state": "queued"} for number in range(1000)))
    return path


def alter(path: Path, *statements: str) -> None:
    with closing(sqlite3.connect(path, isolation_level=None)) as connection:
        for statement in statements:
            connection.execute(statement).fetchall()


def beside(path: Path, suffix: str) -> Path:
    """Return the path of what SQLite or the job puts beside a journal."""
    return Path(f"{path}-{suffix}")


def read_bytes(directory: Path) -> dict[str, bytes]:
    """Return the content of every file but the lock, which has none."""
    return {file.name: file.read_bytes() for file in directory.iterdir() if not file.name.endswith("-lock")}


@contextmanager
def as_nobody() -> Iterator[None]:
    """Be a user to whom permissions mean something, where the tests run as root."""
    if os.geteuid():
        yield
        return
    os.seteuid(_NOBODY)
    try:
        yield
    finally:
        os.seteuid(0)


def list_directories(path: Path) -> list[Path]:
    """Return the directories above a file that pytest made, the nearest first; others may not enter them."""
    mine = Path(tempfile.gettempdir())
    return [parent for parent in path.parents if mine in parent.parents]


def start(program: str, *arguments: object) -> subprocess.Popen[str]:
    """Run Python source in a process of its own."""
    command = [sys.executable, "-W", "error", "-c", program, *map(str, arguments)]
    pipe = subprocess.PIPE
    return subprocess.Popen(command, stdin=pipe, stdout=pipe, stderr=pipe, text=True)  # noqa: S603 - ours


def leave_half_made(path: Path, application: int = 0) -> None:
    """Kill a process in its first transaction, so that SQLite has something to roll back."""
    program = """
import os, sqlite3, sys
connection = sqlite3.connect(sys.argv[1], isolation_level=None)
connection.execute(f"PRAGMA application_id = {sys.argv[2]}")
connection.execute("VACUUM")
connection.execute("PRAGMA cache_size = 1")
connection.execute("BEGIN")
connection.execute("CREATE TABLE half (made TEXT)")
for _ in range(1000):
    connection.execute("INSERT INTO half VALUES (?)", ("x" * 1000,))
os._exit(0)
"""
    with start(program, path, application) as process:
        assert process.communicate(timeout=30) == ("", "")
    assert path.stat().st_size


async def refuse(path: Path, kind: type[LedgerError], **settings: Any) -> LedgerError:
    """Try to run a job on a journal that cannot be used; return the error."""
    belvo = BelvoMock()
    with pytest.raises(kind) as caught:
        async with running(path, belvo=belvo, **settings):
            pass
    assert type(caught.value) is kind
    assert str(path) in str(caught.value)
    assert caught.value.remedy
    assert belvo.requests == []
    return caught.value


def leave_killed(path: Path) -> None:
    """Kill a job that has updated link A and is about to log in link B."""
    program = """
import asyncio, os, sys
from pathlib import Path
from belvo_async import Concurrency
from belvo_async.bulk import JobLimits
from tests.bulk.journals import A, B, build_belvo, build_updates, running

async def look_up(link_id):
    if link_id == B:
        os._exit(0)
    return build_updates(link_id)[0]

async def main():
    settings = {"credentials": look_up, "limits": JobLimits(concurrency=Concurrency(total=1))}
    async with running(Path(sys.argv[1]), [A, B], belvo=build_belvo(A), **settings) as run:
        await run.finish()

asyncio.run(main())
"""
    with start(program, path) as process:
        assert process.communicate(timeout=30) == ("", "")
