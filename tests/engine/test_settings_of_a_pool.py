"""A setting of a wrong type is refused when the pool is made, by name, before anything is opened or sent."""

import math
from datetime import UTC, datetime
from typing import Any

import pytest

from belvo_async import (
    Concurrency,
    Credentials,
    LinkUpdate,
    MfaPolicy,
    RateLimit,
    RetryPolicy,
    SessionPool,
    Timeouts,
    check_client,
)
from belvo_async.errors import ConfigurationError
from belvo_async.mfa import ResumeRoute
from belvo_async.sandbox import Sandbox
from belvo_async.testing import ManualClock, ScriptedTransport
from tests.engine.conftest import open_pool
from tests.engine.servers import KEYS


class HalfAClock:
    """It can tell the time, but nobody can sleep by it."""

    def monotonic(self) -> float:
        return 0.0

    def wall(self) -> datetime:
        return datetime.now(UTC)


WRONG: dict[str, list[Any]] = {
    "mfa": [3, "put_link", False, MfaPolicy, ResumeRoute.PUT_LINK, {}],
    "retry": [3, RetryPolicy, False, MfaPolicy()],
    "rate_limit": [80, RateLimit, False, (80, 30)],
    "concurrency": [5, 2.5, Concurrency, False],
    "timeouts": [5, 0, Timeouts, (10, 60, 330)],
    "network": [5, "http://proxy.example", object(), SessionPool],
    "clock": [5, 0, HalfAClock(), "now"],
    "transport": [5, object(), ScriptedTransport, False],
    "close_grace": ["x", None, -1, -0.001, math.nan, True, [30]],
}


@pytest.mark.parametrize(("name", "value"), [(name, value) for name in WRONG for value in WRONG[name]])
def test_a_setting_of_a_wrong_type_is_refused_by_name(name: str, value: object) -> None:
    settings: dict[str, Any] = {name: value}
    with pytest.raises(ConfigurationError, match=f"^{name} ") as caught:
        SessionPool(KEYS, environment="sandbox", **settings)
    assert caught.value.remedy


@pytest.mark.parametrize("value", [None, ManualClock], ids=["none", "a class"])
def test_what_is_no_clock_is_refused_by_name(value: Any) -> None:
    with pytest.raises(ConfigurationError, match=r"^clock "):
        SessionPool(KEYS, environment="sandbox", clock=value)


@pytest.mark.parametrize("value", [5, None, "log", []], ids=repr)
def test_an_observer_that_cannot_be_called_is_refused_by_name(value: Any) -> None:
    with pytest.raises(ConfigurationError, match=r"^observer "):
        SessionPool(KEYS, environment="sandbox", observer=value)


@pytest.mark.parametrize("value", [None, 5, b"sandbox", [], " "], ids=repr)
def test_an_environment_of_a_wrong_type_is_refused_by_name(value: Any) -> None:
    with pytest.raises(ConfigurationError, match="environment"):
        SessionPool(KEYS, environment=value)


@pytest.mark.parametrize("value", ["id:password", ("id", "password"), Credentials], ids=repr)
async def test_credentials_of_a_wrong_type_are_refused_by_name(value: Any) -> None:
    with pytest.raises(ConfigurationError, match=r"^credentials ") as caught:
        SessionPool(value, environment="sandbox")
    assert "password" not in str(caught.value)
    pool = SessionPool(KEYS, environment="sandbox")
    with pytest.raises(ConfigurationError, match=r"^credentials "):
        pool.client(value)
    with pytest.raises(ConfigurationError, match=r"^credentials "):
        pool.client(None)  # type: ignore[arg-type]  # only the pool's own keys have a default
    await pool.aclose()


@pytest.mark.parametrize("value", ["put_link", "PUT_LINK", None, 1, ResumeRoute], ids=repr)
def test_a_resume_route_of_a_wrong_type_is_refused_by_name(value: Any) -> None:
    with pytest.raises(ConfigurationError, match=r"^MfaPolicy\.resume_route "):
        MfaPolicy(resume_route=value)


