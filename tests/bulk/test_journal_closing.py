import asyncio
from pathlib import Path
from threading import Event

import pytest

from belvo_async._sqlite.worker import ThreadWorker
from belvo_async.errors import JournalBusyError
from tests.bulk.journals import start
from tests.bulk.workers import PATIENCE, Blocked, build_database, count, insert, opened_lane


async def test_closing_commits_all_that_waits(tmp_path: Path) -> None:
    path = tmp_path / "run.sqlite"
    async with opened_lane(path) as worker:
        async with Blocked(worker):
            writes = [asyncio.create_task(worker.run(insert)) for _ in range(10)]
            await asyncio.sleep(0)
            closing = asyncio.create_task(worker.close())
            await asyncio.sleep(0)
        await closing
        assert list(range(1, 11)) == await asyncio.gather(*writes)
    async with opened_lane(path) as worker:
        assert await worker.run(count) == 10


async def test_closing_goes_on_when_cancelled_and_may_be_repeated(tmp_path: Path) -> None:
    async with opened_lane(tmp_path / "run.sqlite") as worker:
        async with Blocked(worker):
            closing = asyncio.create_task(worker.close())
            await asyncio.sleep(0)
            closing.cancel()
            await asyncio.sleep(0)
        with pytest.raises(asyncio.CancelledError):
            await closing
        await worker.close()
        await worker.close()
    async with opened_lane(tmp_path / "run.sqlite"):
        pass


async def test_opening_that_is_cancelled_leaves_nothing_open(tmp_path: Path) -> None:
    worker = ThreadWorker(build_database(tmp_path / "run.sqlite"))
    opening = asyncio.create_task(worker.open())
    await asyncio.sleep(0)
    opening.cancel()
    with pytest.raises(asyncio.CancelledError):
        await opening
    await _wait_until_free(tmp_path / "run.sqlite")


async def _wait_until_free(path: Path) -> None:
    async with asyncio.timeout(PATIENCE):
        while not await _can_open(path):  # noqa: ASYNC110 - a thread closes it
            await asyncio.sleep(0.01)


async def _can_open(path: Path) -> bool:
    try:
        async with opened_lane(path):
            return True
    except JournalBusyError:
        return False


def test_a_loop_that_was_closed_first_leaves_no_traceback_and_no_loss(tmp_path: Path) -> None:
    path = tmp_path / "run.sqlite"
    release = Event()
    worker = ThreadWorker(build_database(path))

    async def leave() -> None:
        await worker.open()
        stuck = asyncio.create_task(worker.run(lambda _: release.wait(PATIENCE)))
        last = asyncio.create_task(worker.run(insert))
        closing = asyncio.create_task(worker.close())
        await asyncio.sleep(0)
        for task in (stuck, last, closing):
            task.cancel()

    asyncio.run(leave())
    release.set()

    async def look() -> int:
        await _wait_until_free(path)
        async with opened_lane(path) as again:
            return await again.run(count)

    assert asyncio.run(look()) == 1


_STUCK = """
import asyncio, sys, threading
from pathlib import Path
from belvo_async._sqlite.worker import ThreadWorker
from tests.bulk.workers import build_database

async def main():
    worker = ThreadWorker(build_database(Path(sys.argv[1])))
    await worker.open()
    try:
        async with asyncio.timeout(0.05):
            await worker.run(lambda connection: threading.Event().wait())
    except TimeoutError:
        print("gave up")

asyncio.run(main())
"""


def test_a_disk_that_hangs_for_ever_does_not_keep_the_interpreter(tmp_path: Path) -> None:
    with start(_STUCK, tmp_path / "run.sqlite") as process:
        output, errors = process.communicate(timeout=30)
    assert (output, errors, process.returncode) == ("gave up\n", "", 0)
