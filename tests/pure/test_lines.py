"""Texts from outside make no line of their own, and are of bounded length."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from belvo_async import BelvoError
from belvo_async._clock import Instant
from belvo_async._http import Response
from belvo_async._wire.challenge_text import dump_state, load_state
from belvo_async._wire.responses import read_link, read_response
from belvo_async.errors import ApiError, ErrorDetail
from belvo_async.mfa import Rejected, Submitting, advance
from belvo_async.models import AwaitingToken, write_line
from belvo_async.models._text_limits import cut, trim
from tests.pure.bodies import AT, CHALLENGE, NOON, TOKEN_DATA, UPDATE_REQUEST, challenged, rejected
from tests.pure.strategies import ANY_TEXT, JSON_VALUES

ENDS = [
    "\n",
    "\r",
    "\r\n",
    "\x0b",
    "\x0c",
    "\x1c",
    "\x85",
    "\u2028",
    "\u2029",
    "\x1b[2K",
    "\u202e",
    "\x00",
    "\x9b",
]
MIB = 1024 * 1024


@given(ANY_TEXT)
def test_a_text_is_one_printable_line(text: str) -> None:
    assert write_line(text).isprintable()
    assert write_line(text) == text or not text.isprintable()


@pytest.mark.parametrize("end", ENDS, ids=repr)
def test_no_part_of_an_error_makes_a_line_of_its_own(end: str) -> None:
    text = f"a{end}CRITICAL:root:forged"
    error = rejected(400, [{"code": text, "message": text, "request_id": text, "field": text}])
    assert (str(error).isprintable(), error.message.isprintable()) == (True, True)
    own = BelvoError(text, details=(ErrorDetail(code=text),), remedy=text, link_id=text)
    assert str(own).isprintable()


def test_what_an_error_says_stays_as_it_was_for_a_program() -> None:
    assert rejected(400, [{"code": "invalid", "message": "a\nb"}]).details[0].message == "a\nb"


@given(st.text(max_size=30), st.integers(5, 20))
def test_a_text_that_was_cut_says_so_and_is_not_cut_again(text: str, length: int) -> None:
    short = cut(text, length)
    assert len(short) <= length
    assert cut(short, length) == short
    assert short == text or short.endswith(" …")


@given(st.dictionaries(st.text(), JSON_VALUES))
def test_a_small_object_is_kept_save_endless_numbers(values: dict[str, object]) -> None:
    assert len(json.dumps(trim(values, 200, longest=50))) < 200 * 12 + 1000


@pytest.mark.parametrize(
    "extra",
    [
        {"x": "y" * MIB},
        {f"k{number}": number for number in range(100_000)},
        {"list": [["x"] * 10] * 50_000},
        {"k" * MIB: 1},
        {"n": int("9" * 4000)},
    ],
    ids=["text", "keys", "lists", "key", "number"],
)
def test_an_error_keeps_a_bounded_amount(extra: dict[str, object]) -> None:
    item = {"code": "c" * MIB, "message": "m" * MIB, "request_id": "r" * MIB, "field": "f" * MIB, **extra}
    error = rejected(400, [item] * 3)
    assert len(repr(error.details)) < 3 * 25_000
    assert len(str(error)) < 2_500


def park(body: object) -> str:
    state = advance(Submitting(), challenged(body))
    assert isinstance(state, AwaitingToken)
    return dump_state(state, Instant(50.0, NOON))


@pytest.mark.parametrize("name", ["instructions", "type", "unknown"])
@pytest.mark.parametrize("long", ["x" * 400_000, ["x" * 1000] * 400], ids=["text", "list"])
def test_what_is_parked_of_a_challenge_is_bounded(name: str, long: object) -> None:
    text = park(
        {**CHALLENGE, "message": long, "extra": long, "token_generation_data": {**TOKEN_DATA, name: long}}
    )
    assert len(text) < 250_000
    assert park(json.loads(text)["challenge"]) == text
    assert load_state(text, AT).challenge.session == CHALLENGE["session"]


def test_a_picture_of_a_qr_code_is_kept_whole() -> None:
    data = {"type": "qr", "value": "A" * MIB}
    assert challenged({**CHALLENGE, "token_generation_data": data}).challenge.value == "A" * MIB


@pytest.mark.parametrize(
    "body",
    [
        {**CHALLENGE, "session": "s" * 1001},
        {**CHALLENGE, "token_generation_data": {"type": "qr", "value": "A" * (MIB + 1)}},
        {**CHALLENGE, "token_generation_data": "A" * (MIB + 1)},
        {**CHALLENGE, "message": "x" * 15_000_000},
    ],
    ids=["session", "value", "bare value", "body"],
)
def test_a_challenge_that_is_too_long_is_refused_with_the_reason(body: object) -> None:
    event = read_response(Response(status=428, body=json.dumps(body).encode()), UPDATE_REQUEST, AT, read_link)
    assert isinstance(event, Rejected)
    assert (type(event.error), event.error.status) == (ApiError, 428)
    assert "too long" in event.error.message or "longer than 2 MiB" in event.error.message
