"""Redis as a store: what is particular to it, and what goes wrong."""

from datetime import timedelta
from pathlib import Path
from uuid import uuid4

import pytest
from attrs import evolve
from redis.asyncio import Redis

from belvo_async.backends import RedisChallengeStore, make_backend
from belvo_async.errors import ChallengeStoreError, ConfigurationError
from belvo_async.models import ChallengePhase
from belvo_async.testing import ManualClock
from belvo_async.testing.challenge_store_suite import LINK, NOON, OWNER, build_row
from tests.elsewhere import Call, needs_fork, try_in_child
from tests.stores.conftest import start_redis, stop_redis
from tests.stores.ports import find_free_port

ROW = build_row()
BEFORE = NOON - timedelta(hours=1)


async def test_a_row_is_forgotten_by_its_time_to_live(redis_url: str) -> None:
    prefix = str(uuid4())
    clock = ManualClock(start=ROW.keep_until - timedelta(hours=1))
    async with Redis.from_url(redis_url) as client:
        store = RedisChallengeStore(client, prefix=prefix, clock=clock)
        await store.add(ROW)
        (name,) = await client.keys(f"{{{prefix}}}:row:*")
        assert 3590 <= await client.ttl(name) <= 3600
        other = build_row("b", expires_at=NOON + timedelta(minutes=1))
        await store.add(other)
        await client.delete(name)  # as its time would
        assert await store.read(ROW.key) is None
        assert await store.list(OWNER, ChallengePhase.OPEN, after=BEFORE, limit=1) == [other]
        assert await client.zcard(f"{{{prefix}}}:queue:{OWNER}:open") == 1


async def test_nothing_is_left_when_all_is_forgotten(redis_url: str) -> None:
    prefix = str(uuid4())
    async with Redis.from_url(redis_url) as client:
        store = RedisChallengeStore(client, prefix=prefix)
        for number in range(1200):
            await store.add(build_row(str(number)))
        assert await store.forget(ROW.keep_until + timedelta(seconds=1)) == 1200
        assert await client.keys(f"{{{prefix}}}*") == []


async def test_a_row_from_before_links_were_named_is_read_and_replaced(redis_url: str) -> None:
    prefix = str(uuid4())
    async with Redis.from_url(redis_url) as client:
        store = RedisChallengeStore(client, prefix=prefix)
        await store.add(ROW)
        await client.hdel(f"{{{prefix}}}:row:{ROW.key}", "link")
        await client.delete(f"{{{prefix}}}:link:{LINK}")
        row = await store.read(ROW.key)
        assert row is not None
        assert row == evolve(ROW, link="")
        assert await store.replace(evolve(row, version=2))
        await store.forget(ROW.keep_until + timedelta(seconds=1))
        assert await client.keys(f"{{{prefix}}}*") == []


async def test_the_index_of_a_link_lives_as_long_as_its_last_row(redis_url: str) -> None:
    prefix = str(uuid4())
    clock = ManualClock(start=ROW.keep_until - timedelta(hours=3))
    async with Redis.from_url(redis_url) as client:
        store = RedisChallengeStore(client, prefix=prefix, clock=clock)
        for row in (build_row("b", expires_at=NOON + timedelta(hours=1)), ROW):
            await store.add(row)
        name = f"{{{prefix}}}:link:{LINK}"
        assert 4 * 3600 - 10 <= await client.ttl(name) <= 4 * 3600
        assert LINK not in str(await client.zrange(name, 0, -1))


async def test_a_row_that_is_gone_leaves_the_index_of_its_link(redis_url: str) -> None:
    prefix = str(uuid4())
    async with Redis.from_url(redis_url) as client:
        store = RedisChallengeStore(client, prefix=prefix)
        for hour in range(50):  # a link that asks for tokens for ever, and nobody who calls `forget`
            await store.add(build_row(str(hour), expires_at=NOON + timedelta(hours=hour)))
            if hour >= 3:
                gone = build_row(str(hour - 3))
                await client.delete(f"{{{prefix}}}:row:{gone.key}")  # as its time would
        assert await client.zcard(f"{{{prefix}}}:link:{LINK}") <= 5
        found = await store.find(LINK, after=BEFORE, limit=100)
        assert [row.expires_at for row in found] == [NOON + timedelta(hours=hour) for hour in (49, 48, 47)]
        assert await client.zcard(f"{{{prefix}}}:link:{LINK}") == 3


async def test_rows_of_another_prefix_are_not_seen(redis_url: str) -> None:
    async with Redis.from_url(redis_url) as client:
        one, two = (RedisChallengeStore(client, prefix=str(uuid4())) for _ in range(2))
        await one.add(ROW)
        assert await two.read(ROW.key) is None


