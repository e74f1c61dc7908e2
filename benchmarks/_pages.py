"""A page of 1,000 links, and `json.loads` of the same bytes alone."""

import asyncio
import json
from collections.abc import Awaitable

from belvo_async._http import Response
from belvo_async._wire.requests import LINKS, build_page_read
from belvo_async._wire.responses import read_list
from belvo_async.models import Link
from belvo_async.resources._links import Links
from benchmarks._clients import Call, Sample, run_links, warm_up_and_measure
from benchmarks._server import PAGE_SIZE, Server, build_page


def list_ours(server: Server, seconds: float) -> Sample:
    """Run `pool.links.list(…).page(1)`, one at a time."""

    def read(links: Links, _: str) -> Awaitable[object]:
        return links.list(page_size=PAGE_SIZE).page(1)

    return asyncio.run(run_links(read, server, seconds, at_once=1))


def read_ours(_: Server, seconds: float) -> Sample:
    """Read the models out of a page's bytes, without a connection."""
    request = build_page_read(LINKS, ())
    response = Response(status=200, headers={"content-type": "application/json"}, body=build_page())

    async def read(_: str) -> object:
        return read_list(response, request, Link)

    return _run_alone(read, seconds)


def load_json(_: Server, seconds: float) -> Sample:
    """Run `json.loads` of a page's bytes."""

    async def load(_: str) -> object:
        return json.loads(build_page())

    return _run_alone(load, seconds)


def _run_alone(call: Call, seconds: float) -> Sample:
    return asyncio.run(warm_up_and_measure(call, seconds, at_once=1))
