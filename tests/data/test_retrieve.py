"""What all data resources do: one login for each retrieval, with whatever token it asks for."""

import asyncio
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

import pytest

from belvo_async import LinkUpdate, SessionPool
from belvo_async.errors import (
    InvalidValueError,
    LoginFailedError,
    OutcomeUnknownError,
    ResponseLostError,
    ResumeNotSupportedError,
    TokenRequiredError,
    TryLaterError,
    UnreadableResponseError,
)
from belvo_async.models import AcceptedRequest, Challenge, ChallengePhase
from belvo_async.models.transactions import Transaction
from belvo_async.testing import BelvoMock, ManualClock, error_body, link_body
from tests.data.conftest import LINK, OTHER_LINK, ROW, build_challenge, build_row

TRANSACTIONS = "/api/transactions/"
FIRST, LAST = date(2026, 1, 1), date(2026, 1, 31)


async def retrieve(pool: SessionPool, **options: object) -> tuple[Transaction, ...]:
    return await pool.transactions.retrieve(LINK, date_from=FIRST, date_to=LAST, **options)  # type: ignore[arg-type]  # what a test wants


async def test_rows_come_with_exact_amounts(pool: SessionPool, belvo: BelvoMock) -> None:
    belvo.reply("POST", TRANSACTIONS, 201, body=b'[{"id": "a", "link": "%b", "amount": 0.1}]' % LINK.encode())
    (row,) = await retrieve(pool)
    assert (row.id, row.amount) == ("a", Decimal("0.1"))
    (sent,) = belvo.requests
    assert sent.body == {"link": LINK, "date_from": "2026-01-01", "date_to": "2026-01-31"}


async def test_what_is_asked_of_each_row_goes_into_the_address_and_the_rest_into_the_body(
    pool: SessionPool, belvo: BelvoMock
) -> None:
    belvo.reply("POST", TRANSACTIONS, 200, json_body=[])
    await retrieve(pool, fields=["id", "amount"], save_data=False, account=ROW.upper())
    (sent,) = belvo.requests
    assert dict(sent.query) == {"fields": "id,amount"}
    assert sent.body is not None
    assert (sent.body["save_data"], sent.body["account"]) == (False, ROW)


@pytest.mark.parametrize("status", [200, 201])
async def test_a_challenge_is_answered_at_its_own_collection_with_what_the_call_asked_for(
    pool: SessionPool, belvo: BelvoMock, status: int
) -> None:
    asked: list[Challenge] = []

    def ask(challenge: Challenge) -> str:
        asked.append(challenge)
        return "123456"

    belvo.reply("POST", TRANSACTIONS, 428, json_body=[build_challenge()])
    belvo.reply("PATCH", TRANSACTIONS, status, json_body=[build_row()])
    (row,) = await retrieve(pool, provide_token=ask, save_data=False, omit=["balance"])
    assert row.id == ROW
    assert [challenge.value for challenge in asked] == ["12345"]
    _, patch = belvo.requests
    assert patch.query == {"omit": "balance"}
    assert patch.body == {
        "session": build_challenge()["session"],
        "link": LINK,
        "token": "123456",
        "save_data": False,
    }


async def test_a_parked_challenge_is_resumed_by_its_ticket_in_another_process(
    pool: SessionPool, other: SessionPool, belvo: BelvoMock
) -> None:
    belvo.reply("POST", TRANSACTIONS, 428, json_body=[build_challenge()])
    with pytest.raises(TokenRequiredError) as required:
        await retrieve(pool)
    ticket = await pool.challenges.park(required.value.state)
    belvo.reply("PATCH", TRANSACTIONS, 201, json_body=[build_row(amount=1)])
    resumed = await other.challenges.resume(ticket, "123456")
    assert isinstance(resumed, tuple)
    assert isinstance(resumed[0], Transaction)
    assert (await pool.challenges.get(ticket)).phase is ChallengePhase.UPDATED


async def test_a_parked_challenge_of_an_equal_call_is_told_and_not_asked_again(
    pool: SessionPool, belvo: BelvoMock
) -> None:
    belvo.reply("POST", TRANSACTIONS, 428, json_body=[build_challenge()])
    with pytest.raises(TokenRequiredError) as required:
        await retrieve(pool)
    ticket = await pool.challenges.park(required.value.state)
    with pytest.raises(TokenRequiredError) as again:
        await retrieve(pool)
    assert again.value.ticket == ticket
    assert len(belvo.requests) == 1


