import asyncio
import math
from collections.abc import Coroutine

from belvo_async.testing import ManualClock


async def test_time_jumps_to_the_earliest_sleeper_first() -> None:
    clock = ManualClock(automatic=True)
    start = clock.monotonic()
    woken: list[tuple[str, float]] = []

    async def sleep(name: str, *naps: float) -> None:
        for seconds in naps:
            await clock.sleep(seconds)
            woken.append((name, clock.monotonic() - start))

    async with asyncio.TaskGroup() as group:
        group.create_task(sleep("a", 10))
        group.create_task(sleep("b", 4, 4, 4))
    assert woken == [("b", 4), ("b", 8), ("a", 10), ("b", 12)]


async def test_what_can_happen_without_time_happens_first() -> None:
    clock = ManualClock(automatic=True)
    answer = asyncio.get_running_loop().create_future()

    async def answer_later() -> None:
        for _ in range(20):
            await asyncio.sleep(0)
        answer.set_result("in time")

    limit = asyncio.create_task(clock.sleep(60))
    other = asyncio.create_task(answer_later())
    await asyncio.wait({limit, answer}, return_when=asyncio.FIRST_COMPLETED)
    assert answer.done()
    assert not limit.done()
    limit.cancel()
    await other


async def test_thousands_of_naps_are_quick() -> None:
    clock = ManualClock(automatic=True)
    start = clock.monotonic()
    async with asyncio.timeout(20), asyncio.TaskGroup() as group:
        for number in range(1000):
            group.create_task(clock.sleep(number % 50 + 1))
    assert clock.monotonic() - start == 50


async def test_it_stops_when_the_last_sleeper_is_cancelled() -> None:
    clock = ManualClock(automatic=True)
    start = clock.monotonic()
    task = asyncio.create_task(clock.sleep(5))
    await clock.wait_for_sleepers()
    task.cancel()
    await clock.settle()
    assert clock.monotonic() == start
    await clock.sleep(1)
    assert clock.monotonic() == start + 1


async def test_it_can_be_switched_on_and_off() -> None:
    clock = ManualClock()
    task = asyncio.create_task(clock.sleep(5))
    await clock.wait_for_sleepers()
    clock.automatic = True
    clock.automatic = False
    await clock.settle()
    assert not task.done()
    clock.automatic = True
    assert clock.automatic
    await task


async def test_endless_sleep_does_not_move_time() -> None:
    clock = ManualClock(automatic=True)
    start = clock.monotonic()
    task = asyncio.create_task(clock.sleep(math.inf))
    await clock.settle()
    assert clock.monotonic() == start
    await clock.sleep(1)
    assert not task.done()
    task.cancel()


def test_one_clock_serves_several_loops() -> None:
    clock = ManualClock(automatic=True)

    def run(wait: Coroutine[object, object, None]) -> None:
        with asyncio.Runner(loop_factory=asyncio.new_event_loop) as runner:
            runner.run(wait)

    for _ in range(2):
        run(clock.sleep(1))

    async def leave_a_sleeper() -> None:
        task = asyncio.create_task(clock.sleep(1))
        await clock.wait_for_sleepers()
        assert not task.done()

    run(leave_a_sleeper())
    assert clock.sleepers == 0
    run(clock.sleep(1))
    assert clock.naps == [1, 1, 1, 1]
