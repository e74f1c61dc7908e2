"""Each judgement on processes can fail: what is wrong, on purpose, is found out."""

import asyncio
import json
import math
import ssl
import time

import pytest
import trustme

from tests.processes.arrival import KERNEL_TELLS
from tests.processes.judge import Judge, Received, count_overlaps, find_worst_window, measure_goodput

LINK = "00000000-0000-0000-0000-000000000001"
OTHER = "00000000-0000-0000-0000-000000000002"
CLOCKS = 0.01
"""Seconds by which the clocks of a machine may differ."""


async def send(judge: Judge, method: str, link_id: str = LINK) -> dict[str, object]:
    """Send one request as a stranger would; return what the reply says."""
    reader, writer = await asyncio.open_connection("127.0.0.1", judge.port)
    try:
        writer.write(f"{method} /api/links/{link_id}/ HTTP/1.1\r\nHost: x\r\n\r\n".encode())
        head = await reader.readuntil(b"\r\n\r\n")
        length = int(head.lower().partition(b"content-length:")[2].split(b"\r\n")[0])
        shown: dict[str, object] = json.loads(await reader.readexactly(length))
    finally:
        writer.close()
    return shown


def build_contexts() -> tuple[ssl.SSLContext, ssl.SSLContext]:
    """Build what a server shows, and what a client trusts."""
    authority, client = trustme.CA(), ssl.create_default_context()
    authority.configure_trust(client)
    server = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("localhost").configure_cert(server)
    return server, client


def log_in(at: float, left_at: float, link_id: str = LINK, method: str = "PUT") -> Received:
    return Received(at, method=method, path=f"/api/links/{link_id}/", left_at=left_at)


@pytest.mark.parametrize(
    ("arrivals", "worst"),
    [
        ([], 0),
        ([5.0], 1),
        ([0.0, 10.0], 1),
        ([0.0, 9.999], 2),
        ([20.0, 9.0, 0.0, 10.0, 11.0, 18.9], 4),
        ([0.0, 0.0, 0.0], 3),
    ],
)
def test_the_worst_window_is_half_open_and_may_begin_anywhere(arrivals: list[float], worst: int) -> None:
    assert find_worst_window(arrivals, 10.0) == worst


def test_one_arrival_too_many_among_thousands_is_seen() -> None:
    exact = [number * 10.0 / 80 for number in range(2000)]
    assert find_worst_window(exact, 10.0) == 80
    assert find_worst_window([*exact, 123.456], 10.0) == 81


def test_goodput_is_one_where_all_that_is_allowed_is_used() -> None:
    arrivals = [0.0] * 80 + [10.3 + number * 10.3 / 80 for number in range(1000)]
    assert measure_goodput(arrivals, 80, 10.0, 0.3) == pytest.approx(1.0)


def test_goodput_is_a_half_where_every_second_start_is_lost() -> None:
    arrivals = [number * 2 * 10.3 / 80 for number in range(1000)]
    assert measure_goodput(arrivals, 80, 10.0, 0.3) == pytest.approx(0.5)


def test_goodput_of_too_few_arrivals_is_refused() -> None:
    with pytest.raises(ValueError, match="81 arrivals say nothing about a limit of 80"):
        measure_goodput([0.0] * 81, 80, 10.0, 0.3)


@pytest.mark.parametrize(
    ("log", "overlaps"),
    [
        ([log_in(0, 1), log_in(1, 2)], 0),
        ([log_in(0, 1), log_in(0.9, 2)], 1),
        ([log_in(0.9, 2), log_in(0, 1)], 1),
        ([log_in(0, 9), log_in(1, 2), log_in(3, 4)], 2),
        ([log_in(0, 1), log_in(0.5, 2, OTHER)], 0),
        ([log_in(0, 1), log_in(0.5, 0.6, method="GET")], 0),
        ([log_in(0, math.inf), log_in(5, 6)], 1),
        ([log_in(0, 1), Received(0.5)], 0),
    ],
)
def test_logins_of_one_link_that_meet_are_counted(log: list[Received], overlaps: int) -> None:
    assert count_overlaps(log) == overlaps


async def test_a_request_is_noted_from_its_first_byte_to_its_reply() -> None:
    async with Judge(login_seconds=0.02) as judge:
        began = time.monotonic()
        shown = await send(judge, "PUT")
        ended = time.monotonic()
        assert (shown["id"], shown["status"]) == (LINK, "valid")
        (entry,) = judge.log
        assert (entry.method, entry.link_id, entry.is_login) == ("PUT", LINK, True)
        assert began <= entry.at <= entry.left_at - 0.01 <= entry.left_at <= ended


@pytest.mark.skipif(not KERNEL_TELLS, reason="other kernels do not")
@pytest.mark.parametrize("is_encrypted", [False, True])
async def test_a_judge_that_is_late_itself_still_knows_when_a_request_came(is_encrypted: bool) -> None:
    """Without this, a busy machine would make two windows of arrivals one."""
    certificate, context = build_contexts()
    async with Judge(certificate=certificate if is_encrypted else None) as judge:
        _, writer = await asyncio.open_connection(
            "127.0.0.1",
            judge.port,
            ssl=context if is_encrypted else None,
            server_hostname="localhost" if is_encrypted else None,
        )
        began = time.monotonic()
        writer.write(b"P")
        ended = time.monotonic()
        time.sleep(0.2)  # noqa: ASYNC251 - the judge's event loop stands still
        await judge.wait_until(lambda: bool(judge.arrivals))
        writer.close()
    (arrived,) = judge.arrivals
    assert began - CLOCKS <= arrived <= ended + CLOCKS


async def test_a_read_shows_whether_a_login_has_succeeded() -> None:
    async with Judge() as judge:
        assert (await send(judge, "GET"))["last_accessed_at"] is None
        await send(judge, "PUT")
        assert (await send(judge, "GET"))["last_accessed_at"] is not None
        assert [entry.is_login for entry in judge.log] == [False, True, False]
        assert len(judge.arrivals) == 3


async def test_a_login_goes_on_at_the_bank_after_its_client_has_died() -> None:
    """Without this, the judge would see no overlap with the login of a process that was killed."""
    async with Judge(login_seconds=1.0) as judge:
        dying = asyncio.create_task(send(judge, "PUT"))
        await judge.wait_until(lambda: judge.is_logging_in(LINK))
        dying.cancel()
        judge.login_seconds = 0.0
        await send(judge, "PUT")
        assert count_overlaps(judge.log) == 1
        await judge.wait_until(lambda: not judge.is_logging_in(LINK))


async def test_a_request_that_breaks_off_arrives_and_is_no_login() -> None:
    async with Judge() as judge:
        _, writer = await asyncio.open_connection("127.0.0.1", judge.port)
        writer.write(b"PUT /api/li")
        await writer.drain()
        await judge.wait_until(lambda: bool(judge.arrivals))
        writer.close()
    assert (len(judge.arrivals), judge.logins) == (1, [])


async def test_every_second_handshake_or_so_takes_as_long_as_it_is_told_to() -> None:
    certificate, context = build_contexts()
    async with Judge(certificate=certificate, handshake_seconds=0.5) as judge:
        times = []
        for count in range(1, 9):
            began = time.monotonic()
            _, writer = await asyncio.open_connection(
                "127.0.0.1", judge.port, ssl=context, server_hostname="localhost"
            )
            times.append(time.monotonic() - began)
            writer.write(b"G")
            await judge.wait_until(lambda count=count: len(judge.arrivals) == count)  # type: ignore[misc]
            writer.close()
    assert min(times) < 0.5 <= max(times)