async def test_a_state_or_its_text_resumes_at_the_resource_that_was_asked(
    pool: SessionPool, belvo: BelvoMock
) -> None:
    belvo.reply("POST", "/api/accounts/", 428, json_body=[build_challenge()])
    with pytest.raises(TokenRequiredError) as required:
        await pool.accounts.retrieve(LINK)
    state = required.value.state
    for resume in (pool.transactions.resume, pool.links.resume):
        with pytest.raises(InvalidValueError, match="is of /api/accounts/"):
            await resume(state, "123456")
    belvo.reply("PATCH", "/api/accounts/", 201, json_body=[build_row()])
    (account,) = await pool.accounts.resume(pool.links.park(state), "123456")
    assert account.link == LINK


@pytest.mark.parametrize(
    "name",
    [
        "balances",
        "bills",
        "current_employments",
        "employment_records",
        "employments",
        "exchanges",
        "tax_compliance_status",
        "tax_status",
    ],
)
async def test_where_belvo_takes_no_token_the_error_says_what_to_do(
    pool: SessionPool, belvo: BelvoMock, name: str
) -> None:
    resource = getattr(pool, name)
    assert not hasattr(resource, "resume")
    path = resource._spec.collection
    belvo.reply("POST", path, 428, json_body=[build_challenge()])
    with pytest.raises(ResumeNotSupportedError, match=r"links\.update") as refused:
        await resource.retrieve(LINK)
    assert (refused.value.link_id, refused.value.status, refused.value.state) == (LINK, 428, None)
    assert path in str(refused.value)


@pytest.mark.parametrize("wrong", ["provide_token", "token"])
async def test_a_resource_without_a_way_back_takes_no_token(pool: SessionPool, wrong: str) -> None:
    given: Any = print if wrong == "provide_token" else "123456"
    with pytest.raises(InvalidValueError, match=f"{wrong} is of no use"):
        await pool.bills.retrieve(LINK, **{wrong: given})


async def test_equal_calls_that_meet_share_one_login(pool: SessionPool, belvo: BelvoMock) -> None:
    belvo.reply("POST", TRANSACTIONS, 201, json_body=[build_row()])
    one, two = await asyncio.gather(retrieve(pool), retrieve(pool))
    assert one == two
    assert len(belvo.requests) == 1


async def test_a_retrieval_waits_while_the_link_is_updated(pool: SessionPool, belvo: BelvoMock) -> None:
    belvo.link_updated(LINK)
    belvo.reply("POST", "/api/owners/", 201, json_body=[build_row()])
    update = asyncio.create_task(pool.links.update(LinkUpdate(LINK, password="new-password")))
    await asyncio.gather(update, pool.owners.retrieve(LINK))
    assert [sent.method for sent in belvo.requests] == ["PUT", "POST"]


async def test_after_a_lost_response_nothing_is_repeated_and_the_error_says_where_the_data_are(
    pool: SessionPool, belvo: BelvoMock, clock: ManualClock
) -> None:
    belvo.fail("POST", TRANSACTIONS, ResponseLostError("lost", remedy="none"))
    seen = link_body(LINK, last_accessed_at=clock.wall().replace(microsecond=999999))
    belvo.reply("GET", f"/api/links/{LINK}/", json_body=seen)
    with pytest.raises(OutcomeUnknownError, match="The login succeeded") as unknown:
        await retrieve(pool)
    assert "list(link=error.link_id)" in unknown.value.remedy
    assert unknown.value.sent_at is not None
    assert sum(sent.method == "POST" for sent in belvo.requests) == 1


async def test_data_that_were_not_to_be_stored_are_not_said_to_be_there(
    pool: SessionPool, belvo: BelvoMock, clock: ManualClock
) -> None:
    belvo.fail("POST", TRANSACTIONS, ResponseLostError("lost", remedy="none"))
    seen = link_body(LINK, last_accessed_at=clock.wall().replace(microsecond=999999))
    belvo.reply("GET", f"/api/links/{LINK}/", json_body=seen)
    with pytest.raises(OutcomeUnknownError) as unknown:
        await retrieve(pool, save_data=False)
    assert "list" not in unknown.value.remedy


async def test_a_refused_login_is_not_repeated(pool: SessionPool, belvo: BelvoMock) -> None:
    belvo.reply("POST", TRANSACTIONS, 400, json_body=error_body("login_error"))
    with pytest.raises(LoginFailedError):
        await retrieve(pool)
    assert len(belvo.requests) == 1


async def test_rows_of_another_link_are_refused(pool: SessionPool, belvo: BelvoMock) -> None:
    belvo.reply("POST", TRANSACTIONS, 201, json_body=[build_row(), build_row(account={"link": OTHER_LINK})])
    shown = link_body(LINK, last_accessed_at=datetime(2020, 1, 1, tzinfo=UTC))
    for _ in range(20):
        belvo.reply("GET", f"/api/links/{LINK}/", json_body=shown)
    with pytest.raises((UnreadableResponseError, OutcomeUnknownError), match="another link"):
        await retrieve(pool)


