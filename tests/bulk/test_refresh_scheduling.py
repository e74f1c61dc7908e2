"""Which login starts when: places, turns of the institutions, and rests."""

import asyncio
from collections import Counter
from datetime import timedelta

import pytest

from belvo_async import Concurrency, LinkUpdate, RetryPolicy, SessionPool
from belvo_async.bulk import JobLimits, NotUpdated, Outcome, Updated, refresh
from belvo_async.errors import InstitutionUnavailableError
from belvo_async.sandbox import Fault, Received, Sandbox, SandboxOptions
from belvo_async.testing import ManualClock
from tests.bulk.conftest import (
    EREBOR,
    GRINGOTTS,
    PATIENCE,
    add_update,
    add_updates,
    collect,
    count_kinds,
    open_pool,
    pick,
    refresh_all,
)

IRONBANK = "ironbank_br_retail"
START = ManualClock().wall()


def list_puts(sandbox: Sandbox) -> list[Received]:
    return [entry for entry in sandbox.log if entry.method == "PUT"]


def find_bank(sandbox: Sandbox, entry: Received) -> str:
    return sandbox.links[entry.link_id or ""].institution


def list_starts(sandbox: Sandbox, updates: list[LinkUpdate]) -> list[float]:
    """Return when the logins of these links arrived, in seconds from the start."""
    links = {update.link_id for update in updates}
    return [(put.at - START).total_seconds() for put in list_puts(sandbox) if put.link_id in links]


@pytest.mark.parametrize(("total", "each", "at_once"), [(7, 20, 7), (100, 3, 6), (1, 1, 1)])
async def test_as_many_logins_run_as_may_and_no_more(
    sandbox: Sandbox, pool: SessionPool, total: int, each: int, at_once: int
) -> None:
    updates = add_updates(sandbox, 30) + add_updates(sandbox, 30, institution=GRINGOTTS)
    concurrency = Concurrency(total=total, per_institution=each)
    await refresh_all(pool, updates, concurrency=concurrency)
    starts = Counter(put.at for put in list_puts(sandbox))  # each login takes one second
    assert max(starts.values()) == at_once
    for name in (EREBOR, GRINGOTTS):
        of_one = Counter(put.at for put in list_puts(sandbox) if find_bank(sandbox, put) == name)
        assert max(of_one.values()) <= each


async def test_institutions_take_turns_although_the_source_is_sorted(
    sandbox: Sandbox, pool: SessionPool
) -> None:
    updates = [
        update
        for name in (EREBOR, GRINGOTTS, IRONBANK)
        for update in add_updates(sandbox, 30, institution=name)
    ]
    await refresh_all(pool, updates, concurrency=Concurrency(total=3))
    banks = [find_bank(sandbox, put) for put in list_puts(sandbox)]
    assert all(set(banks[place : place + 3]) == {EREBOR, GRINGOTTS, IRONBANK} for place in range(0, 90, 3))


async def test_a_slow_institution_does_not_hold_the_others(clock: ManualClock) -> None:
    options = SandboxOptions(login_seconds=1.0, slow_seconds=299.0)
    async with Sandbox(clock=clock, options=options) as sandbox, open_pool(sandbox) as pool:
        slow = add_updates(sandbox, 10, "x_slow")
        quick = add_updates(sandbox, 100, institution=GRINGOTTS)
        concurrency = Concurrency(total=10, per_institution=5)
        await refresh_all(pool, slow + quick, concurrency=concurrency)
    assert max(list_starts(sandbox, quick)) == 19.0
    assert max(list_starts(sandbox, slow)) == 300.0


async def test_an_institution_that_is_down_is_left_alone_for_a_minute_while_the_others_go_on(
    clock: ManualClock,
) -> None:
    async with (
        Sandbox(clock=clock, options=SandboxOptions(login_seconds=1.0)) as sandbox,
        open_pool(sandbox, retry=RetryPolicy.never()) as pool,
    ):
        down = add_updates(sandbox, 1, "x_institution_down") + add_updates(sandbox, 9)
        others = add_updates(sandbox, 10, institution=GRINGOTTS)
        concurrency = Concurrency(total=2, per_institution=1)
        outcomes, report = await refresh_all(pool, down + others, concurrency=concurrency)
    assert list_starts(sandbox, down) == [0.0, *(61.0 + number for number in range(9))]
    assert list_starts(sandbox, others) == [float(number) for number in range(10)]
    assert count_kinds(outcomes) == {"Updated": 19, "NotUpdated": 1}
    assert report.by_code == {"institution_down": 1}


async def test_while_it_stays_down_only_a_probe_goes_ahead_after_ever_longer_rests(
    clock: ManualClock,
) -> None:
    async with (
        Sandbox(clock=clock) as sandbox,
        open_pool(sandbox, retry=RetryPolicy.never()) as pool,
    ):
        down = add_updates(sandbox, 30, "x_institution_down")
        concurrency = Concurrency(per_institution=1)
        outcomes, report = await refresh_all(pool, down, concurrency=concurrency)
    assert list_starts(sandbox, down) == [0.0, 60.0, 180.0, 420.0, 900.0]  # then there is no hope
    refused = pick(outcomes, NotUpdated)
    assert len(refused) == 30
    assert all(isinstance(each.error, InstitutionUnavailableError) and each.may_retry for each in refused)
    untried = [each for each in refused if "not tried" in each.error.message]
    assert len(untried) == 25
    assert report.by_code == {"institution_down": 30}


