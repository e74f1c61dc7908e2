"""Calls that leave or come while a login is under way, and what it does without them."""

import asyncio
from datetime import datetime

import pytest

from belvo_async import (
    Challenge,
    LinkRegistration,
    LinkUpdate,
    MfaPolicy,
    RetryPolicy,
    SessionPool,
    TokenRequiredError,
)
from belvo_async.backends import ChallengeRow, MemoryBackend, MemoryChallengeStore
from belvo_async.errors import ChallengeExpiredError, LinkBusyError, PoolClosedError, RateLimitedError
from belvo_async.models import AwaitingToken
from belvo_async.sandbox import Fault, Sandbox, SandboxOptions
from belvo_async.telemetry import AbandonedLoginEnded, Observation
from belvo_async.testing import ManualClock
from tests.engine.conftest import open_pool
from tests.engine.dialogues import add_link, give
from tests.engine.test_single_flight import Hanging, cancel, count, wait_for_login


async def test_a_refresh_of_data_whose_callers_have_left_is_not_repeated() -> None:
    clock = ManualClock()
    async with Sandbox(clock=clock) as sandbox, open_pool(sandbox) as pool:
        sandbox.faults.add(Fault(kind="status", status=429, method="POST", seconds=10.0, times=1))
        task = asyncio.create_task(pool.links.refresh_data(sandbox.add_link()))
        await clock.wait_for_sleepers()
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
        await clock.advance(300.0)
        assert count(sandbox, "POST") == 1


class PausedStore(MemoryChallengeStore):
    """A store that looks for a challenge once it is told to."""

    def __init__(self) -> None:
        super().__init__()
        self.asked, self.go_on = asyncio.Event(), asyncio.Event()

    async def find(self, link: str, *, after: datetime, limit: int) -> list[ChallengeRow]:
        self.asked.set()
        await self.go_on.wait()
        return await super().find(link, after=after, limit=limit)


@pytest.mark.parametrize("turns", range(12))
async def test_a_call_ends_in_whatever_turn_of_the_event_loop_the_pool_closes(
    sandbox: Sandbox, turns: int
) -> None:
    store = PausedStore()
    pool = open_pool(sandbox, backend=MemoryBackend(store))
    call = asyncio.create_task(pool.links.update(LinkUpdate(sandbox.add_link(), password="x")))
    await store.asked.wait()
    closing = asyncio.create_task(pool.aclose(grace=0.0))
    for _ in range(turns):
        await asyncio.sleep(0)
    store.go_on.set()
    await closing
    done, _ = await asyncio.wait([call], timeout=5)
    assert done
    assert isinstance(call.exception(), PoolClosedError)
    assert sandbox.logins() == 0


async def test_a_token_of_a_person_whose_caller_has_left_is_not_sent(
    sandbox: Sandbox, pool: SessionPool
) -> None:
    update, asked = LinkUpdate(add_link(sandbox), password="x"), asyncio.Event()

    async def ignore_cancellation(_: Challenge) -> str:
        asked.set()
        try:
            await asyncio.Event().wait()
        except asyncio.CancelledError:
            return "999999"
        raise AssertionError

    first = asyncio.create_task(pool.links.update(update, provide_token=ignore_cancellation))
    await asked.wait()
    second = asyncio.create_task(pool.links.update(update, provide_token=give("111111")))
    await asyncio.sleep(0)
    await cancel(first)
    assert (await second).id == update.link_id
    assert sandbox.tokens(update.link_id) == ["111111"]


class SlowStore(MemoryChallengeStore):
    """A store that waits before it keeps a challenge."""

    def __init__(self) -> None:
        super().__init__()
        self.began, self.go_on = asyncio.Event(), asyncio.Event()

    async def add(self, row: ChallengeRow) -> bool:
        self.began.set()
        await self.go_on.wait()
        return await super().add(row)


