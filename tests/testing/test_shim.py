import inspect
from types import SimpleNamespace
from typing import Any
from unittest.mock import Mock

import aiohttp
import pytest

from belvo_async.testing._aioresponses import find_response_class


class Old(aiohttp.ClientResponse):
    """A response as before aiohttp 3.14."""

    def __init__(self, method: str, *, writer: object, loop: object) -> None:
        self.method = method
        self.given = writer, loop


class New(aiohttp.ClientResponse):
    """A response as aiohttp 3.14 builds it."""

    def __init__(self, method: str, *, writer: object, loop: object, stream_writer: SimpleNamespace) -> None:
        self.method = method
        self.given = writer, loop, stream_writer.output_size


@pytest.fixture
def mended() -> Any:
    return find_response_class(New)


def test_a_class_that_needs_no_stream_writer_stays_as_it_is() -> None:
    assert find_response_class(Old) is Old


def test_a_class_that_needs_a_stream_writer_gets_one(mended: Any) -> None:
    loop = Mock()
    answer = mended("PUT", writer=None, loop=loop)
    assert isinstance(answer, New)
    assert answer.given == (None, loop, 0)


def test_a_stream_writer_that_is_passed_is_kept(mended: Any) -> None:
    loop = Mock()
    answer = mended("PUT", writer=None, loop=loop, stream_writer=SimpleNamespace(output_size=7))
    assert answer.given == (None, loop, 7)


async def test_a_large_body_can_be_fed_at_once(mended: Any) -> None:
    answer = mended("GET", writer=None, loop=Mock())
    answer.content = Mock()
    answer.content.feed_data(b"x" * 1_000_000)
    answer.content.feed_eof()
    assert len(await answer.content.read()) == 1_000_000


def test_the_installed_aiohttp_is_mended_only_where_it_must_be() -> None:
    needed = "stream_writer" in inspect.signature(aiohttp.ClientResponse.__init__).parameters
    assert (find_response_class() is not aiohttp.ClientResponse) is needed
