"""What arrives over the wire is read the same by every server, odd bytes included."""

import asyncio
from typing import Any, Final

import pytest
from hypothesis import given
from hypothesis import strategies as st
from yarl import URL

from belvo_async import Credentials, SessionPool
from belvo_async.backends import MemoryBackend, MemoryChallengeStore
from belvo_async.sandbox import Sandbox
from belvo_async.testing import ManualClock
from belvo_async.web import ChallengePage
from belvo_async.web._asgi import AsgiApp
from belvo_async.web._http import PageRequest, PageResponse
from tests.web.conftest import SERVERS, list_tokens, open_browser, park, serve_aiohttp

BYTES: Final = st.binary(max_size=40) | st.sampled_from(
    (b"\xff\xfe", b'"\\377"', b"a" * 70, b"\xc3\xa9" * 64)
)
HEADERS: Final = st.tuples(
    st.sampled_from((b"cookie", b"Cookie", b"accept-language", b"origin", b"host", b"sec-fetch-site")),
    BYTES | BYTES.map(b"belvo_challenge=".__add__),
)


async def send(
    base: str, ticket: str, body: bytes, *headers: bytes, missing: int = 0, method: bytes = b"POST"
) -> bytes:
    """Send a form byte by byte as told; return the status line. The line is cut where bytes are *missing*."""
    url = URL(base)
    reader, writer = await asyncio.open_connection(url.host, url.port)
    lines = [
        b"%s %s/%s HTTP/1.1" % (method, url.raw_path.encode(), ticket.encode()),
        b"Host: localhost",
        b"Connection: close",
        b"Content-Type: application/x-www-form-urlencoded",
        b"Content-Length: %d" % (len(body) + missing),
        *headers,
    ]
    writer.write(b"\r\n".join(lines) + b"\r\n\r\n" + body)
    if missing:
        writer.write_eof()
    try:
        async with asyncio.timeout(5.0):
            return (await reader.read()).partition(b"\r\n")[0]
    except ConnectionResetError:
        return b""
    finally:
        writer.close()


async def read_proof(base: str, ticket: str) -> bytes:
    async with open_browser(base) as browser:
        return (await browser.get(ticket)).proof.encode()


@pytest.mark.parametrize("server", SERVERS)
async def test_half_a_token_is_not_sent(
    sandbox: Sandbox, pool: SessionPool, page: ChallengePage, server: str
) -> None:
    ticket = await park(sandbox, pool)
    async with SERVERS[server](page) as base:
        proof = await read_proof(base, ticket)
        form = b"proof=%s&do=answer&token=111" % proof
        await send(base, ticket, form, b"Cookie: belvo_challenge=" + proof, missing=3)
        await page._answering.aclose(5.0)
        assert await list_tokens(sandbox, pool, ticket) == []
        whole = await send(base, ticket, form + b"111", b"Cookie: belvo_challenge=" + proof)
        assert b"303" in whole
    assert await list_tokens(sandbox, pool, ticket) == ["111111"]


@pytest.mark.parametrize("server", SERVERS)
@pytest.mark.parametrize(
    "cookies",
    [
        [b'Cookie: prefs={"a":"b c"}; belvo_challenge=%s'],
        [b'Cookie: belvo_challenge=%s; x@y=1; prefs={"a":"b c"}'],
        [b"Cookie: belvo_challenge=%s", b"Cookie: other=1"],
        [b"Cookie: other=1", b"Cookie: belvo_challenge=%s"],
        [b"Cookie: belvo_challenge=%s; belvo_challenge=of-a-path-further-up"],
    ],
    ids=["before", "behind", "first", "last", "twice"],
)
async def test_cookies_of_other_applications_are_in_nobodys_way(
    sandbox: Sandbox, pool: SessionPool, page: ChallengePage, server: str, cookies: list[bytes]
) -> None:
    ticket = await park(sandbox, pool)
    async with SERVERS[server](page) as base:
        proof = await read_proof(base, ticket)
        headers = [line.replace(b"%s", proof) for line in cookies]
        assert b" 303 " in await send(base, ticket, b"do=decline&proof=" + proof, *headers)


@pytest.mark.parametrize("server", SERVERS)
@pytest.mark.parametrize(
    "cookie",
    [b"\xff\xfe", b'"\\377"', b"\xc3\xa9" * 64, b"A" * 64],
    ids=["bytes", "octal", "words", "capitals"],
)
async def test_a_cookie_that_is_none_of_ours_is_replaced(
    sandbox: Sandbox, pool: SessionPool, page: ChallengePage, server: str, cookie: bytes
) -> None:
    ticket = await park(sandbox, pool)
    async with SERVERS[server](page) as base:
        header = b"Cookie: belvo_challenge=" + cookie
        form = b"do=decline&proof=" + b"".join(b"%%%02x" % byte for byte in cookie)
        assert b" 200 " in await send(base, ticket, b"", header, method=b"GET")
        assert b" 403 " in await send(base, ticket, form, header)


