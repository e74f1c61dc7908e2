"""A lost reply is neither a failure nor a success: the link itself settles it, or the caller is told."""

import asyncio

import pytest

from belvo_async import LinkRegistration, LinkUpdate, OutcomeUnknownError, SessionPool
from belvo_async.errors import (
    ApiError,
    BelvoError,
    NotSentError,
    RequestTimeoutError,
    ResponseLostError,
    ServerError,
    UnreadableResponseError,
)
from belvo_async.models import LinkStatus
from belvo_async.sandbox import Fault, Sandbox
from belvo_async.telemetry import LoginSettled, Observation
from belvo_async.testing import ManualClock
from tests.engine.conftest import open_pool
from tests.engine.servers import KEYS, answer_once_with, build_answer

LINK_ID = "30cb4806-6e00-48a4-91c9-ca55968576c8"


def add_link(sandbox: Sandbox, username: str = "user_valid") -> str:
    return sandbox.add_link(
        institution="erebor_mx_retail", username=username, password="pass_valid", status="invalid"
    )


@pytest.mark.parametrize(
    "kind", ["reset_after", "truncate", "garbage", "empty", "wrong_type", "html", "huge"]
)
async def test_a_login_that_succeeded_unheard_is_settled_by_a_look_at_the_link(
    sandbox: Sandbox, kind: str
) -> None:
    link_id = add_link(sandbox)
    seen: list[Observation] = []
    async with open_pool(sandbox, observer=seen.append) as pool:
        status = 504 if kind == "html" else None  # a gateway that did not wait for Belvo
        sandbox.faults.add(Fault(kind=kind, method="PUT", times=1, status=status, reaches_bank=True))
        link = await pool.links.update(LinkUpdate(link_id, password="new"))
    assert link.status is LinkStatus.VALID
    assert sandbox.logins(link_id) == 1
    assert LoginSettled(link_id=link_id, succeeded=True) in seen


async def test_a_login_that_shows_no_success_is_reported_as_unknown(
    sandbox: Sandbox, clock: ManualClock
) -> None:
    link_id = add_link(sandbox)
    async with open_pool(sandbox, clock=clock) as pool:
        sandbox.faults.add(Fault(kind="reset_before", method="PUT", times=1))
        with pytest.raises(OutcomeUnknownError) as caught:
            await pool.links.update(LinkUpdate(link_id, password="new"))
    assert caught.value.link_id == link_id
    assert isinstance(caught.value.__cause__, ResponseLostError)
    assert [entry.method for entry in sandbox.log] == ["PUT", "GET", "GET", "GET", "GET"]
    assert clock.naps[:3] == [3.0, 6.0, 12.0]


async def test_a_look_that_fails_does_not_settle(sandbox: Sandbox, clock: ManualClock) -> None:
    link_id = add_link(sandbox)
    async with open_pool(sandbox, clock=clock) as pool:
        sandbox.faults.add(Fault(kind="reset_before"))
        with pytest.raises(OutcomeUnknownError):
            await pool.links.update(LinkUpdate(link_id, password="new"))
    assert sandbox.logins(link_id) == 0


async def test_a_login_still_running_at_the_first_look_is_settled_by_a_later_one(
    sandbox: Sandbox, clock: ManualClock
) -> None:
    link_id = add_link(sandbox)
    async with open_pool(sandbox, clock=clock) as pool:
        sandbox.faults.add(Fault(kind="reset_before", method="PUT", times=1))
        update = asyncio.ensure_future(pool.links.update(LinkUpdate(link_id, password="new")))
        while sum(entry.method == "GET" for entry in sandbox.log) < 2:  # noqa: ASYNC110 - the log has no event
            await asyncio.sleep(0)
        sandbox.links[link_id].status = "valid"
        sandbox.links[link_id].last_accessed_at = clock.wall()
        assert (await update).id == link_id


async def test_an_access_before_the_login_was_sent_is_no_proof(sandbox: Sandbox, clock: ManualClock) -> None:
    link_id = sandbox.add_link(institution="erebor_mx_retail", username="user_valid", password="pass_valid")
    async with open_pool(sandbox) as pool:
        await pool.links.update(LinkUpdate(link_id, password="first"))
    async with open_pool(sandbox, clock=clock) as pool:
        sandbox.faults.add(Fault(kind="reset_before", method="PUT", times=1))
        with pytest.raises(OutcomeUnknownError):
            await pool.links.update(LinkUpdate(link_id, password="second"))


