"""Starting the workflows of a job, once and again, and what they come to."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from uuid import uuid4

import pytest
from temporalio.client import Client
from temporalio.service import RPCError
from temporalio.worker import Worker

from belvo_async import LinkUpdate, SessionPool, fleet
from belvo_async.backends import SqliteBackend
from belvo_async.contrib.temporal import LinkActivities, LinkResult, UpdateLink, answered, retry, start
from belvo_async.fleet import NeedsToken
from belvo_async.sandbox import Sandbox
from tests.bulk.conftest import add_links, bank, count_puts
from tests.engine.conftest import open_pool
from tests.fleet.conftest import HEIMDALL, read_vault

__all__ = ["bank"]

PATIENCE = 30.0


@pytest.fixture
async def client(temporal: str) -> Client:
    return await Client.connect(temporal)


@pytest.fixture
async def pool(bank: Sandbox, tmp_path: Path) -> AsyncIterator[SessionPool]:
    async with SqliteBackend(tmp_path / "belvo.sqlite") as backend, open_pool(bank, backend=backend) as pool:
        yield pool


@pytest.fixture
def job() -> str:
    """The name of a job, and of its task queue: the links of each test have the same ids."""
    return uuid4().hex


@asynccontextmanager
async def working(
    client: Client, pool: SessionPool, job: str, password: str = "right"
) -> AsyncIterator[None]:
    """Run a worker; its users give their token at once, to whoever tells them."""

    def read(link_id: str) -> LinkUpdate:
        return LinkUpdate(link_id, password=password)

    async def tell(needed: NeedsToken) -> None:
        await fleet.advance(pool, job=job, link_id=needed.link_id, credentials=read, token="111111")
        assert await answered(client, job=job, link_id=needed.link_id)

    activities = LinkActivities(pool, credentials=read, on_challenge=tell)
    async with Worker(client, task_queue=job, workflows=[UpdateLink], activities=[activities.advance]):
        yield


async def read_run(client: Client, job: str, link_id: str) -> str | None:
    return (await client.get_workflow_handle(f"belvo_async/{job}/{link_id}").describe()).run_id


async def read_result(client: Client, job: str, link_id: str) -> LinkResult:
    return await client.get_workflow_handle_for(UpdateLink.run, f"belvo_async/{job}/{link_id}").result()


async def test_links_come_to_their_end_with_and_without_a_token(
    bank: Sandbox, client: Client, pool: SessionPool, job: str
) -> None:
    links = add_links(bank, 3) + add_links(bank, 2, "mfa_numeric", HEIMDALL)
    assert await start(client, pool, links, job=job, task_queue=job) == 5
    async with working(client, pool, job):
        results = [await read_result(client, job, link_id) for link_id in links]
    assert results == [LinkResult(state="updated")] * 5
    assert count_puts(bank) == 5


async def test_links_that_are_started_again_keep_their_workflows(
    bank: Sandbox, client: Client, pool: SessionPool, job: str
) -> None:
    links = add_links(bank, 3)
    await fleet.advance(pool, job=job, link_id=links[0], credentials=read_vault)
    runs = []
    for _ in range(2):
        assert await start(client, pool, links, job=job, task_queue=job) == 2
        runs.append([await read_run(client, job, link_id) for link_id in links[1:]])
    assert runs[0] == runs[1]
    with pytest.raises(RPCError):
        await read_run(client, job, links[0])


async def test_a_link_that_was_refused_is_tried_again_in_a_new_workflow(
    bank: Sandbox, client: Client, pool: SessionPool, job: str
) -> None:
    (link_id,) = add_links(bank)
    await start(client, pool, [link_id], job=job, task_queue=job)
    async with working(client, pool, job, "pass_invalid"):
        assert (await read_result(client, job, link_id)).code == "login_error"
    assert await retry(client, pool, job=job, task_queue=job) == 1
    async with working(client, pool, job):
        assert await read_result(client, job, link_id) == LinkResult(state="updated")
    assert await retry(client, pool, job=job, task_queue=job) == 0


async def test_a_link_that_is_put_back_while_its_workflow_waits_is_logged_in_at_once(
    bank: Sandbox, client: Client, pool: SessionPool, job: str
) -> None:
    (link_id,) = add_links(bank, 1, "mfa_numeric", HEIMDALL)
    told: asyncio.Queue[NeedsToken] = asyncio.Queue()
    activities = LinkActivities(pool, credentials=read_vault, on_challenge=told.put)
    await start(client, pool, [link_id], job=job, task_queue=job)
    async with Worker(client, task_queue=job, workflows=[UpdateLink], activities=[activities.advance]):
        await pool.challenges.decline((await told.get()).ticket)
        step = await fleet.advance(pool, job=job, link_id=link_id, credentials=read_vault)
        assert isinstance(step, fleet.Ended)
        assert await retry(client, pool, job=job, task_queue=job) == 1
        async with asyncio.timeout(PATIENCE):
            await told.get()
    assert count_puts(bank) == 2


async def test_where_temporal_cannot_be_reached_the_links_can_be_started_again(
    bank: Sandbox, client: Client, pool: SessionPool, job: str, temporal: str
) -> None:
    (link_id,) = add_links(bank)
    nowhere = await Client.connect(temporal, namespace="nowhere")
    with pytest.raises(RPCError):
        await start(nowhere, pool, [link_id], job=job, task_queue=job)
    assert await start(client, pool, [link_id], job=job, task_queue=job) == 1
