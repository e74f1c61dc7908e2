import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from belvo_async._jobs.journal import Journal
from belvo_async._sqlite.file import sidecar
from belvo_async.errors import JournalBusyError, JournalUnreadableError, JournalWriteError
from tests.bulk.journals import NOON, opened, refuse, start, write_thousand


@pytest.fixture
async def path(tmp_path: Path) -> Path:
    return await write_thousand(tmp_path / "run.sqlite")


async def test_a_journal_is_run_by_one_job_of_a_process(path: Path) -> None:
    async with opened(path):
        assert "Another job runs" in str(await refuse(path, JournalBusyError))
    async with opened(path):
        pass


async def test_another_name_for_the_same_file_does_not_help(path: Path, tmp_path: Path) -> None:
    other = tmp_path / "other.sqlite"
    other.symlink_to(path)
    async with opened(path):
        with pytest.raises(JournalBusyError):
            await Journal(other).open()
    async with opened(other) as journal:
        assert (await journal.admit([("link 1", None)]))[0].is_new is False


async def test_a_journal_is_run_by_one_process(path: Path) -> None:
    program = """
import asyncio, sys
from belvo_async._jobs.journal import Journal

async def main():
    journal = Journal(sys.argv[1])
    await journal.open()
    print("open", flush=True)
    await asyncio.to_thread(sys.stdin.readline)

asyncio.run(main())
"""
    with start(program, path) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "open\n"
        try:
            await refuse(path, JournalBusyError)
        finally:
            process.kill()
    async with opened(path):
        pass


async def test_a_lock_that_is_no_lock_is_left_as_it_is(path: Path) -> None:
    sidecar(path, "lock").write_text("my own notes")
    error = await refuse(path, JournalUnreadableError)
    assert str(sidecar(path, "lock")) in str(error)
    assert sidecar(path, "lock").read_text() == "my own notes"


async def test_a_journal_that_is_held_locked_is_busy(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("belvo_async._sqlite.database._PATIENCE", 0.05)
    with closing(sqlite3.connect(path, isolation_level=None)) as connection:
        connection.execute("PRAGMA locking_mode = EXCLUSIVE")
        connection.execute("BEGIN IMMEDIATE")
        await refuse(path, JournalBusyError)


async def test_a_journal_that_cannot_be_made_for_a_lock_is_busy(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("belvo_async._sqlite.database._PATIENCE", 0.05)
    path = tmp_path / "run.sqlite"
    with closing(sqlite3.connect(path, isolation_level=None)) as connection:
        connection.execute("BEGIN EXCLUSIVE")
        await refuse(path, JournalBusyError)
    async with opened(path):
        pass


@pytest.mark.parametrize("use", [["BEGIN IMMEDIATE"], ["BEGIN", "SELECT count(*) FROM links"]])
async def test_who_holds_the_file_locked_or_reads_it_for_long_is_asked_to_end(
    path: Path, monkeypatch: pytest.MonkeyPatch, use: list[str]
) -> None:
    monkeypatch.setattr("belvo_async._sqlite.database._PATIENCE", 0.05)
    async with opened(path) as journal:
        with closing(sqlite3.connect(path, isolation_level=None)) as connection:
            for statement in use:
                connection.execute(statement).fetchall()
            with pytest.raises(JournalWriteError, match="End the program that holds the file locked"):
                await journal.submit("link 1", NOON)
        await journal.submit("link 1", NOON)
