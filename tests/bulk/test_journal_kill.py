import random
import sys
import time
from pathlib import Path

import pytest

from belvo_async.bulk._records import LinkState
from belvo_async.bulk._status import read_status
from tests.bulk.journals import opened, start

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(sys.platform == "win32", reason="SIGKILL and RLIMIT_FSIZE are POSIX"),
]

_WRITE = """
import asyncio, sys
from datetime import UTC, datetime
from belvo_async.bulk._journal import Journal
from belvo_async.bulk._records import LinkState

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


async def test_whatever_was_acknowledged_survives_a_kill(tmp_path: Path) -> None:
    path, moments = tmp_path / "run.sqlite", random.Random(7)  # noqa: S311 - moments, not secrets
    acknowledged: dict[str, LinkState] = {}
    for round_ in range(1, 6):
        seconds = moments.uniform(0, 0.15)
        acknowledged |= write_until_killed(path, round_ * 10**6, seconds)
        status = read_status(path)
        assert (status.runs, status.is_running, status.ended_at) == (2 * round_ - 1, False, None)
        async with opened(path) as journal:
            admissions = await journal.admit([(link_id, None) for link_id in acknowledged])
        for admission in admissions:
            expected = {acknowledged[admission.record.link_id], LinkState.UPDATED}
            assert not admission.is_new
            assert admission.record.state in expected
    assert acknowledged


_FILL = """
import asyncio, resource, signal, sys
from belvo_async.bulk._journal import Journal
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
