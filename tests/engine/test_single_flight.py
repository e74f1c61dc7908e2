"""One login of a link at a time, for as long as it runs at the bank; equal calls that meet share it."""

import asyncio
from contextvars import ContextVar
from datetime import timedelta

import pytest

from belvo_async import (
    Challenge,
    Link,
    LinkRegistration,
    LinkUpdate,
    MfaPolicy,
    OutcomeUnknownError,
    SessionPool,
    TokenRequiredError,
)
from belvo_async.backends import MemoryBackend, MemoryChallengeStore
from belvo_async.errors import (
    InvalidValueError,
    LinkBusyError,
    LoginFailedError,
    PoolClosedError,
    ResponseLostError,
    TooManySessionsError,
)
from belvo_async.sandbox import Fault, Sandbox, SandboxOptions
from belvo_async.telemetry import AbandonedLoginEnded, Observation
from belvo_async.testing import ManualClock
from tests.engine.conftest import open_pool
from tests.engine.dialogues import add_link, give
from tests.results import link_of

PASSWORD = "correct horse battery staple"
NAMES: ContextVar[str] = ContextVar("NAMES")


def add(sandbox: Sandbox, username: str = "user_valid") -> str:
    return sandbox.add_link(username=username)


def count(sandbox: Sandbox, method: str = "PUT") -> int:
    return sum(entry.method == method for entry in sandbox.log)


async def wait_for_login(sandbox: Sandbox, number: int = 1) -> None:
    async with asyncio.timeout(5):
        while sandbox.logins() < number:  # noqa: ASYNC110 - the sandbox tells nobody
            await asyncio.sleep(0)


async def cancel(task: "asyncio.Task[Link]") -> None:
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task


class Hanging:
    """A callback that waits for ever, and tells when it is asked and when it is cancelled."""

    def __init__(self) -> None:
        self.asked = asyncio.Event()
        self.cancelled = asyncio.Event()

    async def __call__(self, _: Challenge) -> str:
        self.asked.set()
        try:
            await asyncio.Event().wait()
        finally:
            self.cancelled.set()
        raise AssertionError


async def test_eight_equal_updates_at_once_are_one_login(sandbox: Sandbox, pool: SessionPool) -> None:
    link_id = add(sandbox)
    links = await asyncio.gather(
        *(pool.links.update(LinkUpdate(link_id, password=PASSWORD)) for _ in range(8))
    )
    assert [link.id for link in links] == [link_id] * 8
    assert sandbox.logins(link_id) == 1


async def test_an_equal_update_joins_while_the_person_of_the_first_is_asked(
    sandbox: Sandbox, pool: SessionPool
) -> None:
    link_id, asked, token = add_link(sandbox), asyncio.Event(), asyncio.get_running_loop().create_future()

    async def ask(_: Challenge) -> str:
        asked.set()
        return str(await token)

    first = asyncio.create_task(pool.links.update(LinkUpdate(link_id, password=PASSWORD), provide_token=ask))
    await asked.wait()
    second = asyncio.create_task(
        pool.links.update(LinkUpdate(link_id, password=PASSWORD), provide_token=Hanging())
    )
    await asyncio.sleep(0)
    token.set_result("111111")
    assert (await first, await second) == (await first, await first)
    assert (count(sandbox), sandbox.tokens(link_id)) == (1, ["111111"])


async def test_an_update_that_is_not_equal_waits_and_then_logs_in(
    sandbox: Sandbox, pool: SessionPool
) -> None:
    link_id = add(sandbox)
    updates = [LinkUpdate(link_id, password=password) for password in ("one", "two", "one")]
    await asyncio.gather(*(pool.links.update(update) for update in updates))
    assert [entry.body and entry.body["password"] for entry in sandbox.log] == ["one", "two", "one"]
    assert sandbox.overlapping_logins == 0


async def test_an_equal_update_that_should_wait_logs_in_by_itself(
    sandbox: Sandbox, pool: SessionPool
) -> None:
    update = LinkUpdate(add(sandbox), password=PASSWORD)
    await asyncio.gather(*(pool.links.update(update, when_busy="wait") for _ in range(3)))
    assert (sandbox.logins(), sandbox.overlapping_logins) == (3, 0)


