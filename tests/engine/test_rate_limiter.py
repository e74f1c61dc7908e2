"""Who leaves when there is not room for all: people first, institutions in turn, and starts one by one."""

import asyncio
import random
from collections.abc import Awaitable, Callable
from datetime import datetime
from json import dumps

import pytest
from attrs import define, field

from belvo_async import Concurrency, LinkUpdate, RateLimit, RetryPolicy, SessionPool, bulk
from belvo_async._engine.priority import Priority
from belvo_async._engine.rate_limiter import RateLimiter
from belvo_async.errors import (
    AddressBlockedError,
    ConfigurationError,
    InvalidValueError,
    PoolBusyError,
    ServerError,
)
from belvo_async.models import AwaitingToken
from belvo_async.sandbox import Fault, Sandbox, SandboxOptions
from belvo_async.telemetry import PoolLoad, QueueLoad
from belvo_async.testing import ManualClock, link_body
from tests.engine.conftest import open_pool
from tests.engine.servers import KEYS, build_answer
from tests.engine.starts import start

LINK_ID = "30cb4806-6e00-48a4-91c9-ca55968576c8"
SPAN = 30.3


@define
class Crowd:
    """Requests before one limiter: when each started, and how long it had waited."""

    clock: ManualClock
    limiter: RateLimiter
    handshake: float = 0.0
    starts: list[float] = field(factory=list)
    waits: dict[Priority, list[float]] = field(factory=lambda: {priority: [] for priority in Priority})

    async def send(self, priority: Priority, institution: str | None = None) -> None:
        came_at = self.clock.monotonic()
        turn = await self.limiter.admit(priority, institution)
        await self.clock.sleep(self.handshake)
        await self.limiter.take(turn)
        self.starts.append(self.clock.monotonic())
        self.waits[priority].append(self.clock.monotonic() - came_at - self.handshake)
        self.limiter.passed(turn)

    async def saturate(self, priority: Priority, until: float, workers: int) -> None:
        async def work() -> None:
            while self.clock.monotonic() < until:
                await self.send(priority)

        await asyncio.gather(*(work() for _ in range(workers)))

    async def come_by_chance(self, priority: Priority, until: float, rate: float) -> None:
        chance = random.Random(3)  # noqa: S311 - repeatable
        coming = []
        while self.clock.monotonic() < until:
            await self.clock.sleep(chance.expovariate(rate))
            coming.append(asyncio.ensure_future(self.send(priority)))
        await asyncio.gather(*coming)

    def find_fullest_window(self) -> int:
        return max(sum(at <= other < at + 30.0 for other in self.starts) for at in self.starts)

    def find_goodput(self) -> float:
        steady = self.starts[80:]
        return (len(steady) - 1) / (steady[-1] - steady[0]) / (80 / SPAN)


def gather(limit: RateLimit = RateLimit(), handshake: float = 0.0) -> Crowd:  # noqa: B008 - a frozen value
    clock = ManualClock(automatic=True)
    return Crowd(clock, RateLimiter(limit, clock), handshake)


