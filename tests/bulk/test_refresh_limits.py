"""The rate limit: never one request too many, and hardly one too few."""

import pytest

from belvo_async import Concurrency, RateLimit
from belvo_async.bulk import Parked, refresh
from belvo_async.sandbox import Fault, Sandbox, SandboxOptions
from belvo_async.testing import ManualClock
from tests.bulk.conftest import add_updates, collect, count_kinds, only, open_pool, refresh_all

START = ManualClock().wall()


def list_times(sandbox: Sandbox, method: str = "") -> list[float]:
    return [(entry.at - START).total_seconds() for entry in sandbox.log if entry.method.startswith(method)]


def count_most(times: list[float], window: float) -> int:
    """Return the most requests in any window of so many seconds, which holds its beginning only."""
    return max(sum(begin <= at < begin + window for at in times) for begin in times)


@pytest.mark.parametrize("seconds", [0.0, 3.0, 29.0])
async def test_a_job_uses_the_whole_limit_and_never_more(clock: ManualClock, seconds: float) -> None:
    options = SandboxOptions(enforce_rate_limit=True, login_seconds=seconds)
    async with (
        Sandbox(clock=clock, options=options) as sandbox,
        open_pool(sandbox, rate_limit=RateLimit(), concurrency=Concurrency(per_institution=100)) as pool,
    ):
        updates = add_updates(sandbox, 790) + add_updates(sandbox, 10, "x_mfa_numeric")
        roomy = Concurrency(total=100, per_institution=100)  # 80 in 30 s, of 29 s each
        outcomes, _ = await refresh_all(pool, updates, provide_token=lambda _: "111111", concurrency=roomy)
    assert count_kinds(outcomes) == {"Updated": 800}
    assert {entry.status for entry in sandbox.log} == {200, 428}
    times = list_times(sandbox)
    assert count_most(times, 30.0) == 80
    last_login = list_times(sandbox, "PUT")[-1]  # the last answers come when no login is left
    steady = [at for at in times[80:] if at <= last_login]
    assert (len(steady) - 1) / (steady[-1] - steady[0]) >= 0.99 * 80 / 30.3


async def test_an_html_403_pauses_the_whole_job_and_one_probe_goes_ahead(clock: ManualClock) -> None:
    options = SandboxOptions(login_seconds=1.0)
    few = Concurrency(total=20)
    async with Sandbox(clock=clock, options=options) as sandbox, open_pool(sandbox, concurrency=few) as pool:
        updates = add_updates(sandbox, 60)
        sandbox.faults.add(Fault(kind="html", method="PUT", after=20, times=1))
        outcomes, _ = await refresh_all(pool, updates)
    assert count_kinds(outcomes) == {"Updated": 60}
    times = list_times(sandbox, "PUT")
    assert len(times) == 61
    in_the_pause = [at for at in times if 1.5 < at < 30.0]
    assert in_the_pause == []
    late = [at for at in times if at >= 30.0]
    assert late[0] < late[1]  # the probe alone


async def test_a_probe_that_is_refused_makes_the_pause_longer(clock: ManualClock) -> None:
    async with Sandbox(clock=clock) as sandbox, open_pool(sandbox) as pool:
        sandbox.faults.add(Fault(kind="html", method="PUT", times=3))
        outcomes, _ = await refresh_all(pool, add_updates(sandbox, 1))
    assert count_kinds(outcomes) == {"Updated": 1}
    assert list_times(sandbox, "PUT") == [0.0, 30.0, 90.0, 210.0]


async def test_an_answer_goes_before_the_logins_that_wait(clock: ManualClock) -> None:
    async with (
        Sandbox(clock=clock) as sandbox,
        open_pool(sandbox, rate_limit=RateLimit(requests=5, window=10.0, margin=0.0)) as pool,
    ):
        updates = add_updates(sandbox, 1, "x_mfa_numeric") + add_updates(sandbox, 60)
        async with refresh(pool, updates, provide_token=lambda _: "111111") as run:
            assert count_kinds(await collect(run)) == {"Updated": 61}
    methods = [entry.method for entry in sandbox.log]
    assert methods.index("PATCH") <= 5


async def test_an_answer_from_outside_goes_before_the_logins_too(clock: ManualClock) -> None:
    async with (
        Sandbox(clock=clock) as sandbox,
        open_pool(sandbox, rate_limit=RateLimit(requests=5, window=10.0, margin=0.0)) as pool,
    ):
        updates = add_updates(sandbox, 1, "x_mfa_numeric") + add_updates(sandbox, 60)
        async with refresh(pool, updates) as run:
            await pool.challenges.resume(only(await anext(run), Parked).ticket, "111111")
            assert run.report.elapsed <= 10.0
            await collect(run)
    assert [entry.method for entry in sandbox.log].index("PATCH") <= 5