async def test_an_update_that_refuses_to_wait_says_when_the_link_is_free(sandbox: Sandbox) -> None:
    async with open_pool(sandbox, clock=ManualClock(), close_grace=0.0) as pool:
        update = LinkUpdate(add(sandbox), password=PASSWORD)
        first = asyncio.create_task(pool.links.update(update))
        await wait_for_login(sandbox)
        with pytest.raises(LinkBusyError) as caught:
            await pool.links.update(update, when_busy="refuse")
        assert (caught.value.link_id, caught.value.seconds) == (update.link_id, 330.0)
        assert (await first).id == update.link_id
        assert (await pool.links.update(update, when_busy="refuse")).id == update.link_id


@pytest.mark.parametrize("when_busy", ["later", None, "", "JOIN", 1])
async def test_another_choice_is_refused_by_name(
    sandbox: Sandbox, pool: SessionPool, when_busy: object
) -> None:
    with pytest.raises(InvalidValueError, match="when_busy") as caught:
        await pool.links.update(LinkUpdate(add(sandbox), password="x"), when_busy=when_busy)  # type: ignore[arg-type] # wrong on purpose
    assert caught.value.field == "when_busy"
    assert sandbox.log == []


async def test_those_who_share_a_failure_each_get_an_error_of_their_own(
    sandbox: Sandbox, pool: SessionPool
) -> None:
    update = LinkUpdate(add(sandbox), password="pass_invalid")
    errors = await asyncio.gather(*(pool.links.update(update) for _ in range(3)), return_exceptions=True)
    assert [type(error) for error in errors] == [LoginFailedError] * 3
    assert len({id(error) for error in errors}) == 3
    assert len({str(error) for error in errors}) == 1
    assert sandbox.logins() == 1


async def test_when_the_first_caller_leaves_the_next_ones_person_is_asked(
    sandbox: Sandbox, pool: SessionPool
) -> None:
    update, first_person, second_person = (
        LinkUpdate(add_link(sandbox), password="x"),
        Hanging(),
        give("111111"),
    )
    first = asyncio.create_task(pool.links.update(update, provide_token=first_person))
    await first_person.asked.wait()
    second = asyncio.create_task(pool.links.update(update, provide_token=second_person))
    await asyncio.sleep(0)
    await cancel(first)
    assert (await second).id == update.link_id
    assert first_person.cancelled.is_set()
    assert (count(sandbox), sandbox.tokens(update.link_id)) == (1, ["111111"])


async def test_a_person_is_asked_in_the_context_of_the_call_that_brought_the_callback(
    sandbox: Sandbox, pool: SessionPool
) -> None:
    update, first_person = LinkUpdate(add_link(sandbox), password="x"), Hanging()

    async def call_second() -> str:
        names: list[str] = []

        def ask(_: Challenge) -> str:
            names.append(NAMES.get())
            return "111111"

        NAMES.set("second")
        await pool.links.update(update, provide_token=ask)
        return names[0]

    NAMES.set("first")
    first = asyncio.create_task(pool.links.update(update, provide_token=first_person))
    await first_person.asked.wait()
    second = asyncio.create_task(call_second())
    await asyncio.sleep(0)
    await cancel(first)
    assert await second == "second"


async def test_a_caller_that_leaves_while_the_bank_works_takes_nothing_from_the_one_that_stays() -> None:
    clock = ManualClock()
    async with (
        Sandbox(clock=clock, options=SandboxOptions(login_seconds=20.0)) as slow,
        open_pool(slow) as pool,
    ):
        update = LinkUpdate(slow.add_link(), password="x")
        first, second = (asyncio.create_task(pool.links.update(update)) for _ in range(2))
        await wait_for_login(slow)
        await cancel(first)
        await clock.advance(20.0)
        assert (await second).id == update.link_id
        assert slow.logins() == 1


