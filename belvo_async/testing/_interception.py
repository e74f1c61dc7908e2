"""Takes aiohttp's place for one address. The only module that knows aioresponses."""

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from functools import partial
from typing import Final

import aiohttp
from aioresponses import CallbackResult, aioresponses
from yarl import URL

from belvo_async.testing._aioresponses import find_response_class
from belvo_async.testing._script import Answer, SentRequest, read_json

_METHODS: Final = ("GET", "POST", "PUT", "PATCH", "DELETE")


@contextmanager
def intercept(url: str, take: Callable[[SentRequest], Answer], passthrough: Iterable[str]) -> Iterator[None]:
    """Answer requests to *url* by calling *take*, for as long as the block lasts."""
    prefix = URL(url).path.rstrip("/")
    below = re.compile(re.escape(url.rstrip("/")) + "/")
    response_class = find_response_class()
    with aioresponses(passthrough=list(passthrough)) as patch:
        for method in _METHODS:
            answer = partial(_answer, method, prefix, take, response_class)
            patch.add(below, method=method, repeat=True, callback=answer)
        yield


def _answer(
    method: str,
    prefix: str,
    take: Callable[[SentRequest], Answer],
    response_class: type[aiohttp.ClientResponse],
    url: URL,
    *,
    data: object = None,
    headers: Mapping[str, str] | None = None,
    **_options: object,
) -> CallbackResult:
    request = SentRequest(
        method=method,
        path=url.path.removeprefix(prefix),
        query=dict(url.query),
        body=read_json(data),
        headers={name.lower(): value for name, value in (headers or {}).items()},
    )
    answer = take(request)
    if answer.failure == "not sent":
        raise aiohttp.ConnectionTimeoutError
    if answer.failure == "answer lost":
        raise aiohttp.ServerDisconnectedError
    return CallbackResult(
        method=method,
        status=answer.status,
        body=answer.body,
        content_type=answer.content_type,
        headers=dict(answer.headers),
        response_class=response_class,
    )
