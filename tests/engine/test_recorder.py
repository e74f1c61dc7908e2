"""Each step of a login can be written down before it happens; and a login can be looked into afterwards."""

from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from typing import Any

import pytest

from belvo_async import LinkUpdate, LoginRecorder, RateLimit, SessionPool, TokenRequiredError
from belvo_async.errors import InvalidValueError, NotFoundError
from belvo_async.models import AwaitingToken
from belvo_async.sandbox import Sandbox, SandboxOptions
from belvo_async.testing import ManualClock
from tests.engine.conftest import open_pool

BANK = "erebor_mx_retail"
Act = Callable[[str], Awaitable[None]]


class Recorder:
    """Writes down the steps, and what had reached the sandbox by then."""

    def __init__(self, sandbox: Sandbox, act: Act | None = None) -> None:
        self._sandbox = sandbox
        self._act = act
        self.steps: list[tuple[str, int]] = []
        self.times: list[datetime] = []
        self.states: list[AwaitingToken] = []

    async def note_submission(self, at: datetime) -> None:
        self.times.append(at)
        await self._note("submission")

    async def note_challenge(self, state: AwaitingToken) -> None:
        self.states.append(state)
        await self._note("challenge")

    async def note_answer(self, at: datetime) -> None:
        self.times.append(at)
        await self._note("answer")

    async def _note(self, step: str) -> None:
        self.steps.append((step, self._sandbox.logins()))
        if self._act is not None:
            await self._act(step)


def fail_at(step: str) -> Act:
    async def act(current: str) -> None:
        if current == step:
            raise ZeroDivisionError

    return act


def add(sandbox: Sandbox, username: str = "user_valid") -> LinkUpdate:
    return LinkUpdate(sandbox.add_link(institution=BANK, username=username), password="new")


async def test_each_step_is_noted_before_it_happens(sandbox: Sandbox, pool: SessionPool) -> None:
    recorder = Recorder(sandbox)
    update = add(sandbox, "x_mfa_two_step")
    await pool.links.update(update, provide_token=lambda _: "111111", recorder=recorder)
    assert recorder.steps == [
        ("submission", 0),
        ("challenge", 1),
        ("answer", 1),
        ("challenge", 2),
        ("answer", 2),
    ]
    assert [state.rounds for state in recorder.states] == [0, 1]


async def test_a_login_that_cannot_be_noted_does_not_leave(sandbox: Sandbox, pool: SessionPool) -> None:
    with pytest.raises(ZeroDivisionError):
        await pool.links.update(add(sandbox), recorder=Recorder(sandbox, fail_at("submission")))
    assert sandbox.log == []


async def test_nobody_is_asked_about_a_challenge_that_cannot_be_noted(
    sandbox: Sandbox, pool: SessionPool
) -> None:
    asked: list[object] = []
    recorder = Recorder(sandbox, fail_at("challenge"))
    with pytest.raises(ZeroDivisionError):
        await pool.links.update(add(sandbox, "x_mfa_numeric"), provide_token=asked.append, recorder=recorder)
    assert asked == []


async def test_an_answer_that_cannot_be_noted_is_not_sent_and_can_be_given_again(
    sandbox: Sandbox, pool: SessionPool
) -> None:
    update = add(sandbox, "x_mfa_numeric")
    with pytest.raises(TokenRequiredError) as required:
        await pool.links.update(update)
    recorder = Recorder(sandbox, fail_at("answer"))
    with pytest.raises(ZeroDivisionError):
        await pool.links.resume(required.value.state, "111111", recorder=recorder)
    assert sandbox.tokens(update.link_id) == []
    await pool.links.resume(required.value.state, "111111", recorder=Recorder(sandbox))
    assert sandbox.tokens(update.link_id) == ["111111"]


async def test_a_login_that_belvo_asks_to_repeat_is_noted_each_time(
    sandbox: Sandbox, pool: SessionPool
) -> None:
    recorder = Recorder(sandbox)
    await pool.links.update(add(sandbox, "x_too_many_sessions"), recorder=recorder)
    assert recorder.steps == [("submission", 0), ("submission", 1)]


async def test_a_login_is_noted_shortly_before_it_leaves(sandbox: Sandbox, clock: ManualClock) -> None:
    limit = RateLimit(requests=1, window=30.0, margin=0.0)
    async with open_pool(sandbox, rate_limit=limit) as pool:
        await pool.ping()
        recorder = Recorder(sandbox)
        began = clock.wall()
        await pool.links.update(add(sandbox), recorder=recorder)
    (noted_at,), left_at = recorder.times, sandbox.log[-1].at
    assert left_at == began + timedelta(seconds=30)
    assert timedelta() <= left_at - noted_at <= timedelta(seconds=10)


