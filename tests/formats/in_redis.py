"""What a Redis server holds, as JSON, and back."""

import asyncio
import json
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, Final

from redis.asyncio import Redis

from belvo_async.backends import ChallengeRow, RedisChallengeStore
from belvo_async.testing import ManualClock
from tests.formats.challenges import read_rows_of
from tests.formats.places import HERE, find_newest, write_new
from tests.formats.values import LATER
from tests.stores.conftest import start_redis, stop_redis

NEW: Final = HERE / "redis_3" / "store.json"


async def make_redis(url: str, rows: list[ChallengeRow]) -> None:
    """Keep these rows on an empty server."""
    async with Redis.from_url(url) as client:
        store = RedisChallengeStore(client, clock=ManualClock(start=LATER))
        for row in rows:
            assert await store.add(row)


async def read_all(url: str) -> dict[str, Any]:
    """Return each key of a server: its type, the minutes that it has to live, and what it holds."""
    async with Redis.from_url(url, decode_responses=True) as client:
        return {name: await _read(client, name) for name in sorted(map(str, await client.keys()))}


async def _read(client: Redis, name: str) -> dict[str, object]:
    kind, left = str(await client.type(name)), await client.ttl(name)
    if kind == "zset":
        scores: list[Any] = await client.zrange(name, 0, -1, withscores=True)
        holds: dict[str, Any] = {member: int(score) for member, score in scores}
    else:
        holds = {str(field): value for field, value in (await client.hgetall(name)).items()}
    return {"type": kind, "minutes": None if left < 0 else round(left / 60), "holds": holds}


async def load_all(url: str, keys: dict[str, Any]) -> None:
    """Put all of it onto an empty server."""
    async with Redis.from_url(url) as client:
        for name, key in keys.items():
            if key["type"] == "zset":
                await client.zadd(name, key["holds"])
            else:
                await client.hset(name, mapping=key["holds"])
            if key["minutes"] is not None:
                await client.expire(name, 60 * key["minutes"])


def write() -> None:
    """Write what a server of its own keeps of the newest rows."""
    rows = read_rows_of(find_newest("rows") / "rows.json")
    with TemporaryDirectory() as directory:
        server = start_redis(Path(directory))
        try:
            url = f"unix://{directory}/redis.sock"
            asyncio.run(make_redis(url, rows))
            found = asyncio.run(read_all(url))
        finally:
            stop_redis(server)
    write_new(NEW, (json.dumps(found, indent=1) + "\n").encode())
