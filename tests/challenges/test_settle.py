"""What became of answers whose callers are no more: a look at the link tells, and nothing is sent again."""

import asyncio
from datetime import timedelta

import pytest

from belvo_async import SessionPool
from belvo_async.backends import MemoryBackend, MemoryChallengeStore
from belvo_async.errors import ApiError, ChallengeAnsweredError, NotFoundError, UnknownTicketError
from belvo_async.models import ChallengePhase
from belvo_async.sandbox import Fault, FaultKind, Sandbox
from belvo_async.telemetry import ParkedChallengeTroubled
from belvo_async.testing import ManualClock
from tests.challenges.conftest import list_tokens, open_pool, park
from tests.challenges.parked import RIGHT, count_patches, read_all, wait_for_patch

LOGIN_LIMIT = 331.0


async def abandon(sandbox: Sandbox, pool: SessionPool, ticket: str, *, reaches_bank: bool = True) -> None:
    """Answer, and be gone before the bank has decided."""
    clock = sandbox.clock
    assert isinstance(clock, ManualClock)
    clock.automatic = False
    if not reaches_bank:
        sandbox.faults.add(Fault(kind=FaultKind.RESET_BEFORE, method="PATCH", seconds=1.0, times=1))
    before = count_patches(sandbox)
    call = asyncio.create_task(pool.challenges.resume(ticket, RIGHT))
    await wait_for_patch(sandbox, before)
    call.cancel()
    with pytest.raises(asyncio.CancelledError):
        await call
    clock.automatic = True


async def test_a_call_that_is_cancelled_after_it_sent_leaves_it_answered_and_a_look_settles_it(
    sandbox: Sandbox, pool: SessionPool, other: SessionPool, clock: ManualClock
) -> None:
    ticket = await park(sandbox, pool)
    await abandon(sandbox, pool, ticket)
    with pytest.raises(ChallengeAnsweredError):
        await other.challenges.resume(ticket, RIGHT)
    assert (await other.challenges.settle(ticket)).phase is ChallengePhase.ANSWERED
    await clock.sleep(2.0)
    settled = await other.challenges.settle(ticket)
    assert (settled.phase, settled.attempts) == (ChallengePhase.UPDATED, 1)
    assert (await other.challenges.get(ticket)) == settled
    assert await list_tokens(sandbox, pool, ticket) == [RIGHT]


async def test_an_answer_that_shows_no_success_after_the_login_limit_is_unsettled(
    sandbox: Sandbox, pool: SessionPool, other: SessionPool, clock: ManualClock
) -> None:
    ticket = await park(sandbox, pool)
    await abandon(sandbox, pool, ticket, reaches_bank=False)
    await clock.sleep(LOGIN_LIMIT)
    assert (await other.challenges.settle(ticket)).phase is ChallengePhase.UNSETTLED
    assert (await other.challenges.settle(ticket)).phase is ChallengePhase.UNSETTLED
    link = sandbox.links[(await other.challenges.get(ticket)).link_id]
    link.last_accessed_at = clock.wall()  # Belvo's own refresh, once the login must have ended
    assert (await other.challenges.settle(ticket)).phase is ChallengePhase.UNSETTLED
    link.last_accessed_at = clock.wall() - timedelta(seconds=100.0)
    assert (await other.challenges.settle(ticket)).phase is ChallengePhase.UPDATED


async def test_an_answer_about_a_link_that_was_deleted_is_refused(
    sandbox: Sandbox, pool: SessionPool, other: SessionPool
) -> None:
    ticket = await park(sandbox, pool)
    await abandon(sandbox, pool, ticket, reaches_bank=False)
    await pool.links.delete((await pool.challenges.get(ticket)).link_id)
    settled = await other.challenges.settle(ticket)
    assert (settled.phase, settled.code) == (ChallengePhase.REFUSED, "not_found")


async def test_a_link_that_somebody_else_deleted_before_the_answer_refuses_it(
    sandbox: Sandbox, pool: SessionPool
) -> None:
    ticket = await park(sandbox, pool)
    async with open_pool(sandbox) as stranger:
        await stranger.links.delete((await pool.challenges.get(ticket)).link_id)
    with pytest.raises(NotFoundError):
        await pool.challenges.resume(ticket, RIGHT)
    assert (await pool.challenges.get(ticket)).phase is ChallengePhase.REFUSED


async def test_a_look_that_fails_changes_nothing(sandbox: Sandbox, pool: SessionPool) -> None:
    ticket = await park(sandbox, pool)
    await abandon(sandbox, pool, ticket)
    sandbox.faults.add(Fault(kind=FaultKind.STATUS, status=401, method="GET"))
    with pytest.raises(ApiError):
        await pool.challenges.settle(ticket)
    assert (await pool.challenges.get(ticket)).phase is ChallengePhase.ANSWERED


