"""Every 428 that Belvo ever documented."""

import json
from datetime import timedelta
from typing import Any

import pytest

from belvo_async import Challenge
from belvo_async._clock import Instant
from belvo_async._http import Repeat, Request
from belvo_async._wire.requests import build_resume
from belvo_async._wire.responses import read_link, read_refusal, read_response
from belvo_async.errors import ActivationRequiredError, ApiError, SessionExpiredError, UnreadableResponseError
from belvo_async.mfa import Challenged, Resuming
from belvo_async.models import ChallengeKind, TokenGenerationData
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
    assert read_refusal(response, UPDATE_REQUEST, AT) == read_response(
        response, UPDATE_REQUEST, AT, read_link
    )


def test_a_challenge_knows_when_it_came_by_both_clocks() -> None:
    event = challenged([CHALLENGE])
    assert (event.at, event.challenge.received_at) == (AT.monotonic, NOON)


def test_the_moment_is_that_of_the_answer() -> None:
    later = Instant(99.0, NOON + timedelta(hours=1))
    event = read_response(answer(428, [CHALLENGE]), UPDATE_REQUEST, later, read_link)
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
        (-1, 0.0),
        ("-1", 0.0),
        (-1e30, 0.0),
        ("1e3", 1000.0),
        ("120.0", 120.0),
        (366 * 86400 + 1, None),
        (float("-inf"), None),
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
        ({"expects_user_input": "false"}, False),
        ({"expects_user_input": "False"}, False),
        ({"expects_user_input": " FALSE "}, False),
        ({"expects_user_input": 0}, False),
        ({"expects_user_input": 0.0}, False),
        ({"expects_user_input": "0"}, False),
        ({"expects_user_input": 1}, True),
        ({"expects_user_input": "true"}, True),
        ({"expect_user_input": "False"}, False),
    ],
    ids=repr,
)
def test_input_is_expected_unless_either_spelling_denies_it(flags: dict[str, Any], expected: bool) -> None:
    data = {key: value for key, value in TOKEN_DATA.items() if key != "expects_user_input"}
    challenge = read(token_generation_data={**data, **flags})
    assert (challenge.expects_user_input, challenge.token_generation_data.extra) == (expected, {})


@pytest.mark.parametrize("odd", ["no idea", "", 5, [], {}, 0.5], ids=repr)
def test_input_is_expected_where_nobody_knows_and_what_was_sent_is_kept(odd: object) -> None:
    data = read_data(expects_user_input=odd)
    assert (data.expects_user_input, data.extra) == (True, {"expects_user_input": odd})


def test_the_spelling_that_can_be_read_counts() -> None:
    data = read_data(expects_user_input="no idea", expect_user_input=False)
    assert (data.expects_user_input, data.extra) == (False, {"expects_user_input": "no idea"})


@pytest.mark.parametrize("data", [None, "", {}], ids=repr)
def test_empty_token_generation_data_counts_as_missing(data: object) -> None:
    found = read(token_generation_data=data).token_generation_data
    assert (found, found.extra) == (TokenGenerationData(), {})


@pytest.mark.parametrize(
    ("data", "expected"),
    [
        ("Type the code 42", TokenGenerationData(instructions="Type the code 42")),
        ("42", TokenGenerationData(value="42")),
        (42, TokenGenerationData(value="42")),
        (["42"], TokenGenerationData(value="42")),
        (["Type the code"], TokenGenerationData(instructions="Type the code")),
        ([TOKEN_DATA], DOCUMENTED.token_generation_data),
        (json.dumps(TOKEN_DATA), DOCUMENTED.token_generation_data),
        (json.dumps([TOKEN_DATA]), DOCUMENTED.token_generation_data),
        ({"token_generation_data": TOKEN_DATA}, DOCUMENTED.token_generation_data),
        ("{no JSON at all}", TokenGenerationData(instructions="{no JSON at all}")),
    ],
    ids=lambda part: repr(part)[:30],
)
def test_token_generation_data_of_another_form_is_read(data: object, expected: TokenGenerationData) -> None:
    found = read(token_generation_data=data).token_generation_data
    assert (found, found.extra) == (expected, {})


@pytest.mark.parametrize(
    "data", [True, [], ["a", "b"], [1, {"a": 2}], [[["deep"], 1]], [[[[[[TOKEN_DATA]]]]]]], ids=str
)
def test_token_generation_data_that_fits_no_field_is_kept_as_it_came(data: object) -> None:
    assert read(token_generation_data=data).token_generation_data.extra == {"token_generation_data": data}


