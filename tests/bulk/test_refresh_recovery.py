"""What an earlier run has left in the middle: looked at, asked again, or begun; never sent twice."""

import asyncio
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from attrs import evolve

from belvo_async import (
    SYSTEM_CLOCK,
    Clock,
    Concurrency,
    LinkUpdate,
    MfaPolicy,
    SessionPool,
    TokenRequiredError,
)
from belvo_async._jobs.credentials import RefusedCredentials
from belvo_async._jobs.journal import Journal
from belvo_async._jobs.options import JobOptions
from belvo_async._jobs.recovery import Recovery
from belvo_async._jobs.worker import LinkWorker
from belvo_async.bulk import (
    JobLimits,
    LinkState,
    NotUpdated,
    Outcome,
    Parked,
    RefreshReport,
    Unsettled,
    Updated,
    refresh,
)
from belvo_async.errors import ChallengeExpiredError, NotFoundError, OutcomeUnknownError
from belvo_async.mfa import ResumeRoute
from belvo_async.models import AwaitingToken
from belvo_async.sandbox import Fault, Sandbox, SandboxOptions
from belvo_async.testing import ManualClock
from tests.bulk.conftest import (
    HEIMDALL,
    PASSWORD,
    add_links,
    add_update,
    collect,
    count_puts,
    only,
    open_pool,
    read_states,
    split,
    wait_until,
)

TICKET = "t" * 32
SOON = 0.05
"""Seconds that a login may still run, here."""
Leave = Callable[[Journal, str], Awaitable[None]]


@pytest.fixture
async def real_pool(bank: Sandbox) -> Any:
    async with open_pool(bank) as pool:
        yield pool


async def leave(path: Path, link_id: str, how: Leave, clock: Clock = SYSTEM_CLOCK) -> None:
    """Write what a run that was killed has left."""
    journal = Journal(path, clock=clock)
    await journal.open()
    await journal.admit([(link_id, HEIMDALL)])
    await how(journal, link_id)
    await journal.close()


async def submitted(journal: Journal, link_id: str) -> None:
    await journal.submit(link_id, datetime.now(UTC))


async def answered(journal: Journal, link_id: str) -> None:
    await journal.submit(link_id, datetime.now(UTC))
    await journal.answer(link_id, datetime.now(UTC))


async def challenge(pool: SessionPool, link_id: str) -> AwaitingToken:
    with pytest.raises(TokenRequiredError) as required:
        await pool.links.update(LinkUpdate(link_id, password=PASSWORD))
    return required.value.state


def challenged(pool: SessionPool, state: AwaitingToken) -> Leave:
    async def write(journal: Journal, link_id: str) -> None:
        await journal.submit(link_id, datetime.now(UTC))
        expires_at = datetime.now(UTC) + timedelta(hours=1)
        ticket = await pool.challenges.park(state, ticket=TICKET)
        await journal.challenge(link_id, ticket=ticket, expires_at=expires_at)

    return write


async def go_on(
    pool: SessionPool, path: Path, updates: object = (), **settings: Any
) -> tuple[list[Outcome], RefreshReport]:
    settings = {"login_limit": SOON, **settings}
    async with refresh(pool, updates, journal=path, **split(settings)) as run:  # type: ignore[arg-type]
        outcomes = await collect(run)
    return outcomes, run.report


@pytest.mark.parametrize("how", [submitted, answered])
async def test_a_login_that_succeeded_while_nobody_listened_is_found(
    bank: Sandbox, real_pool: SessionPool, tmp_path: Path, how: Leave
) -> None:
    update = add_update(bank)
    await leave(tmp_path / "j", update.link_id, how)
    async with open_pool(bank) as killed:
        await killed.links.update(update)
    (outcome,), report = await go_on(real_pool, tmp_path / "j", [update])
    assert only(outcome, Updated).link_id == update.link_id
    assert bank.logins(update.link_id) == 1
    assert (report.updated, report.repeated, report.skipped) == (1, 0, 0)
    assert read_states(tmp_path / "j") == {update.link_id: "updated"}


@pytest.mark.parametrize("how", [submitted, answered])
async def test_a_login_that_shows_no_success_is_unsettled_and_never_sent_again(
    bank: Sandbox, real_pool: SessionPool, tmp_path: Path, how: Leave
) -> None:
    update = add_update(bank)
    await leave(tmp_path / "j", update.link_id, how)
    (outcome,), report = await go_on(real_pool, tmp_path / "j", [update])
    error = only(outcome, Unsettled).error
    assert isinstance(error, OutcomeUnknownError)
    assert "shows no success" in error.message
    assert (bank.logins(), count_puts(bank), report.unsettled) == (0, 0, 1)
    outcomes, _ = await go_on(real_pool, tmp_path / "j", [update])
    assert (outcomes, bank.logins()) == ([], 0)


