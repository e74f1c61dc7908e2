"""One file of challenges, and whatever may stand in its place."""

import asyncio
import os
import sqlite3
import subprocess
import sys
from collections.abc import AsyncIterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from attrs import evolve

from belvo_async import LinkUpdate
from belvo_async.backends import LinkState, SqliteChallengeStore, make_backend
from belvo_async.bulk import read_status
from belvo_async.errors import (
    ChallengeStoreError,
    ConfigurationError,
    DamagedStateError,
    LedgerBusyError,
    LedgerUnreadableError,
)
from belvo_async.models import ChallengePhase
from belvo_async.testing.challenge_store_suite import LINK, NOON, OWNER, build_row
from tests.bulk.journals import A, B, build_belvo, build_updates, make, running

ROW = build_row()


def read_whole(path: Path) -> bytes | None:
    return path.read_bytes() if path.is_file() else None


async def fail_to_open(path: Path) -> ChallengeStoreError:
    before = read_whole(path)
    with pytest.raises(ChallengeStoreError) as caught:
        async with SqliteChallengeStore(path):
            pass
    assert read_whole(path) == before
    assert str(path) in str(caught.value)
    assert caught.value.remedy
    return caught.value


def write_database(path: Path, *statements: str) -> None:
    with closing(sqlite3.connect(path)) as connection:
        for statement in statements:
            connection.execute(statement)
        connection.commit()


async def test_what_is_kept_is_there_when_the_file_is_opened_again(tmp_path: Path) -> None:
    path = tmp_path / "challenges.sqlite"
    async with SqliteChallengeStore(path) as store:
        await store.add(ROW)
    async with SqliteChallengeStore(path) as store:
        assert await store.read(ROW.key) == ROW
    assert os.listdir(tmp_path) == [path.name]  # noqa: PTH208 - names are enough


async def test_a_setting_may_name_the_file(tmp_path: Path) -> None:
    async with make_backend(str(tmp_path / "challenges.sqlite")) as backend:
        assert await backend.challenges.add(ROW)


@pytest.mark.parametrize("path", ["", None, 7], ids=["empty", "none", "number"])
def test_what_is_no_path_is_refused(path: str) -> None:
    with pytest.raises(ConfigurationError, match="path"):
        SqliteChallengeStore(path)


async def test_a_file_of_another_application_is_not_touched(tmp_path: Path) -> None:
    path = tmp_path / "other.sqlite"
    write_database(path, "CREATE TABLE mine (a)")
    assert "another application" in (await fail_to_open(path)).message


@pytest.mark.parametrize("made_by", ["journal", "store"])
async def test_a_job_and_a_store_use_one_file_together_whoever_made_it(tmp_path: Path, made_by: str) -> None:
    path = tmp_path / "night.sqlite"
    if made_by == "store":
        async with SqliteChallengeStore(path):
            pass
    stored = asyncio.Event()

    async def give() -> AsyncIterator[LinkUpdate]:
        yield build_updates(A)[0]
        await stored.wait()
        yield build_updates(B)[0]

    async with running(path, give(), belvo=build_belvo(A, B)) as run:
        await anext(run)
        async with SqliteChallengeStore(path) as store:
            assert await store.add(ROW)
            stored.set()
            await run.finish()
            assert await store.read(ROW.key) == ROW
        with pytest.raises(LedgerBusyError):
            await make(path)
    assert read_status(path).counts.by_state[LinkState.UPDATED] == 2
    async with SqliteChallengeStore(path) as store:
        assert await store.read(ROW.key) == ROW


async def test_a_store_that_no_job_has_used_is_told_from_a_journal(tmp_path: Path) -> None:
    async with SqliteChallengeStore(tmp_path / "store"):
        pass
    with pytest.raises(LedgerUnreadableError, match="holds no job"):
        read_status(tmp_path / "store")


async def test_a_store_of_another_version_is_not_touched(tmp_path: Path) -> None:
    path = tmp_path / "challenges.sqlite"
    async with SqliteChallengeStore(path):
        pass
    write_database(path, "PRAGMA user_version = 9")
    assert "version 9" in (await fail_to_open(path)).message


async def test_a_damaged_file_is_not_touched(tmp_path: Path) -> None:
    path = tmp_path / "challenges.sqlite"
    path.write_bytes(b"no database at all, of no kind, " * 64)
    assert "damaged" in (await fail_to_open(path)).message


async def test_a_directory_is_no_store(tmp_path: Path) -> None:
    assert "directory" in (await fail_to_open(tmp_path)).message


async def test_a_missing_directory_is_named(tmp_path: Path) -> None:
    assert "no directory" in (await fail_to_open(tmp_path / "gone" / "challenges.sqlite")).message


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write anything")
async def test_a_file_that_may_not_be_written_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "challenges.sqlite"
    async with SqliteChallengeStore(path):
        pass
    path.chmod(0o400)
    assert "cannot be written" in (await fail_to_open(path)).message


