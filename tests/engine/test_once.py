"""What may have reached a bank is sent once: whoever answers, and whatever the answer says."""

import asyncio
import json

import pytest

from belvo_async import LinkRegistration, LinkUpdate, MfaPolicy, SessionPool
from belvo_async.errors import (
    BelvoError,
    OutcomeUnknownError,
    RateLimitedError,
    ServerError,
    SessionExpiredError,
    TokenRequiredError,
    TooManySessionsError,
    UnreadableResponseError,
)
from belvo_async.mfa import ResumeRoute
from belvo_async.models import LinkStatus
from belvo_async.sandbox import Fault, Sandbox, SandboxOptions
from belvo_async.testing import ManualClock, challenge_body, error_body, link_body
from tests.engine.conftest import open_pool
from tests.engine.servers import KEYS, Reply, Wire, build_answer, serve

LINK_ID = "30cb4806-6e00-48a4-91c9-ca55968576c8"
OTHER_ID = "00000000-0000-4000-8000-000000000000"
STALE = build_answer(json.dumps(link_body(LINK_ID, last_accessed_at="2020-01-01T00:00:00Z")).encode())
FRESH = build_answer(json.dumps(link_body(LINK_ID, last_accessed_at="2026-01-01T12:00:01Z")).encode())
MADE_BEFOREHAND = "123456"
REGISTRATION = LinkRegistration(institution="erebor_mx_retail", username="user_valid", password="pass_valid")


def script(login: bytes, look: bytes, method: bytes = b"PUT") -> Reply:
    """Build a server with one answer for logins, and another one for everything else."""

    async def reply(wire: Wire, writer: asyncio.StreamWriter) -> bool:
        writer.write(login if wire.requests[-1].startswith(method) else look)
        return True

    return reply


def list_methods(wire: Wire) -> list[str]:
    return [request.split()[0].decode() for request in wire.requests]


def count_tokens(sandbox: Sandbox, method: str = "PUT") -> int:
    return sum(
        entry.method == method and entry.body is not None and entry.body.get("token") == MADE_BEFOREHAND
        for entry in sandbox.log
    )


GATEWAYS = [
    (504, {"code": "GATEWAY_TIMEOUT", "message": "upstream timed out"}),
    (502, {"code": "bad_gateway"}),
    (503, [{"code": "upstream_unavailable"}]),
    (500, {"code": "Unexpected_Error"}),
    (504, {"message": "Endpoint request timed out"}),
]


@pytest.mark.parametrize(("status", "body"), GATEWAYS)
async def test_a_gateways_own_code_is_no_word_of_belvos_that_the_login_has_ended(
    clock: ManualClock, status: int, body: object
) -> None:
    answer = build_answer(json.dumps(body).encode(), f"{status} Error")
    async with (
        serve(script(answer, STALE)) as wire,
        SessionPool(KEYS, environment=wire.url, clock=clock) as pool,
    ):
        with pytest.raises(OutcomeUnknownError) as caught:
            await pool.links.update(LinkUpdate(LINK_ID, password="new"))
    assert (caught.value.status, caught.value.link_id) == (status, LINK_ID)
    assert type(caught.value.__cause__) is ServerError
    assert list_methods(wire) == ["PUT", "GET", "GET", "GET", "GET"]
    assert clock.naps[:3] == [3.0, 6.0, 12.0]


async def test_a_login_that_a_gateway_gave_up_on_is_settled_by_a_look(clock: ManualClock) -> None:
    answer = build_answer(b'{"code":"GATEWAY_TIMEOUT"}', "504 Gateway Timeout")
    async with (
        serve(script(answer, FRESH)) as wire,
        SessionPool(KEYS, environment=wire.url, clock=clock) as pool,
    ):
        assert (await pool.links.update(LinkUpdate(LINK_ID, password="new"))).status is LinkStatus.VALID
    assert list_methods(wire) == ["PUT", "GET"]


