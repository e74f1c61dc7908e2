"""Four workers of the FastAPI backend with one file keep the limit of one address, and use it."""

import asyncio
import time
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Final

import pytest
from aiohttp import ClientSession, TCPConnector

from belvo_async.sandbox import Sandbox, SandboxOptions
from tests.examples.limited_backend import LIMIT, REQUESTS
from tests.examples.serving import serve

WORKERS: Final = 4
TOGETHER: Final = "build_app"
ALONE: Final = "build_app_alone"
SPAN: Final = LIMIT.window + LIMIT.margin


@pytest.fixture
async def sandbox() -> AsyncIterator[Sandbox]:
    options = SandboxOptions(
        enforce_rate_limit=True,
        rate_limit_requests=REQUESTS,
        rate_limit_window=LIMIT.window,
        login_seconds=0.3,
    )
    async with Sandbox(options=options) as sandbox:
        yield sandbox


@asynccontextmanager
async def serving(sandbox: Sandbox, backend: Path, app: str) -> AsyncIterator[tuple[ClientSession, str]]:
    """Run the workers; return a client of theirs, and their address."""
    server = serve(
        sandbox,
        backend,
        *("--factory", "--timeout-graceful-shutdown", "1"),
        app=f"tests.examples.limited_backend:{app}",
        workers=WORKERS,
        may_complain=app == ALONE,  # of calls that are cut off
    )
    address = await asyncio.to_thread(server.__enter__)
    try:
        async with ClientSession(connector=TCPConnector(limit=0)) as client:
            yield client, address
    finally:
        await asyncio.to_thread(server.__exit__, None, None, None)


async def update(client: ClientSession, address: str, link_id: str) -> int:
    async with client.put(f"{address}/links/{link_id}", json={"password": "new"}) as response:
        return response.status


@pytest.mark.parametrize("count", [60, pytest.param(200, marks=pytest.mark.slow)])
async def test_four_workers_that_share_a_file_are_never_refused_and_take_no_longer_than_one(
    sandbox: Sandbox, tmp_path: Path, count: int
) -> None:
    links = [sandbox.add_link() for _ in range(count)]
    async with serving(sandbox, tmp_path / "shared.sqlite", TOGETHER) as (client, address):
        began_at = time.monotonic()
        told = Counter(await asyncio.gather(*(update(client, address, link) for link in links)))
        seconds = time.monotonic() - began_at
    statuses = Counter(entry.status for entry in sandbox.log)
    print(f"{count} updates in {seconds:.1f} s, the sandbox has answered {dict(statuses)}")  # noqa: T201
    assert told == statuses == {200: count}
    assert seconds <= 1.05 * count * SPAN / REQUESTS + 1.0


async def test_four_workers_that_share_nothing_are_refused(sandbox: Sandbox, tmp_path: Path) -> None:
    """Without this, the test above would prove nothing."""
    links = [sandbox.add_link() for _ in range(60)]
    async with serving(sandbox, tmp_path / "shared.sqlite", ALONE) as (client, address):
        calls = [asyncio.create_task(update(client, address, link)) for link in links]
        async with asyncio.timeout(20):
            while not any(entry.status == 403 for entry in sandbox.log):  # noqa: ASYNC110 - it wakes nobody
                await asyncio.sleep(0.05)
        for call in calls:
            call.cancel()
        await asyncio.gather(*calls, return_exceptions=True)
