"""No key, password or token shows in an error, nor in anything that it drags along."""

import base64
import os
import pickle
import traceback
from collections.abc import Awaitable, Iterator

import aiohttp
import pytest
from multidict import CIMultiDict, CIMultiDictProxy
from yarl import URL

from belvo_async import LinkUpdate, RetryPolicy, SessionPool, TokenRequiredError
from belvo_async._http import Request
from belvo_async.errors import BelvoError, OutcomeUnknownError, ResponseLostError
from belvo_async.sandbox import Fault, Sandbox
from belvo_async.testing import ManualClock
from tests.engine.conftest import open_pool
from tests.engine.servers import KEYS, answer_once_with

LINK_ID = "30cb4806-6e00-48a4-91c9-ca55968576c8"
PASSWORD = "correct horse battery staple"
TOKEN = "864209"
OK = b"HTTP/1.1 200 OK\r\n"

BROKEN_ANSWERS = {
    "no http": b"not http at all\r\n\r\n",
    "no number for a status": b"HTTP/1.1 abc OK\r\n\r\n",
    "a status out of range": b"HTTP/1.1 99999 OK\r\n\r\n",
    "a version from the future": b"HTTP/9.9 200 OK\r\n\r\n",
    "an overlong reason": b"HTTP/1.1 200 " + b"O" * 20_000 + b"\r\n\r\n",
    "an overlong header": OK + b"X: " + b"a" * 20_000 + b"\r\n\r\n",
    "a bad header name": OK + b"X Y: 1\r\n\r\n",
    "a bad length": OK + b"Content-Length: many\r\n\r\n",
    "two lengths": OK + b"Content-Length: 2\r\nContent-Length: 3\r\n\r\n{}",
    "a bad chunk": OK + b"Transfer-Encoding: chunked\r\n\r\nzz\r\n",
    "a chunk cut short": OK + b"Transfer-Encoding: chunked\r\n\r\nff\r\n{}",
    "a body cut short": OK + b"Content-Length: 100\r\n\r\n{}",
    "a head cut short": b"HTTP/1.1 200 OK\r\nContent-Le",
    "bad gzip": OK + b"Content-Encoding: gzip\r\nContent-Length: 3\r\n\r\nabc",
    "nothing": b"",
}

ECHO = "hunter2-s3cret"
"""A password that the response quotes, and that no field of the request names."""
_E = ECHO.encode()
ECHOING_ANSWERS = {
    "no http": _E + b"\r\n\r\n",
    "no number for a status": b"HTTP/1.1 " + _E + b" OK\r\n\r\n",
    "a version from the future": b"HTTP/9.9 " + _E + b"\r\n\r\n",
    "an overlong reason": b"HTTP/1.1 200 " + _E * 2_000 + b"\r\n\r\n",
    "an overlong header": OK + b"X: " + _E * 2_000 + b"\r\n\r\n",
    "an overlong header name": OK + _E * 2_000 + b": 1\r\n\r\n",
    "a bad header name": OK + _E + b" Y: 1\r\n\r\n",
    "a header without a colon": OK + _E + b"\r\n\r\n",
    "a bad byte in a header": OK + b"X: " + _E + b"\x00\r\n\r\n",
    "a bad length": OK + b"Content-Length: " + _E + b"\r\n\r\n",
    "two lengths": OK + b"Content-Length: 20\r\nContent-Length: 3\r\n\r\n" + _E,
    "two types": OK + b"Content-Type: a/b\r\nContent-Type: a/" + _E + b"\r\n\r\n",
    "a bad chunk": OK + b"Transfer-Encoding: chunked\r\n\r\n" + _E + b"\r\n",
    "a bad second chunk": OK + b"Transfer-Encoding: chunked\r\n\r\n1\r\na\r\n" + _E + b"\r\n",
    "a chunk cut short": OK + b"Transfer-Encoding: chunked\r\n\r\nff\r\n" + _E,
    "a body cut short": OK + b"X: " + _E + b"\r\nContent-Length: 100\r\n\r\n" + _E,
    "a head cut short": b"HTTP/1.1 200 OK\r\nX: " + _E,
    "bad gzip": OK + b"Content-Encoding: gzip\r\nContent-Length: 14\r\n\r\n" + _E,
    "a body too long": OK + b"\r\n" + _E * 1_300_000,
    "no json": OK + b"Content-Length: 14\r\n\r\n" + _E,
}


