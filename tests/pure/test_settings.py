"""Settings are checked where they are made, and an error names the setting, never its value."""

import resource
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given

from belvo_async import Concurrency, Credentials, Environment, MfaPolicy, RateLimit, RetryPolicy, Timeouts
from belvo_async.errors import ConfigurationError
from belvo_async.params._environment import environment_from_env, is_loopback, read_environment
from tests.pure.strategies import ANY_TEXT, SECRETS

ID, PASSWORD = "BELVO_SECRET_ID", "BELVO_SECRET_PASSWORD"


@pytest.mark.parametrize(
    ("environment", "url"),
    [(Environment.SANDBOX, "https://sandbox.belvo.com"), (Environment.PRODUCTION, "https://api.belvo.com")],
)
def test_an_environment_has_its_address(environment: Environment, url: str) -> None:
    assert (environment.url, read_environment(environment)) == (url, url)


@pytest.mark.parametrize(
    ("value", "url"),
    [
        ("sandbox", "https://sandbox.belvo.com"),
        ("SandBox", "https://sandbox.belvo.com"),
        (" production\n", "https://api.belvo.com"),
        ("PRODUCTION", "https://api.belvo.com"),
        ("https://api.belvo.com", "https://api.belvo.com"),
        ("https://api.belvo.com/", "https://api.belvo.com"),
        ("HTTPS://api.belvo.com", "https://api.belvo.com"),
        ("https://proxy.example:8443", "https://proxy.example:8443"),
        ("https://proxy.example/belvo", "https://proxy.example/belvo"),
        ("https://proxy.example/belvo/v1/", "https://proxy.example/belvo/v1"),
        ("http://127.0.0.1:8000", "http://127.0.0.1:8000"),
        ("http://localhost:8000/", "http://localhost:8000"),
        ("http://LOCALHOST", "http://LOCALHOST"),
        ("http://[::1]:8000", "http://[::1]:8000"),
    ],
)
def test_an_environment_may_be_a_name_or_an_address(value: str, url: str) -> None:
    assert read_environment(value) == url


@pytest.mark.parametrize(
    "value",
    [
        "",
        "  ",
        "staging",
        "sandbox.belvo.com",
        "api.belvo.com/api",
        "//api.belvo.com",
        "https://",
        "https:///api",
        "https://:443",
        "https://api.belvo.com:99999",
        "https://api.belvo.com:0",
        "https://api.belvo.com:port",
        "https://[::1",
        "ftp://api.belvo.com",
        "file:///etc/passwd",
        "javascript:alert(1)",
        None,
        5,
        b"sandbox",
        ["sandbox"],
        Environment,
    ],
    ids=repr,
)
def test_what_is_no_environment_is_refused(value: object) -> None:
    with pytest.raises(ConfigurationError):
        read_environment(value)


@pytest.mark.parametrize("name", ["development", "Development"])
def test_the_retired_environment_is_refused_with_the_reason(name: str) -> None:
    with pytest.raises(ConfigurationError, match="closed its development environment"):
        read_environment(name)


@pytest.mark.parametrize(
    "url",
    [
        "http://api.belvo.com",
        "http://127.0.0.1.evil.example",
        "http://localhost.evil.example",
        "http://0.0.0.0:8000",
        "http://192.168.0.1",
        "HTTP://api.belvo.com",
    ],
)
def test_keys_never_travel_in_the_clear(url: str) -> None:
    with pytest.raises(ConfigurationError, match="in the clear"):
        read_environment(url)


@pytest.mark.parametrize(
    "url",
    [
        "https://hunter22@api.belvo.com",
        "https://id:hunter22@api.belvo.com",
        "https://@api.belvo.com",
        "https://api.belvo.com?key=hunter22",
        "https://api.belvo.com#hunter22",
        "http://id:hunter22@127.0.0.1",
    ],
)
def test_an_address_with_keys_is_refused_and_not_quoted(url: str) -> None:
    with pytest.raises(ConfigurationError, match="holds keys, a query or a fragment") as caught:
        read_environment(url)
    assert "hunter22" not in f"{caught.value} {caught.value.__context__!r}"