async def test_a_success_before_the_login_left_proves_nothing(
    bank: Sandbox, real_pool: SessionPool, tmp_path: Path
) -> None:
    update = add_update(bank)
    async with open_pool(bank) as earlier:
        await earlier.links.update(update)
    bank.links[update.link_id].last_accessed_at = datetime.now(UTC) - timedelta(seconds=10)
    await leave(tmp_path / "j", update.link_id, submitted)
    (outcome,), _ = await go_on(real_pool, tmp_path / "j")
    only(outcome, Unsettled)


async def test_a_link_in_doubt_that_is_gone_stays_in_doubt(
    bank: Sandbox, real_pool: SessionPool, tmp_path: Path
) -> None:
    (link_id,) = add_links(bank)
    await leave(tmp_path / "j", link_id, submitted)
    await real_pool.links.delete(link_id)
    (outcome,), _ = await go_on(real_pool, tmp_path / "j")
    assert "did not tell how it ended" in only(outcome, Unsettled).error.message
    assert isinstance(only(outcome, Unsettled).error.__cause__, NotFoundError)


async def test_a_link_that_cannot_be_looked_at_is_unsettled_and_says_why(
    bank: Sandbox, real_pool: SessionPool, tmp_path: Path
) -> None:
    (link_id,) = add_links(bank)
    await leave(tmp_path / "j", link_id, submitted)
    bank.faults.add(Fault(kind="garbage", method="GET", link_id=link_id))
    (outcome,), _ = await go_on(real_pool, tmp_path / "j")
    assert "a status check did not tell" in only(outcome, Unsettled).error.message


async def test_a_link_that_was_queued_is_logged_in(
    bank: Sandbox, real_pool: SessionPool, tmp_path: Path
) -> None:
    async def queued(_journal: Journal, _link_id: str) -> None: ...

    update = add_update(bank)
    await leave(tmp_path / "j", update.link_id, queued)
    (outcome,), _ = await go_on(real_pool, tmp_path / "j", [update])
    only(outcome, Updated)
    assert bank.logins(update.link_id) == 1


async def test_a_person_who_was_being_asked_is_asked_again_without_a_login(
    bank: Sandbox, real_pool: SessionPool, tmp_path: Path
) -> None:
    update = add_update(bank, "x_mfa_numeric")
    state = await challenge(real_pool, update.link_id)
    await leave(tmp_path / "j", update.link_id, challenged(real_pool, state))
    (outcome,), report = await go_on(real_pool, tmp_path / "j", [update], provide_token=lambda _: "111111")
    only(outcome, Updated)
    assert (count_puts(bank), bank.tokens(update.link_id)) == (1, ["111111"])
    assert (report.updated, report.repeated, report.next_expiry) == (1, 0, None)


async def test_without_anybody_to_ask_an_open_challenge_is_parked_under_its_ticket(
    bank: Sandbox, real_pool: SessionPool, tmp_path: Path
) -> None:
    (link_id,) = add_links(bank, 1, "x_mfa_numeric")
    state = await challenge(real_pool, link_id)
    await leave(tmp_path / "j", link_id, challenged(real_pool, state))
    async with refresh(real_pool, [], journal=tmp_path / "j") as run:
        (outcome,) = await collect(run)
        parked = only(outcome, Parked)
        assert (parked.ticket, parked.challenge.session) == (TICKET, state.challenge.session)
    await real_pool.challenges.resume(TICKET, "111111")


async def test_a_challenge_of_an_earlier_login_is_not_taken_for_that_of_the_login_that_was_interrupted(
    bank: Sandbox, real_pool: SessionPool, tmp_path: Path
) -> None:
    """However late somebody has parked it."""
    (link_id,) = add_links(bank, 1, "x_mfa_numeric")
    state = await challenge(real_pool, link_id)
    await leave(tmp_path / "j", link_id, submitted)
    await real_pool.challenges.park(state)
    (outcome,), _ = await go_on(real_pool, tmp_path / "j", provide_token=lambda _: "111111")
    only(outcome, Unsettled)
    assert bank.tokens(link_id) == []


@pytest.mark.parametrize("provider", [None, lambda _: "111111"])
async def test_a_challenge_that_has_expired_meanwhile_needs_a_new_login(
    bank: Sandbox, real_pool: SessionPool, tmp_path: Path, provider: Any
) -> None:
    (link_id,) = add_links(bank, 1, "x_mfa_numeric")
    state = await challenge(real_pool, link_id)
    state = evolve(state, deadline=state.deadline - 10_000.0)
    await leave(tmp_path / "j", link_id, challenged(real_pool, state))
    (outcome,), _ = await go_on(real_pool, tmp_path / "j", provide_token=provider)
    assert isinstance(only(outcome, NotUpdated).error, ChallengeExpiredError)
    assert only(outcome, NotUpdated).may_retry
    assert bank.tokens(link_id) == []


