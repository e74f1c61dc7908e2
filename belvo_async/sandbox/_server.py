"""The aiohttp.web skin: a socket on the loopback address, one handler for every path."""

import asyncio
from typing import Final
from weakref import WeakSet

from aiohttp import web

from belvo_async._event_loop import end_all, finish
from belvo_async._http import Request
from belvo_async.sandbox._http_writer import send
from belvo_async.sandbox._pipeline import Pipeline

HOST: Final = "127.0.0.1"
GRACE: Final = 0.05
"""Seconds that aiohttp may wait for a handler while it shuts down; ours have ended before."""


class Server:
    """Listens while it is started. A client that goes away does not stop the login it asked for."""

    def __init__(self, pipeline: Pipeline, port: int) -> None:
        self._pipeline = pipeline
        self._port = port
        self._server: web.Server | None = None
        self._runner: web.ServerRunner | None = None
        self._loop: asyncio.AbstractEventLoop | None = None
        self._exchanges: set[asyncio.Task[object]] = set()
        self._known: WeakSet[asyncio.BaseTransport] = WeakSet()

    @property
    def url(self) -> str:
        """Scheme, host and port.

        Raises:
            RuntimeError: The server is not started.
        """
        if self._runner is None:
            raise RuntimeError("the sandbox is not started")
        port: int = self._runner.addresses[0][1]
        return f"http://{HOST}:{port}"

    @property
    def connections(self) -> int:
        """How many clients are connected."""
        if self._server is None:
            return 0
        return sum(connection.transport is not None for connection in self._server.connections)

    async def start(self) -> None:
        """Bind the port, 0 meaning any free one, and listen."""
        if self._runner is not None:
            raise RuntimeError("the sandbox is already started")
        # A client that goes away must not cancel a login at the bank.
        server = web.Server(self._handle, access_log=None, handler_cancellation=False)
        runner = web.ServerRunner(server, shutdown_timeout=GRACE)
        await runner.setup()
        try:
            await web.TCPSite(runner, HOST, self._port).start()
        except BaseException:
            await finish(runner.cleanup())
            raise
        self._server, self._runner = server, runner
        self._loop = asyncio.get_running_loop()

    def check_loop(self) -> None:
        """Refuse every event loop but the one that it listens on.

        Raises:
            RuntimeError: It listens on another one, in this process or in the one that this was forked from.
        """
        if self._runner is not None and self._loop is not asyncio.get_running_loop():
            raise RuntimeError(
                "the sandbox is started on another event loop: stop it there, or make a new one"
            )

    async def stop(self) -> None:
        """Close the port and every connection, and end what is under way."""
        if self._runner is None:
            return
        for site in self._runner.sites:
            await site.stop()
        await end_all(list(self._exchanges))
        await self._runner.cleanup()
        self._runner = self._server = None
        # Cancelled connection tasks and closed transports end in the next turns of the loop.
        for _ in range(3):
            await asyncio.sleep(0)

    async def _handle(self, request: web.BaseRequest) -> web.StreamResponse:
        task = asyncio.current_task()
        if task is None:  # pragma: no cover - a coroutine always runs in a task
            raise RuntimeError("no task")
        self._exchanges.add(task)
        try:
            reused = self._is_reused(request)
            reply = await self._pipeline.receive(await _read(request), reused=reused)
            return await send(request, reply)
        finally:
            self._exchanges.discard(task)

    def _is_reused(self, request: web.BaseRequest) -> bool:
        transport = request.transport
        if transport is None or transport in self._known:
            return True
        self._known.add(transport)
        return False


async def _read(request: web.BaseRequest) -> Request:
    return Request(
        method=request.method,
        path=request.path,
        query=tuple(request.query.items()) if request.query_string else (),
        headers=tuple((name.lower(), value) for name, value in request.headers.items()),
        body=await request.read(),
    )