async def test_a_cancelled_call_holds_its_link_until_the_bank_has_ended() -> None:
    clock, seen = ManualClock(), list[Observation]()
    options = SandboxOptions(login_seconds=20.0)
    async with (
        Sandbox(clock=clock, options=options) as sandbox,
        open_pool(sandbox, observer=seen.append) as pool,
    ):
        link_id = sandbox.add_link()
        first = asyncio.create_task(pool.links.update(LinkUpdate(link_id, password="one")))
        await wait_for_login(sandbox)
        await cancel(first)
        second = asyncio.create_task(pool.links.update(LinkUpdate(link_id, password="two")))
        await clock.advance(19.0)
        assert sandbox.logins() == 1
        await clock.advance(1.0)
        await wait_for_login(sandbox, 2)
        await clock.advance(20.0)
        await second
        assert sandbox.overlapping_logins == 0
    assert AbandonedLoginEnded(operation="update", link_id=link_id) in seen


async def test_an_equal_call_after_a_cancelled_one_gets_what_the_bank_is_working_on() -> None:
    clock = ManualClock()
    options = SandboxOptions(login_seconds=20.0)
    async with Sandbox(clock=clock, options=options) as sandbox, open_pool(sandbox) as pool:
        update = LinkUpdate(sandbox.add_link(), password="x")
        first = asyncio.create_task(pool.links.update(update))
        await wait_for_login(sandbox)
        await cancel(first)
        second = asyncio.create_task(pool.links.update(update))
        await clock.advance(20.0)
        assert (await second).id == update.link_id
        assert sandbox.logins() == 1


@pytest.mark.parametrize("username", ["x_too_many_sessions", "x_unexpected_error"])
async def test_a_login_whose_callers_have_left_is_not_repeated(username: str) -> None:
    clock, seen = ManualClock(), list[Observation]()
    async with Sandbox(clock=clock) as sandbox, open_pool(sandbox, observer=seen.append) as pool:
        sandbox.faults.add(Fault(kind="latency", seconds=10.0, method="PUT"))
        task = asyncio.create_task(
            pool.links.update(LinkUpdate(sandbox.add_link(username=username), password="x"))
        )
        await clock.wait_for_sleepers()
        await cancel(task)
        await clock.advance(300.0)
        assert count(sandbox) == 1
    ended = [one for one in seen if isinstance(one, AbandonedLoginEnded)]
    assert [one.code for one in ended] == [username.removeprefix("x_")]


async def test_nobody_is_asked_for_a_token_when_all_callers_have_left() -> None:
    clock, seen, asked = ManualClock(), list[Observation](), list[Challenge]()
    options = SandboxOptions(login_seconds=20.0)
    async with (
        Sandbox(clock=clock, options=options) as sandbox,
        open_pool(sandbox, observer=seen.append) as pool,
    ):
        update = LinkUpdate(add_link(sandbox), password="x")
        task = asyncio.create_task(pool.links.update(update, provide_token=asked.append))
        await clock.wait_for_sleepers()
        await cancel(task)
        await clock.advance(20.0)
        async with asyncio.timeout(5):
            while not any(isinstance(one, AbandonedLoginEnded) for one in seen):  # noqa: ASYNC110 - no event
                await asyncio.sleep(0)
        assert (asked, sandbox.tokens(update.link_id)) == ([], [])
    ended = next(one for one in seen if isinstance(one, AbandonedLoginEnded))
    assert (ended.error, ended.code) == ("TokenRequiredError", "token_required")


async def test_a_lost_response_holds_the_link_until_the_login_must_have_ended(
    sandbox: Sandbox, clock: ManualClock
) -> None:
    async with open_pool(sandbox) as pool:
        link_id = add(sandbox)
        sandbox.faults.add(Fault(kind="reset_before", method="PUT", times=1))
        began = clock.monotonic()
        with pytest.raises(OutcomeUnknownError):
            await pool.links.update(LinkUpdate(link_id, password="one"))
        with pytest.raises(LinkBusyError) as caught:
            await pool.links.update(LinkUpdate(link_id, password="two"), when_busy="refuse")
        assert caught.value.seconds == pytest.approx(309.0)
        await pool.links.update(LinkUpdate(link_id, password="two"))
        assert clock.monotonic() - began >= 330.0


