"""A borrowed session: its own habits change nothing, and what could leak or mix up logins is refused."""

import asyncio
import socket
from typing import Any

import aiohttp
import pytest
from aiohttp.abc import AbstractResolver, ResolveResult

from belvo_async import Challenge, LinkUpdate, RateLimit, RetryPolicy, SessionPool, Timeouts
from belvo_async.errors import (
    ConfigurationError,
    LoginFailedError,
    NotFoundError,
    NotSentError,
    TokenNotSentError,
    TokenRequiredError,
)
from belvo_async.mfa import AwaitingToken
from belvo_async.sandbox import Sandbox
from tests.engine.conftest import open_pool
from tests.engine.servers import KEYS, Wire, build_answer, serve

LINK_ID = "30cb4806-6e00-48a4-91c9-ca55968576c8"


def open_session(**settings: Any) -> aiohttp.ClientSession:
    return aiohttp.ClientSession(**{"cookie_jar": aiohttp.DummyCookieJar()} | settings)


async def raise_always(_: aiohttp.ClientResponse) -> None:
    raise AssertionError


@pytest.mark.parametrize("habit", [True, raise_always], ids=["flag", "function"])
async def test_a_session_that_raises_for_a_status_gives_the_errors_of_this_package(
    sandbox: Sandbox, habit: object
) -> None:
    link_id = sandbox.add_link(institution="heimdall_mx_retail", username="mfa_numeric")
    async with (
        open_session(raise_for_status=habit) as session,
        open_pool(sandbox, session=session) as pool,
    ):
        with pytest.raises(TokenRequiredError) as caught:
            await pool.links.update(LinkUpdate(link_id, password="new"))
        assert caught.value.status == 428
        assert (await pool.links.resume(caught.value.state, "111111")).id == link_id
        with pytest.raises(LoginFailedError):
            await pool.links.update(LinkUpdate(link_id, password="pass_invalid"))
        with pytest.raises(NotFoundError):
            await pool.links.get(LINK_ID)
    assert sandbox.logins(link_id) == 3


@pytest.mark.filterwarnings("ignore::DeprecationWarning")
async def test_a_session_with_an_auth_of_its_own_is_refused() -> None:
    async with open_session(auth=aiohttp.BasicAuth("somebody", "else")) as session:
        with pytest.raises(ConfigurationError, match="auth") as caught:
            SessionPool(KEYS, environment="sandbox", session=session)
    assert "somebody" not in f"{caught.value}{caught.value.__context__!r}"


@pytest.mark.parametrize("cookies", [None, {"session": "of another end-user"}])
async def test_a_session_that_keeps_cookies_is_refused(cookies: dict[str, str] | None) -> None:
    async with open_session(cookie_jar=aiohttp.CookieJar(), cookies=cookies) as session:
        with pytest.raises(ConfigurationError, match="cookies"):
            SessionPool(KEYS, environment="sandbox", session=session)


async def test_no_cookie_is_ever_sent() -> None:
    async def reply(_: Wire, writer: asyncio.StreamWriter) -> bool:
        writer.write(build_answer(b"{}", headers="Set-Cookie: session=1\r\n"))
        return True

    async with (
        serve(reply) as wire,
        open_session(cookies={"session": "0"}) as session,
        SessionPool(KEYS, environment=wire.url, session=session) as pool,
    ):
        await pool.ping()
        await pool.ping()
        assert len(wire.requests) == 2
        assert not any(b"cookie" in request.lower() for request in wire.requests)


async def test_the_pools_keys_go_before_those_of_a_session() -> None:
    async def reply(_: Wire, writer: asyncio.StreamWriter) -> bool:
        writer.write(build_answer(b"{}"))
        return True

    async with (
        serve(reply) as wire,
        open_session(headers={"authorization": "Bearer other"}) as session,
        SessionPool(KEYS, environment=wire.url, session=session) as pool,
    ):
        await pool.ping()
    lines = [line for line in wire.requests[0].split(b"\r\n") if line.lower().startswith(b"authorization")]
    assert lines == [b"Authorization: Basic aWQ6cGFzc3dvcmQ="]


class HangingResolver(AbstractResolver):
    """A name server that never answers."""

    def __init__(self) -> None:
        self.asked = 0

    async def resolve(
        self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_INET
    ) -> list[ResolveResult]:
        del host, port, family
        self.asked += 1
        await asyncio.Event().wait()
        raise AssertionError

    async def close(self) -> None:
        pass


CHALLENGE = Challenge(session="s1", link_id=LINK_ID, expiry=900.0)
STALL = Timeouts(connect=0.05, read=5.0, login=5.0)
"""Real time: aiohttp's own limits know no other."""


@pytest.mark.parametrize("call", ["update", "get", "resume"])
async def test_a_stall_before_a_connection_ends_as_never_sent(call: str) -> None:
    resolver = HangingResolver()
    async with (
        open_session(connector=aiohttp.TCPConnector(resolver=resolver)) as session,
        SessionPool(
            KEYS,
            environment="https://belvo.invalid",
            session=session,
            timeouts=STALL,
            rate_limit=RateLimit.unlimited(),
            retry=RetryPolicy.never(),
        ) as pool,
    ):
        async with asyncio.timeout(1.0):
            if call == "resume":
                state = AwaitingToken(challenge=CHALLENGE, deadline=asyncio.get_running_loop().time() + 900)
                with pytest.raises(TokenNotSentError) as unsent:
                    await pool.links.resume(state, "111111")
                assert isinstance(unsent.value.__cause__, NotSentError)
                assert len(pool._memory.claims) == 0
            elif call == "update":
                with pytest.raises(NotSentError):
                    await pool.links.update(LinkUpdate(LINK_ID, password="new"))
            else:
                with pytest.raises(NotSentError):
                    await pool.links.get(LINK_ID)
    assert resolver.asked == 1


async def test_a_stall_before_a_connection_is_never_sent_also_where_the_whole_has_less_time() -> None:
    async with (
        open_session(connector=aiohttp.TCPConnector(resolver=HangingResolver())) as session,
        SessionPool(
            KEYS,
            environment="https://belvo.invalid",
            session=session,
            timeouts=Timeouts(connect=5.0, read=0.05, login=0.05),
            rate_limit=RateLimit.unlimited(),
            retry=RetryPolicy.never(),
        ) as pool,
    ):
        async with asyncio.timeout(1.0):
            with pytest.raises(NotSentError):
                await pool.ping()
