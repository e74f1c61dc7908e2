"""The two engines of the trials: what a job is put into, and what its workers run."""

import asyncio
import re
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from typing import ClassVar, Final, Protocol

import psycopg
from procrastinate import App
from temporalio.client import Client

from belvo_async import SessionPool
from belvo_async.backends import LinkState
from belvo_async.contrib.procrastinate import FleetTasks
from belvo_async.contrib.temporal import LinkTask, UpdateLink, answered, start
from tests.fleet.procrastinate_worker import make_tasks
from tests.fleet.temporal_worker import NaiveLink
from tests.fleet.trial_worker import JOB, QUEUE, Where

_AT_ONCE: Final = 20


class Engine(Protocol):
    """What a trial asks of either."""

    worker: ClassVar[str]
    """The module that a worker runs."""

    async def enqueue(self, pool: SessionPool, links: Sequence[str], *, times: int = 1) -> None:
        """Take links into the job, each as so many tasks."""

    async def enqueue_naively(self, links: Sequence[str]) -> None:
        """Enqueue links for tasks that ask no ledger."""

    async def tell_answered(self, pool: SessionPool, link_id: str) -> None:
        """Tell it that a challenge was answered."""

    async def check_ends(self, states: Mapping[str, LinkState]) -> None:
        """Check that it knows of the ends of links, too."""

    async def dump(self, links: Sequence[str]) -> list[str]:
        """Return all that is kept of a job, as text."""
        ...


class ProcrastinateEngine:
    worker: ClassVar[str] = "tests.fleet.procrastinate_worker"

    def __init__(self, dsn: str, app: App, tasks: FleetTasks) -> None:
        self._dsn: Final = dsn
        self._app: Final = app
        self._tasks: Final = tasks

    async def enqueue(self, pool: SessionPool, links: Sequence[str], *, times: int = 1) -> None:
        for _ in range(times):
            assert await self._tasks.enqueue(pool, links, job=JOB) == len(links)

    async def enqueue_naively(self, links: Sequence[str]) -> None:
        for link_id in links:
            await self._app.tasks["naive"].defer_async(link_id=link_id)

    async def tell_answered(self, pool: SessionPool, link_id: str) -> None:
        await self._tasks.enqueue(pool, [link_id], job=JOB)

    async def check_ends(self, states: Mapping[str, LinkState]) -> None:
        """Its tasks have no result."""

    async def dump(self, links: Sequence[str]) -> list[str]:  # noqa: ARG002 - it is one database
        return await asyncio.to_thread(read_database, self._dsn)


class TemporalEngine:
    worker: ClassVar[str] = "tests.fleet.temporal_worker"

    def __init__(self, where: Where, client: Client) -> None:
        self._dsn: Final = where.dsn
        self._client: Final = client
        self._slots: Final = asyncio.Semaphore(_AT_ONCE)

    async def enqueue(self, pool: SessionPool, links: Sequence[str], *, times: int = 1) -> None:
        others = (self._start(f"{n}/{link_id}", link_id) for n in range(1, times) for link_id in links)
        count, *_ = await asyncio.gather(start(self._client, pool, links, job=JOB, task_queue=QUEUE), *others)
        assert count == len(links)

    async def _start(self, name: str, link_id: str) -> int:
        """Start a second workflow of a link: the first has another id."""
        async with self._slots:
            await self._client.start_workflow(
                UpdateLink.run, LinkTask(job=JOB, link_id=link_id), id=name, task_queue=QUEUE
            )
        return 1

    async def enqueue_naively(self, links: Sequence[str]) -> None:
        for link_id in links:
            await self._client.start_workflow(NaiveLink.run, link_id, id=f"naive/{link_id}", task_queue=QUEUE)

    async def tell_answered(self, pool: SessionPool, link_id: str) -> None:  # noqa: ARG002 - Temporal has it
        await answered(self._client, job=JOB, link_id=link_id)

    async def check_ends(self, states: Mapping[str, LinkState]) -> None:
        results = await asyncio.gather(*map(self._read_result, states))
        assert dict(zip(states, results, strict=True)) == states

    async def _read_result(self, link_id: str) -> str:
        async with self._slots:
            return (await self._client.get_workflow_handle_for(UpdateLink.run, _name(link_id)).result()).state

    async def dump(self, links: Sequence[str]) -> list[str]:
        histories = await asyncio.gather(*(self._read_history(link_id) for link_id in links))
        return [*histories, *await asyncio.to_thread(read_database, self._dsn)]

    async def _read_history(self, link_id: str) -> str:
        """Return all events of a link, with those of workflows that went on as a new one."""
        run_id, events = "", b""
        while True:
            handle = self._client.get_workflow_handle(_name(link_id), run_id=run_id or None)
            history = await handle.fetch_history()
            events += b"".join(event.SerializeToString() for event in history.events)
            started = history.events[0].workflow_execution_started_event_attributes
            run_id = started.continued_execution_run_id
            if not run_id:
                return events.decode("latin-1")


def _name(link_id: str) -> str:
    return f"belvo_async/{JOB}/{link_id}"


@asynccontextmanager
async def opening_engine(where: Where) -> AsyncIterator[Engine]:
    """Open the engine of a trial: Temporal, where it has an address, else procrastinate."""
    if where.temporal:
        yield TemporalEngine(where, await Client.connect(where.temporal))
        return
    app, tasks = make_tasks(where.dsn)
    async with app.open_async():
        await app.schema_manager.apply_schema_async()
        yield ProcrastinateEngine(where.dsn, app, tasks)


def read_database(dsn: str) -> list[str]:
    """Return all cells of all tables as text."""
    tables = (
        "SELECT format('%I.%I', table_schema, table_name) FROM information_schema.tables "
        "WHERE table_type = 'BASE TABLE' AND table_schema NOT IN ('pg_catalog', 'information_schema')"
    )
    with psycopg.connect(dsn) as connection:
        names = [name for (name,) in connection.execute(tables).fetchall()]
        rows = [row for name in names for row in connection.execute(f"TABLE {name}".encode()).fetchall()]
    return [cell.decode("latin-1") if isinstance(cell, bytes) else str(cell) for row in rows for cell in row]


def find(text: str, cells: list[str]) -> list[str]:
    """Return the cells that have a text that is no part of a longer word or number."""
    word = re.compile(rf"(?<![0-9A-Za-z]){re.escape(text)}(?![0-9A-Za-z])")
    return [cell for cell in cells if word.search(cell)]