@pytest.mark.parametrize("server", SERVERS)
async def test_a_slash_behind_the_ticket_makes_it_another_address(
    sandbox: Sandbox, pool: SessionPool, page: ChallengePage, server: str
) -> None:
    ticket = await park(sandbox, pool)
    async with SERVERS[server](page) as base, open_browser(base) as browser:
        assert (await browser.get(f"{ticket}/")).status == 404


async def test_a_body_that_cannot_be_unpacked_sends_nothing(
    sandbox: Sandbox, pool: SessionPool, page: ChallengePage
) -> None:
    ticket = await park(sandbox, pool)
    async with serve_aiohttp(page) as base:
        assert b" 413 " in await send(base, ticket, b"junk", b"Content-Encoding: gzip")
    assert await list_tokens(sandbox, pool, ticket) == []


@pytest.mark.parametrize(
    ("root", "path", "below"),
    [
        ("", "/ticket", "ticket"),
        ("/api", "/api/ticket", "ticket"),
        ("/api/", "/api/ticket", "ticket"),
        ("/api", "/ticket", "ticket"),
        ("/t", "/ticket", "ticket"),
        ("/api", "/api/", ""),
        ("/api", "/ticket/", "ticket"),
    ],
)
async def test_the_path_below_the_mount_is_found_whoever_cuts_it(root: str, path: str, below: str) -> None:
    seen: list[str] = []

    async def handle(request: PageRequest) -> PageResponse:
        seen.append(request.path)
        return PageResponse()

    await ask(AsgiApp(handle), path=path, root_path=root)
    assert seen == [below]


async def converse(page: ChallengePage, kind: str, *received: str) -> list[str]:
    left, sent = list(received), []

    async def receive() -> dict[str, object]:
        return {"type": left.pop(0)}

    async def send(message: Any) -> None:
        sent.append(message["type"])

    await page.asgi_app()({"type": kind}, receive, send)
    return sent


async def test_a_server_may_start_and_stop_the_page_by_itself(page: ChallengePage) -> None:
    sent = await converse(page, "lifespan", "lifespan.startup", "lifespan.shutdown")
    assert sent == ["lifespan.startup.complete", "lifespan.shutdown.complete"]


async def test_there_is_nothing_but_pages(page: ChallengePage) -> None:
    assert await converse(page, "websocket", "websocket.connect") == ["websocket.close"]


async def test_an_address_with_too_many_fields_is_answered(page: ChallengePage) -> None:
    start, _ = await ask(page.asgi_app(), path="/x", query_string=b"a=1&" * 100)
    assert start["status"] == 404


async def ask(app: AsgiApp, body: bytes = b"", **scope: Any) -> list[Any]:
    sent: list[Any] = []

    async def receive() -> dict[str, object]:
        return {"type": "http.request", "body": body}

    async def send(message: Any) -> None:
        sent.append(message)

    basic = {"type": "http", "method": "GET", "query_string": b"", "headers": []}
    await app({**basic, **scope}, receive, send)
    return sent


@given(
    path=st.text(max_size=40).map("/".__add__) | st.just("/" + "t" * 32),
    query=BYTES | BYTES.map(b"lang=".__add__),
    headers=st.lists(HEADERS, max_size=4),
    body=BYTES | BYTES.map(b"token=".__add__) | BYTES.map(b"do=answer&proof=".__add__),
    method=st.sampled_from(("GET", "POST", "HEAD", "TRACE", "")),
    root=st.sampled_from(("", "/", "/t")),
)
def test_whatever_bytes_arrive_there_is_an_answer(
    path: str, query: bytes, headers: list[tuple[bytes, bytes]], body: bytes, method: str, root: str
) -> None:
    async def run() -> None:
        pool = SessionPool(
            Credentials("id", "word"),
            environment="http://127.0.0.1:1",
            clock=ManualClock(automatic=True),
            backend=MemoryBackend(MemoryChallengeStore()),
        )
        async with pool, ChallengePage(pool) as page:
            scope = {"path": path, "query_string": query, "headers": headers, "root_path": root}
            start, _ = await ask(page.asgi_app(), body, method=method, **scope)
        assert start["status"] < 500

    asyncio.run(run())
