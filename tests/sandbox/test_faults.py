import asyncio
import errno
import gzip
import json

import aiohttp
import pytest

from belvo_async.sandbox import Fault, Sandbox

from .clients import Client
from .clocks import ManualClock, eventually


@pytest.mark.parametrize("kind", ["reset_before", "close_before"])
async def test_a_cut_before_the_bank_leaves_no_trace_there(
    sandbox: Sandbox, client: Client, kind: str
) -> None:
    link_id = sandbox.add_link()
    sandbox.faults.add(Fault(kind=kind))
    with pytest.raises(aiohttp.ClientConnectionError):
        await client.update(link_id, password="new")
    assert (sandbox.logins(), sandbox.links[link_id].password) == (0, "pass_valid")
    (entry,) = sandbox.log
    assert (entry.status, entry.login, entry.fault) == (None, False, kind)


@pytest.mark.parametrize("kind", ["reset_after", "close_after"])
async def test_a_cut_after_the_bank_loses_a_login_that_was_done(
    sandbox: Sandbox, client: Client, kind: str
) -> None:
    link_id = sandbox.add_link()
    sandbox.faults.add(Fault(kind=kind))
    with pytest.raises(aiohttp.ClientConnectionError):
        await client.update(link_id, password="new")
    assert (sandbox.logins(link_id), sandbox.links[link_id].password) == (1, "new")
    (entry,) = sandbox.log
    assert (entry.status, entry.login, entry.fault) == (None, True, kind)


async def test_a_reset_is_a_reset_and_a_close_is_a_close(sandbox: Sandbox, client: Client) -> None:
    sandbox.faults.add(Fault(kind="reset_before", times=1), Fault(kind="close_before", times=1))
    with pytest.raises(aiohttp.ClientOSError) as reset:
        await client.get("/api/")
    assert reset.value.errno == errno.ECONNRESET
    with pytest.raises(aiohttp.ServerDisconnectedError):
        await client.get("/api/")


@pytest.mark.parametrize(("kind", "logins"), [("reset_before", 1), ("reset_after", 2), ("close_after", 2)])
async def test_a_dropped_kept_alive_connection_makes_plain_aiohttp_send_twice(
    sandbox: Sandbox, kind: str, logins: int
) -> None:
    """The danger that this fault is made to show; a careful client lets the error through instead."""
    link_id = sandbox.add_link()
    async with Client(sandbox, resends=True) as client:
        await client.get("/api/")
        sandbox.faults.add(Fault(kind=kind, times=1, reused_only=True))
        assert (await client.update(link_id, password="x")).status == 200
    assert [(entry.method, entry.reused, entry.status) for entry in sandbox.log] == [
        ("GET", False, 200),
        ("PUT", True, None),
        ("PUT", False, 200),
    ]
    assert sandbox.logins(link_id) == logins


async def test_reused_only_spares_the_first_request_of_a_connection(sandbox: Sandbox, client: Client) -> None:
    sandbox.faults.add(Fault(kind="reset_before", reused_only=True))
    assert (await client.get("/api/")).status == 200
    with pytest.raises(aiohttp.ClientConnectionError):
        await client.get("/api/")
    assert (await client.get("/api/")).status == 200


async def test_a_truncated_answer_has_the_right_length_and_half_the_body(
    sandbox: Sandbox, client: Client
) -> None:
    link_id = sandbox.add_link()
    sandbox.faults.add(Fault(kind="truncate"))
    async with client.session.put(
        f"{sandbox.url}/api/links/{link_id}/", json={"password": "new"}, headers=client.headers
    ) as answer:
        assert answer.status == 200
        length = int(answer.headers["Content-Length"])
        with pytest.raises(aiohttp.ClientPayloadError):
            await answer.read()
    assert length == len(await _shown(sandbox, link_id))
    assert sandbox.links[link_id].password == "new"
    assert sandbox.log[0].status == 200


async def _shown(sandbox: Sandbox, link_id: str) -> bytes:
    sandbox.faults.clear()
    async with Client(sandbox) as client:
        return (await client.get(f"/api/links/{link_id}/")).body


@pytest.mark.parametrize(
    ("kind", "body"), [("garbage", b'{"id": \xff\xfe nonsense'), ("empty", b""), ("wrong_type", b"42")]
)
async def test_a_spoilt_body_keeps_its_true_status(
    sandbox: Sandbox, client: Client, kind: str, body: bytes
) -> None:
    link_id = sandbox.add_link(username="x_mfa_qr")
    sandbox.faults.add(Fault(kind=kind))
    answer = await client.update(link_id, password="x")
    assert (answer.status, answer.body) == (428, body)
    assert answer.headers["content-type"].startswith("application/json")
    assert sandbox.logins(link_id) == 1
    assert sandbox.log[-1].fault == kind


async def test_a_spoilt_body_can_have_another_status(sandbox: Sandbox, client: Client) -> None:
    sandbox.faults.add(Fault(kind="garbage", status=502))
    assert (await client.get("/api/")).status == 502


@pytest.mark.parametrize(
    ("status", "title"),
    [(None, b"403 Forbidden"), (502, b"502 Bad"), (504, b"504 Gate"), (520, b"520 Error")],
)
async def test_a_page_comes_from_the_edge(
    sandbox: Sandbox, client: Client, status: int | None, title: bytes
) -> None:
    sandbox.faults.add(Fault(kind="html", status=status))
    answer = await client.update(sandbox.add_link(), password="x")
    assert answer.status == (status or 403)
    assert title in answer.body
    assert answer.headers["server"].startswith("openresty")
    assert sandbox.logins() == 0


