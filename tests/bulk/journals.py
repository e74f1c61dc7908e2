"""Journals for tests, and processes that use them."""

import os
import subprocess
import sys
import tempfile
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Final

import pytest

from belvo_async._jobs.journal import Journal
from belvo_async.errors import JournalError
from belvo_async.testing import ManualClock

NOON: Final = datetime(2026, 1, 1, 12, tzinfo=UTC)
HOUR: Final = timedelta(hours=1)
_NOBODY: Final = 65534


@asynccontextmanager
async def opened(path: Path | None, *, clock: ManualClock | None = None) -> AsyncIterator[Journal]:
    journal = Journal(path, clock=clock or ManualClock())
    await journal.open()
    try:
        yield journal
    finally:
        await journal.close()


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


async def refuse(path: Path, kind: type[JournalError]) -> JournalError:
    """Try to open a journal that cannot be; return the error."""
    with pytest.raises(kind) as caught:
        await Journal(path).open()
    assert type(caught.value) is kind
    assert str(path) in str(caught.value)
    assert caught.value.remedy
    return caught.value


async def write_thousand(path: Path) -> Path:
    """Make a journal with 1,000 links, and close it."""
    async with opened(path) as journal:
        await journal.admit([(f"link {number}", "erebor") for number in range(1000)])
    return path


def leave_killed(path: Path) -> None:
    """Kill a job that has admitted one link."""
    program = """
import asyncio, os, sys
from belvo_async._jobs.journal import Journal

async def main():
    journal = Journal(sys.argv[1])
    await journal.open()
    await journal.admit([("killed", None)])
    os._exit(0)

asyncio.run(main())
"""
    with start(program, path) as process:
        assert process.communicate(timeout=30) == ("", "")