def follow(error: BaseException | None) -> Iterator[BaseException]:
    """Go through an error, its causes and its contexts."""
    seen: set[int] = set()
    left = [error]
    while left:
        one = left.pop()
        if one is None or id(one) in seen:
            continue
        seen.add(id(one))
        yield one
        left += [one.__cause__, one.__context__]


def show(error: BaseException) -> str:
    """Write down whatever a log, a debugger or an error tracker would show of an error."""
    shown = [text for one in follow(error) for text in (str(one), repr(one), repr(one.args), repr(vars(one)))]
    pickled = repr(pickle.dumps(error))
    return "\n".join([*shown, *traceback.format_exception(error), pickled])


def show_locals(error: BaseException) -> Iterator[str]:
    """Write down the variables of each frame that an error has gone through, ours and aiohttp's."""
    for one in follow(error):
        for frame, _ in traceback.walk_tb(one.__traceback__):
            if f"{os.sep}tests{os.sep}" not in frame.f_code.co_filename:
                yield from (f"{name} = {repr_safely(value)}" for name, value in frame.f_locals.items())


def repr_safely(value: object) -> str:
    try:
        return repr(value)
    except AttributeError:  # its __init__ has not come to its end
        return type(value).__name__


def encode(secret_id: str, secret_password: str) -> str:
    return base64.b64encode(f"{secret_id}:{secret_password}".encode()).decode()


def check(error: BaseException, *secrets: str) -> None:
    shown = show(error)
    found = [secret for secret in secrets if secret in shown]
    assert found == []
    assert "authorization" not in shown.lower()


def check_frames(error: BaseException, *secrets: str) -> None:
    """Look also where a caller's own arguments show: for what only aiohttp and the response can have told."""
    shown = "\n".join(show_locals(error))
    found = [secret for secret in secrets if secret in shown]
    assert found == []


async def fail(call: Awaitable[object]) -> BelvoError:
    with pytest.raises(BelvoError) as caught:
        await call
    return caught.value


@pytest.mark.parametrize("name", BROKEN_ANSWERS)
async def test_a_broken_answer_shows_no_secret(clock: ManualClock, name: str) -> None:
    async with answer_once_with(BROKEN_ANSWERS[name], clock=clock) as (pool, _):
        read = await fail(pool.links.get(LINK_ID))
        login = await fail(pool.links.update(LinkUpdate(LINK_ID, password=PASSWORD, token=TOKEN)))
    assert (type(read), type(login)) == (ResponseLostError, OutcomeUnknownError)
    for error in (read, login):
        check(error, encode("id", "password"), PASSWORD, TOKEN)


@pytest.mark.parametrize("name", ECHOING_ANSWERS)
async def test_a_broken_answer_that_echoes_a_password_shows_none_of_its_bytes(name: str) -> None:
    settings = {"clock": ManualClock(automatic=True), "retry": RetryPolicy.never()}
    async with answer_once_with(ECHOING_ANSWERS[name], **settings) as (pool, _):
        read = await fail(pool.links.get(LINK_ID))
        login = await fail(pool.links.update(LinkUpdate(LINK_ID, password=PASSWORD, token=TOKEN)))
    for error in (read, login):
        check(error, encode("id", "password"), PASSWORD, TOKEN, ECHO, ECHO[3:11])
        check_frames(error, encode("id", "password"), ECHO, ECHO[3:11])


class RefusedError(BelvoError):
    pass


