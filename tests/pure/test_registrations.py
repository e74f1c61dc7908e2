"""What a caller passes to a registration, or to a change of data retrieval, is what Belvo gets."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from belvo_async import LinkChanges, LinkRegistration
from belvo_async._http import Repeat, Request
from belvo_async._wire.requests import build_changes, build_registration
from belvo_async.errors import InvalidValueError
from belvo_async.models import AccessMode
from tests.pure.bodies import LINK_ID
from tests.pure.strategies import SECRETS

EVERYTHING = {
    "institution": "erebor_mx_retail",
    "username": "user_valid",
    "username2": "valid",
    "username3": "third",
    "password": "pass_valid",
    "password2": "pin",
    "token": "012345",
    "encryption_key": "key",
    "username_type": "003",
    "certificate": "YWJj",
    "private_key": "ZGVm",
    "access_mode": "single",
    "external_id": "user-0042_B",
    "fetch_resources": ["ACCOUNTS", "OWNERS"],
    "credentials_storage": "nostore",
    "stale_in": "42d",
    "fetch_historical": True,
    "save_data": True,
}
SECRET_NAMES = (
    "username",
    "username2",
    "username3",
    "password",
    "password2",
    "token",
    "encryption_key",
)


def sent(request: Request) -> dict[str, object]:
    assert request.body is not None
    found: dict[str, object] = json.loads(request.body)
    return found


# Any: tests hand in values that the types forbid.
def build(**values: Any) -> LinkRegistration:
    return LinkRegistration(**{"institution": "erebor_mx_retail", "username": "u", **values})


def test_every_field_ever_documented_reaches_the_body() -> None:
    assert sent(build_registration(build(**EVERYTHING))) == EVERYTHING


def test_what_is_not_given_is_not_sent() -> None:
    assert sent(build_registration(build())) == {"institution": "erebor_mx_retail", "username": "u"}


@pytest.mark.parametrize("flag", [True, False])
@pytest.mark.parametrize("name", ["save_data", "fetch_historical"])
def test_a_flag_is_sent_even_when_it_is_false(name: str, flag: bool) -> None:
    assert sent(build_registration(build(**{name: flag})))[name] is flag


@pytest.mark.parametrize("name", ["username2", "username3", "password2", "encryption_key"])
def test_an_empty_text_is_sent(name: str) -> None:
    assert sent(build_registration(build(**{name: ""})))[name] == ""


@pytest.mark.parametrize("mode", [AccessMode.RECURRENT, "recurrent"], ids=["member", "text"])
def test_an_access_mode_may_be_a_member_or_its_text(mode: object) -> None:
    assert sent(build_registration(build(access_mode=mode)))["access_mode"] == "recurrent"


@pytest.mark.parametrize(
    "resources",
    [["OWNERS"], ("OWNERS",), {"OWNERS"}, iter(["OWNERS"])],
    ids=lambda found: type(found).__name__,
)
def test_resources_may_be_any_iterable(resources: object) -> None:
    assert sent(build_registration(build(fetch_resources=resources)))["fetch_resources"] == ["OWNERS"]


@pytest.mark.parametrize("storage", ["store", "nostore", "1d", "365d"])
def test_every_documented_credentials_storage_is_accepted(storage: str) -> None:
    assert build(credentials_storage=storage).credentials_storage == storage


@pytest.mark.parametrize("external_id", ["abc", "a" * 256, "User-42_b"])
def test_an_external_id_of_3_to_256_letters_is_accepted(external_id: str) -> None:
    assert build(external_id=external_id).external_id == external_id


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("institution", "Erebor Bank"),
        ("institution", None),
        ("username", ""),
        ("username", None),
        ("password", ""),
        ("password", 5),
        ("token", ""),
        ("token", 123456),
        ("username2", 5),
        ("username_type", 3),
        ("access_mode", "sometimes"),
        ("access_mode", ""),
        ("access_mode", 1),
        ("external_id", "ab"),
        ("external_id", "a" * 257),
        ("external_id", "ana@example.com"),
        ("external_id", "añb"),
        ("external_id", "abc\n"),
        ("fetch_resources", "ACCOUNTS"),
        ("fetch_resources", b"ACCOUNTS"),
        ("fetch_resources", [""]),
        ("fetch_resources", [None]),
        ("fetch_resources", 5),
        ("credentials_storage", "forever"),
        ("credentials_storage", "1000d"),
        ("credentials_storage", "３d"),  # noqa: RUF001 - a full-width digit
        ("stale_in", "365"),
        ("stale_in", 365),
        ("stale_in", ""),
        ("save_data", "false"),
        ("save_data", 0),
        ("fetch_historical", 1),
        ("certificate", "no base64"),
    ],
    ids=lambda part: repr(part)[:20],
)
def test_a_wrong_value_is_refused_by_name(name: str, value: object) -> None:
    with pytest.raises(InvalidValueError) as caught:
        build(**{name: value})
    assert caught.value.field == name


def test_an_access_mode_that_belvo_invented_is_read_but_not_sent() -> None:
    with pytest.raises(InvalidValueError) as caught:
        build(access_mode=AccessMode("hourly"))
    assert caught.value.field == "access_mode"


def test_half_a_key_pair_is_refused() -> None:
    with pytest.raises(InvalidValueError) as caught:
        build(certificate=b"key")
    assert caught.value.field == "private_key"


@given(st.sampled_from(SECRET_NAMES), SECRETS)
def test_no_repr_shows_a_secret(name: str, secret: str) -> None:
    registration = build(**{name: secret})
    assert secret not in f"{registration!r} {build_registration(registration)!r}"


@given(st.sampled_from(sorted(EVERYTHING)), SECRETS, st.sampled_from([str, list, tuple, str.encode]))
def test_no_refusal_quotes_the_value(name: str, secret: str, kind: Any) -> None:
    try:
        build(**{name: kind(secret)})
    except InvalidValueError as error:
        chain = (error, error.__cause__, error.__context__)
        assert secret not in " ".join(f"{link} {link!r}" for link in chain)


def test_a_registration_is_a_login_of_its_institution() -> None:
    request = build_registration(build())
    assert (request.method, request.path, request.repeat, request.link_id, request.institution) == (
        "POST",
        "/api/links/",
        Repeat.LOGIN,
        None,
        "erebor_mx_retail",
    )


@pytest.mark.parametrize(
    "values",
    [
        {"access_mode": "recurrent"},
        {"stale_in": "90d"},
        {"fetch_resources": ["OWNERS"]},
        {"access_mode": "single", "stale_in": "1d", "fetch_resources": ["ACCOUNTS", "OWNERS"]},
    ],
    ids="+".join,
)
def test_changes_carry_what_is_changed_alone(values: dict[str, Any]) -> None:
    request = build_changes(LINK_ID, LinkChanges(**values))
    assert sent(request) == values
    assert (request.method, request.path, request.repeat) == (
        "PATCH",
        f"/api/links/{LINK_ID}/",
        Repeat.CHANGE,
    )


def test_no_change_at_all_is_refused() -> None:
    with pytest.raises(InvalidValueError) as caught:
        LinkChanges()
    assert caught.value.field == "access_mode"


@pytest.mark.parametrize(
    ("name", "value"),
    [("access_mode", "never"), ("stale_in", "1 year"), ("fetch_resources", "OWNERS")],
    ids=["access_mode", "stale_in", "fetch_resources"],
)
def test_a_wrong_change_is_refused_by_name(name: str, value: Any) -> None:
    with pytest.raises(InvalidValueError) as caught:
        LinkChanges(**{name: value})
    assert caught.value.field == name
