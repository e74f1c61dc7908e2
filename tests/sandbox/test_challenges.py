from typing import Any

import pytest

from belvo_async.sandbox import Sandbox, SandboxOptions

from .clients import Client
from .clocks import ManualClock

MFA = {"institution": "heimdall_mx_retail", "username": "mfa_numeric"}


async def test_a_challenge_has_all_seven_keys(sandbox: Sandbox, client: Client) -> None:
    link_id = sandbox.add_link(**MFA)
    answer = await client.update(link_id, password="new")
    assert answer.status == 428
    (item,) = answer.json
    session, request_id = item.pop("session"), item.pop("request_id")
    assert len(session) == len(request_id) == 32
    assert item == {
        "code": "token_required",
        "message": "A MFA token is required by the institution to login",
        "expiry": 9600,
        "link": link_id,
        "token_generation_data": {
            "instructions": "Use this code to generate the token",
            "type": "numeric",
            "value": "12345",
            "expects_user_input": True,
        },
    }
    assert sandbox.links[link_id].password == "pass_valid"
    assert sandbox.links[link_id].status == "valid"


@pytest.mark.parametrize(
    ("username", "kind"), [("mfa_default", "inputless"), ("mfa_qr", "qr"), ("mfa_numeric", "numeric")]
)
@pytest.mark.parametrize("institution", ["heimdall_mx_retail", "heimdall_br_retail", "gotham_br_business"])
async def test_the_user_names_the_kind(
    sandbox: Sandbox, client: Client, institution: str, username: str, kind: str
) -> None:
    link_id = sandbox.add_link(institution=institution, username=username)
    data = (await client.challenge(link_id))["token_generation_data"]
    assert (data["type"], data["expects_user_input"]) == (kind, True)


async def test_other_banks_ask_nothing(sandbox: Sandbox, client: Client) -> None:
    assert (await client.update(sandbox.add_link(username="mfa_qr"), password="x")).status == 200
    plain = sandbox.add_link(institution="heimdall_mx_retail", username="user_valid")
    assert (await client.update(plain, password="x")).status == 200


async def test_the_right_token_ends_the_dialogue(sandbox: Sandbox, client: Client) -> None:
    link_id = sandbox.add_link(**MFA)
    challenge = (await client.update(link_id, password="new")).json[0]
    answer = await client.resume(challenge, "111111")
    assert (answer.status, answer.json["id"]) == (200, link_id)
    assert sandbox.links[link_id].password == "new"
    assert (await client.resume(challenge, "111111")).code == "not_found"
    assert sandbox.tokens(link_id) == ["111111"]
    assert sandbox.logins(link_id) == 2


@pytest.mark.parametrize("token", ["999999", "000000", "1234ab"])
async def test_a_wrong_token_is_asked_again_in_the_same_session(
    sandbox: Sandbox, client: Client, token: str
) -> None:
    link_id = sandbox.add_link(**MFA)
    challenge = await client.challenge(link_id)
    again = await client.resume(challenge, token)
    assert (again.status, again.code) == (428, "token_required")
    assert again.json[0]["session"] == challenge["session"]
    assert (await client.resume(again.json[0], "111111")).status == 200


async def test_a_wrong_token_can_open_a_new_session() -> None:
    async with (
        Sandbox(options=SandboxOptions(new_session_on_wrong_token=True)) as sandbox,
        Client(sandbox) as client,
    ):
        challenge = await client.challenge(sandbox.add_link(**MFA))
        again = (await client.resume(challenge, "999999")).json[0]
        assert again["session"] != challenge["session"]
        assert (await client.resume(challenge, "111111")).code == "not_found"
        assert (await client.resume(again, "111111")).status == 200


async def test_a_token_up_front_avoids_the_challenge_if_it_is_right(sandbox: Sandbox, client: Client) -> None:
    link_id = sandbox.add_link(**MFA)
    assert (await client.update(link_id, password="x", token="123456")).status == 428
    assert (await client.update(link_id, password="x", token="111111")).status == 200
    assert sandbox.tokens(link_id) == ["123456", "111111"]


async def test_a_new_login_replaces_the_waiting_session(sandbox: Sandbox, client: Client) -> None:
    link_id = sandbox.add_link(**MFA)
    old, new = await client.challenge(link_id), await client.challenge(link_id)
    assert (await client.resume(old, "111111")).code == "not_found"
    assert (await client.resume(new, "111111")).status == 200
    assert sandbox.overlapping_logins == 0


