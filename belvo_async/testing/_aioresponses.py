"""Takes aiohttp's place for one address, by aioresponses.

aiohttp 3.14 asks for a `stream_writer` to build a response, and aioresponses, up to 0.7.9 at least, does not
pass one: https://github.com/pnuckowski/aioresponses/issues/289. Its bodies of more than 128 KiB fail there
too, since it feeds them all at once to a reader whose limit is 64 KiB. Delete `find_response_class` when that
is fixed.
"""

import inspect
import re
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from functools import partial
from types import SimpleNamespace
from typing import Any, Final

import aiohttp
from aiohttp.base_protocol import BaseProtocol
from aioresponses import CallbackResult, aioresponses
from yarl import URL

from belvo_async.errors import NotSentError, ResponseLostError
from belvo_async.params import HttpRequest
from belvo_async.testing._scripted_transport import ScriptedTransport

_METHODS: Final = ("GET", "POST", "PUT", "PATCH", "DELETE")
_LIMIT: Final = 16 * 1024 * 1024
"""Bytes; the reader pauses its connection, which is not there, at twice as many."""


@contextmanager
def intercept(url: str, transport: ScriptedTransport, passthrough: Iterable[str]) -> Iterator[None]:
    """Send requests to *url* by *transport*, for as long as the block lasts."""
    below = re.compile(re.escape(url.rstrip("/")) + "/")
    with aioresponses(passthrough=list(passthrough)) as patch:
        for method in _METHODS:
            send = partial(_send, transport, method, URL(url).path.rstrip("/"))
            patch.add(below, method=method, repeat=True, callback=send)
        yield


async def _send(
    transport: ScriptedTransport, method: str, prefix: str, url: URL, **options: Any
) -> CallbackResult:
    data = options.get("data")
    request = HttpRequest(
        method=method,
        url=str(url),
        path=url.path.removeprefix(prefix),
        query=tuple(url.query.items()),
        headers={name.lower(): value for name, value in (options.get("headers") or {}).items()},
        body=data if isinstance(data, bytes) else None,
    )
    try:
        response = await transport.send(request)
    except NotSentError:
        raise aiohttp.ConnectionTimeoutError from None
    except ResponseLostError:
        raise aiohttp.ServerDisconnectedError from None
    return CallbackResult(
        method=method,
        status=response.status,
        body=response.body,
        headers=dict(response.headers),
        response_class=find_response_class(),
    )


def find_response_class(
    base: type[aiohttp.ClientResponse] = aiohttp.ClientResponse,
) -> type[aiohttp.ClientResponse]:
    """Return the class for aioresponses' `response_class`: *base*, mended where that is needed."""
    if "stream_writer" not in inspect.signature(base.__init__).parameters:
        return base

    class MockedResponse(base):  # type: ignore[valid-type, misc]  # the base is a parameter
        def __init__(self, *args: Any, **options: Any) -> None:
            # All that aiohttp wants to know of it is how many bytes were sent.
            options.setdefault("stream_writer", SimpleNamespace(output_size=0))
            super().__init__(*args, **options)
            loop = options["loop"]
            self._roomy = aiohttp.StreamReader(BaseProtocol(loop), _LIMIT, loop=loop)

        @property
        def content(self) -> aiohttp.StreamReader:
            return self._roomy

        @content.setter
        def content(  # pyright: ignore[reportIncompatibleVariableOverride]  # an attribute, so that it is set
            self, _reader: aiohttp.StreamReader
        ) -> None:
            """Ignore the reader that aioresponses makes."""

    return MockedResponse
