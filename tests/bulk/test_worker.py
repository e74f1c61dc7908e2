import asyncio
import sqlite3
from collections.abc import AsyncIterator
from pathlib import Path
from threading import Event, get_ident

import pytest

from belvo_async._sqlite.worker import InlineWorker, ThreadWorker
from belvo_async.errors import JournalWriteError
from tests.bulk.workers import PATIENCE, Blocked, build_database, count, fail, insert, opened_lane


@pytest.fixture
async def worker(tmp_path: Path) -> AsyncIterator[ThreadWorker]:
    async with opened_lane(tmp_path / "run.sqlite") as worker:
        yield worker


async def test_functions_run_in_the_order_they_were_given(worker: ThreadWorker) -> None:
    assert await asyncio.gather(*(worker.run(insert) for _ in range(3))) == [1, 2, 3]


async def test_functions_run_on_one_other_thread(worker: ThreadWorker) -> None:
    threads = {await worker.run(lambda _: get_ident()) for _ in range(3)}
    assert len(threads) == 1
    assert get_ident() not in threads


async def test_the_loop_goes_on_while_the_disk_hangs(worker: ThreadWorker) -> None:
    async with Blocked(worker):
        writes = [asyncio.create_task(worker.run(insert)) for _ in range(1000)]
        for _ in range(1000):
            await asyncio.sleep(0)
        assert not any(write.done() for write in writes)
    assert list(range(1, 1001)) == await asyncio.gather(*writes)


async def test_what_waits_together_is_committed_once(worker: ThreadWorker) -> None:
    statements: list[str] = []
    await worker.run(lambda connection: connection.set_trace_callback(statements.append))
    async with Blocked(worker):
        writes = [asyncio.create_task(worker.run(insert)) for _ in range(64)]
        await asyncio.sleep(0)
    await asyncio.gather(*writes)
    await worker.run(lambda connection: connection.set_trace_callback(None))
    assert statements.count("COMMIT") == 3  # of the tracing itself, of the blocker, and of all 64


async def test_one_failure_fails_all_that_share_its_commit(worker: ThreadWorker) -> None:
    async with Blocked(worker):
        writes = [asyncio.create_task(worker.run(operation)) for operation in (insert, fail, insert)]
        await asyncio.sleep(0)
    errors = await asyncio.gather(*writes, return_exceptions=True)
    assert [JournalWriteError] * 3 == [type(error) for error in errors]
    assert len({id(error) for error in errors}) == 3
    assert all(isinstance(error, JournalWriteError) and error.remedy for error in errors)
    assert await worker.run(count) == 0


async def test_an_error_names_the_file_and_has_sqlites_as_its_cause(
    worker: ThreadWorker, tmp_path: Path
) -> None:
    with pytest.raises(JournalWriteError, match="no such table: nowhere") as caught:
        await worker.run(fail)
    assert str(tmp_path / "run.sqlite") in str(caught.value)
    assert isinstance(caught.value.__cause__, sqlite3.OperationalError)


async def test_a_bug_in_a_function_is_named_but_not_quoted(worker: ThreadWorker) -> None:
    def bug(_: sqlite3.Connection) -> None:
        raise TypeError("secret")

    with pytest.raises(JournalWriteError, match="TypeError") as caught:
        await worker.run(bug)
    assert "secret" not in str(caught.value)


async def test_after_a_failure_the_next_one_may_succeed(worker: ThreadWorker) -> None:
    with pytest.raises(JournalWriteError):
        await worker.run(fail)
    assert await worker.run(insert) == 1


async def test_cancelling_one_that_waits_harms_no_other(worker: ThreadWorker) -> None:
    async with Blocked(worker):
        given_up, kept = (asyncio.create_task(worker.run(insert)) for _ in range(2))
        await asyncio.sleep(0)
        given_up.cancel()
        await asyncio.sleep(0)
    assert await kept == 2
    assert given_up.cancelled()


async def test_a_failure_finds_nobody_where_all_were_cancelled(worker: ThreadWorker) -> None:
    tried = Event()

    def try_and_fail(connection: sqlite3.Connection) -> None:
        tried.set()
        fail(connection)

    async with Blocked(worker):
        given_up = asyncio.create_task(worker.run(try_and_fail))
        await asyncio.sleep(0)
        given_up.cancel()
    await asyncio.to_thread(tried.wait, PATIENCE)
    assert await worker.run(count) == 0


@pytest.mark.parametrize("kind", [ThreadWorker, InlineWorker])
async def test_a_lane_is_used_between_opening_and_closing(
    kind: type[ThreadWorker | InlineWorker], tmp_path: Path
) -> None:
    worker = kind(build_database(tmp_path / "run.sqlite"))
    await worker.close()
    with pytest.raises(JournalWriteError, match="is not open"):
        await worker.run(insert)
    await worker.open()
    assert await worker.run(insert) == 1
    await worker.close()
    await worker.close()
    with pytest.raises(JournalWriteError, match="is not open"):
        await worker.run(insert)


async def test_a_bug_in_opening_is_told_to_who_opens(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    database = build_database(tmp_path / "run.sqlite")

    def bug() -> None:
        raise TypeError

    monkeypatch.setattr(database, "open", bug)
    worker = ThreadWorker(database)
    with pytest.raises(TypeError):
        await worker.open()
    await worker.close()


async def test_an_inline_lane_runs_at_once() -> None:
    worker = InlineWorker(build_database(None))
    await worker.open()
    coroutine = worker.run(insert)
    with pytest.raises(StopIteration) as ended:
        coroutine.send(None)  # it never waits: a clock that is moved when all is quiet cannot overtake it
    assert ended.value.value == 1
    await worker.close()


async def test_an_inline_lane_takes_back_what_failed() -> None:
    worker = InlineWorker(build_database(None))
    await worker.open()

    def insert_and_fail(connection: sqlite3.Connection) -> None:
        insert(connection)
        fail(connection)

    with pytest.raises(JournalWriteError, match="temporary journal") as caught:
        await worker.run(insert_and_fail)
    assert isinstance(caught.value.__cause__, sqlite3.OperationalError)
    assert await worker.run(count) == 0
    await worker.close()