async def test_a_lost_registration_is_unknown_and_not_repeated(sandbox: Sandbox) -> None:
    async with open_pool(sandbox) as pool:
        sandbox.faults.add(Fault(kind="reset_after", method="POST", times=1))
        with pytest.raises(OutcomeUnknownError):
            await pool.links.register(
                LinkRegistration(institution="erebor_mx_retail", username="user_valid", password="pass_valid")
            )
    assert [entry.method for entry in sandbox.log] == ["POST"]


async def test_a_coded_server_error_is_settled_and_then_repeated_on_belvos_schedule(
    sandbox: Sandbox, clock: ManualClock
) -> None:
    link_id = add_link(sandbox, "x_unexpected_error")
    async with open_pool(sandbox, clock=clock) as pool:
        link = await pool.links.update(LinkUpdate(link_id, password="pass_valid"))
    assert link.status is LinkStatus.VALID
    assert [entry.method for entry in sandbox.log] == ["PUT", "GET", "PUT", "GET", "PUT"]
    assert clock.naps == pytest.approx([1, 3, 1, 6, 1], rel=0.11)  # a login takes 1 s; jitter is a tenth


async def test_a_coded_server_error_ends_after_three_repeats(sandbox: Sandbox, clock: ManualClock) -> None:
    link_id = add_link(sandbox)
    async with open_pool(sandbox, clock=clock) as pool:
        sandbox.faults.add(Fault(kind="status", status=500, method="PUT"))
        with pytest.raises(ServerError) as caught:
            await pool.links.update(LinkUpdate(link_id, password="new"))
    assert caught.value.code == "unexpected_error"
    assert [entry.method for entry in sandbox.log].count("PUT") == 4


async def test_belvos_own_time_limit_is_settled_and_not_repeated(
    sandbox: Sandbox, clock: ManualClock
) -> None:
    link_id = add_link(sandbox, "x_timeout")
    async with open_pool(sandbox, clock=clock) as pool:
        with pytest.raises(RequestTimeoutError):
            await pool.links.update(LinkUpdate(link_id, password="pass_valid"))
    assert [entry.method for entry in sandbox.log] == ["PUT", "GET"]


async def test_a_request_that_never_left_is_repeated(clock: ManualClock) -> None:
    async with answer_once_with(b"") as (_, wire):
        url = wire.url
    async with SessionPool(KEYS, environment=url, clock=clock) as pool:
        with pytest.raises(NotSentError):
            await pool.links.update(LinkUpdate(LINK_ID, password="new"))
    assert [round(seconds, 1) for seconds in clock.naps] == pytest.approx([0.5, 1, 2, 4, 8], rel=0.11)


BAD_READS = {
    "html": build_answer(b"<html>busy</html>", "400 Bad Request"),
    "empty": build_answer(b"", "400 Bad Request"),
    "not json": build_answer(b"{oops", "200 OK"),
    "wrong type": build_answer(b"5", "200 OK"),
    "redirect": build_answer(b"", "302 Found", "Location: http://127.0.0.1:9/\r\n"),
}


@pytest.mark.parametrize("name", BAD_READS)
async def test_a_read_with_a_bad_body_is_a_clear_error_with_the_status(name: str) -> None:
    async with answer_once_with(BAD_READS[name]) as (pool, wire):
        with pytest.raises((ApiError, UnreadableResponseError)) as caught:
            await pool.links.get(LINK_ID)
    status = int(BAD_READS[name].split()[1])
    assert caught.value.status == status
    assert f"status {status}" in str(caught.value)
    assert wire.count("GET") == 1


@pytest.mark.parametrize(
    "data",
    [
        b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n{}",
        b"not http at all\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: 3\r\n\r\nabc",
        b"",
    ],
    ids=["truncated", "no http", "bad gzip", "nothing"],
)
async def test_a_broken_answer_never_shows_an_aiohttp_exception(data: bytes, clock: ManualClock) -> None:
    async with answer_once_with(data, clock=clock) as (pool, _):
        with pytest.raises(ResponseLostError) as caught:
            await pool.links.get(LINK_ID)
    assert isinstance(caught.value, BelvoError)
