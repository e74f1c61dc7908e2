import os
import sqlite3
import time
from collections.abc import Iterator
from contextlib import closing
from datetime import datetime, timedelta
from pathlib import Path
from threading import Event, Thread

import pytest

from belvo_async import LinkUpdate
from belvo_async.backends import JobStatus, LinkState
from belvo_async.bulk import list_links, read_status
from belvo_async.errors import LedgerUnreadableError
from belvo_async.testing import ManualClock
from tests.bulk.journals import (
    HOUR,
    NOON,
    A,
    alter,
    as_nobody,
    beside,
    build_belvo,
    build_updates,
    leave_half_made,
    leave_killed,
    list_directories,
    make,
    read_bytes,
    running,
    start,
    write_links,
)


@pytest.fixture
async def path(tmp_path: Path) -> Path:
    """A journal of one run that ended early."""
    path = await make(tmp_path / "run.sqlite")
    rows: list[dict[str, object]] = [
        {"link_id": "a", "state": "parked", "ticket": "a", "expires_at": NOON + 2 * HOUR},
        {"link_id": "b", "state": "parked", "ticket": "b", "expires_at": NOON + HOUR},
        {"link_id": "c", "state": "updated"},
    ]
    write_links(path, rows)
    alter(path, "UPDATE jobs SET total = 10, reason = 'TooManyFailuresError'")
    return path


BEGIN = """
import asyncio, sys
from pathlib import Path
from tests.bulk.journals import A, make

print("begins", flush=True)
asyncio.run(make(Path(sys.argv[1]), A))
"""


def read_at(path: Path, seconds: float) -> JobStatus:
    return read_status(path, clock=ManualClock(start=NOON + timedelta(seconds=seconds)))


def test_a_job_that_ended_tells_when_and_why(path: Path) -> None:
    status = read_at(path, 60)
    assert (status.job.key.name, status.job.runs, status.is_running) == ("journal", 1, False)
    assert (status.job.started_at, status.job.ended_at, status.job.reason) == (
        NOON,
        NOON,
        "TooManyFailuresError",
    )
    assert (status.job.total, status.counts.next_expiry) == (10, NOON + HOUR)
    assert status.counts.by_state[LinkState.PARKED] == 2


async def test_a_job_that_runs_is_seen_to_run(path: Path) -> None:
    async with running(path, build_updates(A), clock=ManualClock(start=NOON + HOUR)) as run:
        status = read_status(path)
        assert (status.job.runs, status.is_running) == (2, True)
        assert (status.job.started_at, status.job.ended_at, status.job.total) == (NOON + HOUR, None, 1)
        await run.finish()
        assert read_status(path).counts.by_state[LinkState.UPDATED] == 2
    assert read_status(path).is_running is False


async def test_a_job_that_stopped_early_says_why(path: Path) -> None:
    async with running(path, build_updates(A)) as run:
        run.stop("enough for today")
    assert read_status(path).job.reason == "enough for today"


async def test_a_look_does_not_disturb_the_job(path: Path) -> None:
    links = [f"30cb4806-6e00-48a4-91c9-{number:012}" for number in range(10_000)]
    looks: list[JobStatus] = []
    looking = Thread(target=lambda: looks.extend(read_status(path) for _ in range(50)))

    def give() -> Iterator[LinkUpdate]:
        for link_id in links:
            if not looking.is_alive():
                return
            yield from build_updates(link_id)

    async with running(path, give(), belvo=build_belvo(*links)) as run:
        looking.start()
        await run.finish()
        assert not looking.is_alive()
    assert len(looks) == 50
    assert all(look.is_running for look in looks)
    seen = [look.counts.by_state[LinkState.UPDATED] for look in looks]
    assert seen == sorted(seen)


async def test_looking_at_the_lock_keeps_no_job_out(path: Path) -> None:
    is_held = Event()

    def look_for_long() -> None:
        with closing(sqlite3.connect(beside(path, "lock"), isolation_level=None)) as connection:
            connection.execute("BEGIN")
            connection.execute("SELECT * FROM sqlite_master").fetchall()
            is_held.set()
            time.sleep(0.02)

    looking = Thread(target=look_for_long)
    looking.start()
    is_held.wait()
    async with running(path):
        assert read_status(path).is_running
    looking.join()


@pytest.mark.parametrize(("seconds", "expected"), [(30, 6.0), (60, 3.0), (300, 0.6), (301, 0.0), (0, 0.0)])
def test_the_pace_is_of_the_last_five_minutes(path: Path, seconds: float, expected: float) -> None:
    assert read_at(path, seconds).finished_per_minute == pytest.approx(expected)


def test_a_clock_that_was_set_back_has_no_pace(path: Path) -> None:
    assert read_at(path, -60).finished_per_minute == 0


def test_a_look_leaves_every_file_as_it_was(path: Path) -> None:
    before = {file.name: file.stat() for file in path.parent.iterdir()}
    content = read_bytes(path.parent)
    read_status(path)
    list_links(path)
    assert content == read_bytes(path.parent)
    assert before.keys() == {file.name for file in path.parent.iterdir()}
    assert all(before[file.name].st_mtime_ns == file.stat().st_mtime_ns for file in path.parent.iterdir())


