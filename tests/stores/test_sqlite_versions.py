"""A file that an earlier version has made is brought up to date, whole or not at all."""

import asyncio
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from belvo_async.backends import SqliteChallengeStore
from belvo_async.backends._challenge_record import digest_link, read_row
from belvo_async.errors import ChallengeStoreError
from belvo_async.models import ChallengePhase
from belvo_async.testing.challenge_store_suite import NOON, OWNER
from tests.bulk.journals import start

VERSION_1 = Path(__file__).with_name("store_of_version_1.sql").read_text("utf-8")
ONE = digest_link(OWNER, "30cb4806-6e00-48a4-91c9-ca55968576c8")
TWO = digest_link(OWNER, "5722d0ba-69c7-4d6a-a4bd-5fb0a3b4d2a0")


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """A store of version 1: of link one a declined challenge and an open one, of link two an open one."""
    path = tmp_path / "challenges.sqlite"
    change(path, VERSION_1)
    return path


def change(path: Path, script: str) -> None:
    with closing(sqlite3.connect(path)) as connection:
        connection.executescript(script)


def count(path: Path, table: str) -> int:
    with closing(sqlite3.connect(path)) as connection:
        rows: int = connection.execute(f"SELECT count(*) FROM {table}").fetchone()[0]  # noqa: S608 - ours
    return rows


def read_schema(path: Path) -> list[object]:
    """Return all that later statements rely on: the version, the columns and the indexes."""
    questions = (
        "PRAGMA user_version",
        "SELECT name, type, \"notnull\" FROM pragma_table_info('challenges') ORDER BY name",
        "SELECT name, sql FROM sqlite_master WHERE type = 'index' ORDER BY name",
    )
    with closing(sqlite3.connect(path)) as connection:
        return [connection.execute(question).fetchall() for question in questions]


async def find_tickets(store: SqliteChallengeStore, link: str) -> list[str]:
    return [read_row(row).ticket for row in await store.find(link, after=NOON, limit=10)]


async def test_the_challenges_of_an_earlier_version_are_found_by_their_link(path: Path) -> None:
    async with SqliteChallengeStore(path) as store:
        assert await find_tickets(store, ONE) == ["b" * 32]
        assert await find_tickets(store, TWO) == ["c" * 32]
        (declined,) = await store.list(OWNER, ChallengePhase.DECLINED, after=NOON, limit=10)
    assert (declined.link, declined.version, read_row(declined).ticket) == (ONE, 2, "a" * 32)


async def test_an_earlier_version_becomes_what_a_new_file_is(path: Path, tmp_path: Path) -> None:
    new = tmp_path / "new.sqlite"
    for place in (path, new, path):
        async with SqliteChallengeStore(place):
            pass
    assert read_schema(path) == read_schema(new)


async def test_a_record_that_cannot_be_read_does_not_keep_the_file_from_being_opened(path: Path) -> None:
    change(path, "UPDATE challenges SET record = substr(record, 2) WHERE record LIKE '%cccc%'")
    async with SqliteChallengeStore(path) as store:
        assert await find_tickets(store, ONE) == ["b" * 32]
        assert await store.find(TWO, after=NOON, limit=10) == []
        assert len(await store.list(OWNER, ChallengePhase.OPEN, after=NOON, limit=10)) == 2


async def test_of_many_that_open_an_earlier_version_all_can(path: Path) -> None:
    async def use() -> list[str]:
        async with SqliteChallengeStore(path) as store:
            return await find_tickets(store, ONE)

    assert await asyncio.gather(*(use() for _ in range(8))) == [["b" * 32]] * 8


_USE = """
import asyncio, sys
from pathlib import Path
from belvo_async.backends import SqliteChallengeStore
from belvo_async.testing.challenge_store_suite import build_row
from tests.bulk.journals import make

async def main(path, number):
    if number == "0":
        await make(Path(path), *(f"30cb4806-6e00-48a4-91c9-{link:012}" for link in range(20)))
    async with SqliteChallengeStore(path) as store:
        for key in range(20):
            assert await store.add(build_row(f"{number} {key}"))

asyncio.run(main(*sys.argv[1:]))
"""


async def test_processes_that_open_an_earlier_version_and_write_at_once_lose_nothing(path: Path) -> None:
    change(path, "PRAGMA journal_mode = wal")
    before = count(path, "challenges")
    processes = [start(_USE, path, number) for number in range(4)]
    ends = [await asyncio.to_thread(process.communicate, timeout=60) for process in processes]
    assert ends == [("", "")] * 4
    assert (count(path, "challenges"), count(path, "links")) == (before + 80, 20)
    assert {file.name for file in path.parent.iterdir()} == {path.name, f"{path.name}-lock"}


async def test_a_file_that_cannot_be_brought_up_to_date_stays_as_it_was(path: Path) -> None:
    change(path, "CREATE TABLE earlier (made TEXT)")
    before = read_schema(path)
    with pytest.raises(ChallengeStoreError, match="earlier"):
        async with SqliteChallengeStore(path):
            pass
    assert read_schema(path) == before
