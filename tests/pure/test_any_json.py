"""Whatever JSON arrives: a model, or an error of ours. Never another exception."""

import json
from contextlib import suppress
from math import inf
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from belvo_async import BelvoError, Challenge, Link
from belvo_async._http import Response
from belvo_async._wire.challenges import read_challenge, write_challenge
from belvo_async._wire.error_bodies import read_error
from belvo_async._wire.json import MalformedError, parse_json, read_details, read_model, read_page
from belvo_async._wire.responses import read_link, read_response
from belvo_async.errors import ErrorDetail
from belvo_async.mfa import Accepted, Challenged, Rejected
from belvo_async.models import Institution, Page, ResumeTarget
from tests.pure.bodies import (
    AT,
    CHALLENGE,
    HTML_TYPE,
    INSTITUTION,
    JSON_TYPE,
    LINK,
    LINK_ID,
    NOON,
    TOKEN_DATA,
    UPDATE_REQUEST,
    read_event,
)
from tests.pure.strategies import ANY_TEXT, JSON_VALUES, spoiled

STATUSES = st.sampled_from([200, 201, 204, 301, 400, 401, 403, 404, 408, 409, 418, 428, 429, 500, 502, 599])
DATA = JSON_VALUES | spoiled(TOKEN_DATA)
CHALLENGE_BODIES = st.builds(
    lambda body, data: {**body, "token_generation_data": data}, spoiled(CHALLENGE), DATA
)
BODIES = (
    JSON_VALUES
    | CHALLENGE_BODIES
    | st.lists(CHALLENGE_BODIES, max_size=2)
    | spoiled(LINK)
    | st.lists(st.fixed_dictionaries({"code": JSON_VALUES, "message": JSON_VALUES, "field": JSON_VALUES}))
)


@pytest.mark.parametrize("model", [Link, Institution])
@given(value=JSON_VALUES | spoiled(LINK) | spoiled(INSTITUTION))
def test_any_json_is_a_model_or_malformed(model: type, value: object) -> None:
    with suppress(MalformedError):
        assert isinstance(read_model(value, model), model)


@given(JSON_VALUES | st.fixed_dictionaries({"results": st.lists(spoiled(LINK)), "next": JSON_VALUES}))
def test_any_json_is_a_page_or_malformed(value: object) -> None:
    with suppress(MalformedError):
        assert isinstance(read_page(value, Link), Page)


@given(CHALLENGE_BODIES, st.none() | st.just(LINK_ID))
def test_any_object_is_a_challenge_or_malformed(item: dict[str, object], link_id: str | None) -> None:
    with suppress(MalformedError):
        assert isinstance(
            read_challenge(item, link_id=link_id, received_at=NOON, target=ResumeTarget()), Challenge
        )


@given(JSON_VALUES)
def test_any_json_has_error_details_though_they_may_be_none(value: object) -> None:
    assert {type(detail) for detail in read_details(value)} <= {ErrorDetail}


@given(STATUSES, BODIES)
def test_any_answer_is_an_event(status: int, body: object) -> None:
    assert isinstance(read_event(status, body), Accepted | Challenged | Rejected)


@given(STATUSES, BODIES)
def test_any_rejection_can_be_shown(status: int, body: object) -> None:
    event = read_event(status, body)
    if isinstance(event, Rejected):
        assert (isinstance(event.error, BelvoError), str(event.error) != "") == (True, True)


@given(STATUSES, st.binary(), st.dictionaries(st.sampled_from(["retry-after", "content-type"]), ANY_TEXT))
def test_any_bytes_are_an_event(status: int, body: bytes, headers: dict[str, str]) -> None:
    event = read_response(Response(status=status, headers=headers, body=body), UPDATE_REQUEST, AT, read_link)
    assert isinstance(event, Accepted | Challenged | Rejected)


@pytest.mark.parametrize("opening", [b"[", b'{"a":', b'[{"session":'], ids=repr)
@pytest.mark.parametrize("status", [200, 400, 428, 500])
def test_a_body_nested_without_end_is_an_error_of_ours(opening: bytes, status: int) -> None:
    response = Response(status=status, headers=JSON_TYPE, body=opening * 200_000)
    assert isinstance(read_response(response, UPDATE_REQUEST, AT, read_link), Rejected)


