"""Of several calls that would answer a challenge one does: whatever the clocks say, however slow it is."""

import asyncio
from collections.abc import AsyncIterator, Callable, Coroutine
from datetime import timedelta

import pytest

from belvo_async import Link, RateLimit, SessionPool
from belvo_async.backends import ChallengeRow, MemoryBackend, MemoryChallengeStore
from belvo_async.errors import ChallengeAnsweredError, ChallengeStoreError, TokenRequiredError
from belvo_async.models import ChallengePhase
from belvo_async.sandbox import Sandbox
from belvo_async.testing import ManualClock
from tests.challenges.conftest import add_link, challenge, list_tokens, open_pool, park
from tests.challenges.parked import RIGHT, WRONG, find_doubles, put, read_all, read_only
from tests.challenges.stores import TroubledStore
from tests.results import link_of

LEASE = 60.0


async def test_two_hundred_doubles_over_two_pools_send_a_hundred_tokens(
    sandbox: Sandbox, pool: SessionPool, other: SessionPool
) -> None:
    links = [add_link(sandbox) for _ in range(100)]
    states = await asyncio.gather(*(challenge(pool, link_id) for link_id in links))
    tickets = [await pool.challenges.park(state) for state in states]
    calls = [each.challenges.resume(ticket, RIGHT) for ticket in tickets for each in (pool, other)]
    results = await asyncio.gather(*calls, return_exceptions=True)
    assert sum(isinstance(result, Link) for result in results) == 100
    assert sum(isinstance(result, ChallengeAnsweredError) for result in results) == 100
    assert [sandbox.tokens(link_id) for link_id in links] == [[RIGHT]] * 100


@pytest.mark.parametrize("callers", [2, 20])
async def test_one_of_many_sends_and_the_others_are_told(
    sandbox: Sandbox, pool: SessionPool, other: SessionPool, callers: int
) -> None:
    ticket = await park(sandbox, pool)
    calls = [each.challenges.resume(ticket, WRONG) for _ in range(callers) for each in (pool, other)]
    results = await asyncio.gather(*calls, return_exceptions=True)
    assert sum(isinstance(result, TokenRequiredError) for result in results) == 1
    assert sum(isinstance(result, ChallengeAnsweredError) for result in results) == 2 * callers - 1
    assert await list_tokens(sandbox, pool, ticket) == [WRONG]


async def test_of_an_answer_and_a_decline_one_holds(
    sandbox: Sandbox, pool: SessionPool, other: SessionPool
) -> None:
    ticket = await park(sandbox, pool)
    answer, decline = await asyncio.gather(
        pool.challenges.resume(ticket, RIGHT), other.challenges.decline(ticket), return_exceptions=True
    )
    tokens = await list_tokens(sandbox, pool, ticket)
    assert isinstance(answer, Link) == (tokens == [RIGHT]) == isinstance(decline, ChallengeAnsweredError)


async def claim_and_vanish(store: MemoryChallengeStore, clock: ManualClock) -> None:
    """Do what a process does that is killed between its claim and its answer."""
    await put(store, read_only(store).claim(clock.wall()))


async def test_a_claim_whose_holder_has_vanished_lapses_after_a_minute(
    sandbox: Sandbox, pool: SessionPool, store: MemoryChallengeStore, clock: ManualClock
) -> None:
    ticket = await park(sandbox, pool)
    await claim_and_vanish(store, clock)
    for call in (pool.challenges.resume(ticket, RIGHT), pool.challenges.decline(ticket)):
        with pytest.raises(ChallengeAnsweredError):
            await call
    assert (await pool.challenges.get(ticket)).phase is ChallengePhase.CLAIMED
    assert await pool.challenges.list() == []
    assert len(await pool.challenges.list(phase=ChallengePhase.CLAIMED)) == 1
    await clock.sleep(LEASE)
    assert [shown.ticket for shown in await pool.challenges.list()] == [ticket]
    assert await pool.challenges.list(phase=ChallengePhase.CLAIMED) == []
    assert link_of(await pool.challenges.resume(ticket, RIGHT)).id


async def test_lapsed_claims_do_not_hide_a_live_one(
    sandbox: Sandbox, pool: SessionPool, store: MemoryChallengeStore, clock: ManualClock
) -> None:
    for _ in range(5):
        await park(sandbox, pool)
    for kept in read_all(store):
        await put(store, kept.claim(clock.wall()))
    await clock.sleep(LEASE)
    live = await park(sandbox, pool)
    [kept] = [kept for kept in read_all(store) if kept.ticket == live]
    await put(store, kept.claim(clock.wall()))
    shown = await pool.challenges.list(phase=ChallengePhase.CLAIMED, limit=1)
    assert [parked.ticket for parked in shown] == [live]
    assert len(await pool.challenges.list()) == 5


