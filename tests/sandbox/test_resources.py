"""Every data resource, checked against Belvo's specification by a checker of the tests' own."""

from typing import Any, Final

import pytest

from belvo_async.sandbox import Sandbox

from .clients import Answer, Client
from .clocks import ManualClock
from .schemas import SCHEMAS, find_faults

BODIES: Final[dict[str, dict[str, object]]] = {
    "transactions": {"date_from": "2025-03-01", "date_to": "2026-03-01"},
    "invoices": {"date_from": "2025-03-01", "date_to": "2026-03-01", "type": "INFLOW"},
    "cl/invoices": {"date_from": "2025-03-01", "date_to": "2026-03-01"},
    "tax-retentions": {"date_from": "2025-03-01", "date_to": "2026-03-01", "type": "OUTFLOW"},
    "tax-returns": {"type": "yearly", "year_from": "2023", "year_to": "2025"},
    "employment-metrics": {"reference_date": "2026-01-01"},
    "incomes": {"allowed_income_types": ["SALARY"], "minimum_confidence_level": "HIGH"},
}
RETRIEVED: Final = [path for path in SCHEMAS if path not in {"consents", "br/exchanges/history"}]
ASKING: Final = [
    "accounts",
    "transactions",
    "owners",
    "incomes",
    "recurring-expenses",
    "risk-insights",
    "invoices",
]
"""Those whose challenges a PATCH answers."""
DEAD_ENDS: Final = [
    "br/balances",
    "bills",
    "br/exchanges",
    "employment-records",
    "mx/current-employments",
    "br/employments",
    "tax-compliance-status",
    "tax-returns",
    "tax-retentions",
    "tax-status",
]
"""Those that ask for a token which they cannot take."""
SINGLE: Final = {"incomes", "risk-insights", "tax-status", "tax-compliance-status", "employment-metrics"}
IN_ARRAYS: Final = {"recurring-expenses", "risk-insights"}
NEEDED_LINK: Final = {
    "transactions",
    "br/balances",
    "bills",
    "br/exchanges",
    "br/investments",
    "br/investment-transactions",
    "br/employments",
}


async def retrieve(client: Client, path: str, link_id: str, **body: object) -> Answer:
    return await client.call("POST", f"/api/{path}/", {"link": link_id, **BODIES.get(path, {}), **body})


def list_records(answer: Answer) -> list[dict[str, Any]]:
    found = answer.decimals
    return found if isinstance(found, list) else [found]


@pytest.mark.parametrize("path", RETRIEVED)
async def test_a_record_is_as_the_specification_says(sandbox: Sandbox, client: Client, path: str) -> None:
    answer = await retrieve(client, path, sandbox.add_link())
    assert answer.status == 201
    records = list_records(answer)
    assert records
    assert [fault for record in records for fault in find_faults(path, record)] == []
    assert len({record["id"] for record in records}) == len(records)


@pytest.mark.parametrize("path", RETRIEVED)
async def test_the_same_link_has_the_same_records_and_another_one_has_others(
    sandbox: Sandbox, client: Client, path: str
) -> None:
    link_id = sandbox.add_link()
    first, second, other = [
        list_records(await retrieve(client, path, each)) for each in (link_id, link_id, sandbox.add_link())
    ]
    assert first == second
    assert not {record["id"] for record in first} & {record["id"] for record in other}


@pytest.mark.parametrize("path", RETRIEVED)
async def test_a_retrieval_answers_an_object_or_an_array(sandbox: Sandbox, client: Client, path: str) -> None:
    made = await retrieve(client, path, sandbox.add_link())
    assert isinstance(made.json, dict) == (path in SINGLE)
    shown = await client.get(f"/api/{path}/{list_records(made)[0]['id']}/")
    assert isinstance(shown.json, list) == (path in IN_ARRAYS)
    assert list_records(shown) == list_records(made)[:1]


@pytest.mark.parametrize("path", RETRIEVED)
async def test_a_list_has_the_records_of_the_link_that_is_asked_for(
    sandbox: Sandbox, client: Client, path: str
) -> None:
    ids = [sandbox.add_link() for _ in range(2)]
    made = [list_records(await retrieve(client, path, link_id)) for link_id in ids]
    page = await client.get(f"/api/{path}/", link=ids[1], page_size="1000")
    assert page.decimals["results"] == made[1]
    both = await client.get(f"/api/{path}/", link=ids[0], link__in=",".join(ids))
    assert both.json["count"] == len(made[0])
    everything = await client.get(f"/api/{path}/")
    assert (everything.status == 400) == (path in NEEDED_LINK)
    assert (await client.get(f"/api/{path}/", link="seven")).fields == {"link": "invalid"}


@pytest.mark.parametrize("path", ASKING)
async def test_a_challenge_is_answered_where_it_was_met(sandbox: Sandbox, client: Client, path: str) -> None:
    link_id = sandbox.add_link(username="x_mfa_numeric")
    challenge = (await retrieve(client, path, link_id)).json[0]
    body = {"session": challenge["session"], "link": link_id, "token": "111111"}
    done = await client.call("PATCH", f"/api/{path}/", body)
    assert (done.status, type(done.json)) == (201, list)
    assert [fault for record in done.decimals for fault in find_faults(path, record)] == []


