"""An answer that was cancelled can be given again if, and only if, it had not left."""

import asyncio

import pytest

from belvo_async import Challenge, Link, LinkUpdate, RateLimit, SessionPool, TokenRequiredError
from belvo_async._engine.sent_tokens import SentTokens
from belvo_async.errors import ChallengeAnsweredError
from belvo_async.mfa import Resuming
from belvo_async.models import AwaitingToken
from belvo_async.sandbox import Fault, Sandbox
from belvo_async.testing import ManualClock
from tests.engine.conftest import open_pool
from tests.engine.test_cancellation import assert_nothing_is_held

LINK_ID = "30cb4806-6e00-48a4-91c9-ca55968576c8"


async def challenge(sandbox: Sandbox, pool: SessionPool) -> AwaitingToken:
    link_id = sandbox.add_link(institution="heimdall_mx_retail", username="mfa_numeric")
    with pytest.raises(TokenRequiredError) as caught:
        await pool.links.update(LinkUpdate(link_id, password="new"))
    return caught.value.state


async def cancel(task: "asyncio.Task[Link]") -> None:
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task


async def test_an_answer_cancelled_while_it_waits_for_its_turn_can_be_given_again() -> None:
    clock = ManualClock()
    limit = RateLimit(requests=1, window=30.0, margin=0.0)
    async with Sandbox(clock=clock) as sandbox, open_pool(sandbox, rate_limit=limit) as pool:
        state = await challenge(sandbox, pool)
        first = asyncio.ensure_future(pool.links.resume(state, "111111"))
        await clock.wait_for_sleepers()
        await cancel(first)
        assert (len(pool._engine.memory.sent_tokens), sandbox.tokens(state.challenge.link_id)) == (0, [])
        second = asyncio.ensure_future(pool.links.resume(state, "111111"))
        await clock.wait_for_sleepers()
        await clock.advance(30.0)
        assert (await second).id == state.challenge.link_id
        assert sandbox.tokens(state.challenge.link_id) == ["111111"]


async def test_an_answer_cancelled_after_it_left_cannot_be_given_again() -> None:
    clock = ManualClock()
    async with Sandbox(clock=clock) as sandbox, open_pool(sandbox) as pool:
        state = await challenge(sandbox, pool)
        sandbox.faults.add(Fault(kind="latency", seconds=60.0, method="PATCH"))
        first = asyncio.ensure_future(pool.links.resume(state, "111111"))
        await clock.wait_for_sleepers()
        await cancel(first)
        with pytest.raises(ChallengeAnsweredError):
            await pool.links.resume(state, "111111")
        assert len(pool._engine.memory.sent_tokens) == 1
        assert sandbox.tokens(state.challenge.link_id) == ["111111"]
        await clock.advance(60.0)


async def test_an_answer_cancelled_while_its_outcome_is_looked_up_cannot_be_given_again() -> None:
    clock = ManualClock()
    async with Sandbox(clock=clock) as sandbox, open_pool(sandbox) as pool:
        state = await challenge(sandbox, pool)
        sandbox.faults.add(Fault(kind="reset_before", method="PATCH"))
        first = asyncio.ensure_future(pool.links.resume(state, "111111"))
        await clock.wait_for_sleepers()  # between two looks
        await cancel(first)
        with pytest.raises(ChallengeAnsweredError):
            await pool.links.resume(state, "111111")
        assert [entry.method for entry in sandbox.log].count("PATCH") == 1


async def test_an_answer_cancelled_before_its_next_try_to_connect_can_be_given_again() -> None:
    clock = ManualClock()
    async with Sandbox(clock=clock) as sandbox:
        pool = open_pool(sandbox)
        state = await challenge(sandbox, pool)
        await sandbox.stop()
        first = asyncio.ensure_future(pool.links.resume(state, "111111"))
        await clock.wait_for_sleepers()  # no connection: the backoff
        await cancel(first)
        assert len(pool._engine.memory.sent_tokens) == 0
        await pool.aclose()


@pytest.mark.parametrize("turns", range(12))
async def test_an_answer_cancelled_at_any_moment_is_sent_at_most_once(turns: int, clock: ManualClock) -> None:
    async with Sandbox(clock=clock) as sandbox, open_pool(sandbox) as pool:
        state = await challenge(sandbox, pool)
        first = asyncio.ensure_future(pool.links.resume(state, "111111"))
        for _ in range(turns):
            await asyncio.sleep(0)
        first.cancel()
        await asyncio.gather(first, return_exceptions=True)
        left = len(pool._engine.memory.sent_tokens) == 1
        second = await asyncio.gather(pool.links.resume(state, "111111"), return_exceptions=True)
        assert isinstance(second[0], ChallengeAnsweredError) is left
        assert len(sandbox.tokens(state.challenge.link_id)) <= 1
        await assert_nothing_is_held(pool)


async def test_a_claim_is_kept_until_the_last_moment_when_its_answer_could_be_sent() -> None:
    clock = ManualClock()
    sent_tokens = SentTokens(clock)
    state = Resuming(
        challenge=Challenge(session="s1", link_id=LINK_ID, expiry=100.0),
        token="111111",
        deadline=clock.monotonic() + 500.0,  # as another clock, or a policy, has it
        rounds=1,
    )
    sent_tokens.take(state)
    await clock.advance(499.0)
    sent_tokens._tidy()
    with pytest.raises(ChallengeAnsweredError):
        sent_tokens.take(state)
    await clock.advance(1.0)
    sent_tokens._tidy()
    assert len(sent_tokens) == 0