async def test_one_bad_minute_of_its_only_institution_does_not_end_a_job(clock: ManualClock) -> None:
    async with (
        Sandbox(clock=clock, options=SandboxOptions(login_seconds=1.0)) as sandbox,
        open_pool(sandbox, retry=RetryPolicy.never()) as pool,
    ):
        updates = add_updates(sandbox, 1, "x_institution_down") + add_updates(sandbox, 300)
        outcomes, _ = await refresh_all(pool, updates, look_ahead=100, concurrency=Concurrency(total=1))
    assert count_kinds(outcomes) == {"NotUpdated": 1, "Updated": 300}


@pytest.mark.parametrize(("busy", "rests"), [(2, False), (3, True)])
async def test_an_institution_that_is_busy_three_times_in_a_row_rests(
    clock: ManualClock, busy: int, rests: bool
) -> None:
    options = SandboxOptions(login_seconds=1.0, busy_answers=100)
    async with (
        Sandbox(clock=clock, options=options) as sandbox,
        open_pool(sandbox, retry=RetryPolicy.never()) as pool,
    ):
        updates = add_updates(sandbox, busy, "x_too_many_sessions") + add_updates(sandbox, 3)
        await refresh_all(pool, updates, concurrency=Concurrency(per_institution=1))
    assert list_starts(sandbox, updates[busy:])[0] == busy + (60.0 if rests else 0.0)


@pytest.mark.parametrize(("status", "code"), [(404, None), (503, 503), (403, None)])
async def test_what_belvo_itself_refuses_says_nothing_about_an_institution(
    clock: ManualClock, status: int, code: int | None
) -> None:
    """A login that was under way comes back with an error of Belvo's own: the rest goes on."""
    options = SandboxOptions(login_seconds=1.0)
    async with (
        Sandbox(clock=clock, options=options) as sandbox,
        open_pool(sandbox, retry=RetryPolicy.never()) as pool,
    ):
        down, other = add_update(sandbox, "x_institution_down"), add_update(sandbox)
        rest = add_updates(sandbox, 3)
        if status == 404:
            sandbox.faults.add(Fault(kind="latency", seconds=2.0, link_id=other.link_id))
            other_link = sandbox._bank.links
            asyncio.get_running_loop()
            updates = [down, other, *rest]
            concurrency = Concurrency(per_institution=2)
            async with refresh(pool, updates, limits=JobLimits(concurrency=concurrency)) as run:
                async with asyncio.timeout(PATIENCE):
                    first = await anext(run)
                assert isinstance(first, NotUpdated)
                del other_link[other.link_id]
                outcomes: list[Outcome] = await collect(run)
        else:
            kind = "status" if code else "html"
            sandbox.faults.add(
                Fault(kind=kind, status=status, seconds=2.0, link_id=other.link_id, method="PUT")
            )
            concurrency = Concurrency(per_institution=2)
            outcomes, _ = await refresh_all(pool, [down, other, *rest], concurrency=concurrency)
    assert len(pick(outcomes, Updated)) == 3
    assert list_starts(sandbox, rest)[0] >= 61.0


async def test_links_without_a_named_institution_are_never_held_up(clock: ManualClock) -> None:
    async with (
        Sandbox(clock=clock, options=SandboxOptions(login_seconds=1.0)) as sandbox,
        open_pool(sandbox, retry=RetryPolicy.never()) as pool,
    ):
        links = [update.link_id for update in add_updates(sandbox, 5, "x_institution_down")]
        updates = [LinkUpdate(link_id, password="new") for link_id in links]
        _, report = await refresh_all(pool, updates, concurrency=Concurrency(total=1))
    assert list_starts(sandbox, updates) == [0.0, 1.0, 2.0, 3.0, 4.0]
    assert report.elapsed < timedelta(minutes=1).total_seconds()


async def test_an_institution_at_rest_does_not_fill_the_window(clock: ManualClock) -> None:
    async with (
        Sandbox(clock=clock, options=SandboxOptions(login_seconds=1.0)) as sandbox,
        open_pool(sandbox, retry=RetryPolicy.never()) as pool,
    ):
        down = add_updates(sandbox, 200, "x_institution_down")
        others = add_updates(sandbox, 5, institution=GRINGOTTS)
        outcomes, _ = await refresh_all(pool, down + others, look_ahead=20)
    assert list_starts(sandbox, others) != []
    assert max(list_starts(sandbox, others)) < 300.0
    assert len(outcomes) == 205


async def test_a_link_that_waits_for_another_call_about_it_holds_no_other(
    sandbox: Sandbox, pool: SessionPool
) -> None:
    """One login in flight for each link, whoever began it."""
    first, *others = add_updates(sandbox, 5)
    elsewhere = asyncio.create_task(pool.links.update(first))
    outcomes, _ = await refresh_all(pool, [first, *others])
    await elsewhere
    assert count_kinds(outcomes) == {"Updated": 5}
    assert (sandbox.overlapping_logins, sandbox.logins(first.link_id)) == (0, 2)
    assert list_starts(sandbox, others) == [0.0] * 4
