"""The link that Belvo shows, as its documents show it and as it may one day be."""

import copy
import json
import pickle
from datetime import UTC, datetime
from typing import Any

import pytest
from attrs import evolve

from belvo_async import Link
from belvo_async._http import Response
from belvo_async._wire.json import MalformedError, read_model
from belvo_async._wire.responses import read_body
from belvo_async.errors import UnreadableResponseError
from belvo_async.mfa import Accepted
from belvo_async.models import AccessMode, LinkStatus
from tests.pure.bodies import LINK, LINK_ID, OTHER_LINK_ID, UPDATE_REQUEST, answer, read_event, rejected


def read(**changes: Any) -> Link:
    return read_model({**LINK, **changes}, Link)


def through_pickle(link: Link) -> object:
    return pickle.loads(pickle.dumps(link))  # noqa: S301 - our own bytes


def test_the_documented_link_is_read_field_by_field() -> None:
    assert read() == Link(
        id=LINK_ID,
        institution="planet_mx_employment",
        access_mode=AccessMode.SINGLE,
        status=LinkStatus.VALID,
        refresh_rate=None,
        created_by="bcef7f35-67f2-4b19-b009-cb38795faf09",
        last_accessed_at=datetime(2024, 6, 26, 16, 25, 54, 344113, tzinfo=UTC),
        external_id="56ab5706-6e00-48a4-91c9-ca55968678d9",
        created_at=datetime(2024, 6, 26, 16, 25, 40, tzinfo=UTC),
        institution_user_id="sooE7XJWEKypZJR603ecaWYk-8Ap0oD8Nr1pBQ4eG9c=",
        credentials_storage="365d",
        stale_in=None,
        fetch_resources=("EMPLOYMENT_RECORDS", "OWNERS"),
    )


@pytest.mark.parametrize("status", [200, 201, 202])
def test_any_2xx_with_a_link_is_a_success(status: int) -> None:
    assert read_event(status, LINK) == Accepted(read())


@pytest.mark.parametrize("name", sorted(LINK.keys() - {"id", "fetch_resources"}))
def test_a_field_may_be_null(name: str) -> None:
    assert getattr(read(**{name: None}), name) is None


@pytest.mark.parametrize("name", sorted(LINK.keys() - {"id", "fetch_resources"}))
def test_a_field_may_be_missing(name: str) -> None:
    body = {key: value for key, value in LINK.items() if key != name}
    assert getattr(read_model(body, Link), name) is None


@pytest.mark.parametrize("body", [{"id": LINK_ID}, {"id": LINK_ID, "fetch_resources": None}], ids=len)
def test_no_resources_are_an_empty_tuple(body: dict[str, object]) -> None:
    assert read_model(body, Link).fetch_resources == ()


def test_fields_of_tomorrow_are_kept_in_extra() -> None:
    assert read(color="blue", nested={"a": [1]}).extra == {"color": "blue", "nested": {"a": [1]}}


def test_a_wire_field_called_extra_is_kept_too() -> None:
    assert read(extra={"a": 1}).extra == {"extra": {"a": 1}}


def test_extra_is_empty_where_all_is_known() -> None:
    assert read().extra == {}


def test_fields_of_tomorrow_do_not_make_another_link() -> None:
    assert read(color="blue") == read()


def test_a_status_of_tomorrow_is_readable_and_equal_to_its_text() -> None:
    status = read(status="hibernating").status
    assert (status, str(status), status and status.is_known) == ("hibernating", "hibernating", False)


def test_a_status_of_tomorrow_works_as_a_key() -> None:
    assert {"hibernating": 1}.get(str(read(status="hibernating").status)) == 1
    assert hash(read(status="hibernating").status) == hash(read(status="hibernating").status)


def test_two_statuses_of_tomorrow_differ() -> None:
    assert read(status="hibernating").status != read(status="sleeping").status


def test_a_status_of_tomorrow_is_not_added_to_the_known_ones() -> None:
    read(status="hibernating")
    assert [status.value for status in LinkStatus] == ["valid", "invalid", "unconfirmed", "token_required"]


def test_a_known_status_is_the_member_itself() -> None:
    status = read(status="token_required").status
    assert status is LinkStatus.TOKEN_REQUIRED
    assert status.is_known


def test_what_is_no_text_is_no_status() -> None:
    with pytest.raises(ValueError, match="5"):
        LinkStatus(5)  # type: ignore[arg-type] # wrong on purpose


def test_an_access_mode_of_tomorrow_is_readable() -> None:
    assert read(access_mode="hourly").access_mode == "hourly"


@pytest.mark.parametrize("duplicate", [copy.copy, copy.deepcopy, through_pickle])
def test_a_link_with_a_status_of_tomorrow_can_be_copied_and_pickled(duplicate: Any) -> None:
    link = read(status="hibernating", color="blue")
    twin = duplicate(link)
    assert (twin, twin.extra, twin.status) == (link, link.extra, "hibernating")


@pytest.mark.parametrize(
    ("text", "moment"),
    [
        ("2024-06-26T16:25:54.344113Z", datetime(2024, 6, 26, 16, 25, 54, 344113, tzinfo=UTC)),
        ("2024-06-26T16:25:54Z", datetime(2024, 6, 26, 16, 25, 54, tzinfo=UTC)),
        ("2024-06-26T16:25:54.344Z", datetime(2024, 6, 26, 16, 25, 54, 344000, tzinfo=UTC)),
        ("2024-06-26T16:25:54+00:00", datetime(2024, 6, 26, 16, 25, 54, tzinfo=UTC)),
        ("2024-06-26T13:25:54-03:00", datetime(2024, 6, 26, 16, 25, 54, tzinfo=UTC)),
        ("2024-06-26T16:25:54.344113", datetime(2024, 6, 26, 16, 25, 54, 344113, tzinfo=UTC)),
        ("2024-06-26", datetime(2024, 6, 26, tzinfo=UTC)),
    ],
    ids=["microseconds", "seconds", "milliseconds", "offset", "other zone", "no zone", "day"],
)
def test_a_time_becomes_an_aware_one_in_utc(text: str, moment: datetime) -> None:
    found = read(created_at=text).created_at
    assert found is not None
    assert (found, found.tzinfo) == (moment, UTC)


