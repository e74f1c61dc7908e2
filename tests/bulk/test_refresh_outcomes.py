"""What becomes of each link, told once."""

from collections.abc import AsyncIterator
from datetime import timedelta
from uuid import uuid4

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from belvo_async import Concurrency, LinkUpdate, MfaPolicy, RetryPolicy, SessionPool
from belvo_async.bulk import NotUpdated, Parked, Unsettled, Updated
from belvo_async.errors import (
    AccessDeniedError,
    ActivationRequiredError,
    BelvoError,
    InstitutionUnavailableError,
    LinkStateError,
    LoginFailedError,
    NotFoundError,
    OutcomeUnknownError,
    RateLimitedError,
    ServerError,
    TooManySessionsError,
)
from belvo_async.models import LinkStatus
from belvo_async.sandbox import Fault, Sandbox, SandboxOptions
from belvo_async.testing import ManualClock
from tests.bulk.conftest import (
    EREBOR,
    PASSWORD,
    add_links,
    add_update,
    add_updates,
    count_kinds,
    count_puts,
    only,
    open_pool,
    refresh_all,
    refresh_one,
)
from tests.results import link_of


async def test_a_link_is_updated_with_its_new_password(sandbox: Sandbox, pool: SessionPool) -> None:
    update = add_update(sandbox)
    outcome = only(await refresh_one(pool, update), Updated)
    assert (outcome.link_id, outcome.link.id, outcome.link.status) == (
        update.link_id,
        update.link_id,
        LinkStatus.VALID,
    )
    assert sandbox.links[update.link_id].credentials["password"] == PASSWORD


async def test_each_link_has_one_outcome_and_one_login(sandbox: Sandbox, pool: SessionPool) -> None:
    updates = add_updates(sandbox, 30) + add_updates(sandbox, 5, "x_mfa_numeric")
    outcomes, report = await refresh_all(pool, updates)
    assert sorted(outcome.link_id for outcome in outcomes) == sorted(update.link_id for update in updates)
    assert {sandbox.logins(update.link_id) for update in updates} == {1}
    assert count_kinds(outcomes) == {"Updated": 30, "Parked": 5}
    assert (report.updated, report.parked, report.finished, report.read) == (30, 5, 35, 35)
    assert (report.waiting, report.in_flight, report.asking, report.stopped) == (0, 0, 0, None)


async def test_a_challenge_is_parked_with_all_that_an_answer_needs(
    sandbox: Sandbox, clock: ManualClock, pool: SessionPool
) -> None:
    update = add_update(sandbox, "x_mfa_numeric")
    parked = only(await refresh_one(pool, update), Parked)
    assert (parked.link_id, parked.challenge.value) == (update.link_id, "12345")
    assert parked.expires_at == clock.wall() + timedelta(seconds=9595)
    assert len(parked.ticket) >= 32
    assert PASSWORD not in repr(parked)
    assert link_of(await pool.challenges.resume(parked.ticket, "111111")).id == update.link_id


async def test_no_two_tickets_are_alike(sandbox: Sandbox, pool: SessionPool) -> None:
    outcomes, _ = await refresh_all(pool, add_updates(sandbox, 20, "x_mfa_numeric"))
    assert len({only(outcome, Parked).ticket for outcome in outcomes}) == 20


@pytest.mark.parametrize(
    ("username", "kind", "seconds"),
    [
        ("x_locked", LoginFailedError, None),
        ("x_activation_required", ActivationRequiredError, None),
        ("x_expired_credentials", LinkStateError, None),
        ("x_institution_down", InstitutionUnavailableError, 1800.0),
        ("x_too_many_sessions", TooManySessionsError, 120.0),
        ("x_unexpected_error", ServerError, 600.0),
        ("x_html_403", RateLimitedError, 300.0),
        ("x_forbidden_by_host", AccessDeniedError, 86400.0),
    ],
)
async def test_a_refused_link_tells_whether_and_when_to_try_again(
    sandbox: Sandbox, clock: ManualClock, username: str, kind: type[BelvoError], seconds: float | None
) -> None:
    async with open_pool(sandbox, retry=RetryPolicy.never()) as pool:
        refused = only(await refresh_one(pool, add_update(sandbox, username)), NotUpdated)
    assert isinstance(refused.error, kind)
    expected = None if seconds is None else clock.wall() + timedelta(seconds=seconds)
    assert (refused.may_retry, refused.retry_at) == (seconds is not None, expected)


async def test_the_longer_wait_counts_where_the_server_names_one(
    sandbox: Sandbox, clock: ManualClock
) -> None:
    sandbox.faults.add(Fault(kind="status", status=503, method="PUT", headers={"Retry-After": "1000"}))
    async with open_pool(sandbox, retry=RetryPolicy.never()) as pool:
        refused = only(await refresh_one(pool, add_update(sandbox)), NotUpdated)
    assert refused.retry_at == clock.wall() + timedelta(seconds=1000)


async def test_a_link_that_is_gone_is_refused_for_good(pool: SessionPool) -> None:
    refused = only(await refresh_one(pool, LinkUpdate(uuid4(), password="new")), NotUpdated)
    assert isinstance(refused.error, NotFoundError)
    assert not refused.may_retry


async def test_a_lost_reply_that_a_look_settles_is_a_success(sandbox: Sandbox, pool: SessionPool) -> None:
    update = add_update(sandbox, "x_lost_reply")
    assert only(await refresh_one(pool, update), Updated).link.id == update.link_id
    assert sandbox.logins(update.link_id) == 1


