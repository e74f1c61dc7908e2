import asyncio
from collections import Counter
from decimal import Decimal
from itertools import pairwise

import pytest
from aiohttp import ClientConnectionError

from belvo_async.sandbox import Fault, Sandbox, SandboxOptions

from .clients import Answer, Client
from .clocks import ManualClock, eventually

DATES = {"date_from": "2025-03-01", "date_to": "2026-03-01"}


async def retrieve(client: Client, path: str, link_id: str, **body: object) -> Answer:
    return await client.call("POST", f"/api/{path}/", {"link": link_id, **body})


async def test_a_link_has_accounts_of_several_kinds(sandbox: Sandbox, client: Client) -> None:
    answer = await retrieve(client, "accounts", sandbox.add_link())
    assert answer.status == 201
    assert len({account["category"] for account in answer.json}) == len(answer.json) >= 3


async def test_the_balance_of_an_account_follows_from_its_transactions(
    sandbox: Sandbox, client: Client
) -> None:
    link_id = sandbox.add_link()
    accounts = {one["id"]: one for one in (await retrieve(client, "accounts", link_id)).decimals}
    rows = (await retrieve(client, "transactions", link_id, **DATES)).decimals
    assert len(rows) > 200
    assert rows == sorted(rows, key=lambda row: row["transacted_at"], reverse=True)
    for account_id, account in accounts.items():
        own = [row for row in reversed(rows) if row["account"]["id"] == account_id]
        sign = -1 if account["balance_type"] == "LIABILITY" else 1
        for before, after in pairwise(own):
            moved = sign * after["amount"] * (1 if after["type"] == "INFLOW" else -1)
            assert after["balance"] == before["balance"] + moved
        assert own[-1]["balance"] == account["balance"]["current"] >= 0


async def test_money_is_written_with_two_decimals_at_most(sandbox: Sandbox, client: Client) -> None:
    for institution in ("erebor_br_retail", "erebor_mx_retail", "erebor_co_retail"):
        link_id = sandbox.add_link(institution=institution)
        rows = (await retrieve(client, "transactions", link_id, **DATES)).decimals
        money = [row[name] for row in rows for name in ("amount", "balance")]
        assert all(isinstance(value, Decimal) for value in money)
        assert all(-2 <= value.as_tuple().exponent <= 0 for value in money)


async def test_the_same_link_has_the_same_rows_each_time_and_new_ones_each_day(
    sandbox: Sandbox, client: Client, clock: ManualClock
) -> None:
    link_id, other = sandbox.add_link(), sandbox.add_link()
    first = (await retrieve(client, "transactions", link_id, **DATES)).json
    clock.advance(40 * 86_400)
    later = (await retrieve(client, "transactions", link_id, **DATES | {"date_to": "2026-12-31"})).json
    theirs = (await retrieve(client, "transactions", other, **DATES)).json
    ids = [row["id"] for row in first]
    assert ids == [row["id"] for row in later][-len(ids) :]
    assert len(later) > len(first)
    assert not {row["id"] for row in theirs} & set(ids)
    assert max(Counter(ids).values()) == 1


async def test_dates_and_an_account_select_transactions(sandbox: Sandbox, client: Client) -> None:
    link_id = sandbox.add_link()
    account = (await retrieve(client, "accounts", link_id)).json[0]["id"]
    body = {"date_from": "2025-12-01", "date_to": "2025-12-31", "account": account}
    rows = (await retrieve(client, "transactions", link_id, **body)).json
    assert {row["account"]["id"] for row in rows} == {account}
    assert {row["value_date"][:7] for row in rows} == {"2025-12"}


async def test_what_is_saved_can_be_listed_shown_and_deleted(sandbox: Sandbox, client: Client) -> None:
    link_id = sandbox.add_link()
    made = (await retrieve(client, "transactions", link_id, **DATES)).json
    page = (await client.get("/api/transactions/", link=link_id, page_size="1000")).json
    assert page["results"] == made
    path = f"/api/transactions/{made[0]['id']}/"
    assert (await client.get(path)).json == made[0]
    assert (await client.call("DELETE", path)).status == 204
    assert (await client.get(path)).status == 404
    assert (await client.call("DELETE", path)).status == 404


async def test_what_is_not_saved_is_shown_once(sandbox: Sandbox, client: Client) -> None:
    link_id = sandbox.add_link()
    answer = await retrieve(client, "owners", link_id, save_data=False)
    assert (answer.status, len(answer.json)) == (200, 1)
    assert (await client.get("/api/owners/", link=link_id)).json["count"] == 0


