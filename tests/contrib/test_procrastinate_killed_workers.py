"""Workers on procrastinate are killed and put to sleep, and nobody is logged in twice."""

import asyncio
import re
import signal
import sys
from asyncio.subprocess import PIPE, Process
from collections import Counter
from contextlib import suppress
from typing import Any

import psycopg
import pytest
from attrs import define, field

from belvo_async import BelvoError, SessionPool, fleet
from belvo_async.backends import LinkState, PostgresBackend
from belvo_async.sandbox import Fault, Sandbox
from tests.contrib.procrastinate_worker import (
    JOB,
    LOGIN_LIMIT,
    PASSWORD,
    STALLED_AFTER,
    make_tasks,
    open_pool,
    read_vault,
)
from tests.fleet.conftest import HEIMDALL, add_links, bank, count_puts, read_states
from tests.stores.postgres import PostgresServer

__all__ = ["bank"]

LINKS, ASKED = 120, 30
PATIENCE = 120.0
TOKEN = "111111"


@define(eq=False)
class Crew:
    """Worker processes, and a person who answers what they say."""

    pool: SessionPool
    where: tuple[str, ...]
    workers: list[Process] = field(factory=list)
    told: Counter[str] = field(factory=Counter)
    _listening: list[asyncio.Task[None]] = field(factory=list)

    async def start(self) -> Process:
        command = (sys.executable, "-W", "error", "-m", "tests.contrib.procrastinate_worker", *self.where)
        worker = await asyncio.create_subprocess_exec(*command, stdout=PIPE)
        self.workers.append(worker)
        self._listening.append(asyncio.create_task(self._listen(worker)))
        return worker

    async def _listen(self, worker: Process) -> None:
        assert worker.stdout is not None
        async for line in worker.stdout:
            link_id, ticket = line.decode().split()
            self.told[link_id] += 1
            with suppress(BelvoError):  # it was told again, and has been answered
                await self._answer(link_id, ticket)

    async def _answer(self, link_id: str, ticket: str) -> None:
        if len(self.told) % 2:
            await self.pool.challenges.resume(ticket, token=TOKEN)
        else:
            await fleet.advance(
                self.pool,
                job=JOB,
                link_id=link_id,
                credentials=read_vault,
                token=TOKEN,
                login_limit=LOGIN_LIMIT,
            )

    async def wait_for_end(self, links: list[str]) -> dict[str, LinkState]:
        while True:
            states = await read_states(self.pool, JOB)
            if set(states) == set(links) and all(state.is_final for state in states.values()):
                return states
            await asyncio.sleep(0.2)

    async def end(self) -> list[int]:
        """Let the workers that are left end in good order, and return how each has ended."""
        for worker in self.workers:
            if worker.returncode is None:
                worker.terminate()
        codes = [await worker.wait() for worker in self.workers]
        await asyncio.gather(*self._listening)
        return codes

    async def kill(self) -> None:
        for worker in self.workers:
            if worker.returncode is None:
                worker.kill()
                await worker.wait()


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


async def wait_for_logins(bank: Sandbox, number: int) -> None:
    while count_puts(bank) < number:  # noqa: ASYNC110 - other processes send them
        await asyncio.sleep(0.05)


@pytest.mark.slow
async def test_no_link_is_logged_in_twice_and_none_is_lost_and_no_secret_is_left(
    bank: Sandbox, postgres: PostgresServer
) -> None:
    dsn = postgres.make_database()
    where: Any = (dsn, bank.url, bank.secret_id, bank.secret_password)
    links = add_links(bank, LINKS - ASKED) + add_links(bank, ASKED, "mfa_numeric", HEIMDALL)
    bank.faults.add(Fault(kind="latency", seconds=0.6, method="PUT"))
    app, tasks = make_tasks(dsn)
    async with asyncio.timeout(PATIENCE), app.open_async(), open_pool(*where) as pool:
        assert isinstance(pool.backend, PostgresBackend)
        await pool.backend.init()
        await app.schema_manager.apply_schema_async()
        assert await tasks.enqueue(pool, links, job=JOB) == LINKS
        crew = Crew(pool, where)
        try:
            killed, asleep, _ = [await crew.start() for _ in range(3)]
            await wait_for_logins(bank, 20)
            killed.kill()
            await wait_for_logins(bank, 35)
            asleep.send_signal(signal.SIGSTOP)
            await asyncio.sleep(STALLED_AFTER * 2)
            await crew.start()
            cells = read_database(dsn)
            asleep.send_signal(signal.SIGCONT)
            states = await crew.wait_for_end(links)
            codes = await crew.end()
        finally:
            await crew.kill()
    logins = Counter(entry.link_id for entry in bank.log if entry.method == "PUT")
    answers = Counter(entry.link_id for entry in bank.log if entry.method == "PATCH")
    assert set(states.values()) <= {LinkState.UPDATED, LinkState.UNSETTLED}
    assert Counter(states.values())[LinkState.UPDATED] >= LINKS * 3 // 4
    assert (max(logins.values()), max(answers.values()), bank.overlapping_logins) == (1, 1, 0)
    told, asked = set(crew.told), set(links[-ASKED:])
    assert {link_id for link_id in asked if states[link_id] is LinkState.UPDATED} <= told <= asked
    assert (codes[0], codes[2:]) == (-signal.SIGKILL, [0, 0])
    assert codes[1] in (0, 1)  # procrastinate may end a worker that it has taken for dead
    cells += read_database(dsn)
    assert all(find(link_id, cells) for link_id in links)
    assert [secret for secret in (PASSWORD, TOKEN, bank.secret_password) if find(secret, cells)] == []