@pytest.mark.parametrize("url", ["id:hunter22@api.belvo.com", "https://id:hunter22@[::1", "hunter22"])
def test_garbage_is_not_quoted_as_it_may_be_a_key(url: str) -> None:
    with pytest.raises(ConfigurationError) as caught:
        read_environment(url)
    assert "hunter22" not in f"{caught.value} {caught.value.__context__!r}"


@given(ANY_TEXT)
def test_any_text_is_an_address_or_an_error_of_ours(text: str) -> None:
    for value in (text, f"https://{text}", f"http://{text}"):
        try:
            url = read_environment(value)
        except ConfigurationError:
            continue
        assert (url.startswith("https://") or is_loopback(url), url.endswith("/")) == (True, False)


@pytest.mark.parametrize(
    ("url", "expected"),
    [("http://127.0.0.1:80", True), ("http://[::1]", True), ("https://api.belvo.com", False), ("", False)],
)
def test_loopback_is_this_machine(url: str, expected: bool) -> None:
    assert is_loopback(url) is expected


def test_the_environment_comes_from_its_variable() -> None:
    assert environment_from_env({"BELVO_ENVIRONMENT": "production"}) == "https://api.belvo.com"


@pytest.mark.parametrize("environ", [{}, {"BELVO_ENVIRONMENT": ""}, {"BELVO_ENVIRONMENT": " "}], ids=repr)
def test_a_missing_environment_is_named(environ: dict[str, str]) -> None:
    with pytest.raises(ConfigurationError, match="Not set in the environment: BELVO_ENVIRONMENT"):
        environment_from_env(environ)


def test_keys_come_from_their_variables_without_white_space() -> None:
    assert Credentials.from_env({ID: "id\n", PASSWORD: " p#*@&_- "}) == Credentials("id", "p#*@&_-")


