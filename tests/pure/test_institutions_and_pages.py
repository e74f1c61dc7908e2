"""Institutions, and the pages that lists come in."""

from typing import Any

import pytest
from attrs import evolve

from belvo_async import Link
from belvo_async._wire.json import MalformedError, read_model, read_page
from belvo_async._wire.responses import read_list
from belvo_async.errors import UnreadableResponseError
from belvo_async.models import Institution, Page
from tests.pure.bodies import INSTITUTION, LINK, LINK_ID, READ_REQUEST, answer

OPTIONAL = sorted(INSTITUTION.keys() - {"name", "country_codes", "resources", "form_fields", "features"})


def read(**changes: Any) -> Institution:
    return read_model({**INSTITUTION, **changes}, Institution)


def test_the_documented_institution_is_read_field_by_field() -> None:
    assert read() == Institution(
        name="heimdall_mx_retail",
        id=1014,
        type="bank",
        display_name="Heimdall Mexico MFA testing",
        status="healthy",
        website="https://www.heimdall.com/",
        country_codes=("MX",),
        primary_color="#056dae",
        logo="https://cdn.example/logo.png",
        icon_logo=None,
        text_logo=None,
        integration_type="credentials",
        resources=("ACCOUNTS", "OWNERS"),
        form_fields=(INSTITUTION["form_fields"][0], INSTITUTION["form_fields"][1]),
        features=(INSTITUTION["features"][0],),
    )


def test_a_token_may_be_required_where_a_feature_says_so() -> None:
    assert [read().may_require_token, read(features=[]).may_require_token] == [True, False]


@pytest.mark.parametrize("features", [[{}], [{"name": None}], [{"name": "other"}], None], ids=repr)
def test_other_features_require_no_token(features: object) -> None:
    assert read(features=features).may_require_token is False


@pytest.mark.parametrize("name", OPTIONAL)
def test_a_field_may_be_null(name: str) -> None:
    assert getattr(read(**{name: None}), name) is None


@pytest.mark.parametrize("name", ["country_codes", "resources", "form_fields", "features"])
def test_a_list_that_is_null_is_empty(name: str) -> None:
    assert getattr(read(**{name: None}), name) == ()


def test_a_name_is_all_that_an_institution_needs() -> None:
    assert read_model({"name": "erebor_mx_retail"}, Institution) == Institution(name="erebor_mx_retail")


def test_wire_fields_without_an_attribute_are_kept_in_extra() -> None:
    more = {"country_code": "MX", "code": "40002", "openbanking_information": None}
    assert read(**more).extra == more


@pytest.mark.parametrize("name", [None, 5, "", ["x"]], ids=repr)
def test_without_a_name_it_is_no_institution(name: object) -> None:
    with pytest.raises(MalformedError, match=r"not a Institution: required field unreadable @ \$\.name"):
        read(name=name)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("id", True),
        ("id", 10.5),
        ("id", "x1"),
        ("id", "9" * 5000),
        ("country_codes", "MX"),
        ("form_fields", {}),
        ("website", 5),
    ],
    ids=lambda part: repr(part)[:20],
)
def test_an_odd_value_is_kept_aside_and_hides_nothing_else(name: str, value: object) -> None:
    institution = read(**{name: value})
    empty: Any = () if name in {"country_codes", "form_fields"} else None
    assert (institution, institution.extra) == (evolve(read(), **{name: empty}), {name: value})


def test_a_number_that_came_as_text_is_read() -> None:
    assert (read(id="1014"), read(id="1014").extra) == (read(), {})


def test_an_odd_item_of_a_list_hides_none_of_the_others() -> None:
    institution = read(resources=["ACCOUNTS", None, "OWNERS"], features=[[], {"name": "token_required"}])
    assert institution.resources == ("ACCOUNTS", "OWNERS")
    assert institution.may_require_token
    assert institution.extra == {
        "resources": ["ACCOUNTS", None, "OWNERS"],
        "features": [[], {"name": "token_required"}],
    }


def test_a_page_holds_its_links_and_the_way_on() -> None:
    body = {"count": 130, "next": "https://x/api/links/?page=2", "previous": None, "results": [LINK, LINK]}
    link = read_model(LINK, Link)
    assert read_page(body, Link) == Page(
        results=(link, link), count=130, next="https://x/api/links/?page=2", previous=None
    )


def test_a_page_can_be_counted_and_walked() -> None:
    page = read_page({"results": [INSTITUTION, INSTITUTION]}, Institution)
    assert (len(page), list(page)) == (2, [read(), read()])


def test_the_last_page_may_be_empty() -> None:
    assert read_page({"count": 0, "next": None, "previous": None, "results": []}, Link) == Page(
        results=(), count=0
    )


@pytest.mark.parametrize("count", [None, "130", 1.5, True, [130]], ids=repr)
def test_a_count_that_is_no_whole_number_is_left_out(count: object) -> None:
    assert read_page({"count": count, "results": []}, Link).count is None


@pytest.mark.parametrize("name", ["next", "previous"])
def test_an_address_that_is_no_text_is_left_out(name: str) -> None:
    assert getattr(read_page({name: 5, "results": []}, Link), name) is None


@pytest.mark.parametrize(
    "body",
    [None, 5, "x", [], [LINK], {}, {"results": None}, {"results": {}}, {"results": "x"}],
    ids=lambda body: repr(body)[:18],
)
def test_what_is_no_page_is_malformed(body: object) -> None:
    with pytest.raises(MalformedError, match="not a page"):
        read_page(body, Link)


@pytest.mark.parametrize("item", [None, 5, "x", [], {}, {"id": 5}], ids=repr)
def test_an_item_without_an_id_hides_no_other_and_is_kept(item: object) -> None:
    page = read_list(answer(200, {"results": [LINK, item, LINK]}), READ_REQUEST, Link)
    assert ([link.id for link in page], page.unreadable) == ([LINK_ID, LINK_ID], (item,))


def test_an_odd_field_of_an_item_does_not_make_it_unreadable() -> None:
    page = read_list(answer(200, {"results": [LINK, {**LINK, "external_id": 42}]}), READ_REQUEST, Link)
    assert [link.extra for link in page] == [{}, {"external_id": 42}]


@pytest.mark.parametrize("item", [None, 5, "x", [], {}], ids=repr)
def test_a_page_of_which_nothing_can_be_read_is_an_error(item: object) -> None:
    with pytest.raises(UnreadableResponseError, match="GET /api/links/ cannot be read: not a Link"):
        read_list(answer(200, {"results": [item, item]}), READ_REQUEST, Link)


def test_a_readable_page_is_read_from_its_answer() -> None:
    page = read_list(answer(200, {"results": [LINK]}), READ_REQUEST, Link)
    assert [link.id for link in page] == [LINK_ID]


def test_an_unreadable_read_may_be_tried_again() -> None:
    with pytest.raises(UnreadableResponseError) as caught:
        read_list(answer(200, None), READ_REQUEST, Link)
    assert caught.value.remedy.startswith("Try again later")
