"""A pool sends by the transport that is handed in, under the rules that hold for its own."""

import json
import pickle
from datetime import datetime
from typing import Any

import pytest
from attrs import define, field

from belvo_async import (
    Credentials,
    LinkFilters,
    LinkUpdate,
    Network,
    OutcomeUnknownError,
    RateLimit,
    SessionPool,
    Timeouts,
)
from belvo_async.errors import (
    BelvoError,
    ConfigurationError,
    LoginFailedError,
    NotSentError,
    PoolBusyError,
    PoolClosedError,
    ResponseLostError,
)
from belvo_async.models import AwaitingToken
from belvo_async.params import HttpRequest, HttpResponse, SendPermit
from belvo_async.testing import ManualClock, error_body, link_body

LINK = "4bf5d2b6-3b8f-4c9c-a8a0-3f7e2b1d9c55"
UPDATE = LinkUpdate(LINK, password="hunter2-s3cret")
KEYS = Credentials("the-id-of-the-keys", "the-password-of-the-keys")
SENT_KEYS = "Basic dGhlLWlkLW9mLXRoZS1rZXlzOnRoZS1wYXNzd29yZC1vZi10aGUta2V5cw=="


def answer_with(value: object, status: int = 200) -> HttpResponse:
    return HttpResponse(status=status, body=json.dumps(value).encode())


@define
class Double:
    """A transport as a user writes one."""

    answers: list[Any] = field(factory=list)
    requests: list[HttpRequest] = field(factory=list)
    closed: int = 0

    async def send(self, request: HttpRequest, permit: SendPermit) -> HttpResponse:
        await permit.wait()
        permit.leave()
        self.requests.append(request)
        answer = self.answers.pop(0)
        if isinstance(answer, Exception):
            raise answer
        response: HttpResponse = answer
        return response

    async def aclose(self) -> None:
        self.closed += 1


def open_pool(transport: Any, **settings: Any) -> SessionPool:
    settings = {"clock": ManualClock(automatic=True), **settings}
    return SessionPool(KEYS, environment="https://belvo.example/base/", transport=transport, **settings)


async def test_a_request_is_complete_and_its_secrets_can_be_read() -> None:
    double = Double([answer_with(link_body(LINK))])
    async with open_pool(double) as pool:
        await pool.links.update(UPDATE)
    [sent] = double.requests
    assert (sent.method, sent.path) == ("PUT", f"/api/links/{LINK}/")
    assert sent.url == f"https://belvo.example/base/api/links/{LINK}/"
    assert sent.headers["authorization"] == SENT_KEYS
    assert sent.headers["content-type"] == "application/json"
    assert json.loads(sent.body or b"") == {"password": "hunter2-s3cret"}
    assert sent.is_login


async def test_nothing_that_shows_a_request_shows_its_secrets() -> None:
    double = Double([answer_with(link_body(LINK))])
    async with open_pool(double) as pool:
        await pool.links.update(UPDATE)
    [sent] = double.requests
    shown = f"{sent} {sent!r} {sent.body!r} {sent.body!s} {sent.headers!r} {dict(sent.headers)}"
    assert "hunter2" not in shown
    assert SENT_KEYS not in shown
    with pytest.raises(TypeError, match="never pickled"):
        pickle.dumps(sent)


def test_a_response_shows_its_status_alone_and_is_never_pickled() -> None:
    response = HttpResponse(status=200, headers={"set-cookie": "s3cret"}, body=b"s3cret")
    assert repr(response) == "HttpResponse(status=200)"
    with pytest.raises(TypeError, match="never pickled"):
        pickle.dumps(response)


@pytest.mark.parametrize("wrong", [{"status": "200"}, {"status": 200, "body": "{}"}], ids=repr)
def test_a_response_of_wrong_types_is_refused_where_it_is_made(wrong: dict[str, Any]) -> None:
    with pytest.raises(TypeError):
        HttpResponse(**wrong)


async def test_a_query_is_part_of_the_address() -> None:
    double = Double([answer_with({"results": [], "next": None, "count": 0})])
    async with open_pool(double) as pool:
        filters: LinkFilters = {"external_id": "a b&c"}
        assert [link async for link in pool.links.list(**filters)] == []
    [sent] = double.requests
    assert sent.url.startswith("https://belvo.example/base/api/links/?")
    assert "external_id=a+b%26c" in sent.url
    assert ("external_id", "a b&c") in sent.query
    assert not sent.is_login


async def test_a_request_says_how_long_it_may_take() -> None:
    double = Double([answer_with({}), answer_with(link_body(LINK))])
    async with open_pool(double, timeouts=Timeouts(read=7, login=70)) as pool:
        await pool.ping()
        await pool.links.update(UPDATE)
    assert [sent.timeout for sent in double.requests] == [7, 70]


