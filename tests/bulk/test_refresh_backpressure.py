"""A slow consumer slows the logins, and those slow the source."""

import asyncio
import weakref
from collections.abc import Iterator

from belvo_async import Concurrency, LinkUpdate, RetryPolicy
from belvo_async.bulk import JobLimits, JobRun, refresh
from belvo_async.sandbox import Sandbox, SandboxOptions
from belvo_async.testing import ManualClock
from tests.bulk.conftest import EREBOR, PATIENCE, add_links, add_updates, collect, count_puts, open_pool

FOUR = Concurrency(total=4)
IDS = [f"30cb4806-6e00-48a4-91c9-{number:012}" for number in range(3_000)]


async def let_it_go_on(clock: ManualClock) -> None:
    """Let a job run for as long as it will by itself."""
    for _ in range(50):
        await clock.sleep(10.0)


async def test_without_a_consumer_logins_and_reading_come_to_a_stand(
    sandbox: Sandbox, clock: ManualClock
) -> None:
    updates = add_updates(sandbox, 500)
    async with (
        open_pool(sandbox) as pool,
        refresh(pool, updates, limits=JobLimits(concurrency=FOUR, look_ahead=20)) as run,
    ):
        await let_it_go_on(clock)
        assert count_puts(sandbox) <= 2 * FOUR.total
        assert run.report.read <= 20 + 2 * FOUR.total + 20  # the window, what was started, one batch
        assert len(await collect(run)) == 500


async def test_no_more_logins_start_than_outcomes_are_taken(sandbox: Sandbox, clock: ManualClock) -> None:
    async with (
        open_pool(sandbox) as pool,
        refresh(pool, add_updates(sandbox, 100), limits=JobLimits(concurrency=FOUR)) as run,
    ):
        for taken in range(20):
            await let_it_go_on(clock)
            assert taken <= count_puts(sandbox) <= taken + 2 * FOUR.total
            await anext(run)


async def test_no_more_updates_are_in_memory_than_the_window_and_the_places_hold(sandbox: Sandbox) -> None:
    living: weakref.WeakSet[LinkUpdate] = weakref.WeakSet()
    links = add_links(sandbox, 1000)
    most = 0

    def give() -> Iterator[LinkUpdate]:
        nonlocal most
        for link_id in links:
            update = LinkUpdate(link_id, password="new")
            living.add(update)
            most = max(most, len(living))
            yield update

    async with (
        open_pool(sandbox) as pool,
        refresh(pool, give(), limits=JobLimits(concurrency=FOUR, look_ahead=20)) as run,
    ):
        report = await run.finish()
    assert report.updated == 1000
    assert most <= 60


async def read_without_a_consumer(run: JobRun, clock: ManualClock) -> int:
    async with asyncio.timeout(PATIENCE):
        for _ in range(100):
            await clock.sleep(0.5)
    return run.report.read


async def test_also_links_that_are_given_up_untried_wait_for_the_consumer(clock: ManualClock) -> None:
    """An institution that is down must not make a job read its whole source into memory."""
    options = SandboxOptions(login_seconds=1.0)
    async with Sandbox(clock=clock, options=options) as sandbox:
        down = add_updates(sandbox, 1, "x_institution_down")
        source = down + [LinkUpdate(link_id, password="new", institution=EREBOR) for link_id in IDS]
        async with open_pool(sandbox, retry=RetryPolicy.never(), close_grace=0.0) as pool:
            concurrency = Concurrency(total=1)
            async with refresh(
                pool, source, limits=JobLimits(concurrency=concurrency, look_ahead=20, close_grace=0.0)
            ) as run:
                assert await read_without_a_consumer(run, clock) <= 200


async def test_people_who_are_asked_hold_no_place_but_are_bounded(
    sandbox: Sandbox, clock: ManualClock
) -> None:
    async def ask(_: object) -> str:
        await clock.sleep(1000.0)
        return "111111"

    updates = add_updates(sandbox, 200, "x_mfa_numeric")
    async with open_pool(sandbox) as pool:
        run = refresh(
            pool,
            updates,
            provide_token=ask,
            limits=JobLimits(concurrency=FOUR, max_open_prompts=10, look_ahead=20),
        )
        async with run:
            await clock.sleep(500.0)
            assert run.report.asking == 10
            assert count_puts(sandbox) <= 10 + 3 * FOUR.total
