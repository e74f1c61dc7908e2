import pytest

from belvo_async.sandbox import Sandbox

from .clients import Client
from .clocks import ManualClock


async def test_the_access_mode_can_be_changed(sandbox: Sandbox, client: Client) -> None:
    link_id = sandbox.add_link()
    single = (await client.call("PATCH", f"/api/links/{link_id}/", {"access_mode": "single"})).json
    assert (single["refresh_rate"], single["credentials_storage"]) == (None, "365d")
    again = (await client.call("PATCH", f"/api/links/{link_id}/", {"access_mode": "recurrent"})).json
    assert (again["refresh_rate"], again["credentials_storage"]) == ("7d", "store")


async def test_what_is_fetched_and_kept_can_be_changed(sandbox: Sandbox, client: Client) -> None:
    link_id = sandbox.add_link()
    body = {"stale_in": "90d", "fetch_resources": ["ACCOUNTS"]}
    changed = (await client.call("PATCH", f"/api/links/{link_id}/", body)).json
    assert (changed["stale_in"], changed["fetch_resources"]) == ("90d", ["ACCOUNTS"])
    same = (await client.call("PATCH", f"/api/links/{link_id}/", {})).json
    assert (same["stale_in"], same["fetch_resources"]) == ("90d", ["ACCOUNTS"])
    assert sandbox.logins() == 0


async def test_a_change_is_checked(sandbox: Sandbox, client: Client) -> None:
    body = {"access_mode": "often", "stale_in": "x", "fetch_resources": ["INVOICES"]}
    answer = await client.call("PATCH", f"/api/links/{sandbox.add_link()}/", body)
    assert answer.fields == {
        "access_mode": "invalid_choice",
        "stale_in": "invalid",
        "fetch_resources": "invalid",
    }


async def test_five_links_a_minute_can_be_deleted(
    sandbox: Sandbox, client: Client, clock: ManualClock
) -> None:
    ids = [sandbox.add_link() for _ in range(6)]
    statuses = [(await client.call("DELETE", f"/api/links/{link_id}/")).status for link_id in ids]
    assert statuses == [204] * 5 + [429]
    assert list(sandbox.links) == ids[5:]
    clock.advance(60)
    gone = await client.call("DELETE", f"/api/links/{ids[5]}/")
    assert (gone.status, gone.body) == (204, b"")


async def test_an_asynchronous_deletion_has_no_limit_and_a_webhook(sandbox: Sandbox, client: Client) -> None:
    ids = [sandbox.add_link() for _ in range(7)]
    mode = {"X-Belvo-Request-Mode": "async"}
    answers = [await client.call("DELETE", f"/api/links/{link_id}/", headers=mode) for link_id in ids]
    assert {answer.status for answer in answers} == {202}
    assert not sandbox.links
    assert [event.request_id for event in sandbox.webhooks.events] == [
        answer.json["request_id"] for answer in answers
    ]
    assert sandbox.webhooks.events[0].webhook_code == "link_deleted"
    assert sandbox.log[-1].is_async


async def test_a_refresh_rests_ten_minutes(sandbox: Sandbox, client: Client, clock: ManualClock) -> None:
    path = f"/api/links/{sandbox.add_link()}/refresh/"
    first = await client.call("POST", path)
    assert (first.status, len(first.json["request_id"])) == (202, 32)
    clock.advance(180)
    again = await client.call("POST", path)
    assert (again.status, again.code) == (409, "link_refreshed")
    assert "wait 7 minutes" in again.json[0]["message"]
    clock.advance(420)
    assert (await client.call("POST", path, {"fetch_resources": ["ACCOUNTS"]})).status == 202


async def test_a_refresh_names_what_it_supports(sandbox: Sandbox, client: Client) -> None:
    path = f"/api/links/{sandbox.add_link()}/refresh/"
    answer = await client.call("POST", path, {"fetch_resources": ["INVOICES"]})
    assert answer.fields == {"fetch_resources": "invalid"}
    assert "ACCOUNTS" in answer.json[0]["message"]


@pytest.mark.parametrize(
    ("status", "code"), [("invalid", "invalid_link"), ("unconfirmed", "unconfirmed_link")]
)
async def test_a_link_that_is_not_valid_is_not_refreshed(
    sandbox: Sandbox, client: Client, status: str, code: str
) -> None:
    answer = await client.call("POST", f"/api/links/{sandbox.add_link(status=status)}/refresh/")
    assert (answer.status, answer.code) == (400, code)
