"""Challenges that leave the call, and are answered later or elsewhere: once."""

import asyncio

import pytest
from attrs import evolve

from belvo_async import LinkUpdate, MfaPolicy, RateLimit, SessionPool, TokenRequiredError
from belvo_async.errors import (
    ChallengeAnsweredError,
    ChallengeExpiredError,
    DamagedStateError,
    InvalidTokenError,
    InvalidValueError,
    NotFoundError,
    NotSentError,
    PoolClosedError,
    TokenNotSentError,
    UsageError,
)
from belvo_async.mfa import ResumeRoute
from belvo_async.models import LinkStatus, ResumeTarget
from belvo_async.sandbox import Sandbox, SandboxOptions
from belvo_async.testing import ManualClock
from tests.engine.conftest import open_pool
from tests.engine.dialogues import PASSWORD, add_link, give


async def test_without_a_provider_the_challenge_leaves_the_call(sandbox: Sandbox, pool: SessionPool) -> None:
    link_id = add_link(sandbox)
    with pytest.raises(TokenRequiredError) as caught:
        await pool.links.update(LinkUpdate(link_id, password=PASSWORD))
    error = caught.value
    assert (error.status, error.code, error.link_id) == (428, "token_required", link_id)
    assert error.request_id
    assert error.state.challenge.value == "12345"


async def test_a_parked_challenge_is_answered_by_another_pool(sandbox: Sandbox, pool: SessionPool) -> None:
    link_id = add_link(sandbox)
    with pytest.raises(TokenRequiredError) as caught:
        await pool.links.update(LinkUpdate(link_id, password=PASSWORD))
    parked = pool.links.park(caught.value.state)
    assert PASSWORD not in parked
    async with open_pool(sandbox) as other:
        assert other.links.unpark(parked).challenge.value == "12345"
        assert (await other.links.resume(parked, "111111")).status is LinkStatus.VALID
    assert sandbox.tokens(link_id) == ["111111"]


async def test_a_challenge_of_another_collection_is_not_answered_as_if_it_were_a_links(
    sandbox: Sandbox, pool: SessionPool
) -> None:
    link_id = add_link(sandbox)
    with pytest.raises(TokenRequiredError) as caught:
        await pool.links.update(LinkUpdate(link_id, password=PASSWORD))
    state = caught.value.state
    challenge = evolve(state.challenge, resume_target=ResumeTarget(collection="/api/accounts/"))
    with pytest.raises(InvalidValueError, match="accounts"):
        await pool.links.resume(evolve(state, challenge=challenge), "111111")
    assert sandbox.tokens(link_id) == []


async def test_a_resumed_challenge_may_ask_again(sandbox: Sandbox, pool: SessionPool) -> None:
    link_id = add_link(sandbox)
    with pytest.raises(TokenRequiredError) as first:
        await pool.links.update(LinkUpdate(link_id, password=PASSWORD))
    with pytest.raises(TokenRequiredError) as second:
        await pool.links.resume(first.value.state, "999999")
    assert second.value.state.rounds == 1
    assert (await pool.links.resume(second.value.state, "111111")).id == link_id


async def test_a_resumed_challenge_can_ask_a_provider(sandbox: Sandbox, pool: SessionPool) -> None:
    link_id = add_link(sandbox)
    with pytest.raises(TokenRequiredError) as caught:
        await pool.links.update(LinkUpdate(link_id, password=PASSWORD))
    link = await pool.links.resume(caught.value.state, provide_token=give("999999", "111111"))
    assert link.id == link_id


async def test_a_challenge_without_input_is_resumed_without_a_token(
    sandbox: Sandbox, pool: SessionPool
) -> None:
    link_id = add_link(sandbox, "x_mfa_inputless")
    with pytest.raises(TokenRequiredError) as caught:
        await pool.links.update(LinkUpdate(link_id, password=PASSWORD))
    assert (await pool.links.resume(caught.value.state)).status is LinkStatus.VALID


async def test_two_answers_at_once_send_one_token(sandbox: Sandbox, pool: SessionPool) -> None:
    link_id = add_link(sandbox)
    with pytest.raises(TokenRequiredError) as caught:
        await pool.links.update(LinkUpdate(link_id, password=PASSWORD))
    parked = pool.links.park(caught.value.state)
    results = await asyncio.gather(
        *(pool.links.resume(parked, "111111") for _ in range(5)), return_exceptions=True
    )
    assert sorted(type(result).__name__ for result in results) == ["ChallengeAnsweredError"] * 4 + ["Link"]
    assert sandbox.tokens(link_id) == ["111111"]


async def test_an_answer_that_never_left_can_be_given_again(sandbox: Sandbox) -> None:
    link_id = add_link(sandbox)
    async with open_pool(sandbox) as pool:
        with pytest.raises(TokenRequiredError) as caught:
            await pool.links.update(LinkUpdate(link_id, password=PASSWORD))
        await sandbox.stop()
        with pytest.raises(TokenNotSentError) as unsent:
            await pool.links.resume(caught.value.state, "111111")
        assert isinstance(unsent.value.__cause__, NotSentError)
        assert unsent.value.state == caught.value.state
        assert len(pool._engine.memory.sent_tokens) == 0


