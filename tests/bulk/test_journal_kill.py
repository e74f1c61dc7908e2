import random
import shutil
import sys
import time
from collections.abc import Awaitable, Callable
from contextlib import nullcontext, suppress
from pathlib import Path

import pytest

from belvo_async.backends import LinkState, SqliteChallengeStore
from belvo_async.bulk import read_status
from belvo_async.errors import LedgerUnreadableError
from belvo_async.testing import BelvoMock
from tests.bulk.conftest import read_states
from tests.bulk.journals import beside, make, running, start, write_thousand

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(sys.platform == "win32", reason="SIGKILL and RLIMIT_FSIZE are POSIX"),
]

_WRITE = """
import asyncio, sys
from pathlib import Path
from belvo_async.testing import link_body
from tests.bulk.journals import build_belvo, build_updates, running

class Belvo(type(build_belvo())):
    async def send(self, request, permit=None, /):
        link_id = request.path.split("/")[-2]
        if request.method == "PUT":
            self.link_updated(link_id)
        elif request.path != "/api/":
            self.link_read(link_id)  # what the run before has left
        response = await super().send(request, permit)
        if request.method == "PUT":
            print("submitted", link_id, flush=True)
        return response

async def main(path, first):
    belvo = Belvo()
    belvo.reply("GET", "/api/")
    updates = (update for number in range(int(first), 10**9) for update in build_updates(name(number)))
    async with running(Path(path), updates, belvo=belvo) as run:
        print("open", path, flush=True)
        async for outcome in run:
            print("updated", outcome.link_id, flush=True)

def name(number):
    return f"30cb4806-6e00-48a4-91c9-{number:012}"

asyncio.run(main(*sys.argv[1:]))
"""


def write_until_killed(path: Path, first: int, seconds: float, *, at_least: int = 0) -> dict[str, LinkState]:
    """Kill a job some seconds after it has begun, or has acknowledged so much; return that."""
    with start(_WRITE, path, first) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == f"open {path}\n"
        lines = [process.stdout.readline().strip() for _ in range(at_least)]
        time.sleep(seconds)
        process.kill()
        lines += process.stdout.read().split("\n")[:-1]  # the last may be cut short
    return {link_id: LinkState(state) for state, link_id in map(str.split, lines)}


def check_all(path: Path, acknowledged: dict[str, LinkState]) -> None:
    states = read_states(path)
    for link_id, state in acknowledged.items():
        assert states[link_id] in {state, LinkState.UPDATED}


def test_whatever_was_acknowledged_survives_a_kill(tmp_path: Path) -> None:
    path, moments = tmp_path / "run.sqlite", random.Random(7)  # noqa: S311 - moments, not secrets
    acknowledged: dict[str, LinkState] = {}
    for round_ in range(1, 6):
        seconds = moments.uniform(0, 0.15)
        acknowledged |= write_until_killed(path, round_ * 10**6, seconds, at_least=round_ % 2)
        status = read_status(path)
        assert (status.job.runs, status.is_running, status.job.ended_at) == (round_, False, None)
        check_all(path, acknowledged)


@pytest.mark.parametrize("attempt", range(8))
def test_the_file_of_a_killed_job_holds_all_by_itself(tmp_path: Path, attempt: int) -> None:
    """Where the kill cut off a write, what undoes that belongs to the file; alone, it may be refused."""
    path, alone = tmp_path / "run.sqlite", tmp_path / "alone.sqlite"
    acknowledged = write_until_killed(path, 1, 0.02 * attempt)
    is_cut_off = beside(path, "journal").exists()
    shutil.copy(path, alone)
    with suppress(LedgerUnreadableError) if is_cut_off else nullcontext():
        check_all(alone, acknowledged)
    check_all(path, acknowledged)


_CUT_OFF = """
import os, sqlite3, sys
connection = sqlite3.connect(sys.argv[1], isolation_level=None)
connection.execute("PRAGMA cache_size = 1")
connection.execute("BEGIN IMMEDIATE")
connection.execute("UPDATE links SET state = 'updated', message = ?", ("x" * 500,))
os._exit(0)
"""


@pytest.fixture
async def cut_off(tmp_path: Path) -> Path:
    """A journal with 1,000 links, whose writer was killed when half of its next write was in the file."""
    path = await write_thousand(tmp_path / "run.sqlite")
    with start(_CUT_OFF, path) as process:
        assert process.communicate(timeout=60) == ("", "")
    assert beside(path, "journal").stat().st_size
    assert b"x" * 500 in path.read_bytes()
    return path


async def look(path: Path) -> None:
    assert read_status(path).job.runs == 1


async def open_job(path: Path) -> None:
    await make(path)


async def copy_for_a_dry_run(path: Path) -> None:
    async with running(path, [], belvo=BelvoMock(), dry_run=True) as run:
        await run.finish()


async def open_store(path: Path) -> None:
    async with SqliteChallengeStore(path):
        pass


@pytest.mark.parametrize("use", [look, open_job, copy_for_a_dry_run, open_store])
async def test_a_write_that_a_kill_cut_off_is_undone_by_whoever_comes_next(
    cut_off: Path, use: Callable[[Path], Awaitable[None]]
) -> None:
    await use(cut_off)
    assert not beside(cut_off, "journal").exists()
    assert read_status(cut_off).counts.by_state[LinkState.QUEUED] == 1000


_FILL = """
import asyncio, logging, resource, signal, sys
from pathlib import Path
from belvo_async.errors import LedgerWriteError
from belvo_async.testing import ManualClock
from tests.bulk.journals import HOUR, NOON, build_belvo, build_updates, running

LINKS = [f"30cb4806-6e00-48a4-91c9-{number:012}" for number in range(1000)]
sent = []

async def run_job(path, now):
    belvo = build_belvo()
    for link_id in LINKS:
        belvo.link_updated(link_id, institution="x" * 500)
        # A login whose end could not be written is looked at.
        belvo.link_read(link_id, last_accessed_at=now - HOUR / 100)
    try:
        clock = ManualClock(start=now)
        async with running(path, build_updates(*LINKS), belvo=belvo, clock=clock) as run:
            async for outcome in run:
                print(outcome.link_id)
    except LedgerWriteError as error:
        print(error, error.remedy, file=sys.stderr)
    finally:
        sent.extend(request.path for request in belvo.requests if request.method == "PUT")

async def main(path):
    logging.disable()
    signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (100_000, resource.RLIM_INFINITY))
    await run_job(path, NOON)
    await run_job(path, NOON + HOUR / 60)
    resource.setrlimit(resource.RLIMIT_FSIZE, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))
    await run_job(path, NOON + HOUR / 30)
    assert len(sent) == len(set(sent)), "a second login"

asyncio.run(main(Path(sys.argv[1])))
"""


async def test_a_full_disk_fails_the_write_and_loses_nothing(tmp_path: Path) -> None:
    path = tmp_path / "run.sqlite"
    with start(_FILL, path) as process:
        output, errors = process.communicate(timeout=60)
    first, second = errors.splitlines()
    assert f"The journal {path} could not be written" in first
    assert f"The journal {path} could not be written" in second
    acknowledged = output.split()
    assert len(acknowledged) == len(set(acknowledged)) == 1000
    assert set(read_states(path)) == set(acknowledged)