async def test_a_registration_that_a_gateway_gave_up_on_is_not_repeated(clock: ManualClock) -> None:
    answer = build_answer(b'{"code":"GATEWAY_TIMEOUT"}', "504 Gateway Timeout")
    async with (
        serve(script(answer, STALE, b"POST")) as wire,
        SessionPool(KEYS, environment=wire.url, clock=clock) as pool,
    ):
        with pytest.raises(OutcomeUnknownError):
            await pool.links.register(REGISTRATION)
    assert list_methods(wire) == ["POST"]


TROUBLES = {
    "a coded 500": (Fault(kind="status", status=500), OutcomeUnknownError),
    "a page of the edge": (Fault(kind="html", status=403), RateLimitedError),
    "a reset": (Fault(kind="reset_before"), OutcomeUnknownError),
    "a gateway": (Fault(kind="html", status=504), OutcomeUnknownError),
}


@pytest.mark.parametrize("name", TROUBLES)
async def test_a_token_made_beforehand_is_sent_once_with_an_update(sandbox: Sandbox, name: str) -> None:
    fault, kind = TROUBLES[name]
    link_id = sandbox.add_link(status="invalid")
    sandbox.faults.add(fault)
    async with open_pool(sandbox) as pool:
        with pytest.raises(kind):
            await pool.links.update(LinkUpdate(link_id, password="new", token=MADE_BEFOREHAND))
    assert count_tokens(sandbox) == 1
    assert [entry.method for entry in sandbox.log].count("PUT") == 1


async def test_a_token_made_beforehand_is_not_sent_again_when_somebody_is_logged_in(sandbox: Sandbox) -> None:
    link_id = sandbox.add_link(username="x_too_many_sessions")
    async with open_pool(sandbox) as pool:
        with pytest.raises(TooManySessionsError):
            await pool.links.update(LinkUpdate(link_id, password="new", token=MADE_BEFOREHAND))
    assert sandbox.tokens(link_id) == [MADE_BEFOREHAND]


async def test_a_token_made_beforehand_that_the_bank_took_is_settled_by_a_look(sandbox: Sandbox) -> None:
    link_id = sandbox.add_link(status="invalid")
    sandbox.faults.add(Fault(kind="status", status=500, method="PUT", reaches_bank=True))
    async with open_pool(sandbox) as pool:
        link = await pool.links.update(LinkUpdate(link_id, password="new", token=MADE_BEFOREHAND))
    assert link.status is LinkStatus.VALID
    assert [entry.method for entry in sandbox.log] == ["PUT", "GET"]
    assert sandbox.tokens(link_id) == [MADE_BEFOREHAND]


@pytest.mark.parametrize("name", TROUBLES)
async def test_a_token_made_beforehand_is_sent_once_with_a_registration(sandbox: Sandbox, name: str) -> None:
    fault, kind = TROUBLES[name]
    registration = LinkRegistration(
        institution="heimdall_mx_retail",
        username="mfa_numeric",
        password="pass_valid",
        token=MADE_BEFOREHAND,
    )
    sandbox.faults.add(fault)
    async with open_pool(sandbox) as pool:
        with pytest.raises(kind):
            await pool.links.register(registration)
    assert [entry.method for entry in sandbox.log] == ["POST"]
    assert count_tokens(sandbox, "POST") == 1


async def test_a_login_with_a_token_made_beforehand_is_never_restarted(sandbox: Sandbox) -> None:
    link_id = sandbox.add_link(institution="heimdall_mx_retail", username="x_mfa_expired")
    update = LinkUpdate(link_id, password="new", token=MADE_BEFOREHAND)
    async with open_pool(sandbox, mfa=MfaPolicy(restarts=1)) as pool:
        with pytest.raises(SessionExpiredError):
            await pool.links.update(update, provide_token=lambda _: "111111")
    assert [entry.method for entry in sandbox.log] == ["PUT", "PATCH"]
    assert sandbox.tokens(link_id)[:1] == [MADE_BEFOREHAND]
    assert count_tokens(sandbox) == 1