async def test_a_row_of_a_wrong_kind_does_not_hide_the_others(redis_url: str) -> None:
    prefix, other = str(uuid4()), build_row("b", expires_at=NOON + timedelta(minutes=1))
    async with Redis.from_url(redis_url) as client:
        store = RedisChallengeStore(client, prefix=prefix)
        await store.add(ROW)
        await store.add(other)
        await client.set(f"{{{prefix}}}:row:{ROW.key}", "text")
        listed = await store.list(OWNER, ChallengePhase.OPEN, after=BEFORE, limit=10)
        assert [row.record for row in listed] == ["", "{}"]
        found = await store.find(LINK, after=BEFORE, limit=10)
        assert [(row.key, row.record) for row in found] == [(other.key, "{}"), (ROW.key, "")]


async def test_a_client_that_was_passed_is_not_closed(redis_url: str) -> None:
    async with Redis.from_url(redis_url) as client:
        async with RedisChallengeStore(client, prefix=str(uuid4())) as store:
            await store.add(ROW)
        assert await client.ping()


async def test_a_setting_may_name_the_server(redis_url: str) -> None:
    async with make_backend(redis_url) as backend:
        assert await backend.challenges.read(ROW.key) is None


async def test_a_server_that_is_gone_is_told_and_may_come_back(tmp_path: Path) -> None:
    port = find_free_port()
    url = f"redis://:secret-word@127.0.0.1:{port}/0"
    with pytest.raises(ChallengeStoreError, match="Redis") as caught:
        async with RedisChallengeStore.from_url(url):
            pass
    assert "secret-word" not in f"{caught.value!r} {caught.value} {caught.value.__cause__!r}"
    server = start_redis(tmp_path, port=port)
    try:
        async with RedisChallengeStore.from_url(url.replace(":secret-word@", "")) as store:
            await store.add(ROW)
            stop_redis(server)
            with pytest.raises(ChallengeStoreError):
                await store.read(ROW.key)
            server = start_redis(tmp_path, port=port)
            assert await store.read(ROW.key) is None
    finally:
        stop_redis(server)


@needs_fork
async def test_a_store_that_was_used_refuses_a_forked_child_at_once_and_goes_on_in_its_parent(
    redis_url: str,
) -> None:
    async with RedisChallengeStore.from_url(redis_url, prefix=str(uuid4())) as store:
        await store.add(ROW)

        async def check() -> None:
            store.check_loop()

        calls: list[Call] = [
            lambda: store.add(build_row("b")),
            lambda: store.read(ROW.key),
            lambda: store.replace(evolve(ROW, version=2)),
            lambda: store.list(OWNER, ChallengePhase.OPEN, after=BEFORE, limit=1),
            lambda: store.find(LINK, after=BEFORE, limit=1),
            lambda: store.forget(NOON),
            lambda: store.__aexit__(None, None, None),
            check,
        ]
        for call in calls:
            name, remedy = await try_in_child(call)
            assert name == "WrongEventLoopError"
            assert "in this process" in remedy
        assert await store.find(LINK, after=BEFORE, limit=2) == [ROW]


@needs_fork
async def test_a_store_that_was_never_used_serves_a_forked_child(redis_url: str) -> None:
    prefix = str(uuid4())
    store = RedisChallengeStore.from_url(redis_url, prefix=prefix)
    assert await try_in_child(lambda: store.add(ROW)) == ("nothing", "")
    async with RedisChallengeStore.from_url(redis_url, prefix=prefix) as own:
        assert await own.read(ROW.key) == ROW


@pytest.mark.parametrize("url", ["redis://:secret-word@host:port", "redis://h/x?socket_timeout=secret-word"])
def test_an_address_that_makes_no_sense_is_refused_without_quoting_it(url: str) -> None:
    with pytest.raises(ConfigurationError) as caught:
        RedisChallengeStore.from_url(url)
    assert "secret-word" not in f"{caught.value} {caught.value.__cause__!r} {caught.value.__context__!r}"


@pytest.mark.parametrize("prefix", ["", "{a}", "a b", None], ids=["empty", "braces", "space", "none"])
def test_a_prefix_that_makes_no_sense_is_refused(prefix: str) -> None:
    with pytest.raises(ConfigurationError, match="prefix"):
        RedisChallengeStore(Redis(), prefix=prefix)


def test_what_is_no_client_is_refused() -> None:
    with pytest.raises(ConfigurationError, match="client"):
        RedisChallengeStore("redis://")  # type: ignore[arg-type]  # the wrong thing
