"""Workers that share a store, killed with SIGKILL between claim and answer: no token twice, none stuck.

`BELVO_DRILL=full` kills fifty times for each of three seeds.
"""

import asyncio
import os
import random
import sys
import time
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import suppress
from datetime import timedelta
from pathlib import Path
from typing import Final

import pytest
from attrs import define, field

from belvo_async import Credentials, SessionPool
from belvo_async.backends import MemoryBackend, SqliteChallengeStore
from belvo_async.errors import BelvoError
from belvo_async.models import ChallengePhase
from belvo_async.sandbox import Sandbox, SandboxOptions
from tests.bulk.drill_clock import FastClock
from tests.challenges.answering import Order
from tests.challenges.conftest import add_link, challenge
from tests.challenges.parked import RIGHT, find_doubles

pytestmark = pytest.mark.slow

ROOT: Final = Path(__file__).parents[2]
SPEED: Final = 60.0
"""How much faster than the machine's the clock of all processes is: a claim lapses after a second."""
LOGIN_SECONDS: Final = 2.0
FOR_EACH_KILL: Final = 6
PEOPLE: Final = ("x_mfa_numeric", "x_mfa_two_step", "x_mfa_inputless", "x_mfa_text")
STEPS: Final = ("replace claimed", "replace answered")
CLEAR: Final = {ChallengePhase.UPDATED, ChallengePhase.OPEN, ChallengePhase.REFUSED, ChallengePhase.UNSETTLED}
KILLS: Final = 50
SEEDS: Final = (1, 2, 3) if os.environ.get("BELVO_DRILL") == "full" else (1,)


@define
class Drill:
    """A bank, a store, and the workers on it."""

    sandbox: Sandbox
    pool: SessionPool
    order: Order
    random: random.Random
    tickets: dict[str, str] = field(factory=dict)
    """The link of each ticket."""
    killed: int = 0
    under_way: dict[str, set[str]] = field(factory=lambda: {"claimed": set(), "answered": set()})
    """The tickets that were claimed, and answered, right after one of the kills."""

    async def park(self, count: int) -> None:
        started = self.sandbox.clock.wall() - timedelta(days=1)
        for _ in range(count):
            link_id = add_link(self.sandbox, self.random.choice(PEOPLE))
            self.sandbox.links[link_id].last_accessed_at = started
            state = await challenge(self.pool, link_id)
            self.tickets[await self.pool.challenges.park(state)] = link_id

    async def run(self, kills: int) -> None:
        """Have two workers at any time, and kill the older one again and again."""
        workers = [await self._start()]
        try:
            while self.killed < kills:
                workers.append(await self._start())
                await self._kill(workers.pop(0))
                await self.park(FOR_EACH_KILL)
        finally:
            for worker in workers:
                if worker.returncode is None:
                    worker.kill()
                await worker.communicate()

    async def _start(self) -> asyncio.subprocess.Process:
        arguments = ("-W", "error", "-m", "tests.challenges.answering", self.order.write())
        return await asyncio.create_subprocess_exec(
            sys.executable, *arguments, cwd=ROOT, stdout=asyncio.subprocess.PIPE
        )

    async def _kill(self, worker: asyncio.subprocess.Process) -> None:
        """Kill a worker a little after it has claimed or announced its n-th answer."""
        step, count = self.random.choice(STEPS), self.random.randint(2, 16)
        assert worker.stdout is not None
        while count and (line := await worker.stdout.readline()):
            count -= line.decode().strip() == step
        await asyncio.sleep(self.random.uniform(0.0, 1.2 * LOGIN_SECONDS / SPEED))
        assert worker.returncode is None, "it has ended by itself"
        worker.kill()
        await worker.communicate()
        self.killed += 1
        for phase in (ChallengePhase.CLAIMED, ChallengePhase.ANSWERED):
            listed = await self.pool.challenges.list(phase=phase, limit=1000)
            self.under_way[phase.value] |= {parked.ticket for parked in listed}

    async def settle(self) -> Counter[ChallengePhase]:
        """Do what the next worker would do, and return how many challenges are in each phase."""
        await self.sandbox.clock.sleep(340.0)  # claims have lapsed, logins have ended
        await self.pool.challenges.sweep()
        for parked in (await self.pool.challenges.list(limit=1000))[::2]:
            with suppress(BelvoError):  # the next step
                await self.pool.challenges.resume(parked.ticket, RIGHT)
        return Counter([(await self.pool.challenges.get(ticket)).phase for ticket in self.tickets])


@pytest.fixture
async def drill(tmp_path: Path, request: pytest.FixtureRequest) -> AsyncIterator[Drill]:
    seed: int = request.param
    origin = time.time()
    clock = FastClock(SPEED, origin)
    options = SandboxOptions(login_seconds=LOGIN_SECONDS, new_session_on_wrong_token=True, expiry=86400)
    path = tmp_path / "challenges.sqlite"
    async with (
        Sandbox(clock=clock, options=options, seed=seed) as sandbox,
        SqliteChallengeStore(path) as store,
        SessionPool(
            Credentials(sandbox.secret_id, sandbox.secret_password),
            environment=sandbox.url,
            clock=clock,
            backend=MemoryBackend(store),
            observer=lambda _: None,
        ) as pool,
    ):
        order = Order(
            url=sandbox.url,
            keys=(sandbox.secret_id, sandbox.secret_password),
            store=str(path),
            speed=SPEED,
            origin=origin,
            seed=seed,
        )
        yield Drill(sandbox=sandbox, pool=pool, order=order, random=random.Random(seed))  # noqa: S311


@pytest.mark.skipif(sys.platform == "win32", reason="there is no SIGKILL")
@pytest.mark.parametrize("drill", SEEDS, indirect=True, ids=lambda seed: f"seed-{seed}")
async def test_workers_that_are_killed_between_claim_and_answer_send_no_token_twice(drill: Drill) -> None:
    began = time.monotonic()
    await drill.park(3 * FOR_EACH_KILL)
    await drill.run(KILLS)
    phases = await drill.settle()
    under_way = {phase: len(tickets) for phase, tickets in drill.under_way.items()}
    print(f"{drill.killed} kills, {len(drill.tickets)} challenges, under way {under_way}")  # noqa: T201 - for -s
    print(f"then {dict(phases)}, after {time.monotonic() - began:.1f} s")  # noqa: T201 - and where it fails
    assert drill.killed == KILLS
    assert sum(under_way.values()) >= KILLS
    assert find_doubles(drill.sandbox) == []
    assert drill.sandbox.overlapping_logins == 0
    assert set(phases) <= CLEAR
    for ticket, link_id in drill.tickets.items():
        phase = (await drill.pool.challenges.get(ticket)).phase
        accessed_at = drill.sandbox.links[link_id].last_accessed_at
        has_succeeded = accessed_at is not None and accessed_at.timestamp() > drill.order.origin
        assert not has_succeeded if phase in {ChallengePhase.OPEN, ChallengePhase.REFUSED} else True
        assert has_succeeded if phase is ChallengePhase.UPDATED else True