@pytest.mark.parametrize(
    ("extra", "lines"),
    [
        ({"value": ["home", "office"]}, ("home", "office")),
        ({"value": {"q": "Mother's name?"}}, ("q: Mother's name?",)),
        ({"instructions": {"es": "abra", "pt": "abra já"}}, ("es: abra", "pt: abra já")),
        ({"value": [{"id": 1, "label": "home"}, None]}, ("id: 1", "label: home")),
        (
            {"attempts_left": 2, "is_last": True, "ratio": 0.5},
            ("attempts_left: 2", "is_last: true", "ratio: 0.5"),
        ),
        ({"image": {"x": {"y": "z"}}}, ("image x y: z",)),
    ],
    ids=lambda part: repr(part)[:30],
)
def test_what_has_no_field_is_shown_line_by_line(extra: dict[str, object], lines: tuple[str, ...]) -> None:
    challenge = read(token_generation_data={**TOKEN_DATA, **extra})
    assert challenge.token_generation_data.extra == extra
    assert challenge.extra_lines == lines


def test_what_is_shown_of_it_has_an_end() -> None:
    nested: object = "x"
    for _ in range(500):
        nested = [nested, "y"]
    lines = read_data(value=["a" * 1000] * 1000, deep=nested).extra_lines
    assert (len(lines), len(lines[0])) == (50, 502)
    assert len(read_data(deep=nested).extra_lines) < 50


@pytest.mark.parametrize(
    ("value", "has_choices"),
    [(["a", "b"], True), ({"q": "a"}, True), ("a", False), (5, False), (True, False)],
)
def test_a_list_or_an_object_is_a_choice(value: object, has_choices: bool) -> None:
    assert read_data(value=value).has_choices is has_choices


@pytest.mark.parametrize("kind", ["QR", " qr ", ["qr"]], ids=repr)
def test_a_kind_is_known_however_it_is_written(kind: object) -> None:
    assert read_data(type=kind).kind is ChallengeKind.QR


@pytest.mark.parametrize("kind", [5, {}, ["qr", "text"]], ids=repr)
def test_a_kind_that_is_no_text_costs_nothing_and_is_kept(kind: object) -> None:
    data = read_data(type=kind)
    assert (data.kind, data.value, data.extra) == (None, "12345", {"type": kind})


def test_instructions_in_lines_are_one_text() -> None:
    assert (
        read_data(instructions=["Open the app", "Read the code"]).instructions
        == "Open the app\nRead the code"
    )


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


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (12345, "12345"),
        (0, "0"),
        ("007", "007"),
        ("", ""),
        (123456.0, "123456"),
        (0.5, "0.5"),
        (10**20, "1" + "0" * 20),
        (["42"], "42"),
        (True, None),
        (1e300, None),
    ],
    ids=lambda part: repr(part)[:20],
)
def test_a_challenge_number_is_text(value: object, text: str | None) -> None:
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


@pytest.mark.parametrize("link", ["../../payments", "", "x?y=1", "%2e%2e", 5, {"id": "x"}, ["x"]], ids=repr)
def test_a_challenge_whose_link_is_unreadable_is_about_that_of_the_request(link: object) -> None:
    assert read(link=link).link_id == LINK_ID


@pytest.mark.parametrize("link", [LINK_ID.upper(), LINK_ID.replace("-", "")])
def test_a_link_is_the_same_however_it_is_written(link: str) -> None:
    assert read(link=link).link_id == LINK_ID


@pytest.mark.parametrize("link", [OTHER_LINK_ID, OTHER_LINK_ID.upper(), OTHER_LINK_ID.replace("-", "")])
def test_a_challenge_about_another_link_is_refused(link: str) -> None:
    error = rejected(428, [{**CHALLENGE, "link": link}])
    assert (type(error), "another link" in error.message) == (UnreadableResponseError, True)


def test_a_call_that_is_about_no_link_has_no_challenge() -> None:
    error = rejected(428, [CHALLENGE], Request(method="GET", path="/api/institutions/1/"))
    assert (type(error), error.code) == (ApiError, "token_required")
    assert "support" in error.remedy


@pytest.mark.parametrize("body", [{"errors": [CHALLENGE]}, {"data": CHALLENGE}, [[CHALLENGE]]])
def test_a_wrapping_does_not_cost_the_session(body: object) -> None:
    assert challenged(body).challenge == DOCUMENTED


def test_a_code_that_means_something_else_is_no_challenge() -> None:
    error = rejected(428, [{**CHALLENGE, "code": "session_expired"}])
    assert isinstance(error, SessionExpiredError)


def test_a_session_that_came_as_a_number_goes_back_as_text() -> None:
    assert read(session=12345).session == "12345"


@pytest.mark.parametrize("session", [True, 1.5, [SESSION], {"id": SESSION}], ids=repr)
def test_a_session_of_an_unknown_form_is_none(session: object) -> None:
    assert isinstance(rejected(428, [{**CHALLENGE, "session": session}]), ApiError)


def test_what_is_odd_is_kept_under_its_name_on_the_wire() -> None:
    odd = {"expiry": "soon", "message": {"a": 1}, "request_id": ["a", "b"], "link": 77, "code": "new"}
    challenge = read(**odd)
    assert challenge.extra == odd
    assert (challenge.expiry, challenge.message, challenge.request_id) == (None, "", None)


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
