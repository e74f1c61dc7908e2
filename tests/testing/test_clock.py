import asyncio
import math
from datetime import UTC, datetime, timedelta, timezone

import pytest

from belvo_async import Clock
from belvo_async.testing import ManualClock


@pytest.fixture
def clock() -> ManualClock:
    return ManualClock()


def test_it_is_a_clock_of_the_package(clock: ManualClock) -> None:
    used: Clock = clock
    assert used.wall() == datetime(2026, 1, 1, 12, tzinfo=UTC)


async def test_time_stands_still_until_somebody_advances_it(clock: ManualClock) -> None:
    before = clock.monotonic(), clock.wall()
    await clock.settle()
    assert (clock.monotonic(), clock.wall()) == before
    await clock.advance(1.5)
    assert clock.monotonic() - before[0] == 1.5
    assert clock.wall() - before[1] == timedelta(seconds=1.5)


async def test_sleepers_wake_in_the_order_of_their_time(clock: ManualClock) -> None:
    woken: list[tuple[str, float]] = []
    start = clock.monotonic()

    async def sleep(name: str, seconds: float) -> None:
        await clock.sleep(seconds)
        woken.append((name, clock.monotonic() - start))

    async with asyncio.TaskGroup() as group:
        for name, seconds in (("late", 3.0), ("early", 1.0), ("first of two", 2.0), ("second of two", 2.0)):
            group.create_task(sleep(name, seconds))
        await clock.advance(2.5)
        assert woken == [("early", 1.0), ("first of two", 2.0), ("second of two", 2.0)]
        assert clock.sleepers == 1
        await clock.advance(0.5)
    assert woken[-1] == ("late", 3.0)


async def test_who_falls_asleep_during_an_advance_wakes_during_it(clock: ManualClock) -> None:
    woken: list[str] = []

    async def nap_twice() -> None:
        await clock.sleep(1)
        await clock.sleep(1)
        woken.append("two naps of one")

    async def nap_once() -> None:
        await clock.sleep(3)
        woken.append("one nap of three")

    async with asyncio.TaskGroup() as group:
        group.create_task(nap_once())
        group.create_task(nap_twice())
        await clock.advance(3)
    assert woken == ["two naps of one", "one nap of three"]


async def test_fractions_of_a_second_add_up(clock: ManualClock) -> None:
    async def nap() -> None:
        for _ in range(3):
            await clock.sleep(0.1)

    task = asyncio.create_task(nap())
    await clock.advance(0.3)
    assert task.done()


async def test_the_smallest_remainder_moves_the_clock() -> None:
    clock = ManualClock(automatic=True)
    before = clock.monotonic()
    await clock.sleep(1e-17)
    assert clock.monotonic() > before


async def test_a_chain_of_many_callbacks_ends_before_time_moves_on(clock: ManualClock) -> None:
    start = clock.monotonic()

    async def relay(left: int) -> float:
        return await asyncio.create_task(relay(left - 1)) if left else clock.monotonic()

    async def nap_then_relay() -> float:
        await clock.sleep(1)
        return await relay(40)

    task = asyncio.create_task(nap_then_relay())
    await clock.advance(2)
    assert task.result() - start == 1


async def test_a_cancelled_sleeper_leaves_no_trace(clock: ManualClock) -> None:
    task = asyncio.create_task(clock.sleep(5))
    await clock.wait_for_sleepers()
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)
    assert clock.sleepers == 0
    await clock.advance(10)
    assert task.cancelled()


async def test_a_sleeper_cancelled_as_it_wakes_is_cancelled(clock: ManualClock) -> None:
    first = asyncio.create_task(clock.sleep(1))
    second = asyncio.create_task(clock.sleep(1))
    first.add_done_callback(lambda _: second.cancel())
    await clock.advance(1)
    await asyncio.gather(first, second, return_exceptions=True)
    assert clock.sleepers == 0


async def test_a_sleeper_whose_future_was_cancelled_does_not_stop_the_clock(clock: ManualClock) -> None:
    tasks = [asyncio.create_task(clock.sleep(1)) for _ in range(2)]
    await clock.wait_for_sleepers(2)
    tasks[0].cancel()  # the task has not run since, so it is still in the queue
    clock._jump(10**9)
    await asyncio.gather(*tasks, return_exceptions=True)
    assert [task.cancelled() for task in tasks] == [True, False]


@pytest.mark.parametrize("seconds", [0, -1, -math.inf])
async def test_nothing_to_wait_for_is_over_at_once(clock: ManualClock, seconds: float) -> None:
    await clock.sleep(seconds)
    assert clock.naps == [seconds]


async def test_naps_lists_what_was_asked_for(clock: ManualClock) -> None:
    tasks = [asyncio.create_task(clock.sleep(seconds)) for seconds in (3, 1)]
    await clock.advance(1)
    assert clock.naps == [3, 1]
    assert clock.sleepers == 1
    tasks[0].cancel()


async def test_the_wall_clock_can_be_set_back_alone(clock: ManualClock) -> None:
    task = asyncio.create_task(clock.sleep(10))
    await clock.advance(5)
    monotonic = clock.monotonic()
    clock.set_wall(datetime(2025, 12, 31, 20, tzinfo=timezone(timedelta(hours=-6))))
    assert clock.wall() == datetime(2026, 1, 1, 2, tzinfo=UTC)
    assert clock.wall().tzinfo is UTC
    assert clock.monotonic() == monotonic
    await clock.advance(5)
    assert task.done()
    assert clock.wall() == datetime(2026, 1, 1, 2, 0, 5, tzinfo=UTC)


async def test_endless_sleep_ends_only_by_cancellation(clock: ManualClock) -> None:
    task = asyncio.create_task(clock.sleep(math.inf))
    await clock.advance(1e9)
    assert not task.done()
    task.cancel()


@pytest.mark.parametrize("seconds", [-1, math.inf, math.nan])
async def test_an_impossible_advance_is_refused(clock: ManualClock, seconds: float) -> None:
    with pytest.raises(ValueError, match="second"):
        await clock.advance(seconds)


async def test_not_a_number_is_refused(clock: ManualClock) -> None:
    with pytest.raises(ValueError, match="not a number"):
        await clock.sleep(math.nan)
    assert clock.naps == []


def test_a_time_without_a_zone_is_refused(clock: ManualClock) -> None:
    naive = datetime(2026, 1, 1)  # noqa: DTZ001 - the mistake under test
    with pytest.raises(ValueError, match="no time zone"):
        ManualClock(start=naive)
    with pytest.raises(ValueError, match="no time zone"):
        clock.set_wall(naive)


async def test_waiting_for_sleepers_gives_up(clock: ManualClock, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("belvo_async.testing._clock._PATIENCE", 0.001)
    with pytest.raises(TimeoutError):
        await clock.wait_for_sleepers()


def test_repr_tells_the_time(clock: ManualClock) -> None:
    assert repr(clock) == "<ManualClock 2026-01-01T12:00:00+00:00, 0 asleep>"
