"""A transport that was handed in, as the engine sees one."""

from typing import Final
from urllib.parse import urlencode

from belvo_async._http import Request, Response
from belvo_async._http.hidden import HiddenText
from belvo_async._transport.failures import NEVER_LEFT
from belvo_async._transport.key_headers import PLAIN_HEADERS, build_headers, build_key_forms
from belvo_async.errors import (
    ConfigurationError,
    ResponseLostError,
)
from belvo_async.params import Credentials, Timeouts
from belvo_async.params._transport import HttpRequest, HttpResponse, HttpTransport, SendPermit


class _WatchedPermit:
    """Knows whether the transport has asked it."""

    def __init__(self, permit: SendPermit | None) -> None:
        self._permit: Final = permit
        self.has_left = False

    async def wait(self) -> None:
        if self._permit is not None:
            await self._permit.wait()

    def leave(self) -> None:
        if self._permit is not None:
            self._permit.leave()
        self.has_left = True


_PLAIN_HEADERS: Final = {name.lower(): value for name, value in PLAIN_HEADERS.items()}


class CustomTransport:
    """Completes requests with the keys of one client for an `HttpTransport`, and checks how it answers."""

    def __init__(
        self, transport: HttpTransport, base_url: str, credentials: Credentials, *, timeouts: Timeouts
    ) -> None:
        self._transport: Final = transport
        self._base: Final = base_url.rstrip("/")
        headers = {name.lower(): value for name, value in build_headers(credentials).items()}
        self._headers: Final = headers | {"authorization": HiddenText(headers["authorization"])}
        self._secrets: Final = build_key_forms(credentials)
        self._timeouts: Final = timeouts

    async def send(self, request: Request, start: SendPermit | None = None) -> Response:
        """Send one request once, and read its response whole; see `HttpTransport`."""
        permit = _WatchedPermit(start)
        try:
            response = await self._transport.send(self._complete(request), permit)
        except NEVER_LEFT as error:
            if permit.has_left:  # it said so itself, and a login that has left is not repeated
                raise ResponseLostError(
                    error.message, remedy=error.remedy, link_id=request.link_id
                ) from error
            raise
        if not isinstance(response, HttpResponse):
            raise _refuse(f"returned {type(response).__name__}, not HttpResponse", "Return an HttpResponse.")
        if not permit.has_left:
            raise _refuse(
                "answered a request that it has not let leave",
                "Let its `send` await permit.wait(), then call permit.leave(), right before it sends.",
            )
        return Response(
            status=response.status,
            headers={name.lower(): value for name, value in response.headers.items()},
            body=response.body,
            secrets=self._secrets,
        )

    def _complete(self, request: Request) -> HttpRequest:
        query = f"?{urlencode(request.query)}" if request.query else ""
        own = {name.lower(): value for name, value in request.headers}
        headers = _PLAIN_HEADERS if request.has_keys_in_body else self._headers
        return HttpRequest(
            method=request.method,
            url=f"{self._base}{request.path}{query}",
            path=request.path,
            query=request.query,
            headers={**headers, **own},
            body=request.body,
            is_login=request.is_login,
            timeout=self._timeouts.login if request.is_login else self._timeouts.read,
        )

    async def aclose(self) -> None:
        """Close nothing: others send by the transport, too; the pool closes it."""


def _refuse(problem: str, remedy: str) -> ConfigurationError:
    return ConfigurationError(f"transport {problem}.", remedy=remedy)
