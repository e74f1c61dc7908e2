"""A journal is never read without its log, nor with another's; and a kill at any moment spoils nothing."""

import errno
import os
import shutil
import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest

from belvo_async import SessionPool
from belvo_async._sqlite.file import connect
from belvo_async.bulk import LinkState, list_records, read_status, refresh
from belvo_async.bulk._write_ahead_log import sidecar
from belvo_async.errors import JournalUnreadableError, JournalWriteError
from belvo_async.sandbox import Sandbox
from tests.bulk.conftest import add_updates, read_states
from tests.bulk.journals import NOON, leave_killed, opened, read_bytes, refuse, start, write_thousand

pytestmark = pytest.mark.slow

KEPT = ("", "-wal")
"""What a copy of a killed journal is made of; the index of the log is made anew."""


@pytest.fixture
async def path(tmp_path: Path) -> Path:
    """A journal whose job was killed, with 1,001 links."""
    path = await write_thousand(tmp_path / "run.sqlite")
    leave_killed(path)
    return path


def log_of(path: Path) -> Path:
    return sidecar(path, "wal")


def copy(path: Path, folder: Path, suffixes: tuple[str, ...] = KEPT) -> Path:
    folder.mkdir(exist_ok=True)
    for suffix in suffixes:
        source = path.with_name(path.name + suffix)
        if source.exists():
            shutil.copy(source, folder)
    return folder / path.name


def remove(log: Path) -> None:
    log.unlink()


def empty(log: Path) -> None:
    os.truncate(log, 0)


def cut(log: Path) -> None:
    os.truncate(log, log.stat().st_size - 1)


def cut_to_one_write(log: Path) -> None:
    os.truncate(log, 32 + 4096 + 24)


def overwrite(log: Path) -> None:
    log.write_bytes(bytes(log.stat().st_size))


SPOILS = (remove, empty, cut, cut_to_one_write, overwrite)


def read_kept(path: Path) -> list[bytes | None]:
    files = [path.with_name(path.name + suffix) for suffix in KEPT]
    return [file.read_bytes() if file.exists() else None for file in files]


async def refuse_everywhere(path: Path, expected: str) -> None:
    before = read_kept(path)
    for look in (read_status, list_records):
        with pytest.raises(JournalUnreadableError, match=expected):
            look(path)
    error = await refuse(path, JournalUnreadableError)
    assert expected in error.message
    assert "Put the journal's own log back" in error.remedy
    assert before == read_kept(path)


@pytest.mark.parametrize("spoil", SPOILS)
async def test_a_killed_journal_whose_log_is_not_whole_is_refused(
    path: Path, spoil: Callable[[Path], None]
) -> None:
    spoil(log_of(path))
    await refuse_everywhere(path, "is not whole: its log run.sqlite-wal")


@pytest.mark.parametrize("is_dry", [False, True])
async def test_a_job_on_a_copy_without_the_log_sends_nothing(
    bank: Sandbox, pool: SessionPool, path: Path, is_dry: bool
) -> None:
    place = copy(path, path.parent / "moved", ("",))
    before = read_bytes(place.parent)
    with pytest.raises(JournalUnreadableError, match="is missing, or empty"):
        async with refresh(pool, add_updates(bank), journal=place, dry_run=is_dry):
            pass
    assert bank.log == []
    assert before == read_bytes(place.parent)


async def test_a_copy_with_the_log_goes_on(path: Path) -> None:
    place = copy(path, path.parent / "moved")
    assert read_states(path)["killed"] == "queued"
    async with opened(place) as journal:
        admissions = await journal.admit([("killed", None), ("link 1", None)])
    assert not any(admission.is_new for admission in admissions)


async def test_a_closed_journal_may_be_copied_alone(tmp_path: Path) -> None:
    path = await write_thousand(tmp_path / "run.sqlite")
    place = copy(path, tmp_path / "moved", ("",))
    assert read_status(place).counts.by_state[LinkState.QUEUED] == 1000
    async with opened(place) as journal:
        assert not (await journal.admit([("link 1", None)]))[0].is_new


