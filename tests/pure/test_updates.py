"""What a caller passes to an update is what the PUT carries."""

import base64
import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from belvo_async import LinkUpdate
from belvo_async._http import Repeat
from belvo_async._wire.requests import build_update
from belvo_async.errors import InvalidValueError
from belvo_async.mfa import Resuming
from tests.mfa.builders import build_challenge
from tests.pure.bodies import LINK_ID
from tests.pure.strategies import ANY_TEXT, SECRETS

CERTIFICATE = base64.b64encode(b"certificate").decode()
PRIVATE_KEY = base64.b64encode(b"private key").decode()
EVERYTHING = {
    "password": "Pa$$w0rd ñ€",
    "password2": "pin",
    "token": "012345",
    "encryption_key": "key",
    "username_type": "003",
    "certificate": CERTIFICATE,
    "private_key": PRIVATE_KEY,
}
FIELDS = sorted(EVERYTHING)


def sent(update: LinkUpdate) -> dict[str, object]:
    body = build_update(update).body
    assert body is not None
    found: dict[str, object] = json.loads(body)
    return found


# Any: tests hand in values that the types forbid.
def build(**values: Any) -> LinkUpdate:
    return LinkUpdate(LINK_ID, **values)


def test_all_seven_fields_reach_the_body() -> None:
    assert sent(build(**EVERYTHING)) == EVERYTHING


@pytest.mark.parametrize("name", ["password", "password2", "token", "encryption_key", "username_type"])
def test_a_field_alone_is_sent_alone(name: str) -> None:
    assert sent(build(**{name: "value"})) == {name: "value"}


@pytest.mark.parametrize("name", ["password2", "encryption_key"])
def test_an_empty_text_is_sent(name: str) -> None:
    assert sent(build(password="p", **{name: ""})) == {"password": "p", name: ""}


def test_the_institution_is_a_hint_and_never_sent() -> None:
    update = build(password="p", institution="erebor_mx_retail")
    assert (sent(update), build_update(update).institution) == ({"password": "p"}, "erebor_mx_retail")


@pytest.mark.parametrize("kind", [bytes, bytearray, memoryview])
def test_the_bytes_of_key_files_go_as_base64(kind: type) -> None:
    update = build(certificate=kind(b"certificate"), private_key=kind(b"private key"))
    assert sent(update) == {"certificate": CERTIFICATE, "private_key": PRIVATE_KEY}


@given(st.binary(min_size=1), st.binary(min_size=1))
def test_the_bank_gets_the_very_bytes_of_key_files(certificate: bytes, private_key: bytes) -> None:
    body = sent(build(certificate=certificate, private_key=private_key))
    decoded = tuple(base64.b64decode(str(body[name])) for name in ("certificate", "private_key"))
    assert decoded == (certificate, private_key)


@pytest.mark.parametrize(
    ("given_name", "missing"), [("certificate", "private_key"), ("private_key", "certificate")]
)
def test_half_a_key_pair_is_refused_by_the_missing_half(given_name: str, missing: str) -> None:
    with pytest.raises(InvalidValueError) as caught:
        build(password="p", **{given_name: b"key"})
    assert caught.value.field == missing


@pytest.mark.parametrize("value", ["no base64!", "YWJj\nZGVm", "YWJ", "ñ", "", b"", 5], ids=repr)
@pytest.mark.parametrize("name", ["certificate", "private_key"])
def test_a_key_file_that_is_no_base64_is_refused(name: str, value: object) -> None:
    values = {"certificate": CERTIFICATE, "private_key": PRIVATE_KEY, name: value}
    with pytest.raises(InvalidValueError) as caught:
        build(**values)
    assert caught.value.field == name


@pytest.mark.parametrize("name", ["password", "token"])
def test_an_empty_password_or_token_is_refused(name: str) -> None:
    with pytest.raises(InvalidValueError) as caught:
        build(**{name: ""})
    assert caught.value.field == name


@pytest.mark.parametrize("value", [5, b"bytes", ["list"], True, 1.5], ids=repr)
@pytest.mark.parametrize("name", ["password", "password2", "token", "encryption_key", "username_type"])
def test_what_is_no_text_is_refused(name: str, value: object) -> None:
    with pytest.raises(InvalidValueError) as caught:
        build(**{name: value})
    assert caught.value.field == name


