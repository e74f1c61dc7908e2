"""Arguments that cannot be right are refused before anything is sent; odd but good answers are taken."""

import asyncio
import json
from collections.abc import Iterator
from typing import Any

import pytest

from belvo_async import Challenge, LinkFilters, SessionPool
from belvo_async.errors import InvalidValueError, UnreadableResponseError
from belvo_async.models import AcceptedRequest, AwaitingToken
from belvo_async.sandbox import Sandbox
from tests.engine.servers import KEYS, Wire, build_answer, serve

LINK_ID = "30cb4806-6e00-48a4-91c9-ca55968576c8"
HUGE = 10**5000


def name(value: object) -> str:
    """Name a case; a huge number cannot be printed."""
    if type(value) is int and abs(value) > 10**10:
        return "huge" if value > 0 else "-huge"
    return type(value).__name__ if isinstance(value, Iterator) else repr(value)


STATE = AwaitingToken(challenge=Challenge(session="s1", link_id=LINK_ID), deadline=1e9)


@pytest.mark.parametrize("state", [None, 5, "text", STATE.challenge, AwaitingToken], ids=repr)
def test_only_a_waiting_challenge_is_parked(state: Any) -> None:
    with pytest.raises(InvalidValueError) as caught:
        SessionPool(KEYS, environment="sandbox").links.park(state)
    assert caught.value.field == "state"


@pytest.mark.parametrize("text", [None, 5, b"text", STATE], ids=repr)
def test_only_text_is_unparked(text: Any) -> None:
    with pytest.raises(InvalidValueError) as caught:
        SessionPool(KEYS, environment="sandbox").links.unpark(text)
    assert caught.value.field == "text"


@pytest.mark.parametrize("update", [5, "", {}, {"password": "new"}, False], ids=repr)
async def test_an_update_of_a_wrong_type_is_refused_before_a_token_is_sent(
    sandbox: Sandbox, pool: SessionPool, update: Any
) -> None:
    with pytest.raises(InvalidValueError) as caught:
        await pool.links.resume(STATE, "111111", update=update)
    assert caught.value.field == "update"
    assert sandbox.log == []


@pytest.mark.parametrize("challenge", [None, 5, b"text", STATE.challenge], ids=repr)
async def test_a_challenge_of_a_wrong_type_is_refused(pool: SessionPool, challenge: Any) -> None:
    with pytest.raises(InvalidValueError) as caught:
        await pool.links.resume(challenge, "111111")
    assert caught.value.field == "challenge"


@pytest.mark.parametrize("number", [HUGE, -HUGE, 2**31, -1, True, 1.0, "1004", None], ids=name)
async def test_what_is_no_number_of_an_institution_is_refused(
    sandbox: Sandbox, pool: SessionPool, number: Any
) -> None:
    with pytest.raises(InvalidValueError) as caught:
        await pool.institutions.get(number)
    assert caught.value.field == "institution_id"
    assert sandbox.log == []


@pytest.mark.parametrize("number", [HUGE, -HUGE, 10**9, 0, -1, True, 1.0, "1", None], ids=name)
async def test_what_is_no_number_of_a_page_is_refused(
    sandbox: Sandbox, pool: SessionPool, number: Any
) -> None:
    with pytest.raises(InvalidValueError) as caught:
        await pool.links.list().page(number)
    assert caught.value.field == "number"
    assert sandbox.log == []


@pytest.mark.parametrize("fields", [["institution"], ["institution", "id"], ("status",), {"institution"}])
async def test_chosen_fields_come_with_the_id(sandbox: Sandbox, pool: SessionPool, fields: Any) -> None:
    links = [sandbox.add_link(), sandbox.add_link()]
    assert [link.id async for link in pool.links.list(fields=fields)] == links
    assert [link.id async for link in pool.links.list(fields=iter(fields))] == links


@pytest.mark.parametrize("names", [["id"], ["status", "id"], ("id",), {"id"}, iter(["id"])], ids=name)
def test_the_id_cannot_be_left_out(names: Any) -> None:
    with pytest.raises(InvalidValueError) as caught:
        SessionPool(KEYS, environment="sandbox").links.list(omit=names)
    assert caught.value.field == "omit"


@pytest.mark.parametrize("names", [["status", "institution"], iter(["status", "institution"])], ids=name)
async def test_what_is_left_out_is_asked_for_as_it_was_given(names: Any) -> None:
    async def reply(_: Wire, writer: asyncio.StreamWriter) -> bool:
        writer.write(build_answer(json.dumps({"results": [], "next": None}).encode()))
        return True

    async with serve(reply) as wire, SessionPool(KEYS, environment=wire.url) as pool:
        assert [link async for link in pool.links.list(omit=names)] == []
    assert wire.requests[0].split()[1] == b"/api/links/?omit=status,institution"


