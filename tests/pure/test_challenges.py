"""Every 428 that Belvo ever documented."""

from datetime import timedelta
from typing import Any

import pytest

from belvo_async import Challenge, ChallengeKind, TokenGenerationData
from belvo_async._answers import read_answer, read_refusal
from belvo_async._http import Repeat, Request
from belvo_async._instant import Instant
from belvo_async._requests import build_resume
from belvo_async.errors import ActivationRequiredError, ApiError
from belvo_async.mfa import Challenged, Rejected, Resuming
from tests.pure.bodies import (
    AT,
    CHALLENGE,
    LEGACY_CHALLENGE,
    LINK_ID,
    NOON,
    OTHER_LINK_ID,
    REQUEST_ID,
    SESSION,
    TOKEN_DATA,
    UPDATE_REQUEST,
    answer,
    challenged,
    read_event,
    refusal,
    rejected,
)

REGISTRATION = Request(method="POST", path="/api/links/", repeat=Repeat.LOGIN)
DOCUMENTED = Challenge(
    session=SESSION,
    link_id=LINK_ID,
    expiry=9600.0,
    token_generation_data=TokenGenerationData(
        instructions="Use this code to generate the token",
        kind=ChallengeKind.NUMERIC,
        value="12345",
        expects_user_input=True,
    ),
    message="A MFA token is required by the institution to login",
    request_id=REQUEST_ID,
)


def read(**changes: Any) -> Challenge:
    return challenged([{**CHALLENGE, **changes}]).challenge


def read_data(**changes: Any) -> TokenGenerationData:
    return read(token_generation_data={**TOKEN_DATA, **changes}).token_generation_data


@pytest.mark.parametrize("body", [[CHALLENGE], CHALLENGE], ids=["array of one", "bare object"])
def test_the_documented_challenge_is_read_field_by_field(body: object) -> None:
    assert challenged(body).challenge == DOCUMENTED


def test_the_challenge_of_2020_is_read() -> None:
    assert challenged(LEGACY_CHALLENGE).challenge == Challenge(
        session=SESSION, link_id=LINK_ID, expiry=9600.0, message="Token Required"
    )


def test_a_refusal_is_classified_like_an_answer() -> None:
    response = answer(428, [CHALLENGE])
    assert read_refusal(response, UPDATE_REQUEST, AT) == read_answer(response, UPDATE_REQUEST, AT)


def test_a_challenge_knows_when_it_came_by_both_clocks() -> None:
    event = challenged([CHALLENGE])
    assert (event.at, event.challenge.received_at) == (AT.monotonic, NOON)


def test_the_moment_is_that_of_the_answer() -> None:
    later = Instant(99.0, NOON + timedelta(hours=1))
    event = read_answer(answer(428, [CHALLENGE]), UPDATE_REQUEST, later)
    assert isinstance(event, Challenged)
    assert (event.at, event.challenge.received_at) == (99.0, later.wall)


def test_the_short_ways_lead_to_the_token_generation_data() -> None:
    challenge = read()
    assert (challenge.kind, challenge.instructions, challenge.value, challenge.expects_user_input) == (
        "numeric",
        "Use this code to generate the token",
        "12345",
        True,
    )


@pytest.mark.parametrize(
    ("expiry", "seconds"),
    [
        (9600, 9600.0),
        ("720", 720.0),
        (" 720 ", 720.0),
        ("720.5", 720.5),
        (0.5, 0.5),
        (0, 0.0),
        (None, None),
        ("soon", None),
        ("", None),
        ("nan", None),
        ("inf", None),
        ("1e999", None),
        (-1, None),
        ("-1", None),
        (10**400, None),
        (True, None),
        ([720], None),
        ({"seconds": 720}, None),
    ],
    ids=lambda part: repr(part)[:20],
)
def test_an_expiry_is_seconds_or_not_stated(expiry: object, seconds: float | None) -> None:
    assert read(expiry=expiry).expiry == seconds


def test_an_expiry_may_be_missing() -> None:
    body = {key: value for key, value in CHALLENGE.items() if key != "expiry"}
    assert challenged([body]).challenge.expiry is None


@pytest.mark.parametrize(
    ("flags", "expected"),
    [
        ({}, True),
        ({"expects_user_input": True}, True),
        ({"expects_user_input": False}, False),
        ({"expect_user_input": True}, True),
        ({"expect_user_input": False}, False),
        ({"expects_user_input": False, "expect_user_input": True}, False),
        ({"expects_user_input": True, "expect_user_input": False}, True),
        ({"expects_user_input": None, "expect_user_input": False}, False),
        ({"expects_user_input": None}, True),
        ({"expects_user_input": "no idea"}, True),
    ],
    ids=repr,
)
def test_input_is_expected_unless_either_spelling_denies_it(flags: dict[str, Any], expected: bool) -> None:
    data = {key: value for key, value in TOKEN_DATA.items() if key != "expects_user_input"}
    challenge = read(token_generation_data={**data, **flags})
    assert (challenge.expects_user_input, challenge.token_generation_data.extra) == (expected, {})


@pytest.mark.parametrize("data", [None, [], "text", 5], ids=repr)
def test_token_generation_data_that_is_no_object_counts_as_missing(data: object) -> None:
    assert read(token_generation_data=data).token_generation_data == TokenGenerationData()


def test_token_generation_data_may_be_missing() -> None:
    body = {key: value for key, value in CHALLENGE.items() if key != "token_generation_data"}
    assert challenged([body]).challenge.token_generation_data == TokenGenerationData()


