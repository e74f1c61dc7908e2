"""A call that is cancelled at any step leaves a challenge open, or answered; never open once it was sent."""

import asyncio

import pytest

from belvo_async import SessionPool
from belvo_async.backends import MemoryBackend, MemoryChallengeStore
from belvo_async.models import ChallengePhase
from belvo_async.sandbox import Sandbox
from belvo_async.testing import ManualClock
from tests.challenges.conftest import list_tokens, open_pool, park
from tests.challenges.parked import RIGHT, WRONG, find_doubles, read_only, turn
from tests.challenges.stores import TroubledStore
from tests.engine.test_cancellation import assert_nothing_is_held

SENT = frozenset({ChallengePhase.ANSWERED, ChallengePhase.UPDATED})


async def check_left(sandbox: Sandbox, pool: SessionPool, store: MemoryChallengeStore, token: str) -> None:
    """Hold what is kept against what the bank saw, and answer as the next process would."""
    await turn()
    [ticket, phase] = [read_only(store).ticket, read_only(store).phase]
    sent = await list_tokens(sandbox, pool, ticket)
    if token == RIGHT:
        assert phase in SENT if sent else phase in {ChallengePhase.OPEN, *SENT}
    else:  # asked again, it is open with the next challenge
        assert phase in {ChallengePhase.OPEN, *SENT}
    if phase is ChallengePhase.OPEN:
        await pool.challenges.resume(ticket, RIGHT)
    assert find_doubles(sandbox) == []


@pytest.mark.parametrize("token", [RIGHT, WRONG])
@pytest.mark.parametrize("steps", range(80))
async def test_a_cancel_after_any_number_of_turns_leaves_no_claim_and_nothing_open_that_was_sent(
    sandbox: Sandbox,
    pool: SessionPool,
    other: SessionPool,
    store: MemoryChallengeStore,
    steps: int,
    token: str,
) -> None:
    ticket = await park(sandbox, pool)
    call = asyncio.create_task(pool.challenges.resume(ticket, token))
    for _ in range(steps):
        await asyncio.sleep(0)
    call.cancel()
    await asyncio.gather(call, return_exceptions=True)
    await assert_nothing_is_held(pool)
    await check_left(sandbox, other, store, token)


@pytest.mark.parametrize("token", [RIGHT, WRONG])
@pytest.mark.parametrize("when", ["before", "after"])
@pytest.mark.parametrize("first", range(1, 6))
async def test_a_cancel_in_any_call_of_the_store_leaves_no_claim_and_nothing_open_that_was_sent(
    sandbox: Sandbox, other: SessionPool, store: MemoryChallengeStore, first: int, when: str, token: str
) -> None:
    troubled = TroubledStore(store)
    async with open_pool(sandbox, backend=MemoryBackend(troubled)) as pool:
        ticket = await park(sandbox, pool)
        call = asyncio.create_task(pool.challenges.resume(ticket, token))

        async def cancel(number: int, _: str) -> None:
            if number == first + 2:  # two calls were to park
                call.cancel()
                await turn(3)

        setattr(troubled, when, cancel)
        with pytest.raises(asyncio.CancelledError):
            await call
        await assert_nothing_is_held(pool)
    await check_left(sandbox, other, store, token)


async def test_a_cancel_while_it_waits_for_the_link_opens_it_again(
    sandbox: Sandbox, pool: SessionPool, store: MemoryChallengeStore
) -> None:
    ticket = await park(sandbox, pool)
    async with pool._engine.memory.locks.hold((await pool.challenges.get(ticket)).link_id):
        call = asyncio.create_task(pool.challenges.resume(ticket, RIGHT))
        await turn()
        assert read_only(store).phase is ChallengePhase.CLAIMED
        call.cancel()
        with pytest.raises(asyncio.CancelledError):
            await call
    assert read_only(store).phase is ChallengePhase.OPEN


async def test_a_cancel_while_no_connection_can_be_made_leaves_the_challenge_open(
    sandbox: Sandbox, pool: SessionPool, store: MemoryChallengeStore, clock: ManualClock
) -> None:
    ticket = await park(sandbox, pool)
    await sandbox.stop()
    clock.automatic = False
    call = asyncio.create_task(pool.challenges.resume(ticket, RIGHT))
    await clock.wait_for_sleepers()
    call.cancel()
    with pytest.raises(asyncio.CancelledError):
        await call
    assert read_only(store).phase is ChallengePhase.OPEN


async def test_a_second_cancel_ends_the_call_at_once_and_the_store_still_gets_the_outcome(
    sandbox: Sandbox, store: MemoryChallengeStore
) -> None:
    troubled, goes_on, is_stuck = TroubledStore(store), asyncio.Event(), asyncio.Event()

    async def hang(_: int, name: str) -> None:
        if name == "replace updated":
            is_stuck.set()
            await goes_on.wait()

    troubled.before = hang
    async with open_pool(sandbox, backend=MemoryBackend(troubled)) as pool:
        ticket = await park(sandbox, pool)
        call = asyncio.create_task(pool.challenges.resume(ticket, RIGHT))
        await is_stuck.wait()
        for _ in range(2):
            call.cancel()
            await turn(3)
        assert call.cancelled()
        goes_on.set()
        await turn()
    assert read_only(store).phase is ChallengePhase.UPDATED