async def test_the_log_of_another_journal_is_refused(path: Path, tmp_path: Path) -> None:
    other = await write_thousand(copy(path, tmp_path / "other").with_name("other.sqlite"))
    leave_killed(other)
    shutil.copy(log_of(other), log_of(path))
    await refuse_everywhere(path, "stands beside a log of another journal, or of another time")


async def test_two_copies_of_one_journal_cannot_take_each_others_logs(tmp_path: Path) -> None:
    path = await write_thousand(tmp_path / "run.sqlite")
    other = copy(path, tmp_path / "other")
    leave_killed(path)
    leave_killed(other)
    shutil.copy(log_of(other), log_of(path))
    await refuse_everywhere(path, "of another journal, or of another time")


async def test_a_log_that_was_left_beside_a_later_file_is_refused(path: Path, tmp_path: Path) -> None:
    """A backup of a closed journal, restored over a killed one that was older."""
    stale = copy(path, tmp_path / "stale")
    async with opened(path) as journal:
        await journal.finish("killed", LinkState.UPDATED)
    shutil.copy(path, stale)
    await refuse_everywhere(stale, "of another journal, or of another time")


async def test_a_log_beside_an_earlier_file_is_refused(tmp_path: Path) -> None:
    """A backup of a closed journal, restored over a killed one that was later."""
    path = await write_thousand(tmp_path / "run.sqlite")
    backup = copy(path, tmp_path / "backup")
    async with opened(path) as journal:
        await journal.finish("link 1", LinkState.UPDATED)
    leave_killed(path)
    shutil.copy(backup, path)
    await refuse_everywhere(path, "of another journal, or of another time")


def lose(path: Path, content: bytes | None) -> None:
    path.unlink()
    if content is not None:
        path.write_bytes(content)


@pytest.mark.parametrize("content", [None, b""])
async def test_a_log_whose_journal_is_gone_is_kept(path: Path, content: bytes | None) -> None:
    lose(path, content)
    before = read_bytes(path.parent)
    error = await refuse(path, JournalUnreadableError)
    assert "but a log is there: run.sqlite-wal" in error.message
    assert before == read_bytes(path.parent)


async def test_an_empty_database_beside_a_log_of_a_journal_is_refused(path: Path) -> None:
    with closing(sqlite3.connect(path.with_name("empty"), isolation_level=None)) as connection:
        connection.execute("VACUUM")
    shutil.copy(path.with_name("empty"), path)
    error = await refuse(path, JournalUnreadableError)
    assert "is damaged" in error.message


@pytest.mark.parametrize("statement", ["DELETE FROM generation", "DROP TABLE generation"])
async def test_a_journal_without_its_generation_is_damaged(tmp_path: Path, statement: str) -> None:
    path = await write_thousand(tmp_path / "run.sqlite")
    with closing(sqlite3.connect(path, isolation_level=None)) as connection:
        connection.execute(statement)
    await refuse_everywhere(path, "is damaged")


async def test_the_sqlite3_tool_may_look_at_a_killed_journal(path: Path) -> None:
    with closing(sqlite3.connect(path)) as connection:
        assert connection.execute("SELECT count(*) FROM links").fetchone() == (1001,)
    assert not log_of(path).exists()
    place = copy(path, path.parent / "moved")
    async with opened(place) as journal:
        assert not (await journal.admit([("killed", None)]))[0].is_new


async def test_nobody_can_move_the_log_of_a_running_job(tmp_path: Path) -> None:
    path = tmp_path / "run.sqlite"
    async with opened(path) as journal:
        await journal.admit([("a", None)])
        with closing(sqlite3.connect(path, isolation_level=None, timeout=0)) as connection:
            for kind in ("PASSIVE", "FULL", "RESTART", "TRUNCATE"):
                connection.execute(f"PRAGMA wal_checkpoint({kind})").fetchall()
        await journal.admit([("b", None)])
        await refuse_everywhere(copy(path, tmp_path / "moved", ("",)), "is not whole")


