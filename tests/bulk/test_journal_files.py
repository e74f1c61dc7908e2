import asyncio
import os
import shutil
import sqlite3
from collections.abc import AsyncIterator, Iterator
from contextlib import closing
from pathlib import Path

import pytest

from belvo_async import LinkUpdate
from belvo_async.backends import LinkState
from belvo_async.backends._ledger_sql import _NEXT_EXPIRY
from belvo_async.bulk import list_links, read_status
from belvo_async.errors import LedgerUnreadableError, LedgerWriteError
from tests.bulk.conftest import wait_until
from tests.bulk.journals import (
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
    refuse,
    running,
    start,
    write_thousand,
)

APPLICATION_ID = int.from_bytes(b"belv", "big")


@pytest.fixture
async def path(tmp_path: Path) -> Path:
    return await write_thousand(tmp_path / "run.sqlite")


async def refuse_unchanged(path: Path, expected: str) -> None:
    before = read_bytes(path.parent)
    error = await refuse(path, LedgerUnreadableError)
    assert expected in str(error)
    assert before == read_bytes(path.parent)


def find_page(path: Path, text: bytes) -> int:
    return path.read_bytes().index(text) // 4096 * 4096


def overwrite(path: Path, at: int, content: bytes) -> None:
    with path.open("r+b") as file:
        file.seek(at)
        file.write(content)


@pytest.mark.parametrize("content", [b"x", b"link_id,state\n" * 1000, b"SQLite format 3\0", bytes(10_000)])
async def test_a_file_that_is_no_database_is_left_as_it_is(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "run.sqlite").write_bytes(content)
    await refuse_unchanged(tmp_path / "run.sqlite", "is damaged, or no journal")
    assert not beside(tmp_path / "run.sqlite", "lock").exists()


@pytest.mark.parametrize("mode", ["delete", "wal"])
async def test_a_database_of_another_application_is_left_as_it_is(tmp_path: Path, mode: str) -> None:
    path = tmp_path / "run.sqlite"
    alter(path, f"PRAGMA journal_mode = {mode}")
    alter(path, "CREATE TABLE people (name TEXT)")
    await refuse_unchanged(path, "another application (application_id 0)")
    alter(path, "PRAGMA application_id = 7")
    await refuse_unchanged(path, "application_id 7")
    assert not beside(path, "lock").exists()


async def test_another_applications_log_is_left_as_it_is_too(tmp_path: Path) -> None:
    path = tmp_path / "run.sqlite"
    program = """
import os, sqlite3, sys
connection = sqlite3.connect(sys.argv[1], isolation_level=None)
connection.execute("PRAGMA journal_mode = WAL")
connection.execute("CREATE TABLE people (name TEXT)")
os._exit(0)
"""
    with start(program, path) as process:
        assert process.communicate(timeout=30) == ("", "")
    assert len(read_bytes(tmp_path)) == 3
    await refuse_unchanged(path, "another application")


async def test_a_journal_of_another_version_is_left_as_it_is(path: Path) -> None:
    for version in (1, 6):
        alter(path, f"PRAGMA user_version = {version}")
        expected = f"is of version {version} (user_version), which this belvo_async cannot read"
        await refuse_unchanged(path, expected)


async def test_a_journal_cut_short_is_left_as_it_is(path: Path) -> None:
    os.truncate(path, 8192)
    await refuse_unchanged(path, "damaged")


async def test_a_damaged_page_is_found_before_anything_is_sent(path: Path) -> None:
    overwrite(path, find_page(path, b"link 500"), bytes(range(256)) * 16)
    await refuse_unchanged(path, "damaged")


async def test_a_row_that_somebody_else_wrote_is_no_link(path: Path) -> None:
    await make(path, A)
    alter(path, "UPDATE links SET at = 'yesterday' WHERE state = 'updated'")
    async with running(path, build_updates(A)) as run:
        with pytest.raises(LedgerWriteError, match="ValueError"):
            await run.finish()


@pytest.mark.parametrize("mode", ["delete", "wal"])
async def test_an_empty_database_becomes_a_journal(tmp_path: Path, mode: str) -> None:
    alter(tmp_path / "run.sqlite", f"PRAGMA journal_mode = {mode}")
    alter(tmp_path / "run.sqlite", "VACUUM")
    await make(tmp_path / "run.sqlite", A)
    assert read_status(tmp_path / "run.sqlite").counts.by_state[LinkState.UPDATED] == 1


async def test_an_empty_file_becomes_a_journal(tmp_path: Path) -> None:
    (tmp_path / "run.sqlite").touch()
    await make(tmp_path / "run.sqlite")
    with closing(sqlite3.connect(tmp_path / "run.sqlite")) as connection:
        assert connection.execute("PRAGMA application_id").fetchone() == (APPLICATION_ID,)


async def test_a_journal_killed_while_it_was_made_is_made_again(tmp_path: Path) -> None:
    path = tmp_path / "run.sqlite"
    leave_half_made(path)
    assert beside(path, "journal").exists()
    await make(path, A)
    assert read_status(path).counts.by_state[LinkState.UPDATED] == 1


async def test_what_another_application_left_half_made_is_left_as_it_is(tmp_path: Path) -> None:
    leave_half_made(tmp_path / "run.sqlite", application=7)
    assert len(read_bytes(tmp_path)) == 2
    await refuse_unchanged(tmp_path / "run.sqlite", "application_id 7")


