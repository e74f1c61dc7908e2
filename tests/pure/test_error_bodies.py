"""Answers that are no success and not what the API promises."""

import base64
from datetime import timedelta
from email.utils import format_datetime

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from belvo_async import LinkRegistration, LinkUpdate
from belvo_async._http import Request, Response
from belvo_async._wire.error_bodies import read_http_date, read_retry_after
from belvo_async._wire.requests import build_registration, build_update
from belvo_async.errors import (
    AccessDeniedError,
    ApiError,
    RateLimitedError,
    ServerError,
    UnreadableResponseError,
)
from tests.pure.bodies import (
    EDGE_PAGE,
    HTML_TYPE,
    JSON_TYPE,
    LINK_ID,
    NOON,
    REQUEST_ID,
    answer,
    error_of,
    refusal,
    rejected,
)
from tests.pure.strategies import ANY_TEXT, SECRETS

SECRET_FIELDS = ["password", "password2", "token", "encryption_key"]


def update_with(**values: str) -> Request:
    return build_update(LinkUpdate(LINK_ID, **values))


def redacted(message: str, request: Request) -> str:
    return error_of(answer(400, [{"code": "login_error", "message": message}]), request).details[0].message


@pytest.mark.parametrize(
    "response",
    [
        Response(status=403, headers=HTML_TYPE, body=EDGE_PAGE),
        Response(status=403, headers={"content-type": "text/html; charset=utf-8"}, body=b"Forbidden"),
        Response(status=403, headers={"content-type": "Text/HTML"}, body=b"Forbidden"),
        Response(status=403, headers=HTML_TYPE, body=b""),
        Response(status=403, body=b"\r\n <HTML>"),
        Response(status=403, body=b"<!DOCTYPE html>"),
        Response(status=429),
        Response(status=429, headers=JSON_TYPE, body=b'{"detail": "Request was throttled."}'),
    ],
    ids=["edge", "charset", "upper case", "empty", "no type", "doctype", "429", "429 JSON"],
)
def test_a_refusal_for_coming_too_fast_is_told_from_others(response: Response) -> None:
    error = error_of(response)
    assert (type(error), error.status) == (RateLimitedError, response.status)


@pytest.mark.parametrize(
    "response",
    [
        answer(403, refusal("permission_denied")),
        answer(403, {"detail": "Forbidden"}),
        Response(status=403, headers=JSON_TYPE, body=b""),
        Response(status=403, headers={"content-type": "text/plain"}, body=b"Forbidden"),
    ],
    ids=["code", "2020", "empty", "plain text"],
)
def test_a_403_that_is_no_page_is_a_missing_permission(response: Response) -> None:
    assert type(error_of(response)) is AccessDeniedError


def test_the_edge_s_refusal_names_the_limit() -> None:
    error = error_of(Response(status=403, headers=HTML_TYPE, body=EDGE_PAGE))
    told = str(error)
    assert ("an HTML page instead of JSON" in told, error.code, error.details) == (True, None, ())
    assert told.endswith("Send no more than 80 requests in 30 s from one IP address, or ask Belvo for more.")


@pytest.mark.parametrize(
    ("body", "said"),
    [
        (b"", "an empty body"),
        (b" \n", "an empty body"),
        (b'[{"code": "logi', "no error"),
        (b"<html>", "HTML"),
    ],
)
def test_a_502_of_a_gateway_keeps_its_status(body: bytes, said: str) -> None:
    error = error_of(Response(status=502, body=body))
    assert (type(error), error.status, error.code, said in str(error)) == (ServerError, 502, None, True)


@pytest.mark.parametrize("body", [5, "x", None, True, [], {}, [[]], [None], [5], [{}], {"code": 5}], ids=repr)
def test_a_body_of_a_wrong_type_is_an_api_error_with_its_status(body: object) -> None:
    error = rejected(400, body)
    assert (type(error), error.status, error.code, error.details) == (ApiError, 400, None, ())


@pytest.mark.parametrize("status", [300, 301, 302, 303, 304, 307, 308])
def test_a_redirect_is_an_error_that_does_not_show_where_to(status: int) -> None:
    error = error_of(Response(status=status, headers={"location": "https://evil.example/"}))
    assert (type(error), error.status, error.link_id) == (UnreadableResponseError, status, LINK_ID)
    assert ("redirect" in str(error), "evil" in str(error)) == (True, False)


@pytest.mark.parametrize(
    ("header", "seconds"),
    [
        ("120", 120.0),
        (" 120 ", 120.0),
        ("0", 0.0),
        (format_datetime(NOON + timedelta(seconds=90), usegmt=True), 90.0),
        (format_datetime(NOON - timedelta(seconds=90), usegmt=True), 0.0),
        ("Thu, 01 Jan 2026 09:01:30 -0300", 90.0),
    ],
)
def test_retry_after_is_seconds_or_a_date(header: str, seconds: float) -> None:
    error = error_of(answer(429, [], {"retry-after": header}))
    assert isinstance(error, ApiError)
    assert error.retry_after == seconds


