"""`pool.request` and `pool.widget`: what has no resource of its own, within the same limits."""

import asyncio
from decimal import Decimal

import pytest

from belvo_async import LinkUpdate, SessionPool
from belvo_async.errors import (
    InvalidValueError,
    NotFoundError,
    ResponseLostError,
    ResumeNotSupportedError,
    TokenRequiredError,
    UnreadableResponseError,
)
from belvo_async.testing import BelvoMock, error_body
from tests.data.conftest import LINK, OTHER_LINK, ROW, build_challenge, build_row

NEW = "/api/new-things/"


async def test_a_read_is_repeated_as_reads_are_and_keeps_its_amounts(
    pool: SessionPool, belvo: BelvoMock
) -> None:
    belvo.reply("GET", NEW, 503)
    belvo.reply("GET", NEW, body=b'{"amount": 0.1}')
    assert await pool.request("GET", NEW, params={"id__in": [ROW]}) == {"amount": Decimal("0.1")}
    assert belvo.requests[1].query == {"id__in": ROW}


async def test_what_is_no_read_is_never_repeated(pool: SessionPool, belvo: BelvoMock) -> None:
    for method in ("POST", "PUT", "PATCH", "DELETE"):
        belvo.fail(method, NEW, ResponseLostError("lost", remedy="none"))
        with pytest.raises(ResponseLostError):
            await pool.request(method, NEW, json={"name": "x"})
    assert len(belvo.requests) == 4


async def test_a_response_without_content_is_none(pool: SessionPool, belvo: BelvoMock) -> None:
    belvo.reply("DELETE", f"{NEW}{ROW}/", 204)
    assert await pool.request("DELETE", f"{NEW}{ROW}/") is None
    belvo.reply("GET", NEW, body=b"<html>")
    with pytest.raises(UnreadableResponseError):
        await pool.request("GET", NEW)
    belvo.reply("GET", NEW, 404, json_body=error_body("not_found"))
    with pytest.raises(NotFoundError):
        await pool.request("GET", NEW)


async def test_a_request_that_names_a_link_waits_for_its_login(pool: SessionPool, belvo: BelvoMock) -> None:
    belvo.link_updated(LINK)
    belvo.reply("POST", NEW, 201, json_body={})
    update = asyncio.create_task(pool.links.update(LinkUpdate(LINK, password="new-password")))
    await asyncio.gather(update, pool.request("POST", NEW, json={"link": LINK}))
    assert [sent.method for sent in belvo.requests] == ["PUT", "POST"]


async def test_a_lost_response_about_a_link_is_told_and_not_repeated(
    pool: SessionPool, belvo: BelvoMock
) -> None:
    belvo.fail("POST", NEW, ResponseLostError("lost", remedy="none"))
    with pytest.raises(ResponseLostError):
        await pool.request("POST", NEW, link_id=LINK)
    await pool.aclose(grace=0)
    assert sum(sent.method == "POST" for sent in belvo.requests) == 1


async def test_a_challenge_leaves_it_with_a_way_back_or_says_that_there_is_none(
    pool: SessionPool, belvo: BelvoMock
) -> None:
    belvo.reply("POST", NEW, 428, json_body=[build_challenge()])
    with pytest.raises(ResumeNotSupportedError):
        await pool.request("POST", NEW, json={"link": LINK})
    belvo.reply("POST", "/api/owners/", 428, json_body=[build_challenge()])
    with pytest.raises(TokenRequiredError) as required:
        await pool.request("POST", "/api/owners/", json={"link": LINK})
    belvo.reply("PATCH", "/api/owners/", 201, json_body=[build_row()])
    assert len(await pool.owners.resume(required.value.state, "123456")) == 1


@pytest.mark.parametrize(
    ("method", "path", "more", "field"),
    [
        ("get", NEW, {}, "method"),
        ("GET", "api/things/", {}, "path"),
        ("GET", "/api/things", {}, "path"),
        ("GET", "/api/things/?page=2", {}, "path"),
        ("GET", "https://elsewhere.example/api/", {}, "path"),
        ("GET", "/api/../things/", {}, "path"),
        ("PUT", f"/api/links/{LINK}/", {}, "path"),
        ("POST", NEW, {"link_id": "mine"}, "link_id"),
        ("POST", NEW, {"link_id": OTHER_LINK, "json": {"link": LINK}}, "link_id"),
        ("GET", NEW, {"params": {"flag": True}}, "flag"),
        ("GET", NEW, {"max_wait": 0}, "max_wait"),
    ],
)
async def test_wrong_arguments_are_named_and_nothing_is_sent(
    pool: SessionPool, belvo: BelvoMock, method: str, path: str, more: dict[str, object], field: str
) -> None:
    with pytest.raises(InvalidValueError) as wrong:
        await pool.request(method, path, **more)  # type: ignore[arg-type]  # wrong on purpose
    assert field in str(wrong.value)
    assert belvo.requests == []


async def test_the_keys_of_a_widget_token_are_in_the_body_alone(pool: SessionPool, belvo: BelvoMock) -> None:
    belvo.reply("POST", "/api/token/", json_body={"access": "aaa.bbb", "refresh": "ccc.ddd"})
    token = await pool.widget.token(
        link_id=LINK, stale_in="365d", widget={"branding": {"company_name": "ACME"}}
    )
    assert (token.access, token.refresh) == ("aaa.bbb", "ccc.ddd")
    assert "aaa" not in repr(token)
    (sent,) = belvo.requests
    assert "authorization" not in sent.headers
    assert sent.body == {
        "id": "secret-id",
        "password": "secret-password",
        "scopes": "read_institutions,write_links,read_links",
        "link_id": LINK,
        "stale_in": "365d",
        "widget": {"branding": {"company_name": "ACME"}},
    }


async def test_a_token_to_register_may_read_no_links(pool: SessionPool, belvo: BelvoMock) -> None:
    belvo.reply("POST", "/api/token/", json_body={"access": "a", "refresh": "b"})
    await pool.widget.token()
    assert belvo.requests[0].body is not None
    assert belvo.requests[0].body["scopes"] == "read_institutions,write_links"


async def test_an_error_of_the_widget_shows_no_key(pool: SessionPool, belvo: BelvoMock) -> None:
    belvo.reply("POST", "/api/token/", 400, json_body=error_body("invalid", "secret-password is wrong"))
    belvo.reply("POST", "/api/token/", json_body={"access": "a"})
    for _ in range(2):
        with pytest.raises(Exception) as failed:  # noqa: PT011 - whichever: none shows a key
            await pool.widget.token()
        assert "secret-password" not in repr(failed.value)
    for wrong in ({"scopes": "read_links"}, {"link_id": "mine"}, {"widget": "dark"}):
        with pytest.raises(InvalidValueError, match=next(iter(wrong))):
            await pool.widget.token(**wrong)  # type: ignore[arg-type]  # wrong on purpose
