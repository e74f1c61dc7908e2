"""Our client and bare aiohttp, each driven as hard as one core allows."""

import asyncio
import itertools
import time
import uuid
from collections.abc import Awaitable, Callable, Iterator
from contextlib import AbstractAsyncContextManager
from typing import Final, TypeAlias

import aiohttp
from attrs import frozen

from belvo_async import Concurrency, Credentials, LinkUpdate, Network, RateLimit, SessionPool
from belvo_async.resources._links import Links
from benchmarks._server import Server

CONNECTIONS: Final = 100
KEYS: Final = ("00000000-0000-4000-8000-000000000000", "not-a-real-key")
PASSWORD: Final = "correct horse battery staple"
_LINKS: Final = 2_000
"""Far more than are ever under way, so that no two updates of one link meet."""
WARM_UP: Final = 0.3
"""Seconds in which connections open; they are not counted."""

Call: TypeAlias = Callable[[str], Awaitable[object]]
"""Sends one request about the link of this id."""


@frozen(kw_only=True)
class Sample:
    """What one client did in one run."""

    updates: int
    wall: float
    """Seconds."""
    cpu: float
    """Seconds of this process, all threads, kernel included."""

    @property
    def rate(self) -> float:
        """Updates per second."""
        return self.updates / self.wall

    @property
    def cpu_us(self) -> float:
        """CPU time of one update in µs."""
        return self.cpu / self.updates * 1e6


def cycle_ids() -> Iterator[str]:
    """Return link ids without end, no two of 2,000 in a row alike."""
    return itertools.cycle([str(uuid.uuid4()) for _ in range(_LINKS)])


async def measure(call: Call, ids: Iterator[str], seconds: float, at_once: int = CONNECTIONS) -> Sample:
    """Keep so many calls under way, for so many seconds."""
    done = 0
    wall, cpu = time.perf_counter(), time.process_time()

    async def work() -> None:
        nonlocal done
        while time.perf_counter() - wall < seconds:
            await call(next(ids))
            done += 1

    await asyncio.gather(*(work() for _ in range(at_once)))
    return Sample(updates=done, wall=time.perf_counter() - wall, cpu=time.process_time() - cpu)


async def warm_up_and_measure(call: Call, seconds: float, at_once: int = CONNECTIONS) -> Sample:
    """Measure after the first connections have been opened."""
    ids = cycle_ids()
    await measure(call, ids, WARM_UP, at_once)
    return await measure(call, ids, seconds, at_once)


def connect(server: Server, concurrency: Concurrency) -> SessionPool:
    """Make a pool without a rate limit; retries and observer are the default ones."""
    return SessionPool(
        Credentials(*KEYS),
        environment=server.url,
        concurrency=concurrency,
        rate_limit=RateLimit.unlimited(),
        network=Network(ssl=server.trust()),
    )


async def run_links(
    call: Callable[[Links, str], Awaitable[object]],
    server: Server,
    seconds: float,
    at_once: int = CONNECTIONS,
) -> Sample:
    """Measure one kind of call of `pool.links`."""
    async with connect(server, Concurrency(total=CONNECTIONS)) as pool:
        return await warm_up_and_measure(lambda link_id: call(pool.links, link_id), seconds, at_once)


def update_ours(server: Server, seconds: float) -> Sample:
    """Run `pool.links.update`."""

    def update(links: Links, link_id: str) -> Awaitable[object]:
        return links.update(LinkUpdate(link_id, password=PASSWORD))

    return asyncio.run(run_links(update, server, seconds))


def get_ours(server: Server, seconds: float) -> Sample:
    """Run `pool.links.get`."""
    return asyncio.run(run_links(Links.get, server, seconds))


async def _run_aiohttp(
    send: Callable[[aiohttp.ClientSession, str], AbstractAsyncContextManager[aiohttp.ClientResponse]],
    server: Server,
    seconds: float,
    *,
    keeps: bool,
) -> Sample:
    """Run aiohttp as its documentation shows it: one session, `async with …`, `await response.json()`."""
    connector = aiohttp.TCPConnector(limit=CONNECTIONS, force_close=not keeps, ssl=server.trust() or True)
    headers = {"Authorization": aiohttp.encode_basic_auth(*KEYS)}
    async with aiohttp.ClientSession(connector=connector, headers=headers) as session:

        async def call(link_id: str) -> object:
            async with send(session, f"{server.url}/api/links/{link_id}/") as response:
                return await response.json()

        return await warm_up_and_measure(call, seconds)


def put_aiohttp(server: Server, seconds: float) -> Sample:
    """Run the PUT of an update with a connection for each, as the pool has it for a login."""

    def put(session: aiohttp.ClientSession, url: str) -> AbstractAsyncContextManager[aiohttp.ClientResponse]:
        return session.put(url, json={"password": PASSWORD})

    return asyncio.run(_run_aiohttp(put, server, seconds, keeps=False))


def get_aiohttp(server: Server, seconds: float) -> Sample:
    """Run the GET of a link on connections that are kept, as the pool has it."""
    return asyncio.run(_run_aiohttp(aiohttp.ClientSession.get, server, seconds, keeps=True))