class RefusedByTheSystemError(BelvoError, OSError):
    """Of a kind that aiohttp wraps."""


@pytest.mark.parametrize("kind", [RefusedError, RefusedByTheSystemError])
async def test_what_stops_a_request_at_its_departure_comes_out_and_shows_no_key(
    clock: ManualClock, kind: type[BelvoError]
) -> None:
    class Refusal:
        async def wait(self) -> None:
            """Wait for nothing."""

        def leave(self) -> None:
            raise kind("no")

    async with answer_once_with(b"", clock=clock) as (pool, wire):
        (transport,) = pool._engine.transports
        error = await fail(transport.send(Request(method="GET", path="/api/"), Refusal()))
        assert type(error) is kind
        assert wire.requests == []
    check_frames(error, encode("id", "password"))


async def test_a_connection_that_fails_shows_no_key(clock: ManualClock) -> None:
    async with answer_once_with(b"") as (_, wire):
        url = wire.url
    async with SessionPool(KEYS, environment=url, clock=clock) as pool:
        error = await fail(pool.links.get(LINK_ID))
    check(error, encode("id", "password"))
    check_frames(error, encode("id", "password"))


def test_the_control_finds_the_keys_that_aiohttp_shows() -> None:
    """Without it, the other tests would prove nothing."""
    headers = CIMultiDictProxy(CIMultiDict(Authorization=f"Basic {encode('id', 'password')}"))
    info = aiohttp.RequestInfo(URL("http://127.0.0.1"), "GET", headers, URL("http://127.0.0.1"))
    error = BelvoError("outer")
    error.__context__ = aiohttp.ClientResponseError(info, ())
    with pytest.raises(AssertionError):
        check(error, encode("id", "password"))


async def test_the_control_finds_the_keys_in_the_frames_of_aiohttp() -> None:
    """Without it, the other tests would prove nothing."""
    headers = {"Authorization": f"Basic {encode('id', 'password')}"}
    async with answer_once_with(b"") as (_, wire), aiohttp.ClientSession() as session:
        with pytest.raises(aiohttp.ServerDisconnectedError) as caught:
            await session.get(wire.url, headers=headers)
    with pytest.raises(AssertionError):
        check_frames(caught.value, encode("id", "password"))


@pytest.mark.parametrize(
    "kind", ["reset_before", "reset_after", "close_before", "truncate", "garbage", "huge"]
)
async def test_a_lost_answer_shows_no_secret(sandbox: Sandbox, pool: SessionPool, kind: str) -> None:
    link_id = sandbox.add_link(institution="heimdall_mx_retail", username="mfa_numeric")
    keys = (sandbox.secret_id, sandbox.secret_password, encode(sandbox.secret_id, sandbox.secret_password))
    with pytest.raises(TokenRequiredError) as caught:
        await pool.links.update(LinkUpdate(link_id, password=PASSWORD))
    sandbox.faults.add(Fault(kind=kind))
    check(await fail(pool.links.get(link_id)), *keys)
    check(await fail(pool.links.resume(caught.value.state, TOKEN)), *keys, PASSWORD, TOKEN)
    update = LinkUpdate(link_id, password=PASSWORD, token=TOKEN)
    check(await fail(pool.links.update(update)), *keys, PASSWORD, TOKEN)


async def test_a_token_that_was_not_sent_does_not_show(sandbox: Sandbox) -> None:
    link_id = sandbox.add_link(institution="heimdall_mx_retail", username="mfa_numeric")
    keys = (sandbox.secret_id, sandbox.secret_password, encode(sandbox.secret_id, sandbox.secret_password))
    async with open_pool(sandbox) as pool:
        with pytest.raises(TokenRequiredError) as caught:
            await pool.links.update(LinkUpdate(link_id, password=PASSWORD))
        await sandbox.stop()
        error = await fail(pool.links.resume(caught.value.state, TOKEN))
    check(error, *keys, PASSWORD, TOKEN)
