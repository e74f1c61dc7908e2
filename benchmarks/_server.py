"""A stand-in for Belvo in a process of its own, as cheap as Python allows: never the bottleneck."""

import asyncio
import multiprocessing
import os
import ssl
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from multiprocessing.connection import Connection
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final

import trustme
from attrs import frozen

_END: Final = b"\r\n\r\n"
_LENGTH: Final = b"content-length:"
_ID: Final = "%ID%"
_LINK: Final = (
    '{"id":"%ID%","institution":"erebor_mx_retail","access_mode":"recurrent","status":"valid",'
    '"refresh_rate":"7d","created_by":"bcef7f35-67f2-4b19-b009-cb38795faf09",'
    '"last_accessed_at":"2026-01-05T12:45:11.512345Z","external_id":"user-0042",'
    '"created_at":"2025-08-18T20:44:29.110352Z",'
    '"institution_user_id":"sooE7XJWEKypZJR603ecaWYk-8Ap0oD-Nr1pBQ4eG9c=",'
    '"credentials_storage":"store","stale_in":"365d","fetch_resources":["ACCOUNTS","OWNERS","TRANSACTIONS"]}'
)
"""The documented answer to `PUT /api/links/{id}/`: every field of a link."""
_HEAD: Final = (
    "HTTP/1.1 200 OK\r\nServer: nginx\r\nDate: Mon, 05 Jan 2026 12:45:12 GMT\r\n"
    "Content-Type: application/json\r\nContent-Length: {length}\r\nConnection: keep-alive\r\n"
    "Vary: Accept\r\nAllow: GET, PUT, PATCH, DELETE, HEAD, OPTIONS\r\n"
    "X-Request-Id: 4363b08b51af464b8cb6a4e2a5eb3c9e\r\n\r\n"
)
"""As a Django REST application behind nginx answers."""
_ID_LENGTH: Final = 36
_BODY_LENGTH: Final = len(_LINK) - len(_ID) + _ID_LENGTH
_BEFORE, _, _AFTER = (_HEAD.format(length=_BODY_LENGTH) + _LINK).encode().partition(_ID.encode())
_ROOT: Final = _HEAD.format(length=2).encode() + b"{}"
_ONE: Final = (b"PUT /api/links/", b"GET /api/links/")
_MANY: Final = b"GET /api/links/?"
_HOST: Final = "127.0.0.1"

PAGE_SIZE: Final = 1_000
SAMPLE_LINK: Final = _LINK.replace(_ID, "30cb4806-6e00-48a4-91c9-ca55968576c8").encode()
"""One such answer's body."""


@frozen
class Server:
    """Where the server listens."""

    url: str
    authority: str | None = None
    """The file with the certificate of the authority to trust; None without TLS."""

    def trust(self) -> ssl.SSLContext | None:
        """Return what a client needs to connect; None without TLS."""
        return None if self.authority is None else ssl.create_default_context(cafile=self.authority)


@cache
def build_page() -> bytes:
    """Return the body of a list's page, of as many links as Belvo gives at once."""
    links = ",".join(_LINK.replace(_ID, f"30cb4806-6e00-48a4-91c9-{n:012x}") for n in range(PAGE_SIZE))
    return f'{{"count":{PAGE_SIZE},"next":null,"previous":null,"results":[{links}]}}'.encode()


class _Connection(asyncio.Protocol):
    """Answers every request with success, without looking at more of it than its link's id and length."""

    def __init__(self) -> None:
        self._data = b""
        self._transport: asyncio.WriteTransport | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Keep the transport for the answers."""
        if isinstance(transport, asyncio.WriteTransport):
            self._transport = transport

    def data_received(self, data: bytes) -> None:
        """Answer every request that is complete."""
        self._data += data
        while (size := _find_size(self._data)) is not None:
            request, self._data = self._data[:size], self._data[size:]
            if self._transport is not None:
                self._transport.write(_answer(request))


def _find_size(data: bytes) -> int | None:
    """Return how many bytes the first request has, or None while some are missing."""
    end = data.find(_END)
    if end < 0:
        return None
    size = end + len(_END)
    lower = data[:size].lower()
    at = lower.find(_LENGTH)
    if at >= 0:
        size += int(lower[at + len(_LENGTH) : lower.index(b"\r", at)])
    return size if len(data) >= size else None


def _answer(request: bytes) -> bytes:
    if request.startswith(_MANY):
        return _HEAD.format(length=len(build_page())).encode() + build_page()
    if request.startswith(_ONE):
        start = len(_ONE[0])
        return _BEFORE + request[start : start + _ID_LENGTH] + _AFTER
    return _ROOT


async def _serve(port: Connection, certificate: str | None) -> None:
    context = None
    if certificate is not None:
        context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
        context.load_cert_chain(certificate)
    server = await asyncio.get_running_loop().create_server(_Connection, _HOST, 0, backlog=512, ssl=context)
    port.send(server.sockets[0].getsockname()[1])
    await server.serve_forever()


def _main(core: int, port: Connection, certificate: str | None) -> None:
    os.sched_setaffinity(0, {core})
    asyncio.run(_serve(port, certificate))


@contextmanager
def run_server(core: int) -> Iterator[Server]:
    """Run the server on *core*, without TLS."""
    with _run(core, None) as port:
        yield Server(f"http://{_HOST}:{port}")


@contextmanager
def run_tls_server(core: int) -> Iterator[Server]:
    """Run the server on *core*, with a certificate made for it."""
    with TemporaryDirectory() as directory:
        theirs, trusted = Path(directory, "server.pem"), Path(directory, "authority.pem")
        authority = trustme.CA()
        authority.issue_cert(_HOST).private_key_and_cert_chain_pem.write_to_path(theirs)
        authority.cert_pem.write_to_path(trusted)
        with _run(core, str(theirs)) as port:
            yield Server(f"https://{_HOST}:{port}", str(trusted))


@contextmanager
def _run(core: int, certificate: str | None) -> Iterator[int]:
    context = multiprocessing.get_context("spawn")
    ours, theirs = context.Pipe()
    process = context.Process(target=_main, args=(core, theirs, certificate), daemon=True)
    process.start()
    try:
        yield ours.recv()
    finally:
        process.terminate()
        process.join()
