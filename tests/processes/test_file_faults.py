"""The file that processes share fails while they work: they say so, send nothing, and go on when they can.

Two pools on two event loops update the same links and read them; a server of its own tells what has come.
"""

import asyncio
import signal
import sqlite3
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from random import Random
from typing import Final

import pytest

from belvo_async.backends import SqliteBackend, SqliteCoordinator
from belvo_async.backends._lease import LEASE
from belvo_async.errors import CoordinatorError
from tests.processes.faults import (
    LIMIT,
    Crew,
    NextVersion,
    check_promises,
    list_since,
    open_pool,
    working,
)
from tests.processes.judge import Judge
from tests.processes.launch import ROOT
from tests.processes.worker import name_link
from tests.processes.writer import KEY, count

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="there is no SIGKILL")

LOGIN_SECONDS: Final = 4.0
_PLENTY: Final = 1_000_000
_LATE: Final = LIMIT.margin + 0.1
"""Seconds after which nothing arrives any more that was let go before."""


@pytest.fixture(autouse=True)
def login_limit(monkeypatch: pytest.MonkeyPatch) -> None:
    """The bank of the judge is quicker than a real one, and so are links free that nobody knows about."""
    monkeypatch.setattr("belvo_async.backends._lease.LOGIN_LIMIT", LOGIN_SECONDS)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "shared.sqlite"


@pytest.fixture
def coordinator_file(path: Path) -> Path:
    return path.with_name(f"{path.name}-coordinator")


@contextmanager
def unwritable(file: Path) -> Iterator[None]:
    """Put a directory where SQLite writes its journal: nobody can change the file then, not even root."""
    journal = file.with_name(f"{file.name}-journal")
    with closing(sqlite3.connect(file)) as connection:
        connection.execute("BEGIN EXCLUSIVE")  # nobody is in the middle of a change
        journal.unlink(missing_ok=True)
        journal.mkdir()
    try:
        yield
    finally:
        journal.rmdir()


@contextmanager
def full(*backends: SqliteBackend) -> Iterator[None]:
    """Let the coordinators' file have no page more."""
    _allow(backends, 1)  # SQLite takes what there is for the least
    try:
        yield
    finally:
        _allow(backends, _PLENTY)


def _allow(backends: tuple[SqliteBackend, ...], pages: int) -> None:
    for backend in backends:
        file = backend.coordinator._file
        assert file.connection is not None
        with file.lock:
            file.connection.execute(f"PRAGMA max_page_count = {pages}")


def check_told(crew: Crew, file: Path, word: str) -> None:
    """Check that those who failed were told of the file, and what is wrong with it."""
    failed = [one for one in crew.list_failed() if one.outcome == "CoordinatorError"]
    assert failed
    assert {one.said for one in failed if str(file) not in one.said or word not in one.said} == set()


async def test_a_file_that_cannot_be_written_any_more_lets_nothing_leave_and_is_used_again_when_it_can(
    path: Path, coordinator_file: Path
) -> None:
    async with Judge(login_seconds=0.3) as judge, working(judge, [str(path)] * 2) as crew:
        with unwritable(coordinator_file):
            harmed_at = time.monotonic()
            await asyncio.sleep(3.0)  # real, as the file's time is
            mended_at = time.monotonic()
        await crew.wait_for("updated", 20)
    check_promises(crew)
    check_told(crew, coordinator_file, "could not be written or read")
    meanwhile = [entry for entry in list_since(judge.log, harmed_at + _LATE) if entry.at < mended_at]
    assert meanwhile == []


async def test_a_full_disk_is_told_to_whom_it_hits_and_forgotten_when_there_is_room(
    path: Path, coordinator_file: Path
) -> None:
    """Each update is of a link of its own, so that the file grows."""
    backends = SqliteBackend(path), SqliteBackend(path)
    async with Judge(login_seconds=0.1) as judge, working(judge, backends, links=None) as crew:
        with full(*backends):
            await crew.wait_for("CoordinatorError", 20)
        await crew.wait_for("updated", 20)
    check_promises(crew)
    check_told(crew, coordinator_file, "full")


async def test_a_file_that_is_deleted_under_load_lets_nothing_through_that_may_be_too_much(
    path: Path, coordinator_file: Path
) -> None:
    async with Judge(login_seconds=0.3) as judge, working(judge, [str(path)] * 2) as crew:
        began_at = time.monotonic()
        await asyncio.to_thread(coordinator_file.unlink)
        deleted_at = time.monotonic()
        await crew.wait_for("updated", 20)
    check_promises(crew)
    assert list_since(judge.logins, deleted_at + _LATE)[0].at - began_at >= LOGIN_SECONDS


def write_note(place: Path) -> None:
    place.write_text("no coordinator, " * 100)


@pytest.mark.parametrize("spoil", [write_note, Path.mkdir])
async def test_a_file_that_is_no_coordinator_is_told_at_once_to_those_who_wait(
    path: Path, coordinator_file: Path, spoil: Callable[[Path], None]
) -> None:
    """A read waits for half a minute for a file that may be writable by then, and not for another's."""
    spoil(coordinator_file)
    async with Judge() as judge, open_pool(judge, str(path)) as pool, asyncio.timeout(5.0):
        with pytest.raises(CoordinatorError, match=coordinator_file.name) as refused:
            await pool.links.get(name_link(0))
        assert refused.value.is_permanent
        assert "nothing was sent" in str(refused.value).lower()
    assert judge.log == []


async def test_a_neighbouring_version_beside_this_one_is_served_by_the_file(path: Path) -> None:
    neighbour = NextVersion(SqliteBackend(path))
    async with Judge(login_seconds=0.1) as judge, working(judge, [str(path), neighbour]) as crew:
        await crew.wait_for("updated", 40)
    check_promises(crew)
    assert crew.list_failed() == []


def test_a_process_that_is_killed_as_it_writes_leaves_a_file_that_the_next_one_opens(
    coordinator_file: Path,
) -> None:
    """What it has said to be written is written, and others that have the file open go on."""
    random = Random(1)  # noqa: S311 - moments
    beside = SqliteCoordinator(coordinator_file)
    for _ in range(3):
        with writing(coordinator_file) as process:
            time.sleep(random.uniform(0.1, 0.3))
            process.send_signal(signal.SIGKILL)
            assert process.stdout is not None
            said = [int(line) for line in process.stdout.read().split(b"\n")[:-1]]
        assert beside.change(LEASE, KEY, count) > said[-1]
        with closing(sqlite3.connect(coordinator_file)) as connection:
            assert connection.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
        other = SqliteCoordinator(coordinator_file)
        assert other.change(LEASE, KEY, count) > said[-1]
        other.close()
    beside.close()


@contextmanager
def writing(file: Path) -> Iterator["subprocess.Popen[bytes]"]:
    """Start a process that writes, and wait until it does."""
    command = (sys.executable, "-m", "tests.processes.writer", str(file))
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE) as process:  # noqa: S603 - our own
        try:
            assert process.stdout is not None
            assert process.stdout.readline()
            yield process
        finally:
            process.kill()
