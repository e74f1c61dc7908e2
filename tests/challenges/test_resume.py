"""An answer to a parked challenge: sent once, and told truly."""

import asyncio
from datetime import timedelta

import pytest

from belvo_async import LinkUpdate, MfaPolicy, SessionPool
from belvo_async.backends import MemoryBackend, MemoryChallengeStore
from belvo_async.errors import (
    ApiError,
    ChallengeAnsweredError,
    ChallengeDeclinedError,
    ChallengeExpiredError,
    InvalidTokenError,
    InvalidValueError,
    OutcomeUnknownError,
    PoolClosedError,
    SessionExpiredError,
    TokenNotSentError,
    TokenRequiredError,
    TooManyRoundsError,
)
from belvo_async.mfa import ResumeRoute
from belvo_async.models import ChallengePhase, LinkStatus
from belvo_async.sandbox import Fault, FaultKind, Sandbox, SandboxOptions
from belvo_async.testing import ManualClock
from tests.challenges.conftest import add_link, challenge, list_tokens, open_pool, park
from tests.challenges.parked import (
    RIGHT,
    WRONG,
    become,
    count_patches,
    find_doubles,
    read_only,
    wait_for_patch,
)
from tests.engine.dialogues import PASSWORD
from tests.results import link_of


async def test_what_one_pool_parked_another_one_resumes(
    sandbox: Sandbox, pool: SessionPool, other: SessionPool
) -> None:
    ticket = await park(sandbox, pool)
    link = link_of(await other.challenges.resume(ticket, " 111 111 "))
    assert (link.status, sandbox.tokens(link.id)) == (LinkStatus.VALID, [RIGHT])
    assert sandbox.links[link.id].password == PASSWORD
    shown = await pool.challenges.get(ticket)
    assert (shown.phase, shown.attempts) == (ChallengePhase.UPDATED, 1)
    assert shown.answered_at is not None


async def test_a_used_ticket_sends_nothing_more(
    sandbox: Sandbox, pool: SessionPool, other: SessionPool
) -> None:
    ticket = await park(sandbox, pool)
    await pool.challenges.resume(ticket, RIGHT)
    for again in (pool, other):
        with pytest.raises(ChallengeAnsweredError):
            await again.challenges.resume(ticket, RIGHT)
    assert await list_tokens(sandbox, pool, ticket) == [RIGHT]


async def test_a_wrong_token_parks_the_newest_challenge_under_the_same_ticket(
    sandbox: Sandbox, pool: SessionPool, other: SessionPool, clock: ManualClock
) -> None:
    ticket = await park(sandbox, pool)
    first = await pool.challenges.get(ticket)
    await clock.sleep(60.0)
    with pytest.raises(TokenRequiredError, match="same ticket") as caught:
        await pool.challenges.resume(ticket, WRONG)
    second = await other.challenges.get(ticket)
    assert (second.phase, second.attempts) == (ChallengePhase.OPEN, 1)
    assert second.challenge == caught.value.state.challenge
    assert second.challenge.session != first.challenge.session
    assert second.expires_at > first.expires_at
    assert second.parked_at == first.parked_at
    await other.challenges.resume(ticket, RIGHT)
    assert (await pool.challenges.get(ticket)).attempts == 2
    assert find_doubles(sandbox) == []


async def test_what_is_declined_after_a_wrong_token_counts_one_attempt(
    sandbox: Sandbox, pool: SessionPool
) -> None:
    ticket = await park(sandbox, pool)
    with pytest.raises(TokenRequiredError):
        await pool.challenges.resume(ticket, WRONG)
    await pool.challenges.decline(ticket)
    assert (await pool.challenges.get(ticket)).attempts == 1


async def test_too_many_wrong_tokens_refuse_it(sandbox: Sandbox, pool: SessionPool) -> None:
    ticket = await park(sandbox, pool)
    for _ in range(2):
        with pytest.raises(TokenRequiredError):
            await pool.challenges.resume(ticket, WRONG)
    with pytest.raises(TooManyRoundsError):
        await pool.challenges.resume(ticket, WRONG)
    shown = await pool.challenges.get(ticket)
    assert (shown.phase, shown.code, shown.attempts) == (ChallengePhase.REFUSED, "TooManyRoundsError", 3)
    with pytest.raises(ChallengeAnsweredError):
        await pool.challenges.resume(ticket, RIGHT)


