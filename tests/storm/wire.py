"""HTTP/1.1 by hand: reads requests, and sends responses whole, cut, too short, too long, slowly or twice."""

import asyncio
import json
import math
import socket
import struct
from collections.abc import Awaitable, Callable
from http import HTTPStatus
from random import Random
from typing import Final, Self

from attrs import define, field, frozen

from tests.storm.clock import TurnClock
from tests.storm.faults import SOUND, Delivery

_RESET_ON_CLOSE: Final = struct.pack("ii", 1, 0)
_DAYS: Final = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
_LONGEST_IDLE: Final = 60.0
"""Seconds until a kept connection is closed: stray bytes leave no client waiting for ever."""
_JSON: Final = "application/json"
_HTML: Final = "text/html"


@frozen
class Message:
    """What a response says."""

    status: int
    body: bytes
    content_type: str = _JSON
    retry_after: int | None = None


def say(value: object, status: int = 200) -> Message:
    return Message(status, json.dumps(value).encode())


def say_code(code: str, status: int) -> Message:
    return say([{"code": code, "message": "Something went wrong", "request_id": "e" * 32}], status)


def show_page(status: int, retry_after: int | None = None) -> Message:
    page = f"<html><head><title>{status}</title></head><body>openresty</body></html>"
    return Message(status, page.encode(), _HTML, retry_after)


@frozen
class Request:
    """What a client has sent."""

    method: str
    path: str
    body: dict[str, object]

    @property
    def link_id(self) -> str:
        """The last part of the path: empty for the collection."""
        return self.path.rpartition("/api/links/")[2].rstrip("/")


@define(eq=False)
class Line:
    """One connection."""

    reader: asyncio.StreamReader
    writer: asyncio.StreamWriter
    clock: TurnClock
    is_tainted: bool = False
    """Whether bytes were sent that belong to no request: from then on nobody knows what a client reads."""
    idle_since: float = math.inf
    """From when on it has waited for a request."""

    @property
    def is_open(self) -> bool:
        """Whether the client is there."""
        return not self.reader.at_eof() and not self.writer.transport.is_closing()

    async def read(self) -> Request | None:
        """Return the next request, or None where the client has left."""
        try:
            head = await self.reader.readuntil(b"\r\n\r\n")
            body = await self.reader.readexactly(_find_length(head))
        except (asyncio.IncompleteReadError, ConnectionError):
            return None
        method, path, _ = head.split(b"\r\n", 1)[0].decode().split(" ")
        return Request(method, path, json.loads(body) if body else {})

    def cut(self, rng: Random) -> None:
        """Break the connection: with a reset, or as a process does that ends."""
        connection = self.writer.get_extra_info("socket")
        if rng.random() < 0.5 and connection is not None and self.is_open:
            connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _RESET_ON_CLOSE)
        self.writer.transport.abort()

    async def send(
        self, message: Message, delivery: Delivery, rng: Random, *, keeps: bool, announces: bool
    ) -> bool:
        """Send a response; return whether the connection can go on."""
        head = self._build_head(message, closes=not keeps and announces)
        await self._write(head, message.body, delivery, rng)
        is_usable = delivery in SOUND or delivery in (Delivery.STRAY_RESPONSE, Delivery.LONG_BODY)
        if delivery not in SOUND:
            self.is_tainted = True
        return keeps and is_usable

    async def _write(self, head: bytes, body: bytes, delivery: Delivery, rng: Random) -> None:
        write = self.writer.write
        match delivery:
            case Delivery.RESET_IN_HEAD:
                write(head[: rng.randrange(1, len(head))])
                await self._cut_soon(rng)
            case Delivery.RESET_IN_BODY:
                write(head + body[: rng.randrange(len(body))])
                await self._cut_soon(rng)
            case Delivery.SHORT_BODY:
                write(head + body[: rng.randrange(len(body))])
            case Delivery.LONG_BODY:
                write(head + body + body[: rng.randrange(1, len(body))])
            case Delivery.STRAY_RESPONSE | Delivery.STRAY_PART:
                stray = head + body
                write(stray)
                await self.clock.sleep(rng.choice((0, 0.1, 0.3, 1, 3)))
                write(stray if delivery is Delivery.STRAY_RESPONSE else stray[: rng.randrange(1, len(stray))])
            case Delivery.TRICKLED:
                await self._trickle(head + body, rng)
            case _:
                write(head + body)

    async def _trickle(self, data: bytes, rng: Random) -> None:
        parts = rng.randint(2, 6)
        size = len(data) // parts + 1
        for start in range(0, len(data), size):
            self.writer.write(data[start : start + size])
            await self.clock.sleep(rng.uniform(0.1, 3))

    async def _cut_soon(self, rng: Random) -> None:
        await self.clock.sleep(rng.choice((0, 0.2, 1)))
        self.cut(rng)

    def _build_head(self, message: Message, *, closes: bool) -> bytes:
        lines = [
            f"HTTP/1.1 {message.status} {HTTPStatus(message.status).phrase}",
            f"Date: {self._tell_date()}",
            f"Content-Type: {message.content_type}",
            f"Content-Length: {len(message.body)}",
        ]
        if message.retry_after is not None:
            lines.append(f"Retry-After: {message.retry_after}")
        if closes:
            lines.append("Connection: close")
        return ("\r\n".join(lines) + "\r\n\r\n").encode()

    def _tell_date(self) -> str:
        now = self.clock.tell_bank_time()
        return f"{_DAYS[now.weekday()]}, {now:%d %b %Y %H:%M:%S} GMT"


def _find_length(head: bytes) -> int:
    for line in head.split(b"\r\n")[1:]:
        name, _, value = line.partition(b":")
        if name.lower() == b"content-length":
            return int(value)
    return 0


Respond = Callable[[Request, Line], Awaitable[bool]]
"""Responds to a request; returns whether the connection goes on."""


@define(eq=False)
class Server:
    """Listens on a free port of this machine; knows its connections and the tasks that serve them."""

    respond: Respond
    clock: TurnClock
    tasks: set[asyncio.Task[object]] = field(factory=set)
    lines: set[Line] = field(factory=set)
    requests: int = 0
    url: str = ""
    _server: asyncio.Server | None = None

    async def __aenter__(self) -> Self:
        self.tasks.add(asyncio.create_task(self._close_idle()))
        self._server = await asyncio.start_server(self._serve, "127.0.0.1", 0)
        self.url = f"http://127.0.0.1:{self._server.sockets[0].getsockname()[1]}"
        return self

    async def __aexit__(self, *_: object) -> None:
        if self._server is not None:
            self._server.close()
        for line in self.lines:
            line.writer.transport.abort()
        tasks = [*self.tasks]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        line = Line(reader, writer, self.clock)
        if task is not None:
            self.tasks.add(task)
        self.lines.add(line)
        try:
            while (request := await self._read(line)) is not None:
                self.requests += 1
                if not await self.respond(request, line):
                    break
        except asyncio.CancelledError:
            pass  # the server closes: asyncio logs each connection that is cut off otherwise
        finally:
            writer.close()
            self.lines.discard(line)
            if task is not None:
                self.tasks.discard(task)

    async def _read(self, line: Line) -> Request | None:
        line.idle_since = self.clock.monotonic()
        try:
            return await line.read()
        finally:
            line.idle_since = math.inf

    async def _close_idle(self) -> None:
        while True:
            await self.clock.sleep(_LONGEST_IDLE / 4)
            latest = self.clock.monotonic() - _LONGEST_IDLE
            for line in [line for line in self.lines if line.idle_since < latest]:
                line.writer.close()
