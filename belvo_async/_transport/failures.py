"""What went wrong with a request, in words of our own.

No byte of a response shows, nor any error of aiohttp: a response may echo a password, and the errors hold the
headers of the request, with the keys.
"""

import os
import socket
import ssl
from typing import Final

import aiohttp
from aiohttp import http_exceptions as parsing
from attrs import frozen
from yarl import URL

from belvo_async._http import Request
from belvo_async._transport.connector import SpokeFirstError
from belvo_async.errors import (
    CoordinatorError,
    NotSentError,
    PoolBusyError,
    PoolClosedError,
    ResponseLostError,
    TransportError,
    UnreachableError,
)

NEVER_LEFT: Final = (NotSentError, PoolBusyError, PoolClosedError, CoordinatorError)
"""The errors of an attempt that surely reached nobody."""
_FOR_GOOD: Final = frozenset({socket.EAI_NONAME, getattr(socket, "EAI_NODATA", socket.EAI_NONAME)})
"""What a name server says of a name that does not exist."""
_NO_TLS: Final = frozenset({"WRONG_VERSION_NUMBER", "RECORD_LAYER_FAILURE", "UNKNOWN_PROTOCOL"})
"""What OpenSSL says of a peer that speaks plainly; the second since 3.2, the third before 1.1."""


class BodyTooLargeError(aiohttp.ClientError):
    """A response has a longer body than any of Belvo's."""


_REASONS: Final[tuple[tuple[type[Exception], str], ...]] = (
    (BodyTooLargeError, "its body is too long"),
    (SpokeFirstError, "the server spoke before it was asked"),
    (parsing.LineTooLong, "a line of its head is too long"),
    (parsing.BadStatusLine, "its status line is not one of HTTP"),
    (parsing.InvalidHeader, "a header is malformed"),
    (parsing.TransferEncodingError, "its chunks are malformed"),
    (parsing.ContentLengthError, "its body is shorter than it says"),
    (parsing.ContentEncodingError, "its body cannot be decompressed"),
    (parsing.HttpProcessingError, "it is not valid HTTP"),
)
"""What the parser complains about; its own messages quote the response."""


@frozen
class Route:
    """Whom a connection is made to."""

    server: URL
    proxy: URL | None

    def is_proxys(self, error: Exception) -> bool:
        """Whether it was the connection to the proxy that failed, and not the one through it."""
        if self.proxy is None:
            return False
        if isinstance(error, aiohttp.ClientConnectorError):
            return (error.host, error.port) == (self.proxy.raw_host, self.proxy.port)
        return isinstance(error, aiohttp.ClientHttpProxyError)

    def name_peer(self, error: Exception) -> str:
        """Return whose connection failed: the server's host, or the proxy."""
        if self.proxy is not None and self.is_proxys(error):
            return f"the proxy {self.proxy.host}"
        return self.server.host or ""


def build_lost(error: Exception, request: Request, status: int | None) -> TransportError:
    """Build the error of a request that left, and whose response did not come whole."""
    return ResponseLostError(
        f"The response to {request.method} {request.path} was lost: {_describe(error)}.",
        remedy="The request may have taken effect: check the link before you repeat it.",
        status=status,
        link_id=request.link_id,
    )


def build_not_sent(error: Exception, request: Request, route: Route) -> NotSentError:
    """Build the error of a request that never left."""
    reason = _find_reason_for_good(error, route)
    if reason is not None:
        return UnreachableError(
            f"{reason} Nothing was sent.",
            remedy="Correct the address, the certificates or the proxy; see `Network`. Trying again "
            "without that cannot help.",
            link_id=request.link_id,
        )
    return NotSentError(
        f"No connection to {route.name_peer(error)} for {request.method} {request.path}: "
        f"{_describe(error)}. Nothing was sent.",
        remedy="Check the network, the address and the proxy; it is safe to try again.",
        link_id=request.link_id,
    )


def _find_reason_for_good(error: Exception, route: Route) -> str | None:
    """Return why no connection can be made until somebody changes something, or None."""
    peer = route.name_peer(error)
    if isinstance(error, aiohttp.ClientConnectorCertificateError):
        problem = getattr(error.certificate_error, "verify_message", "") or "it cannot be verified"
        return f"The certificate of {peer} is not trusted: {problem}."
    if isinstance(error, aiohttp.ClientConnectorDNSError) and error.os_error.errno in _FOR_GOOD:
        return f"The host name {'of ' if route.is_proxys(error) else ''}{peer} is not known."
    if isinstance(error, aiohttp.ClientConnectorSSLError) and error.os_error.reason in _NO_TLS:
        return f"There is no TLS on port {error.port} of {peer}."
    if isinstance(error, aiohttp.ClientHttpProxyError) and error.status == 407:
        return "The proxy refused its credentials (407)."
    return None


def _describe(error: Exception) -> str:
    if isinstance(error, aiohttp.ClientHttpProxyError):
        return f"it answered {error.status}"
    detail = _find_reason(error) or _find_detail(error)
    return f"{detail} ({type(error).__name__})" if detail else type(error).__name__


def _find_reason(error: BaseException) -> str:
    """Return what the parser complained about, which is the deepest cause."""
    cause = error.__cause__
    found = "" if cause is None else _find_reason(cause)
    return found or next((reason for kind, reason in _REASONS if isinstance(error, kind)), "")


def _find_detail(error: Exception) -> str:
    """Return what the system says of a connection; its texts are constant."""
    cause = error.os_error if isinstance(error, aiohttp.ClientConnectorError) else error
    if isinstance(cause, ssl.SSLError):
        return (cause.reason or "").lower().replace("_", " ")
    if isinstance(cause, socket.gaierror):
        return "the name server does not answer"
    return os.strerror(cause.errno) if isinstance(cause, OSError) and cause.errno else ""