def count_frames(path: Path) -> int:
    with closing(sqlite3.connect(path, isolation_level=None)) as connection:
        frames: int = connection.execute("PRAGMA wal_checkpoint(PASSIVE)").fetchone()[1]
        return frames


async def test_a_large_log_is_moved_into_the_file_while_the_job_runs(tmp_path: Path) -> None:
    path = tmp_path / "run.sqlite"
    async with opened(path) as journal:
        frames = []
        for number in range(1200):
            await journal.admit([(str(number), "x" * 500)])
            frames.append(count_frames(path))
        assert max(frames) < 1100
        assert path.stat().st_size > 500 * 1200
        assert len(read_states(path)) == 1200
        await refuse_everywhere(copy(path, tmp_path / "moved", ("",)), "is not whole")


async def test_a_program_that_reads_for_long_does_not_stop_the_job(tmp_path: Path) -> None:
    path = tmp_path / "run.sqlite"
    async with opened(path) as journal:
        await journal.admit([("a", None)])
        with closing(sqlite3.connect(path, isolation_level=None)) as reader:
            reader.execute("BEGIN")
            reader.execute("SELECT * FROM links").fetchall()
            for number in range(1200):
                await journal.admit([(str(number), "x" * 500)])
            assert count_frames(path) > 1200
            await refuse_everywhere(copy(path, tmp_path / "moved", ("",)), "is not whole")
            async with opened(copy(path, tmp_path / "killed")) as again:
                assert not (await again.admit([("1199", None)]))[0].is_new
        await journal.admit([("last", None)])
        assert count_frames(path) < 100


