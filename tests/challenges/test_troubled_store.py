"""A store that fails at any step, before or after it did its work: no token twice, no claim for ever."""

from collections.abc import Awaitable, Callable
from typing import Literal

import pytest

from belvo_async import Link, SessionPool
from belvo_async.backends import MemoryBackend, MemoryChallengeStore
from belvo_async.errors import BelvoError, ChallengeStoreError, TokenRequiredError
from belvo_async.models import ChallengePhase
from belvo_async.sandbox import Fault, FaultKind, Sandbox
from belvo_async.telemetry import ParkedChallengeTroubled
from belvo_async.testing import ManualClock
from tests.challenges.conftest import list_tokens, open_pool, park
from tests.challenges.parked import RIGHT, WRONG, count_answers, find_doubles, read_only
from tests.challenges.stores import TroubledStore, fail_at
from tests.results import link_of

When = Literal["before", "after"]
WHENS: tuple[When, ...] = ("before", "after")


async def call(work: Awaitable[object]) -> object:
    try:
        return await work
    except (BelvoError, OSError) as error:
        return error


async def answer_truly(sandbox: Sandbox, pool: SessionPool, ticket: str, token: str) -> object:
    """Answer, and hold what the caller is told against what the bank saw."""
    before = count_answers(sandbox).total()
    result = await call(pool.challenges.resume(ticket, token))
    was_sent = count_answers(sandbox).total() > before
    assert was_sent == isinstance(result, Link | TokenRequiredError), result
    return result


@pytest.mark.parametrize("error", [ChallengeStoreError, OSError])
@pytest.mark.parametrize("times", [1, 2, 5, 100])
@pytest.mark.parametrize("when", WHENS)
@pytest.mark.parametrize("first", range(1, 11))
async def test_a_store_that_fails_at_any_step_loses_nothing_and_sends_nothing_twice(
    sandbox: Sandbox,
    store: MemoryChallengeStore,
    other: SessionPool,
    clock: ManualClock,
    first: int,
    when: When,
    times: int,
    error: type[Exception],
) -> None:
    troubled = TroubledStore(store)
    seen: list[object] = []
    async with open_pool(sandbox, backend=MemoryBackend(troubled), observer=seen.append) as pool:
        ticket = await park(sandbox, pool)
        troubled.calls = 0
        setattr(troubled, when, fail_at(first, times, error))
        results = [await answer_truly(sandbox, pool, ticket, token) for token in (WRONG, RIGHT, RIGHT)]
        troubled.heal()
        await clock.sleep(60.0)
        assert (await pool.challenges.get(ticket)).phase is not ChallengePhase.CLAIMED
        results.append(await answer_truly(sandbox, pool, ticket, RIGHT))
        await clock.sleep(331.0)
        ended = (await other.challenges.settle(ticket)).phase
        is_told = any(isinstance(one, ParkedChallengeTroubled) for one in seen)
        if any(isinstance(result, Link) for result in results):
            assert ended is ChallengePhase.UPDATED
        else:  # the new challenge could not be kept, and the caller was told so
            assert ended is ChallengePhase.UNSETTLED
            assert is_told
    assert find_doubles(sandbox) == []


@pytest.mark.parametrize("when", WHENS)
async def test_a_link_is_returned_although_the_store_fails_at_the_end(
    sandbox: Sandbox, store: MemoryChallengeStore, other: SessionPool, clock: ManualClock, when: When
) -> None:
    troubled = TroubledStore(store)
    async with open_pool(sandbox, backend=MemoryBackend(troubled)) as pool:
        ticket = await park(sandbox, pool)
        setattr(troubled, when, fail_by_name("replace updated"))
        link = link_of(await pool.challenges.resume(ticket, RIGHT))
        assert sandbox.tokens(link.id) == [RIGHT]
    await clock.sleep(331.0)
    await other.challenges.sweep()
    assert (await other.challenges.get(ticket)).phase is ChallengePhase.UPDATED


