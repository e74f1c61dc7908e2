"""Processes that share a backend are one pool: they never send more than Belvo's limit, and use all of it.

Here 40 requests in 2 or 3 s. The long forms have Belvo's proportions, 2,000 requests and three seeds:
`make processes`.
"""

import asyncio
import signal
import sys
from collections.abc import Sequence
from typing import Any, Final

import pytest
from attrs import evolve

from tests.processes.conftest import Authority
from tests.processes.judge import Judge
from tests.processes.launch import Ending, Worker, wait_for_all, wait_for_arrivals, working
from tests.processes.loads import IS_FULL, SPLIT, Load
from tests.processes.verdict import Verdict
from tests.processes.worker import Settings

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="there is no SIGKILL, nor SIGSTOP")

LOGIN_SECONDS: Final = 0.3
EVEN, UNEVEN, MANY, MANY_UNEVEN = (1, 1, 1, 1), (7, 1, 1, 1), (1,) * 12, (7,) + (1,) * 11
QUICK: Final = Load(requests=200, limit=40, window=3.0, margin=0.1)
QUICK_UNEVEN: Final = evolve(QUICK, shares=UNEVEN)
SHORT: Final = evolve(QUICK, requests=120, window=2.0)
LEFT_ALONE: Final = evolve(SHORT, requests=245, shares=(4, 1, 1, 1))
"""The first has enough for two windows, while the others stand still."""
ALONE: Final = evolve(SHORT, shares=(1,))
SLOW: Final = [
    Load(requests=2000, window=10.0, shares=shares, seed=seed)
    for shares in (EVEN, UNEVEN, MANY, MANY_UNEVEN)
    for seed in (1, 2, 3)
    if IS_FULL
]
SLOW_EVEN: Final = [load for load in SLOW if load.shares == EVEN]


def list_loads(*quick: Load, slow: Sequence[Load] = ()) -> list[Any]:
    """List the loads of a test; the slow ones are marked."""
    return [*quick, *(pytest.param(load, marks=pytest.mark.slow) for load in slow)]


with_harm = pytest.mark.parametrize("load", list_loads(SHORT, slow=SLOW_EVEN), ids=str)
with_handshakes = pytest.mark.parametrize(
    ("load", "seconds"),
    [
        (SHORT, 2.0),
        *(pytest.param(load, each, marks=pytest.mark.slow) for load in SLOW_EVEN for each in (0.5, 2.0)),
    ],
    ids=str,
)


def start_judge(load: Load, **options: Any) -> Judge:  # Any: the judge's own
    return Judge(login_seconds=LOGIN_SECONDS, seed=load.seed, **options)


def judge_load(judge: Judge, load: Load, endings: Sequence[Ending] = ()) -> Verdict:
    verdict = Verdict.build(judge, load, endings)
    print(verdict)  # noqa: T201 - shown by `make processes`, and where a test fails
    return verdict


def check_limit(judge: Judge, load: Load) -> None:
    verdict = judge_load(judge, load)
    assert verdict.worst <= load.limit, verdict


def check_all_updated(load: Load, endings: Sequence[Ending], *, but: int | None = None) -> None:
    """Check that each process but one has done all of its work, and none has complained."""
    assert [ending.errors for ending in endings] == [""] * len(endings)
    for number, updates in enumerate(load.divide()):
        assert number == but or endings[number].outcomes == {"updated": updates}


async def send(judge: Judge, load: Load, settings: Sequence[Settings]) -> list[Ending]:
    """Let processes send a load to its end, and do all of their work."""
    async with working(settings) as workers:
        endings = await wait_for_all(workers, load.patience)
    check_all_updated(load, endings)
    assert len(judge.logins) == sum(load.divide())
    return endings


async def send_and_judge(load: Load, sharing: str | None) -> Verdict:
    async with start_judge(load) as judge:
        endings = await send(judge, load, load.build_settings(judge.url, sharing))
    return judge_load(judge, load, endings)


@pytest.mark.parametrize("load", list_loads(QUICK, QUICK_UNEVEN, slow=SLOW), ids=str)
async def test_processes_that_share_a_backend_keep_the_limit_and_use_it(load: Load, backend: str) -> None:
    """They send as much as one pool would, whoever has the most to send."""
    verdict = await send_and_judge(load, backend)
    assert verdict.worst <= load.limit, verdict
    # PostgreSQL needs the most CPU for a permit; short loads ask for 13 a second, beside other tests.
    least = 0.95 if load in SLOW else 0.6 if backend.startswith("postgres") else 0.9
    assert verdict.use >= least, verdict


async def test_without_a_backend_each_process_takes_the_whole_limit() -> None:
    """Without this, the tests here would prove nothing."""
    verdict = await send_and_judge(QUICK, None)
    assert verdict.worst > 3 * QUICK.limit, verdict


