import contextlib
from collections.abc import AsyncIterator, Iterator

import aiohttp
import pytest

from belvo_async import (
    Challenge,
    Credentials,
    Environment,
    LinkRegistration,
    LinkUpdate,
    MfaPolicy,
    OutcomeUnknownError,
    SessionPool,
    TokenRequiredError,
)
from belvo_async.errors import LoginFailedError, NotSentError
from belvo_async.mfa import ResumeRoute
from belvo_async.models import ChallengeKind, LinkStatus
from belvo_async.sandbox import Sandbox
from belvo_async.testing import BelvoMock, ManualClock, challenge_body, error_body, link_body, mocked_belvo

LINK = "4bf5d2b6-3b8f-4c9c-a8a0-3f7e2b1d9c55"
OTHER = "0c5d3d5e-6d0a-4b73-9f0e-5f7f6f1e2a11"
UPDATE = LinkUpdate(LINK, password="hunter2")
KEYS = Credentials("id", "password")


@pytest.fixture
def belvo() -> Iterator[BelvoMock]:
    with mocked_belvo() as belvo:
        yield belvo


@pytest.fixture
def clock() -> ManualClock:
    return ManualClock(automatic=True)


@pytest.fixture
async def pool(clock: ManualClock) -> AsyncIterator[SessionPool]:
    async with SessionPool(KEYS, environment=Environment.SANDBOX, clock=clock) as pool:
        yield pool


async def test_a_link_is_updated(belvo: BelvoMock, pool: SessionPool) -> None:
    belvo.link_updated(LINK, external_id="customer-7")
    link = await pool.links.update(UPDATE)
    assert (link.id, link.status, link.external_id) == (LINK, LinkStatus.VALID, "customer-7")


async def test_what_was_sent_is_known_and_its_secrets_are_not_shown(
    belvo: BelvoMock, pool: SessionPool
) -> None:
    belvo.link_updated(LINK)
    await pool.links.update(UPDATE)
    [sent] = belvo.requests
    assert (sent.method, sent.path) == ("PUT", f"/api/links/{LINK}/")
    assert sent.body == {"password": "hunter2"}
    assert sent.headers["authorization"].startswith("Basic ")
    assert "hunter2" not in repr(sent)
    assert "Basic" not in repr(sent)


async def test_a_challenge_is_answered(belvo: BelvoMock, pool: SessionPool) -> None:
    belvo.challenge(LINK, "qr", session="session-1", value="scan me")
    belvo.link_updated(LINK)
    asked: list[Challenge] = []

    async def provide_token(challenge: Challenge) -> str:
        asked.append(challenge)
        return "007007"

    await pool.links.update(UPDATE, provide_token=provide_token)
    assert [(challenge.kind, challenge.value) for challenge in asked] == [(ChallengeKind.QR, "scan me")]
    sent = belvo.requests[1]
    assert (sent.method, sent.path) == ("PATCH", "/api/links/")
    assert sent.body == {"session": "session-1", "link": LINK, "token": "007007"}


async def test_a_challenge_can_be_parked_and_resumed_by_another_route(belvo: BelvoMock) -> None:
    belvo.challenge(LINK)
    belvo.link_updated(LINK)
    policy = MfaPolicy(resume_route=ResumeRoute.PUT_LINK)
    async with SessionPool(KEYS, environment=belvo.url, mfa=policy) as pool:
        with pytest.raises(TokenRequiredError) as caught:
            await pool.links.update(UPDATE)
        await pool.links.resume(caught.value.state, "123456", update=UPDATE)
    assert [sent.method for sent in belvo.requests] == ["PUT", "PUT"]


async def test_an_error_has_its_code(belvo: BelvoMock, pool: SessionPool) -> None:
    belvo.error(LINK, 400, "login_error", "Wrong password", field="password")
    with pytest.raises(LoginFailedError, match="Wrong password") as caught:
        await pool.links.update(UPDATE)
    assert (caught.value.code, caught.value.field) == ("login_error", "password")


async def test_an_html_403_pauses_the_pool(belvo: BelvoMock, pool: SessionPool, clock: ManualClock) -> None:
    belvo.html_page(LINK, 403)
    belvo.link_updated(LINK)
    await pool.links.update(UPDATE)
    assert 30 in clock.naps


async def test_headers_of_an_error_arrive(belvo: BelvoMock, pool: SessionPool, clock: ManualClock) -> None:
    belvo.error(LINK, 429, "throttled", headers={"Retry-After": "7"})
    belvo.link_updated(LINK)
    await pool.links.update(UPDATE)
    assert 7 in clock.naps


async def test_a_lost_answer_is_settled_by_a_look(belvo: BelvoMock, pool: SessionPool) -> None:
    belvo.answer_lost(LINK)
    belvo.link_read(LINK, last_accessed_at="2026-01-01T12:00:01Z")
    link = await pool.links.update(UPDATE)
    assert link.status is LinkStatus.VALID


async def test_a_lost_answer_may_stay_unknown(belvo: BelvoMock, pool: SessionPool) -> None:
    belvo.answer_lost(LINK)
    for _ in range(4):
        belvo.link_read(LINK, status="invalid")
    with pytest.raises(OutcomeUnknownError):
        await pool.links.update(UPDATE)


