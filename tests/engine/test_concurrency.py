"""Many at once: one login for each link, room for all, and the limit is kept."""

import asyncio
from collections import Counter

import pytest

from belvo_async import Clock, Concurrency, Credentials, LinkUpdate, RateLimit
from belvo_async._engine.rate_limiter import RateLimiter
from belvo_async.params import RateLimit as Limit
from belvo_async.sandbox import Sandbox, SandboxOptions
from belvo_async.testing import ManualClock
from tests.engine.conftest import open_pool
from tests.engine.starts import start


async def test_a_thousand_updates_of_three_hundred_links_never_overlap_on_a_link() -> None:
    async with Sandbox(options=SandboxOptions(login_seconds=0.002)) as sandbox:
        links = [
            sandbox.add_link(institution="erebor_mx_retail", username=f"user{number}", password="pass_valid")
            for number in range(300)
        ]
        async with open_pool(sandbox) as pool:
            await asyncio.gather(
                *(pool.links.update(LinkUpdate(links[n % 300], password=f"new{n}")) for n in range(1000))
            )
        assert sandbox.overlapping_logins == 0
        assert sandbox.logins() == 1000


async def test_updates_of_one_link_happen_in_the_order_in_which_they_were_asked_for(sandbox: Sandbox) -> None:
    link_id = sandbox.add_link(institution="erebor_mx_retail", username="user_valid", password="pass_valid")
    async with open_pool(sandbox) as pool:
        await asyncio.gather(
            *(pool.links.update(LinkUpdate(link_id, password=f"p{number}")) for number in range(20))
        )
    sent = [entry.body and entry.body["password"] for entry in sandbox.log]
    assert sent == [f"p{number}" for number in range(20)]


async def test_a_slow_institution_leaves_room_for_the_others() -> None:
    options = SandboxOptions(slow_seconds=60.0)
    async with Sandbox(options=options) as sandbox:
        slow = [
            sandbox.add_link(institution="gringotts_mx_retail", username="x_slow", password="pass_valid")
            for _ in range(10)
        ]
        quick = sandbox.add_link(institution="erebor_mx_retail", username="user_valid", password="pass_valid")
        async with open_pool(
            sandbox, concurrency=Concurrency(total=4, per_institution=2), close_grace=0.0
        ) as pool:
            stuck = [
                asyncio.ensure_future(
                    pool.links.update(LinkUpdate(link, password="new", institution="gringotts_mx_retail"))
                )
                for link in slow
            ]
            await asyncio.sleep(0)
            update = LinkUpdate(quick, password="new", institution="erebor_mx_retail")
            assert (await pool.links.update(update)).id == quick
            for task in stuck:
                task.cancel()
            await asyncio.gather(*stuck, return_exceptions=True)


async def test_no_more_requests_are_under_way_than_there_are_slots() -> None:
    async with Sandbox(options=SandboxOptions(login_seconds=0.01)) as sandbox:
        links = [
            sandbox.add_link(institution="erebor_mx_retail", username=f"user{number}", password="pass_valid")
            for number in range(30)
        ]
        most = 0
        async with open_pool(sandbox, concurrency=Concurrency(total=5)) as pool:
            work = asyncio.gather(*(pool.links.update(LinkUpdate(link, password="new")) for link in links))
            while not work.done():
                most = max(most, sandbox.connections)
                await asyncio.sleep(0)
        assert most == 5


async def test_accounts_share_the_limits_and_have_connections_of_their_own(sandbox: Sandbox) -> None:
    async with open_pool(sandbox) as pool:
        keys = Credentials(sandbox.secret_id, sandbox.secret_password)
        wrong = pool.client(Credentials("other", "keys"))
        assert pool.client(keys).links is pool.links
        assert wrong.links is not pool.links
        await pool.ping()
        with pytest.raises(Exception, match="authentication_failed"):
            await wrong.ping()


class Limited:
    """Takes turns of a limiter, and writes down when."""

    def __init__(self, limit: Limit, clock: Clock) -> None:
        self.clock = clock
        self.limiter = RateLimiter(limit, clock)
        self.starts: list[float] = []

    async def take(self) -> None:
        turn = await start(self.limiter)
        self.starts.append(self.clock.monotonic())
        self.limiter.passed(turn)


def count_in_worst_window(starts: list[float], window: float) -> int:
    return max(sum(start <= other < start + window for other in starts) for start in starts)


