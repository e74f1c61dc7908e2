"""The thread that writes a file: in order, many writes at once, and while the event loop goes on."""

import asyncio
import sqlite3
from collections.abc import AsyncIterator, Coroutine, Iterator
from contextlib import closing, contextmanager, suppress
from pathlib import Path
from typing import Any

import pytest

from belvo_async.backends import SqliteChallengeStore
from belvo_async.errors import ChallengeStoreError, LedgerBusyError
from belvo_async.testing.challenge_store_suite import build_row
from tests.bulk.journals import alter, make, start

ROW = build_row()
PATIENCE = 10.0
NO_ROW_7 = """CREATE TRIGGER no BEFORE INSERT ON challenges WHEN NEW.record = '7'
    BEGIN SELECT RAISE(ABORT, 'not this one'); END"""


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "store.sqlite"


@pytest.fixture
async def store(path: Path) -> AsyncIterator[SqliteChallengeStore]:
    async with SqliteChallengeStore(path) as store:
        yield store


@contextmanager
def held(path: Path) -> Iterator[None]:
    """Keep everybody else from writing, as a disk that hangs does."""
    with closing(sqlite3.connect(path, isolation_level=None)) as connection:
        connection.execute("BEGIN IMMEDIATE")
        yield


async def begin(*calls: Coroutine[Any, Any, Any]) -> list[asyncio.Task[Any]]:
    tasks = [asyncio.create_task(call) for call in calls]
    for _ in range(1000):
        await asyncio.sleep(0)
    return tasks


def count_commits(path: Path) -> int:
    """Return the change counter of the file: SQLite raises it by one with each transaction that writes."""
    return int.from_bytes(path.read_bytes()[24:28], "big")


def count_rows(path: Path) -> int:
    with closing(sqlite3.connect(path)) as connection:
        rows: int = connection.execute("SELECT count(*) FROM challenges").fetchone()[0]
    return rows


async def test_writes_happen_in_the_order_of_their_calls(store: SqliteChallengeStore) -> None:
    versions = [store.replace(build_row(version=version)) for version in range(2, 10)]
    assert await asyncio.gather(store.add(ROW), *versions) == [True] * 9


async def test_the_loop_goes_on_while_the_disk_hangs(path: Path, store: SqliteChallengeStore) -> None:
    with held(path):
        writes = await begin(*(store.add(build_row(str(number))) for number in range(1000)))
        assert not any(write.done() for write in writes)
    assert await asyncio.gather(*writes) == [True] * 1000


async def test_what_waits_together_is_committed_once(path: Path, store: SqliteChallengeStore) -> None:
    before = count_commits(path)
    with held(path):
        (first,) = await begin(store.add(ROW))
        writes = await begin(*(store.add(build_row(str(number))) for number in range(64)))
    await asyncio.gather(first, *writes)
    assert count_commits(path) - before <= 2  # of the one that was waited for, and of all 64


async def test_one_failure_fails_all_that_share_its_commit(path: Path, store: SqliteChallengeStore) -> None:
    alter(path, NO_ROW_7)
    with held(path):
        (first,) = await begin(store.add(ROW))
        writes = await begin(*(store.add(build_row(text, record=text)) for text in "678"))
    errors = await asyncio.gather(*writes, return_exceptions=True)
    await asyncio.gather(first, return_exceptions=True)
    assert len({id(error) for error in errors}) == 3
    assert all(isinstance(error, ChallengeStoreError) and error.remedy for error in errors)
    assert count_rows(path) <= 1


async def test_an_error_names_the_file_and_has_sqlites_as_its_cause(
    path: Path, store: SqliteChallengeStore
) -> None:
    alter(path, NO_ROW_7)
    with pytest.raises(ChallengeStoreError, match="not this one") as caught:
        await store.add(build_row(record="7"))
    assert str(path) in str(caught.value)
    assert isinstance(caught.value.__cause__, sqlite3.Error)
    assert await store.add(ROW)  # the next one may succeed


