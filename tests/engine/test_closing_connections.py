"""Closing leaves no request, no task and no open socket behind within a second, whatever the peer does."""

import asyncio
import gc
import json
import socket
import ssl
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress

import pytest
import trustme

from belvo_async import Credentials, LinkUpdate, Network, SessionPool, Timeouts
from belvo_async._http import Repeat, Request
from belvo_async._transport.transport import AiohttpTransport
from belvo_async.errors import BelvoError, NotSentError, PoolClosedError, ResponseLostError
from belvo_async.testing import link_body
from tests.challenges.parked import turn
from tests.engine.servers import KEYS, build_answer, listen

LINK_ID = "30cb4806-6e00-48a4-91c9-ca55968576c8"
ANSWER = build_answer(json.dumps(link_body(LINK_ID)).encode())
LARGE = 4_000_000
PATIENCE = 10.0
"""Seconds that a busy machine may take for a handshake."""
READ = Request(method="GET", path="/api/")
LOGIN = Request(method="PUT", path=f"/api/links/{LINK_ID}/", body=b"{}", repeat=Repeat.LOGIN)
LARGE_LOGIN = Request(method="PUT", path=f"/api/links/{LINK_ID}/", body=b"x" * 900_000, repeat=Repeat.LOGIN)
Talk = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]


