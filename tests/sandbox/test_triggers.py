import asyncio

import pytest
from aiohttp import ClientConnectionError

from belvo_async.sandbox import Sandbox, SandboxOptions

from .clients import Client
from .clocks import ManualClock, eventually


@pytest.mark.parametrize("kind", ["numeric", "qr", "text"])
@pytest.mark.parametrize("institution", ["erebor_mx_retail", "planet_mx_employment"])
async def test_x_mfa_kind_asks_at_every_bank(
    sandbox: Sandbox, client: Client, institution: str, kind: str
) -> None:
    challenge = await client.challenge(sandbox.add_link(institution=institution, username=f"x_mfa_{kind}"))
    assert challenge["token_generation_data"]["type"] == kind
    assert (await client.resume(challenge, "111111")).status == 200


async def test_x_mfa_inputless_is_resumed_without_a_token(sandbox: Sandbox, client: Client) -> None:
    link_id = sandbox.add_link(username="x_mfa_inputless")
    challenge = await client.challenge(link_id)
    data = challenge["token_generation_data"]
    assert (data["type"], data["value"], data["expects_user_input"]) == ("inputless", None, False)
    assert (await client.resume(challenge)).status == 200
    assert sandbox.tokens(link_id) == []


async def test_x_mfa_two_step_asks_for_two_tokens(sandbox: Sandbox, client: Client) -> None:
    link_id = sandbox.add_link(username="x_mfa_two_step")
    first = await client.challenge(link_id)
    second = (await client.resume(first, "111111")).json[0]
    assert second["session"] != first["session"]
    kinds = [item["token_generation_data"]["type"] for item in (first, second)]
    assert kinds == ["numeric", "text"]
    assert (await client.resume(first, "111111")).status == 404
    assert (await client.resume(second, "999999")).status == 428
    assert (await client.resume(second, "111111")).status == 200


async def test_x_mfa_expired_is_always_too_late(sandbox: Sandbox, client: Client) -> None:
    link_id = sandbox.add_link(username="x_mfa_expired")
    challenge = await client.challenge(link_id)
    assert challenge["expiry"] == 9600
    for _ in range(2):
        assert (await client.resume(challenge, "111111")).code == "session_expired"
    assert sandbox.logins(link_id) == 1


async def test_x_mfa_short_leaves_two_seconds(sandbox: Sandbox, client: Client, clock: ManualClock) -> None:
    link_id = sandbox.add_link(username="x_mfa_short")
    challenge = await client.challenge(link_id)
    assert challenge["expiry"] == 2
    clock.advance(2)
    assert (await client.resume(challenge, "111111")).code == "session_expired"


async def test_x_mfa_unknown_asks_in_a_way_never_seen(sandbox: Sandbox, client: Client) -> None:
    challenge = await client.challenge(sandbox.add_link(username="x_mfa_unknown"))
    assert challenge["token_generation_data"]["type"] == "retina_scan"


@pytest.mark.parametrize(
    ("username", "status", "code", "logins"),
    [
        ("x_activation_required", 428, "activation_required", 1),
        ("x_institution_down", 400, "institution_down", 1),
        ("x_timeout", 408, "request_timeout", 1),
        ("x_locked", 400, "login_error", 1),
        ("x_no_mfa_support", 400, "login_error", 1),
        ("x_forbidden_by_host", 403, "forbidden_by_host", 1),
        ("x_expired_credentials", 404, "expired_credentials", 0),
    ],
)
async def test_each_trouble_is_answered(
    sandbox: Sandbox, client: Client, username: str, status: int, code: str, logins: int
) -> None:
    link_id = sandbox.add_link(username=username)
    before = sandbox.links[link_id].last_accessed_at
    answer = await client.update(link_id, password="x")
    assert (answer.status, answer.code) == (status, code)
    assert answer.json[0].keys() == {"code", "message", "request_id"}
    assert sandbox.logins(link_id) == logins
    assert sandbox.links[link_id].last_accessed_at == before


async def test_a_locked_account_turns_the_link_invalid_after_six_tries(
    sandbox: Sandbox, client: Client
) -> None:
    link_id = sandbox.add_link(username="x_locked")
    for _ in range(6):
        await client.update(link_id, password="x")
    assert sandbox.links[link_id].status == "invalid"


async def test_x_expired_credentials_cannot_be_refreshed(sandbox: Sandbox, client: Client) -> None:
    link_id = sandbox.add_link(username="x_expired_credentials")
    assert (await client.call("POST", f"/api/links/{link_id}/refresh/")).code == "expired_credentials"


@pytest.mark.parametrize(
    ("username", "code", "times"),
    [("x_too_many_sessions", "too_many_sessions", 1), ("x_unexpected_error", "unexpected_error", 2)],
)
async def test_a_passing_trouble_passes(
    sandbox: Sandbox, client: Client, username: str, code: str, times: int
) -> None:
    link_id = sandbox.add_link(username=username)
    for _ in range(times):
        assert (await client.update(link_id, password="x")).code == code
    assert (await client.update(link_id, password="x")).status == 200
    assert sandbox.logins(link_id) == times + 1
    assert sandbox.overlapping_logins == 0


async def test_a_passing_trouble_passes_for_a_registration_too(client: Client) -> None:
    body = {"institution": "erebor_mx_retail", "username": "x_too_many_sessions", "password": "x"}
    assert (await client.register(**body)).code == "too_many_sessions"
    assert (await client.register(**body)).status == 201


async def test_how_long_trouble_lasts_is_an_option() -> None:
    options = SandboxOptions(busy_answers=3, error_answers=0)
    async with Sandbox(options=options) as sandbox, Client(sandbox) as client:
        busy, fine = (
            sandbox.add_link(username="x_too_many_sessions"),
            sandbox.add_link(username="x_unexpected_error"),
        )
        assert [(await client.update(busy, password="x")).status for _ in range(4)] == [400, 400, 400, 200]
        assert (await client.update(fine, password="x")).status == 200


async def test_x_lost_reply_logs_in_and_says_nothing(
    sandbox: Sandbox, client: Client, clock: ManualClock
) -> None:
    link_id = sandbox.add_link(username="x_lost_reply")
    clock.advance(1)
    with pytest.raises(ClientConnectionError):
        await client.update(link_id, password="new")
    assert sandbox.links[link_id].password == "new"
    assert sandbox.links[link_id].last_accessed_at == clock.now
    assert (sandbox.log[-1].status, sandbox.log[-1].login, sandbox.log[-1].fault) == (
        None,
        True,
        "reset_after",
    )


async def test_x_html_403_is_a_page_of_the_edge(sandbox: Sandbox, client: Client) -> None:
    answer = await client.update(sandbox.add_link(username="x_html_403"), password="x")
    assert (answer.status, answer.headers["content-type"]) == (403, "text/html")
    assert answer.headers["server"].startswith("openresty")
    assert answer.body.startswith(b"<html>")
    assert sandbox.logins() == 0


async def test_x_slow_takes_its_time(sandbox: Sandbox, client: Client, clock: ManualClock) -> None:
    link_id = sandbox.add_link(username="x_slow")
    update = asyncio.create_task(client.update(link_id, password="x"))
    await eventually(lambda: clock.sleepers == 1)
    assert clock.naps == [5.0]
    assert (sandbox.log[-1].status, sandbox.log[-1].login) == (None, False)
    clock.advance(5)
    assert (await update).status == 200
