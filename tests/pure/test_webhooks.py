"""Webhooks: every documented one is read, nothing of any other is lost, and nothing of them is shown."""

import hmac
import json
from datetime import date
from types import MappingProxyType
from typing import Any, Final

import pytest
from hypothesis import given
from hypothesis import strategies as st

from belvo_async.errors import BelvoError, InvalidValueError, UnreadableWebhookError
from belvo_async.models import AcceptedRequest
from belvo_async.webhooks import (
    ConsentNotice,
    LinkNotice,
    ResourceNotice,
    Webhook,
    WebhookCode,
    WebhookProcess,
    WebhookType,
    is_from_belvo,
    read_webhook,
)
from tests.pure.bodies import LINK_ID
from tests.pure.strategies import JSON_VALUES, SECRETS, spoiled

REQUEST_ID: Final = "9b1b9e2c-21d3-4d0f-8b51-3c1f6e8d2a40"
EVENT: Final[dict[str, object]] = {
    "webhook_id": "0" * 32,
    "webhook_type": "LINK",
    "process_type": "recurrent_update",
    "webhook_code": "invalid_credentials",
    "link_id": LINK_ID,
    "request_id": REQUEST_ID,
    "external_id": "user-7",
    "data": {"error_code": "login_error", "error_message": "Refused", "status": 400},
}
TRANSACTIONS: Final = {
    "total_transactions": 12,
    "total_inflow_transactions": 5,
    "total_outflow_transactions": 7,
    "first_transaction_date": "2026-01-02",
    "last_transaction_date": "2026-11-26",
}
DOCUMENTED: Final = {
    "LINK": ("invalid_credentials", "token_required", "link_deleted"),
    "OWNERS": ("historical_update", "new_owners_available"),
    "ACCOUNTS": ("historical_update", "new_accounts_available"),
    "TRANSACTIONS": (
        "historical_update",
        "new_transactions_available",
        "transactions_updated",
        "transactions_deleted",
    ),
    "BILLS": ("historical_update", "new_bills_available"),
    "INVESTMENTS": ("historical_update", "new_investments_available"),
    "INVESTMENT_TRANSACTIONS": ("historical_update", "new_investment_transactions_available"),
    "INVOICES": ("initial_inflow_update", "initial_outflow_update", "historical_update"),
    "FINANCIAL_STATEMENTS": ("historical_update", "new_financial_statements_available"),
    "EMPLOYMENT_RECORDS": ("historical_update", "employment_changes", "new_employments_available"),
    "EMPLOYMENTS": ("historical_update", "employment_changes", "new_employments_available"),
    "EMPLOYMENT_METRICS": ("historical_update", "employment_changes", "new_employments_available"),
    "INCOMES": ("historical_update",),
    "RECURRING_EXPENSES": ("historical_update",),
    "RISK_INSIGHTS": ("historical_update",),
    "CONSENT": (
        "openfinance_consent_about_to_expire",
        "openfinance_consent_expired",
        "openfinance_consent_expiration_changed",
        "openfinance_consent_with_unrecoverable_resources",
        "openfinance_consent_with_temporarily_unavailable_resources",
    ),
}
DETAILS: Final = {"LINK": LinkNotice, "CONSENT": ConsentNotice}


def read(**changes: object) -> Webhook:
    return read_webhook({**EVENT, **changes})


@pytest.mark.parametrize(
    ("kind", "code"), [(kind, code) for kind, codes in DOCUMENTED.items() for code in codes]
)
def test_every_documented_event_has_a_known_type_a_known_code_and_typed_data(kind: str, code: str) -> None:
    webhook = read(webhook_type=kind, webhook_code=code)
    assert (webhook.type.is_known, webhook.code.is_known) == (True, True)
    assert (webhook.type, webhook.code, type(webhook.details)) == (
        kind,
        code,
        DETAILS.get(kind, ResourceNotice),
    )


def test_the_lists_have_no_type_and_no_code_that_is_not_documented() -> None:
    assert set(WebhookType) == set(DOCUMENTED)
    assert set(WebhookCode) == {code for codes in DOCUMENTED.values() for code in codes}


def test_what_the_institution_has_refused_is_told() -> None:
    assert read().details == LinkNotice(error_code="login_error", error_message="Refused", status=400)


def test_totals_of_transactions_are_numbers_and_dates() -> None:
    details = read(webhook_type="TRANSACTIONS", data=TRANSACTIONS).details
    assert isinstance(details, ResourceNotice)
    assert details.counts == {key: value for key, value in TRANSACTIONS.items() if key.startswith("total_")}
    assert (details.first_transaction_date, details.last_transaction_date) == (
        date(2026, 1, 2),
        date(2026, 11, 26),
    )