@pytest.mark.parametrize("handshake", [0.0, 0.5, 8.0])
@pytest.mark.parametrize("load", [Priority.JOB, Priority.CALL])
async def test_an_answer_waits_for_a_moment_where_others_use_the_whole_limit(
    load: Priority, handshake: float
) -> None:
    crowd = gather(handshake=handshake)
    until = crowd.clock.monotonic() + 200.0
    await asyncio.gather(
        crowd.saturate(load, until, workers=64),
        crowd.come_by_chance(Priority.ANSWER, until, rate=0.2),
    )
    waits = sorted(crowd.waits[Priority.ANSWER])
    assert waits[len(waits) // 2] < 0.5
    assert waits[-1] < 7.0
    assert crowd.find_fullest_window() == 80
    assert crowd.find_goodput() >= 0.99


async def test_a_call_waits_for_a_moment_beside_a_job_that_uses_the_whole_limit() -> None:
    crowd = gather(handshake=0.2)
    until = crowd.clock.monotonic() + 200.0
    await asyncio.gather(
        crowd.saturate(Priority.JOB, until, workers=64),
        crowd.come_by_chance(Priority.CALL, until, rate=0.2),
    )
    waits = sorted(crowd.waits[Priority.CALL])
    assert waits[len(waits) // 2] < 2.0
    assert waits[-1] < 15.0


async def test_seventy_calls_on_an_idle_window_start_together_and_leave_room_for_answers() -> None:
    crowd = gather(handshake=0.5)
    began = crowd.clock.monotonic()
    calls = [asyncio.ensure_future(crowd.send(Priority.CALL)) for _ in range(100)]
    await crowd.clock.sleep(5.0)
    assert [at - began for at in crowd.starts] == [pytest.approx(0.5)] * 72
    await asyncio.gather(*(crowd.send(Priority.ANSWER) for _ in range(8)))
    assert crowd.waits[Priority.ANSWER] == [pytest.approx(0.0)] * 8
    await asyncio.gather(*calls)
    assert crowd.find_fullest_window() == 80


async def test_institutions_take_turns() -> None:
    crowd = gather(RateLimit(requests=1, window=10.0, margin=0.0))
    order: list[str] = []

    async def send(institution: str) -> None:
        await crowd.send(Priority.JOB, institution)
        order.append(institution)

    await asyncio.gather(*(send(name) for name in ["slow"] * 4 + ["quick"] * 2 + ["other"]))
    assert order == ["slow", "slow", "quick", "other", "slow", "quick", "slow"]


async def test_a_start_counts_from_when_it_is_used_where_the_event_loop_stood_still() -> None:
    clock = ManualClock()
    limiter = RateLimiter(RateLimit(requests=2, window=10.0, margin=0.0), clock)
    turn = await limiter.admit(Priority.CALL)
    taking = asyncio.ensure_future(limiter.take(turn))
    clock._jump(4 * 10**9)
    await taking
    await start(limiter, Priority.ANSWER)
    third = asyncio.ensure_future(start(limiter, Priority.ANSWER))
    await clock.advance(9.9)
    assert not third.done()
    await clock.advance(0.2)
    assert third.done()


async def test_a_start_that_grew_old_while_the_event_loop_stood_still_is_not_used() -> None:
    clock = ManualClock()
    limiter = RateLimiter(RateLimit(requests=2, window=10.0, margin=0.0), clock)
    turns = [await limiter.admit(Priority.ANSWER) for _ in range(2)]
    for turn in turns:
        await limiter.take(turn)
    await clock.advance(9.0)
    late = await limiter.admit(Priority.ANSWER)
    taking = asyncio.ensure_future(limiter.take(late))
    await asyncio.sleep(0)
    clock._jump(10 * 10**9)
    limiter._let_go()  # its start is given, and it has not been told yet
    clock._jump(21 * 10**9)
    for _ in range(2):
        await limiter.take(await limiter.admit(Priority.ANSWER))
    await asyncio.sleep(0)
    assert not taking.done()
    await clock.advance(10.0)
    await taking
    assert late.started == clock.monotonic()


async def test_a_call_that_would_wait_too_long_is_told_at_once_for_how_long(sandbox: Sandbox) -> None:
    limit = RateLimit(requests=10, window=30.0)
    async with open_pool(sandbox, rate_limit=limit) as pool:
        updates = [LinkUpdate(sandbox.add_link(), password="x") for _ in range(12)]
        first = [asyncio.ensure_future(pool.links.update(update)) for update in updates[:11]]
        while sandbox.logins() < 9:  # noqa: ASYNC110 - the sandbox tells nobody
            await asyncio.sleep(0)
        with pytest.raises(PoolBusyError, match="nothing was sent") as caught:
            await pool.links.update(updates[11], max_wait=5.0)
        assert 5.0 < caught.value.seconds < 40.0
        await asyncio.gather(*first)
        assert (await pool.links.update(updates[11], max_wait=60.0)).id == updates[11].link_id
    assert sandbox.logins() == 12


async def test_a_call_that_has_waited_too_long_sends_nothing(sandbox: Sandbox, clock: ManualClock) -> None:
    async with open_pool(sandbox) as pool:
        link_id = sandbox.add_link()
        sandbox.faults.add(
            Fault(kind="html", status=403, method="GET", times=1, headers={"Retry-After": "2"})
        )
        reading = asyncio.ensure_future(pool.links.get(link_id))
        while not sandbox.log:  # noqa: ASYNC110 - the log has no event
            await asyncio.sleep(0)
        began = clock.monotonic()
        update = pool.links.update(LinkUpdate(link_id, password="x"), max_wait=1.0)
        with pytest.raises(PoolBusyError):
            await update
        assert clock.monotonic() - began <= 2.0
        await reading
    assert sandbox.logins() == 0


@pytest.mark.parametrize("max_wait", [0, -1, float("inf"), float("nan"), "5", True])
async def test_a_max_wait_of_nothing_is_refused(sandbox: Sandbox, pool: SessionPool, max_wait: float) -> None:
    with pytest.raises(InvalidValueError, match="max_wait is no number of seconds above 0"):
        await pool.links.update(LinkUpdate(sandbox.add_link(), password="x"), max_wait=max_wait)
    assert sandbox.log == []


async def test_a_job_at_a_bank_that_is_down_does_not_use_up_the_repeats_of_a_call(sandbox: Sandbox) -> None:
    retry = RetryPolicy(budget_reserve=1.0, budget_share=0.0)
    async with open_pool(sandbox, retry=retry) as pool:
        down = [LinkUpdate(sandbox.add_link(username="x_unexpected_error"), password="x") for _ in range(5)]
        async with bulk.refresh(pool, down) as run:
            report = await run.finish()
        assert report.by_code == {"unexpected_error": 5}
        sandbox.faults.add(Fault(kind="status", status=500, method="GET", times=1))
        assert (await pool.links.get(down[0].link_id)).id == down[0].link_id
        sandbox.faults.add(Fault(kind="status", status=500, method="GET", times=1))
        with pytest.raises(ServerError):
            await pool.links.get(down[0].link_id)


class SlowRecorder:
    """Takes its time to write down that a login leaves."""

    def __init__(self, sleep: Callable[[float], Awaitable[None]]) -> None:
        self.sleep = sleep
        self.notes = 0

    async def note_submission(self, _: datetime) -> None:
        self.notes += 1
        await self.sleep(0.5)

    async def note_challenge(self, state: AwaitingToken) -> None:
        """Write nothing."""

    async def note_answer(self, at: datetime) -> None:
        """Write nothing."""


async def test_a_slow_recorder_costs_no_start(sandbox: Sandbox, clock: ManualClock) -> None:
    async with open_pool(sandbox, rate_limit=RateLimit()) as pool:
        recorders = [SlowRecorder(clock.sleep) for _ in range(300)]
        await asyncio.gather(
            *(
                pool.links.update(LinkUpdate(sandbox.add_link(), password="x"), recorder=recorder)
                for recorder in recorders
            )
        )
    times = sorted(entry.at for entry in sandbox.log)[80:]
    assert (len(times) - 1) / (times[-1] - times[0]).total_seconds() >= 0.99 * 80 / SPAN
    assert {recorder.notes for recorder in recorders} == {1}


async def test_a_call_does_not_wait_behind_a_job_that_fills_its_room() -> None:
    clock = ManualClock()
    options = SandboxOptions(login_seconds=300.0)
    async with Sandbox(clock=clock, options=options) as sandbox:
        pool = open_pool(sandbox, close_grace=0.0)
        updates = [LinkUpdate(sandbox.add_link(), password="x") for _ in range(150)]
        async with pool, bulk.refresh(pool, updates, limits=bulk.JobLimits(close_grace=0.0)):
            while sandbox.logins() < 100:  # noqa: ASYNC110 - the sandbox tells nobody
                await asyncio.sleep(0)
            await pool.ping()
            assert sandbox.logins() == 100


async def test_more_concurrency_than_the_process_may_open_descriptors_is_refused(
    sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("resource.getrlimit", lambda _: (256, 256))
    with pytest.raises(ConfigurationError, match=r"Concurrency\.total is 500, and this process may open"):
        open_pool(sandbox, concurrency=Concurrency(total=500))
    async with open_pool(sandbox) as pool:
        await pool.ping()
        assert pool.concurrency.total <= 256


async def test_a_connection_that_closes_while_its_request_waits_is_made_anew() -> None:
    clock, connections, closed = ManualClock(), list[int](), asyncio.Event()
    body = dumps(link_body(LINK_ID)).encode()

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        connections.append(len(connections))
        if len(connections) == 2:  # that of the login, which waits for its start
            await asyncio.sleep(0.01)
        else:
            await reader.readuntil(b"\r\n\r\n")
            writer.write(build_answer(body))
            await writer.drain()
        writer.close()
        await writer.wait_closed()
        closed.set()

    async with await asyncio.start_server(serve, "127.0.0.1", 0) as server:
        url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
        limit = RateLimit(requests=1, window=10.0, margin=0.0)
        async with SessionPool(KEYS, environment=url, clock=clock, rate_limit=limit) as pool:
            await pool.ping()
            closed.clear()
            update = asyncio.ensure_future(pool.links.update(LinkUpdate(LINK_ID, password="x")))
            await clock.wait_for_sleepers()
            await clock.advance(9.5)
            await closed.wait()
            await asyncio.sleep(0.01)
            await clock.advance(1.0)
            async with asyncio.timeout(5):
                assert (await update).id == LINK_ID
    assert len(connections) == 3


async def test_a_job_stops_where_the_edge_refuses_its_address_again_and_again(
    sandbox: Sandbox, clock: ManualClock
) -> None:
    sandbox.faults.add(Fault(kind="html", status=403, method="PUT"))
    updates = [LinkUpdate(sandbox.add_link(), password="x") for _ in range(20)]
    began = clock.monotonic()
    async with open_pool(sandbox) as pool:
        with pytest.raises(AddressBlockedError, match="five times in a row"):
            async with bulk.refresh(pool, updates) as run:
                await run.finish()
        assert run.report.updated == run.report.unsettled == 0
        assert clock.monotonic() - began < 3600.0
        sandbox.faults.clear()
        assert (await pool.links.update(updates[0])).id == updates[0].link_id


async def test_pauses_that_the_edge_did_not_cause_stop_no_job(sandbox: Sandbox) -> None:
    sandbox.faults.add(Fault(kind="status", status=429, method="PUT", times=5))
    async with (
        open_pool(sandbox) as pool,
        bulk.refresh(pool, [LinkUpdate(sandbox.add_link(), password="x")]) as run,
    ):
        report = await run.finish()
    assert report.updated == 1


async def test_a_pool_tells_what_waits_and_for_how_long() -> None:
    clock = ManualClock()
    async with Sandbox(clock=clock) as sandbox, open_pool(sandbox, rate_limit=RateLimit()) as pool:
        idle = QueueLoad(0, 0.0)
        assert pool.load == PoolLoad(idle, idle, idle, paused=0.0)
        calls = [asyncio.ensure_future(pool.ping()) for _ in range(75)]
        while len(sandbox.log) < 72:  # noqa: ASYNC110 - the log has no event
            await asyncio.sleep(0)
        load = pool.load
        assert (load.answers, load.calls.waiting, load.jobs.waiting) == (QueueLoad(0, 0.0), 3, 0)
        assert load.calls.seconds == pytest.approx(30.3)
        for call in calls:
            call.cancel()
        await asyncio.gather(*calls, return_exceptions=True)
        assert pool.load.calls.waiting == 0