async def test_cancelling_one_that_waits_harms_no_other(path: Path, store: SqliteChallengeStore) -> None:
    with held(path):
        first, given_up, kept = await begin(*(store.add(build_row(text)) for text in "123"))
        given_up.cancel()
        await asyncio.sleep(0)
    assert await first
    assert await kept
    assert given_up.cancelled()


async def test_a_failure_finds_nobody_where_all_were_cancelled(
    path: Path, store: SqliteChallengeStore
) -> None:
    alter(path, NO_ROW_7)
    with held(path):
        (first,) = await begin(store.add(ROW))
        (given_up,) = await begin(store.add(build_row("7", record="7")))
        given_up.cancel()
    await asyncio.gather(first, return_exceptions=True)
    with suppress(ChallengeStoreError):  # it may be committed together with the one that fails
        await store.read(ROW.key)
    assert await store.add(build_row("8"))
    assert await store.read(build_row("7").key) is None


async def test_closing_commits_all_that_waits(path: Path) -> None:
    async with SqliteChallengeStore(path) as store:
        with held(path):
            writes = await begin(*(store.add(build_row(str(number))) for number in range(10)))
            (leaving,) = await begin(store.__aexit__(None, None, None))
        await leaving
        assert await asyncio.gather(*writes) == [True] * 10
    assert count_rows(path) == 10


async def test_closing_goes_on_when_cancelled_and_may_be_repeated(path: Path) -> None:
    async with SqliteChallengeStore(path) as store:
        with held(path):
            write, leaving = await begin(store.add(ROW), store.__aexit__(None, None, None))
            leaving.cancel()
            await asyncio.sleep(0)
        with pytest.raises(asyncio.CancelledError):
            await leaving
        assert await write
        await store.__aexit__(None, None, None)
    assert count_rows(path) == 1


async def test_opening_that_is_cancelled_leaves_nothing_open(path: Path) -> None:
    (opening,) = [asyncio.create_task(make(path))]
    await asyncio.sleep(0)
    opening.cancel()
    with pytest.raises(asyncio.CancelledError):
        await opening
    await make_when_free(path)


async def make_when_free(path: Path) -> None:
    """Run a job as soon as nobody else has the journal open: a thread closes it."""
    async with asyncio.timeout(PATIENCE):
        while True:
            try:
                await make(path)
            except LedgerBusyError:
                continue
            return


def test_a_loop_that_was_closed_first_leaves_no_traceback_and_no_loss(path: Path) -> None:
    async def leave() -> sqlite3.Connection:
        store = SqliteChallengeStore(path)
        await store.__aenter__()
        holder = sqlite3.connect(path, isolation_level=None)
        holder.execute("BEGIN IMMEDIATE")
        for task in await begin(store.add(ROW), store.__aexit__(None, None, None)):
            task.cancel()
        return holder

    asyncio.run(leave()).close()

    async def look() -> None:
        async with asyncio.timeout(PATIENCE):
            while not count_rows(path):  # noqa: ASYNC110 - a thread writes it
                await asyncio.sleep(0.01)

    asyncio.run(look())


_STUCK = """
import asyncio, sys
from belvo_async._sqlite import database
from belvo_async.backends import SqliteChallengeStore
from belvo_async.testing.challenge_store_suite import build_row

database._PATIENCE = 300.0

async def main():
    store = SqliteChallengeStore(sys.argv[1])
    await store.__aenter__()
    print("open", flush=True)
    sys.stdin.readline()
    try:
        async with asyncio.timeout(0.05):
            await store.add(build_row())
    except TimeoutError:
        print("gave up")

asyncio.run(main())
"""


def test_a_disk_that_hangs_does_not_keep_the_interpreter(path: Path) -> None:
    with start(_STUCK, path) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        assert process.stdout.readline() == "open\n"
        with held(path):  # SQLite would wait for five minutes
            output, errors = process.communicate("go on\n", timeout=60)
    assert (output, errors, process.returncode) == ("gave up\n", "", 0)