async def test_a_call_that_joins_while_an_abandoned_challenge_is_parked_gets_its_ticket() -> None:
    clock, store = ManualClock(), SlowStore()
    options, policy = SandboxOptions(login_seconds=20.0), MfaPolicy(park_abandoned=True)
    async with (
        Sandbox(clock=clock, options=options) as sandbox,
        open_pool(sandbox, mfa=policy, backend=MemoryBackend(store)) as pool,
    ):
        update = LinkUpdate(add_link(sandbox), password="x")
        first = asyncio.create_task(pool.links.update(update))
        await clock.wait_for_sleepers()
        await cancel(first)
        await clock.advance(20.0)
        await store.began.wait()
        second = asyncio.create_task(pool.links.update(update, provide_token=give("111111")))
        await asyncio.sleep(0)
        store.go_on.set()
        with pytest.raises(TokenRequiredError, match="it is parked already") as caught:
            await second
        found = await pool.challenges.find(update.link_id)
        assert found is not None
        assert caught.value.ticket == found.ticket
        assert count(sandbox) == 1


class Cancelling:
    """A recorder that raises the error of a cancellation of its own."""

    async def note_submission(self, at: datetime) -> None:  # noqa: ARG002 - the protocol's
        raise asyncio.CancelledError

    async def note_challenge(self, state: AwaitingToken) -> None:
        """Write nothing."""

    async def note_answer(self, at: datetime) -> None:
        """Write nothing."""


async def test_what_a_recorder_raises_comes_out_also_where_it_was_cancelled_itself(
    sandbox: Sandbox, pool: SessionPool
) -> None:
    update = LinkUpdate(sandbox.add_link(), password="x")
    call = asyncio.create_task(pool.links.update(update, recorder=Cancelling()))
    await asyncio.gather(call, return_exceptions=True)
    assert call.cancelled()
    assert (await pool.links.update(update)).id == update.link_id
    assert sandbox.logins() == 1


async def test_a_registration_that_is_challenged_holds_the_link_that_it_makes(
    sandbox: Sandbox, pool: SessionPool
) -> None:
    challenges, go_on = list[Challenge](), asyncio.Event()

    async def ask(challenge: Challenge) -> str:
        challenges.append(challenge)
        await go_on.wait()
        return "111111"

    registration = LinkRegistration(
        institution="heimdall_mx_retail", username="mfa_numeric", password="pass_valid"
    )
    registering = asyncio.create_task(pool.links.register(registration, provide_token=ask))
    while not challenges:  # noqa: ASYNC110 - the first thing that is told
        await asyncio.sleep(0)
    update = LinkUpdate(challenges[0].link_id, password="other")
    with pytest.raises(LinkBusyError):
        await pool.links.update(update, when_busy="refuse")
    waiting = asyncio.create_task(pool.links.update(update, provide_token=give("111111")))
    await wait_for_login(sandbox)
    assert count(sandbox) == 0
    go_on.set()
    assert (await registering).id == (await waiting).id == update.link_id
    assert sandbox.overlapping_logins == 0


async def test_a_registration_without_a_caller_is_told_with_the_link_that_it_made() -> None:
    clock, seen = ManualClock(), list[Observation]()
    options = SandboxOptions(login_seconds=20.0)
    async with (
        Sandbox(clock=clock, options=options) as sandbox,
        open_pool(sandbox, observer=seen.append) as pool,
    ):
        registration = LinkRegistration(institution="erebor_mx_retail", username="ana", password="x")
        call = asyncio.create_task(pool.links.register(registration))
        await clock.wait_for_sleepers()
        await cancel(call)
        await clock.advance(20.0)
        (link_id,) = sandbox.links
    assert AbandonedLoginEnded(operation="register", link_id=link_id) in seen


async def test_a_result_that_comes_in_the_turn_in_which_its_last_caller_leaves_is_told(
    sandbox: Sandbox, clock: ManualClock
) -> None:
    seen = list[Observation]()

    def observe(observation: Observation) -> None:
        seen.append(observation)
        if type(observation).__name__ == "ExchangeEnded":
            call.cancel()

    async with open_pool(sandbox, observer=observe) as pool:
        link_id = sandbox.add_link()
        call = asyncio.create_task(pool.links.update(LinkUpdate(link_id, password="x")))
        await asyncio.gather(call, return_exceptions=True)
        await clock.settle()
    assert call.cancelled()
    assert AbandonedLoginEnded(operation="update", link_id=link_id) in seen


