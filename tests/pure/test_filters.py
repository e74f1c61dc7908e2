"""Filters of lists go on the wire under their own names, or are refused by them."""

from datetime import UTC, date, datetime
from typing import Any
from uuid import UUID

import pytest

from belvo_async import InstitutionFilters, LinkFilters
from belvo_async.errors import InvalidValueError
from belvo_async.models import AccessMode, LinkStatus
from belvo_async.params._filters import write_filters
from tests.pure.bodies import LINK_ID, OTHER_LINK_ID

LINK_FILTERS = frozenset(LinkFilters.__annotations__)
INSTITUTION_FILTERS = frozenset(InstitutionFilters.__annotations__)

LINK_CASES: list[tuple[str, object, str]] = [
    ("page_size", 1, "1"),
    ("page_size", 1000, "1000"),
    ("fields", ["id", "status"], "id,status"),
    ("omit", ("created_by",), "created_by"),
    ("id", LINK_ID, LINK_ID),
    ("id", UUID(LINK_ID), LINK_ID),
    ("id__in", [LINK_ID, UUID(OTHER_LINK_ID)], f"{LINK_ID},{OTHER_LINK_ID}"),
    ("institution", "erebor_mx_retail", "erebor_mx_retail"),
    ("institution__in", ["a_mx_b", "c_mx_d"], "a_mx_b,c_mx_d"),
    ("access_mode", "single", "single"),
    ("access_mode", AccessMode.RECURRENT, "recurrent"),
    ("created_at", date(2024, 6, 26), "2024-06-26"),
    ("created_at", "2024-06-26", "2024-06-26"),
    ("created_at", datetime(2024, 6, 26, 23, 59, tzinfo=UTC), "2024-06-26"),
    ("created_at__gt", date(2024, 6, 26), "2024-06-26"),
    ("created_at__gte", date(2024, 6, 26), "2024-06-26"),
    ("created_at__lt", date(2024, 6, 26), "2024-06-26"),
    ("created_at__lte", date(2024, 6, 26), "2024-06-26"),
    ("created_at__range", [date(2024, 6, 1), "2024-06-30"], "2024-06-01,2024-06-30"),
    ("created_by__not_in", [LINK_ID], LINK_ID),
    ("external_id", "user-42", "user-42"),
    ("external_id__in", ["user-42", "user-43"], "user-42,user-43"),
    ("institution_user_id", "sooE7XJW=", "sooE7XJW="),
    ("institution_user_id__in", iter(["sooE7XJW="]), "sooE7XJW="),
    ("refresh_rate", "7d", "7d"),
    ("status", LinkStatus.TOKEN_REQUIRED, "token_required"),
    ("status__in", [LinkStatus.INVALID, "token_required"], "invalid,token_required"),
]
INSTITUTION_CASES: list[tuple[str, object, str]] = [
    ("page_size", 10, "10"),
    ("display_name", "Erebor Mexico", "Erebor Mexico"),
    ("country_code", "MX", "MX"),
    ("country_code__in", ["MX", "BR"], "MX,BR"),
    ("resources__allin", ["ACCOUNTS", "OWNERS"], "ACCOUNTS,OWNERS"),
    ("name", "erebor_mx_retail", "erebor_mx_retail"),
    ("name__in", ["erebor_mx_retail"], "erebor_mx_retail"),
    ("status", "healthy", "healthy"),
    ("status__in", ["healthy", "down"], "healthy,down"),
    ("type", "bank", "bank"),
    ("type__in", {"bank"}, "bank"),
    ("website", "https://www.erebor.com/", "https://www.erebor.com/"),
]


# Any: tests hand in values that the types forbid.
def write(**filters: Any) -> tuple[tuple[str, str], ...]:
    return write_filters(filters, LINK_FILTERS)


@pytest.mark.parametrize(("name", "value", "text"), LINK_CASES, ids=range(len(LINK_CASES)))
def test_a_filter_of_links_is_written_as_the_api_has_it(name: str, value: object, text: str) -> None:
    assert write(**{name: value}) == ((name, text),)


@pytest.mark.parametrize(("name", "value", "text"), INSTITUTION_CASES, ids=[c[0] for c in INSTITUTION_CASES])
def test_a_filter_of_institutions_is_written_as_the_api_has_it(name: str, value: object, text: str) -> None:
    assert write_filters({name: value}, INSTITUTION_FILTERS) == ((name, text),)


def test_the_cases_above_are_all_the_filters_there_are() -> None:
    assert {name for name, _, _ in LINK_CASES} == LINK_FILTERS
    assert {name for name, _, _ in INSTITUTION_CASES} == INSTITUTION_FILTERS


def test_filters_keep_their_order() -> None:
    assert write(status="valid", page_size=5) == (("status", "valid"), ("page_size", "5"))


def test_none_leaves_a_filter_out() -> None:
    assert write(status=None, page_size=None, id__in=None) == ()


@pytest.mark.parametrize("size", [0, -1, 1001, True, "100", 10.0, 10**30], ids=repr)
def test_a_page_size_out_of_1_to_1000_is_refused(size: object) -> None:
    with pytest.raises(InvalidValueError) as caught:
        write(page_size=size)
    assert caught.value.field == "page_size"


@pytest.mark.parametrize("name", ["created_by", "page", "status__not_in", "Status", "status&page"])
def test_a_filter_that_the_list_does_not_have_is_refused(name: str) -> None:
    with pytest.raises(InvalidValueError) as caught:
        write(**{name: "x"})
    assert caught.value.field == name


def test_the_refusal_of_an_unknown_filter_lists_the_known_ones() -> None:
    with pytest.raises(InvalidValueError, match="institution_user_id__in") as caught:
        write(state="valid")
    assert [name for name in LINK_FILTERS if name not in caught.value.remedy] == []


@pytest.mark.parametrize("value", ["valid", b"valid", 5, LinkStatus.VALID, UUID(LINK_ID)], ids=repr)
def test_a_list_filter_wants_a_list(value: object) -> None:
    with pytest.raises(InvalidValueError) as caught:
        write(status__in=value)
    assert caught.value.field == "status__in"


@pytest.mark.parametrize("name", ["status__in", "id__in", "created_by__not_in", "fields", "omit"])
def test_an_empty_list_is_refused_as_it_could_mean_all_or_none(name: str) -> None:
    with pytest.raises(InvalidValueError) as caught:
        write(**{name: []})
    assert caught.value.field == name


@pytest.mark.parametrize("days", [1, 3])
def test_a_range_needs_two_days(days: int) -> None:
    with pytest.raises(InvalidValueError) as caught:
        write(created_at__range=["2024-06-26"] * days)
    assert caught.value.field == "created_at__range"


@pytest.mark.parametrize("value", ["", b"valid", True, 1.5, ["valid"], {"a": 1}, object], ids=repr)
def test_a_single_filter_wants_text_a_uuid_or_a_date(value: object) -> None:
    with pytest.raises(InvalidValueError) as caught:
        write(status=value)
    assert caught.value.field == "status"


@pytest.mark.parametrize("item", ["", None, 1.5, b"valid", ["valid"]], ids=repr)
def test_a_wrong_item_of_a_list_is_refused(item: object) -> None:
    with pytest.raises(InvalidValueError) as caught:
        write(status__in=["valid", item])
    assert caught.value.field == "status__in"


def test_a_comma_inside_an_item_cannot_become_two_items() -> None:
    with pytest.raises(InvalidValueError) as caught:
        write(external_id__in=["user-42,user-43"])
    assert caught.value.field == "external_id__in"