async def test_a_store_is_used_inside_its_block(tmp_path: Path) -> None:
    store = SqliteChallengeStore(tmp_path / "challenges.sqlite")
    with pytest.raises(ChallengeStoreError, match="async with"):
        await store.read(ROW.key)
    async with store:
        await store.add(ROW)
    with pytest.raises(ChallengeStoreError, match="async with"):
        await store.add(ROW)


@pytest.mark.parametrize(
    "damage",
    ["version = 'x'", "expires_at = 'x'", "keep_until = 9000000000000000000"],
    ids=["version", "expiry", "time"],
)
async def test_a_damaged_row_has_an_error_of_its_own_and_does_not_hide_the_others(
    tmp_path: Path, damage: str
) -> None:
    path = tmp_path / "challenges.sqlite"
    other = build_row("b")
    async with SqliteChallengeStore(path) as store:
        await store.add(ROW)
        await store.add(other)
        write_database(path, f"UPDATE challenges SET {damage} WHERE key = '{ROW.key}'")  # noqa: S608 - our own
        with pytest.raises(DamagedStateError):
            await store.read(ROW.key)
        listed = await store.list(OWNER, ChallengePhase.OPEN, after=NOON.replace(year=2000), limit=10)
        found = await store.find(LINK, after=NOON.replace(year=2000), limit=10)
    for rows in (listed, found):
        assert other in rows
        assert [row.record for row in rows if row != other] == [""]


async def test_a_disk_that_is_full_is_told_and_nothing_is_lost(tmp_path: Path) -> None:
    path = tmp_path / "challenges.sqlite"
    code = """
import asyncio, resource, sys
from belvo_async.errors import ChallengeStoreError
from belvo_async.backends import SqliteChallengeStore
from belvo_async.testing.challenge_store_suite import build_row
async def main():
    async with SqliteChallengeStore(sys.argv[1]) as store:
        await store.add(build_row())
        resource.setrlimit(resource.RLIMIT_FSIZE, (100_000, 100_000))
        try:
            for number in range(100):
                await store.add(build_row(str(number), record="x" * 10_000))
        except ChallengeStoreError as error:
            print(error)
        assert await store.read(build_row().key) == build_row()
asyncio.run(main())
"""
    program = [sys.executable, "-c", code, str(path)]
    done = await asyncio.to_thread(
        subprocess.run, program, capture_output=True, text=True, check=True, timeout=60
    )
    assert str(path) in done.stdout
    async with SqliteChallengeStore(path) as store:
        assert await store.read(ROW.key) == ROW


def make_elsewhere(path: Path) -> None:
    """Let another process make the store."""
    code = """
import asyncio, sys
from belvo_async.backends import SqliteChallengeStore
async def main():
    async with SqliteChallengeStore(sys.argv[1]):
        pass
asyncio.run(main())
"""
    subprocess.run([sys.executable, "-c", code, str(path)], check=True, timeout=60)  # noqa: S603 - ours


@pytest.mark.parametrize("place", range(5))
async def test_a_file_that_another_makes_meanwhile_is_opened(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, place: int
) -> None:
    path = tmp_path / "challenges.sqlite"
    statements: list[str] = []

    def note(statement: str) -> None:  # called before each statement
        if statement.startswith("--"):  # a part of the one before
            return
        statements.append(statement)
        if len(statements) == place + 1:
            make_elsewhere(path)

    def connect_watched(*arguments: Any, **settings: Any) -> sqlite3.Connection:
        connection: sqlite3.Connection = connect(*arguments, **settings)
        if not statements:
            connection.set_trace_callback(note)
        return connection

    connect = sqlite3.connect
    monkeypatch.setattr(sqlite3, "connect", connect_watched)
    async with SqliteChallengeStore(path) as store:
        assert await store.add(ROW)
    assert len(statements) > place


async def test_of_many_processes_that_open_a_new_file_and_replace_a_row_one_does(tmp_path: Path) -> None:
    path = tmp_path / "challenges.sqlite"
    code = """
import asyncio, sys
from attrs import evolve
from belvo_async.backends import SqliteChallengeStore
from belvo_async.testing.challenge_store_suite import build_row
async def main():
    async with SqliteChallengeStore(sys.argv[1]) as store:
        await store.add(build_row())
        rows = [build_row(version=version, record=sys.argv[2]) for version in range(2, 42)]
        won = [await store.replace(row) for row in rows]
        print(sum(won))
asyncio.run(main())
"""
    processes = [
        await asyncio.create_subprocess_exec(
            sys.executable, "-c", code, str(path), str(number), stdout=asyncio.subprocess.PIPE
        )
        for number in range(6)
    ]
    outputs = [(await process.communicate())[0] for process in processes]
    assert [process.returncode for process in processes] == [0] * 6
    assert sum(int(output) for output in outputs) == 40
    async with SqliteChallengeStore(path) as store:
        row = await store.read(ROW.key)
    assert row is not None
    assert evolve(row, record="{}") == build_row(version=41)
