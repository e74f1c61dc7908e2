"""The three clients, each driven as hard as one core allows."""

import asyncio
import itertools
import time
import uuid
from collections.abc import Awaitable, Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Final

import aiohttp
from attrs import frozen
from belvo.client import Client

from belvo_async import Concurrency, Credentials, LinkUpdate, RateLimit, SessionPool

CONNECTIONS: Final = 100
THREADS: Final = 32
KEYS: Final = ("00000000-0000-4000-8000-000000000000", "not-a-real-key")
PASSWORD: Final = "correct horse battery staple"
_LINKS: Final = 2_000
"""Far more than are ever under way, so that no two updates of one link meet."""
_WARM_UP: Final = 0.3
"""Seconds in which connections open; they are not counted."""


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


async def measure(update: Callable[[str], Awaitable[object]], ids: Iterator[str], seconds: float) -> Sample:
    """Keep as many updates under way as there are connections, for so many seconds."""
    done = 0
    wall, cpu = time.perf_counter(), time.process_time()

    async def work() -> None:
        nonlocal done
        while time.perf_counter() - wall < seconds:
            await update(next(ids))
            done += 1

    await asyncio.gather(*(work() for _ in range(CONNECTIONS)))
    return Sample(updates=done, wall=time.perf_counter() - wall, cpu=time.process_time() - cpu)


async def _warm_up_and_measure(update: Callable[[str], Awaitable[object]], seconds: float) -> Sample:
    ids = cycle_ids()
    await measure(update, ids, _WARM_UP)
    return await measure(update, ids, seconds)


async def _run_ours(url: str, seconds: float) -> Sample:
    pool = SessionPool(
        Credentials(*KEYS),
        environment=url,
        concurrency=Concurrency(total=CONNECTIONS),
        rate_limit=RateLimit.unlimited(),
    )
    async with pool:
        return await _warm_up_and_measure(
            lambda link_id: pool.links.update(LinkUpdate(link_id, password=PASSWORD)), seconds
        )


async def _run_aiohttp(url: str, seconds: float) -> Sample:
    headers = {"Authorization": aiohttp.encode_basic_auth(*KEYS)}
    # A connection for each request, as the pool has it for each login: like is compared with like.
    connector = aiohttp.TCPConnector(limit=CONNECTIONS, force_close=True)
    async with aiohttp.ClientSession(connector=connector, headers=headers) as session:

        async def update(link_id: str) -> object:
            body = {"password": PASSWORD}
            async with session.put(f"{url}/api/links/{link_id}/", json=body) as response:
                return await response.json()

        return await _warm_up_and_measure(update, seconds)


def run_ours(url: str, seconds: float) -> Sample:
    """Run `pool.links.update`, with the default retries and observer and no rate limit."""
    return asyncio.run(_run_ours(url, seconds))


def run_aiohttp(url: str, seconds: float) -> Sample:
    """Run aiohttp as its documentation shows it: one session, `async with session.put(…)`, `r.json()`."""
    return asyncio.run(_run_aiohttp(url, seconds))


def _work_blocking(client: Client, ids: Iterator[str], seconds: float) -> int:
    done = 0
    start = time.perf_counter()
    while time.perf_counter() - start < seconds:
        client.Links.update(link=next(ids), password=PASSWORD)
        done += 1
    return done


def run_belvo(url: str, seconds: float) -> Sample:
    """Run belvo-python in threads, each with a client of its own (a shared one would drop connections)."""
    with ThreadPoolExecutor(THREADS) as threads:
        clients = [Client(*KEYS, url) for _ in range(THREADS)]
        ids = [cycle_ids() for _ in clients]

        def work(span: float) -> int:
            return sum(threads.map(_work_blocking, clients, ids, [span] * THREADS))

        work(_WARM_UP)
        wall, cpu = time.perf_counter(), time.process_time()
        updates = work(seconds)
        return Sample(updates=updates, wall=time.perf_counter() - wall, cpu=time.process_time() - cpu)