async def test_one_transport_serves_all_clients_with_the_keys_of_each_and_is_closed_once() -> None:
    double = Double([answer_with({}), answer_with({})])
    async with open_pool(double) as pool:
        await pool.ping()
        await pool.client(Credentials("other", "keys")).ping()
        assert double.closed == 0
    assert [sent.headers["authorization"] for sent in double.requests] == [
        SENT_KEYS,
        "Basic b3RoZXI6a2V5cw==",
    ]
    assert double.closed == 1


async def test_headers_of_a_response_are_read_in_any_case() -> None:
    clock = ManualClock(automatic=True)
    refused = HttpResponse(status=429, headers={"RETRY-After": "7"}, body=b"[]")
    async with open_pool(Double([refused, answer_with({})]), clock=clock) as pool:
        await pool.ping()
    assert 7 in clock.naps


async def test_keys_and_passwords_that_a_response_echoes_are_redacted() -> None:
    echo = f"{KEYS.secret_password} {SENT_KEYS} hunter2-s3cret"
    double = Double([answer_with(error_body("login_error", echo), 400)])
    async with open_pool(double) as pool:
        with pytest.raises(LoginFailedError) as caught:
            await pool.links.update(UPDATE)
    assert caught.value.details[0].message == "[redacted] Basic [redacted] [redacted]"


async def test_a_login_that_has_left_is_not_repeated() -> None:
    looks = [answer_with(link_body(LINK, status="invalid"))] * 4
    double = Double([ResponseLostError("lost"), *looks])
    async with open_pool(double) as pool:
        with pytest.raises(OutcomeUnknownError) as caught:
            await pool.links.update(UPDATE)
    assert caught.value.sent_at is not None
    assert [sent.method for sent in double.requests] == ["PUT", "GET", "GET", "GET", "GET"]


async def test_a_login_that_never_left_is_repeated() -> None:
    class Unconnected(Double):
        async def send(self, request: HttpRequest, permit: SendPermit) -> HttpResponse:
            if not self.requests:
                self.requests.append(request)
                raise NotSentError("no connection")
            return await super().send(request, permit)

    double = Unconnected([answer_with(link_body(LINK))])
    async with open_pool(double) as pool:
        assert (await pool.links.update(UPDATE)).id == LINK
    assert [sent.method for sent in double.requests] == ["PUT", "PUT"]


@pytest.mark.parametrize("kind", [NotSentError, PoolBusyError, PoolClosedError])
async def test_a_login_that_has_left_is_not_repeated_though_the_transport_says_not_sent(
    kind: type[BelvoError],
) -> None:
    looks = [answer_with(link_body(LINK, status="invalid"))] * 4
    double = Double([kind("the bank hung up"), *looks])
    async with open_pool(double) as pool:
        with pytest.raises(OutcomeUnknownError, match="the bank hung up"):
            await pool.links.update(UPDATE)
    assert [sent.method for sent in double.requests].count("PUT") == 1


async def test_departures_count_for_the_limit_of_the_pool() -> None:
    clock = ManualClock(automatic=True)
    double = Double([answer_with({}), answer_with({})])
    limit = RateLimit(requests=1, window=30, margin=0, burst=1)
    async with open_pool(double, clock=clock, rate_limit=limit) as pool:
        before = clock.monotonic()
        await pool.ping()
        await pool.ping()
    assert clock.monotonic() - before >= 30


class FullDisk:
    """A recorder that cannot write."""

    async def note_submission(self, at: datetime) -> None:  # noqa: ARG002 - the name is the protocol's
        raise OSError("disk full")

    async def note_challenge(self, state: AwaitingToken) -> None: ...

    async def note_answer(self, at: datetime) -> None: ...


async def test_a_login_that_must_not_leave_is_not_sent() -> None:
    double = Double([answer_with(link_body(LINK))])
    async with open_pool(double) as pool:
        with pytest.raises(OSError, match="disk full"):
            await pool.links.update(UPDATE, recorder=FullDisk())
    assert double.requests == []


async def test_a_transport_that_forgets_the_permit_is_told_so() -> None:
    class Forgetful(Double):
        async def send(self, request: HttpRequest, permit: SendPermit) -> HttpResponse:
            del permit
            self.requests.append(request)
            return answer_with({})

    async with open_pool(Forgetful()) as pool:
        with pytest.raises(ConfigurationError, match=r"has not let leave.*permit\.wait.*permit\.leave"):
            await pool.ping()


async def test_a_transport_that_returns_something_else_is_told_so() -> None:
    async with open_pool(Double(["{}"])) as pool:
        with pytest.raises(ConfigurationError, match="returned str, not HttpResponse"):
            await pool.ping()


async def test_an_exception_of_its_own_comes_out() -> None:
    async with open_pool(Double([ZeroDivisionError()])) as pool:
        with pytest.raises(ZeroDivisionError):
            await pool.ping()


def test_a_transport_takes_the_place_of_the_network() -> None:
    with pytest.raises(ConfigurationError, match=r"^network ") as caught:
        open_pool(Double(), network=Network(local_addr="127.0.0.1"))
    assert caught.value.remedy
