"""A pool without a network and without patches: answers in a script, requests in a list."""

from collections.abc import AsyncIterator

import pytest

from belvo_async import Challenge, Credentials, LinkUpdate, OutcomeUnknownError, SessionPool
from belvo_async.errors import NotFoundError, NotSentError, ResponseLostError, UnreadableResponseError
from belvo_async.params import HttpTransport
from belvo_async.testing import BelvoMock, ManualClock, ScriptedTransport, link_body
from tests.engine.test_custom_transport import FullDisk

LINK = "4bf5d2b6-3b8f-4c9c-a8a0-3f7e2b1d9c55"
PATH = f"/api/links/{LINK}/"
UPDATE = LinkUpdate(LINK, password="hunter2")
KEYS = Credentials("id", "password")


@pytest.fixture
def belvo() -> ScriptedTransport:
    return ScriptedTransport()


@pytest.fixture
async def pool(belvo: ScriptedTransport) -> AsyncIterator[SessionPool]:
    clock = ManualClock(automatic=True)
    async with SessionPool(KEYS, environment="sandbox", transport=belvo, clock=clock) as pool:
        yield pool


def test_it_is_a_transport(belvo: ScriptedTransport) -> None:
    assert isinstance(belvo, HttpTransport)


def test_a_script_that_cannot_be_played_is_refused_where_it_is_written(belvo: ScriptedTransport) -> None:
    with pytest.raises(TypeError, match="str, which cannot be raised"):
        belvo.fail("PUT", PATH, "boom")  # type: ignore[arg-type]
    with pytest.raises(ValueError, match="begin it with a slash"):
        belvo.reply("PUT", PATH[1:])


async def test_answers_come_in_order_for_each_method_and_path(
    belvo: ScriptedTransport, pool: SessionPool
) -> None:
    belvo.reply("GET", PATH, json_body=link_body(LINK, external_id="one"))
    belvo.reply("get", PATH, 404, json_body=[{"code": "not_found"}])
    belvo.reply("PUT", PATH, json_body=link_body(LINK, external_id="two"))
    assert (await pool.links.update(UPDATE)).external_id == "two"
    assert (await pool.links.get(LINK)).external_id == "one"
    with pytest.raises(NotFoundError):
        await pool.links.get(LINK)
    belvo.check()
    assert [(sent.method, sent.path) for sent in belvo.requests] == [
        ("PUT", PATH),
        ("GET", PATH),
        ("GET", PATH),
    ]


async def test_what_was_sent_is_known_and_not_shown(belvo: ScriptedTransport, pool: SessionPool) -> None:
    belvo.reply("PUT", PATH, json_body=link_body(LINK))
    await pool.links.update(UPDATE)
    [sent] = belvo.requests
    assert sent.body == {"password": "hunter2"}
    assert sent.headers["authorization"] == "Basic aWQ6cGFzc3dvcmQ="
    assert "hunter2" not in repr(sent)
    assert "Basic" not in repr(sent)
    assert "aWQ6cGFzc3dvcmQ=" not in repr(sent.headers)


async def test_a_body_can_be_no_json(belvo: ScriptedTransport, pool: SessionPool) -> None:
    belvo.reply("GET", PATH, body=b"<html>", headers={"Content-Type": "text/html"})
    with pytest.raises(UnreadableResponseError):
        await pool.links.get(LINK)


async def test_a_failure_before_the_first_byte_is_repeated(
    belvo: ScriptedTransport, pool: SessionPool
) -> None:
    belvo.fail("PUT", PATH, NotSentError("no connection"))
    belvo.reply("PUT", PATH, json_body=link_body(LINK))
    await pool.links.update(UPDATE)
    belvo.check()
    assert len(belvo.requests) == 1  # the other never left


async def test_a_failure_after_it_is_settled_and_not_repeated(
    belvo: ScriptedTransport, pool: SessionPool
) -> None:
    belvo.fail("PUT", PATH, ResponseLostError("lost"))
    for _ in range(4):
        belvo.reply("GET", PATH, json_body=link_body(LINK, status="invalid"))
    with pytest.raises(OutcomeUnknownError):
        await pool.links.update(UPDATE)
    belvo.check()
    assert belvo.requests[0].method == "PUT"


async def test_any_exception_can_be_raised(belvo: ScriptedTransport, pool: SessionPool) -> None:
    belvo.fail("GET", "/api/", ZeroDivisionError())
    with pytest.raises(ZeroDivisionError):
        await pool.ping()


async def test_a_request_without_an_answer_fails_where_it_is_sent_and_at_the_end(
    belvo: ScriptedTransport, pool: SessionPool
) -> None:
    belvo.reply("GET", "/api/")
    with pytest.raises(AssertionError, match=f"unexpected GET {PATH}: no answer.*left: GET /api/ \\(1\\)"):
        await pool.links.get(LINK)
    with pytest.raises(AssertionError, match="unexpected GET"):
        belvo.check()
    assert belvo.requests == []


def test_an_answer_that_nobody_asked_for_is_told(belvo: ScriptedTransport) -> None:
    belvo.reply("GET", "/api/")
    with pytest.raises(AssertionError, match=r"never requested; answers left: GET /api/ \(1\)"):
        belvo.check()


async def test_a_login_that_may_not_leave_fetches_no_answer(
    belvo: ScriptedTransport, pool: SessionPool
) -> None:
    belvo.reply("PUT", PATH, json_body=link_body(LINK))
    with pytest.raises(OSError, match="disk full"):
        await pool.links.update(UPDATE, recorder=FullDisk())
    assert belvo.requests == []
    await pool.links.update(UPDATE)
    belvo.check()


async def test_a_mock_can_be_handed_in_too() -> None:
    belvo = BelvoMock()
    belvo.challenge(LINK, value="scan me")
    belvo.link_updated(LINK)
    asked: list[Challenge] = []

    def provide_token(challenge: Challenge) -> str:
        asked.append(challenge)
        return "007007"

    async with SessionPool(KEYS, environment=belvo.url, transport=belvo) as pool:
        await pool.links.update(UPDATE, provide_token=provide_token)
    belvo.check()
    assert [challenge.value for challenge in asked] == ["scan me"]
    assert [sent.method for sent in belvo.requests] == ["PUT", "PATCH"]
    assert belvo.requests[1].body is not None
    assert belvo.requests[1].body["token"] == "007007"