async def test_a_request_that_was_not_sent_is_repeated(
    belvo: BelvoMock, pool: SessionPool, clock: ManualClock
) -> None:
    for _ in range(6):
        belvo.not_sent(LINK)
    with pytest.raises(NotSentError):
        await pool.links.update(UPDATE)
    with_jitter = [pytest.approx(seconds * 1.05, rel=0.05) for seconds in (0.5, 1, 2, 4, 8)]
    assert clock.naps == with_jitter


async def test_any_other_request_has_a_reply(belvo: BelvoMock, pool: SessionPool) -> None:
    belvo.reply("post", "/api/links/", 201, json_body=link_body(LINK))
    belvo.reply("GET", "/api/links/", json_body={"results": [link_body(LINK)], "next": None, "count": 1})
    belvo.reply("DELETE", f"/api/links/{LINK}/", 204)
    await pool.links.register(LinkRegistration(institution="erebor_mx_retail", username="u", password="p"))
    assert [link.id async for link in pool.links.list(page_size=1)] == [LINK]
    assert await pool.links.delete(LINK) is None
    assert belvo.requests[1].query["page_size"] == "1"
    assert belvo.requests[1].body is None


async def test_a_reply_to_the_put_of_a_link_is_one_of_its_logins(belvo: BelvoMock, pool: SessionPool) -> None:
    belvo.reply("PUT", f"/api/links/{LINK}/", 428, json_body=challenge_body(LINK, "inputless"))
    belvo.link_updated(LINK)
    await pool.links.update(UPDATE, provide_token=lambda _: None)
    assert belvo.requests[1].body is not None
    assert "token" not in belvo.requests[1].body


async def test_links_do_not_take_each_others_answers(belvo: BelvoMock, pool: SessionPool) -> None:
    belvo.error(OTHER, 400, "login_error")
    belvo.link_updated(LINK)
    await pool.links.update(UPDATE)
    with pytest.raises(LoginFailedError):
        await pool.links.update(LinkUpdate(OTHER, password="x"))


async def test_an_unexpected_request_fails_where_it_is_sent(pool: SessionPool) -> None:
    with mocked_belvo() as belvo:
        belvo.link_updated(OTHER)
        with pytest.raises(AssertionError, match=f"unexpected PUT /api/links/{LINK}/.*answers left.*{OTHER}"):
            await pool.links.update(UPDATE)
        with pytest.raises(AssertionError, match="unexpected"):
            belvo.check()
        belvo._unexpected.clear()
        await pool.links.update(LinkUpdate(OTHER, password="x"))


async def test_an_unexpected_request_that_was_swallowed_fails_at_the_end(pool: SessionPool) -> None:
    with (
        pytest.raises(AssertionError, match="unexpected GET"),
        mocked_belvo(),
        contextlib.suppress(AssertionError),
    ):
        await pool.ping()


def test_an_answer_that_nobody_asked_for_fails_at_the_end() -> None:
    with (
        pytest.raises(AssertionError, match=f"never requested; answers left: a login of link {LINK} \\(1\\)"),
        mocked_belvo() as belvo,
    ):
        belvo.link_updated(LINK)


def test_the_tests_own_failure_comes_first() -> None:
    def fail() -> None:
        with mocked_belvo() as belvo:
            belvo.link_updated(LINK)
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        fail()


async def test_another_address_can_be_mocked() -> None:
    with mocked_belvo("https://proxy.example/belvo") as belvo:
        belvo.link_updated(LINK)
        async with SessionPool(KEYS, environment=belvo.url) as pool:
            await pool.links.update(UPDATE)
        assert belvo.requests[0].path == f"/api/links/{LINK}/"


async def test_other_hosts_are_not_reached(belvo: BelvoMock) -> None:
    async with aiohttp.ClientSession() as session:
        with pytest.raises(aiohttp.ClientConnectionError, match="refused"):
            await session.get("https://api.belvo.com/api/")
    assert belvo.requests == []


async def test_servers_on_this_machine_are_reached(belvo: BelvoMock) -> None:
    async with Sandbox() as sandbox:
        link_id = sandbox.add_link()
        keys = Credentials(sandbox.secret_id, sandbox.secret_password)
        async with SessionPool(keys, environment=sandbox.url) as pool:
            await pool.links.update(LinkUpdate(link_id, password="new"))
    assert belvo.requests == []


async def test_a_large_body_arrives_whole(belvo: BelvoMock, pool: SessionPool) -> None:
    name = "x" * 300_000
    belvo.link_updated(LINK, external_id=name)
    assert (await pool.links.update(UPDATE)).external_id == name


async def test_a_request_without_json_has_no_body(belvo: BelvoMock) -> None:
    belvo.reply("POST", "/api/", json_body=error_body("odd"))
    belvo.reply("POST", "/api/")
    async with aiohttp.ClientSession() as session:
        await session.post(f"{belvo.url}/api/", data=b"<xml/>")
        await session.post(f"{belvo.url}/api/", data=b"[1]")
    assert [sent.body for sent in belvo.requests] == [None, None]


def test_an_id_that_no_pool_would_send_is_refused() -> None:
    with mocked_belvo() as belvo, pytest.raises(ValueError, match="UUID"):
        belvo.error("link-1", 400, "login_error")