async def test_a_busy_link_is_free_after_its_persons_time_and_the_answer_at_the_latest(
    sandbox: Sandbox, pool: SessionPool
) -> None:
    update, person = LinkUpdate(add_link(sandbox), password="x"), Hanging()
    first = asyncio.create_task(pool.links.update(update, provide_token=person))
    await person.asked.wait()
    with pytest.raises(LinkBusyError) as caught:
        await pool.links.update(LinkUpdate(update.link_id, password="y"), when_busy="refuse")
    assert caught.value.seconds == pytest.approx(SandboxOptions().expiry + 330.0, abs=10.0)
    await cancel(first)


async def test_logins_that_queue_for_a_busy_link_are_counted_one_after_the_other() -> None:
    clock = ManualClock()
    options = SandboxOptions(login_seconds=20.0)
    async with (
        Sandbox(clock=clock, options=options) as sandbox,
        open_pool(sandbox, close_grace=0.0) as pool,
    ):
        link_id = sandbox.add_link()
        calls = [asyncio.create_task(pool.links.update(LinkUpdate(link_id, password=p))) for p in "ab"]
        await wait_for_login(sandbox)
        await clock.advance(10.0)
        with pytest.raises(LinkBusyError) as caught:
            await pool.links.update(LinkUpdate(link_id, password="c"), when_busy="refuse")
        assert caught.value.seconds == 320.0 + 330.0
        await clock.advance(40.0)
        await asyncio.gather(*calls)


async def test_a_token_for_a_login_that_another_has_replaced_is_not_sent(
    sandbox: Sandbox, clock: ManualClock, pool: SessionPool
) -> None:
    link_id = add_link(sandbox)
    with pytest.raises(TokenRequiredError) as first:
        await pool.links.update(LinkUpdate(link_id, password="one"))
    await clock.sleep(5.0)
    with pytest.raises(TokenRequiredError) as second:
        await pool.links.update(LinkUpdate(link_id, password="two"))
    with pytest.raises(ChallengeExpiredError, match="newer login"):
        await pool.links.resume(first.value.state, "111111")
    assert sandbox.tokens(link_id) == []
    assert (await pool.links.resume(second.value.state, "111111")).id == link_id


async def test_a_token_that_waited_behind_another_login_is_not_sent(
    sandbox: Sandbox, clock: ManualClock, pool: SessionPool
) -> None:
    link_id, person = add_link(sandbox), Hanging()
    with pytest.raises(TokenRequiredError) as first:
        await pool.links.update(LinkUpdate(link_id, password="one"))
    await clock.sleep(5.0)
    update = asyncio.create_task(pool.links.update(LinkUpdate(link_id, password="two"), provide_token=person))
    await person.asked.wait()
    resuming = asyncio.create_task(pool.links.resume(first.value.state, "111111"))
    await asyncio.sleep(0)
    await cancel(update)
    with pytest.raises(ChallengeExpiredError, match="newer login"):
        await resuming
    assert sandbox.tokens(link_id) == []


async def test_a_login_that_was_refused_for_coming_too_fast_replaces_nothing(
    sandbox: Sandbox, clock: ManualClock
) -> None:
    async with open_pool(sandbox, retry=RetryPolicy.never()) as pool:
        link_id = add_link(sandbox)
        with pytest.raises(TokenRequiredError) as first:
            await pool.links.update(LinkUpdate(link_id, password="one"))
        await clock.sleep(5.0)
        sandbox.faults.add(Fault(kind="status", status=429, method="PUT", times=1))
        with pytest.raises(RateLimitedError):
            await pool.links.update(LinkUpdate(link_id, password="two"))
        assert (await pool.links.resume(first.value.state, "111111")).id == link_id
