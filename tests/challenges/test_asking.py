"""A parked challenge whose person is asked by the call that answers it."""

import asyncio
from datetime import datetime

import pytest
from attrs import define, field

from belvo_async import Challenge, SessionPool
from belvo_async.errors import (
    ChallengeAnsweredError,
    ChallengeDeclinedError,
    ChallengeExpiredError,
    InvalidTokenError,
    LedgerWriteError,
    TokenProviderError,
    TokenRequiredError,
)
from belvo_async.models import AwaitingToken, ChallengePhase
from belvo_async.sandbox import Sandbox
from belvo_async.testing import ManualClock
from tests.challenges.conftest import list_tokens, park
from tests.challenges.parked import RIGHT, WRONG, find_doubles


@define
class Notes:
    """A recorder that may fail at a step."""

    fails_at: str = ""
    steps: list[str] = field(factory=list)

    async def _note(self, step: str) -> None:
        if step == self.fails_at:
            raise LedgerWriteError("The disk is full.", remedy="Free some space.")
        self.steps.append(step)

    async def note_submission(self, _at: datetime) -> None:
        await self._note("submission")

    async def note_challenge(self, _state: AwaitingToken) -> None:
        await self._note("challenge")

    async def note_answer(self, _at: datetime) -> None:
        await self._note("answer")


async def test_the_person_is_asked_again_for_each_round(sandbox: Sandbox, pool: SessionPool) -> None:
    ticket = await park(sandbox, pool)
    tokens, notes = [WRONG, RIGHT], Notes()
    await pool.challenges.resume(ticket, provide_token=lambda _: tokens.pop(0), recorder=notes)
    assert (await pool.challenges.get(ticket)).phase is ChallengePhase.UPDATED
    assert await list_tokens(sandbox, pool, ticket) == [WRONG, RIGHT]
    assert notes.steps == ["answer", "challenge", "answer"]


async def test_a_token_that_is_given_is_sent_before_anybody_is_asked(
    sandbox: Sandbox, pool: SessionPool
) -> None:
    ticket = await park(sandbox, pool)
    asked: list[Challenge] = []

    def ask(challenge: Challenge) -> str:
        asked.append(challenge)
        return RIGHT

    await pool.challenges.resume(ticket, WRONG, provide_token=ask)
    assert (len(asked), await list_tokens(sandbox, pool, ticket)) == (1, [WRONG, RIGHT])


async def test_while_a_person_is_asked_another_call_may_answer_and_nothing_is_sent_twice(
    sandbox: Sandbox, pool: SessionPool, other: SessionPool
) -> None:
    ticket = await park(sandbox, pool)

    async def ask(_: Challenge) -> str:
        await other.challenges.resume(ticket, RIGHT)
        return RIGHT

    with pytest.raises(ChallengeAnsweredError):
        await pool.challenges.resume(ticket, provide_token=ask)
    assert await list_tokens(sandbox, pool, ticket) == [RIGHT]
    assert find_doubles(sandbox) == []


async def test_of_many_that_ask_at_once_one_token_is_sent(
    sandbox: Sandbox, pool: SessionPool, other: SessionPool
) -> None:
    ticket = await park(sandbox, pool)
    calls = [one.challenges.resume(ticket, provide_token=lambda _: RIGHT) for one in (pool, other) * 5]
    results = await asyncio.gather(*calls, return_exceptions=True)
    assert sum(isinstance(result, ChallengeAnsweredError) for result in results) == 9
    assert await list_tokens(sandbox, pool, ticket) == [RIGHT]


async def test_who_declines_has_declined_for_all(
    sandbox: Sandbox, pool: SessionPool, other: SessionPool
) -> None:
    ticket = await park(sandbox, pool)
    with pytest.raises(ChallengeDeclinedError):
        await pool.challenges.resume(ticket, provide_token=lambda _: None)
    assert (await other.challenges.get(ticket)).phase is ChallengePhase.DECLINED
    assert await list_tokens(sandbox, pool, ticket) == []