async def test_each_step_of_a_two_step_challenge_has_the_same_ticket(
    sandbox: Sandbox, pool: SessionPool, other: SessionPool
) -> None:
    ticket = await park(sandbox, pool, "x_mfa_two_step")
    with pytest.raises(TokenRequiredError):
        await pool.challenges.resume(ticket, RIGHT)
    assert "first dog" in str((await other.challenges.get(ticket)).challenge)
    link = link_of(await other.challenges.resume(ticket, RIGHT))
    assert link.status is LinkStatus.VALID


async def test_a_token_that_was_given_for_one_question_never_answers_the_next(
    sandbox: Sandbox, pool: SessionPool, other: SessionPool
) -> None:
    """A form is sent twice, and the bank has asked again meanwhile, under the same ticket."""
    ticket = await park(sandbox, pool, "x_mfa_two_step")
    first = (await pool.challenges.get(ticket)).challenge
    with pytest.raises(TokenRequiredError):
        await pool.challenges.resume(ticket, RIGHT, request_id=first.request_id)
    with pytest.raises(ChallengeAnsweredError, match="another question waits"):
        await other.challenges.resume(ticket, RIGHT, request_id=first.request_id)
    assert sandbox.tokens(first.link_id) == [RIGHT]
    second = (await other.challenges.get(ticket)).challenge
    link = link_of(await other.challenges.resume(ticket, RIGHT, request_id=second.request_id))
    assert link.status is LinkStatus.VALID


async def test_what_expects_no_input_is_confirmed_without_a_token(
    sandbox: Sandbox, pool: SessionPool
) -> None:
    ticket = await park(sandbox, pool, "x_mfa_inputless")
    link = link_of(await pool.challenges.resume(ticket))
    assert (link.status, sandbox.tokens(link.id)) == (LinkStatus.VALID, [])
    with pytest.raises(ChallengeAnsweredError):
        await pool.challenges.resume(ticket)


@pytest.mark.parametrize("token", [None, "", " ", "1\n2", "9" * 1025, 111111], ids=range(6))
async def test_a_token_that_cannot_be_one_leaves_it_open(
    sandbox: Sandbox, pool: SessionPool, store: MemoryChallengeStore, token: str | None
) -> None:
    ticket = await park(sandbox, pool)
    with pytest.raises(InvalidTokenError):
        await pool.challenges.resume(ticket, token)
    assert (read_only(store).version, read_only(store).phase) == (1, ChallengePhase.OPEN)
    await pool.challenges.resume(ticket, RIGHT)


async def test_a_declined_one_is_not_answered(sandbox: Sandbox, pool: SessionPool) -> None:
    ticket = await park(sandbox, pool)
    await pool.challenges.decline(ticket)
    with pytest.raises(ChallengeDeclinedError) as caught:
        await pool.challenges.resume(ticket, RIGHT)
    assert caught.value.link_id == (await pool.challenges.get(ticket)).link_id
    assert await list_tokens(sandbox, pool, ticket) == []


async def test_an_expired_one_is_not_answered(
    sandbox: Sandbox, pool: SessionPool, clock: ManualClock
) -> None:
    ticket = await park(sandbox, pool)
    await clock.sleep(9600.0)
    with pytest.raises(ChallengeExpiredError):
        await pool.challenges.resume(ticket, RIGHT)
    assert (await pool.challenges.get(ticket)).phase is ChallengePhase.EXPIRED
    assert await list_tokens(sandbox, pool, ticket) == []


async def test_a_session_that_is_gone_at_belvo_refuses_it(sandbox: Sandbox, pool: SessionPool) -> None:
    ticket = await park(sandbox, pool, "x_mfa_expired")
    with pytest.raises(SessionExpiredError):
        await pool.challenges.resume(ticket, RIGHT)
    shown = await pool.challenges.get(ticket)
    assert (shown.phase, shown.code) == (ChallengePhase.REFUSED, "session_expired")
    with pytest.raises(ChallengeAnsweredError):
        await pool.challenges.resume(ticket, RIGHT)