@pytest.mark.parametrize(
    ("username", "answer"), [("mfa_numeric", {"token": "111111"}), ("x_mfa_inputless", {})]
)
async def test_an_answer_that_goes_back_with_the_credentials_does_not_repeat_the_token_made_beforehand(
    clock: ManualClock, username: str, answer: dict[str, str]
) -> None:
    policy = MfaPolicy(resume_route=ResumeRoute.PUT_LINK)
    options = SandboxOptions(accept_put_resume=True)
    async with Sandbox(options=options, clock=clock) as sandbox, open_pool(sandbox, mfa=policy) as pool:
        link_id = sandbox.add_link(institution="heimdall_mx_retail", username=username)
        update = LinkUpdate(link_id, password="new", token=MADE_BEFOREHAND)
        assert (await pool.links.update(update, provide_token=lambda _: "111111")).id == link_id
        first, second = (entry.body or {} for entry in sandbox.log)
        assert first == {"password": "new", "token": MADE_BEFOREHAND}
        session = second.pop("session")
        assert isinstance(session, str)
        assert second == {"password": "new"} | answer


@pytest.mark.parametrize("call", ["register", "refresh_data", "resume"])
async def test_only_an_update_is_restarted(call: str) -> None:
    async def reply(wire: Wire, writer: asyncio.StreamWriter) -> bool:
        if wire.requests[-1].startswith(b"PATCH"):
            body = json.dumps(error_body("session_expired")).encode()
            writer.write(build_answer(body, "400 Bad Request"))
        else:
            body = json.dumps(challenge_body(LINK_ID)).encode()
            writer.write(build_answer(body, "428 Precondition Required"))
        return True

    policy = MfaPolicy(restarts=1)
    async with serve(reply) as wire, SessionPool(KEYS, environment=wire.url, mfa=policy) as pool:
        if call == "register":
            login = pool.links.register(REGISTRATION, provide_token=lambda _: "111111")
            with pytest.raises(SessionExpiredError):
                await login
        elif call == "refresh_data":
            refresh = pool.links.refresh_data(LINK_ID, provide_token=lambda _: "111111")
            with pytest.raises(SessionExpiredError):
                await refresh
        else:
            update = LinkUpdate(LINK_ID, password="new", token=MADE_BEFOREHAND)
            with pytest.raises(TokenRequiredError) as caught:
                await pool.links.register(REGISTRATION)
            with pytest.raises(SessionExpiredError):
                await pool.links.resume(caught.value.state, "111111", update=update)
    assert list_methods(wire) == ["POST", "PATCH"]


async def test_a_good_answer_about_another_link_is_no_success(clock: ManualClock) -> None:
    other = build_answer(json.dumps(link_body(OTHER_ID, last_accessed_at="2026-01-01T12:00:01Z")).encode())
    async with (
        serve(script(other, other)) as wire,
        SessionPool(KEYS, environment=wire.url, clock=clock) as pool,
    ):
        with pytest.raises(OutcomeUnknownError, match="another link") as caught:
            await pool.links.update(LinkUpdate(LINK_ID, password="new"))
    assert isinstance(caught.value.__cause__, UnreadableResponseError)
    assert list_methods(wire) == ["PUT", "GET", "GET", "GET", "GET"]


async def test_a_good_answer_to_a_token_about_another_link_is_no_success(clock: ManualClock) -> None:
    other = build_answer(json.dumps(link_body(OTHER_ID)).encode())
    challenge = build_answer(json.dumps(challenge_body(LINK_ID)).encode(), "428 Precondition Required")

    async def reply(wire: Wire, writer: asyncio.StreamWriter) -> bool:
        answers = {b"PUT": challenge, b"PATCH": other, b"GET": STALE}
        writer.write(answers[wire.requests[-1].split()[0]])
        return True

    async with serve(reply) as wire, SessionPool(KEYS, environment=wire.url, clock=clock) as pool:
        with pytest.raises(BelvoError) as caught:
            await pool.links.update(LinkUpdate(LINK_ID, password="new"), provide_token=lambda _: "111111")
    assert type(caught.value) is OutcomeUnknownError
    assert list_methods(wire)[:2] == ["PUT", "PATCH"]
    assert list_methods(wire).count("PATCH") == 1
