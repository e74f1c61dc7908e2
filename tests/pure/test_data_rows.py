"""Rows of data resources: exact, whole, and told apart; what a bank sends oddly costs nothing beside it."""

import copy
import datetime as dt
import json
import pickle
from collections.abc import Iterator
from contextlib import suppress
from decimal import Decimal
from functools import partial
from typing import Any, Final

import pytest
from attrs import evolve, fields
from hypothesis import given
from hypothesis import strategies as st

from belvo_async._http import Request, Response, SearchForms
from belvo_async._wire import rows
from belvo_async._wire.data import read_row, read_row_page, read_rows
from belvo_async._wire.json import parse_exactly
from belvo_async._wire.redaction import REDACTED, build_forms
from belvo_async.errors import UnreadableResponseError
from belvo_async.models._data_model import NOTHING, DataModel
from belvo_async.models.accounts import Account, AccountBalance, AccountCategory
from belvo_async.models.employment_records import EmploymentRecord
from belvo_async.models.owners import BusinessOwner, IndividualOwner, Owner
from belvo_async.models.transactions import Transaction, TransactionCategory
from tests.formats.pickles import dump, find_names
from tests.pure.bodies import LINK_ID, OTHER_LINK_ID
from tests.pure.data_rows import EXAMPLES, READ, Row, find_model, list_misfits, list_models, read, respond
from tests.pure.strategies import ANY_TEXT

MISFITS: Final = {
    "chile_tax_status.ChileTaxStatus": {
        "entity_details.incorporation_date": "24-09-2010",
        "entity_details.start_date": "24-09-2010",
        "addresses[0].date": "24-09-2010",
        "economic_activities[0].start_date": "24-09-2010",
        "legal_representative[0].start_date": "24-09-2010",
        "equity_holders[0].start_date": "24-09-2010",
        "company_partnership_stakes[0].start_date": "24-09-2010",
        "authorized_tax_documents[0].authorization_date": "2010-18-11",
    }
}
"""Values of Belvo's own examples that are not of the type which it says they have."""
ACCOUNT: Final = EXAMPLES["accounts.Account"][0]
TRANSACTION: Final = EXAMPLES["transactions.Transaction"][0]
INDIVIDUAL, BUSINESS, PLAIN = EXAMPLES["owners.Owner"]

transactions = partial(read, "transactions.Transaction")
accounts = partial(read, "accounts.Account")
owners = partial(read, "owners.Owner")


@pytest.mark.parametrize("name", EXAMPLES)
def test_every_value_of_belvos_examples_has_its_field(name: str) -> None:
    found = read(name, EXAMPLES[name])
    assert len(found) == len(EXAMPLES[name])
    assert {path: value for row in found for path, value in list_misfits(row)} == MISFITS.get(name, {})