def test_a_look_at_a_killed_job_sees_all_and_leaves_every_file_as_it_was(path: Path) -> None:
    leave_killed(path)
    before = read_bytes(path.parent)
    assert before.keys() == {"run.sqlite"}
    status = read_status(path)
    assert (status.job.runs, status.is_running, status.job.ended_at) == (2, False, None)
    assert (status.counts.by_state[LinkState.UPDATED], status.counts.by_state[LinkState.QUEUED]) == (2, 1)
    assert before == read_bytes(path.parent)


def test_a_look_needs_no_permission_to_write(path: Path) -> None:
    leave_killed(path)
    directories = list_directories(path)
    modes = [directory.stat().st_mode for directory in directories]
    for place in (*path.parent.iterdir(), *directories):
        place.chmod(0o555)
    try:
        with as_nobody():
            assert read_status(path).job.runs == 2
    finally:
        for directory, mode in zip(directories, modes, strict=True):
            directory.chmod(mode)


def test_a_journal_that_was_moved_without_its_lock_does_not_run(path: Path) -> None:
    beside(path, "lock").unlink()
    assert read_status(path).is_running is False
    assert not beside(path, "lock").exists()


def test_parked_links_come_in_the_order_in_which_they_expire(path: Path) -> None:
    records = list_links(path)
    assert [(record.link_id, record.ticket) for record in records] == [("b", "b"), ("a", "a")]


def test_links_are_listed_by_their_states_and_up_to_a_limit(path: Path) -> None:
    assert [record.link_id for record in list_links(path, list(LinkState))] == ["b", "a", "c"]
    assert [record.link_id for record in list_links(path, [LinkState.UPDATED])] == ["c"]
    assert [record.link_id for record in list_links(path, list(LinkState), limit=2)] == ["b", "a"]
    assert list_links(path, []) == []


def refuse(path: Path) -> str:
    with pytest.raises(LedgerUnreadableError, match=r"run\.sqlite"):
        list_links(path)
    with pytest.raises(LedgerUnreadableError, match=r"run\.sqlite") as caught:
        read_status(path)
    assert caught.value.remedy
    return str(caught.value)


def test_a_missing_journal_is_not_made(tmp_path: Path) -> None:
    assert "does not exist" in refuse(tmp_path / "run.sqlite")
    assert not list(tmp_path.iterdir())


def test_a_directory_is_no_journal(tmp_path: Path) -> None:
    (tmp_path / "run.sqlite").mkdir()
    assert "could not be read" in refuse(tmp_path / "run.sqlite")


def test_a_place_out_of_reach_is_not_read(path: Path) -> None:
    path.parent.chmod(0)
    try:
        with as_nobody():
            assert "could not be read" in refuse(path)
    finally:
        path.parent.chmod(0o700)


def test_what_is_no_journal_is_not_read(tmp_path: Path) -> None:
    (tmp_path / "run.sqlite").write_text("link_id,state\n" * 1000)
    assert "not a database" in refuse(tmp_path / "run.sqlite")


def test_an_empty_file_is_no_journal_yet(tmp_path: Path) -> None:
    (tmp_path / "run.sqlite").touch()
    assert "is empty" in refuse(tmp_path / "run.sqlite")


def test_another_version_is_not_read(path: Path) -> None:
    alter(path, "PRAGMA user_version = 6")
    assert "version 6" in refuse(path)


def test_a_time_that_somebody_else_wrote_is_not_read(path: Path) -> None:
    alter(path, "UPDATE links SET expires_at = '0 o''clock'")
    assert "could not be read" in refuse(path)


def test_a_lock_that_is_no_lock_is_told(path: Path) -> None:
    beside(path, "lock").write_text("my own notes")
    with pytest.raises(LedgerUnreadableError, match="could not be read"):
        read_status(path)


def test_a_lock_that_cannot_be_read_is_told(path: Path) -> None:
    beside(path, "lock").unlink()
    leave_half_made(beside(path, "lock"))
    with pytest.raises(LedgerUnreadableError, match="could not be read"):
        read_status(path)


def test_a_file_without_a_job_is_told_from_a_job(path: Path) -> None:
    alter(path, "DELETE FROM jobs")  # the file of a backend; or a kill came before the first run had begun
    with pytest.raises(LedgerUnreadableError, match="holds no job"):
        read_status(path)


class Beginning(ManualClock):
    """A clock that lets another process begin a job when a look asks for the time."""

    def __init__(self, path: Path) -> None:
        super().__init__()
        self._path = path

    def wall(self) -> datetime:
        self.job = start(BEGIN, self._path)
        assert self.job.stdout is not None
        assert self.job.stdout.readline() == "begins\n"
        return super().wall()


def test_a_job_that_begins_during_a_look_waits_for_it(path: Path) -> None:
    clock = Beginning(path)
    before = read_status(path, clock=clock)
    with clock.job as job:
        assert job.communicate(timeout=30) == ("", "")
    after = read_status(path)
    assert (before.job.runs, before.counts.by_state[LinkState.UPDATED]) == (1, 1)
    assert (after.job.runs, after.counts.by_state[LinkState.UPDATED]) == (2, 2)


def test_a_journal_can_be_named_as_text(path: Path) -> None:
    assert read_status(os.fspath(path)) == read_status(path)
