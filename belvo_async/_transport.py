"""One request over a real connection. The only module that knows aiohttp."""

import asyncio
import base64
import socket
from collections.abc import Callable
from contextlib import suppress
from contextvars import ContextVar
from typing import TYPE_CHECKING, Any, Final, Protocol

import aiohttp
from attrs import define
from yarl import URL

from belvo_async._http import Request, Response
from belvo_async._network import Network
from belvo_async._settings import Credentials, Timeouts
from belvo_async._version import __version__
from belvo_async.errors import AnswerLostError, NotSentError, TransportError, UnreachableError

if TYPE_CHECKING:
    from aiohttp.connector import Connection

_LARGEST_BODY: Final = 16 * 1024 * 1024
"""Bytes, after decompression; a page of 1000 links has about one MiB."""
_CLOSE_LIMIT: Final = 0.5
"""Seconds that a connection has to close, whatever its peer does."""
_LONGEST_REASON: Final = 100
_KEEP_ALIVE: Final = (("TCP_KEEPIDLE", 30), ("TCP_KEEPALIVE", 30), ("TCP_KEEPINTVL", 10), ("TCP_KEEPCNT", 6))
"""Seconds of silence before the first probe (the second name is that of macOS), seconds between probes, and
how many may be lost: a login is silent for up to five minutes, and a NAT forgets a connection earlier."""
_FOR_GOOD: Final = frozenset({socket.EAI_NONAME, getattr(socket, "EAI_NODATA", socket.EAI_NONAME)})
"""What a name server says of a name that does not exist."""
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


@define
class _Sending:
    """How far one request has come."""

    depart: Callable[[], None] | None
    is_connecting: bool = False
    has_left: bool = False

    def leave(self) -> None:
        """Note that the connection stands, and the first byte leaves now: once.

        aiohttp sends PUT and DELETE again by itself when a kept-alive connection drops
        (`retry_persistent_connection` in its client.py). Here that would be a second bank login.
        """
        if self.has_left:
            raise aiohttp.ServerDisconnectedError("a second send was refused")
        if self.depart is not None:
            self.depart()
        self.has_left = True

    def hear(self) -> None:
        """Note that a response came, or was lost: a library for tests gives one without a connection."""
        if not self.is_connecting:
            self.leave()


_SENDING: Final[ContextVar[_Sending]] = ContextVar("belvo_async_sending")


class _Connector(aiohttp.TCPConnector):
    """Tells the request that is being sent when its connection stands; a tunnel and TLS are part of it."""

    async def connect(self, *args: Any, **options: Any) -> "Connection":  # Any: aiohttp's own, passed on
        sending = _SENDING.get()
        sending.is_connecting = True
        connection = await super().connect(*args, **options)
        try:
            sending.leave()
        except BaseException:
            connection.close()
            raise
        return connection


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
        sending = _Sending(depart)
        _SENDING.set(sending)
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
            connector=_Connector(
                limit=self._connections,
                force_close=is_alone,
                ssl=True if self._network.ssl is None else self._network.ssl,
                local_addr=None if address is None else (address, 0),
                socket_factory=_open_socket,
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
                    raise _lost(f"body over {_LARGEST_BODY} bytes", request, answer.status)
        except (aiohttp.ClientError, TimeoutError, OSError, RuntimeError) as error:
            raise _lost(type(error).__name__, request, answer.status) from error
        return Response(status=answer.status, headers=answer.headers, body=b"".join(chunks))

    def _translate(self, error: Exception, request: Request, sending: _Sending) -> TransportError:
        if not sending.is_connecting and not isinstance(error, _NEVER_SENT):
            sending.hear()
        if sending.has_left:
            return _lost(_describe(error, request), request, None)
        reason = _find_reason_for_good(error, self._base.host or "")
        if reason is not None:
            return UnreachableError(
                f"{reason} Nothing was sent.",
                remedy="Correct the address, the certificates or the proxy; see `Network`. Trying again "
                "without that cannot help.",
                link_id=request.link_id,
            )
        return NotSentError(
            f"No connection to {self._base.host} for {request.method} {request.path}: "
            f"{_describe(error, request)}. Nothing was sent.",
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


def _open_socket(address: tuple[Any, ...]) -> socket.socket:  # Any: what getaddrinfo returns
    family, kind, protocol, _, _ = address
    opened = socket.socket(family, kind, protocol)
    opened.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
    for name, value in _KEEP_ALIVE:
        option = getattr(socket, name, None)
        if option is not None:
            opened.setsockopt(socket.IPPROTO_TCP, option, value)
    return opened


def _build_headers(credentials: Credentials) -> dict[str, str]:
    keys = f"{credentials.secret_id}:{credentials.secret_password}".encode()
    return {
        "Authorization": f"Basic {base64.b64encode(keys).decode('ascii')}",
        "Accept": "application/json",
        "Content-Type": "application/json",
        "User-Agent": f"belvo-async/{__version__}",
    }


def _find_reason_for_good(error: Exception, host: str) -> str | None:
    """Return why no connection can be made until somebody changes something, or None."""
    if isinstance(error, aiohttp.ClientConnectorCertificateError):
        problem = getattr(error.certificate_error, "verify_message", "") or "it cannot be verified"
        return f"The certificate of {host} is not trusted: {problem}."
    if isinstance(error, aiohttp.ClientConnectorDNSError) and error.os_error.errno in _FOR_GOOD:
        return f"The host name {error.host} is not known."
    if isinstance(error, aiohttp.ClientHttpProxyError) and error.status == 407:
        return "The proxy refused its credentials (407)."
    return None


def _describe(error: Exception, request: Request) -> str:
    """Return the name of an error and what the parser of a broken response says, without any of its bytes."""
    if not isinstance(error, aiohttp.ClientResponseError) or not error.message:
        return type(error).__name__
    said = next((line.strip(" :") for line in error.message.splitlines() if line.strip()), "")
    for secret in request.secrets:
        said = said.replace(secret, "[redacted]")
    shown = "".join(sign for sign in said if sign.isprintable())[:_LONGEST_REASON]
    status = f"{error.status}: " if error.status else ""
    return f"{type(error).__name__} ({status}{shown})"


def _lost(what: str, request: Request, status: int | None) -> TransportError:
    return AnswerLostError(
        f"The response to {request.method} {request.path} was lost: {what}.",
        remedy="The request may have taken effect: check the link before you repeat it.",
        status=status,
        link_id=request.link_id,
    )