@pytest.mark.parametrize("name", ["ofbs2_br_business", "c6bank_br_retail", "Banco-Ñ", "a" * 100], ids=repr)
def test_a_name_that_an_institution_could_have_is_taken(name: str) -> None:
    assert build(password="p", institution=name).institution == name


@pytest.mark.parametrize(
    "value",
    ["", "a" * 101, "erebor_mx_retail\n", "erebor mx", "a\xa0b", "a\x00", "a\u202eb", "a\ud800", 5, b"a"],
    ids=repr,
)
def test_what_is_no_name_of_an_institution_is_refused(value: object) -> None:
    with pytest.raises(InvalidValueError) as caught:
        build(password="p", institution=value)
    assert caught.value.field == "institution"


@pytest.mark.parametrize("values", [{}, {"institution": "erebor_mx_retail"}], ids=["nothing", "a hint"])
def test_an_update_without_a_credential_is_refused(values: dict[str, str]) -> None:
    with pytest.raises(InvalidValueError) as caught:
        build(**values)
    assert caught.value.field == "password"


def test_a_refusal_is_a_value_error_too() -> None:
    with pytest.raises(ValueError, match="password is int, not text"):
        build(password=5)


@given(st.sampled_from(FIELDS[1:]), ANY_TEXT)
def test_any_text_can_be_sent_or_is_refused_by_name(name: str, text: str) -> None:
    values = {"certificate": CERTIFICATE, name: text} if name == "private_key" else {name: text}
    try:
        update = build(**values)
    except InvalidValueError as error:
        assert error.field == name  # noqa: PT017 - it may be refused or not
    else:
        assert sent(update)[name] == text


@pytest.mark.parametrize("name", ["password", "password2", "token", "encryption_key", "username_type"])
def test_text_that_utf_8_cannot_carry_is_refused_without_quoting_it(name: str) -> None:
    with pytest.raises(InvalidValueError) as caught:
        build_update(build(**{name: "hunter\ud800"}))
    assert caught.value.field == name
    assert "hunter" not in repr(caught.value)


@given(SECRETS, SECRETS, SECRETS, SECRETS, st.binary(min_size=6))
def test_no_repr_shows_a_secret(password: str, password2: str, token: str, key: str, file: bytes) -> None:
    update = build(
        password=password,
        password2=password2,
        token=token,
        encryption_key=key,
        certificate=file,
        private_key=file,
    )
    shown = f"{update!r} {update} {build_update(update)!r}"
    file_text = base64.b64encode(file).decode()
    assert [s for s in (password, password2, token, key, file_text) if s in shown] == []


@given(st.sampled_from([*FIELDS, "institution"]), SECRETS, st.sampled_from([str, list, tuple, str.encode]))
def test_no_refusal_quotes_the_value(name: str, secret: str, kind: Any) -> None:
    try:
        build(**{name: kind(secret)})
    except InvalidValueError as error:
        chain = (error, error.__cause__, error.__context__)
        assert secret not in " ".join(f"{link} {link!r}" for link in chain)


@given(SECRETS)
def test_a_secret_passed_as_a_link_id_is_not_quoted(secret: str) -> None:
    with pytest.raises(InvalidValueError) as caught:
        LinkUpdate(secret, password="p")
    assert secret not in f"{caught.value} {caught.value!r} {caught.value.__context__!r}"


def test_an_update_is_a_login() -> None:
    request = build_update(build(password="p"))
    assert (request.method, request.repeat, request.deadline) == ("PUT", Repeat.LOGIN, None)


def test_an_answer_by_put_adds_session_and_token() -> None:
    resuming = Resuming(challenge=build_challenge("s9"), token="000111", deadline=7.0, rounds=1)
    request = build_update(build(password="p", token="first"), resuming)
    assert request.body is not None
    assert json.loads(request.body) == {"password": "p", "token": "000111", "session": "s9"}
    assert (request.repeat, request.deadline) == (Repeat.TOKEN, 7.0)
