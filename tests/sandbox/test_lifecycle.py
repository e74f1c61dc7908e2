import asyncio

import pytest
from aiohttp import ClientConnectionError

from belvo_async import sandbox as package
from belvo_async.sandbox import Sandbox, SandboxOptions

from .clients import Client
from .clocks import ManualClock, eventually


async def test_it_listens_on_the_loopback_address_until_it_is_stopped() -> None:
    sandbox = Sandbox()
    with pytest.raises(RuntimeError, match="not started"):
        _ = sandbox.url
    assert sandbox.connections == 0
    await sandbox.start()
    assert sandbox.url.startswith("http://127.0.0.1:")
    async with Client(sandbox) as client:
        assert (await client.get("/api/")).status == 200
    await sandbox.stop()
    await sandbox.stop()
    with pytest.raises(RuntimeError, match="not started"):
        _ = sandbox.url


async def test_it_starts_once_at_a_time_and_comes_back_with_its_links(sandbox: Sandbox) -> None:
    with pytest.raises(RuntimeError, match="already"):
        await sandbox.start()
    link_id = sandbox.add_link()
    await sandbox.stop()
    await sandbox.start()
    async with Client(sandbox) as client:
        assert (await client.get(f"/api/links/{link_id}/")).status == 200


async def test_a_port_that_is_taken_is_an_error(sandbox: Sandbox) -> None:
    other = Sandbox(port=int(sandbox.url.rpartition(":")[2]))
    with pytest.raises(OSError, match="address already in use"):
        await other.start()
    await other.stop()


async def test_stopping_leaves_no_task_and_no_login(clock: ManualClock) -> None:
    before = asyncio.all_tasks()
    sandbox = Sandbox(clock=clock, options=SandboxOptions(login_seconds=60))
    await sandbox.start()
    link_id = sandbox.add_link()
    async with Client(sandbox) as client:
        await client.get("/api/")
        update = asyncio.create_task(client.update(link_id, password="x"))
        await eventually(lambda: clock.sleepers == 1)
        await sandbox.stop()
        with pytest.raises(ClientConnectionError):
            await update
    assert asyncio.all_tasks() == before
    assert sandbox.connections == 0


async def test_a_login_can_begin_anew_after_a_stop(clock: ManualClock) -> None:
    sandbox = Sandbox(clock=clock, options=SandboxOptions(login_seconds=60))
    link_id = sandbox.add_link()
    for _ in range(2):
        async with sandbox, Client(sandbox) as client:
            update = asyncio.create_task(client.update(link_id, password="x"))
            await eventually(lambda: clock.sleepers == 1)
            update.cancel()
    assert sandbox.overlapping_logins == 0


def test_the_seed_decides_every_identifier() -> None:
    one, same, other = Sandbox(seed=7), Sandbox(seed=7), Sandbox(seed=8)
    assert (one.secret_id, one.secret_password) == (same.secret_id, same.secret_password)
    assert one.add_link() == same.add_link()
    assert one.secret_id != other.secret_id


async def test_the_keys_can_be_given() -> None:
    options = SandboxOptions(secret_id="me", secret_password="s#cr*t@&_-")
    async with Sandbox(options=options) as sandbox, Client(sandbox) as client:
        assert (sandbox.secret_id, sandbox.secret_password) == ("me", "s#cr*t@&_-")
        assert (await client.get("/api/")).status == 200
    assert "s#cr" not in repr(options)


async def test_a_body_that_never_comes_reaches_nobody(sandbox: Sandbox) -> None:
    host, port = sandbox.url.removeprefix("http://").split(":")
    _, writer = await asyncio.open_connection(host, int(port))
    writer.write(b"PUT /api/links/x/ HTTP/1.1\r\nHost: x\r\nContent-Length: 100\r\n\r\n{")
    await writer.drain()
    await eventually(lambda: sandbox.connections == 1)
    writer.close()
    await writer.wait_closed()
    await eventually(lambda: sandbox.connections == 0)
    assert sandbox.log == []


def test_the_public_names_are_sorted_and_there() -> None:
    assert package.__all__ == sorted(package.__all__)
    assert all(hasattr(package, name) for name in package.__all__)
