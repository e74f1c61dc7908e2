"""Of a link one question is open: a newer challenge, another login or a deletion ends the older ones."""

import asyncio

import pytest
from attrs import evolve

from belvo_async import LinkUpdate, SessionPool
from belvo_async.backends import MemoryBackend, MemoryChallengeStore
from belvo_async.errors import (
    BelvoError,
    ChallengeExpiredError,
    ChallengeStoreError,
    ChallengeSupersededError,
    NotFoundError,
)
from belvo_async.models import ChallengePhase
from belvo_async.sandbox import Fault, Sandbox
from belvo_async.telemetry import ParkedChallengeTroubled
from belvo_async.testing import ManualClock
from tests.challenges.conftest import add_link, challenge, open_pool
from tests.challenges.parked import RIGHT, become, count_patches, put, read_all
from tests.challenges.stores import TroubledStore

P = ChallengePhase


async def park_again(pool: SessionPool, link_id: str) -> str:
    return await pool.challenges.park(await challenge(pool, link_id))


async def log_in_without_token(sandbox: Sandbox, pool: SessionPool, link_id: str) -> None:
    become(sandbox, link_id, "user_valid")
    await pool.links.update(LinkUpdate(link_id, password="new"), when_busy="wait")


async def find_phases(pool: SessionPool, *tickets: str) -> list[ChallengePhase]:
    return [(await pool.challenges.get(ticket)).phase for ticket in tickets]


async def test_a_newer_challenge_of_the_link_ends_the_older_whichever_process_parks_it(
    sandbox: Sandbox, pool: SessionPool, other: SessionPool
) -> None:
    link_id, another = add_link(sandbox), add_link(sandbox)
    older, apart = await park_again(pool, link_id), await park_again(pool, another)
    newer = await park_again(other, link_id)
    assert await find_phases(pool, older, apart, newer) == [P.SUPERSEDED, P.OPEN, P.OPEN]
    assert {parked.ticket for parked in await pool.challenges.list()} == {apart, newer}


async def test_the_answer_to_a_superseded_challenge_sends_nothing_and_names_the_newer_one(
    sandbox: Sandbox, pool: SessionPool, other: SessionPool
) -> None:
    link_id = add_link(sandbox)
    older, newer = await park_again(pool, link_id), await park_again(other, link_id)
    with pytest.raises(ChallengeSupersededError, match="nothing was sent") as superseded:
        await pool.challenges.resume(older, RIGHT)
    assert (superseded.value.ticket, superseded.value.link_id) == (newer, link_id)
    with pytest.raises(ChallengeSupersededError):
        await pool.challenges.decline(older)
    assert count_patches(sandbox) == 0
    await pool.challenges.resume(newer, RIGHT)
    with pytest.raises(ChallengeSupersededError, match="newer_challenge") as done:
        await pool.challenges.resume(older, RIGHT)
    assert done.value.ticket is None
    assert count_patches(sandbox) == 1


async def test_an_older_challenge_that_is_parked_late_does_not_push_the_newer_one_out(
    sandbox: Sandbox, pool: SessionPool, clock: ManualClock
) -> None:
    link_id = add_link(sandbox)
    older, newer = await challenge(pool, link_id), await challenge(pool, link_id)
    first = await pool.challenges.park(newer)
    await clock.sleep(1.0)
    late = await pool.challenges.park(older)
    assert await find_phases(pool, first, late) == [P.OPEN, P.SUPERSEDED]


async def test_of_challenges_that_are_parked_at_once_the_newest_stays_open(
    sandbox: Sandbox, pool: SessionPool, other: SessionPool
) -> None:
    link_id = add_link(sandbox)
    states = [await challenge(pool, link_id) for _ in range(6)]
    pools = (pool, other) * 3
    parks = (each.challenges.park(state) for each, state in zip(pools, states, strict=True))
    tickets = await asyncio.gather(*parks)
    assert await find_phases(pool, *tickets) == [P.SUPERSEDED] * 5 + [P.OPEN]


async def test_an_update_that_succeeds_by_another_way_ends_the_open_challenge(
    sandbox: Sandbox, pool: SessionPool, other: SessionPool
) -> None:
    link_id = add_link(sandbox)
    ticket = await park_again(pool, link_id)
    await log_in_without_token(sandbox, other, link_id)
    assert await find_phases(pool, ticket) == [P.SUPERSEDED]
    with pytest.raises(ChallengeSupersededError, match="link_updated"):
        await pool.challenges.resume(ticket, RIGHT)
    assert count_patches(sandbox) == 0


async def test_an_update_whose_response_was_lost_ends_the_open_challenge_once_its_success_is_seen(
    sandbox: Sandbox, pool: SessionPool, other: SessionPool
) -> None:
    link_id = add_link(sandbox)
    ticket = await park_again(pool, link_id)
    sandbox.faults.add(Fault(kind="reset_after", method="PUT", times=1))
    await log_in_without_token(sandbox, other, link_id)
    assert await find_phases(pool, ticket) == [P.SUPERSEDED]


