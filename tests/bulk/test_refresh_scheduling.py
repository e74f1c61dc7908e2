"""Which login starts when: places, turns of the institutions, and rests."""

import asyncio
from collections import Counter
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

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


async def test_links_of_one_institution_keep_their_order(sandbox: Sandbox, pool: SessionPool) -> None:
    updates = add_updates(sandbox, 9)
    await refresh_all(pool, updates, concurrency=Concurrency(total=1))
    assert [put.link_id for put in list_puts(sandbox)] == [update.link_id for update in updates]


async def test_links_without_an_institution_share_no_bound_of_their_own(
    sandbox: Sandbox, pool: SessionPool
) -> None:
    updates = [LinkUpdate(update.link_id, password="new") for update in add_updates(sandbox, 20)]
    await refresh_all(pool, updates, concurrency=Concurrency(total=10, per_institution=2))
    assert Counter(list_starts(sandbox, updates)) == {0.0: 10, 1.0: 10}


async def run_at_one_bank(
    clock: ManualClock, people: list[str], each: int = 1, **options: Any
) -> tuple[list[float], int]:
    """Return when the logins of these people start at one institution, and how many links were not tried."""
    async with (
        Sandbox(clock=clock, options=SandboxOptions(login_seconds=1.0, **options)) as sandbox,
        open_pool(sandbox, retry=RetryPolicy.never()) as pool,
    ):
        updates = [add_update(sandbox, username) for username in people]
        concurrency = Concurrency(per_institution=each)
        outcomes, _ = await refresh_all(pool, updates, concurrency=concurrency)
    starts = list_starts(sandbox, updates)
    return starts, len(outcomes) - len(starts)


DOWN, BUSY, VALID = "x_institution_down", "x_too_many_sessions", "user_valid"


async def test_a_probe_that_passes_ends_the_rest_for_all(clock: ManualClock) -> None:
    starts, _ = await run_at_one_bank(clock, [DOWN] * 4 + [VALID] * 9, each=4)
    assert starts == [0.0] * 4 + [61.0] + [62.0] * 4 + [63.0] * 4


async def test_after_a_success_the_next_rest_is_short_again(clock: ManualClock) -> None:
    starts, _ = await run_at_one_bank(clock, [DOWN, DOWN, VALID, DOWN, VALID])
    assert starts == [0.0, 61.0, 182.0, 183.0, 244.0]


async def test_complaints_while_it_rests_do_not_make_the_rest_longer(clock: ManualClock) -> None:
    assert await run_at_one_bank(clock, [DOWN] * 20 + [VALID], each=20) == ([0.0] * 20 + [61.0], 0)


async def test_a_login_that_went_through_lets_a_busy_institution_off(clock: ManualClock) -> None:
    people = [BUSY, BUSY, VALID, BUSY, BUSY, VALID]
    starts, _ = await run_at_one_bank(clock, people, busy_answers=100)
    assert starts == [0.0, 1.0, 2.0, 3.0, 4.0, 5.0]


@pytest.mark.parametrize(("down", "untried"), [(4, 0), (5, 3)])
async def test_after_five_rests_in_a_row_there_is_no_hope(
    clock: ManualClock, down: int, untried: int
) -> None:
    _, left = await run_at_one_bank(clock, [DOWN] * down + [VALID] * 3)
    assert left == untried


async def test_an_institution_that_rests_again_takes_no_more_than_half_of_the_window(
    clock: ManualClock,
) -> None:
    async with (
        Sandbox(clock=clock) as sandbox,
        open_pool(sandbox, retry=RetryPolicy.never()) as pool,
    ):
        down, rest = add_updates(sandbox, 2, DOWN), add_updates(sandbox, 8)
        outcomes, _ = await refresh_all(
            pool, down + rest, look_ahead=10, concurrency=Concurrency(per_institution=1)
        )
    untried = [each.link_id for each in pick(outcomes, NotUpdated) if "not tried" in each.error.message]
    assert set(untried) == {update.link_id for update in rest[5:]}


@settings(max_examples=15)
@given(
    banks=st.lists(st.sampled_from([None, EREBOR, GRINGOTTS, IRONBANK]), max_size=30),
    total=st.integers(1, 5),
    each=st.integers(1, 3),
)
async def test_no_mix_of_institutions_breaks_the_bounds(
    banks: list[str | None], total: int, each: int
) -> None:
    clock = ManualClock(automatic=True)
    async with (
        Sandbox(clock=clock, options=SandboxOptions(login_seconds=1.0)) as sandbox,
        open_pool(sandbox) as pool,
    ):
        updates = [
            add_update(sandbox, institution=bank) if bank else LinkUpdate(sandbox.add_link(), password="new")
            for bank in banks
        ]
        await refresh_all(pool, updates, concurrency=Concurrency(total=total, per_institution=each))
        named = {update.link_id: update.institution for update in updates}
        starts = Counter(put.at for put in list_puts(sandbox))  # each login takes one second
        of_each = Counter((put.at, named[put.link_id or ""]) for put in list_puts(sandbox))
    assert sum(starts.values()) == len(banks)
    assert all(number <= total for number in starts.values())
    assert all(number <= each for (_, bank), number in of_each.items() if bank)
