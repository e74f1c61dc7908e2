"""Tickets stay out of the log of the server."""

import asyncio
import logging
import socket
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager

import pytest
import uvicorn
from aiohttp import web
from starlette.applications import Starlette
from starlette.routing import Mount

from belvo_async import SessionPool
from belvo_async.sandbox import Sandbox
from belvo_async.web import ChallengePage, TicketFilter
from tests.web.conftest import MOUNT, open_browser, park


@asynccontextmanager
async def serve_aiohttp(page: ChallengePage) -> AsyncIterator[str]:
    app = web.Application()
    app.add_subapp(MOUNT, page.aiohttp_app())
    runner = web.AppRunner(app)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    try:
        yield f"http://127.0.0.1:{runner.addresses[0][1]}{MOUNT}"
    finally:
        await runner.cleanup()


@asynccontextmanager
async def serve_uvicorn(page: ChallengePage) -> AsyncIterator[str]:
    app = Starlette(routes=[Mount(MOUNT, page.asgi_app())])
    listener = socket.create_server(("127.0.0.1", 0))
    server = uvicorn.Server(uvicorn.Config(app, log_config=None))
    task = asyncio.create_task(server.serve([listener]))
    while not server.started:  # noqa: ASYNC110 - uvicorn has no event for it
        await asyncio.sleep(0.005)
    try:
        yield f"http://127.0.0.1:{listener.getsockname()[1]}{MOUNT}"
    finally:
        server.should_exit = True
        await task


@pytest.mark.parametrize(
    ("name", "serve"),
    [("aiohttp.access", serve_aiohttp), ("uvicorn.access", serve_uvicorn)],
    ids=["aiohttp", "uvicorn"],
)
async def test_no_ticket_is_in_the_access_log(
    sandbox: Sandbox,
    pool: SessionPool,
    page: ChallengePage,
    name: str,
    serve: Callable[[ChallengePage], AbstractAsyncContextManager[str]],
    caplog: pytest.LogCaptureFixture,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    logger = logging.getLogger(name)
    monkeypatch.setattr(logger, "filters", [TicketFilter(MOUNT)])
    monkeypatch.setattr(logger, "handlers", [caplog.handler])
    monkeypatch.setattr(logger, "propagate", False)
    caplog.set_level(logging.INFO, name)
    ticket = await park(sandbox, pool)
    async with serve(page) as base, open_browser(base) as browser:
        await browser.get(ticket, "?lang=es")
        await browser.get("static/page.css")
    lines = [record.getMessage() for record in caplog.records if record.name == name]
    assert len(lines) == 2
    assert f"{MOUNT}/…?lang=es" in lines[0]
    assert f"{MOUNT}/static/page.css" in lines[1]
    assert ticket not in repr([vars(record) for record in caplog.records if record.name == name])


def note(text: str, *values: object) -> logging.LogRecord:
    return logging.LogRecord("access", logging.INFO, "", 1, text, values, None)


def test_a_log_that_names_its_values_is_understood() -> None:
    record = note('"%(r)s" %(s)s', {"r": "GET /c/abc HTTP/2", "s": 200})
    assert TicketFilter("/c/").filter(record)
    assert record.getMessage() == '"GET /c/… HTTP/2" 200'


def test_other_paths_and_other_values_are_left_alone() -> None:
    record = note("%s %d", "/links/abc", 200)
    assert TicketFilter("/challenges").filter(record)
    assert record.getMessage() == "/links/abc 200"
