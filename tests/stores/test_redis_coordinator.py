"""Redis as a coordinator: what is particular to it, and what goes wrong."""

import socket
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from uuid import uuid4

import pytest
from redis import Redis

from belvo_async.backends import Moment, RedisBackend, RedisCoordinator
from belvo_async.backends._lease import LEASE, Lease
from belvo_async.errors import CoordinatorError


@pytest.fixture
def prefix() -> str:
    return str(uuid4())


@pytest.fixture
def coordinator(redis_url: str, prefix: str) -> Iterator[RedisCoordinator]:
    coordinator = RedisCoordinator(redis_url, prefix=prefix)
    yield coordinator
    coordinator.close()


@pytest.fixture
def client(redis_url: str) -> Iterator[Redis]:
    with Redis.from_url(redis_url) as client:
        yield client


def test_a_change_begins_anew_where_all_was_forgotten_meanwhile(
    coordinator: RedisCoordinator, client: Redis, prefix: str
) -> None:
    """A record that is missing now may have been made and lost since it was found to be missing."""
    coordinator.init()
    seen: list[float] = []

    def change(_: Lease, moment: Moment) -> None:
        if not seen:
            client.delete(f"{{{prefix}}}:epoch")
        seen.append(moment.since)

    coordinator.change(LEASE, "link", change)
    assert seen == [float("-inf"), pytest.approx(time.time(), abs=60)]


def change_at_once(coordinator: RedisCoordinator, count: int) -> list[float]:
    """Change as many records at once, so that there are as many connections; return when each was."""
    with ThreadPoolExecutor(count) as threads:
        changes = [
            threads.submit(coordinator.change, LEASE, f"link {number}", find_now) for number in range(count)
        ]
        return [change.result() for change in changes]


def find_now(_: Lease, moment: Moment) -> float:
    return moment.now


def test_connections_that_the_server_has_closed_cost_nobody_an_error(
    coordinator: RedisCoordinator, client: Redis
) -> None:
    for _ in range(5):
        change_at_once(coordinator, 8)
        client.client_kill_filter(_type="normal", skipme=True)
        change_at_once(coordinator, 8)


def test_connections_that_the_server_closes_when_they_are_idle_cost_nobody_an_error(
    coordinator: RedisCoordinator, client: Redis
) -> None:
    """Whenever they are used next: also at the moment at which the server closes them."""
    client.config_set("timeout", 1)
    try:
        change_at_once(coordinator, 8)
        until = time.monotonic() + 4.0
        while time.monotonic() < until:
            change_at_once(coordinator, 1)
            time.sleep(0.99)  # real, as the server's time is
        time.sleep(2.5)
        change_at_once(coordinator, 8)
    finally:
        client.config_set("timeout", 0)


def test_a_server_that_does_not_respond_is_told_to_all_who_wait_at_once(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Few threads serve many calls: were each to wait its own time, the last would wait for many minutes."""
    monkeypatch.setattr("belvo_async.backends._redis_coordinator._TIMEOUT", 0.5)
    with socket.create_server(("127.0.0.1", 0)) as deaf, ThreadPoolExecutor(4) as threads:
        coordinator = RedisCoordinator(f"redis://127.0.0.1:{deaf.getsockname()[1]}/0", prefix="belvo")
        began_at = time.monotonic()
        changes = [threads.submit(coordinator.change, LEASE, "link", find_now) for _ in range(100)]
        for change in changes:
            assert "nothing was sent" in str(change.exception())
        assert time.monotonic() - began_at < 2.0
        coordinator.close()


def test_a_server_that_responds_again_is_used_again(
    redis_url: str, client: Redis, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("belvo_async.backends._redis_coordinator._TIMEOUT", 0.8)
    coordinator = RedisCoordinator(redis_url, prefix=str(uuid4()))
    coordinator.change(LEASE, "link", find_now)
    client.client_pause(2000, all=True)
    with pytest.raises(CoordinatorError, match="TimeoutError"):
        coordinator.change(LEASE, "link", find_now)
    client.ping()  # is answered when the pause is over
    assert coordinator.change(LEASE, "link", find_now) > 0
    coordinator.close()


@pytest.mark.parametrize("policy", ["allkeys-lru", "volatile-ttl"])
async def test_a_server_that_may_evict_is_refused_as_it_is_opened(
    redis_url: str, client: Redis, policy: str
) -> None:
    client.config_set("maxmemory-policy", policy)
    try:
        with pytest.raises(CoordinatorError, match=policy) as refused:
            await RedisBackend(redis_url).open()
    finally:
        client.config_set("maxmemory-policy", "noeviction")
    assert "noeviction" in refused.value.remedy
    async with RedisBackend(redis_url, prefix=str(uuid4())):
        pass


async def test_a_backend_that_was_never_opened_closes_its_connections(redis_url: str, client: Redis) -> None:
    backend = RedisBackend(redis_url, prefix=str(uuid4()))
    before = len(client.client_list())
    assert await backend.challenges.read("none") is None
    assert len(client.client_list()) == before + 1
    await backend.aclose()
    assert len(client.client_list()) == before
