"""The rate limiter with its classes: the first overtake, the limit is kept, and nobody waits for ever."""

import asyncio
from collections.abc import Awaitable, Iterable
from typing import Literal, TypeAlias

import pytest
from attrs import define, field, frozen
from hypothesis import given
from hypothesis import strategies as st

from belvo_async import RateLimit
from belvo_async._engine.priority import Priority
from belvo_async._engine.rate_limiter import RateLimiter
from belvo_async.testing import ManualClock
from tests.engine.starts import start

Fate: TypeAlias = Literal["passed", "refused", "dropped", "silent"]
PRIORITIES = {"u": Priority.ANSWER, "n": Priority.CALL, "j": Priority.JOB}
PATIENCE = 10.0
"""Real seconds after which a run counts as a deadlock."""


@define
class Book:
    """Takes turns, and writes down whose was when, in seconds from the start."""

    clock: ManualClock
    limiter: RateLimiter
    turns: list[tuple[float, str]] = field(factory=list)

    async def take(self, name: str) -> None:
        turn = await start(self.limiter, PRIORITIES[name[0]])
        self.turns.append((self.clock.monotonic() - 1000.0, name))
        self.limiter.passed(turn)

    def start(self, name: str) -> "asyncio.Task[None]":
        """Ask for a start; the name begins with that of the class."""
        return asyncio.ensure_future(self.take(name))


def open_book(limit: RateLimit) -> Book:
    clock = ManualClock()
    return Book(clock, RateLimiter(limit, clock))


async def finish(tasks: "Iterable[asyncio.Task[None]]") -> None:
    """Wait for all; a deadlock fails instead of lasting for ever."""
    async with asyncio.timeout(PATIENCE):
        await asyncio.gather(*tasks)


ONE_IN_TEN = RateLimit(requests=1, window=10.0, margin=0.0)


async def test_an_urgent_turn_overtakes_all_that_wait() -> None:
    book = open_book(ONE_IN_TEN)
    tasks = [book.start(name) for name in ("n0", "n1", "n2")]
    await book.clock.advance(5.0)
    tasks += [book.start(name) for name in ("u0", "u1")]
    await book.clock.advance(35.0)
    assert book.turns == [(0.0, "n0"), (10.0, "u0"), (20.0, "u1"), (30.0, "n1"), (40.0, "n2")]
    await finish(tasks)


async def test_an_urgent_turn_overtakes_also_at_the_very_moment_when_the_window_opens() -> None:
    book = open_book(ONE_IN_TEN)
    tasks = [book.start(name) for name in ("n0", "n1")]
    await book.clock.settle()
    tasks.append(book.start("u0"))
    book.clock._jump(10 * 10**9)  # both are due now
    await book.clock.advance(10.0)
    assert book.turns == [(0.0, "n0"), (10.0, "u0"), (20.0, "n1")]
    await finish(tasks)


async def test_ordinary_turns_get_what_urgent_ones_leave() -> None:
    book = open_book(RateLimit(requests=2, window=10.0, margin=0.0))
    tasks = [book.start(f"n{number}") for number in range(6)]
    for number in range(4):
        await book.clock.advance(5.0)
        tasks.append(book.start(f"u{number}"))
        await book.clock.advance(5.0)
    await book.clock.advance(30.0)
    await finish(tasks)
    urgent = [at for at, name in book.turns if name.startswith("u")]
    assert urgent == [10.0, 20.0, 30.0, 40.0]
    assert [name for _, name in book.turns if name.startswith("n")] == [f"n{number}" for number in range(6)]
    starts = [at for at, _ in book.turns]
    assert max(sum(at <= other < at + 10.0 for other in starts) for at in starts) == 2


@pytest.mark.parametrize("urgent", [False, True])
async def test_turns_of_one_kind_keep_their_order(urgent: bool) -> None:
    book = open_book(RateLimit(requests=2, window=10.0, margin=0.0))
    names = [f"{'u' if urgent else 'n'}{number}" for number in range(7)]
    tasks = [book.start(name) for name in names]
    await book.clock.advance(30.0)
    await finish(tasks)
    assert [name for _, name in book.turns] == names


@pytest.mark.parametrize("gone", ["n1", "u0"])
async def test_a_cancelled_wait_holds_up_nobody(gone: str) -> None:
    book = open_book(ONE_IN_TEN)
    tasks = {name: book.start(name) for name in ("n0", "n1", "n2", "u0", "u1")}
    await book.clock.advance(5.0)
    tasks.pop(gone).cancel()
    await book.clock.advance(25.0)
    await finish(tasks.values())
    expected = [name for name in ("n0", "u0", "u1", "n1", "n2") if name != gone]
    assert book.turns == [(10.0 * number, name) for number, name in enumerate(expected)]