async def test_a_status_check_that_shows_the_end_of_a_lost_login_frees_the_link(
    sandbox: Sandbox, clock: ManualClock
) -> None:
    async with open_pool(sandbox) as pool:
        update = LinkUpdate(add(sandbox), password="one")
        sandbox.faults.add(Fault(kind="reset_before", method="PUT", times=1))
        began = clock.monotonic()
        with pytest.raises(OutcomeUnknownError):
            await pool.links.update(update)
        same = asyncio.create_task(pool.links.update(update))
        other = asyncio.create_task(pool.links.update(LinkUpdate(update.link_id, password="two")))
        sandbox.links[update.link_id].last_accessed_at = clock.wall()  # the bank was slow
        assert (await same).id == update.link_id
        assert count(sandbox) == 1
        await other
        assert clock.monotonic() - began < 60.0
        assert count(sandbox) == 2


async def test_a_pool_that_closes_ends_what_it_still_holds_at_once() -> None:
    clock = ManualClock()
    async with Sandbox(clock=clock) as own:
        pool = open_pool(own)
        update = LinkUpdate(own.add_link(), password="x")
        own.faults.add(Fault(kind="reset_before", method="PUT"))
        lost = asyncio.create_task(pool.links.update(update))
        await clock.wait_for_sleepers()
        await clock.advance(21.0)
        with pytest.raises(OutcomeUnknownError):
            await lost
        waiting = asyncio.create_task(pool.links.update(LinkUpdate(update.link_id, password="two")))
        await asyncio.sleep(0)
        await pool.aclose()
        with pytest.raises(PoolClosedError):
            await waiting
        assert count(own) == 1


async def test_a_login_without_a_caller_has_the_grace_of_a_pool_that_closes() -> None:
    clock, seen = ManualClock(), list[Observation]()
    options = SandboxOptions(login_seconds=20.0)
    async with Sandbox(clock=clock, options=options) as sandbox:
        pool = open_pool(sandbox, observer=seen.append)
        task = asyncio.create_task(pool.links.update(LinkUpdate(sandbox.add_link(), password="x")))
        await wait_for_login(sandbox)
        await cancel(task)
        closing = asyncio.create_task(pool.aclose(grace=30.0))
        await clock.wait_for_sleepers(2)
        await clock.advance(20.0)
        await closing
    assert any(isinstance(one, AbandonedLoginEnded) and one.error is None for one in seen)


async def test_a_double_click_on_a_registration_is_one_login(sandbox: Sandbox, pool: SessionPool) -> None:
    registration = LinkRegistration(institution="erebor_mx_retail", username="ana", password="x")
    first, second = await asyncio.gather(*(pool.links.register(registration) for _ in range(2)))
    assert first.id == second.id
    assert count(sandbox, "POST") == 1


async def test_registrations_of_one_user_at_one_institution_wait_for_each_other() -> None:
    clock = ManualClock()
    options = SandboxOptions(login_seconds=20.0)
    async with Sandbox(clock=clock, options=options) as slow, open_pool(slow, close_grace=0.0) as pool:
        tasks = [
            asyncio.create_task(
                pool.links.register(
                    LinkRegistration(institution="erebor_mx_retail", username=name, password=password)
                )
            )
            for name, password in (("ana", "one"), ("ana", "two"), ("bia", "one"))
        ]
        await clock.wait_for_sleepers(2)
        await clock.settle()
        assert [entry.body and entry.body["username"] for entry in slow.log] == ["ana", "bia"]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


@pytest.mark.parametrize("how", ["told", "read", "updated"])
async def test_two_links_of_one_user_at_one_institution_are_not_logged_in_at_once(how: str) -> None:
    clock = ManualClock(automatic=True)
    options = SandboxOptions(login_seconds=5.0)
    async with Sandbox(clock=clock, options=options) as sandbox, open_pool(sandbox) as pool:
        links = [sandbox.add_link(username="ana") for _ in range(2)]
        user = (await pool.links.get(links[0])).institution_user_id if how == "told" else None
        if how == "read":
            assert len([link async for link in pool.links.list()]) == 2
        for link_id in links if how == "updated" else ():
            await pool.links.update(LinkUpdate(link_id, password="first"))
        began = clock.monotonic()
        await asyncio.gather(
            *(
                pool.links.update(LinkUpdate(link_id, password="x", institution_user_id=user))
                for link_id in links
            )
        )
        assert clock.monotonic() - began >= 10.0


class Recorder:
    """Notes nothing."""

    async def note_submission(self, at: object) -> None: ...
    async def note_challenge(self, state: object) -> None: ...
    async def note_answer(self, at: object) -> None: ...