async def test_a_gateway_can_time_out_on_a_login_that_was_done(sandbox: Sandbox, client: Client) -> None:
    sandbox.faults.add(Fault(kind="html", status=504, reaches_bank=True))
    link_id = sandbox.add_link()
    assert (await client.update(link_id, password="new")).status == 504
    assert sandbox.links[link_id].password == "new"


async def test_a_status_comes_with_its_headers(sandbox: Sandbox, client: Client) -> None:
    sandbox.faults.add(Fault(kind="status", status=429, headers={"Retry-After": "3"}))
    answer = await client.get("/api/")
    assert (answer.status, answer.code, answer.headers["retry-after"]) == (429, "throttled", "3")
    sandbox.faults.clear()
    sandbox.faults.add(Fault(kind="status"))
    assert (await client.get("/api/")).code == "unexpected_error"


async def test_latency_holds_a_read_back(sandbox: Sandbox, client: Client, clock: ManualClock) -> None:
    sandbox.faults.add(Fault(kind="latency", seconds=30))
    answer = asyncio.create_task(client.get("/api/"))
    await eventually(lambda: clock.sleepers == 1)
    clock.advance(30)
    assert (await answer).status == 200
    assert sandbox.log[-1].fault == "latency"


async def test_a_cut_can_come_late(sandbox: Sandbox, client: Client, clock: ManualClock) -> None:
    sandbox.faults.add(Fault(kind="reset_before", seconds=30))
    answer = asyncio.create_task(client.get("/api/"))
    await eventually(lambda: clock.sleepers == 1)
    clock.advance(30)
    with pytest.raises(aiohttp.ClientConnectionError):
        await answer


@pytest.mark.parametrize("kind", ["reset_before", "close_after", "truncate", "garbage", "huge"])
async def test_a_client_may_be_gone_before_its_answer_is_spoilt(
    sandbox: Sandbox, client: Client, clock: ManualClock, kind: str
) -> None:
    sandbox.faults.add(Fault(kind=kind, seconds=30))
    answer = asyncio.create_task(client.get("/api/"))
    await eventually(lambda: clock.sleepers == 1)
    answer.cancel()
    await eventually(lambda: sandbox.connections == 0)
    clock.advance(30)
    await eventually(lambda: sandbox.log[-1].fault == kind)


async def test_a_huge_answer_goes_on_beyond_64_mib(sandbox: Sandbox, client: Client) -> None:
    sandbox.faults.add(Fault(kind="huge"))
    size = 0
    async with client.session.get(f"{sandbox.url}/api/", headers=client.headers) as answer:
        async for part in answer.content.iter_any():
            size += len(part)
    assert size > 64 << 20


async def test_a_client_may_hang_up_on_a_huge_answer(sandbox: Sandbox, client: Client) -> None:
    sandbox.faults.add(Fault(kind="huge"))
    async with client.session.get(f"{sandbox.url}/api/", headers=client.headers) as answer:
        await answer.content.read(1000)
        answer.close()
    await eventually(lambda: sandbox.connections == 0)


async def test_a_bomb_is_small_on_the_wire(sandbox: Sandbox) -> None:
    sandbox.faults.add(Fault(kind="gzip_bomb"))
    async with (
        aiohttp.ClientSession(auto_decompress=False) as session,
        session.get(f"{sandbox.url}/api/") as answer,
    ):
        packed = await answer.read()
    assert answer.headers["Content-Encoding"] == "gzip"
    assert len(packed) < 1 << 20
    assert len(gzip.decompress(packed)) > 64 << 20
    assert json.loads(gzip.decompress(packed)) == []


async def test_a_fault_meets_only_whom_it_is_about(sandbox: Sandbox, client: Client) -> None:
    one, other = sandbox.add_link(), sandbox.add_link()
    sandbox.faults.add(Fault(kind="status", method="put", path="/api/links/", link_id=one))
    assert (await client.get(f"/api/links/{one}/")).status == 200
    assert (await client.update(other, password="x")).status == 200
    assert (await client.update(one, password="x")).status == 500
    sandbox.faults.clear()
    assert (await client.update(one, password="x")).status == 200


async def test_a_fault_about_a_link_meets_its_resume(sandbox: Sandbox, client: Client) -> None:
    challenge = await client.challenge(sandbox.add_link(username="x_mfa_qr"))
    sandbox.faults.add(Fault(kind="status", method="PATCH", link_id=challenge["link"]))
    assert (await client.resume(challenge, "111111")).status == 500
    assert sandbox.log[-1].link_id == challenge["link"]


async def test_a_fault_lets_some_pass_and_strikes_so_many_times(sandbox: Sandbox, client: Client) -> None:
    sandbox.faults.add(Fault(kind="status", after=1, times=2, path="/api/"))
    assert [(await client.get("/api/")).status for _ in range(5)] == [200, 500, 500, 200, 200]


async def _strikes(seed: int) -> list[int]:
    async with Sandbox(seed=seed) as sandbox, Client(sandbox) as client:
        sandbox.faults.add(Fault(kind="status", probability=0.5))
        return [(await client.get("/api/")).status for _ in range(40)]


async def test_a_probable_fault_follows_the_seed() -> None:
    first = await _strikes(1)
    assert set(first) == {200, 500}
    assert first == await _strikes(1)
    assert first != await _strikes(2)


def test_an_unknown_kind_is_refused() -> None:
    with pytest.raises(ValueError, match="earthquake"):
        Fault(kind="earthquake")
