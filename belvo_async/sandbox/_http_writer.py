"""Puts an answer on the wire, or spoils it there, with aiohttp."""

import asyncio
import socket
import struct
import zlib
from functools import lru_cache
from typing import Final

from aiohttp import web

from belvo_async._http import Response
from belvo_async.sandbox._calls import SandboxReply
from belvo_async.sandbox._faults import FaultKind

RESET_ON_CLOSE: Final = struct.pack("ii", 1, 0)
"""SO_LINGER with no time: closing sends an RST."""
CHUNK: Final = b" " * (1 << 20)
HUGE_CHUNKS: Final = 80
"""MiB."""


async def send(request: web.BaseRequest, reply: SandboxReply) -> web.StreamResponse:
    """Answer *request* with *reply*."""
    response, kind = reply.response, reply.fault and reply.fault.kind
    match kind:
        case FaultKind.RESET_BEFORE | FaultKind.RESET_AFTER:
            _cut(request.transport, reset=True)
        case FaultKind.CLOSE_BEFORE | FaultKind.CLOSE_AFTER:
            _cut(request.transport, reset=False)
        case FaultKind.TRUNCATE:
            return await _send_half(request, response)
        case FaultKind.HUGE:
            return await _stream(request, response, [b"[", *[CHUNK] * HUGE_CHUNKS, b"]"])
        case FaultKind.GZIP_BOMB:
            headers = {**response.headers, "content-encoding": "gzip"}
            return await _stream(request, Response(status=response.status, headers=headers), [_build_bomb()])
        case _:
            pass
    return web.Response(status=response.status, headers=response.headers, body=response.body)


def _cut(transport: asyncio.Transport | None, *, reset: bool) -> None:
    """End the connection; the answer that follows goes nowhere."""
    if transport is None:
        return
    if not reset:
        transport.close()
        return
    connection = transport.get_extra_info("socket")
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, RESET_ON_CLOSE)
    transport.abort()


async def _send_half(request: web.BaseRequest, response: Response) -> web.StreamResponse:
    stream = web.StreamResponse(status=response.status, headers=response.headers)
    stream.content_length = len(response.body)
    try:
        await stream.prepare(request)
        await stream.write(response.body[: len(response.body) // 2])
    except ConnectionError:
        return stream
    _cut(request.transport, reset=False)
    return stream


async def _stream(request: web.BaseRequest, response: Response, chunks: list[bytes]) -> web.StreamResponse:
    stream = web.StreamResponse(status=response.status, headers=response.headers)
    try:
        await stream.prepare(request)
        for chunk in chunks:
            await stream.write(chunk)
    except ConnectionError:
        pass  # The client has seen enough and hung up.
    return stream


@lru_cache(maxsize=1)
def _build_bomb() -> bytes:
    packer = zlib.compressobj(level=1, wbits=31)
    return b"".join(
        (
            packer.compress(b"["),
            *(packer.compress(CHUNK) for _ in range(HUGE_CHUNKS)),
            packer.compress(b"]"),
            packer.flush(),
        )
    )
