"""What the server said last is what the caller hears: an attempt that never left does not hide it."""

import asyncio

import pytest

from belvo_async import Link, LinkUpdate, RateLimit, SessionPool
from belvo_async.errors import NotSentError, PoolClosedError, ServerError, UsageError
from belvo_async.sandbox import Fault, Sandbox
from belvo_async.testing import ManualClock, mocked_belvo
from tests.engine.conftest import open_pool
from tests.engine.servers import KEYS

LINK_ID = "30cb4806-6e00-48a4-91c9-ca55968576c8"
ONE_IN_THIRTY = RateLimit(requests=1, window=30.0, margin=0.0)


async def fail_while_it_closes(pool: SessionPool, update: "asyncio.Task[Link]") -> None:
    await pool.aclose()
    with pytest.raises(ServerError) as caught:
        await update
    assert not isinstance(caught.value, UsageError)
    assert caught.value.code == "unexpected_error"


@pytest.mark.parametrize("call", ["update", "get"])
async def test_a_pool_that_closes_during_a_backoff_tells_what_the_server_had_said(call: str) -> None:
    clock = ManualClock()
    async with Sandbox(clock=clock) as sandbox:
        pool = open_pool(sandbox)
        link_id = sandbox.add_link(username="x_unexpected_error")
        if call == "get":
            sandbox.faults.add(Fault(kind="status", status=500))
            work = asyncio.ensure_future(pool.links.get(link_id))
        else:
            work = asyncio.ensure_future(pool.links.update(LinkUpdate(link_id, password="new")))
        await clock.wait_for_sleepers()
        await fail_while_it_closes(pool, work)
        assert sandbox.logins(link_id) == (call == "update")


async def test_a_pool_that_closes_while_a_repeat_waits_for_its_turn_tells_what_the_server_had_said() -> None:
    clock = ManualClock()
    async with Sandbox(clock=clock) as sandbox:
        pool = open_pool(sandbox, rate_limit=ONE_IN_THIRTY)
        link_id = sandbox.add_link(username="x_unexpected_error")
        update = asyncio.ensure_future(pool.links.update(LinkUpdate(link_id, password="new")))
        await clock.wait_for_sleepers()  # the look waits for its turn
        await clock.advance(30.0)
        await clock.wait_for_sleepers()  # the backoff
        await clock.advance(4.0)
        await clock.wait_for_sleepers()  # the second login waits for its turn
        assert [entry.method for entry in sandbox.log] == ["PUT", "GET"]
        assert not update.done()
        await fail_while_it_closes(pool, update)
        assert sandbox.logins(link_id) == 1


async def test_a_repeat_without_a_connection_tells_what_the_server_had_said(clock: ManualClock) -> None:
    with mocked_belvo() as belvo:
        belvo.error(LINK_ID, 500, "unexpected_error")
        belvo.link_read(LINK_ID, status="invalid")
        for _ in range(5):
            belvo.not_sent(LINK_ID)
        async with SessionPool(KEYS, environment=belvo.url, clock=clock) as pool:
            with pytest.raises(ServerError) as caught:
                await pool.links.update(LinkUpdate(LINK_ID, password="new"))
    assert caught.value.status == 500


async def test_a_read_without_a_connection_after_an_error_tells_the_error(clock: ManualClock) -> None:
    async with Sandbox(clock=clock) as sandbox, open_pool(sandbox) as pool:
        link_id = sandbox.add_link()
        sandbox.faults.add(Fault(kind="status", status=500))
        read = asyncio.ensure_future(pool.links.get(link_id))
        while not any(entry.status for entry in sandbox.log):  # noqa: ASYNC110 - the log has no event
            await asyncio.sleep(0)
        await sandbox.stop()
        with pytest.raises(ServerError):
            await read
        assert len(sandbox.log) == 1


async def test_a_login_that_never_left_is_not_sent(clock: ManualClock) -> None:
    with mocked_belvo() as belvo:
        for _ in range(6):
            belvo.not_sent(LINK_ID)
        async with SessionPool(KEYS, environment=belvo.url, clock=clock) as pool:
            with pytest.raises(NotSentError):
                await pool.links.update(LinkUpdate(LINK_ID, password="new"))


async def test_a_pool_that_closes_before_anything_was_sent_says_so() -> None:
    clock = ManualClock()
    async with Sandbox(clock=clock) as sandbox:
        pool = open_pool(sandbox, rate_limit=ONE_IN_THIRTY)
        await pool.ping()
        update = asyncio.ensure_future(pool.links.update(LinkUpdate(sandbox.add_link(), password="new")))
        await clock.wait_for_sleepers()
        await pool.aclose()
        with pytest.raises(PoolClosedError):
            await update
        assert [entry.method for entry in sandbox.log] == ["GET"]


async def test_a_pool_that_closes_after_attempts_that_never_left_says_so() -> None:
    clock = ManualClock()
    async with Sandbox(clock=clock) as sandbox:
        pool = open_pool(sandbox)
    update = asyncio.ensure_future(pool.links.update(LinkUpdate(LINK_ID, password="new")))
    await clock.wait_for_sleepers()
    await pool.aclose()
    with pytest.raises(PoolClosedError):
        await update