async def test_a_lost_reply_that_no_look_settles_is_unsettled_and_never_repeated(
    sandbox: Sandbox, pool: SessionPool
) -> None:
    update = add_update(sandbox)
    sandbox.faults.add(Fault(kind="reset_before", method="PUT"))
    outcomes, report = await refresh_all(pool, [update])
    assert isinstance(only(outcomes[0], Unsettled).error, OutcomeUnknownError)
    assert count_puts(sandbox) == 1
    assert (report.unsettled, report.by_code) == (1, {"OutcomeUnknownError": 1})


async def test_where_nothing_could_leave_the_link_may_be_tried_again(sandbox: Sandbox) -> None:
    update = add_update(sandbox)

    async def take_the_server_away() -> AsyncIterator[LinkUpdate]:
        await sandbox.stop()
        yield update

    async with open_pool(sandbox) as pool:
        refused = only((await refresh_all(pool, take_the_server_away()))[0][0], NotUpdated)
    assert (refused.may_retry, refused.retry_at) == (True, None)


async def test_no_secret_is_in_any_outcome(sandbox: Sandbox, pool: SessionPool) -> None:
    sandbox.faults.add(Fault(kind="reset_before", method="PUT", times=1))
    names = ("user_valid", "user_valid", "x_mfa_numeric", "x_locked")
    outcomes, report = await refresh_all(pool, [add_update(sandbox, name) for name in names])
    assert len(outcomes) == 4
    assert PASSWORD not in repr(outcomes) + repr(report)


async def test_of_a_repeated_id_the_last_value_that_waits_wins(sandbox: Sandbox, pool: SessionPool) -> None:
    (link_id,) = add_links(sandbox)
    outcomes, report = await refresh_all(
        pool, [LinkUpdate(link_id, password=f"password {number}") for number in range(5)]
    )
    assert (len(outcomes), sandbox.logins(link_id)) == (1, 1)
    assert sandbox.links[link_id].credentials["password"] == "password 4"
    assert (report.repeated, report.read, report.finished) == (4, 5, 1)


async def test_a_newer_value_takes_the_place_of_one_that_waits(sandbox: Sandbox, pool: SessionPool) -> None:
    first, waiting, other = add_updates(sandbox, 3)

    async def give() -> AsyncIterator[LinkUpdate]:
        for update in (first, waiting, other):
            yield update
        while not sandbox.logins(first.link_id):
            await pool.clock.sleep(0.1)
        yield LinkUpdate(waiting.link_id, password="newer", institution=waiting.institution)

    outcomes, report = await refresh_all(pool, give(), concurrency=Concurrency(total=1))
    assert [outcome.link_id for outcome in outcomes] == [first.link_id, waiting.link_id, other.link_id]
    assert sandbox.links[waiting.link_id].credentials["password"] == "newer"
    assert (report.repeated, sandbox.logins(waiting.link_id)) == (1, 1)


async def test_a_value_that_comes_after_the_login_has_begun_is_dropped_and_counted(
    sandbox: Sandbox, pool: SessionPool
) -> None:
    first, *others = add_updates(sandbox, 9)

    async def give() -> AsyncIterator[LinkUpdate]:
        yield first
        while not sandbox.logins(first.link_id):
            await pool.clock.sleep(0.1)
        yield LinkUpdate(first.link_id, password="too late")
        for other in others:
            yield other

    outcomes, report = await refresh_all(pool, give())
    assert len(outcomes) == 9
    assert sandbox.links[first.link_id].credentials["password"] == PASSWORD
    assert (report.repeated, report.read) == (1, 10)


@settings(max_examples=15)
@given(
    numbers=st.lists(st.integers(0, 7), max_size=40),
    look_ahead=st.integers(1, 10),
    is_async=st.booleans(),
)
async def test_any_source_gives_one_outcome_and_one_login_for_each_id(
    numbers: list[int], look_ahead: int, is_async: bool
) -> None:
    clock = ManualClock(automatic=True)
    async with Sandbox(clock=clock, options=SandboxOptions(login_seconds=1.0)) as sandbox:
        links = add_links(sandbox, 8)
        updates = [LinkUpdate(links[number], password=f"p{place}") for place, number in enumerate(numbers)]

        async def give() -> AsyncIterator[LinkUpdate]:
            for update in updates:
                yield update

        async with open_pool(sandbox) as pool:
            source = give() if is_async else updates
            outcomes, report = await refresh_all(pool, source, look_ahead=look_ahead)
        wanted = {update.link_id for update in updates}
        assert sorted(outcome.link_id for outcome in outcomes) == sorted(wanted)
        assert {link_id for link_id in links if sandbox.logins(link_id)} == wanted
        assert sandbox.logins() == len(wanted)
        assert (report.read, report.repeated) == (len(updates), len(updates) - len(wanted))
        if len(updates) <= look_ahead:
            last = {update.link_id: update.password for update in updates}
            assert {link: sandbox.links[link].credentials["password"] for link in wanted} == last


async def test_too_many_rounds_refuse_the_link(sandbox: Sandbox) -> None:
    update = add_update(sandbox, "x_mfa_numeric", EREBOR)
    async with open_pool(sandbox, mfa=MfaPolicy(max_rounds=2)) as pool:
        refused = only(await refresh_one(pool, update, provide_token=lambda _: "999999"), NotUpdated)
    assert not refused.may_retry
    assert sandbox.tokens(update.link_id) == ["999999", "999999"]
