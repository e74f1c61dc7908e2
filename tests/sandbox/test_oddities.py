"""Rows that break the specification, for those who have to read them."""

import pytest

from belvo_async.sandbox import Sandbox

from .clients import Client
from .schemas import find_faults

BODY = {"date_from": "2025-12-01", "date_to": "2026-03-01"}


@pytest.mark.parametrize(
    ("username", "fault"),
    [
        ("x_odd_number", "transactions.amount is no number: '"),
        ("x_odd_null", "transactions.internal_identification is null"),
        ("x_odd_enum", "transactions.category is none of "),
        ("x_odd_key", "transactions.something_new is unknown"),
        ("x_odd_date", "transactions.value_date is no day: '28-02-2026'"),
    ],
)
async def test_the_first_row_is_odd_in_one_field_and_the_others_are_not(
    sandbox: Sandbox, client: Client, username: str, fault: str
) -> None:
    link_id = sandbox.add_link(username=username)
    rows = (await client.call("POST", "/api/transactions/", {"link": link_id, **BODY})).decimals
    (found,) = find_faults("transactions", rows[0])
    assert found.startswith(fault)
    assert [fault for row in rows[1:] for fault in find_faults("transactions", row)] == []


async def test_an_object_may_come_as_an_array_of_one(sandbox: Sandbox, client: Client) -> None:
    link_id = sandbox.add_link(username="x_odd_object")
    accounts = (await client.call("POST", "/api/accounts/", {"link": link_id})).json
    assert accounts[0]["institution"] == [accounts[1]["institution"]]


async def test_what_is_odd_inside_is_found(sandbox: Sandbox, client: Client) -> None:
    link_id = sandbox.add_link(username="x_odd_number")
    accounts = (await client.call("POST", "/api/accounts/", {"link": link_id})).json
    assert isinstance(accounts[0]["balance"]["current"], str)


@pytest.mark.parametrize(("username", "path"), [("x_odd_number", "owners"), ("x_odd_enum", "br/balances")])
async def test_a_record_without_such_a_field_is_not_odd(
    sandbox: Sandbox, client: Client, username: str, path: str
) -> None:
    answer = await client.call("POST", f"/api/{path}/", {"link": sandbox.add_link(username=username)})
    assert [fault for record in answer.decimals for fault in find_faults(path, record)] == []