async def test_a_waiting_session_can_block_a_new_login(clock: ManualClock) -> None:
    options = SandboxOptions(waiting_session_blocks=True, expiry=60)
    async with Sandbox(options=options, clock=clock) as sandbox, Client(sandbox) as client:
        link_id = sandbox.add_link(**MFA)
        await client.challenge(link_id)
        assert (await client.update(link_id, password="x")).code == "too_many_sessions"
        clock.advance(60)
        assert (await client.update(link_id, password="x")).code == "token_required"


async def test_a_session_ends_when_its_expiry_is_over(
    sandbox: Sandbox, client: Client, clock: ManualClock
) -> None:
    link_id = sandbox.add_link(**MFA)
    first = await client.challenge(link_id)
    clock.advance(9599)
    second = (await client.resume(first, "999999")).json[0]
    clock.advance(9599)
    assert (await client.resume(second, "111111")).status == 200
    third = await client.challenge(link_id)
    clock.advance(9600)
    late = await client.resume(third, "111111")
    assert (late.status, late.code) == (400, "session_expired")
    assert sandbox.tokens(link_id) == ["999999", "111111"]


async def test_a_resume_is_checked(sandbox: Sandbox, client: Client) -> None:
    link_id, other = sandbox.add_link(**MFA), sandbox.add_link(**MFA)
    challenge = await client.challenge(link_id)
    empty = await client.call("PATCH", "/api/links/", {})
    assert empty.fields == {"session": "required", "link": "required"}
    assert (await client.resume(challenge | {"link": other}, "111111")).fields == {"link": "invalid"}
    assert (await client.resume(challenge | {"link": "nobody"}, "111111")).status == 404
    assert (await client.resume(challenge | {"session": "0" * 32}, "111111")).status == 404
    assert (await client.resume(challenge)).fields == {"token": "required"}
    number = {"session": challenge["session"], "link": link_id, "token": 111111}
    assert (await client.call("PATCH", "/api/links/", number)).fields == {"token": "invalid"}
    assert (sandbox.logins(link_id), sandbox.tokens(link_id)) == (1, [])


async def _challenge_with(**options: Any) -> Any:
    async with Sandbox(options=SandboxOptions(**options)) as sandbox, Client(sandbox) as client:
        return (await client.update(sandbox.add_link(username="x_mfa_qr"), password="x")).json


async def test_a_challenge_can_be_a_bare_object() -> None:
    assert (await _challenge_with(challenge_shape="object"))["code"] == "token_required"


async def test_a_challenge_can_be_the_one_of_2020() -> None:
    legacy = await _challenge_with(challenge_shape="legacy")
    assert legacy.keys() == {"detail", "session", "expiry", "link"}


async def test_the_expiry_can_be_text() -> None:
    assert (await _challenge_with(expiry_as_text=True, expiry=720))[0]["expiry"] == "720"


async def test_the_flag_can_have_its_other_name_or_none() -> None:
    other = (await _challenge_with(input_flag="expect_user_input"))[0]["token_generation_data"]
    assert other["expect_user_input"] is True
    assert "expects_user_input" not in other
    missing = (await _challenge_with(input_flag="missing"))[0]["token_generation_data"]
    assert missing.keys() == {"instructions", "type", "value"}


async def test_the_generation_data_can_be_missing() -> None:
    assert "token_generation_data" not in (await _challenge_with(without_generation_data=True))[0]


async def test_the_qr_code_is_text_or_a_picture() -> None:
    assert not (await _challenge_with())[0]["token_generation_data"]["value"].startswith("data:")
    drawn = (await _challenge_with(qr_as_data_uri=True))[0]["token_generation_data"]["value"]
    assert drawn.startswith("data:image/png;base64,iVBOR")


async def test_a_resume_can_be_answered_201() -> None:
    async with Sandbox(options=SandboxOptions(resume_status=201)) as sandbox, Client(sandbox) as client:
        challenge = await client.challenge(sandbox.add_link(**MFA))
        assert (await client.resume(challenge, "111111")).status == 201


async def test_a_put_can_resume_where_that_is_on(sandbox: Sandbox, client: Client) -> None:
    link_id = sandbox.add_link(**MFA)
    challenge = await client.challenge(link_id)
    ignored = await client.update(link_id, password="x", session=challenge["session"], token="999999")
    assert ignored.json[0]["session"] != challenge["session"]
    async with Sandbox(options=SandboxOptions(accept_put_resume=True)) as bank, Client(bank) as caller:
        link_id = bank.add_link(**MFA)
        challenge = await caller.challenge(link_id)
        resumed = await caller.update(link_id, password="new", session=challenge["session"], token="111111")
        assert resumed.status == 200
        assert bank.links[link_id].password == "new"
        assert (await caller.update(link_id, password="x", session="0" * 32, token="1")).status == 404