@pytest.mark.parametrize("path", DEAD_ENDS)
async def test_a_challenge_without_a_way_back_is_told_all_the_same(
    sandbox: Sandbox, client: Client, path: str
) -> None:
    link_id = sandbox.add_link(username="x_mfa_numeric")
    answer = await retrieve(client, path, link_id)
    assert (answer.status, answer.code) == (428, "token_required")
    body = {"session": answer.json[0]["session"], "link": link_id, "token": "111111"}
    assert (await client.call("PATCH", f"/api/{path}/", body)).status == 405
    assert (await client.call("PATCH", "/api/accounts/", body)).status == 404


@pytest.mark.parametrize("path", [path for path in RETRIEVED if path not in {*ASKING, *DEAD_ENDS}])
async def test_what_documents_no_challenge_has_none(sandbox: Sandbox, client: Client, path: str) -> None:
    answer = await retrieve(client, path, sandbox.add_link(username="x_mfa_numeric"))
    assert answer.status == 201
    assert (await client.call("PATCH", f"/api/{path}/")).status == 405


@pytest.mark.parametrize("path", RETRIEVED)
async def test_a_record_can_be_deleted_unless_it_is_a_balance(
    sandbox: Sandbox, client: Client, path: str
) -> None:
    made = list_records(await retrieve(client, path, sandbox.add_link()))[0]
    deleted = await client.call("DELETE", f"/api/{path}/{made['id']}/")
    assert deleted.status == (405 if path == "br/balances" else 204)


async def test_a_link_has_a_consent_that_nobody_retrieves(
    sandbox: Sandbox, client: Client, clock: ManualClock
) -> None:
    link_id = sandbox.add_link()
    sandbox.add_link()
    owner = (await retrieve(client, "owners", link_id)).json[0]
    assert (await client.get("/api/consents/")).fields == {"user_document": "required"}
    page = (await client.get("/api/consents/", user_document=owner["document_id"]["document_number"])).json
    (consent,) = page["results"]
    assert find_faults("consents", consent) == []
    assert consent["link_id"] == link_id
    clock.advance(3600)
    assert (await client.get(f"/api/consents/{consent['id']}/")).json == consent
    assert (await client.get(f"/api/consents/{link_id}/")).status == 404
    assert (await client.call("POST", "/api/consents/", {"link": link_id})).status == 405


async def test_an_exchange_has_a_history(sandbox: Sandbox, client: Client) -> None:
    exchange = (await retrieve(client, "br/exchanges", sandbox.add_link())).json[0]
    page = (await client.get(f"/api/br/exchanges/{exchange['id']}/history/")).decimals
    assert page["count"] == 2
    assert [fault for event in page["results"] for fault in find_faults("br/exchanges/history", event)] == []
    assert {event["exchange_id"] for event in page["results"]} == {exchange["id"]}


async def test_tax_returns_are_monthly_or_yearly(sandbox: Sandbox, client: Client) -> None:
    link_id = sandbox.add_link()
    yearly = (await retrieve(client, "tax-returns", link_id, year_from="2025")).json
    assert [record["informacion_general"]["ejercicio"] for record in yearly] == ["2025"]
    dates = {"date_from": "2026-01-01", "date_to": "2026-02-01", "type": "monthly"}
    monthly = await client.call("POST", "/api/tax-returns/", {"link": link_id, **dates})
    assert {record["type"] for record in monthly.json} == {"monthly"}
    bare = await client.call("POST", "/api/tax-returns/", {"link": link_id, "type": "yearly"})
    assert bare.fields == {"year_from": "required", "year_to": "required"}
    wrong = await client.call("POST", "/api/tax-returns/", {"link": link_id, "type": "weekly"})
    assert wrong.fields == {"type": "invalid_choice"}


async def test_a_bill_is_what_was_paid_on_the_card(sandbox: Sandbox, client: Client) -> None:
    link_id = sandbox.add_link()
    bills = (await retrieve(client, "bills", link_id)).decimals
    card = bills[0]["account"]
    rows = (await retrieve(client, "transactions", link_id, account=card["id"])).decimals
    paid = [row["amount"] for row in rows if row["type"] == "INFLOW"]
    assert card["category"] == "CREDIT_CARD"
    assert [bill["total_amount"] for bill in bills] == paid


async def test_the_amounts_of_an_invoice_add_up(sandbox: Sandbox, client: Client) -> None:
    for invoice in (await retrieve(client, "invoices", sandbox.add_link())).decimals:
        assert invoice["subtotal_amount"] + invoice["tax_amount"] == invoice["total_amount"]
        assert invoice["type"] == "INFLOW"


async def test_the_user_without_data_has_none(sandbox: Sandbox, client: Client) -> None:
    link_id = sandbox.add_link(username="bnk101")
    for path in RETRIEVED:
        assert (await retrieve(client, path, link_id)).json == []