async def test_what_is_not_in_doubt_is_not_looked_at(sandbox: Sandbox, pool: SessionPool) -> None:
    one, two = await park(sandbox, pool), await park(sandbox, pool)
    await pool.challenges.decline(two)
    requests = len(sandbox.log)
    assert (await pool.challenges.settle(one)).phase is ChallengePhase.OPEN
    assert (await pool.challenges.settle(two)).phase is ChallengePhase.DECLINED
    assert len(sandbox.log) == requests


async def test_the_truth_of_the_caller_wins_over_a_look_that_came_too_soon(
    sandbox: Sandbox, pool: SessionPool, other: SessionPool, clock: ManualClock
) -> None:
    ticket = await park(sandbox, pool)
    clock.automatic = False
    sandbox.faults.add(Fault(kind=FaultKind.LATENCY, method="PATCH", seconds=400.0))
    call = asyncio.create_task(pool.challenges.resume(ticket, RIGHT))
    await clock.wait_for_sleepers()
    await wait_for_patch(sandbox, 0)
    await clock.advance(350.0)
    assert (await other.challenges.settle(ticket)).phase is ChallengePhase.UNSETTLED
    clock.automatic = True
    await call
    assert (await other.challenges.get(ticket)).phase is ChallengePhase.UPDATED


async def test_a_sweep_settles_what_was_left_and_forgets_what_is_over(
    sandbox: Sandbox, pool: SessionPool, other: SessionPool, store: MemoryChallengeStore, clock: ManualClock
) -> None:
    lost, done, waiting = [await park(sandbox, pool) for _ in range(3)]
    await abandon(sandbox, pool, lost, reaches_bank=False)
    await clock.sleep(1.0)
    await abandon(sandbox, pool, done)
    await clock.sleep(290.0)
    assert await other.challenges.sweep() == 0
    assert {row.phase for row in read_all(store)} == {ChallengePhase.ANSWERED, ChallengePhase.OPEN}
    await clock.sleep(LOGIN_LIMIT)
    assert await other.challenges.sweep() == 0
    phases = [(await pool.challenges.get(ticket)).phase for ticket in (lost, done, waiting)]
    assert phases == [ChallengePhase.UNSETTLED, ChallengePhase.UPDATED, ChallengePhase.OPEN]
    await clock.sleep(9600.0 + 86400.0)
    assert await other.challenges.sweep() == 3
    with pytest.raises(UnknownTicketError):
        await pool.challenges.get(lost)


async def test_a_link_that_cannot_be_read_does_not_keep_a_sweep_from_the_others(
    sandbox: Sandbox, pool: SessionPool, clock: ManualClock
) -> None:
    one, two = await park(sandbox, pool), await park(sandbox, pool)
    old = await park(sandbox, pool)
    await abandon(sandbox, pool, one)
    await abandon(sandbox, pool, two)
    await clock.sleep(9600.0 + 86400.0)
    fresh = await park(sandbox, pool)
    link_id = (await pool.challenges.get(one)).link_id
    sandbox.faults.add(Fault(kind=FaultKind.STATUS, status=401, method="GET", link_id=link_id))
    with pytest.raises(ApiError):
        await pool.challenges.sweep()
    for ticket in (one, two, old):
        with pytest.raises(UnknownTicketError):
            await pool.challenges.get(ticket)
    assert (await pool.challenges.get(fresh)).phase is ChallengePhase.OPEN


async def test_a_sweep_passes_by_whatever_is_damaged_however_much_there_is(
    sandbox: Sandbox, store: MemoryChallengeStore, clock: ManualClock
) -> None:
    seen: list[object] = []
    async with open_pool(sandbox, backend=MemoryBackend(store), observer=seen.append) as pool:
        for _ in range(150):
            ticket = await park(sandbox, pool)
            row = next(row for row in store._shelf.rows.values() if ticket in row.record)
            store._shelf.take_out(row)
            object.__setattr__(row, "phase", ChallengePhase.ANSWERED)  # without a time: damaged
            store._shelf.put(row)
        last = await park(sandbox, pool)
        await abandon(sandbox, pool, last)
        await clock.sleep(LOGIN_LIMIT)
        await pool.challenges.sweep()
        assert (await pool.challenges.get(last)).phase is ChallengePhase.UPDATED
        assert sum(isinstance(one, ParkedChallengeTroubled) for one in seen) == 150