@pytest.mark.parametrize(
    ("kind", "data", "details"),
    [
        ("ACCOUNTS", {"new_accounts": 1}, ResourceNotice(counts={"new_accounts": 1})),
        ("ACCOUNTS", {"new_accounts": "1", "total_accounts": True}, ResourceNotice()),
        (
            "EMPLOYMENT_RECORDS",
            {"employment_changes": ["EMPLOYED", 7]},
            ResourceNotice(employment_changes=("EMPLOYED",)),
        ),
        ("EMPLOYMENTS", {"employment_changes": "EMPLOYED"}, ResourceNotice()),
    ],
    ids=["new ones", "no numbers", "changes", "no list"],
)
def test_what_is_new_in_a_resource_is_told(
    kind: str, data: dict[str, object], details: ResourceNotice
) -> None:
    webhook = read(webhook_type=kind, data=data)
    assert (webhook.details, webhook.data) == (details, data)


@pytest.mark.parametrize("due", ["2026-12-31", "2026-12-31T10:00:00Z"])
def test_a_consent_tells_when_it_expires(due: str) -> None:
    data = {"consent_id": "urn:bank:1", "consent_due_date": due}
    details = read(webhook_type="CONSENT", data=data).details
    assert details == ConsentNotice(consent_id="urn:bank:1", due_date=date(2026, 12, 31))


@pytest.mark.parametrize("value", [None, 7, True, "soon", "2026-13-01", []])
def test_a_date_that_is_none_stays_in_the_data(value: object) -> None:
    webhook = read(webhook_type="CONSENT", data={"consent_due_date": value})
    assert webhook.details == ConsentNotice()
    assert webhook.data == {"consent_due_date": value}


def test_an_event_with_nothing_but_type_and_code_is_read() -> None:
    webhook = read_webhook(b'{"webhook_type": "CONSENT", "webhook_code": "openfinance_consent_expired"}')
    assert (webhook.link_id, webhook.request_id, webhook.external_id, webhook.process) == (None,) * 4
    assert (webhook.data, webhook.extra) == ({}, {})


def test_what_is_new_is_kept() -> None:
    webhook = read(webhook_type="PETS", webhook_code="fed", process_type="nightly", colour="red", link_id=7)
    assert (webhook.type, webhook.code, webhook.process) == ("PETS", "fed", "nightly")
    assert (webhook.type.is_known, webhook.code.is_known) == (False, False)
    assert webhook.details is None
    assert webhook.data == EVENT["data"]
    assert webhook.extra == {"colour": "red", "link_id": 7}


def test_why_belvo_went_there_is_told() -> None:
    assert [read(process_type=value).process for value in ("async_post", None)] == [
        WebhookProcess.ASYNC_POST,
        None,
    ]


@given(spoiled(EVENT) | st.dictionaries(st.text(), JSON_VALUES, max_size=4))
def test_any_object_is_a_webhook_of_which_nothing_is_lost_or_a_clear_error(wire: dict[str, Any]) -> None:
    wire = json.loads(json.dumps(wire))
    is_named = all(isinstance(wire.get(key), str) and wire[key] for key in ("webhook_type", "webhook_code"))
    if not is_named:
        with pytest.raises(UnreadableWebhookError, match=r"has no webhook_(type|code)"):
            read_webhook(json.dumps(wire))
        return
    webhook = read_webhook(json.dumps(wire))
    kept = {
        "webhook_type": webhook.type,
        "webhook_code": webhook.code,
        "process_type": webhook.process,
        "link_id": webhook.link_id,
        "request_id": webhook.request_id,
        "external_id": webhook.external_id,
        "webhook_id": webhook.webhook_id,
        "data": webhook.data,
    }
    given_ = {key: value for key, value in wire.items() if value is not None or key not in kept}
    found = {key: value for key, value in kept.items() if value is not None and wire.get(key) is not None}
    # As text, because a number that is none does not equal itself.
    assert json.dumps({**found, **webhook.extra}, sort_keys=True) == json.dumps(given_, sort_keys=True)


@pytest.mark.parametrize(
    ("body", "problem"),
    [
        (b" " * 50_000_000, "larger than"),
        ("ä" * 200_000, "larger than"),
        (b"", "empty"),
        (b"<html>", "not JSON"),
        (b"[" * 100_000, "JSON|deeply"),
        (
            b'{"webhook_type":"LINK","webhook_code":"x","a":' + b"[" * 50_000 + b"]" * 50_000 + b"}",
            "JSON|deeply",
        ),
        (b"[]", "no JSON object"),
        (b"null", "no JSON object"),
        (b"{}", "no webhook_type"),
        ({"webhook_type": "LINK", "webhook_code": ""}, "no webhook_code"),
        ({"webhook_type": object()}, "JSON cannot have"),
    ],
    ids=[
        "50 MB",
        "long text",
        "empty",
        "HTML",
        "open for ever",
        "deep",
        "list",
        "null",
        "no type",
        "no code",
        "no JSON value",
    ],
)
def test_what_is_no_webhook_is_refused_with_a_remedy(body: Any, problem: str) -> None:
    with pytest.raises(UnreadableWebhookError, match=problem) as caught:
        read_webhook(body)
    assert "400" in caught.value.remedy
    assert (caught.value.__cause__, caught.value.__context__) == (None, None)


