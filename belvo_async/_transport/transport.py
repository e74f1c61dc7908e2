"""One request over a real connection."""

import asyncio
from collections.abc import Mapping
from contextlib import suppress
from typing import Any, Final, Protocol

import aiohttp
from yarl import URL

from belvo_async._event_loop import close_all
from belvo_async._http import Request, Response
from belvo_async._transport.connector import SENDING, Connector, Sending, Sockets
from belvo_async._transport.failures import BodyTooLargeError, Route, build_lost, build_not_sent
from belvo_async._transport.frames import drop_frames
from belvo_async._transport.key_headers import PLAIN_HEADERS, build_headers, build_key_forms
from belvo_async.errors import NotSentError, TransportError
from belvo_async.params import Credentials, Network, Timeouts
from belvo_async.params._transport import SendPermit

_LARGEST_BODY: Final = 16 * 1024 * 1024
"""Bytes, after decompression; a page of 1000 links has about one MiB."""
_NO_LIMIT: Final = aiohttp.ClientTimeout(total=None, connect=None, sock_connect=None, sock_read=None)
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

_FAILURES: Final = (aiohttp.ClientError, TimeoutError, OSError, RuntimeError)
"""RuntimeError is aiohttp's word for a connection, or a session, that closes in between."""


class Transport(Protocol):
    """Sends the requests of one client: everything above it goes through `send`."""

    async def send(self, request: Request, start: SendPermit | None = None) -> Response:
        """Send one request once, and read its response whole.

        Args:
            request: What to send.
            start: Asked when the connection stands, right before the first byte. If it raises, nothing is
                sent, and what it raises comes out.

        Raises:
            NotSentError: Nothing left.
            ResponseLostError: The request may have arrived; its response did not.
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
        network: Network,
    ) -> None:
        self._base: Final = URL(base_url)
        self._prefix: Final = self._base.raw_path.rstrip("/")
        self._headers: Final = build_headers(credentials)
        self._secrets: Final = build_key_forms(credentials)
        self._timeouts: Final = timeouts
        self._network: Final = network
        proxy, headers = network.find_proxy(base_url)
        self._options: Final[dict[str, Any]] = {} if proxy is None else {"proxy": proxy}  # Any: aiohttp's own
        if headers:
            self._options["proxy_headers"] = headers
        self._route: Final = Route(self._base, None if proxy is None else URL(proxy))
        self._sessions: Final[dict[bool, aiohttp.ClientSession]] = {}
        self._sockets: Final = Sockets()
        self._under_way: Final[set[Sending]] = set()
        self._closed = False

    async def send(self, request: Request, start: SendPermit | None = None) -> Response:
        """Send one request once, and read its response whole; see `Transport`."""
        session = self._find_session(is_alone=request.travels_alone)
        limit = self._timeouts.login if request.is_login else self._timeouts.read
        sending = Sending(start, connect_limit=self._timeouts.connect, response_limit=limit)
        SENDING.set(sending)
        self._under_way.add(sending)
        try:
            result = await self._attempt(session, request, sending)
        except BaseException as error:  # a cancellation, or what nobody foresees
            drop_frames(error, _ATTEMPT)
            raise
        finally:
            self._under_way.discard(sending)
            sending.forget()
        if isinstance(result, Response):
            return result
        raise result  # here: errors of aiohttp, and the frames of their tracebacks, hold keys and response

    async def _attempt(
        self, session: aiohttp.ClientSession, request: Request, sending: Sending
    ) -> Response | Exception:
        try:
            # A limit of our own: aiohttp's lives with a connection, which may lose it.
            async with (
                asyncio.timeout(None) as sending.limit,
                session.request(
                    request.method,
                    self._build_url(request),
                    data=request.body,
                    headers=self._find_headers(request),
                    timeout=_NO_LIMIT,
                    allow_redirects=False,
                    raise_for_status=False,
                    **self._options,
                ) as answer,
            ):
                await sending.hear()
                sending.status = answer.status
                return Response(
                    status=answer.status,
                    headers=answer.headers,
                    body=await _read_body(answer),
                    secrets=self._secrets,
                )
        except Exception as error:
            if sending.refusal is not None:
                return sending.refusal.with_traceback(sending.refused_at)
            if not isinstance(error, _FAILURES):
                raise
            return await self._translate(error, request, sending)

    def _find_headers(self, request: Request) -> Mapping[str, str]:
        headers = PLAIN_HEADERS if request.has_keys_in_body else self._headers
        return {**headers, **dict(request.headers)} if request.headers else headers

    def _find_session(self, *, is_alone: bool) -> aiohttp.ClientSession:
        if self._closed:
            raise _build_closed()
        session = self._sessions.get(is_alone)
        if session is None:
            session = self._sessions[is_alone] = self._open(is_alone=is_alone)
        return session

    def _open(self, *, is_alone: bool) -> aiohttp.ClientSession:
        address = self._network.local_addr
        return aiohttp.ClientSession(
            connector=Connector(
                limit=0,  # the slots of the pool are the limit
                force_close=is_alone,
                ssl=True if self._network.ssl is None else self._network.ssl,
                local_addr=None if address is None else (address, 0),
                socket_factory=self._sockets.open,
                # As the machine looks names up. By default aiohttp takes aiodns where that is installed, and
                # its errors have no number: a name that does not exist would be tried again.
                resolver=aiohttp.ThreadedResolver(),
            ),
            # No headers here: aiohttp would send those of a session to a proxy, too, and the keys with them.
            cookie_jar=aiohttp.DummyCookieJar(),
            trust_env=False,
        )

    def _build_url(self, request: Request) -> URL:
        # The path is ours and its ids are checked: no parsing, no quoting.
        url = self._base.with_path(self._prefix + request.path, encoded=True)
        return url.with_query(request.query) if request.query else url

    async def _translate(self, error: Exception, request: Request, sending: Sending) -> TransportError:
        if not isinstance(error, _NEVER_SENT):
            await sending.hear()
        if sending.has_left:
            return build_lost(error, request, sending.status)
        if self._closed:
            return _build_closed()
        return build_not_sent(error, request, self._route)

    async def aclose(self) -> None:
        """Close all connections, within a second."""
        self._closed = True
        for sending in self._under_way:
            sending.stop()
        self._sockets.shut_down()
        with suppress(TimeoutError):
            async with asyncio.timeout(_CLOSE_LIMIT):
                await close_all(*(session.close() for session in self._sessions.values()))
                while self._under_way or self._sockets.are_open:  # noqa: ASYNC110 - a socket has no event
                    await asyncio.sleep(0.001)


async def _read_body(answer: aiohttp.ClientResponse) -> bytes:
    chunks: list[bytes] = []
    size = 0
    while not answer.content.at_eof():
        chunk = await answer.content.readany()
        chunks.append(chunk)
        size += len(chunk)
        if size > _LARGEST_BODY:
            answer.close()
            raise BodyTooLargeError
    return b"".join(chunks)


def _build_closed() -> NotSentError:
    return NotSentError(
        "The session pool is closed; nothing was sent.",
        remedy="Keep the session pool open while calls are made.",
    )


_ATTEMPT: Final = AiohttpTransport._attempt.__code__  # noqa: SLF001 - our own
"""Its frame holds the response of aiohttp, whose `repr` shows all headers."""