@pytest.mark.parametrize("name", EXAMPLES)
def test_a_row_that_fits_is_read_without_looking_at_each_field(
    name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    slow: list[object] = []
    read_fields = rows._RowReader._read_fields

    def note(reader: rows._RowReader, value: Row) -> object:
        slow.append(value)
        return read_fields(reader, value)

    monkeypatch.setattr(rows._RowReader, "_read_fields", note)
    read(name, EXAMPLES[name])
    assert len(slow) == len({path.rpartition(".")[0] for path in MISFITS.get(name, {})})


def test_amounts_dates_and_times_are_exact() -> None:
    body = b'{"amount": 0.10, "value_date": "2026-02-28", "created_at": "2026-03-01T00:30:00+03:00"}'
    row = read_row(Response(status=200, headers={}, body=body), READ, Transaction)
    assert str(row.amount) == "0.10"
    assert row.value_date == dt.date(2026, 2, 28)
    assert row.created_at == dt.datetime(2026, 2, 28, 21, 30, tzinfo=dt.UTC)


@pytest.mark.parametrize("amount", ["1.234,56", "10.00", True, [1], {}], ids=repr)
def test_an_amount_that_is_no_number_is_kept_as_it_came(amount: object) -> None:
    """Nobody knows whether a dot in a text stands before cents or after thousands."""
    (row,) = transactions({"amount": amount, "currency": "BRL"})
    assert (row.amount, row.extra, row.currency) == (None, {"amount": amount}, "BRL")


def test_a_whole_number_is_an_amount_too() -> None:
    assert transactions({"amount": 10})[0].amount == Decimal(10)


def test_a_number_where_text_is_promised_is_text() -> None:
    assert accounts({"number": 4057068115181})[0].number == "4057068115181"


@pytest.mark.parametrize("constant", [b"NaN", b"Infinity", b"-Infinity"])
def test_what_is_no_json_number_is_refused(constant: bytes) -> None:
    with pytest.raises(UnreadableResponseError, match="not JSON"):
        read_rows(Response(status=200, headers={}, body=b'[{"amount": %b}]' % constant), READ, Transaction)


@pytest.mark.parametrize("digits", ["9" * 5000, "1e999999", "0." + "1" * 5000])
def test_a_number_of_any_length_is_exact(digits: str) -> None:
    body = f'[{{"amount": {digits}}}]'.encode()
    (row,) = read_rows(Response(status=200, headers={}, body=body), READ, Transaction)
    assert row.amount == Decimal(digits)


def test_a_number_that_no_decimal_holds_is_kept_as_text() -> None:
    digits = "1e99999999999999999999"
    body = f'[{{"amount": {digits}, "currency": "BRL"}}]'.encode()
    (row,) = read_rows(Response(status=200, headers={}, body=body), READ, Transaction)
    assert (row.amount, row.extra, row.currency) == (None, {"amount": digits}, "BRL")


def test_a_value_that_no_list_has_is_kept_and_is_not_belvos_unknown() -> None:
    listed, unlisted = (transactions({"category": text})[0].category for text in ("Unknown", "Space Travel"))
    assert listed is TransactionCategory.UNKNOWN
    assert (listed.name, listed.is_known) == ("UNKNOWN", True)
    assert (unlisted, unlisted.name, unlisted.is_known) == ("Space Travel", "UNLISTED", False)
    assert "UNLISTED" not in TransactionCategory.__members__


def test_a_field_called_like_a_word_of_python_has_an_underscore() -> None:
    (row,) = read("investments.Investment", {"classification_details": {"class": "FUNDO", "class_": "new"}})
    assert row.classification_details.class_ == "FUNDO"
    assert row.classification_details.extra == {"class_": "new"}


def test_what_does_not_fit_in_a_list_leaves_its_neighbours() -> None:
    cards = [{"is_multiple": True}, "card", {"is_multiple": False}]
    (row,) = accounts({"credit_data": {"cards": cards, "network": "VISA"}})
    assert [card.is_multiple for card in row.credit_data.cards] == [True, False]
    assert (row.credit_data.extra, row.credit_data.network) == ({"cards": cards}, "VISA")


def test_what_is_missing_or_null_is_none_or_empty() -> None:
    for row in accounts([{}, dict.fromkeys(ACCOUNT), {"credit_data": {}}]):
        assert (row.id, row.balance, row.extra) == (None, None, {})
        assert row.credit_data is None or row.credit_data.cards == ()


def test_all_rows_without_extras_share_one_that_nobody_can_fill() -> None:
    one, other = accounts([ACCOUNT, {}])
    assert one.extra is other.extra is NOTHING
    assert pickle.loads(pickle.dumps(one)).extra is NOTHING  # noqa: S301 - our own
    assert copy.deepcopy(one).extra is NOTHING
    assert (dict(NOTHING), len(NOTHING), repr(NOTHING), "id" in NOTHING) == ({}, 0, "{}", False)
    assert not hasattr(NOTHING, "__setitem__")


@pytest.mark.parametrize("name", EXAMPLES)
def test_a_pickled_row_comes_back_whole_and_names_no_private_module(name: str) -> None:
    for row in read(name, EXAMPLES[name]):
        assert pickle.loads(dump(row)) == row  # noqa: S301 - our own
        assert [found for found in find_names(dump(row)) if "._" in found.rpartition(".")[0]] == []


def test_equal_accounts_of_one_response_are_one_object() -> None:
    first, second, third = transactions([TRANSACTION, TRANSACTION, {"account": {**ACCOUNT, "name": "New"}}])
    assert first.account is second.account
    assert (third.account.id, third.account.name) == (first.account.id, "New")
    assert transactions([TRANSACTION])[0].account is not first.account
    page = read_row_page(respond({"results": [TRANSACTION, TRANSACTION]}), READ, Transaction)
    assert page.results[0].account is page.results[1].account


@pytest.mark.parametrize("account", [None, "a", [], {"id": None}, {"id": ["a"]}, {"id": 7}, {}], ids=repr)
def test_an_account_without_an_id_is_read_as_any_other_part(account: Any) -> None:
    one, other = transactions([{"account": account}, {"account": account}])
    assert one == other
    if isinstance(account, dict):
        assert isinstance(one.account, Account)
    else:
        assert one.account is None


class TestOwners:
    def test_each_profile_has_a_class_and_all_are_owners(self) -> None:
        individual, business, plain = owners([INDIVIDUAL, BUSINESS, PLAIN])
        assert isinstance(individual, IndividualOwner)
        assert isinstance(business, BusinessOwner)
        assert type(plain) is Owner
        assert individual.filiations
        assert business.parties
        assert type(individual.financial_profile) is not type(business.financial_profile)

    @pytest.mark.parametrize(
        ("row", "kind"),
        [
            ({"company_name": "Acme"}, BusinessOwner),
            ({"birth_date": "2000-01-01"}, IndividualOwner),
            ({"birth_date": None}, IndividualOwner),
            ({"birth_date": None, "company_name": "Acme"}, BusinessOwner),
            ({"birth_date": "2000-01-01", "gender": None, "company_name": "Acme"}, IndividualOwner),
            ({"birth_date": "2000-01-01", "company_name": "Acme"}, Owner),
            ({"display_name": "Ann"}, Owner),
        ],
        ids=repr,
    )
    def test_the_profile_is_the_one_whose_own_fields_a_row_has(self, row: Row, kind: type[Owner]) -> None:
        (owner,) = owners(row)
        assert type(owner) is kind

    def test_what_tells_nothing_of_the_profile_is_kept(self) -> None:
        (owner,) = owners({"emails": [{"email": "a@example.com"}]})
        assert (type(owner), owner.extra) == (Owner, {"emails": [{"email": "a@example.com"}]})


class TestShapes:
    def test_one_object_and_a_list_of_one_are_read_alike(self) -> None:
        assert accounts(ACCOUNT) == accounts([ACCOUNT])
        assert read_row(respond([ACCOUNT]), READ, Account) == read_row(respond(ACCOUNT), READ, Account)

    @pytest.mark.parametrize("value", [[], [ACCOUNT, ACCOUNT]], ids=len)
    def test_one_row_is_not_none_and_not_two(self, value: object) -> None:
        with pytest.raises(UnreadableResponseError, match=r"expected one Account, got \d"):
            read_row(respond(value), READ, Account)

    @pytest.mark.parametrize(
        "value",
        [None, "text", 7, [ACCOUNT, None], [[ACCOUNT]]],
        ids=["null", "text", "number", "null in a list", "list in a list"],
    )
    def test_what_is_no_object_is_no_row(self, value: object) -> None:
        with pytest.raises(UnreadableResponseError, match="expected an object") as caught:
            accounts(value)
        assert ACCOUNT["number"] not in str(caught.value)

    def test_an_item_of_a_page_that_is_no_object_is_kept_beside_the_rows(self) -> None:
        value = {"results": [ACCOUNT, None, "odd"], "count": 3, "next": "n"}
        page = read_row_page(respond(value), READ, Account)
        assert (len(page), page.unreadable, page.count, page.next) == (1, (None, "odd"), 3, "n")

    @pytest.mark.parametrize("value", [{}, [], {"results": {}}, {"results": [None]}], ids=repr)
    def test_what_has_no_rows_is_no_page(self, value: object) -> None:
        with pytest.raises(UnreadableResponseError):
            read_row_page(respond(value), READ, Account)


class TestAnotherLink:
    REQUEST: Final = Request(method="POST", path="/api/transactions/", link_id=LINK_ID)

    @pytest.mark.parametrize("row", [{"link": OTHER_LINK_ID}, {"account": {"link": OTHER_LINK_ID}}], ids=repr)
    def test_rows_of_another_link_than_the_requests_are_never_returned(self, row: Row) -> None:
        kind = Transaction if "account" in row else Account
        with pytest.raises(UnreadableResponseError, match="another link"):
            read_rows(respond([row]), self.REQUEST, kind)

    @pytest.mark.parametrize("link", [LINK_ID, LINK_ID.upper(), None], ids=repr)
    def test_rows_that_name_the_link_or_none_are_returned(self, link: object) -> None:
        assert len(read_rows(respond([{"link": link}]), self.REQUEST, Account)) == 1


class TestPrivacy:
    SHOWN: Final = {
        *("id", "link", "link_id", "account_id", "exchange_id"),
        *("collected_at", "created_at", "updated_at", "last_updated_at", "last_accessed_at", "expired_at"),
    }

    @pytest.mark.parametrize("name", EXAMPLES)
    def test_nothing_but_ids_and_times_is_in_the_repr_of_a_row(self, name: str) -> None:
        for row, wire in zip(read(name, EXAMPLES[name]), EXAMPLES[name], strict=True):
            shown = {key: getattr(row, key) for key in self.SHOWN if hasattr(row, key)}
            arguments = sorted(f"{key}={value!r}" for key, value in shown.items())
            inside = repr(row).removeprefix(f"{type(row).__name__}(").removesuffix(")")
            for argument in arguments:
                inside = inside.replace(argument, "")
            assert inside.strip(", ") == "", wire

    @pytest.mark.parametrize("kind", list_models(), ids=lambda kind: kind.__name__)
    def test_no_class_shows_any_other_field(self, kind: type[DataModel]) -> None:
        shown = {one.name for one in fields(kind) if one.repr}
        assert shown <= self.SHOWN

    def test_a_secret_of_the_request_is_blacked_out_of_amounts_too(self) -> None:
        request = evolve(READ, body=b"{}")
        response = evolve(respond({"amount": 482915.0}), secrets=build_forms(("482915",)))
        assert isinstance(response.secrets, SearchForms)
        assert read_row(response, request, Transaction).extra == {"amount": REDACTED}


# Whatever may stand in a row: values of JSON, and rows of which some values are such.
_SCALARS = (
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False, allow_infinity=False)
    | ANY_TEXT
    | st.sampled_from(["2026-01-01", "0001-01-01T00:00:00+14:00", "Unknown", "VALID", "7"])
)
_VALUES = st.recursive(
    _SCALARS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(ANY_TEXT, inner, max_size=3),
    max_leaves=6,
)


