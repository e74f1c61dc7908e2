"""A challenge found by what was noted with it: whoever knows the person need not know the link."""

from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from pathlib import Path
from typing import Any, TypeAlias
from uuid import uuid4

import pytest
from attrs import evolve

from belvo_async import Credentials, SessionPool
from belvo_async.backends import (
    ChallengeStore,
    MemoryBackend,
    MemoryChallengeStore,
    RedisChallengeStore,
    SqliteChallengeStore,
)
from belvo_async.errors import InvalidValueError
from belvo_async.models import AwaitingToken, ChallengePhase
from belvo_async.sandbox import Sandbox
from belvo_async.telemetry import ParkedChallengeTroubled
from belvo_async.testing import ManualClock
from tests.challenges.conftest import add_link, challenge, open_pool
from tests.challenges.parked import RIGHT, put, read_all
from tests.stores.conftest import redis_url

__all__ = ["redis_url"]

OpenStore: TypeAlias = Callable[[], AbstractAsyncContextManager[ChallengeStore]]


@pytest.fixture(params=["memory", "sqlite", "redis"])
def open_store(request: pytest.FixtureRequest, tmp_path: Path, clock: ManualClock) -> OpenStore:
    """Opens a connection to one store of each kind, as each process does."""
    memory, prefix = MemoryChallengeStore(), f"reference-{uuid4()}"

    @asynccontextmanager
    async def connect() -> AsyncIterator[ChallengeStore]:
        if request.param == "memory":
            yield memory
        elif request.param == "sqlite":
            async with SqliteChallengeStore(tmp_path / "store.sqlite") as store:
                yield store
        else:
            url: str = request.getfixturevalue("redis_url")
            async with RedisChallengeStore.from_url(url, prefix=prefix, clock=clock) as store:
                yield store

    return connect


async def park_many(
    pool: SessionPool, state: AwaitingToken, count: int, *, apart: float = 0.0
) -> dict[str, str]:
    """Park copies of one challenge, each of a link of its own; return their tickets by reference."""
    tickets: dict[str, str] = {}
    for number in range(count):
        of_another_link = evolve(state.challenge, link_id=str(uuid4()))
        copied = evolve(state, challenge=of_another_link, deadline=state.deadline - number * apart)
        reference = f"person {number}"
        tickets[reference] = await pool.challenges.park(copied, reference=reference)
    return tickets


async def test_the_reference_finds_the_challenge_in_any_process_and_any_store(
    sandbox: Sandbox, open_store: OpenStore
) -> None:
    async with open_store() as one, open_store() as two:
        mine, theirs = MemoryBackend(one), MemoryBackend(two)
        async with open_pool(sandbox, backend=mine) as pool, open_pool(sandbox, backend=theirs) as other:
            state = await challenge(pool, add_link(sandbox))
            await park_many(pool, state, 3, apart=1.0)
            ticket = await pool.challenges.park(state, reference="Ñandú 漢")
            assert await other.challenges.find(reference="Ñandú 漢") == await pool.challenges.get(ticket)
            assert await other.challenges.find(reference="person") is None
            await other.challenges.resume(ticket, RIGHT)
            assert await pool.challenges.find(reference="Ñandú 漢") is None


@pytest.mark.parametrize("apart", [0.0, 1.0], ids=["that expire at once", "that expire one by one"])
async def test_it_is_found_among_any_number_of_others(
    sandbox: Sandbox, open_store: OpenStore, apart: float
) -> None:
    """More than a page of them; each is found, whichever page it is on."""
    async with open_store() as store, open_pool(sandbox, backend=MemoryBackend(store)) as pool:
        state = await challenge(pool, add_link(sandbox))
        tickets = await park_many(pool, state, 1100, apart=apart)
        for number in (0, 1, 499, 500, 501, 1000, 1099):
            found = await pool.challenges.find(reference=f"person {number}")
            assert found is not None
            assert found.ticket == tickets[f"person {number}"]


async def test_the_newest_challenge_with_a_reference_is_found(
    sandbox: Sandbox, pool: SessionPool, clock: ManualClock
) -> None:
    tickets: list[str] = []
    for _ in range(3):
        state = await challenge(pool, add_link(sandbox))
        tickets.append(await pool.challenges.park(state, reference="person 7"))
        await clock.sleep(1.0)
    found = await pool.challenges.find(reference="person 7")
    assert found is not None
    assert found.ticket == tickets[-1]


async def test_one_that_is_being_answered_is_found_too(
    sandbox: Sandbox, pool: SessionPool, store: MemoryChallengeStore
) -> None:
    await pool.challenges.park(await challenge(pool, add_link(sandbox)), reference="person 7")
    (kept,) = read_all(store)
    await put(store, kept.claim(kept.parked_at))
    found = await pool.challenges.find(reference="person 7")
    assert found is not None
    assert found.phase is ChallengePhase.CLAIMED
    (kept,) = read_all(store)
    await put(store, kept.answer(kept.parked_at))
    assert await pool.challenges.find(reference="person 7") is None
    found = await pool.challenges.find(reference="person 7", phase=ChallengePhase.ANSWERED)
    assert found is not None
    assert found.phase is ChallengePhase.ANSWERED


async def test_the_reference_of_another_account_finds_nothing(sandbox: Sandbox, pool: SessionPool) -> None:
    await pool.challenges.park(await challenge(pool, add_link(sandbox)), reference="person 7")
    client = pool.client(Credentials("another-id", sandbox.secret_password))
    assert await client.challenges.find(reference="person 7") is None


async def test_one_that_has_expired_is_not_found_by_its_reference(
    sandbox: Sandbox, pool: SessionPool, clock: ManualClock
) -> None:
    await pool.challenges.park(await challenge(pool, add_link(sandbox)), reference="person 7")
    await clock.sleep(9600.0)
    assert await pool.challenges.find(reference="person 7") is None


async def test_whatever_is_damaged_hides_no_reference_however_much_there_is(
    sandbox: Sandbox, store: MemoryChallengeStore
) -> None:
    seen: list[object] = []
    async with open_pool(sandbox, backend=MemoryBackend(store), observer=seen.append) as pool:
        state = await challenge(pool, add_link(sandbox))
        await park_many(pool, state, 600)
        for row in store._shelf.rows.values():
            object.__setattr__(row, "record", "")
        await pool.challenges.park(state, reference="person 7")
        assert await pool.challenges.find(reference="person 7") is not None
    assert len({one.key for one in seen if isinstance(one, ParkedChallengeTroubled)}) == 600


@pytest.mark.parametrize(
    ("named", "wrong"),
    [
        ({}, "link_id or reference has to be given"),
        ({"link_id": str(uuid4()), "reference": "person 7"}, "link_id or reference has to be given"),
        ({"reference": "x" * 257}, "reference is no short text"),
        ({"reference": "two\nlines"}, "reference is no short text"),
        ({"reference": 7}, "reference is no short text"),
    ],
    ids=["neither", "both", "long", "lines", "number"],
)
async def test_exactly_one_of_link_and_reference_is_taken(
    pool: SessionPool, named: dict[str, Any], wrong: str
) -> None:
    with pytest.raises(InvalidValueError, match=wrong):
        await pool.challenges.find(**named)
