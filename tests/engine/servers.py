"""Raw servers: what a client puts on the wire, byte by byte, and answers no framework would give."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from ssl import SSLContext, SSLError

from attrs import define, field

from belvo_async import Credentials, SessionPool

KEYS = Credentials("id", "password")


def build_answer(body: bytes, status: str = "200 OK", headers: str = "") -> bytes:
    head = (
        f"HTTP/1.1 {status}\r\nContent-Type: application/json\r\nContent-Length: {len(body)}\r\n{headers}\r\n"
    )
    return head.encode() + body


@define
class Wire:
    """What a raw server saw."""

    url: str
    requests: list[bytes] = field(factory=list)
    connections: int = 0

    def count(self, method: str) -> int:
        return sum(request.startswith(method.encode()) for request in self.requests)


Reply = Callable[[Wire, asyncio.StreamWriter], Awaitable[bool]]
"""Answers the newest request; False closes the connection."""
Greet = Callable[[Wire, asyncio.StreamWriter], Awaitable[None]]
"""Speaks to a new connection before its first request."""


async def _read_request(reader: asyncio.StreamReader) -> bytes:
    head = await reader.readuntil(b"\r\n\r\n")
    length = 0
    for line in head.lower().split(b"\r\n"):
        if line.startswith(b"content-length:"):
            length = int(line.split(b":")[1])
    return head + await reader.readexactly(length)


@asynccontextmanager
async def serve(
    reply: Reply, *, ssl: SSLContext | None = None, greet: Greet | None = None
) -> AsyncIterator[Wire]:
    """Run a raw server on a free port."""
    writers: set[asyncio.StreamWriter] = set()

    async def handle(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        wire.connections += 1
        writers.add(writer)
        if greet is not None:
            await greet(wire, writer)
        try:
            while True:
                wire.requests.append(await _read_request(reader))
                if not await reply(wire, writer):
                    break
                await writer.drain()
        except (asyncio.IncompleteReadError, ConnectionError):
            pass
        finally:
            writer.close()
            writers.discard(writer)

    server = await asyncio.start_server(handle, "127.0.0.1", 0, ssl=ssl)
    base = "http://127.0.0.1" if ssl is None else "https://localhost"
    wire = Wire(url=f"{base}:{server.sockets[0].getsockname()[1]}")
    try:
        yield wire
    finally:
        server.close()
        for writer in writers:
            writer.transport.abort()
        await asyncio.sleep(0)


@asynccontextmanager
async def answer_once_with(data: bytes, **settings: object) -> AsyncIterator[tuple[SessionPool, Wire]]:
    """Run a server that gives every request the same bytes and hangs up, and a pool on it."""

    async def reply(_: Wire, writer: asyncio.StreamWriter) -> bool:
        writer.write(data)
        await writer.drain()
        return False

    # The settings are those of a pool; a test that passes another one fails at once.
    async with serve(reply) as wire, SessionPool(KEYS, environment=wire.url, **settings) as pool:  # type: ignore[arg-type]
        yield pool, wire


@asynccontextmanager
async def listen(
    talk: Callable[[asyncio.StreamReader, asyncio.StreamWriter], object], *, ssl: SSLContext | None = None
) -> AsyncIterator[int]:
    """Run a server that does with each connection what *talk* does; yield its port."""
    writers: list[asyncio.StreamWriter] = []

    async def handle(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writers.append(writer)
        try:
            result = talk(reader, writer)
            if asyncio.iscoroutine(result):
                await result
        except (asyncio.IncompleteReadError, ConnectionError, SSLError):
            pass

    server = await asyncio.start_server(handle, "127.0.0.1", 0, ssl=ssl)
    try:
        yield server.sockets[0].getsockname()[1]
    finally:
        server.close()
        for writer in writers:
            writer.transport.abort()
        await asyncio.sleep(0)
