"""The same PUT by other clients: belvo-python, httpx, and belvo-js where Node has it."""

import asyncio
import json
import os
import shutil
import subprocess
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Final
from unittest.mock import patch

import httpx
from belvo.client import Client

from benchmarks._clients import CONNECTIONS, KEYS, PASSWORD, WARM_UP, Sample, cycle_ids, warm_up_and_measure
from benchmarks._server import Server

THREADS: Final = 32
_NODE_PACKAGE: Final = "belvo@0.28.0"
_NODE_HOME: Final = Path("build/belvo-js")
_NODE_SCRIPT: Final = Path(__file__).with_name("belvo_js.cjs")
_NODE_WARM_UP: Final = 1.0
"""Seconds in which its compiler learns what is hot, too."""
_PATIENCE: Final = 120.0


def put_belvo(server: Server, seconds: float) -> Sample:
    """Run belvo-python in threads, each with a client of its own (a shared one would drop connections)."""
    trusted = {} if server.authority is None else {"REQUESTS_CA_BUNDLE": server.authority}
    with patch.dict(os.environ, trusted), ThreadPoolExecutor(THREADS) as threads:
        clients = [Client(*KEYS, server.url) for _ in range(THREADS)]
        ids = [cycle_ids() for _ in clients]

        def work(span: float) -> int:
            return sum(threads.map(_work_blocking, clients, ids, [span] * THREADS))

        work(WARM_UP)
        wall, cpu = time.perf_counter(), time.process_time()
        updates = work(seconds)
        return Sample(updates=updates, wall=time.perf_counter() - wall, cpu=time.process_time() - cpu)


def _work_blocking(client: Client, ids: Iterator[str], seconds: float) -> int:
    done = 0
    start = time.perf_counter()
    while time.perf_counter() - start < seconds:
        client.Links.update(link=next(ids), password=PASSWORD)
        done += 1
    return done


async def _run_httpx(server: Server, seconds: float) -> Sample:
    limits = httpx.Limits(max_connections=CONNECTIONS, max_keepalive_connections=CONNECTIONS)
    async with httpx.AsyncClient(auth=KEYS, verify=server.trust() or True, limits=limits) as client:

        async def call(link_id: str) -> object:
            response = await client.put(f"{server.url}/api/links/{link_id}/", json={"password": PASSWORD})
            return response.json()

        return await warm_up_and_measure(call, seconds)


def put_httpx(server: Server, seconds: float) -> Sample:
    """Run `httpx.AsyncClient` on connections that are kept."""
    return asyncio.run(_run_httpx(server, seconds))


def install_belvo_js() -> bool:
    """Install belvo-js where it is missing; tell whether it can be run."""
    if shutil.which("node") is None or shutil.which("npm") is None:
        return False
    if not (_NODE_HOME / "node_modules/belvo").is_dir():
        _NODE_HOME.mkdir(parents=True, exist_ok=True)
        command = ["npm", "install", "--prefix", str(_NODE_HOME), "--no-save", _NODE_PACKAGE]
        try:
            subprocess.run(command, check=True, capture_output=True, timeout=_PATIENCE)  # noqa: S603
        except (OSError, subprocess.SubprocessError):
            return False
    return True


def put_belvo_js(server: Server, seconds: float) -> Sample:
    """Run belvo-js in a process of its own, which measures itself."""
    numbers = [str(number) for number in (CONNECTIONS, _NODE_WARM_UP, seconds)]
    trusted = {} if server.authority is None else {"NODE_EXTRA_CA_CERTS": server.authority}
    done = subprocess.run(  # noqa: S603 - our own script
        ["node", str(_NODE_SCRIPT), server.url, *KEYS, PASSWORD, *numbers],  # noqa: S607
        env={**os.environ, **trusted, "NODE_PATH": str(_NODE_HOME / "node_modules")},
        check=True,
        capture_output=True,
        text=True,
        timeout=_PATIENCE,
    )
    return Sample(**json.loads(done.stdout))