async def test_the_data_of_a_link_go_with_it(sandbox: Sandbox, client: Client) -> None:
    gone, stays = sandbox.add_link(), sandbox.add_link()
    for link_id in (gone, stays):
        await retrieve(client, "accounts", link_id)
    await client.call("DELETE", f"/api/links/{gone}/")
    page = (await client.get("/api/accounts/")).json
    assert {account["link"] for account in page["results"]} == {stays}


async def test_a_challenge_of_data_is_answered_at_its_own_collection(
    sandbox: Sandbox, client: Client
) -> None:
    link_id = sandbox.add_link(institution="heimdall_br_retail", username="mfa_numeric")
    asked = await retrieve(client, "transactions", link_id, save_data=False, **DATES)
    assert asked.status == 428
    challenge = asked.json[0]
    assert challenge["token_generation_data"]["type"] == "numeric"
    answer = {"session": challenge["session"], "link": link_id, "token": "111111", "save_data": False}
    for elsewhere in ("links", "accounts"):
        assert (await client.call("PATCH", f"/api/{elsewhere}/", answer)).status == 404
    wrong = await client.call("PATCH", "/api/transactions/", answer | {"token": "999999"})
    assert wrong.status == 428
    done = await client.call("PATCH", "/api/transactions/", answer | {"session": wrong.json[0]["session"]})
    assert done.status == 200
    assert len(done.json) > 200
    assert sandbox.tokens(link_id) == ["999999", "111111"]
    assert (await client.get("/api/transactions/", link=link_id)).json["count"] == 0


async def test_a_resume_saves_unless_it_says_otherwise(sandbox: Sandbox, client: Client) -> None:
    link_id = sandbox.add_link(username="x_mfa_inputless")
    challenge = (await retrieve(client, "owners", link_id, save_data=False)).json[0]
    done = await client.call("PATCH", "/api/owners/", {"session": challenge["session"], "link": link_id})
    assert done.status == 201
    assert (await client.get("/api/owners/", link=link_id)).json["count"] == 1


async def test_a_token_that_comes_with_the_request_is_taken(sandbox: Sandbox, client: Client) -> None:
    link_id = sandbox.add_link(username="x_mfa_numeric")
    assert (await retrieve(client, "accounts", link_id, token="111111")).status == 201


async def test_a_challenge_of_balances_leads_nowhere(sandbox: Sandbox, client: Client) -> None:
    link_id = sandbox.add_link(username="x_mfa_numeric")
    challenge = (await retrieve(client, "br/balances", link_id)).json[0]
    answer = {"session": challenge["session"], "link": link_id, "token": "111111"}
    assert (await client.call("PATCH", "/api/br/balances/", answer)).status == 405
    assert (await client.call("PATCH", "/api/links/", answer)).status == 404


@pytest.mark.parametrize(
    ("body", "fields"),
    [
        ({}, {"link": "required", "date_from": "required", "date_to": "required"}),
        ({"date_from": "2026-02-30", "date_to": 7}, {"date_from": "invalid", "date_to": "invalid"}),
        ({"date_from": "2026-02-02", "date_to": "2026-02-01"}, {"date_to": "invalid"}),
        ({"save_data": "no"}, {"save_data": "invalid"}),
        ({"account": "7"}, {"account": "invalid"}),
        ({"link": "7"}, {"link": "invalid"}),
        ({"link": "0d3ffb69-f83b-456e-ad8e-208d0998d71d"}, {"link": "does_not_exist"}),
    ],
)
async def test_a_body_that_makes_no_sense_is_refused(
    sandbox: Sandbox, client: Client, body: dict[str, object], fields: dict[str, str]
) -> None:
    right = {"link": sandbox.add_link(), **DATES} if body else {}
    answer = await client.call("POST", "/api/transactions/", right | body)
    assert (answer.status, answer.fields) == (400, fields)
    assert sandbox.logins() == 0


@pytest.mark.parametrize(
    ("status", "code"), [("invalid", "invalid_link"), ("unconfirmed", "unconfirmed_link")]
)
async def test_a_link_that_does_not_work_has_no_data(
    sandbox: Sandbox, client: Client, status: str, code: str
) -> None:
    answer = await retrieve(client, "accounts", sandbox.add_link(status=status))
    assert (answer.status, answer.code) == (400, code)


@pytest.mark.parametrize(
    ("username", "status", "code"),
    [
        ("x_locked", 400, "login_error"),
        ("x_too_many_sessions", 400, "too_many_sessions"),
        ("x_expired_credentials", 404, "expired_credentials"),
        ("x_unexpected_error", 500, "unexpected_error"),
    ],
)
async def test_a_retrieval_meets_the_troubles_of_a_login(
    sandbox: Sandbox, client: Client, username: str, status: int, code: str
) -> None:
    answer = await retrieve(client, "accounts", sandbox.add_link(username=username))
    assert (answer.status, answer.code) == (status, code)