async def test_an_answer_that_waits_for_its_turn_while_the_pool_closes_can_be_given_elsewhere() -> None:
    clock = ManualClock()
    async with Sandbox(clock=clock) as sandbox:
        pool = open_pool(sandbox, rate_limit=RateLimit(requests=1))
        link_id = add_link(sandbox)
        with pytest.raises(TokenRequiredError) as caught:
            await pool.links.update(LinkUpdate(link_id, password=PASSWORD))
        resuming = asyncio.ensure_future(pool.links.resume(caught.value.state, "111111"))
        await clock.wait_for_sleepers()
        await pool.aclose()
        with pytest.raises(TokenNotSentError) as unsent:
            await resuming
        assert isinstance(unsent.value.__cause__, PoolClosedError)
        assert sandbox.tokens(link_id) == []
        async with open_pool(sandbox) as other:
            assert (await other.links.resume(unsent.value.state or "", "111111")).id == link_id


@pytest.mark.parametrize("token", [None, "", 111111])
async def test_a_bad_token_for_a_parked_challenge_is_refused_before_anything_is_sent(
    sandbox: Sandbox, pool: SessionPool, token: str | None
) -> None:
    with pytest.raises(TokenRequiredError) as caught:
        await pool.links.update(LinkUpdate(add_link(sandbox), password=PASSWORD))
    with pytest.raises(InvalidTokenError):
        await pool.links.resume(caught.value.state, token)
    assert [entry.method for entry in sandbox.log] == ["PUT"]


@pytest.mark.parametrize("challenge", ["", "{}", "not json", 5])
async def test_what_is_no_parked_challenge_is_refused(pool: SessionPool, challenge: str) -> None:
    with pytest.raises((DamagedStateError, InvalidValueError)):
        await pool.links.resume(challenge, "111111")


async def test_a_token_for_a_parked_challenge_that_expired_is_not_sent() -> None:
    clock = ManualClock()
    async with Sandbox(clock=clock) as sandbox, open_pool(sandbox) as pool:
        link_id = add_link(sandbox)
        with pytest.raises(TokenRequiredError) as caught:
            await pool.links.update(LinkUpdate(link_id, password=PASSWORD))
        parked = pool.links.park(caught.value.state)
        await clock.advance(9600.0)
        with pytest.raises(ChallengeExpiredError):
            await pool.links.resume(parked, "111111")
        assert sandbox.tokens(link_id) == []


async def test_the_token_can_go_back_with_the_credentials(clock: ManualClock) -> None:
    options = SandboxOptions(accept_put_resume=True)
    policy = MfaPolicy(resume_route=ResumeRoute.PUT_LINK)
    async with Sandbox(options=options, clock=clock) as sandbox, open_pool(sandbox, mfa=policy) as pool:
        link_id = add_link(sandbox)
        update = LinkUpdate(link_id, password=PASSWORD)
        assert (await pool.links.update(update, provide_token=give("111111"))).id == link_id
        assert [entry.method for entry in sandbox.log] == ["PUT", "PUT"]
        with pytest.raises(TokenRequiredError) as caught:
            await pool.links.update(update)
        for wrong in (None, LinkUpdate(sandbox.add_link(), password=PASSWORD)):
            with pytest.raises(InvalidValueError, match="update is"):
                await pool.links.resume(caught.value.state, "111111", update=wrong)
        assert (await pool.links.resume(caught.value.state, "111111", update=update)).id == link_id


async def test_restarting_a_resumed_challenge_needs_the_credentials(sandbox: Sandbox) -> None:
    link_id = add_link(sandbox, "x_mfa_expired")
    async with open_pool(sandbox) as pool:
        with pytest.raises(TokenRequiredError) as caught:
            await pool.links.update(LinkUpdate(link_id, password=PASSWORD))
    async with open_pool(sandbox, mfa=MfaPolicy(restarts=1)) as pool:
        with pytest.raises(UsageError, match="update"):
            await pool.links.resume(caught.value.state, "111111")


async def test_an_answered_challenge_is_refused_by_name(sandbox: Sandbox, pool: SessionPool) -> None:
    with pytest.raises(TokenRequiredError) as caught:
        await pool.links.update(LinkUpdate(add_link(sandbox), password=PASSWORD))
    await pool.links.resume(caught.value.state, "111111")
    with pytest.raises(ChallengeAnsweredError, match="answered already"):
        await pool.links.resume(caught.value.state, "222222")


async def test_a_challenge_answered_in_another_process_says_that_it_is_gone(
    sandbox: Sandbox, pool: SessionPool
) -> None:
    with pytest.raises(TokenRequiredError) as caught:
        await pool.links.update(LinkUpdate(add_link(sandbox), password=PASSWORD))
    async with open_pool(sandbox) as other:
        await other.links.resume(caught.value.state, "111111")
    with pytest.raises(NotFoundError, match="The challenge is gone: answered already"):
        await pool.links.resume(caught.value.state, "111111")
