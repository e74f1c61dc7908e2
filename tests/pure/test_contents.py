"""No secret of a request is left in what is read from its response, and nothing else is damaged."""

import base64
import json
from urllib.parse import quote_plus

import pytest
from hypothesis import given

from belvo_async import LinkUpdate
from belvo_async._http import Response
from belvo_async._wire.json import MalformedError
from belvo_async._wire.redaction import build_forms, read_contents
from belvo_async._wire.requests import build_update
from belvo_async.errors import LoginFailedError
from tests.pure.bodies import (
    CHALLENGE,
    INSTITUTION,
    LINK,
    LINK_ID,
    REQUEST_ID,
    SESSION,
    answer,
    read_event,
    rejected,
)
from tests.pure.strategies import JSON_VALUES, SECRETS

PASSWORD = 'Käse "n" 4/4'
KEYS = ("key-of-the-pool", "another")


def read(value: object, secret: str = PASSWORD, *, encoding: str = "utf-8") -> object:
    body = json.dumps(value, ensure_ascii=False).encode(encoding, "surrogatepass")
    request = build_update(LinkUpdate(LINK_ID, password=secret, institution="erebor_mx_retail"))
    return read_contents(Response(status=200, body=body, secrets=build_forms(KEYS)), request)


FORMS = {
    "plain": PASSWORD,
    "upper case": PASSWORD.upper(),
    "JSON": json.dumps(PASSWORD)[1:-1],
    "JSON without escapes": json.dumps(PASSWORD, ensure_ascii=False)[1:-1],
    "address": quote_plus(PASSWORD),
}


@pytest.mark.parametrize("echo", FORMS.values(), ids=FORMS)
def test_a_secret_is_found_in_every_form_in_which_the_web_writes_it(echo: str) -> None:
    assert read({"a": [f"<{echo}>"], f"b {echo}": 1}) == {"a": ["<[redacted]>"], "b [redacted]": 1}


@pytest.mark.parametrize("ahead", range(4))
def test_a_secret_is_found_inside_what_was_encoded_whole(ahead: int) -> None:
    echo = base64.b64encode(b"x" * ahead + b"correct horse" + b" and more").decode()
    assert "[redacted]" in str(read(echo, "correct horse"))


@pytest.mark.parametrize("encoding", ["utf-8", "utf-16", "utf-32"])
def test_no_encoding_of_a_body_hides_a_secret(encoding: str) -> None:
    assert read(["hunter22"], "hunter22", encoding=encoding) == ["[redacted]"]


def test_no_escape_hides_a_secret() -> None:
    request = build_update(LinkUpdate(LINK_ID, password="hunter22"))
    response = Response(status=200, body=rb'["\u0068unter22"]')
    assert read_contents(response, request) == ["[redacted]"]


@pytest.mark.parametrize("secret", ['a"b\\c/d', "K\u00e4se \U0001f511 x", "\\u0041bcd"], ids=ascii)
def test_no_run_of_escapes_hides_a_secret(secret: str) -> None:
    units = secret.encode("utf-16-be")
    escaped = "".join(f"\\u{units[at : at + 2].hex()}" for at in range(0, len(units), 2))
    for text in (escaped, json.dumps(secret)[1:-1]):
        request = build_update(LinkUpdate(LINK_ID, password=secret))
        response = Response(status=200, body=f'["\\"{text}\\n"]'.encode())
        assert read_contents(response, request) == ['"[redacted]\n']


def test_the_keys_of_the_pool_are_found_too() -> None:
    assert read("key-of-the-pool, another") == "[redacted], [redacted]"


@given(JSON_VALUES, SECRETS)
def test_what_holds_no_secret_stays_as_it_is(value: object, secret: str) -> None:
    written = json.dumps(value, ensure_ascii=False)
    if not any(one in written.lower() for one in (secret.lower(), *KEYS)):
        assert json.dumps(read(value, secret), ensure_ascii=False) == written


@pytest.mark.parametrize("secret", ["123", "a", "login", "token", "valid", "password", "login_error"])
def test_a_secret_that_is_short_or_a_word_of_the_api_is_not_searched(secret: str) -> None:
    assert read(f"it was {secret}", secret) == f"it was {secret}"


@pytest.mark.parametrize("secret", ["login_error", "error", "login", "erebor_mx_retail", "retail"])
def test_a_password_that_is_a_code_or_an_institution_misleads_nobody(secret: str) -> None:
    request = build_update(LinkUpdate(LINK_ID, password=secret, institution="erebor_mx_retail"))
    error = rejected(400, [{"code": "login_error", "message": "erebor_mx_retail refused"}], request)
    assert (type(error), error.code) == (LoginFailedError, "login_error")
    assert read({"institution": "erebor_mx_retail"}, secret) == {"institution": "erebor_mx_retail"}


@pytest.mark.parametrize(
    "value", [LINK_ID, SESSION, REQUEST_ID, "2024-06-26T16:25:54.344113Z", "2024-06-26"], ids=repr
)
def test_digits_of_a_token_in_an_id_or_a_time_are_chance(value: str) -> None:
    for start in range(len(value) - 3):
        assert read([value], value[start : start + 4]) == [value]
    assert read([value], value) == ([value] if value == LINK_ID else ["[redacted]"])


@pytest.mark.parametrize("body", [LINK, CHALLENGE, INSTITUTION], ids=["link", "challenge", "institution"])
def test_a_token_of_six_digits_leaves_every_documented_body_whole(body: object) -> None:
    assert read(body, "344113") == body


def test_a_number_is_replaced_as_a_whole_only() -> None:
    assert read([123456, 123456.0, 9123456, 12345678.5, True, "0123456"], "123456") == [
        "[redacted]",
        "[redacted]",
        9123456,
        12345678.5,
        True,
        "0[redacted]",
    ]
    assert read([12345, 1], "012345") == ["[redacted]", 1]


def test_a_session_that_shows_a_secret_opens_nothing() -> None:
    request = build_update(LinkUpdate(LINK_ID, password="hunter22"))
    event = read_event(428, {**CHALLENGE, "session": "s-hunter22"}, request)
    assert "hunter22" not in repr(event)
    assert rejected(428, {**CHALLENGE, "session": "s-hunter22"}, request).status == 428


def test_a_body_that_is_nested_without_end_is_malformed_also_where_it_is_searched() -> None:
    request = build_update(LinkUpdate(LINK_ID, password="hunter22"))
    depth = 5_000
    with pytest.raises(MalformedError):
        read_contents(Response(status=200, body=b"[" * depth + b'"hunter22"' + b"]" * depth), request)


def test_an_answer_without_a_secret_stays_whole() -> None:
    request = build_update(LinkUpdate(LINK_ID, password="hunter22"))
    assert read_contents(answer(200, LINK), request) == LINK
