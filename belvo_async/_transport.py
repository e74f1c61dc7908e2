"""One request over a real connection."""

import asyncio
import base64
from collections.abc import Callable
from contextlib import suppress
from typing import Any, Final, Protocol

import aiohttp
from yarl import URL

from belvo_async._connector import SENDING, Connector, Sending, open_socket
from belvo_async._http import Request, Response
from belvo_async._network import Network
from belvo_async._send_failures import describe, find_reason_for_good, lost
from belvo_async._settings import Credentials, Timeouts
from belvo_async._version import __version__
from belvo_async.errors import NotSentError, TransportError, UnreachableError

_LARGEST_BODY: Final = 16 * 1024 * 1024
"""Bytes, after decompression; a page of 1000 links has about one MiB."""
_CLOSE_LIMIT: Final = 0.5
"""Seconds that a connection has to close, whatever its peer does."""
_NEVER_SENT: Final = (
    aiohttp.ClientConnectorError,
    aiohttp.ConnectionTimeoutError,
    aiohttp.ClientHttpProxyError,
    aiohttp.ServerFingerprintMismatch,
    aiohttp.InvalidURL,
)
"""The errors before a request has left, where no connection of ours tells: with a library for tests."""


class Transport(Protocol):
    """The seam for test doubles: everything above it sends through `send`."""

    async def send(self, request: Request, depart: Callable[[], None] | None = None) -> Response:
        """Send one request once, and read its response whole.

        Args:
            request: What to send.
            depart: Called when the connection stands, right before the first byte. If it raises, nothing is
                sent, and what it raises comes out.

        Raises:
            NotSentError: Nothing left.
            AnswerLostError: The request may have arrived; its response did not.
        """
        ...

    async def aclose(self) -> None:
        """Close all connections, within a second."""
        ...


class AiohttpTransport:
    """Sends over aiohttp sessions of its own, opened on the first request.

    A login, and the status check after one, travel on a fresh connection that is closed afterwards, so that
    neither a stale connection nor a stray byte of another exchange can meet them. All other requests keep
    their connections.
    """

    def __init__(
        self,
        base_url: str,
        credentials: Credentials,
        *,
        timeouts: Timeouts,
        connections: int,
        network: Network,
    ) -> None:
        self._base: Final = URL(base_url)
        self._prefix: Final = self._base.raw_path.rstrip("/")
        self._headers: Final = _build_headers(credentials)
        self._timeouts: Final = timeouts
        self._connections: Final = connections
        self._network: Final = network
        proxy, headers = network.find_proxy(base_url)
        self._options: Final[dict[str, Any]] = {} if proxy is None else {"proxy": proxy}  # Any: aiohttp's own
        if headers:
            self._options["proxy_headers"] = headers
        self._sessions: Final[dict[bool, aiohttp.ClientSession]] = {}
        self._closed = False

    async def send(self, request: Request, depart: Callable[[], None] | None = None) -> Response:
        """Send one request once, and read its response whole; see `Transport`."""
        limit = self._timeouts.login if request.is_login else self._timeouts.read
        session = self._find_session(is_alone=request.travels_alone)
        sending = Sending(depart)
        SENDING.set(sending)
        try:
            # A limit of our own: aiohttp's lives with a connection, which may lose it.
            async with (
                asyncio.timeout(limit),
                session.request(
                    request.method,
                    self._build_url(request),
                    data=request.body,
                    headers={**self._headers, **dict(request.headers)} if request.headers else self._headers,
                    timeout=aiohttp.ClientTimeout(connect=min(self._timeouts.connect, limit / 2)),
                    allow_redirects=False,
                    raise_for_status=False,
                    **self._options,
                ) as answer,
            ):
                sending.hear()
                return await self._read(answer, request)
        except aiohttp.ClientResponseError as error:
            failure = self._translate(error, request, sending)
        except (aiohttp.ClientError, TimeoutError, OSError, RuntimeError) as error:
            # RuntimeError: aiohttp's word for a connection, or a session, that closes in between.
            raise self._translate(error, request, sending) from error
        finally:
            sending.depart = None  # timers of aiohttp keep the context, and would keep the login in memory
        raise failure  # outside: as a cause it would show the request's headers, and the keys in them

    def _find_session(self, *, is_alone: bool) -> aiohttp.ClientSession:
        if self._closed:
            raise NotSentError(
                "The session pool is closed; nothing was sent.",
                remedy="Keep the session pool open while calls are made.",
            )
        session = self._sessions.get(is_alone)
        if session is None:
            session = self._sessions[is_alone] = self._open(is_alone=is_alone)
        return session

    def _open(self, *, is_alone: bool) -> aiohttp.ClientSession:
        address = self._network.local_addr
        return aiohttp.ClientSession(
            connector=Connector(
                limit=self._connections,
                force_close=is_alone,
                ssl=True if self._network.ssl is None else self._network.ssl,
                local_addr=None if address is None else (address, 0),
                socket_factory=open_socket,
            ),
            # No headers here: aiohttp would send those of a session to a proxy, too, and the keys with them.
            cookie_jar=aiohttp.DummyCookieJar(),
            trust_env=False,
        )

    def _build_url(self, request: Request) -> URL:
        # The path is ours and its ids are checked: no parsing, no quoting.
        url = self._base.with_path(self._prefix + request.path, encoded=True)
        return url.with_query(request.query) if request.query else url

    async def _read(self, answer: aiohttp.ClientResponse, request: Request) -> Response:
        chunks: list[bytes] = []
        size = 0
        try:
            while not answer.content.at_eof():
                chunk = await answer.content.readany()
                chunks.append(chunk)
                size += len(chunk)
                if size > _LARGEST_BODY:
                    answer.close()
                    raise lost(f"body over {_LARGEST_BODY} bytes", request, answer.status)
        except (aiohttp.ClientError, TimeoutError, OSError, RuntimeError) as error:
            raise lost(type(error).__name__, request, answer.status) from error
        return Response(status=answer.status, headers=answer.headers, body=b"".join(chunks))

    def _translate(self, error: Exception, request: Request, sending: Sending) -> TransportError:
        if not sending.is_connecting and not isinstance(error, _NEVER_SENT):
            sending.hear()
        if sending.has_left:
            return lost(describe(error, request), request, None)
        reason = find_reason_for_good(error, self._base.host or "")
        if reason is not None:
            return UnreachableError(
                f"{reason} Nothing was sent.",
                remedy="Correct the address, the certificates or the proxy; see `Network`. Trying again "
                "without that cannot help.",
                link_id=request.link_id,
            )
        return NotSentError(
            f"No connection to {self._base.host} for {request.method} {request.path}: "
            f"{describe(error, request)}. Nothing was sent.",
            remedy="Check the network, the address and the proxy; it is safe to try again.",
            link_id=request.link_id,
        )

    async def aclose(self) -> None:
        """Close all connections, within a second."""
        self._closed = True
        for session in self._sessions.values():
            with suppress(TimeoutError):
                async with asyncio.timeout(_CLOSE_LIMIT):
                    await session.close()


def _build_headers(credentials: Credentials) -> dict[str, str]:
    keys = f"{credentials.secret_id}:{credentials.secret_password}".encode()
    return {
        "Authorization": f"Basic {base64.b64encode(keys).decode('ascii')}",
        "Accept": "application/json",
        "Content-Type": "application/json",
        "User-Agent": f"belvo-async/{__version__}",
    }
