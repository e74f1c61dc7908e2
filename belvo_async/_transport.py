"""One request over a real connection. The only module that knows aiohttp."""

import base64
from collections.abc import Awaitable
from typing import Final, Protocol, TypeAlias

import aiohttp
from yarl import URL

from belvo_async._http import Request, Response
from belvo_async._settings import Credentials, Timeouts
from belvo_async._version import __version__
from belvo_async.errors import AnswerLostError, ConfigurationError, NotSentError, TransportError

_LARGEST_BODY: Final = 16 * 1024 * 1024
"""Bytes, after decompression; a page of 1000 links has about one MiB."""

HttpSession: TypeAlias = aiohttp.ClientSession
"""What a pool can borrow."""

_NEVER_SENT: Final = (
    aiohttp.ClientConnectorError,
    aiohttp.ConnectionTimeoutError,
    aiohttp.ClientHttpProxyError,
    aiohttp.ServerFingerprintMismatch,
    aiohttp.InvalidURL,
)


class Transport(Protocol):
    """The seam for test doubles: everything above it sends through `send`."""

    async def send(self, request: Request) -> Response:
        """Send one request once, and read its answer whole.

        Raises:
            NotSentError: No connection was made.
            AnswerLostError: The request may have arrived; its answer did not.
        """
        ...

    async def aclose(self) -> None:
        """Close all connections."""
        ...


class _SendOnce:
    """Refuses a second send of one request.

    aiohttp sends PUT and DELETE again by itself when a kept-alive connection drops
    (`retry_persistent_connection` in its client.py). Here that would be a second bank login.
    """

    __slots__ = ("_sent",)

    def __init__(self) -> None:
        self._sent = False

    def __call__(
        self, request: aiohttp.ClientRequest, handler: aiohttp.ClientHandlerType
    ) -> Awaitable[aiohttp.ClientResponse]:
        if self._sent:
            raise aiohttp.ServerDisconnectedError("a second send was refused")
        self._sent = True
        return handler(request)


class AiohttpTransport:
    """Sends over one aiohttp session, which it opens on the first request and closes itself."""

    def __init__(
        self,
        base_url: str,
        credentials: Credentials,
        *,
        timeouts: Timeouts,
        connections: int,
        session: HttpSession | None = None,
    ) -> None:
        if session is not None:
            _check_session(session)
        self._base: Final = URL(base_url)
        self._prefix: Final = self._base.raw_path.rstrip("/")
        headers = _build_headers(credentials)
        self._session_headers: Final = headers if session is None else {}
        self._request_headers: Final = {} if session is None else headers
        self._read_timeout: Final = _build_timeout(timeouts.read, timeouts.connect)
        self._login_timeout: Final = _build_timeout(timeouts.login, timeouts.connect)
        self._connections: Final = connections
        self._session = session
        self._owns_session: Final = session is None
        self._closed = False

    async def send(self, request: Request) -> Response:
        """Send one request once, and read its answer whole.

        Raises:
            NotSentError: No connection was made.
            AnswerLostError: The request may have arrived; its answer did not.
        """
        try:
            async with self._open().request(
                request.method,
                self._build_url(request),
                data=request.body,
                headers={**self._request_headers, **dict(request.headers)},
                timeout=self._login_timeout if request.is_login else self._read_timeout,
                allow_redirects=False,
                raise_for_status=False,
                middlewares=(_SendOnce(),),
            ) as answer:
                return await self._read(answer, request)
        except aiohttp.ClientResponseError as error:
            failure = self._translate(error, request)
        except (aiohttp.ClientError, TimeoutError, OSError) as error:
            raise self._translate(error, request) from error
        raise failure  # outside: as a cause it would show the request's headers, and the keys in them

    def _open(self) -> aiohttp.ClientSession:
        if self._closed or (self._session is not None and self._session.closed):
            raise NotSentError(
                "The HTTP session is closed; nothing was sent.",
                remedy="Keep the session pool, and a session that you lent it, open while calls are made.",
            )
        if self._session is None:
            self._session = aiohttp.ClientSession(
                connector=aiohttp.TCPConnector(limit=self._connections),
                cookie_jar=aiohttp.DummyCookieJar(),
                headers=self._session_headers,
                trust_env=False,
            )
        return self._session

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
        except (aiohttp.ClientError, TimeoutError, OSError) as error:
            raise _lost(type(error).__name__, request, answer.status) from error
        return Response(status=answer.status, headers=answer.headers, body=b"".join(chunks))

    def _translate(self, error: Exception, request: Request) -> TransportError:
        if not isinstance(error, _NEVER_SENT):
            return _lost(type(error).__name__, request, None)
        return NotSentError(
            f"No connection to {self._base.host} for {request.method} {request.path}: "
            f"{type(error).__name__}. Nothing was sent.",
            remedy="Check the network, the address and the proxy; it is safe to try again.",
            link_id=request.link_id,
        )

    async def aclose(self) -> None:
        """Close the session, unless it was borrowed."""
        self._closed = True
        if self._session is not None and self._owns_session:
            await self._session.close()


def _check_session(session: HttpSession) -> None:
    if not isinstance(session.cookie_jar, aiohttp.DummyCookieJar):
        raise ConfigurationError(
            "The session keeps cookies, which could carry one end-user's login over to another's.",
            remedy="Make it with aiohttp.ClientSession(cookie_jar=aiohttp.DummyCookieJar()).",
        )
    if session.auth is not None:
        raise ConfigurationError(
            "The session has an auth of its own.", remedy="Make it without; the pool sends the Credentials."
        )


def _build_headers(credentials: Credentials) -> dict[str, str]:
    keys = f"{credentials.secret_id}:{credentials.secret_password}".encode()
    return {
        "Authorization": f"Basic {base64.b64encode(keys).decode('ascii')}",
        "Accept": "application/json",
        "Content-Type": "application/json",
        "User-Agent": f"belvo-async/{__version__}",
    }


def _build_timeout(total: float, connect: float) -> aiohttp.ClientTimeout:
    return aiohttp.ClientTimeout(total=total, connect=min(connect, total / 2))


def _lost(what: str, request: Request, status: int | None) -> TransportError:
    return AnswerLostError(
        f"The answer to {request.method} {request.path} was lost: {what}.",
        remedy="The request may have taken effect: look at the link before you repeat it.",
        status=status,
        link_id=request.link_id,
    )
