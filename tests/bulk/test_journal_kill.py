import random
import shutil
import sys
import time
from collections.abc import Awaitable, Callable
from contextlib import nullcontext, suppress
from pathlib import Path

import pytest

from belvo_async._jobs.journal import Journal
from belvo_async._jobs.records import LinkState
from belvo_async._jobs.status import read_status
from belvo_async._sqlite.file import sidecar
from belvo_async.backends import SqliteChallengeStore
from belvo_async.errors import JournalUnreadableError
from tests.bulk.journals import opened, start

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(sys.platform == "win32", reason="SIGKILL and RLIMIT_FSIZE are POSIX"),
]

_WRITE = """
import asyncio, sys
from datetime import UTC, datetime
from belvo_async._jobs.journal import Journal
from belvo_async._jobs.records import LinkState

async def write_one(journal, link_id):
    await journal.admit([(link_id, "erebor")])
    await journal.submit(link_id, datetime.now(UTC))
    print("submitted", link_id, flush=True)
    await journal.finish(link_id, LinkState.UPDATED)
    print("updated", link_id, flush=True)

async def main(path, first):
    journal = Journal(path)
    await journal.open()
    print("open", path, flush=True)
    for number in range(int(first), 10**9, 8):
        await asyncio.gather(*(write_one(journal, str(number + offset)) for offset in range(8)))

asyncio.run(main(*sys.argv[1:]))
"""


def write_until_killed(path: Path, first: int, seconds: float) -> dict[str, LinkState]:
    """Return the state of each link that was acknowledged before the process was killed."""
    with start(_WRITE, path, first) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == f"open {path}\n"
        time.sleep(seconds)
        process.kill()
        lines = process.stdout.read().split("\n")[:-1]  # the last may be cut short
    return {link_id: LinkState(state) for state, link_id in map(str.split, lines)}


async def check_all(path: Path, acknowledged: dict[str, LinkState]) -> None:
    async with opened(path) as journal:
        admissions = await journal.admit([(link_id, None) for link_id in acknowledged])
    for admission in admissions:
        assert not admission.is_new
        assert admission.record.state in {acknowledged[admission.record.link_id], LinkState.UPDATED}


async def test_whatever_was_acknowledged_survives_a_kill(tmp_path: Path) -> None:
    path, moments = tmp_path / "run.sqlite", random.Random(7)  # noqa: S311 - moments, not secrets
    acknowledged: dict[str, LinkState] = {}
    for round_ in range(1, 6):
        seconds = moments.uniform(0, 0.15)
        acknowledged |= write_until_killed(path, round_ * 10**6, seconds)
        status = read_status(path)
        assert (status.runs, status.is_running, status.ended_at) == (2 * round_ - 1, False, None)
        await check_all(path, acknowledged)
    assert acknowledged


@pytest.mark.parametrize("attempt", range(8))
async def test_the_file_of_a_killed_job_holds_all_by_itself(tmp_path: Path, attempt: int) -> None:
    """Where the kill cut off a write, what undoes that belongs to the file; alone, it may be refused."""
    path, alone = tmp_path / "run.sqlite", tmp_path / "alone.sqlite"
    acknowledged = write_until_killed(path, 1, 0.02 * attempt)
    is_cut_off = sidecar(path, "journal").exists()
    shutil.copy(path, alone)
    with suppress(JournalUnreadableError) if is_cut_off else nullcontext():
        await check_all(alone, acknowledged)
    await check_all(path, acknowledged)


_CUT_OFF = """
import asyncio, os, sys
from belvo_async._jobs.journal import Journal

def write_half(connection):
    connection.execute("PRAGMA cache_size = 1")
    connection.execute("UPDATE links SET state = 'updated', message = ?", ("x" * 500,))
    os._exit(0)

async def main(path):
    journal = Journal(path)
    await journal.open()
    await journal.admit([(str(number), None) for number in range(1000)])
    await journal._worker.run(write_half)

asyncio.run(main(sys.argv[1]))
"""


@pytest.fixture
def cut_off(tmp_path: Path) -> Path:
    """A journal with 1,000 links, whose job was killed when half of the next write was in the file."""
    path = tmp_path / "run.sqlite"
    with start(_CUT_OFF, path) as process:
        assert process.communicate(timeout=60) == ("", "")
    assert sidecar(path, "journal").stat().st_size
    assert b"x" * 500 in path.read_bytes()
    return path


async def look(path: Path) -> None:
    assert read_status(path).runs == 1


async def open_job(path: Path) -> None:
    async with opened(path):
        pass


async def copy_for_a_dry_run(path: Path) -> None:
    journal = Journal(path, is_copy=True)
    await journal.open()
    counts = await journal.read_counts()
    await journal.close()
    assert counts.by_state[LinkState.QUEUED] == 1000


async def open_store(path: Path) -> None:
    async with SqliteChallengeStore(path):
        pass


@pytest.mark.parametrize("use", [look, open_job, copy_for_a_dry_run, open_store])
async def test_a_write_that_a_kill_cut_off_is_undone_by_whoever_comes_next(
    cut_off: Path, use: Callable[[Path], Awaitable[None]]
) -> None:
    await use(cut_off)
    assert not sidecar(cut_off, "journal").exists()
    assert read_status(cut_off).counts.by_state[LinkState.QUEUED] == 1000


_FILL = """
import asyncio, resource, signal, sys
from belvo_async._jobs.journal import Journal
from belvo_async.errors import JournalWriteError

async def main(path):
    journal = Journal(path)
    await journal.open()
    signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (200_000, resource.RLIM_INFINITY))
    count = await fill(journal, 0)
    await fill(journal, count + 1)
    resource.setrlimit(resource.RLIMIT_FSIZE, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))
    await journal.admit([("last", None)])
    print("last")
    await journal.close()

async def fill(journal, count):
    try:
        while True:
            await journal.admit([(str(count), "x" * 500)])
            print(count)
            count += 1
    except JournalWriteError as error:
        print(error, error.remedy, file=sys.stderr)
        return count

asyncio.run(main(sys.argv[1]))
"""


async def test_a_full_disk_fails_the_write_and_loses_nothing(tmp_path: Path) -> None:
    path = tmp_path / "run.sqlite"
    with start(_FILL, path) as process:
        output, errors = process.communicate(timeout=60)
    first, second = errors.splitlines()
    assert f"The journal {path} could not be written" in first
    assert f"The journal {path} could not be written" in second
    acknowledged = output.split()
    assert len(acknowledged) > 10
    assert acknowledged[-1] == "last"
    async with opened(path) as journal:
        admissions = await journal.admit([(link_id, None) for link_id in acknowledged])
        counts = await journal.read_counts()
    assert not any(admission.is_new for admission in admissions)
    assert counts.by_state[LinkState.QUEUED] == len(acknowledged)