@pytest.mark.parametrize("name", ["created_at", "last_accessed_at"])
@pytest.mark.parametrize(
    "value",
    [
        "soon",
        "",
        "2024-13-01T00:00:00Z",
        "0001-01-01T00:00:00+14:00",
        "09/02/2022",
        "9" * 5000,
        1700000000,
        True,
    ],
    ids=lambda part: repr(part)[:20],
)
def test_what_is_no_time_is_none_and_kept(name: str, value: object) -> None:
    link = read(**{name: value})
    assert (getattr(link, name), link.extra) == (None, {name: value})


@pytest.mark.parametrize(
    ("text", "moment"),
    [
        ("2021-03-09 10:28:40+0000", datetime(2021, 3, 9, 10, 28, 40, tzinfo=UTC)),
        ("2021-03-09T10:28:40.123456789Z", datetime(2021, 3, 9, 10, 28, 40, 123456, tzinfo=UTC)),
    ],
)
def test_a_time_in_another_form_is_read(text: str, moment: datetime) -> None:
    assert (read(created_at=text).created_at, read(created_at=text).extra) == (moment, {})


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("institution", ["x"]),
        ("institution", {"name": "x"}),
        ("access_mode", 5),
        ("status", {"a": 1}),
        ("refresh_rate", 7),
        ("external_id", True),
        ("external_id", 42),
        ("credentials_storage", True),
        ("fetch_resources", "ACCOUNTS"),
        ("fetch_resources", {"a": 1}),
        ("stale_in", 365.5),
    ],
    ids=repr,
)
def test_an_odd_value_is_kept_aside_and_hides_nothing_else(name: str, value: object) -> None:
    link = read(**{name: value}, color="blue")
    empty: Any = () if name == "fetch_resources" else None
    assert (link, link.extra) == (evolve(read(), **{name: empty}), {name: value, "color": "blue"})


def test_all_odd_values_are_kept_at_once() -> None:
    link = read(status=2, created_at=3, fetch_resources=["OWNERS", 4])
    assert link.extra == {"status": 2, "created_at": 3, "fetch_resources": ["OWNERS", 4]}
    assert link.fetch_resources == ("OWNERS",)


@pytest.mark.parametrize("link_id", [LINK_ID.upper(), LINK_ID.replace("-", ""), f" {LINK_ID} "])
def test_an_id_has_the_form_of_the_api_however_it_came(link_id: str) -> None:
    assert (read(id=link_id).id, read_event(200, {**LINK, "id": link_id})) == (LINK_ID, Accepted(read()))


@pytest.mark.parametrize("link_id", [OTHER_LINK_ID, OTHER_LINK_ID.upper(), "x", LINK_ID + "0"])
def test_a_success_about_another_link_rejects_the_login(link_id: str) -> None:
    error = rejected(200, {**LINK, "id": link_id})
    assert (type(error), "another link" in error.message) == (UnreadableResponseError, True)


@pytest.mark.parametrize("link_id", [None, 18446744073, "", True, ["do-not-quote"]], ids=repr)
def test_without_a_readable_id_it_is_no_link_and_the_error_quotes_nothing(link_id: object) -> None:
    with pytest.raises(MalformedError, match=r"not a Link: required field unreadable @ \$\.id") as caught:
        read(id=link_id)
    chain = f"{caught.value!r} {caught.value.__cause__!r} {caught.value.__context__!r}"
    assert [leak for leak in ("do-not-quote", "18446744073") if leak in chain] == []


def test_a_link_without_id_is_malformed() -> None:
    with pytest.raises(MalformedError, match=r"required field missing @ \$\.id"):
        read_model({}, Link)


@pytest.mark.parametrize("body", [None, 5, "x", True, [], [LINK], {}], ids=lambda body: repr(body)[:6])
def test_a_success_that_is_no_link_rejects_the_login(body: object) -> None:
    error = rejected(200, body)
    assert (type(error), error.status, error.link_id) == (UnreadableResponseError, 200, LINK_ID)


@pytest.mark.parametrize("body", [b"", b"  ", b"<html>", json.dumps(LINK).encode()[:-1], b"\xff\xfe\x00"])
def test_a_success_that_is_not_json_is_an_error_that_says_so(body: bytes) -> None:
    with pytest.raises(UnreadableResponseError, match=f"PUT /api/links/{LINK_ID}/ cannot be read: "):
        read_body(Response(status=200, body=body), UPDATE_REQUEST, Link)


def test_the_error_of_an_unreadable_success_warns_that_belvo_did_act() -> None:
    with pytest.raises(UnreadableResponseError) as caught:
        read_body(answer(200, []), UPDATE_REQUEST, Link)
    assert "before you repeat it" in caught.value.remedy


def test_of_a_key_given_twice_the_last_counts() -> None:
    body = b'{"id": "first", "id": "' + LINK_ID.encode() + b'"}'
    assert read_body(Response(status=200, body=body), UPDATE_REQUEST, Link).id == LINK_ID
