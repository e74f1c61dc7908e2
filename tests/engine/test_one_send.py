"""A login leaves at most once, also where aiohttp would send it again by itself."""

import asyncio
import json

import aiohttp
import pytest

from belvo_async import LinkUpdate, OutcomeUnknownError, SessionPool
from belvo_async.sandbox import Fault, Sandbox
from belvo_async.testing import ManualClock
from tests.engine.conftest import open_pool
from tests.engine.servers import KEYS, Wire, build_answer, serve

LINK_ID = "30cb4806-6e00-48a4-91c9-ca55968576c8"
STALE = json.dumps({"id": LINK_ID, "status": "invalid", "last_accessed_at": "2020-01-01T00:00:00Z"}).encode()


async def drop_every_put(wire: Wire, writer: asyncio.StreamWriter) -> bool:
    """Keep the connection alive after a GET, and drop it when a PUT arrives on it."""
    if wire.requests[-1].startswith(b"PUT"):
        return False
    writer.write(build_answer(STALE))
    return True


async def test_plain_aiohttp_does_send_a_put_twice_on_a_dropped_connection() -> None:
    """The control: without it, the next test would prove nothing."""
    async with serve(drop_every_put) as wire, aiohttp.ClientSession() as session:
        async with session.get(f"{wire.url}/api/") as answer:
            await answer.read()
        with pytest.raises(aiohttp.ServerDisconnectedError):
            await session.put(f"{wire.url}/api/links/{LINK_ID}/", data=b"{}")
        assert wire.count("PUT") == 2


async def test_ours_is_seen_once_when_a_kept_alive_connection_drops(clock: ManualClock) -> None:
    async with serve(drop_every_put) as wire, SessionPool(KEYS, environment=wire.url, clock=clock) as pool:
        await pool.ping()
        with pytest.raises(OutcomeUnknownError):
            await pool.links.update(LinkUpdate(LINK_ID, password="new"))
        assert wire.count("PUT") == 1
        assert wire.connections > 1  # the looks at the link came over a new one


async def test_a_delete_is_seen_once_when_a_kept_alive_connection_drops() -> None:
    async def drop_every_delete(wire: Wire, writer: asyncio.StreamWriter) -> bool:
        if wire.requests[-1].startswith(b"DELETE"):
            return False
        writer.write(build_answer(b"{}"))
        return True

    async with serve(drop_every_delete) as wire, SessionPool(KEYS, environment=wire.url) as pool:
        await pool.ping()
        with pytest.raises(Exception, match="lost"):
            await pool.links.delete(LINK_ID)
        assert wire.count("DELETE") == 1


async def test_a_reset_before_the_bank_on_a_reused_connection_is_one_request_and_no_login(
    sandbox: Sandbox, clock: ManualClock
) -> None:
    link_id = sandbox.add_link(institution="erebor_mx_retail", username="user_valid", password="pass_valid")
    async with open_pool(sandbox, clock=clock) as pool:
        await pool.ping()
        sandbox.faults.add(Fault(kind="reset_before", method="PUT", times=1))
        with pytest.raises(OutcomeUnknownError):
            await pool.links.update(LinkUpdate(link_id, password="new"))
    assert [entry.method for entry in sandbox.log].count("PUT") == 1
    assert sandbox.logins(link_id) == 0