async def test_a_callback_that_fails_leaves_the_challenge_open(sandbox: Sandbox, pool: SessionPool) -> None:
    ticket = await park(sandbox, pool)
    with pytest.raises(TokenProviderError):
        await pool.challenges.resume(ticket, provide_token=lambda _: str(1 / 0))
    with pytest.raises(InvalidTokenError):
        await pool.challenges.resume(ticket, provide_token=lambda _: "")
    await pool.challenges.resume(ticket, RIGHT)


async def test_nobody_waits_for_longer_than_the_challenge_lives(
    sandbox: Sandbox, pool: SessionPool, clock: ManualClock
) -> None:
    ticket = await park(sandbox, pool)

    async def ask(_: Challenge) -> str:
        await clock.sleep(1e6)
        return RIGHT

    with pytest.raises(ChallengeExpiredError):
        await pool.challenges.resume(ticket, provide_token=ask)
    assert (await pool.challenges.get(ticket)).phase is ChallengePhase.EXPIRED


async def test_a_pool_that_closes_hands_back_the_ticket(sandbox: Sandbox, pool: SessionPool) -> None:
    ticket = await park(sandbox, pool)

    async def ask(_: Challenge) -> str:
        asyncio.get_running_loop().call_soon(lambda: closing.append(asyncio.ensure_future(pool.aclose())))
        await asyncio.Event().wait()
        return RIGHT

    closing: list[asyncio.Future[None]] = []
    with pytest.raises(TokenRequiredError) as caught:
        await pool.challenges.resume(ticket, provide_token=ask)
    assert caught.value.ticket == ticket
    await closing[0]


async def test_what_a_recorder_cannot_write_down_is_not_sent(sandbox: Sandbox, pool: SessionPool) -> None:
    ticket = await park(sandbox, pool)
    with pytest.raises(LedgerWriteError):
        await pool.challenges.resume(ticket, RIGHT, recorder=Notes(fails_at="answer"))
    assert await list_tokens(sandbox, pool, ticket) == []
    await pool.challenges.resume(ticket, RIGHT)


async def test_a_new_challenge_that_a_recorder_cannot_write_down_stays_open_under_its_ticket(
    sandbox: Sandbox, pool: SessionPool
) -> None:
    ticket = await park(sandbox, pool)
    with pytest.raises(LedgerWriteError):
        await pool.challenges.resume(ticket, WRONG, recorder=Notes(fails_at="challenge"))
    assert (await pool.challenges.get(ticket)).phase is ChallengePhase.OPEN
    await pool.challenges.resume(ticket, RIGHT)
    assert await list_tokens(sandbox, pool, ticket) == [WRONG, RIGHT]


async def test_while_a_person_is_asked_another_call_may_fail_to_answer_and_the_token_is_sent(
    sandbox: Sandbox, pool: SessionPool, other: SessionPool
) -> None:
    ticket = await park(sandbox, pool)

    async def ask(_: Challenge) -> str:
        with pytest.raises(LedgerWriteError):
            await other.challenges.resume(ticket, WRONG, recorder=Notes(fails_at="answer"))
        return RIGHT

    await pool.challenges.resume(ticket, provide_token=ask)
    assert await list_tokens(sandbox, pool, ticket) == [RIGHT]


async def test_a_token_for_a_challenge_that_a_newer_one_has_replaced_is_not_sent(
    sandbox: Sandbox, pool: SessionPool, other: SessionPool
) -> None:
    ticket = await park(sandbox, pool)

    async def ask(_: Challenge) -> str:
        with pytest.raises(TokenRequiredError):
            await other.challenges.resume(ticket, WRONG)
        return RIGHT

    with pytest.raises(ChallengeAnsweredError):
        await pool.challenges.resume(ticket, provide_token=ask)
    assert await list_tokens(sandbox, pool, ticket) == [WRONG]


async def test_a_challenge_that_another_call_has_answered_is_told_so_when_its_time_is_over(
    sandbox: Sandbox, pool: SessionPool, other: SessionPool, clock: ManualClock
) -> None:
    ticket = await park(sandbox, pool)

    async def ask(_: Challenge) -> str:
        await other.challenges.resume(ticket, RIGHT)
        await clock.sleep(1e6)
        return RIGHT

    with pytest.raises(ChallengeAnsweredError):
        await pool.challenges.resume(ticket, provide_token=ask)