async def test_a_call_with_a_recorder_shares_no_login(sandbox: Sandbox, pool: SessionPool) -> None:
    update = LinkUpdate(add(sandbox), password="x")
    await asyncio.gather(
        pool.links.update(update), pool.links.update(update, recorder=Recorder()), pool.links.update(update)
    )
    assert (sandbox.logins(), sandbox.overlapping_logins) == (3, 0)


async def test_a_call_inside_a_callback_can_be_told_to_refuse(sandbox: Sandbox, pool: SessionPool) -> None:
    update, errors = LinkUpdate(add_link(sandbox), password="x"), list[BaseException]()

    async def ask(_: Challenge) -> str:
        try:
            await pool.links.update(LinkUpdate(update.link_id, password="y"), when_busy="refuse")
        except LinkBusyError as error:
            errors.append(error)
        return "111111"

    await pool.links.update(update, provide_token=ask)
    assert len(errors) == 1


async def test_a_refresh_of_data_and_an_update_of_the_same_link_wait_for_each_other(
    sandbox: Sandbox, pool: SessionPool
) -> None:
    link_id = add(sandbox)
    update = asyncio.create_task(pool.links.update(LinkUpdate(link_id, password="x")))
    await wait_for_login(sandbox)
    with pytest.raises(LinkBusyError):
        await pool.links.refresh_data(link_id, when_busy="refuse")
    await update
    assert (await pool.links.refresh_data(link_id, when_busy="refuse")).request_id is not None


async def test_a_challenge_that_leaves_a_shared_login_leaves_it_for_all(
    sandbox: Sandbox, pool: SessionPool
) -> None:
    update = LinkUpdate(add_link(sandbox), password="x")
    errors = await asyncio.gather(*(pool.links.update(update) for _ in range(2)), return_exceptions=True)
    states = [error.state for error in errors if isinstance(error, TokenRequiredError)]
    assert len(states) == 2
    assert states[0] == states[1]
    assert sandbox.logins() == 1


async def test_too_many_sessions_are_tried_again_for_those_who_share(
    sandbox: Sandbox, pool: SessionPool
) -> None:
    update = LinkUpdate(add(sandbox, "x_too_many_sessions"), password="x")
    results = await asyncio.gather(*(pool.links.update(update) for _ in range(2)), return_exceptions=True)
    assert not any(isinstance(result, TooManySessionsError) for result in results)
    assert count(sandbox) == 2


async def test_an_equal_update_is_given_the_ticket_of_the_challenge_that_is_parked(
    sandbox: Sandbox, pool: SessionPool
) -> None:
    update = LinkUpdate(add_link(sandbox), password="x")
    with pytest.raises(TokenRequiredError) as first:
        await pool.links.update(update)
    ticket = await pool.challenges.park(first.value.state)
    with pytest.raises(TokenRequiredError) as second:
        await pool.links.update(update, provide_token=give("222222"))
    assert (second.value.ticket, second.value.state) == (ticket, first.value.state)
    assert count(sandbox) == 1
    assert link_of(await pool.challenges.resume(ticket, "111111")).id == update.link_id


async def test_an_update_with_other_credentials_starts_anew_beside_a_parked_challenge(
    sandbox: Sandbox, pool: SessionPool
) -> None:
    link_id = add_link(sandbox)
    with pytest.raises(TokenRequiredError) as first:
        await pool.links.update(LinkUpdate(link_id, password="x"))
    await pool.challenges.park(first.value.state)
    for update, when_busy in (("y", "join"), ("x", "wait")):
        with pytest.raises(TokenRequiredError) as caught:
            await pool.links.update(LinkUpdate(link_id, password=update), when_busy=when_busy)  # type: ignore[arg-type] # of a loop
        assert caught.value.ticket is None
    assert count(sandbox) == 3


