"""A refusal of the edge slows the pool down, and fails nobody who can wait."""

import asyncio

import pytest

from belvo_async import Link, LinkUpdate, RateLimit, RetryPolicy
from belvo_async._engine.rate_limiter import RateLimiter
from belvo_async.errors import RateLimitedError
from belvo_async.sandbox import Fault, Sandbox
from belvo_async.telemetry import PoolPaused
from belvo_async.testing import ManualClock
from tests.engine.conftest import open_pool
from tests.engine.starts import start

START = ManualClock().wall()

NO_RESERVE = RetryPolicy(budget_reserve=0.0, budget_share=0.0)


@pytest.mark.parametrize("retry", [RetryPolicy(), NO_RESERVE])
async def test_one_refusal_that_meets_a_hundred_logins_in_flight_fails_none_of_them(
    sandbox: Sandbox, clock: ManualClock, retry: RetryPolicy
) -> None:
    sandbox.faults.add(Fault(kind="html", status=403, times=100))
    links = [sandbox.add_link() for _ in range(100)]
    began = clock.monotonic()
    async with open_pool(sandbox, retry=retry) as pool:
        results = await asyncio.gather(
            *(pool.links.update(LinkUpdate(link, password="new")) for link in links)
        )
    assert [result.id for result in results] == links
    assert sandbox.logins() == 100
    # One pause, then the probe's login of one second, then all the others.
    assert clock.monotonic() - began == pytest.approx(32.0)


async def test_a_refusal_of_some_of_those_in_flight_fails_none_of_them(sandbox: Sandbox) -> None:
    sandbox.faults.add(Fault(kind="html", status=403, times=80))
    links = [sandbox.add_link() for _ in range(200)]
    async with open_pool(sandbox) as pool:
        results = await asyncio.gather(
            *(pool.links.update(LinkUpdate(link, password="new")) for link in links), return_exceptions=True
        )
    assert [type(result) for result in results] == [Link] * 200
    assert sandbox.logins() == 200


@pytest.mark.parametrize("header", ["0", "00", "Thu, 01 Jan 1970 00:00:00 GMT"])
@pytest.mark.parametrize("status", [403, 429])
async def test_a_retry_after_of_nothing_does_not_lead_to_a_burst(
    sandbox: Sandbox, status: int, header: str
) -> None:
    kind = "html" if status == 403 else "status"
    sandbox.faults.add(Fault(kind=kind, status=status, headers={"Retry-After": header}))
    async with open_pool(sandbox) as pool:
        with pytest.raises(RateLimitedError):
            await pool.links.update(LinkUpdate(sandbox.add_link(), password="new"))
    seconds = [(entry.at - START).total_seconds() for entry in sandbox.log]
    assert seconds == [0.0, 30.0, 90.0, 210.0, 450.0, 750.0]


async def test_a_retry_after_of_a_second_is_kept_by_the_whole_pool(sandbox: Sandbox) -> None:
    seen: list[float] = []
    sandbox.faults.add(Fault(kind="html", status=403, times=10, headers={"Retry-After": "1"}))
    links = [sandbox.add_link() for _ in range(10)]
    async with open_pool(
        sandbox, observer=lambda one: seen.append(one.seconds) if isinstance(one, PoolPaused) else None
    ) as pool:
        await asyncio.gather(*(pool.links.update(LinkUpdate(link, password="new")) for link in links))
    assert seen == [1.0]
    seconds = [(entry.at - START).total_seconds() for entry in sandbox.log]
    assert seconds == [0.0] * 10 + [1.0] + [2.0] * 9


@pytest.mark.parametrize(
    ("asked", "kept"), [(0.0, 30.0), (0.001, 1.0), (1.0, 1.0), (29.0, 29.0), (None, 30.0)]
)
async def test_a_pause_is_never_shorter_than_a_second(asked: float | None, kept: float) -> None:
    limiter = RateLimiter(RateLimit.unlimited(), ManualClock())
    assert await limiter.refused(await start(limiter), asked) == kept