@pytest.mark.parametrize("hours", [-1, -24, 1])
async def test_a_clock_that_is_set_holds_up_nobody_for_longer_than_a_claim(
    sandbox: Sandbox, pool: SessionPool, store: MemoryChallengeStore, clock: ManualClock, hours: int
) -> None:
    ticket = await park(sandbox, pool)
    await claim_and_vanish(store, clock)
    clock.set_wall(clock.wall() + timedelta(hours=hours))
    await clock.sleep(LEASE)
    await pool.challenges.resume(ticket, RIGHT)
    assert await list_tokens(sandbox, pool, ticket) == [RIGHT]


@pytest.fixture
async def slow(sandbox: Sandbox, store: MemoryChallengeStore) -> AsyncIterator[SessionPool]:
    """A pool that may send once in two minutes, and has just sent."""
    limit = RateLimit(requests=1, window=2 * LEASE, margin=0.0)
    async with open_pool(sandbox, backend=MemoryBackend(store), rate_limit=limit) as pool:
        await pool.ping()
        yield pool


async def answer_right(pool: SessionPool, ticket: str) -> None:
    await pool.challenges.resume(ticket, RIGHT)


async def answer_wrong(pool: SessionPool, ticket: str) -> None:
    with pytest.raises(TokenRequiredError):
        await pool.challenges.resume(ticket, WRONG)


async def decline(pool: SessionPool, ticket: str) -> None:
    await pool.challenges.decline(ticket)


@pytest.mark.parametrize(
    ("overtake", "phase", "tokens"),
    [
        (answer_right, ChallengePhase.UPDATED, [RIGHT]),
        (answer_wrong, ChallengePhase.OPEN, [WRONG]),
        (decline, ChallengePhase.DECLINED, []),
    ],
)
async def test_a_slow_claimant_that_was_overtaken_sends_nothing(
    sandbox: Sandbox,
    slow: SessionPool,
    other: SessionPool,
    clock: ManualClock,
    overtake: Callable[[SessionPool, str], Coroutine[None, None, None]],
    phase: ChallengePhase,
    tokens: list[str],
) -> None:
    ticket = await park(sandbox, other)
    clock.automatic = False
    late = asyncio.create_task(slow.challenges.resume(ticket, "222222"))
    await clock.wait_for_sleepers()
    with pytest.raises(ChallengeAnsweredError):
        await other.challenges.resume(ticket, RIGHT)
    await clock.advance(LEASE)
    overtaking = asyncio.create_task(overtake(other, ticket))
    clock.automatic = True
    await overtaking
    with pytest.raises(ChallengeAnsweredError):
        await late
    assert (await other.challenges.get(ticket)).phase is phase
    assert await list_tokens(sandbox, other, ticket) == tokens


async def test_a_slow_claimant_that_nobody_overtook_sends(
    sandbox: Sandbox, slow: SessionPool, other: SessionPool
) -> None:
    ticket = await park(sandbox, other)
    await slow.challenges.resume(ticket, RIGHT)
    assert await list_tokens(sandbox, other, ticket) == [RIGHT]


@pytest.mark.parametrize("phase", [ChallengePhase.CLAIMED, ChallengePhase.DECLINED])
async def test_a_claimant_that_could_not_note_its_answer_leaves_alone_what_another_wrote_meanwhile(
    sandbox: Sandbox,
    pool: SessionPool,
    store: MemoryChallengeStore,
    clock: ManualClock,
    phase: ChallengePhase,
) -> None:
    ticket = await park(sandbox, pool)
    troubled = TroubledStore(store)

    async def overtake_and_fail(_: int, name: str) -> None:
        if name == "replace answered":
            mine = read_only(store)
            theirs = mine.claim(clock.wall()) if phase is ChallengePhase.CLAIMED else mine.enter(phase)
            await put(store, theirs)
            raise ChallengeStoreError("the store is in trouble")

    troubled.before = overtake_and_fail
    async with open_pool(sandbox, backend=MemoryBackend(troubled)) as slow:
        with pytest.raises(ChallengeStoreError):
            await slow.challenges.resume(ticket, RIGHT)
    assert read_only(store).phase is phase
    assert await list_tokens(sandbox, pool, ticket) == []


async def test_an_answer_that_a_store_noted_twice_by_itself_is_not_sent_and_not_lost(
    sandbox: Sandbox, pool: SessionPool, store: MemoryChallengeStore
) -> None:
    ticket = await park(sandbox, pool)

    class Repeating(TroubledStore):
        """Repeats what it believes lost, as clients of databases do, and so meets its own work."""

        async def replace(self, row: ChallengeRow) -> bool:
            kept = await store.replace(row)
            return await store.replace(row) if row.phase is ChallengePhase.ANSWERED else kept

    async with open_pool(sandbox, backend=MemoryBackend(Repeating(store))) as repeating:
        with pytest.raises(ChallengeAnsweredError):
            await repeating.challenges.resume(ticket, RIGHT)
    assert read_only(store).phase is ChallengePhase.OPEN
    await pool.challenges.resume(ticket, RIGHT)
    assert find_doubles(sandbox) == []
