"""Processes that share a backend log a link in one at a time, even if one of them dies while its login runs.

Here some 200 logins of 30 links. The long form has more than 900, Belvo's proportions and three seeds:
`make processes`.
"""

import math
import signal
import sys
from collections.abc import Sequence
from typing import Final

import pytest
from attrs import frozen

from tests.processes.judge import Judge, count_overlaps
from tests.processes.launch import Worker, wait_for_all, wait_until, working
from tests.processes.loads import IS_FULL
from tests.processes.worker import Settings

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="there is no SIGKILL")

LINKS: Final = 30


@frozen(kw_only=True)
class Rush:
    """Processes that all want to update the same links, each of them several times."""

    updates: int
    """Of each process."""
    window: float
    login_seconds: float
    login_limit: float
    """Seconds that a login may take: no link is held for longer by a process that has died."""
    least: int
    """How many logins come at least, although a process is killed."""
    processes: int = 4
    seed: int = 1

    @property
    def patience(self) -> float:
        return 2 * self.processes * self.updates / 80 * self.window + 2 * self.login_limit + 60.0

    def build_settings(self, url: str, backend: str | None) -> list[Settings]:
        return [
            Settings(
                name=f"worker{number}",
                url=url,
                backend=backend,
                updates=self.updates,
                links=LINKS,
                window=self.window,
                login_limit=self.login_limit,
                seed=self.seed,
            )
            for number in range(self.processes)
        ]

    def __str__(self) -> str:
        return f"{self.processes}x{self.updates}-seed-{self.seed}"


QUICK: Final = Rush(updates=70, window=2.0, login_seconds=0.4, login_limit=20.0, least=200)
SLOW: Final = [
    Rush(updates=300, window=10.0, login_seconds=1.5, login_limit=60.0, least=900, seed=seed)
    for seed in (1, 2, 3)
    if IS_FULL
]


def has_login_under_way(judge: Judge, worker: Worker) -> bool:
    return any(math.isinf(login.left_at) for login in worker.list_own(judge.logins))


async def kill_in_the_middle(judge: Judge, workers: Sequence[Worker], count: int) -> int:
    """Kill a process when so many logins have come, and one of its own is at the bank; return which one."""
    victims: list[Worker] = []

    def has_come() -> bool:
        busy = [worker for worker in workers if has_login_under_way(judge, worker)]
        victims[:] = sorted(busy, key=lambda worker: worker.count_left(judge.log))[-1:]
        return bool(victims) and len(judge.log) >= count

    await wait_until(judge, workers, has_come)
    victims[0].send_signal(signal.SIGKILL)
    return workers.index(victims[0])


async def send(rush: Rush, backend: str | None) -> Judge:
    """Let all processes update the links, and kill one in the middle; return who has seen it."""
    async with (
        Judge(login_seconds=rush.login_seconds, seed=rush.seed) as judge,
        working(rush.build_settings(judge.url, backend)) as workers,
    ):
        killed = await kill_in_the_middle(judge, workers, rush.processes * rush.updates // 2)
        endings = await wait_for_all(workers, rush.patience)
    overlaps = count_overlaps(judge.log)
    print(f"{rush}: {len(judge.logins)} logins of {LINKS} links, {overlaps} overlaps")  # noqa: T201 - evidence
    assert endings[killed].code == -signal.SIGKILL
    assert workers[killed].count_left(judge.log) > 0
    for number, ending in enumerate(endings):
        assert ending.errors == ""
        assert number == killed or ending.outcomes == {"updated": rush.updates}
    assert len(judge.logins) >= rush.least
    return judge


@pytest.mark.parametrize(
    "rush", [QUICK, *(pytest.param(rush, marks=pytest.mark.slow) for rush in SLOW)], ids=str
)
async def test_no_two_logins_of_one_link_run_at_once(rush: Rush, backend: str) -> None:
    """The login of the process that died goes on at the bank, and nobody disturbs it."""
    assert count_overlaps((await send(rush, backend)).log) == 0


async def test_without_a_backend_logins_of_one_link_overlap() -> None:
    """Without this, the test above would prove nothing."""
    assert count_overlaps((await send(QUICK, None)).log) > 10


async def test_the_logins_of_one_process_never_overlap() -> None:
    """What keeps them apart within a process shows that the judge raises no false alarm."""
    alone = Rush(updates=120, window=2.0, login_seconds=0.4, login_limit=20.0, least=120, processes=1)
    async with (
        Judge(login_seconds=alone.login_seconds) as judge,
        working(alone.build_settings(judge.url, None)) as workers,
    ):
        await wait_for_all(workers, alone.patience)
    assert len(judge.logins) == alone.least
    assert count_overlaps(judge.log) == 0