async def test_a_recorder_that_is_slow_breaks_no_limit(sandbox: Sandbox, clock: ManualClock) -> None:
    """The note comes first, so that no start grows old meanwhile."""

    async def be_slow(_: str) -> None:
        await clock.sleep(5.0)

    limit = RateLimit(requests=1, window=30.0, margin=0.0)
    async with open_pool(sandbox, rate_limit=limit) as pool:
        for _ in range(3):
            recorder = Recorder(sandbox, be_slow)
            await pool.links.update(add(sandbox), recorder=recorder)
            assert len(recorder.steps) == 1
    times = [entry.at for entry in sandbox.log]
    assert len(times) == 3
    assert all(later - earlier >= timedelta(seconds=30) for earlier, later in pairwise(times))


@pytest.mark.parametrize("hours", [-1, 1])
async def test_the_time_is_belvos_as_soon_as_it_is_known(hours: int) -> None:
    ours = ManualClock(start=datetime.now(UTC) + timedelta(hours=hours), automatic=True)
    async with Sandbox() as sandbox, open_pool(sandbox, clock=ours) as pool:
        recorder = Recorder(sandbox)
        await pool.ping()
        await pool.links.update(add(sandbox), recorder=recorder)
    assert abs(recorder.times[0] - datetime.now(UTC)) < timedelta(minutes=1)


@pytest.mark.parametrize("recorder", [5, "journal", Recorder, object()])
async def test_what_cannot_record_is_refused(sandbox: Sandbox, pool: SessionPool, recorder: Any) -> None:
    with pytest.raises(InvalidValueError, match="recorder"):
        await pool.links.update(add(sandbox), recorder=recorder)
    assert sandbox.log == []


def test_a_recorder_needs_no_base_class(sandbox: Sandbox) -> None:
    assert isinstance(Recorder(sandbox), LoginRecorder)


async def test_a_success_since_then_is_shown_and_an_older_one_is_not(clock: ManualClock) -> None:
    async with Sandbox(clock=clock, options=SandboxOptions(login_seconds=10.0)) as sandbox:
        update = add(sandbox)
        began = clock.wall()
        async with open_pool(sandbox) as elsewhere:
            await elsewhere.links.update(update)
        async with open_pool(sandbox) as pool:
            link = await pool.links.settle(update.link_id, since=began)
            assert link is not None
            assert link.id == update.link_id
            later = clock.wall() + timedelta(seconds=3.0)  # clocks agree to two seconds
            assert await pool.links.settle(update.link_id, since=later) is None


async def test_a_login_that_this_pool_was_told_of_proves_nothing_new(
    sandbox: Sandbox, pool: SessionPool, clock: ManualClock
) -> None:
    began, update = clock.wall(), add(sandbox)
    await pool.links.update(update)
    assert await pool.links.settle(update.link_id, since=began) is None


async def test_a_success_is_shown_again_to_who_knows_when_its_login_left(
    sandbox: Sandbox, pool: SessionPool, clock: ManualClock
) -> None:
    """Whoever was told may have been unable to write it down."""
    update, recorder = add(sandbox), Recorder(sandbox)
    await pool.links.update(update, recorder=recorder)
    (left_at,) = recorder.times
    assert await pool.links.settle(update.link_id, since=left_at) is not None
    assert await pool.links.settle(update.link_id, since=left_at + timedelta(microseconds=1)) is None
    await clock.sleep(30.0)
    await pool.links.update(update)
    assert await pool.links.settle(update.link_id, since=left_at) is None  # it may be of the newer login


async def test_a_look_says_why_it_cannot_tell(sandbox: Sandbox, pool: SessionPool) -> None:
    with pytest.raises(NotFoundError):
        await pool.links.settle("30cb4806-6e00-48a4-91c9-ca55968576c8", since=datetime.now(UTC))
    link_id = add(sandbox).link_id
    with pytest.raises(InvalidValueError, match="since has no time zone"):
        await pool.links.settle(link_id, since=datetime(2026, 1, 1))  # noqa: DTZ001 - the point
    with pytest.raises(InvalidValueError, match="since is str"):
        await pool.links.settle(link_id, since="yesterday")  # type: ignore[arg-type]