@pytest.mark.parametrize("key", ["fields", "omit"])
@pytest.mark.parametrize("value", [5, True, "status", b"status", [], [5.0]], ids=name)
def test_names_of_fields_of_a_wrong_type_are_refused_by_name(key: str, value: object) -> None:
    filters: LinkFilters = {key: value}  # type: ignore[misc] # wrong on purpose
    with pytest.raises(InvalidValueError) as caught:
        SessionPool(KEYS, environment="sandbox").links.list(**filters)
    assert caught.value.field == key


@pytest.mark.parametrize(
    ("status", "body"), [("200 OK", b"{}"), ("200 OK", b""), ("204 No Content", b""), ("200 OK", b"null")]
)
async def test_a_delete_answered_with_any_success_has_succeeded(status: str, body: bytes) -> None:
    async def reply(_: Wire, writer: asyncio.StreamWriter) -> bool:
        writer.write(build_answer(body, status))
        return True

    async with serve(reply) as wire, SessionPool(KEYS, environment=wire.url) as pool:
        assert await pool.links.delete(LINK_ID) is None
        assert wire.count("DELETE") == 1


@pytest.mark.parametrize("body", [b"{}", b"", b"null", b'{"request_id": []}'])
async def test_a_202_without_a_request_id_is_a_success(body: bytes) -> None:
    async def reply(_: Wire, writer: asyncio.StreamWriter) -> bool:
        writer.write(build_answer(body, "202 Accepted"))
        return True

    async with serve(reply) as wire, SessionPool(KEYS, environment=wire.url) as pool:
        assert await pool.links.delete(LINK_ID, in_background=True) == AcceptedRequest(request_id=None)
        assert await pool.links.refresh_data(LINK_ID) == AcceptedRequest(request_id=None)


async def test_items_without_an_id_are_left_out_of_a_list_and_logged(
    caplog: pytest.LogCaptureFixture,
) -> None:
    items = [{"id": LINK_ID, "external_id": 42}, {"status": "valid"}, None, {"id": LINK_ID}]

    async def reply(_: Wire, writer: asyncio.StreamWriter) -> bool:
        writer.write(build_answer(json.dumps({"results": items, "next": None}).encode()))
        return True

    async with serve(reply) as wire, SessionPool(KEYS, environment=wire.url) as pool:
        assert [link.id async for link in pool.links.list()] == [LINK_ID, LINK_ID]
        (page,) = [page async for page in pool.links.list().pages()]
    assert page.unreadable == ({"status": "valid"}, None)
    assert "/api/links/: 2 items of a page cannot be read" in caplog.messages


@pytest.mark.parametrize("name", ["external_id", "institution"])
def test_a_filter_with_half_a_character_is_refused_by_name(name: str) -> None:
    filters: LinkFilters = {name: "a\ud800"}  # type: ignore[misc] # one of two
    with pytest.raises(InvalidValueError) as caught:
        SessionPool(KEYS, environment="sandbox").links.list(**filters)
    assert caught.value.field == name


CIRCLES = {
    "back to the first": {"": "page=2", "page=2": "page=1"},
    "two and three": {"": "page=2", "page=2": "page=3", "page=3": "page=2"},
    "itself": {"": "page=2", "page=2": "page=2"},
    "itself under another name": {"": "page=2", "page=2": "page=02"},
    "itself with an addition": {"": "page=2", "page=2": "page=2&x=1"},
    "cursors": {"": "cursor=a", "cursor=a": "cursor=b", "cursor=b": "cursor=a"},
    "a page without a number": {"": "page=2", "page=2": "x=1", "x=1": "page=2"},
}


@pytest.mark.parametrize("circle", CIRCLES.values(), ids=CIRCLES)
async def test_pages_that_go_round_in_a_circle_end_with_an_error(circle: dict[str, str]) -> None:
    async def reply(wire: Wire, writer: asyncio.StreamWriter) -> bool:
        query = wire.requests[-1].split()[1].decode().partition("?")[2]
        address = f"https://api.belvo.com/api/links/?{circle[query]}"
        page = {"results": [{"id": LINK_ID}], "next": None if len(wire.requests) > 50 else address}
        writer.write(build_answer(json.dumps(page).encode()))
        return True

    async with serve(reply) as wire, SessionPool(KEYS, environment=wire.url) as pool:
        with pytest.raises(UnreadableResponseError, match="next"):
            [link async for link in pool.links.list()]
    assert len(wire.requests) == len(circle)
