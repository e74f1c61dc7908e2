"""The filters of lists of data."""

from collections.abc import Callable
from typing import Any, Final

import pytest

from belvo_async.sandbox import Sandbox

from .clients import Answer, Client

DATES: Final = {"date_from": "2025-03-01", "date_to": "2026-03-01"}


async def retrieve(client: Client, path: str, link_id: str) -> Answer:
    body = {"link": link_id, **(DATES if path == "transactions" else {})}
    return await client.call("POST", f"/api/{path}/", body)


@pytest.mark.parametrize(
    ("path", "query", "holds"),
    [
        ("transactions", {"account": "{account}"}, lambda row, account: row["account"]["id"] == account),
        ("transactions", {"account__in": "{account}"}, lambda row, account: row["account"]["id"] == account),
        (
            "transactions",
            {"value_date": "2026-01-05"},
            lambda row, _account: row["value_date"] == "2026-01-05",
        ),
        (
            "transactions",
            {"value_date__gt": "2026-01-05"},
            lambda row, _account: row["value_date"] > "2026-01-05",
        ),
        (
            "transactions",
            {"value_date__lte": "2026-01-05"},
            lambda row, _account: row["value_date"] <= "2026-01-05",
        ),
        (
            "transactions",
            {"value_date__range": "2026-01-05,2026-01-20"},
            lambda row, _account: "2026-01-05" <= row["value_date"] <= "2026-01-20",
        ),
        ("transactions", {"amount__gte": "730.5"}, lambda row, _account: row["amount"] >= 730.5),
        ("transactions", {"amount__lt": "100"}, lambda row, _account: row["amount"] < 100),
        ("transactions", {"type__in": "INFLOW"}, lambda row, _account: row["type"] == "INFLOW"),
        ("transactions", {"created_at__gte": "2026-03-01"}, lambda _row, _account: True),
        ("transactions", {"created_at__lt": "2026-03-01"}, lambda _row, _account: False),
        (
            "transactions",
            {"account__balance__current__gte": "20000"},
            lambda row, _account: row["account"]["balance"]["current"] >= 20000,
        ),
        ("transactions", {"unheard_of": "x"}, lambda _row, _account: True),
        (
            "accounts",
            {"category__in": "CREDIT_CARD,LOAN_ACCOUNT"},
            lambda row, _account: row["balance_type"] == "LIABILITY",
        ),
        ("accounts", {"institution": "erebor_mx_retail"}, lambda _row, _account: True),
        ("accounts", {"institution": "erebor_br_retail"}, lambda _row, _account: False),
        ("accounts", {"name__icontains": "CARD"}, lambda row, _account: "card" in row["name"]),
        ("accounts", {"id": "{account}"}, lambda row, account: row["id"] == account),
        ("br/balances", {"account": "{account}"}, lambda row, account: row["account_id"] == account),
        ("incomes", {"account": "{account}"}, lambda _row, _account: True),
        ("risk-insights", {"account__in": "{account}"}, lambda _row, _account: True),
    ],
)
async def test_filters_filter(
    sandbox: Sandbox, client: Client, path: str, query: dict[str, str], holds: Callable[[Any, str], bool]
) -> None:
    link_id = sandbox.add_link()
    account = (await retrieve(client, "accounts", link_id)).json[0]["id"]
    await retrieve(client, path, link_id)
    everything = (await client.get(f"/api/{path}/", link=link_id, page_size="1000")).json["results"]
    texts = {name: value.format(account=account) for name, value in query.items()}
    page = (await client.get(f"/api/{path}/", link=link_id, page_size="1000", **texts)).json
    assert page["results"] == [row for row in everything if holds(row, account)]


@pytest.mark.parametrize(
    "query",
    [
        {"value_date__gte": "yesterday"},
        {"created_at": "yesterday"},
        {"amount__lt": "much"},
        {"amount__lt": "NaN"},
        {"amount__range": "1"},
        {"account": "seven"},
        {"account__in": "seven"},
    ],
)
async def test_a_filter_of_data_that_makes_no_sense_is_refused(
    sandbox: Sandbox, client: Client, query: dict[str, str]
) -> None:
    link_id = sandbox.add_link()
    await retrieve(client, "transactions", link_id)
    answer = await client.get("/api/transactions/", link=link_id, **query)
    assert (answer.status, answer.fields) == (400, {next(iter(query)): "invalid"})
