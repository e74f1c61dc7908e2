"""The dialogue about a token: whatever the callback does, nothing is lost."""

import asyncio

import pytest

from belvo_async import Challenge, LinkUpdate, SessionPool
from belvo_async.errors import (
    ChallengeDeclinedError,
    ChallengeExpiredError,
    InvalidTokenError,
    InvalidValueError,
    TokenProviderError,
)
from belvo_async.models import ChallengeKind
from belvo_async.sandbox import Sandbox
from belvo_async.telemetry import ChallengeReceived, Observation
from belvo_async.testing import ManualClock
from tests.engine.conftest import open_pool
from tests.engine.dialogues import PASSWORD, add_link, give


async def test_a_callback_that_hangs_is_cancelled_when_the_challenge_expires() -> None:
    clock = ManualClock()
    async with Sandbox(clock=clock) as sandbox, open_pool(sandbox) as pool:
        cancelled = asyncio.Event()

        async def hang(_: Challenge) -> str:
            try:
                await asyncio.Event().wait()
            finally:
                cancelled.set()
            raise AssertionError

        link_id = add_link(sandbox)
        update = asyncio.ensure_future(
            pool.links.update(LinkUpdate(link_id, password=PASSWORD), provide_token=hang)
        )
        await clock.wait_for_sleepers()
        await clock.advance(9594.0)
        assert not update.done()
        await clock.advance(1.0)
        with pytest.raises(ChallengeExpiredError, match="nobody answered"):
            await update
        assert cancelled.is_set()
        assert sandbox.tokens(link_id) == []


async def test_a_callback_that_blocks_past_the_expiry_sends_nothing() -> None:
    clock = ManualClock()
    async with Sandbox(clock=clock) as sandbox, open_pool(sandbox) as pool:

        def block(_: Challenge) -> str:
            clock._jump(clock._now + 9600 * 10**9)
            return "111111"

        link_id = add_link(sandbox)
        with pytest.raises(ChallengeExpiredError, match="too late"):
            await pool.links.update(LinkUpdate(link_id, password=PASSWORD), provide_token=block)
        assert sandbox.tokens(link_id) == []


async def test_a_callback_that_raises_is_reported_with_its_exception_and_the_state(
    sandbox: Sandbox, pool: SessionPool
) -> None:
    def fail(_: Challenge) -> str:
        raise LookupError("no chat")

    link_id = add_link(sandbox)
    with pytest.raises(TokenProviderError, match="LookupError") as caught:
        await pool.links.update(LinkUpdate(link_id, password=PASSWORD), provide_token=fail)
    assert isinstance(caught.value.__cause__, LookupError)
    assert caught.value.state is not None
    assert (await pool.links.resume(caught.value.state, "111111")).id == link_id


async def test_a_callback_that_is_cancelled_by_somebody_else_is_reported(
    sandbox: Sandbox, pool: SessionPool
) -> None:
    async def cancel_itself(_: Challenge) -> str:
        raise asyncio.CancelledError

    with pytest.raises(TokenProviderError, match="was cancelled"):
        await pool.links.update(LinkUpdate(add_link(sandbox), password=PASSWORD), provide_token=cancel_itself)


@pytest.mark.parametrize("decline", ["none", "raise"])
async def test_a_person_can_decline(sandbox: Sandbox, pool: SessionPool, decline: str) -> None:
    def provide_token(_: Challenge) -> None:
        if decline == "raise":
            raise ChallengeDeclinedError("not now")

    link_id = add_link(sandbox)
    with pytest.raises(ChallengeDeclinedError) as caught:
        await pool.links.update(LinkUpdate(link_id, password=PASSWORD), provide_token=provide_token)
    assert caught.value.link_id == link_id
    assert sandbox.tokens(link_id) == []


@pytest.mark.parametrize("token", ["", 123456])
async def test_a_callback_that_gives_no_token_loses_nothing(
    sandbox: Sandbox, pool: SessionPool, token: object
) -> None:
    link_id = add_link(sandbox)
    with pytest.raises(InvalidTokenError) as caught:
        await pool.links.update(
            LinkUpdate(link_id, password=PASSWORD),
            provide_token=lambda _: token,  # type: ignore[arg-type,return-value] # wrong on purpose
        )
    assert caught.value.state is not None
    assert (await pool.links.resume(caught.value.state, "111111")).id == link_id


async def test_a_callback_that_cannot_be_called_is_refused_before_anything_is_sent(
    sandbox: Sandbox, pool: SessionPool
) -> None:
    with pytest.raises(InvalidValueError, match="provide_token"):
        await pool.links.update(
            LinkUpdate(add_link(sandbox), password=PASSWORD),
            provide_token="111111",  # type: ignore[arg-type] # wrong on purpose
        )
    assert sandbox.log == []


async def test_the_observer_sees_challenges_and_no_secret(sandbox: Sandbox) -> None:
    seen: list[Observation] = []
    link_id = add_link(sandbox)
    async with open_pool(sandbox, observer=seen.append) as pool:
        await pool.links.update(LinkUpdate(link_id, password=PASSWORD), provide_token=give("111111"))
    received = [observation for observation in seen if isinstance(observation, ChallengeReceived)]
    assert [(one.link_id, one.kind, one.expiry) for one in received] == [
        (link_id, ChallengeKind.NUMERIC, 9600.0)
    ]
    assert received[0].request_id
    shown = repr(seen)
    assert PASSWORD not in shown
    assert "111111" not in shown


async def test_an_observer_that_raises_harms_no_login(
    sandbox: Sandbox, caplog: pytest.LogCaptureFixture
) -> None:
    def fail(_: Observation) -> None:
        raise ZeroDivisionError

    async with open_pool(sandbox, observer=fail) as pool:
        await pool.ping()
    assert "the observer raised" in caplog.text