async def test_a_limit_that_is_split_is_kept_and_used_by_an_even_load() -> None:
    """Neither the judge nor the machine is what holds the processes back, or makes them late."""
    verdict = await send_and_judge(QUICK, SPLIT)
    assert verdict.worst <= QUICK.limit, verdict
    assert verdict.use >= 0.9, verdict


async def test_a_limit_that_is_split_is_wasted_by_an_uneven_load() -> None:
    """Goodput shows it: without this, it could be large whatever the processes do."""
    verdict = await send_and_judge(evolve(QUICK_UNEVEN, requests=100), SPLIT)
    assert verdict.goodput < 0.6, verdict


async def test_a_window_that_is_counted_a_tenth_too_short_is_seen() -> None:
    async with start_judge(ALONE) as judge:
        (settings,) = ALONE.build_settings(judge.url, None)
        await send(judge, ALONE, [evolve(settings, window=0.9 * ALONE.window, margin=0.0)])
    verdict = judge_load(judge, ALONE)
    assert verdict.worst > ALONE.limit, verdict


@with_harm
async def test_a_killed_process_takes_none_of_the_limit_with_it(load: Load, sharing: str) -> None:
    """The permits that it held are not given twice, and the others do not wait for it."""
    async with (
        start_judge(load) as judge,
        working(load.build_settings(judge.url, sharing)) as workers,
    ):
        await wait_for_arrivals(judge, workers, load.requests // 2)
        victim = sort_by_work(workers, judge)[0]
        victim.send_signal(signal.SIGKILL)
        endings = await wait_for_all(workers, load.patience)
    check_limit(judge, load)
    number = workers.index(victim)
    check_all_updated(load, endings, but=number)
    assert endings[number].code == -signal.SIGKILL
    assert victim.count_left(judge.log) > 0


@pytest.mark.parametrize("load", list_loads(LEFT_ALONE, slow=SLOW_EVEN), ids=str)
async def test_processes_that_stood_still_for_two_windows_send_nothing_late(load: Load, sharing: str) -> None:
    """What they were promised before counts no more when they go on: another has used the limit alone."""
    async with (
        start_judge(load) as judge,
        working(load.build_settings(judge.url, sharing)) as workers,
    ):
        await wait_for_arrivals(judge, workers, load.limit + 20)  # whoever took the first window
        _, *others = sort_by_work(workers, judge)
        for worker in others:
            worker.send_signal(signal.SIGSTOP)
        await asyncio.sleep(2 * load.window)  # real, as the others' time is
        assert sum(worker.count_left(judge.log) > 0 for worker in others) >= 2
        for worker in others:
            worker.send_signal(signal.SIGCONT)
        endings = await wait_for_all(workers, load.patience)
    check_limit(judge, load)
    check_all_updated(load, endings)


def sort_by_work(workers: Sequence[Worker], judge: Judge) -> list[Worker]:
    """Sort processes by what they have still to send, the most first: nothing says that they take turns."""
    return sorted(workers, key=lambda worker: worker.count_left(judge.log), reverse=True)


@pytest.mark.parametrize("load", list_loads(LEFT_ALONE, slow=SLOW_EVEN), ids=str)
async def test_event_loops_that_stand_still_let_nothing_leave_late(load: Load, sharing: str) -> None:
    """All but one stand still at the same moments, and that one uses the limit alone."""
    async with start_judge(load) as judge:
        first, *others = load.build_settings(judge.url, sharing)
        endings = await send(judge, load, [first, *(evolve(other, stalls_every=2.0) for other in others)])
    check_limit(judge, load)
    assert sum(ending.stalls > 0 for ending in endings) >= 2  # who has little to send may end before


@with_harm
async def test_clocks_that_are_ahead_change_nothing(load: Load, sharing: str) -> None:
    """All but one are a second ahead; with a server, they are of machines that booted at other times."""
    is_elsewhere = sharing.startswith(("redis:", "postgresql:"))
    async with start_judge(load) as judge:
        first, *others = load.build_settings(judge.url, sharing)
        ahead = [evolve(other, wall_ahead=1.0, is_elsewhere=is_elsewhere) for other in others]
        await send(judge, load, [first, *ahead])
    check_limit(judge, load)


@with_handshakes
async def test_a_slow_handshake_lets_nothing_leave_late(
    load: Load, seconds: float, sharing: str, authority: Authority
) -> None:
    """A permit is used when the connection stands, and not when it is asked for."""
    async with start_judge(load, certificate=authority.certificate, handshake_seconds=seconds) as judge:
        await send(judge, load, load.build_settings(judge.url, sharing, authority=authority.file))
    check_limit(judge, load)
