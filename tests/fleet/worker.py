"""A worker without an engine: it calls `advance` with every link until all have ended.

`python -m tests.fleet.worker DATABASE URL ID PASSWORD SEED LINK...`
"""

import asyncio
import random
import sys
from contextlib import suppress

from belvo_async import BelvoError, Concurrency, Credentials, LinkUpdate, RateLimit, SessionPool, fleet
from belvo_async.backends import SqliteBackend

JOB = "november"
LOGIN_LIMIT = 4.0
_AT_ONCE = 10


def read_vault(link_id: str) -> LinkUpdate:
    return LinkUpdate(link_id, password="correct horse battery staple")


async def serve(pool: SessionPool, link_id: str) -> bool:
    """Take one link a step, as an engine's task does; return whether it has ended."""
    step = await fleet.advance(
        pool, job=JOB, link_id=link_id, credentials=read_vault, login_limit=LOGIN_LIMIT
    )
    if isinstance(step, fleet.NeedsToken):
        step = await fleet.advance(
            pool, job=JOB, link_id=link_id, credentials=read_vault, token="111111", login_limit=LOGIN_LIMIT
        )
    return isinstance(step, fleet.Ended)


async def main(path: str, url: str, secret_id: str, secret_password: str, seed: str, *links: str) -> None:
    chance, left = random.Random(seed), list(links)  # noqa: S311 - which link comes first
    chance.shuffle(left)
    slots = asyncio.Semaphore(_AT_ONCE)

    async def take(pool: SessionPool, link_id: str) -> None:
        async with slots:
            with suppress(BelvoError):  # an engine calls again
                if await serve(pool, link_id):
                    left.remove(link_id)

    async with (
        SqliteBackend(path) as backend,
        SessionPool(
            Credentials(secret_id, secret_password),
            environment=url,
            backend=backend,
            rate_limit=RateLimit.unlimited(),
            concurrency=Concurrency(total=_AT_ONCE),
        ) as pool,
    ):
        while left:
            await asyncio.gather(*(take(pool, link_id) for link_id in [*left]))
            await asyncio.sleep(0.2)


asyncio.run(main(*sys.argv[1:]))