def _list_places(part: Any, *path: Any) -> Iterator[tuple[Any, ...]]:
    """Yield the way to every value inside a row."""
    for key, value in part.items() if isinstance(part, dict) else enumerate(part):
        yield (*path, key)
        if isinstance(value, dict | list):
            yield from _list_places(value, *path, key)


def _put(row: Any, place: tuple[Any, ...], value: object) -> None:
    """Change a value inside a row, where the way to it still exists."""
    with suppress(TypeError, KeyError, IndexError):
        for key in place[:-1]:
            row = row[key]
        row[place[-1]] = value


@pytest.mark.parametrize("name", ["transactions.Transaction", "owners.Owner", "bills.Bill"])
@given(data=st.data())
def test_a_model_and_its_extras_lose_nothing_of_any_object(name: str, data: st.DataObject) -> None:
    wire = copy.deepcopy(data.draw(st.sampled_from(EXAMPLES[name])))
    places = [("of_tomorrow",), *_list_places(wire)]
    for place, value in data.draw(st.lists(st.tuples(st.sampled_from(places), _VALUES), max_size=5)):
        _put(wire, place, value)
    body = json.dumps(wire).encode()
    (row,) = read_rows(Response(status=200, headers={}, body=body), READ, find_model(name))
    _check_object(parse_exactly(body), row)


def _check_object(wire: Any, row: Any) -> None:
    for key, value in wire.items():
        if key in row.extra:
            assert row.extra[key] == value
        elif value is not None:
            _check_value(value, getattr(row, key))


def _check_value(value: Any, found: Any) -> None:
    match found:
        case DataModel():
            _check_object(value, found)
        case tuple():
            assert len(found) == len(value)
            for item, one in zip(value, found, strict=True):
                _check_value(item, one)
        case dt.datetime():
            moment = dt.datetime.fromisoformat(value)
            assert found == (moment if moment.tzinfo else moment.replace(tzinfo=dt.UTC))
        case dt.date():
            assert found == dt.date.fromisoformat(value)
        case str() if type(value) is int:
            assert found == str(value)
        case int() if isinstance(value, str):
            assert found == int(value)
        case _:
            assert found == value


def test_models_are_made_by_hand_too() -> None:
    account = Account(balance=AccountBalance(current=Decimal("5.10")), category=AccountCategory.LOAN_ACCOUNT)
    assert account.balance
    assert evolve(account, name="Savings").balance is account.balance
    assert EmploymentRecord() == EmploymentRecord(extra={"new": 1})