async def test_an_expired_session_is_replaced_by_a_new_login_where_the_policy_says_so(
    sandbox: Sandbox, store: MemoryChallengeStore
) -> None:
    policy = MfaPolicy(restarts=1)
    async with open_pool(sandbox, backend=MemoryBackend(store), mfa=policy) as pool:
        link_id = add_link(sandbox, "x_mfa_expired")
        ticket = await pool.challenges.park(await challenge(pool, link_id))
        with pytest.raises(InvalidValueError, match="update"):
            await pool.challenges.resume(ticket, RIGHT)
        assert read_only(store).phase is ChallengePhase.OPEN
        update = LinkUpdate(link_id, password=PASSWORD)
        with pytest.raises(TokenRequiredError, match="same ticket"):
            await pool.challenges.resume(ticket, RIGHT, update=update)
        shown = await pool.challenges.get(ticket)
        assert (shown.phase, shown.attempts) == (ChallengePhase.OPEN, 1)
        with pytest.raises(SessionExpiredError):
            await pool.challenges.resume(ticket, RIGHT)
        assert find_doubles(sandbox) == []
        assert sandbox.logins(link_id) == 2


async def test_the_put_route_answers_with_the_update(clock: ManualClock, store: MemoryChallengeStore) -> None:
    options = SandboxOptions(accept_put_resume=True)
    policy = MfaPolicy(resume_route=ResumeRoute.PUT_LINK)
    async with (
        Sandbox(clock=clock, options=options) as sandbox,
        open_pool(sandbox, backend=MemoryBackend(store), mfa=policy) as pool,
    ):
        link_id = add_link(sandbox)
        ticket = await pool.challenges.park(await challenge(pool, link_id))
        strange = LinkUpdate(add_link(sandbox), password=PASSWORD)
        for update in (None, strange):
            with pytest.raises(InvalidValueError, match="update"):
                await pool.challenges.resume(ticket, RIGHT, update=update)
            assert read_only(store).phase is ChallengePhase.OPEN
        await pool.challenges.resume(ticket, RIGHT, update=LinkUpdate(link_id, password="newer"))
        assert (sandbox.log[-1].method, sandbox.links[link_id].password) == ("PUT", "newer")


async def test_an_answer_that_never_left_opens_it_again(sandbox: Sandbox, pool: SessionPool) -> None:
    ticket = await park(sandbox, pool)
    await sandbox.stop()
    with pytest.raises(TokenNotSentError, match="same ticket"):
        await pool.challenges.resume(ticket, RIGHT)
    shown = await pool.challenges.get(ticket)
    assert (shown.phase, shown.attempts, shown.answered_at) == (ChallengePhase.OPEN, 0, None)


async def test_a_pool_that_closes_while_the_answer_waits_opens_it_again(
    sandbox: Sandbox, pool: SessionPool, store: MemoryChallengeStore, clock: ManualClock
) -> None:
    ticket = await park(sandbox, pool)
    await sandbox.stop()  # the answer is tried again and again
    clock.automatic = False
    answer = asyncio.create_task(pool.challenges.resume(ticket, RIGHT))
    await clock.wait_for_sleepers()
    closing = asyncio.create_task(pool.aclose())
    with pytest.raises(TokenNotSentError):
        await answer
    await closing
    assert read_only(store).phase is ChallengePhase.OPEN


async def test_a_closed_pool_claims_nothing(sandbox: Sandbox, store: MemoryChallengeStore) -> None:
    async with open_pool(sandbox, backend=MemoryBackend(store)) as pool:
        ticket = await park(sandbox, pool)
    with pytest.raises(PoolClosedError):
        await pool.challenges.resume(ticket, RIGHT)
    assert (read_only(store).phase, read_only(store).version) == (ChallengePhase.OPEN, 1)


async def test_a_pool_that_closes_waits_until_the_outcome_is_written(
    sandbox: Sandbox, pool: SessionPool, store: MemoryChallengeStore
) -> None:
    ticket = await park(sandbox, pool)
    answer = asyncio.create_task(pool.challenges.resume(ticket, RIGHT))
    await wait_for_patch(sandbox)
    await pool.aclose()
    assert read_only(store).phase is ChallengePhase.UPDATED
    assert link_of(await answer).status is LinkStatus.VALID


async def test_a_refusal_of_the_bank_is_told_and_kept(sandbox: Sandbox, pool: SessionPool) -> None:
    ticket = await park(sandbox, pool)
    sandbox.faults.add(Fault(kind=FaultKind.STATUS, status=400, method="PATCH"))
    with pytest.raises(ApiError) as caught:
        await pool.challenges.resume(ticket, RIGHT)
    shown = await pool.challenges.get(ticket)
    assert (shown.phase, shown.code) == (ChallengePhase.REFUSED, caught.value.code)
    assert shown.message == caught.value.message