@pytest.mark.parametrize("body", [None, 7, [EVENT], memoryview(b"{}")])
def test_what_cannot_be_a_body_is_a_fault_of_the_call(body: Any) -> None:
    with pytest.raises(InvalidValueError, match="body"):
        read_webhook(body)


def test_bytes_text_and_an_object_read_the_same() -> None:
    text = json.dumps(EVENT)
    assert read_webhook(text) == read_webhook(text.encode()) == read_webhook(MappingProxyType(EVENT))


@pytest.mark.parametrize("form", [REQUEST_ID, REQUEST_ID.replace("-", ""), REQUEST_ID.upper()])
def test_it_answers_the_request_of_its_id_hyphens_aside(form: str) -> None:
    assert read().answers(AcceptedRequest(request_id=form))
    assert not read(request_id="0" * 32).answers(AcceptedRequest(request_id=form))


def test_without_an_id_it_answers_no_request() -> None:
    assert not read(request_id=None).answers(AcceptedRequest(request_id=None))
    assert not read().answers(AcceptedRequest(request_id=None))
    assert not read(request_id=None).answers(AcceptedRequest(request_id=REQUEST_ID))


def test_a_repetition_has_the_key_of_the_first_however_it_is_written() -> None:
    backwards = json.dumps(dict(reversed(EVENT.items())), indent=4)
    assert read_webhook(backwards).key == read().key


@pytest.mark.parametrize("name", sorted(EVENT))
def test_another_event_has_another_key(name: str) -> None:
    assert read(**{name: "OTHER"}).key != read().key


@given(SECRETS)
def test_personal_data_stay_out_of_the_repr(secret: str) -> None:
    data = {"error_message": secret, "consent_id": secret, "total_" + secret: 1}
    for kind in ("LINK", "CONSENT", "OWNERS"):
        webhook = read(webhook_type=kind, external_id=secret, data=data, owner=secret)
        assert secret not in repr(webhook)


@given(SECRETS)
def test_an_error_quotes_nothing(secret: str) -> None:
    for body in (secret, json.dumps([secret]), json.dumps({"webhook_type": secret})):
        with pytest.raises(BelvoError) as caught:
            read_webhook(body)
        assert secret not in str(caught.value)


@pytest.mark.parametrize("given_", ["Bearer new", "Bearer old"])
def test_while_the_authorization_is_changed_both_are_taken(given_: str) -> None:
    assert is_from_belvo(given_, ["Bearer new", "Bearer old"])


@pytest.mark.parametrize(
    "given_", [None, "", "Bearer", "Bearer neW", "bearer new", "Bearer néw", "Bearer \udcff"]
)
def test_any_other_authorization_is_refused(given_: str | None) -> None:
    assert not is_from_belvo(given_, "Bearer new")


def test_each_expected_value_is_compared_in_constant_time(monkeypatch: pytest.MonkeyPatch) -> None:
    """Whether the first is right already, or none is: as many comparisons, of as many bytes."""
    compared: list[tuple[int, int]] = []

    def compare(one: bytes, other: bytes) -> bool:
        compared.append((len(one), len(other)))
        return one == other

    monkeypatch.setattr(hmac, "compare_digest", compare)
    for given_ in ("Bearer new", "B", "x" * 1000):
        is_from_belvo(given_, ["Bearer new", "Bearer old"])
    assert compared == [(32, 32)] * 6


@pytest.mark.parametrize(
    "expected",
    [
        "",
        " ",
        [],
        ["Bearer new", ""],
        "Bearer new\n",
        " Bearer new",
        "Bearer né",
        [None],
        [b"Bearer"],
        None,
        7,
    ],
)
def test_an_expected_value_that_no_header_can_have_is_a_clear_error(expected: Any) -> None:
    with pytest.raises(InvalidValueError, match="expected") as caught:
        is_from_belvo("Bearer new", expected)
    assert "dashboard" in caught.value.remedy
    assert "Bearer n" not in caught.value.message


def test_a_header_that_is_no_text_is_a_clear_error() -> None:
    with pytest.raises(InvalidValueError, match="authorization"):
        is_from_belvo(b"Bearer new", "Bearer new")  # type: ignore[arg-type]
