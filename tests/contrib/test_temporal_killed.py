"""Workers of a job on Temporal are killed and stopped: each link has one login, one token, one outcome."""

import asyncio
import signal
import sys
from collections import Counter
from pathlib import Path

import pytest
from temporalio.client import Client

from belvo_async.backends import LinkState, PostgresBackend
from belvo_async.contrib.temporal import LinkResult, UpdateLink, start
from belvo_async.models import ChallengePhase
from belvo_async.sandbox import Fault, Sandbox
from tests.bulk.conftest import add_links, bank, wait_until
from tests.contrib.temporal_worker import JOB, PASSWORD, QUEUE, TOKEN
from tests.engine.conftest import open_pool
from tests.fleet.conftest import HEIMDALL, count_puts, read_states
from tests.stores.postgres import PostgresServer

__all__ = ["bank"]

WORKERS, LINKS, ASKED = 3, 90, 9
SILENCE = 22.0
"""Seconds: longer than the heartbeats of an activity may be away."""
PATIENCE = 90.0


async def run(role: str, *arguments: object) -> asyncio.subprocess.Process:
    command = (sys.executable, "-W", "error", "-m", "tests.contrib.temporal_worker", role)
    return await asyncio.create_subprocess_exec(*command, *map(str, arguments))


async def read_history(client: Client, link_id: str) -> bytes:
    """Return all events of a link, with those of workflows that went on as a new one."""
    run_id, events = "", b""
    while True:
        handle = client.get_workflow_handle(name_workflow(link_id), run_id=run_id or None)
        history = await handle.fetch_history()
        events += b"".join(event.SerializeToString() for event in history.events)
        run_id = history.events[0].workflow_execution_started_event_attributes.continued_execution_run_id
        if not run_id:
            return events


async def read_result(client: Client, link_id: str) -> LinkResult:
    return await client.get_workflow_handle_for(UpdateLink.run, name_workflow(link_id)).result()


def name_workflow(link_id: str) -> str:
    return f"belvo_async/{JOB}/{link_id}"


@pytest.mark.slow
async def test_no_link_is_logged_in_twice_and_none_is_lost(
    bank: Sandbox, postgres: PostgresServer, temporal: str, tmp_path: Path
) -> None:
    links = add_links(bank, LINKS - ASKED) + add_links(bank, ASKED, "mfa_numeric", HEIMDALL)
    bank.faults.add(Fault(kind="latency", seconds=0.5, method="PUT"))
    dsn, client, asked = postgres.make_database(), await Client.connect(temporal), tmp_path / "asked"
    asked.touch()
    surroundings = (temporal, dsn, bank.url, bank.secret_id, bank.secret_password, asked)
    async with PostgresBackend(dsn) as backend, open_pool(bank, backend=backend) as pool:
        await backend.init()
        assert await start(client, pool, links, job=JOB, task_queue=QUEUE) == LINKS
        processes = [await run("work", *surroundings) for _ in range(WORKERS)]
        processes.append(await run("answer", *surroundings))
        killed, stopped, *_ = processes
        try:
            async with asyncio.timeout(PATIENCE):
                await wait_until(lambda: count_puts(bank) >= 15)
                killed.kill()
                await wait_until(lambda: count_puts(bank) >= 30)
                stopped.send_signal(signal.SIGSTOP)
                await asyncio.sleep(SILENCE)
                stopped.send_signal(signal.SIGCONT)
                results = await asyncio.gather(*(read_result(client, link_id) for link_id in links))
        finally:
            for process in processes:
                if process.returncode is None:
                    process.kill()
                await process.wait()
        states = await read_states(pool, JOB)
        parked = [one for phase in ChallengePhase for one in await pool.challenges.list(phase=phase)]
    logins = Counter(entry.link_id for entry in bank.log if entry.method == "PUT")
    tokens = Counter(entry.link_id for entry in bank.log if entry.method == "PATCH")
    assert (max(logins.values()), max(tokens.values()), bank.overlapping_logins) == (1, 1, 0)
    assert {link_id: result.state for link_id, result in zip(links, results, strict=True)} == states
    unsettled = {link_id for link_id, state in states.items() if state is LinkState.UNSETTLED}
    assert set(states.values()) <= {LinkState.UPDATED, LinkState.UNSETTLED}
    assert set(links) - set(logins) <= unsettled  # killed right before they were sent
    assert len(unsettled) <= LINKS // 2
    histories = b"".join(await asyncio.gather(*(read_history(client, link_id) for link_id in links)))
    assert [link_id for link_id in links if link_id.encode() not in histories] == []
    asked_for = {text for one in parked for text in (one.ticket, one.challenge.session)}
    assert len(asked_for) >= 2
    secrets = {PASSWORD, TOKEN, bank.secret_password, *asked_for}
    assert [secret for secret in secrets if secret.encode() in histories] == []
