"""The FastAPI backend: two workers of uvicorn, one backend, one sandbox."""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import ExitStack
from pathlib import Path

import pytest
from aiohttp import ClientSession

from belvo_async.sandbox import Sandbox
from tests.examples.serving import serve

BANK = "heimdall_mx_retail"


@pytest.fixture
async def sandbox() -> AsyncIterator[Sandbox]:
    async with Sandbox() as sandbox:
        yield sandbox


@pytest.fixture
async def workers(sandbox: Sandbox, tmp_path: Path) -> AsyncIterator[tuple[str, str]]:
    file = tmp_path / "shared.sqlite"
    with ExitStack() as servers:
        yield servers.enter_context(serve(sandbox, file)), servers.enter_context(serve(sandbox, file))


@pytest.fixture
async def client() -> AsyncIterator[ClientSession]:
    async with ClientSession() as client:
        yield client


async def park(client: ClientSession, worker: str, sandbox: Sandbox) -> tuple[str, str, str]:
    """Park the challenge of a new link; return its ticket, its page and the link's id."""
    link_id = sandbox.add_link(institution=BANK, username="x_mfa_numeric")
    async with client.put(f"{worker}/links/{link_id}", json={"password": "new"}) as response:
        assert response.status == 202
        answer = await response.json()
    return answer["ticket"], answer["page"], link_id


async def resume(client: ClientSession, worker: str, ticket: str, token: str | None) -> int:
    async with client.post(f"{worker}/tickets/{ticket}", json={"token": token}) as response:
        return response.status


async def test_what_one_worker_has_parked_the_other_resumes(
    sandbox: Sandbox, workers: tuple[str, str], client: ClientSession
) -> None:
    one, two = workers
    ticket, page, link_id = await park(client, one, sandbox)
    assert page.startswith(one)
    async with client.get(page.replace(one, two)) as response:
        assert (response.status, "12345" in await response.text()) == (200, True)
    assert await resume(client, two, ticket, " ") == 422
    assert await resume(client, two, ticket, "999999") == 202
    assert await resume(client, two, ticket, "111111") == 200
    assert await resume(client, one, ticket, "111111") == 409
    async with client.get(f"{one}/tickets/{ticket}") as response:
        assert await response.json() == {"phase": "updated", "attempts": 2}
    assert sandbox.tokens(link_id) == ["999999", "111111"]


async def test_two_hundred_doubles_send_a_hundred_tokens(
    sandbox: Sandbox, workers: tuple[str, str], client: ClientSession
) -> None:
    parked = await asyncio.gather(*(park(client, workers[number % 2], sandbox) for number in range(100)))
    statuses = await asyncio.gather(
        *(resume(client, worker, ticket, "111111") for ticket, _, _ in parked for worker in workers)
    )
    assert Counter(statuses) == {200: 100, 409: 100}
    assert [sandbox.tokens(link_id) for _, _, link_id in parked] == [["111111"]] * 100


async def test_errors_have_a_status_of_their_own_and_no_secret(
    sandbox: Sandbox, workers: tuple[str, str], client: ClientSession
) -> None:
    one, _ = workers
    assert await resume(client, one, "a" * 32, "111111") == 404
    plain = sandbox.add_link()
    async with client.put(f"{one}/links/{plain}", json={"password": "new"}) as response:
        assert await response.json() == {"link_id": plain, "status": "valid"}
    missing = "00000000-0000-4000-8000-000000000000"
    async with client.put(f"{one}/links/{missing}", json={"password": "secret-word"}) as response:
        assert (response.status, "secret-word" in await response.text()) == (502, False)
    async with client.put(f"{one}/links/none", json={"password": "secret-word"}) as response:
        assert response.status == 422
