"""A pool opens lazily, belongs to one loop, and closes without losing anything."""

import asyncio

import pytest

from belvo_async import (
    Challenge,
    Credentials,
    LinkUpdate,
    OutcomeUnknownError,
    RetryPolicy,
    SessionPool,
    TokenRequiredError,
)
from belvo_async.errors import (
    BelvoError,
    ConfigurationError,
    NotSentError,
    PoolClosedError,
    TooManySessionsError,
    WrongEventLoopError,
)
from belvo_async.sandbox import Sandbox, SandboxOptions
from belvo_async.testing import ManualClock
from tests.engine.conftest import open_pool
from tests.engine.servers import KEYS


def add_link(sandbox: Sandbox) -> str:
    return sandbox.add_link(institution="erebor_mx_retail", username="user_valid", password="pass_valid")


def add_challenged_link(sandbox: Sandbox) -> str:
    return sandbox.add_link(institution="heimdall_mx_retail", username="mfa_numeric", password="pass_valid")


def test_making_a_pool_needs_no_event_loop_and_opens_nothing() -> None:
    pool = SessionPool(KEYS, environment="sandbox")
    assert pool._engine.transports
    assert all(not transport._sessions for transport in pool._engine.transports)  # type: ignore[attr-defined] # ours


async def test_a_pool_works_without_async_with(sandbox: Sandbox) -> None:
    pool = open_pool(sandbox)
    await pool.ping()
    await pool.aclose()
    await pool.aclose()


async def test_a_closed_pool_refuses_calls_before_anything_is_sent(sandbox: Sandbox) -> None:
    pool = open_pool(sandbox)
    await pool.aclose()
    for call in (pool.ping, lambda: pool.links.update(LinkUpdate(add_link(sandbox), password="new"))):
        with pytest.raises(PoolClosedError, match="closed"):
            await call()
    with pytest.raises(PoolClosedError):
        await pool.__aenter__()
    assert sandbox.log == []


def test_a_pool_refuses_another_event_loop() -> None:
    pool = SessionPool(KEYS, environment="http://127.0.0.1:9", retry=RetryPolicy.never())

    async def use(expected: type[BelvoError]) -> None:
        with pytest.raises(expected):
            await pool.ping()

    async def close() -> None:
        await pool.aclose()

    with asyncio.Runner() as first:
        first.run(use(NotSentError))
        with asyncio.Runner() as second:
            second.run(use(WrongEventLoopError))
        first.run(close())


async def test_closing_lets_logins_in_flight_finish() -> None:
    clock = ManualClock()
    async with Sandbox(clock=clock, options=SandboxOptions(login_seconds=20.0)) as sandbox:
        pool = open_pool(sandbox)
        link_id = add_link(sandbox)
        update = asyncio.ensure_future(pool.links.update(LinkUpdate(link_id, password="new")))
        await clock.wait_for_sleepers()
        closing = asyncio.ensure_future(pool.aclose(grace=30.0))
        await clock.wait_for_sleepers(2)
        await clock.advance(20.0)
        assert (await update).id == link_id
        await closing


async def test_a_login_that_outlasts_the_grace_is_reported_as_unknown() -> None:
    clock = ManualClock()
    async with Sandbox(clock=clock, options=SandboxOptions(login_seconds=100.0)) as sandbox:
        pool = open_pool(sandbox)
        update = asyncio.ensure_future(pool.links.update(LinkUpdate(add_link(sandbox), password="new")))
        await clock.wait_for_sleepers()
        closing = asyncio.ensure_future(pool.aclose(grace=30.0))
        await clock.wait_for_sleepers(2)
        await clock.advance(30.0)
        await closing
        with pytest.raises(OutcomeUnknownError):
            await update


async def test_a_call_that_waits_for_a_person_ends_with_the_state_when_the_pool_closes(
    sandbox: Sandbox,
) -> None:
    link_id = add_challenged_link(sandbox)
    asked = asyncio.Event()

    async def hang(_: Challenge) -> str:
        asked.set()
        await asyncio.Event().wait()
        raise AssertionError

    pool = open_pool(sandbox, clock=ManualClock())
    update = asyncio.ensure_future(pool.links.update(LinkUpdate(link_id, password="new"), provide_token=hang))
    await asked.wait()
    await pool.aclose()
    with pytest.raises(TokenRequiredError, match="closing") as caught:
        await update
    async with open_pool(sandbox) as other:
        assert (await other.links.resume(caught.value.state, "111111")).id == link_id


async def test_no_new_login_starts_once_the_pool_closes() -> None:
    clock = ManualClock()
    async with Sandbox(clock=clock, options=SandboxOptions(login_seconds=10.0)) as sandbox:
        pool = open_pool(sandbox)
        link_id = add_link(sandbox)
        updates = [
            asyncio.ensure_future(pool.links.update(LinkUpdate(link_id, password=f"p{number}")))
            for number in range(3)
        ]
        await clock.wait_for_sleepers()
        closing = asyncio.ensure_future(pool.aclose())
        await clock.wait_for_sleepers(2)
        await clock.advance(10.0)
        first, *others = await asyncio.gather(*updates, return_exceptions=True)
        await closing
        assert getattr(first, "id", None) == link_id
        assert [type(other) for other in others] == [PoolClosedError, PoolClosedError]
        assert sandbox.logins(link_id) == 1


async def test_a_backoff_ends_when_the_pool_closes_with_what_the_bank_had_said(sandbox: Sandbox) -> None:
    link_id = sandbox.add_link(
        institution="erebor_mx_retail", username="x_too_many_sessions", password="pass_valid"
    )
    clock = ManualClock()
    pool = open_pool(sandbox, clock=clock)
    update = asyncio.ensure_future(pool.links.update(LinkUpdate(link_id, password="new")))
    await clock.wait_for_sleepers()
    await pool.aclose()
    with pytest.raises(TooManySessionsError):
        await update


def test_credentials_of_a_wrong_type_are_refused() -> None:
    with pytest.raises(ConfigurationError, match="not Credentials"):
        SessionPool(("id", "password"), environment="sandbox")  # type: ignore[arg-type] # wrong on purpose


def test_a_pool_comes_from_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("BELVO_SECRET_ID", "id")
    monkeypatch.setenv("BELVO_SECRET_PASSWORD", "password")
    monkeypatch.setenv("BELVO_ENVIRONMENT", "Sandbox")
    pool = SessionPool(close_grace=1.0)
    assert pool.client(Credentials("id", "password")).links is pool.links


@pytest.mark.parametrize("missing", ["BELVO_SECRET_ID", "BELVO_SECRET_PASSWORD", "BELVO_ENVIRONMENT"])
def test_what_the_environment_lacks_is_named(monkeypatch: pytest.MonkeyPatch, missing: str) -> None:
    for name in ("BELVO_SECRET_ID", "BELVO_SECRET_PASSWORD", "BELVO_ENVIRONMENT"):
        monkeypatch.setenv(name, "sandbox")
    monkeypatch.delenv(missing)
    with pytest.raises(ConfigurationError, match=f"Not set in the environment: {missing}"):
        SessionPool()


def test_what_is_passed_goes_before_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("BELVO_ENVIRONMENT", "sandbox")
    pool = SessionPool(Credentials("id", "password"), environment="production")
    assert pool.identity.environment == "https://api.belvo.com"