async def test_a_parked_challenge_of_an_equal_update_is_found_by_another_process_with_the_same_keys(
    sandbox: Sandbox,
) -> None:
    store, update = MemoryChallengeStore(), LinkUpdate(add_link(sandbox), password="x")
    async with (
        open_pool(sandbox, backend=MemoryBackend(store)) as one,
        open_pool(sandbox, backend=MemoryBackend(store)) as two,
    ):
        with pytest.raises(TokenRequiredError) as first:
            await one.links.update(update)
        ticket = await one.challenges.park(first.value.state)
        with pytest.raises(TokenRequiredError) as second:
            await two.links.update(update)
        assert second.value.ticket == ticket
        await two.challenges.resume(ticket, "111111")
        assert (await one.links.update(update, provide_token=give("111111"))).id == update.link_id


async def test_a_challenge_that_came_when_all_had_left_is_parked_where_the_policy_says_so() -> None:
    clock = ManualClock()
    options, policy = SandboxOptions(login_seconds=20.0), MfaPolicy(park_abandoned=True)
    async with Sandbox(clock=clock, options=options) as sandbox, open_pool(sandbox, mfa=policy) as pool:
        update = LinkUpdate(add_link(sandbox), password="x")
        task = asyncio.create_task(pool.links.update(update))
        await clock.wait_for_sleepers()
        await cancel(task)
        await clock.advance(20.0)
        found = await pool.challenges.find(update.link_id)
        assert found is not None
        with pytest.raises(TokenRequiredError) as caught:
            await pool.links.update(update)
        assert caught.value.ticket == found.ticket


async def test_a_call_in_the_moment_when_the_last_caller_leaves_gets_a_login_of_its_own(
    sandbox: Sandbox, pool: SessionPool
) -> None:
    update, person = LinkUpdate(add_link(sandbox), password="x"), Hanging()
    first = asyncio.create_task(pool.links.update(update, provide_token=person))
    await person.asked.wait()
    first.cancel()
    await asyncio.sleep(0)  # the first one has left, and its login is about to be given up
    assert (await pool.links.update(update, provide_token=give("111111"))).id == update.link_id
    await asyncio.gather(first, return_exceptions=True)
    assert count(sandbox) == 2


async def test_a_refresh_that_waits_for_a_lost_one_makes_its_own_request(
    sandbox: Sandbox, pool: SessionPool, clock: ManualClock
) -> None:
    link_id = add(sandbox)
    sandbox.faults.add(Fault(kind="reset_before", method="POST", times=1))
    with pytest.raises(ResponseLostError):
        await pool.links.refresh_data(link_id)
    second = asyncio.create_task(pool.links.refresh_data(link_id))
    await asyncio.sleep(0)
    sandbox.links[link_id].last_accessed_at = clock.wall() + timedelta(seconds=1)
    assert (await second).request_id is not None
    assert count(sandbox, "POST") == 2


async def test_a_login_that_was_checked_when_the_pool_closed_is_not_said_to_be_unsent() -> None:
    clock = ManualClock()
    async with Sandbox(clock=clock) as sandbox:
        pool = open_pool(sandbox)
        sandbox.faults.add(Fault(kind="status", status=500, method="PUT", reaches_bank=True))
        sandbox.faults.add(Fault(kind="latency", seconds=60.0, method="GET"))
        task = asyncio.create_task(pool.links.update(LinkUpdate(sandbox.add_link(), password="x")))
        while count(sandbox, "GET") == 0:  # noqa: ASYNC110 - the sandbox tells nobody
            await asyncio.sleep(0)
        await pool.aclose(grace=0.0)
        with pytest.raises(OutcomeUnknownError):
            await task


async def test_a_call_that_leaves_during_a_status_check_lets_it_finish() -> None:
    clock, options = ManualClock(), SandboxOptions(login_seconds=1.0)
    async with Sandbox(clock=clock, options=options) as sandbox, open_pool(sandbox) as pool:
        sandbox.faults.add(Fault(kind="status", status=500, method="PUT", reaches_bank=True, times=1))
        sandbox.faults.add(Fault(kind="latency", seconds=10.0, method="GET"))
        update = LinkUpdate(sandbox.add_link(), password="x")
        first = asyncio.create_task(pool.links.update(update))
        while count(sandbox, "GET") == 0:
            await clock.advance(0.1)
        await cancel(first)
        second = asyncio.create_task(pool.links.update(update))
        await clock.advance(20.0)
        async with asyncio.timeout(5):
            await second
        assert (await second).id == update.link_id
        assert count(sandbox) == 1
