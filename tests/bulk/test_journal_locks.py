import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from belvo_async import LinkUpdate
from belvo_async.backends import LinkState
from belvo_async.bulk import list_links
from belvo_async.errors import LedgerBusyError, LedgerUnreadableError, LedgerWriteError
from tests.bulk.journals import A, beside, build_belvo, build_updates, make, refuse, running, start


@pytest.fixture
async def path(tmp_path: Path) -> Path:
    return await make(tmp_path / "run.sqlite")


@pytest.fixture
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    """Jobs that wait for a lock no longer than a moment: the ten real seconds are no setting."""
    monkeypatch.setattr("belvo_async._sqlite.database._PATIENCE", 0.05)


async def test_a_journal_is_run_by_one_job_of_a_process(path: Path) -> None:
    async with running(path):
        assert "Another job runs" in str(await refuse(path, LedgerBusyError))
    await make(path)


async def test_another_name_for_the_same_file_does_not_help(path: Path, tmp_path: Path) -> None:
    other = tmp_path / "other.sqlite"
    other.symlink_to(path)
    async with running(path):
        with pytest.raises(LedgerBusyError):
            await make(other)
    await make(path, A)
    async with running(other, build_updates(A)) as run:
        assert (await run.finish()).skipped == 1


async def test_a_journal_is_run_by_one_process(path: Path) -> None:
    program = """
import asyncio, sys
from pathlib import Path
from tests.bulk.journals import running

async def main():
    async with running(Path(sys.argv[1])):
        print("open", flush=True)
        await asyncio.to_thread(sys.stdin.readline)

asyncio.run(main())
"""
    with start(program, path) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "open\n"
        try:
            await refuse(path, LedgerBusyError)
        finally:
            process.kill()
    await make(path)


async def test_a_lock_that_is_no_lock_is_left_as_it_is(path: Path) -> None:
    beside(path, "lock").write_text("my own notes")
    error = await refuse(path, LedgerUnreadableError)
    assert str(beside(path, "lock")) in str(error)
    assert beside(path, "lock").read_text() == "my own notes"


@pytest.mark.usefixtures("impatient")
async def test_a_journal_that_is_held_locked_is_busy(path: Path) -> None:
    with closing(sqlite3.connect(path, isolation_level=None)) as connection:
        connection.execute("PRAGMA locking_mode = EXCLUSIVE")
        connection.execute("BEGIN IMMEDIATE")
        await refuse(path, LedgerBusyError)


@pytest.mark.usefixtures("impatient")
async def test_a_journal_that_cannot_be_made_for_a_lock_is_busy(tmp_path: Path) -> None:
    path = tmp_path / "run.sqlite"
    with closing(sqlite3.connect(path, isolation_level=None)) as connection:
        connection.execute("BEGIN EXCLUSIVE")
        await refuse(path, LedgerBusyError)
    await make(path)


@pytest.mark.usefixtures("impatient")
@pytest.mark.parametrize("use", [["BEGIN IMMEDIATE"], ["BEGIN", "SELECT count(*) FROM links"]])
async def test_who_holds_the_file_locked_or_reads_it_for_long_is_asked_to_end(
    path: Path, use: list[str]
) -> None:
    with closing(sqlite3.connect(path, isolation_level=None)) as connection:

        async def look_up(link_id: str) -> LinkUpdate:
            for statement in use:
                connection.execute(statement).fetchall()
            return build_updates(link_id)[0]

        async with running(path, [A], belvo=build_belvo(A), credentials=look_up) as run:
            with pytest.raises(LedgerWriteError, match="End the program that holds the file locked"):
                await run.finish()
            connection.rollback()
    assert [record.link_id for record in list_links(path, [LinkState.QUEUED])] == [A]
    async with running(path, build_updates(A)) as run:
        assert (await run.finish()).updated == 1