@pytest.mark.parametrize("username", ["x_mfa_numeric", "x_mfa_text", "x_mfa_qr"])
async def test_an_answer_whose_reply_is_lost_is_settled_by_a_look(
    sandbox: Sandbox, pool: SessionPool, username: str
) -> None:
    ticket = await park(sandbox, pool, username)
    sandbox.faults.add(Fault(kind=FaultKind.RESET_AFTER, method="PATCH"))
    link = link_of(await pool.challenges.resume(ticket, RIGHT))
    assert sandbox.tokens(link.id) == [RIGHT]
    assert (await pool.challenges.get(ticket)).phase is ChallengePhase.UPDATED


async def test_an_answer_that_no_look_can_settle_is_unsettled_and_never_sent_again(
    sandbox: Sandbox, pool: SessionPool
) -> None:
    ticket = await park(sandbox, pool)
    sandbox.faults.add(Fault(kind=FaultKind.RESET_BEFORE, method="PATCH"))
    with pytest.raises(OutcomeUnknownError):
        await pool.challenges.resume(ticket, RIGHT)
    shown = await pool.challenges.get(ticket)
    assert (shown.phase, shown.code) == (ChallengePhase.UNSETTLED, "OutcomeUnknownError")
    with pytest.raises(ChallengeAnsweredError):
        await pool.challenges.resume(ticket, RIGHT)
    with pytest.raises(ChallengeAnsweredError):
        await pool.challenges.decline(ticket)


async def test_nothing_that_is_kept_holds_a_secret_however_it_ends(
    sandbox: Sandbox, pool: SessionPool, store: MemoryChallengeStore
) -> None:
    kept: list[str] = []
    secrets = ("secret-wrong-token", "secret-right-token", PASSWORD, sandbox.secret_password)
    for kind in (None, FaultKind.RESET_BEFORE, FaultKind.STATUS, FaultKind.GARBAGE):
        ticket = await park(sandbox, pool)
        with pytest.raises(TokenRequiredError):
            await pool.challenges.resume(ticket, secrets[0])
        if kind is not None:
            sandbox.faults.add(Fault(kind=kind, method="PATCH", times=1))
        await asyncio.gather(pool.challenges.resume(ticket, secrets[1]), return_exceptions=True)
        kept += [str(row.write_cells()) for row in store._shelf.rows.values()]
    assert len(kept) == 1 + 2 + 3 + 4
    assert [secret for secret in secrets if any(secret in text for text in kept)] == []


async def test_an_answer_that_a_void_challenge_follows_is_not_sent_again(
    clock: ManualClock, store: MemoryChallengeStore
) -> None:
    """The new challenge is over when it comes; the old one was answered."""
    options = SandboxOptions(new_session_on_wrong_token=True, short_expiry=0)
    async with (
        Sandbox(clock=clock, options=options) as sandbox,
        open_pool(sandbox, backend=MemoryBackend(store)) as pool,
        open_pool(sandbox, backend=MemoryBackend(store)) as other,
    ):
        ticket = await park(sandbox, pool)
        become(sandbox, (await pool.challenges.get(ticket)).link_id, "x_mfa_short")
        with pytest.raises(ChallengeExpiredError):
            await pool.challenges.resume(ticket, WRONG)
        with pytest.raises(ChallengeAnsweredError):
            await other.challenges.resume(ticket, WRONG)
        assert (await pool.challenges.get(ticket)).phase is ChallengePhase.REFUSED
        assert count_patches(sandbox) == 1


async def test_a_clock_that_is_set_back_does_not_have_an_answer_sent_again(
    sandbox: Sandbox, pool: SessionPool, other: SessionPool, clock: ManualClock
) -> None:
    ticket = await park(sandbox, pool)
    clock.set_wall(clock.wall() - timedelta(hours=1))
    for each in (pool, other):
        with pytest.raises(TokenRequiredError):
            await each.challenges.resume(ticket, WRONG)
    assert await list_tokens(sandbox, pool, ticket) == [WRONG, WRONG]
    assert find_doubles(sandbox) == []
