"""What an earlier run has left in the middle: looked at, asked again, or begun; never sent twice."""

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from attrs import evolve

from belvo_async import (
    LinkUpdate,
    MfaPolicy,
    SessionPool,
    TokenRequiredError,
)
from belvo_async.bulk import (
    JobLimits,
    JobReport,
    NotUpdated,
    Outcome,
    Parked,
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
from tests.bulk.journals import leave

TICKET = "t" * 32
SOON = 0.05
"""Seconds that a login may still run, here."""


@pytest.fixture
async def real_pool(bank: Sandbox) -> Any:
    async with open_pool(bank) as pool:
        yield pool


async def leave_at(pool: SessionPool, path: Path, link_id: str, state: str, **cells: object) -> None:
    """Leave a link whose login or token has left just now."""
    now = pool.clock.wall()
    settings = {"at": now, "institution": HEIMDALL, "submitted_at": now, "logins": 1, **cells}
    await leave(path, link_id, state, pool=pool, **settings)


async def challenge(pool: SessionPool, link_id: str) -> AwaitingToken:
    with pytest.raises(TokenRequiredError) as required:
        await pool.links.update(LinkUpdate(link_id, password=PASSWORD))
    return required.value.state


async def leave_challenged(pool: SessionPool, path: Path, state: AwaitingToken) -> None:
    ticket = await pool.challenges.park(state, ticket=TICKET)
    expires_at = datetime.now(UTC) + timedelta(hours=1)
    await leave_at(pool, path, state.challenge.link_id, "challenged", ticket=ticket, expires_at=expires_at)


async def go_on(
    pool: SessionPool, path: Path, updates: object = (), **settings: Any
) -> tuple[list[Outcome], JobReport]:
    settings = {"login_limit": SOON, **settings}
    async with refresh(pool, updates, journal=path, **split(settings)) as run:  # type: ignore[arg-type]
        outcomes = await collect(run)
    return outcomes, run.report


@pytest.mark.parametrize("state", ["submitted", "answered"])
async def test_a_login_that_succeeded_while_nobody_listened_is_found(
    bank: Sandbox, real_pool: SessionPool, tmp_path: Path, state: str
) -> None:
    update = add_update(bank)
    await leave_at(real_pool, tmp_path / "j", update.link_id, state)
    async with open_pool(bank) as killed:
        await killed.links.update(update)
    (outcome,), report = await go_on(real_pool, tmp_path / "j", [update])
    assert only(outcome, Updated).link_id == update.link_id
    assert bank.logins(update.link_id) == 1
    assert (report.updated, report.repeated, report.skipped) == (1, 0, 0)
    assert read_states(tmp_path / "j") == {update.link_id: "updated"}


@pytest.mark.parametrize("state", ["submitted", "answered"])
async def test_a_login_that_shows_no_success_is_unsettled_and_never_sent_again(
    bank: Sandbox, real_pool: SessionPool, tmp_path: Path, state: str
) -> None:
    update = add_update(bank)
    await leave_at(real_pool, tmp_path / "j", update.link_id, state)
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
    await leave_at(real_pool, tmp_path / "j", update.link_id, "submitted")
    (outcome,), _ = await go_on(real_pool, tmp_path / "j")
    only(outcome, Unsettled)


async def test_a_link_in_doubt_that_is_gone_stays_in_doubt(
    bank: Sandbox, real_pool: SessionPool, tmp_path: Path
) -> None:
    (link_id,) = add_links(bank)
    await leave_at(real_pool, tmp_path / "j", link_id, "submitted")
    await real_pool.links.delete(link_id)
    (outcome,), _ = await go_on(real_pool, tmp_path / "j")
    assert "did not tell how it ended" in only(outcome, Unsettled).error.message
    assert isinstance(only(outcome, Unsettled).error.__cause__, NotFoundError)


async def test_a_link_that_cannot_be_looked_at_is_unsettled_and_says_why(
    bank: Sandbox, real_pool: SessionPool, tmp_path: Path
) -> None:
    (link_id,) = add_links(bank)
    await leave_at(real_pool, tmp_path / "j", link_id, "submitted")
    bank.faults.add(Fault(kind="garbage", method="GET", link_id=link_id))
    (outcome,), _ = await go_on(real_pool, tmp_path / "j")
    assert "a status check did not tell" in only(outcome, Unsettled).error.message


async def test_a_link_that_was_queued_is_logged_in(
    bank: Sandbox, real_pool: SessionPool, tmp_path: Path
) -> None:
    update = add_update(bank)
    await leave(tmp_path / "j", update.link_id, "queued", pool=real_pool)
    (outcome,), _ = await go_on(real_pool, tmp_path / "j", [update])
    only(outcome, Updated)
    assert bank.logins(update.link_id) == 1


async def test_a_person_who_was_being_asked_is_asked_again_without_a_login(
    bank: Sandbox, real_pool: SessionPool, tmp_path: Path
) -> None:
    update = add_update(bank, "x_mfa_numeric")
    state = await challenge(real_pool, update.link_id)
    await leave_challenged(real_pool, tmp_path / "j", state)
    (outcome,), report = await go_on(real_pool, tmp_path / "j", [update], provide_token=lambda _: "111111")
    only(outcome, Updated)
    assert (count_puts(bank), bank.tokens(update.link_id)) == (1, ["111111"])
    assert (report.updated, report.repeated, report.next_expiry) == (1, 0, None)


async def test_without_anybody_to_ask_an_open_challenge_is_parked_under_its_ticket(
    bank: Sandbox, real_pool: SessionPool, tmp_path: Path
) -> None:
    (link_id,) = add_links(bank, 1, "x_mfa_numeric")
    state = await challenge(real_pool, link_id)
    await leave_challenged(real_pool, tmp_path / "j", state)
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
    await leave_at(real_pool, tmp_path / "j", link_id, "submitted")
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
    await leave_challenged(real_pool, tmp_path / "j", state)
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
        await leave_challenged(pool, tmp_path / "j", state)
        settings: dict[str, Any] = {"credentials": look_up} if has_credentials else {}
        (outcome,), _ = await go_on(pool, tmp_path / "j", provide_token=lambda _: "111111", **settings)
    only(outcome, Updated if has_credentials else Parked)


async def test_a_run_that_is_stopped_leaves_the_settling_to_the_next(
    bank: Sandbox, real_pool: SessionPool, tmp_path: Path
) -> None:
    (link_id,) = add_links(bank)
    await leave_at(real_pool, tmp_path / "j", link_id, "submitted")
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
                await leave_at(pool, tmp_path / "j", link_id, "submitted")
            await pool.links.update(update)
        ours.set_wall(ours.wall() + timedelta(hours=hours))
        async with open_pool(bank, clock=ours) as pool:
            outcomes, _ = await go_on(pool, tmp_path / "j", login_limit=0.0)
    assert {outcome.link_id: type(outcome) for outcome in outcomes} == {
        update.link_id: Updated,
        other.link_id: Unsettled,
    }


async def look_until_the_end(clock: ManualClock, path: Path, age: timedelta) -> tuple[list[float], Outcome]:
    """Return when an interrupted login was looked at, in seconds, and what came of it."""
    async with Sandbox(clock=clock) as bank, open_pool(bank) as pool:
        (link_id,) = add_links(bank)
        bank.links[link_id].last_accessed_at = None
        began = clock.wall()
        await leave_at(pool, path, link_id, "submitted", submitted_at=began - age)
        (outcome,), _ = await go_on(pool, path, login_limit=300.0)
        return [(entry.at - began).total_seconds() for entry in bank.log if entry.link_id], outcome


async def test_a_login_is_looked_at_until_it_must_have_ended(clock: ManualClock, tmp_path: Path) -> None:
    looks, outcome = await look_until_the_end(clock, tmp_path / "j", timedelta())
    assert looks == [0.0, 3.0, 9.0, 21.0, 45.0, 93.0, 153.0, 213.0, 273.0, 300.0]
    only(outcome, Unsettled)


@pytest.mark.parametrize(
    ("age", "last"), [(timedelta(seconds=290), 10.0), (timedelta(days=1), 0.0), (-timedelta(hours=1), 300.0)]
)
async def test_the_time_that_has_passed_counts_but_never_for_more_than_the_limit(
    clock: ManualClock, tmp_path: Path, age: timedelta, last: float
) -> None:
    looks, _ = await look_until_the_end(clock, tmp_path / "j", age)
    assert looks[-1] == last