async def test_an_update_that_fails_leaves_the_challenge_open(sandbox: Sandbox, pool: SessionPool) -> None:
    link_id = add_link(sandbox)
    ticket = await park_again(pool, link_id)
    sandbox.faults.add(Fault(kind="status", status=400, method="PUT", reaches_bank=False))
    with pytest.raises(BelvoError):
        await pool.links.update(LinkUpdate(link_id, password="new"), when_busy="wait")
    assert await find_phases(pool, ticket) == [P.OPEN]


@pytest.mark.parametrize("in_background", [False, True])
async def test_a_deletion_through_the_pool_ends_the_open_challenge(
    sandbox: Sandbox, pool: SessionPool, other: SessionPool, *, in_background: bool
) -> None:
    link_id = add_link(sandbox)
    ticket = await park_again(pool, link_id)
    await other.links.delete(link_id, in_background=in_background)
    assert await pool.challenges.list() == []
    with pytest.raises(ChallengeSupersededError, match="link_deleted"):
        await pool.challenges.resume(ticket, RIGHT)


async def test_a_deletion_that_fails_leaves_the_challenge_open(sandbox: Sandbox, pool: SessionPool) -> None:
    link_id = add_link(sandbox)
    ticket = await park_again(pool, link_id)
    sandbox.faults.add(Fault(kind="status", status=401, method="DELETE"))
    with pytest.raises(BelvoError):
        await pool.links.delete(link_id)
    assert await find_phases(pool, ticket) == [P.OPEN]


async def test_a_challenge_whose_answer_is_under_way_is_not_superseded(
    sandbox: Sandbox, pool: SessionPool, other: SessionPool, store: MemoryChallengeStore
) -> None:
    link_id = add_link(sandbox)
    ticket = await park_again(pool, link_id)
    (kept,) = read_all(store)
    await put(store, kept.claim(kept.parked_at))
    newer = await park_again(other, link_id)
    assert await find_phases(pool, ticket, newer) == [P.CLAIMED, P.OPEN]


async def test_a_claim_that_has_lapsed_keeps_no_challenge_open(
    sandbox: Sandbox, pool: SessionPool, store: MemoryChallengeStore, clock: ManualClock
) -> None:
    link_id = add_link(sandbox)
    ticket = await park_again(pool, link_id)
    (kept,) = read_all(store)
    await put(store, kept.claim(kept.parked_at))
    await clock.sleep(60.0)
    newer = await park_again(pool, link_id)
    assert await find_phases(pool, ticket, newer) == [P.SUPERSEDED, P.OPEN]


async def test_a_challenge_that_opens_again_gives_way_to_one_that_came_while_it_was_claimed(
    sandbox: Sandbox, pool: SessionPool, store: MemoryChallengeStore
) -> None:
    """The login of the newer one has ended the session of the older: no token is sent to it."""
    link_id = add_link(sandbox)
    older, newer = await challenge(pool, link_id), await challenge(pool, link_id)
    troubled = TroubledStore(store)
    tickets: list[str] = []

    async def park_newer(_: int, name: str) -> None:
        if name == "replace claimed" and not tickets:
            tickets.append(await pool.challenges.park(newer))

    troubled.after = park_newer
    async with open_pool(sandbox, backend=MemoryBackend(troubled)) as answering:
        ticket = await pool.challenges.park(older)
        await sandbox.stop()  # so that nothing is sent, and the claim is let go
        with pytest.raises(BelvoError):
            await answering.challenges.resume(ticket, RIGHT)
    assert await find_phases(pool, ticket, *tickets) == [P.SUPERSEDED, P.OPEN]


async def test_one_that_has_expired_stays_expired(
    sandbox: Sandbox, pool: SessionPool, clock: ManualClock
) -> None:
    link_id = add_link(sandbox)
    brief = await challenge(pool, link_id)
    ticket = await pool.challenges.park(evolve(brief, deadline=clock.monotonic() + 10.0))
    await clock.sleep(10.0)
    await park_again(pool, link_id)
    with pytest.raises(ChallengeExpiredError):
        await pool.challenges.resume(ticket, RIGHT)


async def test_a_store_that_fails_then_lets_no_login_and_no_deletion_fail_and_is_told(
    sandbox: Sandbox, store: MemoryChallengeStore
) -> None:
    troubled, seen = TroubledStore(store), list[object]()

    async def fail(_: int, name: str) -> None:
        if name == "find":
            raise ChallengeStoreError("the store is in trouble")

    async with open_pool(sandbox, backend=MemoryBackend(troubled), observer=seen.append) as pool:
        link_id = add_link(sandbox)
        ticket = await park_again(pool, link_id)
        troubled.before = fail
        newer = await park_again(pool, link_id)
        await log_in_without_token(sandbox, pool, link_id)
        await pool.links.delete(link_id)
        troubled.heal()
        assert await find_phases(pool, ticket, newer) == [P.OPEN, P.OPEN]
        with pytest.raises(NotFoundError):
            await pool.challenges.resume(newer, RIGHT)
    problems = [one.problem for one in seen if isinstance(one, ParkedChallengeTroubled)]
    assert problems == ["the older challenges of its link could not be ended (ChallengeStoreError)"] * 3
