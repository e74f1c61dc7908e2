import asyncio
import re

from belvo_async.sandbox import Sandbox, SandboxOptions

from .clients import Answer, Client
from .clocks import ManualClock, eventually

ASYNC = {"X-Belvo-Request-Mode": "async"}
DATES = {"date_from": "2025-12-01", "date_to": "2026-03-01"}


async def retrieve(client: Client, link_id: str, path: str = "transactions") -> Answer:
    return await client.call("POST", f"/api/{path}/", {"link": link_id, **DATES}, headers=ASYNC)


async def test_an_asynchronous_retrieval_is_accepted_and_told_of_when_it_has_ended(
    clock: ManualClock,
) -> None:
    options = SandboxOptions(login_seconds=60)
    async with Sandbox(clock=clock, options=options) as sandbox, Client(sandbox) as client:
        link_id = sandbox.add_link(external_id="user-1")
        body = {"link": link_id, **DATES}
        accepted = await client.call("POST", "/api/transactions/", body, headers=ASYNC, fields="id")
        assert accepted.status == 202
        assert re.fullmatch("[0-9a-f]{32}", accepted.json["request_id"])
        assert sandbox.webhooks.events == []
        clock.advance(60)
        await eventually(lambda: len(sandbox.webhooks.events) == 1)
        stored = (await client.get("/api/transactions/", link=link_id, page_size="1000")).json["results"]
    payload = sandbox.webhooks.events[0].payload()
    assert str(payload.pop("request_id")).replace("-", "") == accepted.json["request_id"]
    assert payload.pop("webhook_id")
    inflow = sum(row["type"] == "INFLOW" for row in stored)
    assert payload == {
        "webhook_type": "TRANSACTIONS",
        "process_type": "async_post",
        "webhook_code": "historical_update",
        "link_id": link_id,
        "external_id": "user-1",
        "data": {
            "total_transactions": len(stored),
            "total_inflow_transactions": inflow,
            "total_outflow_transactions": len(stored) - inflow,
            "first_transaction_date": stored[-1]["value_date"],
            "last_transaction_date": stored[0]["value_date"],
        },
    }


async def test_an_asynchronous_login_is_in_flight_until_it_has_ended(clock: ManualClock) -> None:
    options = SandboxOptions(login_seconds=60)
    async with Sandbox(clock=clock, options=options) as sandbox, Client(sandbox) as client:
        link_id = sandbox.add_link()
        assert (await retrieve(client, link_id)).status == 202
        assert (await client.update(link_id, password="x")).code == "too_many_sessions"
        assert (await retrieve(client, link_id)).code == "too_many_sessions"


async def test_an_asynchronous_challenge_is_told_of_the_link(sandbox: Sandbox, client: Client) -> None:
    link_id = sandbox.add_link(username="x_mfa_numeric")
    assert (await retrieve(client, link_id)).status == 202
    await eventually(lambda: len(sandbox.webhooks.events) == 1)
    assert sandbox.webhooks.events[0].webhook_code == "token_required"
    assert sandbox.links[link_id].status == "token_required"


async def test_an_asynchronous_login_that_is_refused_is_told_of_nowhere(
    sandbox: Sandbox, client: Client
) -> None:
    link_id = sandbox.add_link(password="pass_invalid")
    assert (await retrieve(client, link_id)).status == 202
    await eventually(lambda: sandbox.logins(link_id) == 1)
    assert sandbox.webhooks.events == []


async def test_what_has_no_asynchronous_mode_answers_at_once(sandbox: Sandbox, client: Client) -> None:
    assert (await retrieve(client, sandbox.add_link(), "accounts")).status == 201


async def test_other_asynchronous_retrievals_tell_how_many_records_there_are(
    sandbox: Sandbox, client: Client
) -> None:
    await retrieve(client, sandbox.add_link(), "employment-records")
    await eventually(lambda: len(sandbox.webhooks.events) == 1)
    (event,) = sandbox.webhooks.events
    assert (event.webhook_type, event.data) == ("EMPLOYMENT_RECORDS", {"total_employment_records": 1})


async def test_stopping_leaves_no_asynchronous_login(clock: ManualClock) -> None:
    before = asyncio.all_tasks()
    sandbox = Sandbox(clock=clock, options=SandboxOptions(login_seconds=60))
    async with sandbox, Client(sandbox) as client:
        assert (await retrieve(client, sandbox.add_link())).status == 202
        await eventually(lambda: clock.sleepers == 1)
    assert asyncio.all_tasks() == before
    assert sandbox.webhooks.events == []
