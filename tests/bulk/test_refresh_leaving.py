"""Leaving the block before the end: no login is left running, nothing is lost."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from belvo_async import Concurrency, LinkUpdate, RateLimit, SessionPool
from belvo_async.bulk import JobLimits, Updated, refresh
from belvo_async.errors import SourceError, UsageError
from belvo_async.sandbox import Sandbox, SandboxOptions
from belvo_async.testing import ManualClock
from tests.bulk.conftest import (
    PATIENCE,
    add_update,
    add_updates,
    collect,
    count_kinds,
    count_puts,
    list_strays,
    only,
    open_pool,
    read_states,
    refresh_all,
    wait_until,
)

FOUR = Concurrency(total=4)


@pytest.mark.parametrize("way", ["break", "raise", "cancel"])
async def test_no_login_is_left_running_and_those_under_way_end(
    sandbox: Sandbox, pool: SessionPool, way: str
) -> None:
    before = asyncio.all_tasks()
    updates = add_updates(sandbox, 100)
    seen = []

    async def consume() -> None:
        async with refresh(pool, updates, limits=JobLimits(concurrency=FOUR)) as run:
            async for outcome in run:
                seen.append(run)
                assert isinstance(outcome, Updated)
                if way == "break":
                    break
                if way == "raise":
                    raise ZeroDivisionError
                task.cancel()

    task = asyncio.create_task(consume())
    async with asyncio.timeout(PATIENCE):
        (result,) = await asyncio.gather(task, return_exceptions=True)
    expected = {"break": type(None), "raise": ZeroDivisionError, "cancel": asyncio.CancelledError}
    assert type(result) is expected[way]
    assert not list_strays(before)
    logins = sandbox.logins()
    assert seen[0].report.updated == logins == count_puts(sandbox)
    assert seen[0].report.in_flight == 0
    assert seen[0].report.stopped
    await pool.clock.sleep(100.0)
    assert sandbox.logins() == logins


@pytest.mark.parametrize(("grace", "state"), [(30.0, "updated"), (5.0, "submitted")])
async def test_a_login_has_the_grace_time_and_no_more(tmp_path: Path, grace: float, state: str) -> None:
    clock = ManualClock()
    options = SandboxOptions(login_seconds=10.0)
    path = tmp_path / "run.sqlite"
    async with Sandbox(clock=clock, options=options) as sandbox, open_pool(sandbox) as pool:
        update = add_update(sandbox)

        async def leave_early() -> None:
            async with refresh(pool, [update], journal=path, limits=JobLimits(close_grace=grace)):
                await wait_until(lambda: bool(sandbox.logins()))
                await clock.settle()

        leaving = asyncio.create_task(leave_early())
        await wait_until(lambda: clock.sleepers >= 2)  # the bank, the grace
        await clock.advance(10.0)
        async with asyncio.timeout(PATIENCE):
            await leaving
        assert read_states(path) == {update.link_id: state}
        assert sandbox.logins() == 1


async def test_a_second_cancellation_still_lets_go_of_the_journal(tmp_path: Path) -> None:
    clock = ManualClock()
    path = tmp_path / "run.sqlite"
    options = SandboxOptions(login_seconds=10.0)
    async with Sandbox(clock=clock, options=options) as sandbox, open_pool(sandbox, close_grace=0) as pool:
        update = add_update(sandbox)

        async def work() -> None:
            async with refresh(pool, [update], journal=path) as run:
                await run.finish()

        task = asyncio.create_task(work())
        await wait_until(lambda: bool(sandbox.logins()))
        for _ in range(20):
            task.cancel()
            await asyncio.sleep(0)
        async with asyncio.timeout(PATIENCE):
            await asyncio.gather(task, return_exceptions=True)
            clock.automatic = True
            outcomes, _ = await refresh_all(pool, [update], journal=path)
        assert len(outcomes) == 1


async def test_a_failure_that_was_not_told_is_raised_on_leaving(pool: SessionPool) -> None:
    with pytest.raises(SourceError):
        async with refresh(pool, [5]) as run:  # type: ignore[list-item]
            await wait_until(lambda: run.report.stopped is not None)


async def test_a_failure_that_was_told_is_not_raised_twice(pool: SessionPool) -> None:
    async with refresh(pool, [5]) as run:  # type: ignore[list-item]
        with pytest.raises(SourceError):
            await collect(run)
        assert await collect(run) == []
    assert run.report.stopped is not None


async def test_an_error_of_the_body_is_not_hidden_by_one_of_the_job(pool: SessionPool) -> None:
    run = refresh(pool, [5])  # type: ignore[list-item]
    await run.__aenter__()
    await wait_until(lambda: run.report.stopped is not None)
    await run.__aexit__(ZeroDivisionError, ZeroDivisionError(), None)
    assert run.report.stopped


async def test_a_job_that_is_stopped_ends_and_tells_why(sandbox: Sandbox, pool: SessionPool) -> None:
    async with refresh(pool, add_updates(sandbox, 100), limits=JobLimits(concurrency=FOUR)) as run:
        outcomes = [await anext(run)]
        run.stop("enough for today")
        run.stop("once more")
        outcomes += await collect(run)
    assert count_kinds(outcomes) == {"Updated": sandbox.logins()}
    assert len(outcomes) <= 2 * FOUR.total
    assert run.report.stopped == "enough for today"


@pytest.mark.parametrize("is_slow_to_close", [False, True])
async def test_a_job_that_waits_for_its_source_can_be_stopped(
    sandbox: Sandbox, pool: SessionPool, is_slow_to_close: bool
) -> None:
    update = add_update(sandbox)

    async def give() -> AsyncIterator[LinkUpdate]:
        yield update
        try:
            await asyncio.Event().wait()
        finally:
            if is_slow_to_close:
                await asyncio.sleep(0.01)

    async with refresh(pool, give(), limits=JobLimits(close_grace=0.0)) as run:
        only(await anext(run), Updated)
        run.stop()
        assert await collect(run) == []


async def test_a_login_that_waits_for_its_turn_does_not_begin_after_a_stop(clock: ManualClock) -> None:
    async with (
        Sandbox(clock=clock) as sandbox,
        open_pool(sandbox, rate_limit=RateLimit(requests=3, window=30.0)) as pool,
    ):
        async with refresh(pool, add_updates(sandbox, 50)) as run:
            outcomes = [await anext(run)]
            began = clock.monotonic()
            run.stop()
            outcomes += await collect(run)
            took = clock.monotonic() - began
        assert count_puts(sandbox) == len(outcomes) < 4
        assert took < 2.0


async def test_a_login_that_waits_for_its_turn_does_not_begin_after_the_block_is_left(
    sandbox: Sandbox,
) -> None:
    async with open_pool(sandbox, rate_limit=RateLimit(requests=3, window=10.0)) as pool:
        async with refresh(pool, add_updates(sandbox, 50)) as run:
            await anext(run)
        assert count_puts(sandbox) == run.report.updated < 4


async def test_people_who_are_asked_are_asked_no_more_after_a_stop(
    sandbox: Sandbox, clock: ManualClock, pool: SessionPool
) -> None:
    updates = add_updates(sandbox, 5, "x_mfa_numeric")
    cancelled = []

    async def ask(challenge: object) -> str:
        try:
            await asyncio.Event().wait()
        finally:
            cancelled.append(challenge)
        return "111111"

    async with refresh(pool, updates, provide_token=ask) as run:
        await wait_until(lambda: run.report.asking == 5)
        began = clock.monotonic()
        run.stop()
        outcomes = await collect(run)
        assert clock.monotonic() - began < 1.0
    assert count_kinds(outcomes) == {"Parked": 5}
    assert (len(cancelled), run.report.asking) == (5, 0)


async def test_stopping_a_job_that_has_ended_changes_nothing(sandbox: Sandbox, pool: SessionPool) -> None:
    async with refresh(pool, add_updates(sandbox, 3)) as run:
        await run.finish()
        run.stop("too late")
    assert run.report.stopped is None


async def test_a_block_that_is_left_when_all_is_done_was_not_stopped(
    sandbox: Sandbox, pool: SessionPool
) -> None:
    async with refresh(pool, add_updates(sandbox, 3)) as run:
        for _ in range(3):
            await anext(run)
    assert run.report.stopped is None


async def test_a_run_that_was_not_entered_says_so(pool: SessionPool) -> None:
    run = refresh(pool, [])
    assert run.report.read == 0
    with pytest.raises(UsageError, match="has not begun"):
        await anext(run)
    with pytest.raises(UsageError, match="has not begun"):
        run.stop()


async def test_a_run_is_entered_once(pool: SessionPool) -> None:
    run = refresh(pool, [])
    async with run:
        await run.finish()
        with pytest.raises(UsageError, match="entered once"):
            await run.__aenter__()
    with pytest.raises(UsageError, match="entered once"):
        await run.__aenter__()
