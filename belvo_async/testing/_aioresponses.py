"""What makes aioresponses work with the aiohttp that is installed.

aiohttp 3.14 asks for a `stream_writer` to build a response, and aioresponses, up to 0.7.9 at least, does not
pass one: https://github.com/pnuckowski/aioresponses/issues/289. Its bodies of more than 128 KiB fail there
too, since it feeds them all at once to a reader whose limit is 64 KiB. Delete this module when that is fixed.
"""

import inspect
from types import SimpleNamespace
from typing import Any, Final

import aiohttp
from aiohttp.base_protocol import BaseProtocol

_LIMIT: Final = 16 * 1024 * 1024
"""Bytes; the reader pauses its connection, which is not there, at twice as many."""


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
        def content(self, _reader: aiohttp.StreamReader) -> None:
            """Ignore the reader that aioresponses makes."""

    return MockedResponse