async def test_a_new_challenge_that_cannot_be_kept_is_given_to_the_caller(
    sandbox: Sandbox, store: MemoryChallengeStore
) -> None:
    troubled = TroubledStore(store)
    async with open_pool(sandbox, backend=MemoryBackend(troubled)) as pool:
        ticket = await park(sandbox, pool)
        troubled.before = fail_by_name("replace open")
        with pytest.raises(TokenRequiredError, match="park this error's `state` once more") as caught:
            await pool.challenges.resume(ticket, WRONG)
        troubled.heal()
        again = await pool.challenges.park(caught.value.state)
        await pool.challenges.resume(again, RIGHT)
        assert (await pool.challenges.get(ticket)).phase is ChallengePhase.ANSWERED
    assert find_doubles(sandbox) == []


async def test_a_row_that_vanishes_while_it_is_answered_is_told_as_not_kept(
    sandbox: Sandbox, store: MemoryChallengeStore
) -> None:
    troubled = TroubledStore(store)
    async with open_pool(sandbox, backend=MemoryBackend(troubled)) as pool:
        ticket = await park(sandbox, pool)

        async def vanish(_: int, name: str) -> None:
            if name == "replace open":
                store._shelf.take_out(next(iter(store._shelf.rows.values())))
                troubled.heal()

        troubled.before = vanish
        with pytest.raises(TokenRequiredError, match="park this error's `state` once more"):
            await pool.challenges.resume(ticket, WRONG)


async def test_an_answer_that_expires_while_it_is_noted_is_not_sent_and_expired(
    sandbox: Sandbox, store: MemoryChallengeStore, clock: ManualClock
) -> None:
    troubled = TroubledStore(store)
    async with open_pool(sandbox, backend=MemoryBackend(troubled)) as pool:
        ticket = await park(sandbox, pool)

        async def dawdle(_: int, name: str) -> None:
            if name == "replace answered":
                await clock.sleep(9600.0)

        troubled.after = dawdle
        assert "ChallengeExpiredError" in repr(await call(pool.challenges.resume(ticket, RIGHT)))
        shown = await pool.challenges.get(ticket)
        assert (shown.phase, shown.attempts) == (ChallengePhase.EXPIRED, 0)
        assert await list_tokens(sandbox, pool, ticket) == []


@pytest.mark.parametrize("when", WHENS)
@pytest.mark.parametrize("first", range(1, 6))
async def test_a_settling_that_fails_can_be_repeated(
    sandbox: Sandbox, store: MemoryChallengeStore, first: int, when: When
) -> None:
    troubled = TroubledStore(store)
    async with open_pool(sandbox, backend=MemoryBackend(troubled)) as pool:
        ticket = await park(sandbox, pool)
        sandbox.faults.add(Fault(kind=FaultKind.RESET_AFTER, method="PATCH"))
        sandbox.faults.add(Fault(kind=FaultKind.STATUS, method="GET", times=4))
        await call(pool.challenges.resume(ticket, RIGHT))
        assert read_only(store).phase is ChallengePhase.UNSETTLED
        troubled.calls = 0
        setattr(troubled, when, fail_at(first, 2))
        await call(pool.challenges.settle(ticket))
        troubled.heal()
        assert (await pool.challenges.settle(ticket)).phase is ChallengePhase.UPDATED


async def test_a_challenge_that_could_not_be_parked_can_be_parked_again(
    sandbox: Sandbox, store: MemoryChallengeStore
) -> None:
    troubled = TroubledStore(store)
    troubled.before = fail_at(1)
    async with open_pool(sandbox, backend=MemoryBackend(troubled)) as pool:
        with pytest.raises(ChallengeStoreError):
            await park(sandbox, pool)
        ticket = await park(sandbox, pool)
        await pool.challenges.resume(ticket, RIGHT)


def fail_by_name(name: str) -> Callable[[int, str], Awaitable[None]]:
    async def fail(_: int, called: str) -> None:
        if called == name:
            raise ChallengeStoreError("the store is in trouble")

    return fail
