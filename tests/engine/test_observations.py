"""What an observer is told of a login, from the call to its end."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import NoReturn, TypeVar

import pytest

from belvo_async import (
    Challenge,
    Concurrency,
    LinkRegistration,
    LinkUpdate,
    RateLimit,
    SessionPool,
    TokenRequiredError,
)
from belvo_async.errors import BelvoError, LoginFailedError, TokenProviderError
from belvo_async.models import ChallengePhase
from belvo_async.sandbox import Sandbox
from belvo_async.telemetry import (
    ChallengeClosed,
    ChallengeEnding,
    ChallengeReceived,
    ExchangeEnded,
    LoginEnded,
    LoginStarted,
    Observation,
    ParkedChallengeChanged,
)
from belvo_async.testing import ManualClock
from tests.engine.conftest import open_pool
from tests.engine.dialogues import PASSWORD, add_link, give

T = TypeVar("T")
Provide = Callable[[Challenge], Awaitable[str | None]]


def pick(seen: list[Observation], kind: type[T]) -> list[T]:
    return [observation for observation in seen if isinstance(observation, kind)]


async def hang(_: Challenge) -> NoReturn:
    await asyncio.get_running_loop().create_future()
    raise AssertionError


async def fail(_: Challenge) -> NoReturn:
    raise ZeroDivisionError


async def test_a_login_is_told_from_the_call_to_its_end(sandbox: Sandbox, clock: ManualClock) -> None:
    seen: list[Observation] = []
    link_id = add_link(sandbox)

    async def take_a_minute(_: Challenge) -> str:
        await clock.sleep(60.0)
        return "111111"

    async with open_pool(sandbox, observer=seen.append) as pool:
        await pool.links.update(LinkUpdate(link_id, password=PASSWORD), provide_token=take_a_minute)
    assert [type(observation).__name__ for observation in seen] == [
        *("LoginStarted", "ExchangeEnded", "ChallengeReceived"),
        *("ChallengeClosed", "ExchangeEnded", "LoginEnded"),
    ]
    assert seen[0] == LoginStarted(operation="update", link_id=link_id)
    (closed,) = pick(seen, ChallengeClosed)
    assert (closed.link_id, closed.ending, closed.seconds) == (link_id, ChallengeEnding.ANSWERED, 60.0)
    (ended,) = pick(seen, LoginEnded)
    assert (ended.link_id, ended.error, ended.code) == (link_id, None, None)
    assert ended.seconds == pytest.approx(62.0)  # a second for each login at this bank
    assert {exchange.server for exchange in pick(seen, ExchangeEnded)} == {sandbox.url}


async def test_a_failed_login_names_the_error_and_the_code(sandbox: Sandbox) -> None:
    seen: list[Observation] = []
    link_id = add_link(sandbox, "bad_credentials")
    async with open_pool(sandbox, observer=seen.append) as pool:
        with pytest.raises(LoginFailedError):
            await pool.links.update(LinkUpdate(link_id, password="pass_invalid"))
    (ended,) = pick(seen, LoginEnded)
    assert (ended.operation, ended.error, ended.code) == ("update", "LoginFailedError", "login_error")


async def test_a_registration_is_told_with_its_new_link(sandbox: Sandbox) -> None:
    seen: list[Observation] = []
    registration = LinkRegistration(institution="heimdall_mx_retail", username="x_new", password="pass_valid")
    async with open_pool(sandbox, observer=seen.append) as pool:
        link = await pool.links.register(registration)
    assert pick(seen, LoginStarted) == [LoginStarted(operation="register", link_id=None)]
    assert [ended.link_id for ended in pick(seen, LoginEnded)] == [link.id]


async def test_resuming_and_refreshing_are_told_as_what_they_are(sandbox: Sandbox) -> None:
    seen: list[Observation] = []
    link_id = add_link(sandbox)
    async with open_pool(sandbox, observer=seen.append) as pool:
        with pytest.raises(TokenRequiredError) as caught:
            await pool.links.update(LinkUpdate(link_id, password=PASSWORD))
        await pool.links.resume(caught.value.state, "111111")
        await pool.links.refresh_data(add_link(sandbox, "user_valid"))
    told = [(ended.operation, ended.error) for ended in pick(seen, LoginEnded)]
    assert told == [("update", "TokenRequiredError"), ("resume", None), ("refresh_data", None)]


async def test_wrong_arguments_are_no_login(pool: SessionPool) -> None:
    seen: list[Observation] = []
    with pytest.raises(BelvoError):
        await pool.links.update("no update")  # type: ignore[arg-type]  # wrong on purpose
    assert seen == []


@pytest.mark.parametrize(
    ("provide", "ending", "error"),
    [
        (give("111111"), ChallengeEnding.ANSWERED, None),
        (give(None), ChallengeEnding.DECLINED, "ChallengeDeclinedError"),
        (hang, ChallengeEnding.EXPIRED, "ChallengeExpiredError"),
        (fail, ChallengeEnding.FAILED, "TokenProviderError"),
        (None, ChallengeEnding.LEFT, "TokenRequiredError"),
    ],
    ids=lambda value: getattr(value, "value", ""),
)
async def test_the_end_of_a_challenge_says_why(
    sandbox: Sandbox, provide: Provide | None, ending: ChallengeEnding, error: str | None
) -> None:
    seen: list[Observation] = []
    async with open_pool(sandbox, observer=seen.append) as pool:
        update = pool.links.update(LinkUpdate(add_link(sandbox), password=PASSWORD), provide_token=provide)
        (result,) = await asyncio.gather(update, return_exceptions=True)
    assert (type(result).__name__ if isinstance(result, Exception) else None) == error
    assert [closed.ending for closed in pick(seen, ChallengeClosed)] == [ending]
    assert [ended.error for ended in pick(seen, LoginEnded)] == [error]


async def test_a_challenge_of_a_cancelled_call_ends_too() -> None:
    clock = ManualClock()
    seen: list[Observation] = []
    asked = asyncio.Event()

    def observe(observation: Observation) -> None:
        seen.append(observation)
        if isinstance(observation, ChallengeReceived):
            asked.set()

    async with Sandbox(clock=clock) as sandbox, open_pool(sandbox, observer=observe) as pool:
        update = pool.links.update(LinkUpdate(add_link(sandbox), password=PASSWORD), provide_token=hang)
        task = asyncio.ensure_future(update)
        await asked.wait()
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
    assert [closed.ending for closed in pick(seen, ChallengeClosed)] == [ChallengeEnding.CANCELLED]
    assert [ended.error for ended in pick(seen, LoginEnded)] == ["CancelledError"]


async def test_a_cancelled_callback_is_one_that_failed(sandbox: Sandbox) -> None:
    seen: list[Observation] = []

    async def cancel(_: Challenge) -> NoReturn:
        raise asyncio.CancelledError

    async with open_pool(sandbox, observer=seen.append) as pool:
        with pytest.raises(TokenProviderError):
            await pool.links.update(LinkUpdate(add_link(sandbox), password=PASSWORD), provide_token=cancel)
    assert [closed.ending for closed in pick(seen, ChallengeClosed)] == [ChallengeEnding.FAILED]


async def test_an_exchange_says_how_long_it_waited_for_its_turn(sandbox: Sandbox) -> None:
    seen: list[Observation] = []
    limit = RateLimit(requests=1, window=10.0, margin=0.0)
    async with open_pool(sandbox, observer=seen.append, rate_limit=limit) as pool:
        await asyncio.gather(pool.ping(), pool.ping(), pool.ping())
    waited = sorted(exchange.waited for exchange in pick(seen, ExchangeEnded))
    assert waited == [pytest.approx(0.0), pytest.approx(10.0), pytest.approx(20.0)]


async def test_an_exchange_says_how_long_it_waited_for_a_slot(sandbox: Sandbox) -> None:
    seen: list[Observation] = []
    updates = [LinkUpdate(sandbox.add_link(), password=PASSWORD) for _ in range(3)]
    async with open_pool(sandbox, observer=seen.append, concurrency=Concurrency(total=1)) as pool:
        await asyncio.gather(*(pool.links.update(update) for update in updates))
    waited = sorted(exchange.waited for exchange in pick(seen, ExchangeEnded))
    assert waited == [pytest.approx(0.0), pytest.approx(1.0), pytest.approx(2.0)]  # a login takes one second


async def test_each_change_of_a_parked_challenge_is_told(sandbox: Sandbox, clock: ManualClock) -> None:
    seen: list[Observation] = []
    async with open_pool(sandbox, observer=seen.append) as pool:
        with pytest.raises(TokenRequiredError) as caught:
            await pool.links.update(LinkUpdate(add_link(sandbox), password=PASSWORD))
        ticket = await pool.challenges.park(caught.value.state)
        await clock.sleep(30.0)
        await pool.challenges.resume(ticket, "111111")
    changes = pick(seen, ParkedChallengeChanged)
    assert [change.phase for change in changes] == [
        *(ChallengePhase.OPEN, ChallengePhase.CLAIMED, ChallengePhase.ANSWERED, ChallengePhase.UPDATED)
    ]
    assert [change.seconds >= 30.0 for change in changes] == [False, True, True, True]
    assert ticket not in repr(seen)
