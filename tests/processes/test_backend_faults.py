"""Redis, which processes share, fails while they work: they wait or say so, and keep every promise meanwhile.

Two pools on two event loops update the same links and read them; a server of its own tells what has come.
"""

import asyncio
import sys
import time
from collections.abc import Awaitable, Callable, Iterator
from pathlib import Path
from typing import Final

import pytest
from redis.asyncio import Redis

from belvo_async import LinkUpdate
from belvo_async.backends import RedisBackend
from belvo_async.errors import CoordinatorError
from tests.processes.faults import (
    LIMIT,
    SPAN,
    NextVersion,
    RedisServer,
    Wire,
    check_promises,
    list_since,
    open_pool,
    working,
)
from tests.processes.judge import Judge
from tests.processes.worker import name_link

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="there is no SIGKILL")

LOGIN_LIMIT: Final = 4.0


@pytest.fixture(autouse=True)
def login_limit(monkeypatch: pytest.MonkeyPatch) -> None:
    """The bank of the judge is quicker than a real one, and so are links free that nobody knows about."""
    set_login_limit(monkeypatch, LOGIN_LIMIT)


def set_login_limit(monkeypatch: pytest.MonkeyPatch, seconds: float) -> None:
    monkeypatch.setattr("belvo_async.backends._lease.LOGIN_LIMIT", seconds)


@pytest.fixture
def redis(tmp_path: Path) -> Iterator[RedisServer]:
    """A server that knows that nothing is under way."""
    server = RedisServer(tmp_path)
    server.start()
    backend = RedisBackend(server.url)
    backend.coordinator.init()
    backend.coordinator.close()
    yield server
    server.stop()


@pytest.mark.parametrize(
    ("seconds", "login_seconds", "limit"),
    [(0.5, 1.6, 3.0), pytest.param(3.0, 4.0, 7.0, marks=pytest.mark.slow)],
)
async def test_a_redis_that_was_killed_and_started_again_lets_nothing_through_that_may_be_too_much(
    redis: RedisServer, monkeypatch: pytest.MonkeyPatch, seconds: float, login_seconds: float, limit: float
) -> None:
    """It has forgotten all: starts wait for one window, and logins until those of before have ended."""
    set_login_limit(monkeypatch, limit)
    async with Judge(login_seconds=login_seconds) as judge, working(judge, [redis.url] * 2) as crew:
        redis.kill()
        await asyncio.sleep(seconds)  # real, as the servers' time is
        restarted_at = time.monotonic()
        await asyncio.to_thread(redis.start)
        await crew.wait_for("updated", 2)
    check_promises(crew)
    starts = [entry.at for entry in list_since(judge.log, restarted_at)]
    logins = [entry.at for entry in list_since(judge.logins, restarted_at)]
    assert SPAN <= starts[0] - restarted_at < SPAN + 3.0
    assert limit <= logins[0] - restarted_at < limit + 3.0


@pytest.mark.parametrize(
    ("seconds", "patience"), [(3.0, 1.0), pytest.param(10.0, 5.0, marks=pytest.mark.slow)]
)
async def test_a_lost_network_to_redis_is_told_or_waited_for_and_blocks_nobody(
    redis: RedisServer, monkeypatch: pytest.MonkeyPatch, seconds: float, patience: float
) -> None:
    monkeypatch.setattr("belvo_async.backends._redis_coordinator._TIMEOUT", patience)
    async with (
        Judge(login_seconds=0.3) as judge,
        Wire(redis.port) as wire,
        working(judge, [f"redis://127.0.0.1:{wire.port}/0"] * 2) as crew,
    ):
        wire.lose()
        lost_at = time.monotonic()
        await asyncio.sleep(seconds)  # real, as the servers' time is
        restored_at = time.monotonic()
        wire.restore()
        await crew.wait_for("updated", 20)
    check_promises(crew)
    late = LIMIT.margin + 0.2
    assert [entry.at for entry in list_since(judge.log, lost_at + late) if entry.at < restored_at] == []


async def test_a_redis_that_is_emptied_again_and_again_never_lets_too_much_through(
    redis: RedisServer,
) -> None:
    async with Judge(login_seconds=0.3) as judge, working(judge, [redis.url] * 2) as crew:
        async with Redis.from_url(redis.url) as client:
            for _ in range(5):
                await client.flushall()
                await asyncio.sleep(0.7)  # real, as the server's time is
            began_at = time.monotonic()
            await client.flushall()
            emptied_at = time.monotonic()
        await crew.wait_for("updated", 20)
    check_promises(crew)
    late = LIMIT.margin + 0.2
    assert list_since(judge.logins, emptied_at + late)[0].at - began_at >= LOGIN_LIMIT