@pytest.mark.parametrize(
    ("name", "expected"), [("instructions", ""), ("type", None), ("value", None)], ids=repr
)
def test_null_inside_token_generation_data_counts_as_missing(name: str, expected: object) -> None:
    assert getattr(read_data(**{name: None}), "kind" if name == "type" else name) == expected


@pytest.mark.parametrize("kind", list(ChallengeKind))
def test_every_documented_kind_is_known(kind: ChallengeKind) -> None:
    assert read_data(type=str(kind)).kind is kind


def test_a_kind_of_tomorrow_is_shown_as_it_came() -> None:
    kind = read_data(type="retina").kind
    assert (kind, kind and kind.is_known) == ("retina", False)


@pytest.mark.parametrize(("value", "text"), [(12345, "12345"), (0, "0"), ("007", "007"), ("", "")], ids=repr)
def test_a_challenge_number_is_text(value: object, text: str) -> None:
    assert read_data(value=value).value == text


def test_keys_of_tomorrow_are_kept() -> None:
    challenge = read(attempts_left=2, token_generation_data={**TOKEN_DATA, "image": "data:"})
    assert (challenge.extra, challenge.token_generation_data.extra) == (
        {"attempts_left": 2},
        {"image": "data:"},
    )


def test_a_session_with_hyphens_goes_back_as_it_came() -> None:
    assert read(session=OTHER_LINK_ID).session == OTHER_LINK_ID


@pytest.mark.parametrize("link", [None, "missing"])
def test_without_a_link_the_challenge_is_about_the_link_of_the_request(link: str | None) -> None:
    body = {key: value for key, value in CHALLENGE.items() if key != "link" or link is None}
    body.update({"link": None} if link is None else {})
    assert challenged([body]).challenge.link_id == LINK_ID


def test_a_registration_learns_its_link_from_the_challenge() -> None:
    assert challenged([CHALLENGE], REGISTRATION).challenge.link_id == LINK_ID


def test_a_registration_cannot_go_on_without_a_link() -> None:
    assert isinstance(rejected(428, [{**CHALLENGE, "link": None}], REGISTRATION), ApiError)


@pytest.mark.parametrize("link", ["../../payments", "", "x?y=1", "%2e%2e", 5], ids=repr)
def test_a_link_that_is_no_uuid_never_comes_out_of_a_challenge(link: object) -> None:
    event = read_event(428, [{**CHALLENGE, "link": link}])
    assert isinstance(event, Rejected) or event.challenge.link_id == LINK_ID  # type: ignore[union-attr]


@pytest.mark.parametrize(
    "before", [None, 5, "x", [], {}, {"code": "activation_required", "message": "No web access"}], ids=repr
)
def test_the_item_with_a_session_is_found_among_others(before: object) -> None:
    assert challenged([before, CHALLENGE]).challenge == DOCUMENTED


def test_of_two_items_with_a_session_the_first_counts() -> None:
    assert challenged([CHALLENGE, {**CHALLENGE, "session": "second"}]).challenge.session == SESSION


def test_a_user_without_web_access_is_no_challenge() -> None:
    error = rejected(428, refusal("activation_required"))
    assert (type(error), error.code, error.status) == (ActivationRequiredError, "activation_required", 428)


@pytest.mark.parametrize("session", [None, "", "missing"])
def test_a_token_required_without_a_session_is_an_error_with_its_code(session: str | None) -> None:
    body = {key: value for key, value in CHALLENGE.items() if key != "session"}
    body.update({} if session == "missing" else {"session": session})
    error = rejected(428, [body])
    assert (type(error), error.code, error.request_id) == (ApiError, "token_required", REQUEST_ID)


@pytest.mark.parametrize("body", [None, 5, "x", [], {}, [[]], [None], [{}]], ids=repr)
def test_a_428_that_says_nothing_is_an_error_with_its_status(body: object) -> None:
    error = rejected(428, body)
    assert (type(error), error.status, error.code) == (ApiError, 428, None)


@pytest.mark.parametrize("status", [400, 401, 403, 409, 500])
def test_a_session_in_another_status_is_no_challenge(status: int) -> None:
    assert rejected(status, [CHALLENGE]).status == status


def test_the_answer_to_a_challenge_is_the_documented_patch() -> None:
    resuming = Resuming(challenge=DOCUMENTED, token="001234", deadline=80.0, rounds=1)
    request = build_resume(resuming)
    assert request == Request(
        method="PATCH",
        path="/api/links/",
        body=f'{{"session":"{SESSION}","link":"{LINK_ID}","token":"001234"}}'.encode(),
        repeat=Repeat.TOKEN,
        link_id=LINK_ID,
        is_urgent=True,
        deadline=80.0,
        secrets=("001234",),
    )


def test_a_confirmation_carries_no_token() -> None:
    resuming = Resuming(challenge=DOCUMENTED, token=None, deadline=80.0, rounds=1)
    assert build_resume(resuming).body == f'{{"session":"{SESSION}","link":"{LINK_ID}"}}'.encode()


@pytest.mark.parametrize("name", ["message", "request_id"])
def test_a_text_of_a_wrong_type_does_not_cost_the_session(name: str) -> None:
    assert read(**{name: 5}).session == SESSION


@pytest.mark.parametrize("value", [["data:image/png"], {"image": "data:"}, True], ids=repr)
def test_a_value_of_an_unknown_shape_does_not_cost_the_session(value: object) -> None:
    assert read_data(value=value).instructions == TOKEN_DATA["instructions"]


def test_a_session_with_half_a_character_can_still_be_answered() -> None:
    resuming = Resuming(challenge=read(session="s\ud800"), token="1", deadline=80.0, rounds=1)
    assert build_resume(resuming).body == (
        b'{"session":"s\\ud800","link":"' + LINK_ID.encode() + b'","token":"1"}'
    )