def test_keys_come_from_the_process_by_default(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(ID, "id")
    monkeypatch.setenv(PASSWORD, "password")
    monkeypatch.setenv("BELVO_ENVIRONMENT", "sandbox")
    found = (Credentials.from_env(), environment_from_env())
    assert found == (Credentials("id", "password"), "https://sandbox.belvo.com")


@pytest.mark.parametrize(
    ("environ", "missing"),
    [
        ({}, f"{ID}, {PASSWORD}"),
        ({ID: "id"}, PASSWORD),
        ({ID: "", PASSWORD: "hunter22"}, ID),
        ({ID: "id", PASSWORD: " "}, PASSWORD),
    ],
    ids=["both", "password", "empty id", "blank password"],
)
def test_a_missing_key_is_named_and_the_other_not_shown(environ: dict[str, str], missing: str) -> None:
    with pytest.raises(ConfigurationError) as caught:
        Credentials.from_env(environ)
    assert caught.value.message == f"Not set in the environment: {missing}."
    assert "hunter22" not in str(caught.value)


@pytest.mark.parametrize("value", ["", None, 5, b"bytes"], ids=repr)
@pytest.mark.parametrize("name", ["secret_id", "secret_password"])
def test_a_key_that_is_no_text_is_refused_by_name(name: str, value: object) -> None:
    keys: dict[str, Any] = {"secret_id": "id", "secret_password": "password", name: value}
    with pytest.raises(ConfigurationError, match=f"{name} is missing or no text"):
        Credentials(**keys)


def test_an_id_with_a_colon_would_shift_the_password_and_is_refused() -> None:
    with pytest.raises(ConfigurationError, match="secret_id holds a colon") as caught:
        Credentials("id:hunter22", "password")
    assert "hunter22" not in str(caught.value)


def test_a_password_may_hold_a_colon() -> None:
    assert Credentials("id", "pass:word").secret_password == "pass:word"


@pytest.mark.parametrize("name", ["secret_id", "secret_password"])
def test_a_key_that_utf_8_cannot_carry_is_refused_by_name(name: str) -> None:
    keys: dict[str, Any] = {"secret_id": "id", "secret_password": "password", name: "hunter\udcff"}
    with pytest.raises(ConfigurationError, match=name) as caught:
        Credentials(**keys)
    assert "hunter" not in f"{caught.value!r} {caught.value.__context__!r}"


@given(SECRETS, SECRETS)
def test_credentials_show_neither_key(secret_id: str, secret_password: str) -> None:
    shown = repr(Credentials(secret_id, secret_password))
    assert [secret for secret in (secret_id, secret_password) if secret in shown] == []


NOT_POSITIVE: list[object] = [0, -1, float("nan"), "5", None, True]
NEGATIVE: list[object] = [-1, float("nan"), "5", None, True]
NO_COUNT: list[object] = [0, -1, 1.5, float("inf"), "5", True]
SETTINGS: list[tuple[Callable[..., object], str, list[object]]] = [
    (Timeouts, "connect", NOT_POSITIVE),
    (Timeouts, "read", NOT_POSITIVE),
    (Timeouts, "login", NOT_POSITIVE),
    (Concurrency, "total", [*NO_COUNT, None]),
    (Concurrency, "per_institution", NO_COUNT),
    (RateLimit, "burst", [*NO_COUNT, None]),
    (RateLimit, "requests", NO_COUNT),
    (RateLimit, "window", NOT_POSITIVE),
    (RateLimit, "margin", NEGATIVE),
    (MfaPolicy, "max_rounds", NO_COUNT),
    (MfaPolicy, "restarts", NEGATIVE),
    (MfaPolicy, "safety_margin", NEGATIVE),
    (MfaPolicy, "assumed_expiry", NEGATIVE),
    (RetryPolicy, "retries", NEGATIVE),
    (RetryPolicy, "base", NEGATIVE),
    (RetryPolicy, "factor", [0, 0.5, *NEGATIVE]),
    (RetryPolicy, "jitter", NEGATIVE),
]


@pytest.mark.parametrize(
    ("kind", "name", "value"),
    [(kind, name, value) for kind, name, values in SETTINGS for value in values],
    ids=[f"{kind.__name__}.{name}={value!r}" for kind, name, values in SETTINGS for value in values],
)
def test_a_number_out_of_range_names_its_setting(
    kind: Callable[..., object], name: str, value: object
) -> None:
    with pytest.raises(ConfigurationError, match=rf"^{kind.__name__}\.{name} must be "):
        kind(**{name: value})


def test_the_defaults_are_belvo_s_own_limits() -> None:
    assert (RateLimit(), Timeouts().login) == (
        RateLimit(requests=80, window=30.0, margin=0.3, burst=8),
        330.0,
    )


def test_by_default_as_many_logins_are_under_way_as_the_limit_lets_be_and_the_process_may_open(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    for limit, total in ((1_000_000, 960), (resource.RLIM_INFINITY, 960), (300, 16)):
        monkeypatch.setattr("resource.getrlimit", lambda _, limit=limit: (limit, limit))
        monkeypatch.setattr("belvo_async.params._descriptors.Path.iterdir", lambda _: iter(range(230)))
        assert Concurrency() == Concurrency(total=total, per_institution=None)
    assert Concurrency.for_url("http://127.0.0.1:1").total == 16


@pytest.mark.parametrize("requests", [1, 5, 80])
def test_a_burst_over_the_windows_size_is_refused(requests: int) -> None:
    with pytest.raises(ConfigurationError, match=r"RateLimit\.burst is 81, and a window holds"):
        RateLimit(requests=requests, burst=81)


def test_only_this_machine_is_not_limited() -> None:
    assert [RateLimit.for_url(url) for url in ("http://127.0.0.1:1", "https://api.belvo.com")] == [
        RateLimit(requests=None),
        RateLimit(),
    ]