async def test_a_redis_that_may_evict_is_refused_and_nothing_is_sent(redis: RedisServer) -> None:
    """Also where nobody has opened the backend."""
    async with Redis.from_url(redis.url) as client:
        await client.config_set("maxmemory-policy", "allkeys-lru")
    backend = RedisBackend(redis.url)
    async with Judge() as judge:
        with pytest.raises(CoordinatorError, match="allkeys-lru"):
            async with open_pool(judge, redis.url):
                pass
        async with open_pool(judge, backend) as pool:
            with pytest.raises(CoordinatorError, match="allkeys-lru"):
                await pool.links.update(LinkUpdate(name_link(0), password="new"))
    await backend.aclose()
    assert judge.log == []


async def forbid(client: Redis) -> None:
    await client.acl_setuser("default", enabled=True, nopass=True, commands=["-eval"])


async def lock_out(client: Redis) -> None:
    await client.config_set("requirepass", "secret")
    await client.client_kill_filter(_type="normal", skipme=True)


async def let_evict(client: Redis) -> None:
    await client.config_set("maxmemory-policy", "allkeys-lru")


async def overtake(client: Redis) -> None:
    """Let a version work that is two ahead."""
    async for name in client.scan_iter("*:window:*"):
        await client.set(name, '{"version": 3}')


@pytest.mark.parametrize(
    ("harm", "word"),
    [(forbid, "command"), (lock_out, "password"), (let_evict, "allkeys-lru"), (overtake, "version 3")],
)
async def test_what_waiting_does_not_mend_is_told_at_once_to_those_who_wait(
    redis: RedisServer,
    monkeypatch: pytest.MonkeyPatch,
    harm: Callable[[Redis], Awaitable[None]],
    word: str,
) -> None:
    """A read waits for half a minute for a Redis that may be back, and not for one that refuses it."""
    monkeypatch.setattr("belvo_async.backends._redis_coordinator._FIT", 0.0)
    async with Judge() as judge, open_pool(judge, redis.url) as pool, Redis.from_url(redis.url) as client:
        await pool.links.get(name_link(0))
        await harm(client)
        async with asyncio.timeout(5.0):
            with pytest.raises(CoordinatorError, match=word) as refused:
                await pool.links.get(name_link(0))
        assert refused.value.is_permanent
        assert len(judge.log) == 1


async def test_a_redis_that_is_started_again_is_waited_for(redis: RedisServer) -> None:
    async with Judge() as judge, open_pool(judge, redis.url) as pool:
        await pool.links.get(name_link(0))
        redis.kill()
        reading = asyncio.create_task(pool.links.get(name_link(0)))
        await asyncio.sleep(1.0)  # real, as the server's time is
        assert not reading.done()
        await asyncio.to_thread(redis.start)
        await reading


async def test_connections_that_redis_closes_under_load_lead_to_no_second_login(redis: RedisServer) -> None:
    async with Judge(login_seconds=0.3) as judge, working(judge, [redis.url] * 2) as crew:
        async with Redis.from_url(redis.url) as client:
            for _ in range(60):
                await client.client_kill_filter(_type="normal", skipme=True)
                await asyncio.sleep(0.05)  # real, as the server's time is
        await crew.wait_for("updated", 20)
    check_promises(crew)


@pytest.mark.parametrize("timeout_of_server", [0, 1])
async def test_a_pool_whose_connections_were_closed_while_idle_goes_on_without_an_error(
    redis: RedisServer, timeout_of_server: int
) -> None:
    async with Judge() as judge, open_pool(judge, redis.url) as pool, Redis.from_url(redis.url) as client:
        await client.config_set("timeout", timeout_of_server)
        for number in range(3):
            calls = [LinkUpdate(name_link(link), password=f"{number}-{link}") for link in range(6)]
            await asyncio.gather(*(pool.links.update(call) for call in calls))
            if timeout_of_server:
                await asyncio.sleep(2.2)  # real, as the server's time is
            else:
                await client.client_kill_filter(_type="normal", skipme=True)
    assert len(judge.logins) == 18


async def test_a_neighbouring_version_beside_this_one_is_served(redis: RedisServer) -> None:
    """Deploys roll: for a while each reads what the other has written."""
    neighbour = NextVersion(RedisBackend(redis.url))
    async with Judge(login_seconds=0.1) as judge, working(judge, [redis.url, neighbour]) as crew:
        await crew.wait_for("updated", 40)
    check_promises(crew)
    assert crew.list_failed() == []
