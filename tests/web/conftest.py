"""The page, mounted in several frameworks, on real sockets, and browsers without a screen."""

import asyncio
import re
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any, Final

import pytest
import uvicorn
from aiohttp import ClientResponse, ClientSession, CookieJar, web
from attrs import frozen
from fastapi import FastAPI
from litestar import Litestar, asgi
from litestar.types import Receive, Scope, Send
from starlette.applications import Starlette
from starlette.routing import Mount

from belvo_async import SessionPool
from belvo_async.web import ChallengePage, OperatorPage, WebhookReceiver
from tests.challenges.conftest import (
    add_link,
    challenge,
    clock,
    list_tokens,
    open_pool,
    other,
    park,
    pool,
    sandbox,
    store,
)

__all__ = [
    "add_link",
    "challenge",
    "clock",
    "list_tokens",
    "open_pool",
    "other",
    "park",
    "pool",
    "sandbox",
    "store",
]

MOUNT: Final = "/deep/challenges"
Page = ChallengePage | OperatorPage | WebhookReceiver
_PROOF: Final = re.compile(r'name="proof" value="(\w+)"')


@frozen
class Browser:
    """Somebody's browser, with cookies of its own."""

    session: ClientSession
    base: str

    async def get(self, ticket: str, query: str = "", **settings: Any) -> "Seen":
        async with self.session.get(f"{self.base}/{ticket}{query}", **settings) as response:
            return await see(response)

    async def post(self, ticket: str, query: str = "", *, data: Any, **settings: Any) -> "Seen":
        async with self.session.post(f"{self.base}/{ticket}{query}", data=data, **settings) as response:
            return await see(response)

    async def answer(self, ticket: str, token: str | None, **fields: str) -> "Seen":
        """Open the form, fill it in and send it."""
        form = {"proof": (await self.get(ticket)).proof, "do": "answer", **fields}
        return await self.post(ticket, data=form if token is None else {**form, "token": token})


@frozen
class Seen:
    """What a browser was shown."""

    status: int
    text: str
    headers: Any

    @property
    def proof(self) -> str:
        found = _PROOF.search(self.text)
        assert found is not None, self.text
        return found[1]


async def see(response: ClientResponse) -> Seen:
    return Seen(response.status, await response.text(), response.headers)


@asynccontextmanager
async def open_browser(base: str, **headers: str) -> AsyncIterator[Browser]:
    jar = CookieJar(unsafe=True)  # or it takes no cookies of an address in numbers
    async with ClientSession(cookie_jar=jar, headers=headers) as session:
        yield Browser(session, base)


@asynccontextmanager
async def serve_aiohttp(page: Page) -> AsyncIterator[str]:
    app = web.Application()
    app.add_subapp(MOUNT, page.aiohttp_app())
    runner = web.AppRunner(app, access_log=None)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    _, port = runner.addresses[0][:2]
    try:
        yield f"http://127.0.0.1:{port}{MOUNT}"
    finally:
        await runner.cleanup()


@asynccontextmanager
async def serve_asgi(app: Any) -> AsyncIterator[str]:
    listener = socket.create_server(("127.0.0.1", 0))
    server = uvicorn.Server(uvicorn.Config(app, log_config=None, access_log=False))
    task = asyncio.create_task(server.serve([listener]))
    while not server.started:  # noqa: ASYNC110 - uvicorn has no event for it
        await asyncio.sleep(0.005)
    try:
        yield f"http://127.0.0.1:{listener.getsockname()[1]}{MOUNT}"
    finally:
        server.should_exit = True
        await task


@asynccontextmanager
async def serve_starlette(page: Page) -> AsyncIterator[str]:
    async with serve_asgi(Starlette(routes=[Mount(MOUNT, page.asgi_app())])) as base:
        yield base


@asynccontextmanager
async def serve_fastapi(page: Page) -> AsyncIterator[str]:
    app = FastAPI()
    app.mount(MOUNT, page.asgi_app())
    async with serve_asgi(app) as base:
        yield base


@asynccontextmanager
async def serve_litestar(page: Page) -> AsyncIterator[str]:
    inner = page.asgi_app()

    @asgi(MOUNT, is_mount=True, copy_scope=True)
    async def mounted(scope: Scope, receive: Receive, send: Send) -> None:
        await inner(scope, receive, send)  # type: ignore[arg-type]  # Litestar's scope is a TypedDict

    async with serve_asgi(Litestar([mounted], openapi_config=None, logging_config=None)) as base:
        yield base


SERVERS: Final = {
    "aiohttp": serve_aiohttp,
    "starlette": serve_starlette,
    "fastapi": serve_fastapi,
    "litestar": serve_litestar,
}


@pytest.fixture
async def page(pool: SessionPool) -> AsyncIterator[ChallengePage]:
    async with ChallengePage(pool, brand="Cuentas Claras") as page:
        yield page


@pytest.fixture
async def base(page: ChallengePage) -> AsyncIterator[str]:
    """The address below which the tickets are."""
    async with serve_aiohttp(page) as base:
        yield base


@pytest.fixture
async def browser(base: str) -> AsyncIterator[Browser]:
    async with open_browser(base) as browser:
        yield browser
