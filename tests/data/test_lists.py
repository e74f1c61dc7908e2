"""What Belvo has stored: lists with filters, single rows, and deleting them."""

from datetime import date
from decimal import Decimal
from typing import Any

import pytest

from belvo_async import SessionPool
from belvo_async.errors import InvalidValueError, NotFoundError, UnreadableResponseError
from belvo_async.models.recurring_expenses import RecurringExpense
from belvo_async.testing import BelvoMock, error_body
from tests.data.conftest import LINK, ROW, build_row

TRANSACTIONS = "/api/transactions/"


def build_page(*rows: object, following: str | None = None) -> dict[str, object]:
    return {"count": len(rows), "next": following, "previous": None, "results": list(rows)}


async def test_filters_have_the_names_of_the_reference(pool: SessionPool, belvo: BelvoMock) -> None:
    belvo.reply("GET", TRANSACTIONS, json_body=build_page(build_row(amount=5)))
    found = [
        row
        async for row in pool.transactions.list(
            link=LINK,
            value_date__range=[date(2026, 1, 1), "2026-01-31"],
            amount__gte=Decimal("0.10"),
            type__in=["INFLOW"],
            page_size=50,
        )
    ]
    assert [row.amount for row in found] == [Decimal(5)]
    assert belvo.requests[0].query == {
        "link": LINK,
        "value_date__range": "2026-01-01,2026-01-31",
        "amount__gte": "0.10",
        "type__in": "INFLOW",
        "page_size": "50",
    }


async def test_all_pages_are_read_in_their_order(pool: SessionPool, belvo: BelvoMock) -> None:
    first = build_page(build_row(id="1"), following=f"{belvo.url}{TRANSACTIONS}?link={LINK}&page=2")
    belvo.reply("GET", TRANSACTIONS, json_body=first)
    belvo.reply("GET", TRANSACTIONS, json_body=build_page(build_row(id="2")))
    assert [row.id async for row in pool.transactions.list(link=LINK)] == ["1", "2"]


async def test_what_is_no_row_is_on_its_page_and_costs_no_other(pool: SessionPool, belvo: BelvoMock) -> None:
    belvo.reply("GET", TRANSACTIONS, json_body=build_page(build_row(), "no row", None))
    page = await pool.transactions.list(link=LINK).page(1)
    assert (len(page), page.unreadable) == (1, ("no row", None))


@pytest.mark.parametrize(
    ("filters", "field"),
    [
        ({}, "link"),
        ({"link": LINK, "colour": "red"}, "colour"),
        ({"link": LINK, "amount__gte": 0.1}, "amount__gte"),
        ({"link": LINK, "value_date__range": ["2026-01-01"]}, "value_date__range"),
        ({"link": LINK, "page_size": 0}, "page_size"),
    ],
)
async def test_a_wrong_filter_is_named_and_nothing_is_sent(
    pool: SessionPool, belvo: BelvoMock, filters: dict[str, object], field: str
) -> None:
    with pytest.raises(InvalidValueError) as wrong:
        pool.transactions.list(**filters)  # type: ignore[arg-type]  # wrong on purpose
    assert field in str(wrong.value)
    assert belvo.requests == []


@pytest.mark.parametrize("name", ["fields", "omit"])
async def test_where_belvo_has_no_choice_of_fields_none_is_sent(
    pool: SessionPool, belvo: BelvoMock, name: str
) -> None:
    chosen: dict[str, Any] = {name: ["id"]}
    with pytest.raises(InvalidValueError, match=f"{name} is no filter"):
        pool.current_employments.list(**chosen)
    with pytest.raises(InvalidValueError, match=f"{name} is no option"):
        await pool.current_employments.retrieve(LINK, **chosen)
    assert belvo.requests == []


@pytest.mark.parametrize("as_list", [False, True])
async def test_one_row_is_read_whether_belvo_sends_it_alone_or_in_a_list(
    pool: SessionPool, belvo: BelvoMock, *, as_list: bool
) -> None:
    row = build_row()
    belvo.reply("GET", f"/api/recurring-expenses/{ROW}/", json_body=[row] if as_list else row)
    expense = await pool.recurring_expenses.get(ROW)
    assert (type(expense), expense.id) == (RecurringExpense, ROW)


async def test_no_row_and_two_rows_are_not_one(pool: SessionPool, belvo: BelvoMock) -> None:
    for rows in ([], [build_row(), build_row()]):
        belvo.reply("GET", f"/api/accounts/{ROW}/", json_body=rows)
        with pytest.raises(UnreadableResponseError, match="expected one Account"):
            await pool.accounts.get(ROW)


async def test_a_row_that_is_not_there_is_not_found(pool: SessionPool, belvo: BelvoMock) -> None:
    belvo.reply("GET", f"/api/owners/{ROW}/", 404, json_body=error_body("not_found"))
    with pytest.raises(NotFoundError):
        await pool.owners.get(ROW)
    with pytest.raises(InvalidValueError, match="item_id"):
        await pool.owners.get("mine")


async def test_a_row_is_deleted_where_belvo_has_a_call_for_it(pool: SessionPool, belvo: BelvoMock) -> None:
    belvo.reply("DELETE", f"/api/accounts/{ROW}/", 204)
    await pool.accounts.delete(ROW)
    assert not hasattr(pool.balances, "delete")
    assert not hasattr(pool.consents, "delete")
    assert not hasattr(pool.consents, "retrieve")


async def test_deletes_of_rows_keep_belvos_limit_of_five_a_minute(
    pool: SessionPool, belvo: BelvoMock
) -> None:
    began = pool.clock.monotonic()
    for _ in range(6):
        belvo.reply("DELETE", f"/api/accounts/{ROW}/", 204)
        await pool.accounts.delete(ROW)
    assert pool.clock.monotonic() - began >= 60


async def test_an_exchange_has_a_history(pool: SessionPool, belvo: BelvoMock) -> None:
    belvo.reply("GET", f"/api/br/exchanges/{ROW}/history/", json_body=build_page(build_row(id="h")))
    assert [row.id async for row in pool.exchanges.history(ROW, page_size=10)] == ["h"]


async def test_consents_are_listed_by_the_document_of_their_user(pool: SessionPool, belvo: BelvoMock) -> None:
    belvo.reply("GET", "/api/consents/", json_body=build_page())
    assert [row async for row in pool.consents.list(user_document="12345678900")] == []