async def test_a_program_that_still_reads_when_the_job_ends_may_move_the_log(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("belvo_async.bulk._database._WRITE_PATIENCE", 0.05)
    path = tmp_path / "run.sqlite"
    async with opened(path) as journal:
        await journal.admit([("a", None)])
        reader = sqlite3.connect(path, isolation_level=None)
        reader.execute("BEGIN")
        reader.execute("SELECT * FROM links").fetchall()
        await journal.admit([("b", None)])
    killed = copy(path, tmp_path / "killed")
    await refuse_everywhere(copy(path, tmp_path / "alone", ("",)), "is not whole")
    reader.close()
    assert not log_of(path).exists()
    assert read_states(path) == read_states(killed) == {"a": "queued", "b": "queued"}


def fill_disk(monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(_: int) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr("belvo_async.bulk._write_ahead_log.os.fsync", fail)


async def test_a_journal_whose_log_cannot_be_made_is_refused_and_free_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    fill_disk(monkeypatch)
    error = await refuse(tmp_path / "run.sqlite", JournalWriteError)
    assert "its log could not be made: No space left on device" in error.message
    monkeypatch.undo()
    async with opened(tmp_path / "run.sqlite") as journal:
        assert (await journal.admit([("a", None)]))[0].is_new


async def test_nothing_is_acknowledged_before_the_file_says_that_its_log_is_needed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "run.sqlite"
    async with opened(path) as journal:
        with monkeypatch.context() as full:
            full.setattr("belvo_async.bulk._write_ahead_log._LARGE", 1)
            fill_disk(full)
            await journal.admit([("a", None)])  # after it, the log is moved, and there is no new one
            with pytest.raises(JournalWriteError, match="its log could not be made"):
                await journal.admit([("b", None)])
        await journal.admit([("c", None)])
        await refuse_everywhere(copy(path, tmp_path / "moved", ("",)), "is not whole")
    assert read_states(path) == {"a": "queued", "c": "queued"}


async def test_a_program_that_reads_a_killed_journal_for_long_keeps_it_closed(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("belvo_async.bulk._database._WRITE_PATIENCE", 0.05)
    with closing(sqlite3.connect(path, isolation_level=None)) as reader:
        reader.execute("BEGIN")
        reader.execute("SELECT * FROM links").fetchall()
        error = await refuse(path, JournalWriteError)
        assert "another program reads it for too long" in error.message
        await refuse_everywhere(copy(path, path.parent / "moved", ("",)), "is not whole")
    async with opened(path) as journal:
        assert not (await journal.admit([("killed", None)]))[0].is_new


@pytest.fixture
def moments(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> list[Path]:
    """Copies of the journal as a kill would leave it, before each statement of the job."""
    copies: list[Path] = []

    def connect_and_copy(path: Path, query: str, *, patience: float) -> sqlite3.Connection:
        connection = connect(path, query, patience=patience)

        def copy_before(_: str) -> None:
            copies.append(copy(path, tmp_path / str(len(copies)), ("", "-wal", "-journal")))

        if query == "mode=rwc" and path == tmp_path / "job" / "run.sqlite":
            connection.set_trace_callback(copy_before)
        return connection

    monkeypatch.setattr("belvo_async.bulk._database.connect", connect_and_copy)
    return copies


async def test_a_kill_at_any_moment_leaves_a_journal_that_goes_on(
    tmp_path: Path, moments: list[Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    known: list[int] = []
    """How many moments there were when each link was acknowledged."""
    folder = tmp_path / "job"
    folder.mkdir()
    monkeypatch.setattr("belvo_async.bulk._write_ahead_log._LENGTH", 2**17)
    monkeypatch.setattr("belvo_async.bulk._write_ahead_log._LARGE", 12)
    for name in ("first", "second"):
        async with opened(folder / "run.sqlite") as journal:
            for number in range(8):
                await journal.admit([(f"{name} {number}", "x" * 500)])
                await journal.submit(f"{name} {number}", NOON)
                known.append(len(moments))
    alone = [copy(moment, moment.parent / "alone", ("",)) for moment in moments]
    refused = 0
    for number, (moment, file) in enumerate(zip(moments, alone, strict=True)):
        acknowledged = sum(count <= number for count in known)
        assert await count_submitted(moment) >= acknowledged
        try:
            assert await count_submitted(file) >= acknowledged
        except JournalUnreadableError:
            refused += 1
    assert 0 < refused < len(moments)


async def count_submitted(path: Path) -> int:
    async with opened(path) as journal:
        return (await journal.read_counts()).by_state[LinkState.SUBMITTED]


_MOVE = """
import asyncio, sys
from belvo_async.bulk._journal import Journal
from belvo_async.bulk import _write_ahead_log

_write_ahead_log._LARGE = 20

async def main(path):
    journal = Journal(path)
    await journal.open()
    print("open", flush=True)
    for number in range(10**9):
        await journal.admit([(str(number), "x" * 500)])
        print(number, flush=True)

asyncio.run(main(sys.argv[1]))
"""


@pytest.mark.skipif(os.name == "nt", reason="there is no SIGKILL")
@pytest.mark.parametrize("attempt", range(8))
async def test_a_file_that_is_taken_for_whole_after_a_kill_is_whole(tmp_path: Path, attempt: int) -> None:
    path = tmp_path / "run.sqlite"
    with start(_MOVE, path) as process:
        assert process.stdout is not None
        for _ in range(20 + 13 * attempt):
            process.stdout.readline()
        process.kill()
        rest = process.stdout.read().split("\n")[:-1]  # the last may be cut short
    last = int(rest[-1]) if rest else 18 + 13 * attempt
    alone = copy(path, tmp_path / "alone", ("",))
    async with opened(path) as journal:
        assert not (await journal.admit([(str(last), None)]))[0].is_new
    try:
        async with opened(alone) as journal:
            assert not (await journal.admit([(str(last), None)]))[0].is_new
    except JournalUnreadableError:
        pass
