import asyncio

import pytest

from belvo_async.sandbox import Sandbox, SandboxOptions

from .clients import Client
from .clocks import ManualClock, eventually

SEVEN = ["password", "password2", "token", "encryption_key", "username_type", "certificate", "private_key"]


async def test_a_good_password_is_stored_and_the_access_noted(
    sandbox: Sandbox, client: Client, clock: ManualClock
) -> None:
    link_id = sandbox.add_link(status="token_required")
    clock.advance(60)
    answer = await client.update(link_id, password="new")
    assert (answer.status, answer.json["status"]) == (200, "valid")
    assert answer.json["last_accessed_at"] == "2026-03-01T12:01:00.000000Z"
    assert sandbox.links[link_id].password == "new"
    assert sandbox.links[link_id].last_accessed_at == clock.now


async def test_a_refused_password_is_not_stored(sandbox: Sandbox, client: Client) -> None:
    link_id = sandbox.add_link()
    before = sandbox.links[link_id].last_accessed_at
    answer = await client.update(link_id, password="pass_invalid")
    assert (answer.status, answer.code) == (400, "login_error")
    assert sandbox.links[link_id].password == "pass_valid"
    assert sandbox.links[link_id].last_accessed_at == before


async def test_all_seven_fields_are_taken(sandbox: Sandbox, client: Client) -> None:
    link_id = sandbox.add_link()
    answer = await client.update(link_id, **dict.fromkeys(SEVEN, "YQ=="), save_data=False, unheard_of=1)
    assert answer.status == 200
    assert sandbox.links[link_id].credentials == dict.fromkeys(set(SEVEN) - {"token"}, "YQ==")


@pytest.mark.parametrize("name", SEVEN)
async def test_each_field_must_be_a_string(sandbox: Sandbox, client: Client, name: str) -> None:
    link_id = sandbox.add_link()
    pair = {"certificate": "YQ==", "private_key": "YQ=="} if name in {"certificate", "private_key"} else {}
    for value, code in ((5, "invalid"), (None, "null"), ("", "blank"), ({}, "invalid"), (True, "invalid")):
        answer = await client.update(link_id, **(pair | {name: value}))
        assert (answer.status, answer.fields) == (400, {name: code})
    assert sandbox.logins() == 0


async def test_an_update_needs_something_to_update(sandbox: Sandbox, client: Client) -> None:
    link_id = sandbox.add_link()
    assert (await client.update(link_id)).fields == {"password": "required"}
    assert (await client.update(link_id, password="x", save_data="yes")).fields == {"save_data": "invalid"}
    assert (await client.update(link_id, private_key="YQ==")).fields == {"certificate": "required"}


async def test_a_token_alone_logs_in_with_the_stored_password(sandbox: Sandbox, client: Client) -> None:
    link_id = sandbox.add_link(institution="heimdall_mx_retail", username="mfa_default")
    assert (await client.update(link_id, token="111111")).status == 200
    assert sandbox.links[link_id].password == "pass_valid"


async def test_six_refusals_make_a_link_invalid_and_an_update_heals_it(
    sandbox: Sandbox, client: Client
) -> None:
    link_id = sandbox.add_link()
    states = []
    for _ in range(6):
        await client.update(link_id, password="pass_invalid")
        states.append(sandbox.links[link_id].status)
    assert states == ["valid"] * 5 + ["invalid"]
    assert (await client.call("POST", f"/api/links/{link_id}/refresh/")).code == "invalid_link"
    await client.update(link_id, password="pass_invalid")
    assert sandbox.links[link_id].status == "invalid"
    assert (await client.update(link_id, password="right")).json["status"] == "valid"
    assert (await client.call("POST", f"/api/links/{link_id}/refresh/")).status == 202


async def test_a_good_login_forgives_earlier_refusals(sandbox: Sandbox, client: Client) -> None:
    link_id = sandbox.add_link()
    for password in ["pass_invalid"] * 5 + ["good"] + ["pass_invalid"] * 5:
        await client.update(link_id, password=password)
    assert sandbox.links[link_id].status == "valid"


async def test_a_link_deleted_during_its_login_is_not_found(clock: ManualClock) -> None:
    options = SandboxOptions(login_seconds=5)
    async with Sandbox(clock=clock, options=options) as sandbox, Client(sandbox) as client:
        link_id = sandbox.add_link()
        update = asyncio.create_task(client.update(link_id, password="x"))
        await eventually(lambda: clock.sleepers == 1)
        await client.call("DELETE", f"/api/links/{link_id}/")
        clock.advance(5)
        assert (await update).code == "not_found"
