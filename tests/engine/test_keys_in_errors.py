"""No key, password or token shows in an error, nor in anything that it drags along."""

import base64
import traceback
from collections.abc import Awaitable, Iterator

import aiohttp
import pytest
from multidict import CIMultiDict, CIMultiDictProxy
from yarl import URL

from belvo_async import LinkUpdate, SessionPool, TokenRequiredError
from belvo_async.errors import AnswerLostError, BelvoError, OutcomeUnknownError
from belvo_async.sandbox import Fault, Sandbox
from belvo_async.testing import ManualClock
from tests.engine.conftest import open_pool
from tests.engine.servers import answer_once_with

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
    return "\n".join([*shown, *traceback.format_exception(error)])


def encode(secret_id: str, secret_password: str) -> str:
    return base64.b64encode(f"{secret_id}:{secret_password}".encode()).decode()


def check(error: BaseException, *secrets: str) -> None:
    shown = show(error)
    found = [secret for secret in secrets if secret in shown]
    assert found == []
    assert "authorization" not in shown.lower()


async def fail(call: Awaitable[object]) -> BelvoError:
    with pytest.raises(BelvoError) as caught:
        await call
    return caught.value


@pytest.mark.parametrize("name", BROKEN_ANSWERS)
async def test_a_broken_answer_shows_no_secret(clock: ManualClock, name: str) -> None:
    async with answer_once_with(BROKEN_ANSWERS[name], clock=clock) as (pool, _):
        read = await fail(pool.links.get(LINK_ID))
        login = await fail(pool.links.update(LinkUpdate(LINK_ID, password=PASSWORD, token=TOKEN)))
    assert (type(read), type(login)) == (AnswerLostError, OutcomeUnknownError)
    for error in (read, login):
        check(error, encode("id", "password"), PASSWORD, TOKEN)


def test_the_control_finds_the_keys_that_aiohttp_shows() -> None:
    """Without it, the other tests would prove nothing."""
    headers = CIMultiDictProxy(CIMultiDict(Authorization=f"Basic {encode('id', 'password')}"))
    info = aiohttp.RequestInfo(URL("http://127.0.0.1"), "GET", headers, URL("http://127.0.0.1"))
    error = BelvoError("outer")
    error.__context__ = aiohttp.ClientResponseError(info, ())
    with pytest.raises(AssertionError):
        check(error, encode("id", "password"))


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