async def test_after_a_refusal_the_first_to_go_ahead_is_an_urgent_one() -> None:
    book = open_book(RateLimit.unlimited())
    assert await book.limiter.refused(await start(book.limiter)) == 30.0
    tasks = [book.start(name) for name in ("n0", "u0", "n1")]
    await book.clock.advance(29.9)
    assert book.turns == []
    await book.clock.advance(0.1)
    await finish(tasks)
    assert book.turns == [(30.0, "u0"), (30.0, "n0"), (30.0, "n1")]


async def test_behind_an_urgent_probe_the_others_wait_until_it_has_passed() -> None:
    book = open_book(RateLimit.unlimited())
    await book.limiter.refused(await start(book.limiter))
    probe = asyncio.ensure_future(start(book.limiter, Priority.ANSWER))
    tasks = [book.start(name) for name in ("n0", "u0")]
    await book.clock.advance(33.0)
    assert (probe.done(), book.turns) == (True, [])
    book.limiter.passed(probe.result())
    await finish(tasks)
    assert book.turns == [(33.0, "u0"), (33.0, "n0")]


@frozen
class Caller:
    """Somebody who asks for a turn, and what becomes of the request."""

    comes_at: float
    priority: Priority
    fate: Fate
    takes: float
    leaves_after: float | None
    """Seconds until it is cancelled, if it is."""


CALLERS = st.builds(
    Caller,
    st.integers(0, 120).map(lambda tenths: tenths / 2),
    st.sampled_from(Priority),
    st.sampled_from(["passed", "passed", "passed", "refused", "dropped", "silent"]),
    st.sampled_from([0.0, 0.5, 4.9, 5.0, 7.0, 100.0]),
    st.none() | st.sampled_from([0.0, 0.5, 9.9, 10.0, 10.1, 30.0, 45.0]),
)


@define
class Run:
    """A crowd before one limiter."""

    clock: ManualClock
    limiter: RateLimiter
    starts: list[float] = field(factory=list)
    pauses: list[tuple[float, float]] = field(factory=list)

    async def call(self, caller: Caller) -> None:
        await self.clock.sleep(caller.comes_at)
        turn = await start(self.limiter, caller.priority)
        self.starts.append(self.clock.monotonic())
        try:
            await self.clock.sleep(caller.takes)
        except asyncio.CancelledError:
            self.limiter.dropped(turn)
            raise
        match caller.fate:
            case "passed":
                self.limiter.passed(turn)
            case "dropped":
                self.limiter.dropped(turn)
            case "refused":
                seconds = await self.limiter.refused(turn)
                if seconds is not None:
                    now = self.clock.monotonic()
                    self.pauses.append((now, now + seconds))
            case "silent":
                pass

    async def give(self, caller: Caller) -> None:
        call = asyncio.ensure_future(self.call(caller))
        if caller.leaves_after is not None:
            await self.clock.sleep(caller.comes_at + caller.leaves_after)
            call.cancel()
        await asyncio.gather(call, return_exceptions=True)
        assert call.cancelled() or call.exception() is None


def run(work: Awaitable[object]) -> None:
    async def within_patience() -> None:
        async with asyncio.timeout(PATIENCE):
            await work

    asyncio.run(within_patience())


@given(
    st.lists(CALLERS, min_size=1, max_size=25),
    st.sampled_from([1, 2, 3, 5]),
    st.sampled_from([0.1, 0.3]),
)
def test_whatever_the_mix_the_window_is_kept_pauses_are_kept_and_everybody_gets_a_turn(
    callers: list[Caller], requests: int, margin: float
) -> None:
    clock = ManualClock(automatic=True)
    crowd = Run(clock, RateLimiter(RateLimit(requests=requests, window=10.0, margin=margin), clock))

    async def crowd_then_one_of_each() -> None:
        await asyncio.gather(*(crowd.give(caller) for caller in callers))
        for priority in Priority:  # the limiter is as good as new
            crowd.limiter.passed(await start(crowd.limiter, priority))
            crowd.starts.append(clock.monotonic())

    run(crowd_then_one_of_each())
    starts = crowd.starts
    assert starts == sorted(starts)
    assert max(sum(start <= other < start + 10.0 for other in starts) for start in starts) <= requests
    for begin, end in crowd.pauses:
        assert not any(begin < start < end - 1e-6 for start in starts)
    staying = sum(caller.leaves_after is None for caller in callers)
    assert len(starts) >= staying + 3
    load = crowd.limiter.read_load()
    assert (load.answers.waiting, load.calls.waiting, load.jobs.waiting) == (0, 0, 0)
    assert sum(crowd.limiter._queues.connecting.values()) == 0
