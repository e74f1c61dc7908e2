"""What a user writes, for the type checkers; a line that is wrong says so, and is found."""

from datetime import date
from decimal import Decimal

from belvo_async import SessionPool, bulk
from belvo_async.models.transactions import Transaction


async def right(pool: SessionPool, link_id: str) -> Decimal:
    rows: tuple[Transaction, ...] = await pool.transactions.retrieve(
        link_id, date_from=date(2026, 1, 1), date_to="2026-01-31", save_data=False
    )
    async for bill in pool.bills.list(link=link_id, due_date__gte=date(2026, 1, 1)):
        print(bill.due_date)  # noqa: T201 - a user does
    async with bulk.retrieve(pool.bills, [link_id], save_data=False) as run:
        async for outcome in run:
            match outcome:
                case bulk.Retrieved(rows=bills):
                    print(bills[0].due_date)  # noqa: T201 - as above
                case bulk.Parked(ticket=ticket):
                    print(ticket)  # noqa: T201 - as above
                case bulk.NotRetrieved(error=error) | bulk.Unsettled(error=error):
                    print(error.remedy)  # noqa: T201 - as above
    return sum((row.amount or Decimal(0) for row in rows), Decimal(0))


async def wrong(pool: SessionPool, link_id: str) -> None:
    day = date(2026, 1, 1)
    await pool.transactions.retrieve(link_id, date_from=day)  # type: ignore[call-arg]
    await pool.transactions.retrieve(link_id, date_from=day, date_to=day, acount="y")  # type: ignore[call-arg]
    await pool.transactions.retrieve(link_id, date_from=1, date_to=day)  # type: ignore[arg-type]
    await pool.bills.retrieve(link_id, provide_token=print)  # type: ignore[call-arg]
    await pool.consents.retrieve(link_id)  # type: ignore[attr-defined]
    await pool.accounts.retrieve_in_background(link_id)  # type: ignore[attr-defined]
    pool.bills.list(due_date=day)  # type: ignore[call-arg]
    pool.transactions.list(link=link_id, amount__gte=0.1)  # type: ignore[arg-type]
    pool.accounts.retrieve(link_id)  # type: ignore[unused-coroutine]
    for row in await pool.transactions.retrieve(link_id, date_from=day, date_to=day):
        row.amont  # type: ignore[attr-defined]  # noqa: B018 - wrong on purpose
        row.amount + 1  # type: ignore[operator]
    bulk.retrieve(pool.consents, [link_id])  # type: ignore[arg-type]
    bulk.retrieve(pool.bills, [link_id], acount="y")  # type: ignore[call-arg]
    bulk.retrieve(pool.bills, [link_id], date_from=1)  # type: ignore[arg-type]
    async with bulk.retrieve(pool.bills, [link_id]) as run:
        async for outcome in run:
            outcome.rows  # type: ignore[union-attr]  # noqa: B018 - only some have them
            if isinstance(outcome, bulk.Retrieved):
                outcome.rows[0].amont  # type: ignore[attr-defined]  # noqa: B018 - wrong on purpose