@pytest.mark.parametrize(
    "body", [b"", b" ", b"{", b"[1,", b"nul", b"'a'", b"\x80", b"\x00", b"{} {}"], ids=repr
)
def test_what_is_not_json_is_malformed(body: bytes) -> None:
    with pytest.raises(MalformedError) as caught:
        parse_json(body)
    assert (caught.value.__cause__, caught.value.__context__) == (None, None)


@pytest.mark.parametrize(("sign", "number"), [(b"", inf), (b"-", -inf)])
def test_a_number_of_a_million_digits_takes_no_time_and_hides_no_neighbour(
    sign: bytes, number: float
) -> None:
    assert parse_json(b'{"a": ' + sign + b"9" * 1_000_000 + b', "b": 1}') == {"a": number, "b": 1}


def test_a_byte_that_is_no_utf_8_hides_no_neighbour() -> None:
    assert parse_json('{"a": "código", "b": 1}'.encode("latin-1")) == {"a": "c\ufffddigo", "b": 1}


JSON_OBJECTS = st.dictionaries(st.sampled_from(sorted(LINK)) | ANY_TEXT, JSON_VALUES)


@given(JSON_OBJECTS | spoiled(LINK), st.uuids())
def test_an_object_with_an_id_is_a_link_and_loses_nothing(body: dict[str, object], link_id: UUID) -> None:
    link = read_model({**body, "id": str(link_id)}, Link)
    told = {name for name in LINK if getattr(link, name) not in (None, ())}
    lost = {key for key, value in body.items() if value not in (None, [])} - told - link.extra.keys()
    assert (link.id, lost) == (str(link_id), set())


@given(JSON_OBJECTS | spoiled(INSTITUTION), st.text(min_size=1))
def test_an_object_with_a_name_is_an_institution_and_loses_nothing(
    body: dict[str, object], name: str
) -> None:
    institution = read_model({**body, "name": name}, Institution)
    told = {name for name in INSTITUTION if getattr(institution, name) not in (None, ())}
    lost = {key for key, value in body.items() if value not in (None, [])} - told - institution.extra.keys()
    assert (institution.name, lost) == (name, set())


@given(JSON_VALUES | spoiled(LINK))
def test_a_value_that_is_read_does_not_stay_in_extra_too(value: object) -> None:
    link = read_model({**LINK, "created_at": value}, Link)
    assert (link.created_at is None) is ("created_at" in link.extra or value is None)


@given(CHALLENGE_BODIES, st.text(min_size=1) | st.integers(), st.sampled_from([list, dict]))
def test_a_428_with_a_session_is_a_challenge_that_can_be_parked(
    body: dict[str, object], session: str | int, shape: type
) -> None:
    item = {**body, "session": session, "link": LINK_ID, "code": "token_required"}
    event = read_event(428, [item] if shape is list else item)
    assert isinstance(event, Challenged)
    challenge = event.challenge
    assert challenge.session == str(session)
    parked = read_challenge(write_challenge(challenge), link_id=None, received_at=NOON, target=ResumeTarget())
    assert (parked, parked.extra.keys()) == (challenge, challenge.extra.keys())


@given(CHALLENGE_BODIES)
def test_whatever_a_challenge_holds_can_be_shown(body: dict[str, object]) -> None:
    challenge = read_challenge(
        {**body, "session": "s"}, link_id=LINK_ID, received_at=NOON, target=ResumeTarget()
    )
    assert all(isinstance(line, str) for line in challenge.extra_lines)
    assert challenge.picture is None or challenge.qr_content is None


@pytest.mark.parametrize("number", ["NaN", "Infinity", "-Infinity"])
def test_a_number_that_json_does_not_have_breaks_nothing(number: str) -> None:
    body = json.dumps({**CHALLENGE, "expiry": "?"}).replace('"?"', number).encode()
    event = read_response(Response(status=428, headers=JSON_TYPE, body=body), UPDATE_REQUEST, AT, read_link)
    assert isinstance(event, Challenged)
    assert event.challenge.expiry is None


def test_half_a_character_in_a_text_breaks_nothing() -> None:
    link = read_model(parse_json(b'{"id": "x", "external_id": "\\ud83d"}'), Link)
    assert link.external_id == "\ud83d"


@given(STATUSES, ANY_TEXT)
def test_any_page_of_a_proxy_is_an_error_that_keeps_its_status(status: int, text: str) -> None:
    body = b"<html>" + text.encode(errors="replace")
    error = read_error(Response(status=status, headers=HTML_TYPE, body=body), UPDATE_REQUEST, NOON)
    assert error.status == status
