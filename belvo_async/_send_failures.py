"""What went wrong with a request, in our words: aiohttp's errors hold the keys, and bytes of the response."""

import socket
from typing import Final

import aiohttp

from belvo_async._connector import SpokeFirstError
from belvo_async._http import Request
from belvo_async.errors import AnswerLostError, TransportError

_LONGEST_REASON: Final = 100
_FOR_GOOD: Final = frozenset({socket.EAI_NONAME, getattr(socket, "EAI_NODATA", socket.EAI_NONAME)})
"""What a name server says of a name that does not exist."""


def find_reason_for_good(error: Exception, host: str) -> str | None:
    """Return why no connection can be made until somebody changes something, or None."""
    if isinstance(error, aiohttp.ClientConnectorCertificateError):
        problem = getattr(error.certificate_error, "verify_message", "") or "it cannot be verified"
        return f"The certificate of {host} is not trusted: {problem}."
    if isinstance(error, aiohttp.ClientConnectorDNSError) and error.os_error.errno in _FOR_GOOD:
        return f"The host name {error.host} is not known."
    if isinstance(error, aiohttp.ClientHttpProxyError) and error.status == 407:
        return "The proxy refused its credentials (407)."
    return None


def describe(error: Exception, request: Request) -> str:
    """Return the name of an error and what the parser of a broken response says, without any of its bytes."""
    if isinstance(error, SpokeFirstError):
        return "the server spoke before it was asked"
    if not isinstance(error, aiohttp.ClientResponseError) or not error.message:
        return type(error).__name__
    said = next((line.strip(" :") for line in error.message.splitlines() if line.strip()), "")
    for secret in request.secrets:
        said = said.replace(secret, "[redacted]")
    shown = "".join(sign for sign in said if sign.isprintable())[:_LONGEST_REASON]
    status = f"{error.status}: " if error.status else ""
    return f"{type(error).__name__} ({status}{shown})"


def lost(what: str, request: Request, status: int | None) -> TransportError:
    return AnswerLostError(
        f"The response to {request.method} {request.path} was lost: {what}.",
        remedy="The request may have taken effect: check the link before you repeat it.",
        status=status,
        link_id=request.link_id,
    )