async def test_six_refused_retrievals_make_a_link_invalid() -> None:
    async with (
        Sandbox(options=SandboxOptions(failures_until_invalid=2)) as sandbox,
        Client(sandbox) as client,
    ):
        link_id = sandbox.add_link(password="pass_invalid")
        for _ in range(2):
            assert (await retrieve(client, "accounts", link_id)).code == "login_error"
        assert (await retrieve(client, "accounts", link_id)).code == "invalid_link"


async def test_balances_are_those_of_the_accounts_that_hold_money(sandbox: Sandbox, client: Client) -> None:
    link_id = sandbox.add_link()
    accounts = {one["id"]: one for one in (await retrieve(client, "accounts", link_id)).decimals}
    balances = (await retrieve(client, "br/balances", link_id)).decimals
    assert len(balances) == 2
    for balance in balances:
        assert balance["available"] == accounts[balance["account_id"]]["balance"]["available"]
    one = (await retrieve(client, "br/balances", link_id, account_id=balances[0]["account_id"])).json
    assert [balance["id"] for balance in one] == [balances[0]["id"]]
    assert (await client.call("DELETE", f"/api/br/balances/{one[0]['id']}/")).status == 405


async def test_a_lost_response_of_a_retrieval_has_stored_its_rows(sandbox: Sandbox, client: Client) -> None:
    for times, link_id in enumerate((sandbox.add_link(), sandbox.add_link(username="x_lost_reply"))):
        if not times:
            sandbox.faults.add(Fault(kind="reset_after", path="/api/owners/", link_id=link_id, times=1))
        with pytest.raises(ClientConnectionError):
            await retrieve(client, "owners", link_id)
        assert sandbox.logins(link_id) == 1
        assert (await client.get("/api/owners/", link=link_id)).json["count"] == 1


async def test_a_fault_of_a_link_strikes_its_retrievals_and_lists(sandbox: Sandbox, client: Client) -> None:
    one, other = sandbox.add_link(), sandbox.add_link()
    sandbox.faults.add(Fault(kind="status", link_id=one))
    assert (await retrieve(client, "accounts", one)).status == 500
    assert (await client.get("/api/accounts/", link=one)).status == 500
    assert (await retrieve(client, "accounts", other)).status == 201
    assert sandbox.logins(one) == 0
    assert [received.link_id for received in sandbox.log] == [one, one, other]


async def test_retrievals_of_one_link_do_not_overlap(clock: ManualClock) -> None:
    options = SandboxOptions(login_seconds=60)
    async with Sandbox(clock=clock, options=options) as sandbox, Client(sandbox) as client:
        link_id = sandbox.add_link()
        first = asyncio.create_task(retrieve(client, "accounts", link_id))
        await eventually(lambda: clock.sleepers == 1)
        assert (await retrieve(client, "owners", link_id)).code == "too_many_sessions"
        clock.advance(60)
        assert (await first).status == 201
        assert sandbox.overlapping_logins == 1


async def test_a_link_that_is_deleted_meanwhile_has_no_data(clock: ManualClock) -> None:
    options = SandboxOptions(login_seconds=60)
    async with Sandbox(clock=clock, options=options) as sandbox, Client(sandbox) as client:
        link_id = sandbox.add_link()
        first = asyncio.create_task(retrieve(client, "accounts", link_id))
        await eventually(lambda: clock.sleepers == 1)
        await client.call("DELETE", f"/api/links/{link_id}/")
        clock.advance(60)
        assert (await first).status == 404
        assert (await client.get("/api/accounts/")).json["count"] == 0


async def test_five_transactions_a_minute_can_be_deleted(
    sandbox: Sandbox, client: Client, clock: ManualClock
) -> None:
    rows = (await retrieve(client, "transactions", sandbox.add_link(), **DATES)).json[:7]
    paths = [f"/api/transactions/{row['id']}/" for row in rows]
    statuses = [(await client.call("DELETE", path)).status for path in paths[:6]]
    assert statuses == [204] * 5 + [429]
    clock.advance(60)
    assert (await client.call("DELETE", paths[6])).status == 204


async def test_fields_and_omit_project_what_is_retrieved_listed_and_shown(
    sandbox: Sandbox, client: Client
) -> None:
    link_id = sandbox.add_link()
    made = await client.call("POST", "/api/owners/", {"link": link_id}, fields="id,email", omit="email")
    (owner,) = made.json
    assert list(owner) == ["id"]
    assert (await client.get("/api/owners/", fields="id")).json["results"] == [owner]
    shown = (await client.get(f"/api/owners/{owner['id']}/", omit="id")).json
    assert "display_name" in shown
    assert "id" not in shown
