"""Workers of a fleet are killed in the middle of everything, and nobody is logged in twice."""

import asyncio
import random
import signal
import sys
from collections import Counter
from pathlib import Path

import pytest

from belvo_async.backends import LinkState, SqliteBackend
from belvo_async.sandbox import Fault, Sandbox
from tests.fleet.conftest import HEIMDALL, add_links, open_pool, read_states

WORKERS, LINKS, ASKED, KILLS = 3, 60, 20, 6
PATIENCE = 150.0
"""Real seconds: the claim of a worker that was killed as it answered keeps others off for sixty."""


async def start(bank: Sandbox, path: Path, seed: int, links: list[str]) -> asyncio.subprocess.Process:
    arguments = (path, bank.url, bank.secret_id, bank.secret_password, seed, *links)
    return await asyncio.create_subprocess_exec(
        *(sys.executable, "-W", "error", "-m", "tests.fleet.worker", *map(str, arguments))
    )


@pytest.mark.slow
@pytest.mark.parametrize("how", [signal.SIGKILL, signal.SIGSTOP])
async def test_no_link_is_logged_in_twice_and_none_is_lost(
    bank: Sandbox, tmp_path: Path, how: signal.Signals
) -> None:
    path, chance = tmp_path / "belvo.sqlite", random.Random(7)  # noqa: S311 - when one is killed
    links = add_links(bank, LINKS - ASKED) + add_links(bank, ASKED, "mfa_numeric", HEIMDALL)
    bank.faults.add(Fault(kind="latency", seconds=0.4, method="PUT"))
    workers = [await start(bank, path, seed, links) for seed in range(WORKERS)]
    stopped: list[asyncio.subprocess.Process] = []
    try:
        async with asyncio.timeout(PATIENCE):
            for seed in range(WORKERS, WORKERS + KILLS):
                await asyncio.sleep(chance.uniform(0.3, 1.0))
                victim = workers.pop(0)
                if victim.returncode is None:
                    victim.send_signal(how)
                    stopped.append(victim)
                workers.append(await start(bank, path, seed, links))
            await asyncio.sleep(6.0 if how is signal.SIGSTOP else 0.0)
            for victim in stopped if how is signal.SIGSTOP else ():
                victim.send_signal(signal.SIGCONT)
                workers.append(victim)
            assert [await worker.wait() for worker in workers] == [0] * len(workers)
    finally:
        for worker in (*workers, *stopped):
            if worker.returncode is None:
                worker.kill()
                await worker.wait()
    async with SqliteBackend(path) as backend, open_pool(bank, backend=backend) as pool:
        states = await read_states(pool)
    logins = Counter(entry.link_id for entry in bank.log if entry.method == "PUT")
    answers = Counter(entry.link_id for entry in bank.log if entry.method == "PATCH")
    assert set(states) == set(links)
    assert set(states.values()) <= {LinkState.UPDATED, LinkState.UNSETTLED}
    assert Counter(states.values())[LinkState.UPDATED] >= LINKS // 2
    assert (max(logins.values()), max(answers.values()), bank.overlapping_logins) == (1, 1, 0)