@pytest.mark.parametrize("has_credentials", [False, True])
async def test_a_challenge_whose_answer_needs_the_password_is_parked_where_there_is_none(
    tmp_path: Path, has_credentials: bool
) -> None:
    async def look_up(link_id: str) -> LinkUpdate:
        return LinkUpdate(link_id, password=PASSWORD)

    policy = MfaPolicy(resume_route=ResumeRoute.PUT_LINK)
    options = SandboxOptions(accept_put_resume=True)
    async with Sandbox(options=options) as bank, open_pool(bank, mfa=policy) as pool:
        (link_id,) = add_links(bank, 1, "x_mfa_numeric")
        state = await challenge(pool, link_id)
        await leave(tmp_path / "j", link_id, challenged(pool, state))
        settings: dict[str, Any] = {"credentials": look_up} if has_credentials else {}
        (outcome,), _ = await go_on(pool, tmp_path / "j", provide_token=lambda _: "111111", **settings)
    only(outcome, Updated if has_credentials else Parked)


async def test_a_run_that_is_stopped_leaves_the_settling_to_the_next(
    bank: Sandbox, real_pool: SessionPool, tmp_path: Path
) -> None:
    (link_id,) = add_links(bank)
    await leave(tmp_path / "j", link_id, submitted)
    async with refresh(real_pool, [], journal=tmp_path / "j", limits=JobLimits(login_limit=300.0)) as run:
        await wait_until(lambda: bank.log[-1].link_id == link_id and run.report.settling == 1)
        run.stop()
        assert await collect(run) == []
    assert read_states(tmp_path / "j") == {link_id: "submitted"}


@pytest.mark.parametrize("hours", [-1, 1])
async def test_a_clock_that_was_set_between_two_runs_settles_as_well(hours: int, tmp_path: Path) -> None:
    """The journal keeps times by Belvo's clock."""
    ours = ManualClock(start=datetime.now(UTC))
    async with Sandbox() as bank:
        update, other = add_update(bank), add_update(bank)
        async with open_pool(bank, clock=ours) as pool:
            await pool.ping()
            for link_id in (update.link_id, other.link_id):
                await leave(tmp_path / "j", link_id, submitted, ours)
            await pool.links.update(update)
        ours.set_wall(ours.wall() + timedelta(hours=hours))
        async with open_pool(bank, clock=ours) as pool:
            outcomes, _ = await go_on(pool, tmp_path / "j", login_limit=0.0)
    assert {outcome.link_id: type(outcome) for outcome in outcomes} == {
        update.link_id: Updated,
        other.link_id: Unsettled,
    }


async def look_until_the_end(clock: ManualClock, age: timedelta) -> tuple[list[float], Outcome | None]:
    """Return when an interrupted login was looked at, in seconds, and what came of it."""
    async with Sandbox(clock=clock) as bank, open_pool(bank) as pool:
        journal = Journal(None, clock=clock)
        await journal.open()
        (link_id,) = add_links(bank)
        bank.links[link_id].last_accessed_at = None
        await journal.admit([(link_id, None)])
        await journal.submit(link_id, clock.wall() - age)
        (record,) = await journal.take_interrupted()
        stopping = asyncio.Event()
        credentials = RefusedCredentials(pool.identity, ())
        worker = LinkWorker(
            pool, journal, JobOptions(default_concurrency=Concurrency()), credentials, stopping
        )
        began = clock.wall()
        outcome = await Recovery(pool, worker, 300.0, stopping).settle(record)
        await journal.close()
        return [(entry.at - began).total_seconds() for entry in bank.log], outcome


async def test_a_login_is_looked_at_until_it_must_have_ended(clock: ManualClock) -> None:
    looks, outcome = await look_until_the_end(clock, timedelta())
    assert looks == [0.0, 3.0, 9.0, 21.0, 45.0, 93.0, 153.0, 213.0, 273.0, 300.0]
    only(outcome, Unsettled)


@pytest.mark.parametrize(
    ("age", "last"), [(timedelta(seconds=290), 10.0), (timedelta(days=1), 0.0), (-timedelta(hours=1), 300.0)]
)
async def test_the_time_that_has_passed_counts_but_never_for_more_than_the_limit(
    clock: ManualClock, age: timedelta, last: float
) -> None:
    looks, _ = await look_until_the_end(clock, age)
    assert looks[-1] == last


def test_states_that_are_in_the_middle_are_no_final_ones() -> None:
    middle = {LinkState.QUEUED, LinkState.SUBMITTED, LinkState.CHALLENGED, LinkState.ANSWERED}
    assert {state for state in LinkState if not state.is_final} == middle