async def test_data_that_belvo_fetches_in_the_background_unasked_are_no_rows(
    pool: SessionPool, belvo: BelvoMock
) -> None:
    belvo.reply("POST", "/api/br/investments/", 202, json_body={"request_id": "a"})
    with pytest.raises(TryLaterError, match="in the background"):
        await pool.investments.retrieve(LINK)
    await pool.aclose(grace=0)
    assert sum(sent.method == "POST" for sent in belvo.requests) == 1


async def test_a_retrieval_in_the_background_returns_what_the_webhook_will_name(
    pool: SessionPool, belvo: BelvoMock
) -> None:
    belvo.reply("POST", TRANSACTIONS, 202, json_body={"request_id": "abc"})
    accepted = await pool.transactions.retrieve_in_background(LINK, date_from=FIRST, date_to="2026-01-31")
    assert accepted == AcceptedRequest(request_id="abc")
    (sent,) = belvo.requests
    assert sent.headers["x-belvo-request-mode"] == "async"
    assert not hasattr(pool.accounts, "retrieve_in_background")


@pytest.mark.parametrize(
    ("options", "field"),
    [
        ({"date_from": date(2026, 2, 1), "date_to": date(2026, 1, 1)}, "date_to"),
        ({"date_from": "2026-02-30", "date_to": "2026-03-01"}, "date_from"),
        ({"date_to": "2026-03-01"}, "date_from"),
        ({"date_from": FIRST, "date_to": LAST, "acount": ROW}, "acount"),
        ({"date_from": FIRST, "date_to": LAST, "account": "my account"}, "account"),
        ({"date_from": FIRST, "date_to": LAST, "save_data": "no"}, "save_data"),
        ({"date_from": FIRST, "date_to": LAST, "token": ""}, "token"),
        ({"date_from": FIRST, "date_to": LAST, "max_wait": -1}, "max_wait"),
        ({"date_from": FIRST, "date_to": LAST, "when_busy": "never"}, "when_busy"),
        ({"date_from": FIRST, "date_to": LAST, "fields": "id"}, "fields"),
    ],
)
async def test_wrong_options_are_named_and_nothing_is_sent(
    pool: SessionPool, belvo: BelvoMock, options: dict[str, object], field: str
) -> None:
    with pytest.raises(InvalidValueError) as wrong:
        await pool.transactions.retrieve(LINK, **options)  # type: ignore[arg-type]  # wrong on purpose
    assert field in str(wrong.value)
    assert belvo.requests == []


async def test_a_link_id_that_is_none_and_a_period_that_is_too_short_are_refused(
    pool: SessionPool, belvo: BelvoMock
) -> None:
    with pytest.raises(InvalidValueError, match="link_id"):
        await pool.accounts.retrieve("my link")
    with pytest.raises(InvalidValueError, match="less than 90 days"):
        await pool.incomes.retrieve(LINK, date_from=date(2026, 1, 1), date_to=date(2026, 2, 1))
    with pytest.raises(InvalidValueError, match="HIGH, MEDIUM, LOW"):
        await pool.incomes.retrieve(LINK, minimum_confidence_level="SOME")  # type: ignore[arg-type]  # wrong on purpose
    assert belvo.requests == []


async def test_tax_returns_are_asked_for_by_days_or_by_years(pool: SessionPool, belvo: BelvoMock) -> None:
    belvo.reply("POST", "/api/tax-returns/", 201, json_body=[])
    await pool.tax_returns.retrieve(LINK, type="yearly", year_from="2024", year_to="2025")
    years: dict[str, Any] = {"year_from": "2024"}
    for wrong in ({}, years, {**years, "year_to": "2025", "date_from": FIRST}):
        with pytest.raises(InvalidValueError, match="date_from and date_to, or year_from and year_to"):
            await pool.tax_returns.retrieve(LINK, type="yearly", **wrong)
    assert len(belvo.requests) == 1


async def test_a_token_made_beforehand_is_sent_once_and_is_in_no_error(
    pool: SessionPool, belvo: BelvoMock
) -> None:
    belvo.reply(
        "POST", "/api/accounts/", 500, json_body=error_body("unexpected_error", "token 987654 was used")
    )
    shown = link_body(LINK, last_accessed_at=datetime(2020, 1, 1, tzinfo=UTC))
    for _ in range(20):
        belvo.reply("GET", f"/api/links/{LINK}/", json_body=shown)
    with pytest.raises(Exception) as failed:  # noqa: PT011 - whichever: it says nothing of the token
        await pool.accounts.retrieve(LINK, token="987654")
    assert "987654" not in repr(failed.value)
    assert sum(sent.method == "POST" for sent in belvo.requests) == 1