async def test_a_log_of_nothing_that_was_left_does_no_harm(path: Path) -> None:
    beside(path, "wal").touch()
    await make(path)
    assert read_status(path).counts.by_state[LinkState.QUEUED] == 1000


async def test_a_killed_journal_is_one_file_and_may_be_copied_alone(path: Path, tmp_path: Path) -> None:
    leave_killed(path)
    assert read_bytes(path.parent).keys() == {"run.sqlite"}
    path = Path(shutil.copy(path, tmp_path / "alone"))
    async with running(path, build_updates(A)) as run:
        assert (await run.finish()).skipped == 1


async def test_a_directory_is_no_journal(tmp_path: Path) -> None:
    assert "is a directory" in str(await refuse(tmp_path, LedgerWriteError))


async def test_a_missing_directory_is_not_made(tmp_path: Path) -> None:
    error = await refuse(tmp_path / "missing" / "run.sqlite", LedgerWriteError)
    assert "there is no directory" in str(error)
    assert not (tmp_path / "missing").exists()


async def test_links_that_go_round_in_circles_lead_nowhere(tmp_path: Path) -> None:
    (tmp_path / "run.sqlite").symlink_to(tmp_path / "run.sqlite")
    await refuse(tmp_path / "run.sqlite", LedgerWriteError)


@pytest.fixture
def closed_off(path: Path) -> Iterator[Path]:
    """The journal, in a directory that others may look into, but not write to."""
    directories = list_directories(path)
    modes = [directory.stat().st_mode for directory in directories]
    for directory in directories:
        directory.chmod(0o555)
    path.chmod(0o444)
    yield path
    for directory, mode in zip(directories, modes, strict=True):
        directory.chmod(mode)


async def test_a_directory_without_permission_to_write_is_refused(closed_off: Path) -> None:
    before = read_bytes(closed_off.parent)
    with as_nobody():
        error = await refuse(closed_off.with_name("new.sqlite"), LedgerWriteError)
        await refuse(closed_off, LedgerWriteError)
    assert "may read and write" in error.remedy or "Allow this user" in error.remedy
    assert before == read_bytes(closed_off.parent)


async def test_a_file_without_permission_to_write_is_refused(closed_off: Path) -> None:
    closed_off.parent.chmod(0o777)
    before = read_bytes(closed_off.parent)
    with as_nobody():
        error = await refuse(closed_off, LedgerWriteError)
    assert "Allow this user" in error.remedy
    assert before == read_bytes(closed_off.parent)


async def test_a_place_out_of_reach_is_refused(path: Path) -> None:
    inner = path.parent / "inner"
    inner.mkdir()
    path.parent.chmod(0)
    try:
        with as_nobody():
            error = await refuse(inner / "run.sqlite", LedgerWriteError)
    finally:
        path.parent.chmod(0o700)
    assert "could not be reached" in str(error)


async def test_a_closed_journal_is_one_file_and_its_lock(path: Path) -> None:
    assert {"run.sqlite", "run.sqlite-lock"} == {file.name for file in path.parent.iterdir()}
    assert beside(path, "lock").stat().st_size == 0


def read_modes(folder: Path) -> dict[str, int]:
    return {file.name: file.stat().st_mode & 0o777 for file in folder.iterdir()}


@pytest.mark.skipif(os.name == "nt", reason="modes are of POSIX")
async def test_only_its_owner_may_read_a_journal_and_what_stands_beside_it(tmp_path: Path) -> None:
    path, seen = tmp_path / "run.sqlite", asyncio.Event()

    async def give() -> AsyncIterator[LinkUpdate]:
        await seen.wait()
        yield build_updates(A)[0]

    before = os.umask(0)
    try:
        async with running(path, give(), belvo=build_belvo(A)) as run:
            with closing(sqlite3.connect(path, isolation_level=None)) as reader:
                reader.execute("BEGIN")
                reader.execute("SELECT count(*) FROM links").fetchall()
                seen.set()
                await wait_until(beside(path, "journal").exists)  # whoever writes waits for the reader
                modes = read_modes(tmp_path)
            await run.finish()
    finally:
        os.umask(before)
    names = {"run.sqlite", "run.sqlite-lock", "run.sqlite-journal"}
    assert modes == dict.fromkeys(names, 0o600)


async def test_odd_names_are_names(tmp_path: Path) -> None:
    for name in (":memory:", "50%?mode=ro#x", "ação.sqlite", "file:x"):
        await make(tmp_path / name, A)
        assert [record.link_id for record in list_links(tmp_path / name, [LinkState.UPDATED])] == [A]
        assert (tmp_path / name).exists()


async def test_a_relative_path_is_of_the_directory_where_it_was_opened(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    async with running(Path("run.sqlite")):
        monkeypatch.chdir("/")
    assert (tmp_path / "run.sqlite").exists()


async def test_what_is_looked_up_has_an_index(path: Path) -> None:
    questions = {
        "SELECT * FROM links WHERE job = 1 AND link_id = 'a'": "PRIMARY KEY (job=? AND link_id=?)",
        _NEXT_EXPIRY.replace("?", "1"): "links_by_expiry (job=?)",
    }
    with closing(sqlite3.connect(path)) as connection:
        for question, index in questions.items():
            (options,) = connection.execute(f"EXPLAIN QUERY PLAN {question}").fetchall()
            assert index in options[3]