async def answer_and_freeze(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    await reader.readuntil(b"\r\n\r\n")
    await freeze(reader, writer)
    writer.write(ANSWER)


async def begin_and_freeze(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    await reader.readuntil(b"\r\n\r\n")
    await freeze(reader, writer)
    writer.write(build_answer(b"x" * LARGE)[: LARGE // 2])


async def freeze(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    writer.transport.pause_reading()  # type: ignore[attr-defined]  # it reads, so it can pause


def find_sockets_to(port: int) -> list[socket.socket]:
    """Return what this process still has open to a port, whoever forgot it."""
    found = []
    for one in gc.get_objects():
        if issubclass(type(one), socket.socket) and one.fileno() != -1 and one.family != socket.AF_UNIX:
            with suppress(OSError):  # it listens, or has no peer yet
                found += [one] if one.getpeername()[1] == port else []
    return found


@pytest.fixture(scope="module")
def contexts() -> tuple[ssl.SSLContext, ssl.SSLContext]:
    authority = trustme.CA()
    ours, theirs = ssl.create_default_context(), ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.configure_trust(ours)
    authority.issue_cert("localhost").configure_cert(theirs)
    return ours, theirs


def open_transport(url: str, network: Network) -> AiohttpTransport:
    return AiohttpTransport(url, Credentials("id", "password"), timeouts=Timeouts(), network=network)


class Permit:
    """Lets a request leave at once, and tells when it has."""

    def __init__(self) -> None:
        self.has_left = asyncio.Event()

    async def wait(self) -> None:
        pass

    def leave(self) -> None:
        self.has_left.set()


@asynccontextmanager
async def listen_and_tell(
    talk: Talk, *, ssl: ssl.SSLContext | None = None
) -> AsyncIterator[tuple[int, asyncio.Event]]:
    """Run a server that does with a connection what *talk* does; yield its port, and what is set then."""
    is_frozen = asyncio.Event()

    async def handle(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await talk(reader, writer)
        is_frozen.set()

    async with listen(handle, ssl=ssl) as port:
        yield port, is_frozen


async def check_closing(
    transport: AiohttpTransport,
    request: Request,
    port: int,
    is_frozen: asyncio.Event,
    expected: type[BelvoError] | None,
) -> None:
    """Close while a request is under way, or after it where it has ended, and look for what is left."""
    before = asyncio.all_tasks()
    permit = Permit()
    send = asyncio.ensure_future(transport.send(request, permit))
    async with asyncio.timeout(PATIENCE):
        await is_frozen.wait()
        if expected is not NotSentError:
            await permit.has_left.wait()
        if expected is None:
            await asyncio.wait([send])
    await turn()
    assert send.done() == (expected is None)
    async with asyncio.timeout(1.0):
        await transport.aclose()
    assert find_sockets_to(port) == []
    assert {task for task in asyncio.all_tasks() - before if "handle" not in repr(task)} <= {send}
    await turn()
    assert send.done()
    (result,) = await asyncio.gather(send, return_exceptions=True)
    assert isinstance(result, BaseException) == (expected is not None)
    assert expected is None or type(result) is expected


CASES: dict[str, tuple[Talk, Request, type[BelvoError] | None]] = {
    "a login that was answered": (answer_and_freeze, LOGIN, None),
    "a read that was answered": (answer_and_freeze, READ, None),
    "a login that nobody reads": (freeze, LOGIN, ResponseLostError),
    "a long login that nobody reads": (freeze, LARGE_LOGIN, ResponseLostError),
    "a login half answered": (begin_and_freeze, LOGIN, ResponseLostError),
    "a read half answered": (begin_and_freeze, READ, ResponseLostError),
}


@pytest.mark.parametrize("name", CASES)
@pytest.mark.parametrize("is_tls", [False, True])
async def test_closing_cuts_a_connection_to_a_frozen_peer(
    name: str, is_tls: bool, contexts: tuple[ssl.SSLContext, ssl.SSLContext]
) -> None:
    talk, request, expected = CASES[name]
    ours, theirs = contexts
    async with listen_and_tell(talk, ssl=theirs if is_tls else None) as (port, is_frozen):
        url = f"https://localhost:{port}" if is_tls else f"http://127.0.0.1:{port}"
        await check_closing(open_transport(url, Network(ssl=ours)), request, port, is_frozen, expected)


async def test_closing_cuts_a_request_in_its_handshake() -> None:
    async with listen_and_tell(freeze) as (port, is_frozen):
        transport = open_transport(f"https://localhost:{port}", Network())
        await check_closing(transport, LOGIN, port, is_frozen, NotSentError)


async def test_closing_cuts_a_request_whose_proxy_is_silent() -> None:
    async with listen_and_tell(freeze) as (port, is_frozen):
        transport = open_transport("https://belvo.invalid", Network(proxy=f"http://127.0.0.1:{port}"))
        await check_closing(transport, LOGIN, port, is_frozen, NotSentError)


async def test_closing_cuts_a_request_whose_tls_proxy_is_silent(
    contexts: tuple[ssl.SSLContext, ssl.SSLContext],
) -> None:
    ours, theirs = contexts
    async with listen_and_tell(freeze, ssl=theirs) as (port, is_frozen):
        network = Network(proxy=f"https://localhost:{port}", ssl=ours)
        await check_closing(
            open_transport("https://belvo.invalid", network), LOGIN, port, is_frozen, NotSentError
        )


async def test_closing_cuts_a_request_in_a_tunnel_whose_end_is_silent() -> None:
    async def tunnel(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(b"HTTP/1.1 200 OK\r\n\r\n")
        await freeze(reader, writer)

    async with listen_and_tell(tunnel) as (port, is_frozen):
        transport = open_transport("https://belvo.invalid", Network(proxy=f"http://127.0.0.1:{port}"))
        await check_closing(transport, LOGIN, port, is_frozen, NotSentError)


async def test_closing_cuts_a_request_whose_name_server_is_silent(monkeypatch: pytest.MonkeyPatch) -> None:
    is_asked = asyncio.Event()

    async def wait(*_: object, **__: object) -> list[object]:
        is_asked.set()
        await asyncio.sleep(60.0)
        return []

    monkeypatch.setattr(asyncio.get_running_loop(), "getaddrinfo", wait)
    transport = open_transport("https://belvo.invalid", Network())
    before = asyncio.all_tasks()
    send = asyncio.ensure_future(transport.send(LOGIN))
    await is_asked.wait()
    async with asyncio.timeout(1.0):
        await transport.aclose()
        with pytest.raises(NotSentError, match="closed"):
            await send
    assert asyncio.all_tasks() == before


async def test_a_pool_that_closes_during_a_handshake_says_so_and_sends_nothing() -> None:
    both = asyncio.Barrier(3)

    async def meet(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await freeze(reader, writer)
        await both.wait()

    async with listen(meet) as port:
        pool = SessionPool(KEYS, environment=f"https://localhost:{port}")
        update = asyncio.ensure_future(pool.links.update(LinkUpdate(LINK_ID, password="new")))
        read = asyncio.ensure_future(pool.links.get(LINK_ID))
        async with asyncio.timeout(PATIENCE):
            await both.wait()
        await turn()
        async with asyncio.timeout(1.0):
            await pool.aclose(grace=0.0)
            for call in (update, read):
                with pytest.raises(PoolClosedError):
                    await call
        assert find_sockets_to(port) == []
