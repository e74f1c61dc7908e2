"""One worker of the benchmark of a fleet, as a process of its own: its setting is an argument, as JSON."""

import asyncio
import json
import os
import sys
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Final

from attrs import asdict, define, field, frozen
from procrastinate import App, PsycopgConnector

from belvo_async import Concurrency, Credentials, LinkUpdate, RateLimit, SessionPool, fleet
from belvo_async.contrib.procrastinate import FleetTasks
from belvo_async.telemetry import LoginEnded, Observation
from benchmarks._clients import KEYS, PASSWORD

WORKERS: Final = 4
WINDOW: Final = 3.0
MARGIN: Final = 0.1
STEP: Final = 1000 // WORKERS
"""Logins of one worker in a thousand of the job: its memory is read after each."""


@frozen
class Setting:
    """What a worker has to know."""

    dsn: str
    url: str
    requests: int
    """Of one address in a window."""
    number: int = 0
    """Of the worker."""


@define
class Seen:
    """What a worker has seen of its logins."""

    ends: list[float]
    """When each ended, by the clock of the machine."""
    memory: list[int] = field(factory=list)
    """Resident bytes after each thousand logins of the job, about."""
    processor: float = 0.0
    """Seconds of a core that it took."""

    def observe(self, observation: Observation) -> None:
        """Note the end of a login."""
        if isinstance(observation, LoginEnded):
            self.ends.append(time.monotonic())
            if len(self.ends) % STEP == 0:
                self.memory.append(_read_memory())


def _read_memory() -> int:
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE")


def _ignore(_: fleet.NeedsToken) -> None:
    """Nobody is asked: the bank wants no token."""


def _read_vault(link_id: str) -> LinkUpdate:
    return LinkUpdate(link_id, password=PASSWORD)


@asynccontextmanager
async def open_tasks(setting: Setting, seen: Seen) -> AsyncIterator[tuple[SessionPool, FleetTasks]]:
    """Open a pool and the tasks of the queue."""
    app = App(connector=PsycopgConnector(conninfo=setting.dsn, max_size=4))
    pool = SessionPool(
        Credentials(*KEYS),
        environment=setting.url,
        backend=setting.dsn,
        egress=f"nat-{setting.number}",
        rate_limit=RateLimit(requests=setting.requests, window=WINDOW, margin=MARGIN),
        concurrency=Concurrency(total=20),
        observer=seen.observe,
    )
    async with app.open_async(), pool:
        yield pool, FleetTasks(app, credentials=_read_vault, on_challenge=_ignore)


async def _work(setting: Setting) -> Seen:
    seen = Seen([])
    async with open_tasks(setting, seen) as (pool, tasks):
        await tasks.run_worker(pool, wait=False, install_signal_handlers=False)
    seen.processor = time.process_time()
    return seen


def main() -> None:
    """Be a worker, and print what it has seen."""
    seen = asyncio.run(_work(Setting(**json.loads(sys.argv[1]))))
    sys.stdout.write(json.dumps(asdict(seen)))