@pytest.mark.parametrize(
    "name", ["concurrency", "rate_limit", "timeouts", "retry", "mfa", "network", "transport"]
)
async def test_none_is_the_default(sandbox: Sandbox, name: str) -> None:
    settings: dict[str, Any] = {name: None}
    async with open_pool(sandbox, **settings) as pool:
        link_id = sandbox.add_link()
        assert (await pool.links.update(LinkUpdate(link_id, password="new"))).id == link_id


@pytest.mark.parametrize("grace", ["x", -1, math.nan, True, [1]], ids=repr)
async def test_a_grace_of_a_wrong_type_is_refused_and_the_pool_stays_open(
    sandbox: Sandbox, pool: SessionPool, grace: Any
) -> None:
    with pytest.raises(ConfigurationError, match="grace"):
        await pool.aclose(grace)
    await pool.ping()
    assert len(sandbox.log) == 1


NUMBERS: list[tuple[type, list[str], list[Any]]] = [
    (Timeouts, ["connect", "read", "login"], [math.inf, -math.inf, math.nan, 0, -1, "5", None, True]),
    (Concurrency, ["total"], [math.inf, 2.5, 0, -1, "5", None, True]),
    (Concurrency, ["per_institution"], [math.inf, 2.5, 0, -1, "5", True]),
    (RateLimit, ["burst"], [math.inf, 2.5, 0, -1, "5", None, True, 81]),
    (RateLimit, ["requests"], [math.inf, 80.5, 0, -1, "80", True]),
    (RateLimit, ["window"], [math.inf, math.nan, 0, -1, "30", None]),
    (RateLimit, ["margin"], [math.inf, math.nan, -1, "1", None]),
    (RetryPolicy, ["retries", "unexpected_error_retries"], [1.5, -1, math.inf, None, "5", True]),
    (RetryPolicy, ["base", "connection_base", "jitter", "budget_share"], [math.inf, math.nan, -1, None]),
    (MfaPolicy, ["max_rounds", "restarts"], [1.5, -1, math.inf, None, "3", True]),
    (MfaPolicy, ["safety_margin", "assumed_expiry"], [math.inf, math.nan, -1, None]),
]


@pytest.mark.parametrize(
    ("kind", "name", "value"),
    [(kind, name, value) for kind, names, values in NUMBERS for name in names for value in values],
)
def test_a_number_that_makes_no_sense_is_refused_by_name(kind: type, name: str, value: object) -> None:
    with pytest.raises(ConfigurationError, match=rf"^{kind.__name__}\.{name} "):
        kind(**{name: value})


@pytest.mark.parametrize(
    "address",
    [
        "https://a..b",
        "https://..",
        f"https://{'a' * 70}.com",
        f"https://api.{'a' * 64}",
        "https://.belvo.com",
        "https://\u2100.com",
    ],
)
def test_a_host_that_no_name_server_could_know_is_refused(address: str) -> None:
    with pytest.raises(ConfigurationError):
        SessionPool(KEYS, environment=address)


@pytest.mark.parametrize("address", [f"https://{'a' * 63}.com", "https://bücher.example", "https://a.b.c.d"])
def test_an_unusual_host_is_taken(address: str) -> None:
    SessionPool(KEYS, environment=address)


@pytest.mark.parametrize("value", [None, 5, "pool", SessionPool], ids=repr)
def test_what_is_no_client_is_refused_under_the_name_of_the_users_own_argument(value: object) -> None:
    with pytest.raises(ConfigurationError, match=r"^belvo is .*, not Client\. Pass the pool") as caught:
        check_client(value, "belvo")
    assert caught.value.remedy


def test_a_pool_and_its_clients_are_clients() -> None:
    pool = SessionPool(KEYS, environment="sandbox")
    check_client(pool)
    check_client(pool.client(Credentials("other", "keys")))
