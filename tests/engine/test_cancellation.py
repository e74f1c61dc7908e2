"""Cancel at any await: no connection, task, lock or slot is left behind."""

import asyncio
import random

import pytest

from belvo_async import Challenge, LinkUpdate, SessionPool
from belvo_async._engine.priority import Priority
from belvo_async.sandbox import Sandbox, SandboxOptions
from belvo_async.testing import ManualClock
from tests.engine.conftest import open_pool


async def turn_until_idle(sandbox: Sandbox) -> None:
    async with asyncio.timeout(10):
        while sandbox.connections:  # noqa: ASYNC110 - the server notices a close a turn later
            await asyncio.sleep(0)


async def assert_nothing_is_held(pool: SessionPool) -> None:
    """Wait until what had left when its caller did is heard, and look at what is left then."""
    async with asyncio.timeout(10):
        while len(pool._engine.memory.flights):  # noqa: ASYNC110 - nobody is told when the last one ends
            await asyncio.sleep(0)
    assert len(pool._engine.memory.locks) == 0
    assert pool._engine.context.lifecycle.inside == 0
    assert all(pool._engine.context.limits.room(each)._value == pool.concurrency.total for each in Priority)
    assert not pool._engine.context.limits._institutions
    load = pool.load
    assert (load.answers.waiting, load.calls.waiting, load.jobs.waiting) == (0, 0, 0)


async def test_ten_thousand_cancelled_updates_leave_nothing_behind() -> None:
    chance = random.Random(7)  # noqa: S311 - repeatable
    async with Sandbox(options=SandboxOptions(login_seconds=0.001)) as sandbox:
        links = [
            sandbox.add_link(
                institution="heimdall_mx_retail" if number % 3 == 0 else "erebor_mx_retail",
                username="mfa_numeric" if number % 3 == 0 else "user_valid",
                password="pass_valid",
            )
            for number in range(200)
        ]

        async def hang(_: Challenge) -> str:
            await asyncio.Event().wait()
            raise AssertionError

        async with open_pool(sandbox) as pool:
            tasks_before = asyncio.all_tasks()
            for _ in range(10):
                tasks = [
                    asyncio.ensure_future(
                        pool.links.update(
                            LinkUpdate(links[n % 200], password="new", institution=f"bank_{'abc'[n % 3]}"),
                            provide_token=hang,
                        )
                    )
                    for n in range(1000)
                ]
                for task in chance.sample(tasks, len(tasks)):
                    if chance.random() < 0.2:
                        await asyncio.sleep(0)
                    task.cancel()
                results = await asyncio.gather(*tasks, return_exceptions=True)
                assert all(
                    isinstance(result, asyncio.CancelledError) or not isinstance(result, BaseException)
                    for result in results
                )
            await assert_nothing_is_held(pool)
            await asyncio.sleep(0)
            ours = {task for task in asyncio.all_tasks() - tasks_before if "RequestHandler" not in repr(task)}
            assert ours == set()  # what is left belongs to the server
            assert (await pool.links.get(links[0])).id == links[0]
        await turn_until_idle(sandbox)
        assert sandbox.connections == 0


@pytest.mark.parametrize("steps", range(0, 40, 3))
async def test_a_cancel_after_any_number_of_steps_frees_the_link(sandbox: Sandbox, steps: int) -> None:
    link_id = sandbox.add_link(
        institution="heimdall_mx_retail", username="mfa_numeric", password="pass_valid"
    )

    async def answer(_: Challenge) -> str:
        await asyncio.sleep(0)
        return "111111"

    async with open_pool(sandbox) as pool:
        task = asyncio.ensure_future(
            pool.links.update(LinkUpdate(link_id, password="new"), provide_token=answer)
        )
        for _ in range(steps):
            await asyncio.sleep(0)
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
        await assert_nothing_is_held(pool)
        assert len(sandbox.tokens(link_id)) <= 1


async def test_a_cancelled_callback_is_cancelled_with_its_update(sandbox: Sandbox) -> None:
    link_id = sandbox.add_link(
        institution="heimdall_mx_retail", username="mfa_numeric", password="pass_valid"
    )
    asked, ended = asyncio.Event(), asyncio.Event()

    async def hang(_: Challenge) -> str:
        asked.set()
        try:
            await asyncio.Event().wait()
        finally:
            ended.set()
        raise AssertionError

    async with open_pool(sandbox, clock=ManualClock()) as pool:
        task = asyncio.ensure_future(
            pool.links.update(LinkUpdate(link_id, password="new"), provide_token=hang)
        )
        await asked.wait()
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        assert ended.is_set()
        await assert_nothing_is_held(pool)