@pytest.mark.parametrize(
    "header",
    [
        "",
        "soon",
        "-5",
        "1.5",
        "１２０",  # noqa: RUF001 - full-width digits
        "²",
        "Thu, 01 Jan 2026",
        "Thu, 32 Jan 2026 12:00:00 GMT",
        "Wed, 21 Oct 99999999999999999999 07:28:00 GMT",
        "Wed, 21 Oct 2015 07:28:00 +99999999999999",
        "9" * 400,
    ],
    ids=lambda text: repr(text)[:40],
)
def test_a_retry_after_that_makes_no_sense_is_left_out(header: str) -> None:
    assert read_retry_after(Response(status=429, headers={"retry-after": header}), NOON) is None


def test_without_retry_after_there_is_none() -> None:
    assert read_retry_after(Response(status=429), NOON) is None


@given(ANY_TEXT | st.from_regex(r"[A-Z][a-z]{2}, \d{1,20} [A-Z][a-z]{2} \d{1,20} \d\d:\d\d:\d\d [+-]\d{1,9}"))
@example("Mon, 01 Jan 0001 00:00:00 +1400")
def test_any_header_is_a_wait_of_no_less_than_zero_or_none(text: str) -> None:
    found = read_retry_after(Response(status=429, headers={"retry-after": text}), NOON)
    assert found is None or 0 <= found < float("inf")


def test_an_http_date_without_a_zone_is_none() -> None:
    assert read_http_date("Thu, 01 Jan 2026 12:00:00 -0000") is None


@given(st.sampled_from(SECRET_FIELDS), SECRETS, st.text(alphabet="abc ."), st.text(alphabet="abc ."))
def test_a_secret_that_the_server_echoes_is_redacted(name: str, secret: str, before: str, after: str) -> None:
    assert redacted(f"{before}{secret}{after}", update_with(**{name: secret})) == f"{before}[redacted]{after}"


@given(st.sampled_from(SECRET_FIELDS), SECRETS)
def test_no_part_of_an_error_shows_an_echoed_secret(name: str, secret: str) -> None:
    echo = [{"code": "invalid", "message": f"<{secret}>", "detail": secret, "input": secret, secret: secret}]
    error = error_of(answer(400, echo), update_with(**{name: secret}))
    assert secret not in f"{error} {error!r} {error.details} {error.__dict__}"


def test_a_key_file_that_the_server_echoes_is_redacted() -> None:
    request = build_update(LinkUpdate(LINK_ID, certificate=b"certificate", private_key=b"private key"))
    echo = " ".join(base64.b64encode(part).decode() for part in (b"certificate", b"private key"))
    assert redacted(echo, request) == "[redacted] [redacted]"


def test_the_names_of_a_registration_are_redacted() -> None:
    registration = LinkRegistration(
        institution="erebor_mx_retail", username="BLPM951331", username2="anna", username3="42nd"
    )
    request = build_registration(registration)
    assert redacted("BLPM951331 or anna or 42nd", request) == "[redacted] or [redacted] or [redacted]"


def test_a_secret_that_begins_with_another_is_redacted_whole() -> None:
    registration = LinkRegistration(institution="erebor_mx_retail", username="maria", password="maria1987")
    assert redacted("Got maria1987.", build_registration(registration)) == "Got [redacted]."


def test_a_login_keeps_no_unknown_key_but_the_documented_one() -> None:
    echo = refusal("duplicated", institution_user_id="u", password="hunter22")
    assert error_of(answer(400, echo), update_with(password="hunter22")).details[0].extra == {
        "institution_user_id": "u"
    }


def test_a_message_without_end_is_cut() -> None:
    error = rejected(400, [{"code": "login_error", "message": "x" * 10_000, "request_id": REQUEST_ID}])
    assert (error.details[0].message, error.request_id) == ("x" * 498 + " …", REQUEST_ID)


def test_a_secret_is_redacted_before_a_message_is_cut() -> None:
    message = "x" * 495 + "hunter22" + "y" * 100
    assert redacted(message, update_with(password="hunter22")) == "x" * 495 + "[re …"


def test_an_error_of_many_items_is_still_short() -> None:
    error = rejected(400, [{"code": "c" * 1000, "message": "m" * 1000}] * 1000)
    assert len(str(error)) < 5000


def test_no_error_shows_the_body_of_a_page() -> None:
    error = error_of(Response(status=502, headers=HTML_TYPE, body=b"<html>internal-host-7</html>"))
    assert "internal-host-7" not in f"{error} {error!r} {error.__dict__}"


def test_a_date_to_wait_for_is_read_by_the_clock_that_wrote_it() -> None:
    headers = {"date": "Mon, 05 Jan 2026 10:00:00 GMT", "retry-after": "Mon, 05 Jan 2026 10:00:20 GMT"}
    assert read_retry_after(Response(status=429, headers=headers), NOON) == 20.0


@given(
    st.builds(
        "{}, {} Jan {} {}:{}:{} {}".format,
        st.sampled_from(["Mon", "", "X"]),
        *[st.integers(-1, 10**6) | st.integers(0, 60)] * 5,
        st.integers(-(10**20), 10**20).map("{:+05d}".format) | st.sampled_from(["GMT", "", "UTC", "-0000"]),
    )
    | st.text()
)
def test_any_text_is_a_date_in_utc_or_none(text: str) -> None:
    moment = read_http_date(text)
    assert moment is None or moment.utcoffset() == timedelta()
