"""The challenge of a link, found by the link alone."""

from uuid import UUID, uuid4

import pytest
from attrs import evolve

from belvo_async import Credentials, LinkUpdate, ParkedChallenge, SessionPool, TokenRequiredError
from belvo_async.backends import MemoryBackend, MemoryChallengeStore
from belvo_async.errors import ChallengeStoreError, InvalidValueError
from belvo_async.models import ChallengePhase
from belvo_async.sandbox import Sandbox
from belvo_async.telemetry import ParkedChallengeTroubled
from belvo_async.testing import ManualClock
from tests.challenges.conftest import add_link, challenge, open_pool
from tests.challenges.parked import RIGHT, WRONG, put, read_all
from tests.challenges.stores import TroubledStore, fail_at

P = ChallengePhase


async def park_again(pool: SessionPool, link_id: str) -> str:
    return await pool.challenges.park(await challenge(pool, link_id))


async def find(pool: SessionPool, link_id: str) -> ParkedChallenge:
    found = await pool.challenges.find(link_id)
    assert found is not None
    return found


async def enter(store: MemoryChallengeStore, ticket: str, phase: ChallengePhase) -> None:
    """Let a process that is no more have left a challenge in a phase, just now."""
    (kept,) = [kept for kept in read_all(store) if kept.ticket == ticket]
    now = kept.parked_at
    await put(store, kept.claim(now) if phase is P.CLAIMED else evolve(kept.enter(phase), answered_at=now))


async def test_a_link_finds_its_challenge_in_any_process(
    sandbox: Sandbox, pool: SessionPool, other: SessionPool
) -> None:
    link_id = add_link(sandbox)
    ticket = await park_again(pool, link_id)
    await park_again(pool, add_link(sandbox))
    for name in (link_id, link_id.upper(), UUID(link_id)):
        found = await other.challenges.find(name)
        assert found == await pool.challenges.get(ticket)


async def test_a_link_without_a_challenge_finds_none(sandbox: Sandbox, pool: SessionPool) -> None:
    await park_again(pool, add_link(sandbox))
    assert await pool.challenges.find(uuid4()) is None


async def test_the_challenge_of_another_account_is_not_found(sandbox: Sandbox, pool: SessionPool) -> None:
    link_id = add_link(sandbox)
    await park_again(pool, link_id)
    client = pool.client(Credentials("another-id", sandbox.secret_password))
    assert await client.challenges.find(link_id) is None


@pytest.mark.parametrize("link_id", ["", "link", None, 7], ids=repr)
async def test_what_is_no_link_is_refused(pool: SessionPool, link_id: str) -> None:
    with pytest.raises(InvalidValueError, match="link_id"):
        await pool.challenges.find(link_id)


async def test_the_newest_challenge_of_a_link_is_found(
    sandbox: Sandbox, pool: SessionPool, clock: ManualClock
) -> None:
    link_id = add_link(sandbox)
    older, newer = await challenge(pool, link_id), await challenge(pool, link_id)
    ticket = await pool.challenges.park(newer)
    await clock.sleep(1.0)
    await pool.challenges.park(evolve(older, deadline=older.deadline + 1000.0))
    assert (await find(pool, link_id)).ticket == ticket, "it came last, whichever was parked or expires last"


async def test_an_older_challenge_does_not_come_back_where_the_newer_is_over(
    sandbox: Sandbox, pool: SessionPool
) -> None:
    link_id = add_link(sandbox)
    await park_again(pool, link_id)
    await pool.challenges.decline(await park_again(pool, link_id))
    assert await pool.challenges.find(link_id) is None


async def test_a_challenge_that_has_expired_is_not_found(
    sandbox: Sandbox, pool: SessionPool, clock: ManualClock
) -> None:
    link_id = add_link(sandbox)
    await park_again(pool, link_id)
    await clock.sleep(9600.0)
    assert await pool.challenges.find(link_id) is None


async def test_a_claim_is_shown_as_one_until_it_lapses(
    sandbox: Sandbox, pool: SessionPool, store: MemoryChallengeStore, clock: ManualClock
) -> None:
    link_id = add_link(sandbox)
    ticket = await park_again(pool, link_id)
    await enter(store, ticket, P.CLAIMED)
    assert (await find(pool, link_id)).phase is P.CLAIMED
    await clock.sleep(60.0)
    assert (await find(pool, link_id)).phase is P.OPEN