async def test_five_hundred_requests_never_exceed_the_window_and_use_nearly_all_of_it(
    clock: ManualClock,
) -> None:
    limited = Limited(RateLimit(), clock)
    await asyncio.gather(*(limited.take() for _ in range(500)))
    assert len(limited.starts) == 500
    assert count_in_worst_window(limited.starts, 30.0) == 80
    steady = limited.starts[80:]
    assert (len(steady) - 1) / (steady[-1] - steady[0]) >= 0.99 * 80 / 30.3


async def test_turns_are_given_in_the_order_in_which_they_were_asked_for(clock: ManualClock) -> None:
    limiter = RateLimiter(RateLimit(requests=2, window=10.0, margin=0.0), clock)
    order: list[int] = []

    async def take(number: int) -> None:
        limiter.passed(await start(limiter))
        order.append(number)

    await asyncio.gather(*(take(number) for number in range(7)))
    assert order == list(range(7))


async def test_the_sandbox_with_belvos_limit_never_refuses_a_pool(clock: ManualClock) -> None:
    options = SandboxOptions(enforce_rate_limit=True)
    async with (
        Sandbox(options=options, clock=clock) as sandbox,
        open_pool(sandbox, rate_limit=RateLimit(), clock=clock) as pool,
    ):
        await asyncio.gather(*(pool.ping() for _ in range(300)))
        assert Counter(entry.status for entry in sandbox.log) == {200: 300}


async def test_a_refusal_pauses_all_then_one_probe_goes_ahead() -> None:
    manual = ManualClock()
    limited = Limited(RateLimit.unlimited(), manual)
    first = await start(limited.limiter)
    assert await limited.limiter.refused(first) == 30.0
    tasks = [asyncio.ensure_future(start(limited.limiter)) for _ in range(5)]
    await manual.advance(29.9)
    assert sum(task.done() for task in tasks) == 0
    await manual.advance(0.1)
    assert sum(task.done() for task in tasks) == 1  # the probe
    limited.limiter.passed(tasks[0].result())
    await manual.advance(0.0)
    assert sum(task.done() for task in tasks) == 5


async def test_a_refused_probe_doubles_the_pause_and_late_refusals_do_not() -> None:
    manual = ManualClock()
    limiter = RateLimiter(RateLimit.unlimited(), manual)
    early = [await start(limiter) for _ in range(3)]
    assert [await limiter.refused(turn) for turn in early] == [30.0, None, None]
    probe = asyncio.ensure_future(start(limiter))
    await manual.advance(30.0)
    assert await limiter.refused(probe.result()) == 60.0


async def test_a_probe_that_failed_on_the_way_passes_its_turn_on() -> None:
    manual = ManualClock()
    limiter = RateLimiter(RateLimit.unlimited(), manual)
    await limiter.refused(await start(limiter))
    tasks = [asyncio.ensure_future(start(limiter)) for _ in range(2)]
    await manual.advance(30.0)
    limiter.dropped(tasks[0].result())
    await manual.advance(0.0)
    assert tasks[1].done()


async def test_a_probe_that_a_bank_works_on_has_passed() -> None:
    manual = ManualClock()
    limiter = RateLimiter(RateLimit.unlimited(), manual)
    await limiter.refused(await start(limiter))
    tasks = [asyncio.ensure_future(start(limiter)) for _ in range(3)]
    await manual.advance(30.0)
    assert sum(task.done() for task in tasks) == 1
    await manual.advance(5.0)
    assert sum(task.done() for task in tasks) == 3


async def test_retry_after_is_honoured_and_capped() -> None:
    limiter = RateLimiter(RateLimit.unlimited(), ManualClock())
    assert await limiter.refused(await start(limiter), retry_after=7.0) == 7.0
    other = RateLimiter(RateLimit.unlimited(), ManualClock())
    assert await other.refused(await start(other), retry_after=86400.0) == 300.0


async def test_a_cancelled_wait_gives_its_place_to_the_next() -> None:
    manual = ManualClock()
    limiter = RateLimiter(RateLimit(requests=1, window=10.0, margin=0.0), manual)
    await start(limiter)
    waiting = [asyncio.ensure_future(start(limiter)) for _ in range(2)]
    await manual.advance(1.0)
    waiting[0].cancel()
    await manual.advance(9.0)
    assert waiting[1].done()
    assert waiting[0].cancelled()