@pytest.mark.parametrize("phase", [P.ANSWERED, P.UPDATED, P.REFUSED, P.UNSETTLED, P.DECLINED])
async def test_a_challenge_that_waits_for_no_token_is_not_found(
    sandbox: Sandbox, pool: SessionPool, store: MemoryChallengeStore, phase: ChallengePhase
) -> None:
    link_id = add_link(sandbox)
    await enter(store, await park_again(pool, link_id), phase)
    assert await pool.challenges.find(link_id) is None


async def test_the_challenge_after_a_wrong_token_is_found_under_its_ticket(
    sandbox: Sandbox, pool: SessionPool
) -> None:
    link_id = add_link(sandbox)
    ticket = await park_again(pool, link_id)
    with pytest.raises(TokenRequiredError) as required:
        await pool.challenges.resume(ticket, WRONG)
    found = await find(pool, link_id)
    assert (found.ticket, found.challenge) == (ticket, required.value.state.challenge)
    await pool.challenges.resume(ticket, RIGHT)
    assert await pool.challenges.find(link_id) is None


async def test_a_challenge_that_cannot_be_read_is_told_and_hides_no_other_one(
    sandbox: Sandbox, store: MemoryChallengeStore
) -> None:
    seen: list[object] = []
    link_id, another = add_link(sandbox), add_link(sandbox)
    async with open_pool(sandbox, backend=MemoryBackend(store), observer=seen.append) as pool:
        cut, moved = await park_again(pool, link_id), await park_again(pool, another)
        rows = {kept.ticket: store._shelf.rows[kept.key] for kept in read_all(store)}
        object.__setattr__(rows[cut], "record", rows[cut].record[:-1])
        sound = await park_again(pool, link_id)
        store._shelf.take_out(rows[moved])
        store._shelf.put(evolve(rows[moved], link=rows[cut].link))
        assert (await find(pool, link_id)).ticket == sound
    told = {one.key for one in seen if isinstance(one, ParkedChallengeTroubled)}
    assert told == {rows[cut].key, rows[moved].key}


async def test_a_store_in_trouble_is_told(sandbox: Sandbox, store: MemoryChallengeStore) -> None:
    troubled = TroubledStore(store)
    troubled.before = fail_at(1)
    async with open_pool(sandbox, backend=MemoryBackend(troubled)) as pool:
        with pytest.raises(ChallengeStoreError):
            await pool.challenges.find(add_link(sandbox))


async def test_an_update_that_cannot_look_for_its_challenge_says_that_nothing_was_sent(
    sandbox: Sandbox, store: MemoryChallengeStore
) -> None:
    troubled = TroubledStore(store)
    troubled.before = fail_at(1)
    link_id = add_link(sandbox)
    async with open_pool(sandbox, backend=MemoryBackend(troubled)) as pool:
        with pytest.raises(ChallengeStoreError, match="nothing was sent") as refused:
            await pool.links.update(LinkUpdate(link_id, password="new"))
    assert refused.value.link_id == link_id
    assert sandbox.log == []


async def test_only_the_record_of_a_row_names_the_link(
    sandbox: Sandbox, pool: SessionPool, store: MemoryChallengeStore
) -> None:
    link_id = add_link(sandbox)
    await park_again(pool, link_id)
    (row,) = store._shelf.rows.values()
    assert link_id in row.record
    assert link_id not in str(evolve(row, record="").write_cells())
    assert (len(row.link), len(read_all(store))) == (64, 1)


async def test_a_token_is_on_its_way_for_as_long_as_a_login_may_take(
    sandbox: Sandbox, pool: SessionPool, store: MemoryChallengeStore, clock: ManualClock
) -> None:
    link_id = add_link(sandbox)
    ticket = await park_again(pool, link_id)
    await enter(store, ticket, P.ANSWERED)
    found = await pool.challenges.find(link_id, phase=P.ANSWERED)
    assert found is not None
    assert (found.ticket, found.phase) == (ticket, P.ANSWERED)
    assert await pool.challenges.find(link_id) is None
    await clock.sleep(331.0)
    assert await pool.challenges.find(link_id, phase=P.ANSWERED) is None


@pytest.mark.parametrize("phase", [one for one in P if one not in (P.OPEN, P.ANSWERED)])
async def test_a_link_is_not_asked_for_challenges_in_other_phases(
    sandbox: Sandbox, pool: SessionPool, phase: ChallengePhase
) -> None:
    with pytest.raises(InvalidValueError, match="phase is neither OPEN nor ANSWERED"):
        await pool.challenges.find(add_link(sandbox), phase=phase)
