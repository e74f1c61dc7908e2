"""Belvo without a network: answers in a script, requests in a list."""

import re
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from typing import Final, Unpack
from uuid import UUID

from belvo_async import Environment
from belvo_async.errors import NotSentError, ResponseLostError
from belvo_async.testing._bodies import (
    ChallengeFields,
    LinkFields,
    challenge_body,
    error_body,
    link_body,
    read_id,
)
from belvo_async.testing._scripted_transport import Answer, ScriptedTransport, build_response

LOOPBACK: Final = ("http://127.0.0.1", "http://localhost")
_ONE_LINK: Final = re.compile(r"/api/links/([0-9a-f-]{36})/")
_HTML: Final = {"content-type": "text/html"}
_PAGE: Final = "<html><head><title>{0}</title></head><body><h1>{0}</h1></body></html>"


class BelvoMock(ScriptedTransport):
    """A `ScriptedTransport` that knows links: pass it as `transport` to a pool, or take `mocked_belvo`.

    The PUT of a link and the PATCH that answers its challenge both count as its logins: they share a queue,
    so that a test names what happens in its order, whichever way the pool resumes.

    Example:
        >>> import asyncio
        >>> from belvo_async import Credentials, LinkUpdate, SessionPool
        >>> from belvo_async.testing import BelvoMock
        >>> link_id = "5722d0ba-69c7-4d6a-a4bd-5fb0a3b4d2a0"
        >>> async def main() -> None:
        ...     belvo = BelvoMock()
        ...     belvo.challenge(link_id)
        ...     belvo.link_updated(link_id)
        ...     keys = Credentials("id", "password")
        ...     async with SessionPool(keys, environment=belvo.url, transport=belvo) as pool:
        ...         update = LinkUpdate(link_id, password="new-password")
        ...         await pool.links.update(update, provide_token=lambda challenge: "123456")
        ...     belvo.check()
        ...     print(belvo.requests[1].body["token"])
        >>> asyncio.run(main())
        123456
    """

    def __init__(self, url: str = Environment.SANDBOX.url) -> None:
        super().__init__()
        self.url: Final = url

    def link_updated(self, link_id: str | UUID, **fields: Unpack[LinkFields]) -> None:
        """Let the link's next login succeed; *fields* are those of the link that comes back."""
        self._add_login(link_id, build_response(200, link_body(link_id, **fields)))

    def challenge(
        self, link_id: str | UUID, kind: str = "numeric", **fields: Unpack[ChallengeFields]
    ) -> None:
        """Let the link's next login meet a challenge; *fields* are those of `challenge_body`."""
        self._add_login(link_id, build_response(428, challenge_body(link_id, kind, **fields)))

    def error(
        self,
        link_id: str | UUID,
        status: int,
        code: str,
        message: str | None = None,
        *,
        headers: Mapping[str, str] | None = None,
        **extra: object,
    ) -> None:
        """Let the link's next login end in an error of this code; *extra* are more keys of its item."""
        self._add_login(link_id, build_response(status, error_body(code, message, **extra), headers=headers))

    def html_page(self, link_id: str | UUID, status: int = 403) -> None:
        """Let the link's next login end in a page of the edge: 403 is how Belvo says "too fast"."""
        page = _PAGE.format(status).encode()
        self._add_login(link_id, build_response(status, None, page, _HTML))

    def answer_lost(self, link_id: str | UUID) -> None:
        """Let the answer to the link's next login get lost: it may have reached the bank."""
        self._add_login(link_id, ResponseLostError("The response was lost."))

    def not_sent(self, link_id: str | UUID) -> None:
        """Let no connection be made for the link's next login."""
        self._add_login(link_id, NotSentError("No connection. Nothing was sent."))

    def link_read(self, link_id: str | UUID, **fields: Unpack[LinkFields]) -> None:
        """Answer the next `GET` of a link, which a pool also sends to find out about a lost answer."""
        self.reply("GET", f"/api/links/{read_id(link_id)}/", json_body=link_body(link_id, **fields))

    def _add_login(self, link_id: str | UUID, answer: Answer) -> None:
        self._answers[_name_login(str(link_id))].append(answer)

    def _name_queue(self, method: str, path: str, body: Mapping[str, object] | None = None) -> str:
        one = _ONE_LINK.fullmatch(path)
        if method == "PUT" and one is not None:
            return _name_login(one[1])
        if method == "PATCH" and path == "/api/links/" and body is not None and "link" in body:
            return _name_login(str(body["link"]))
        return super()._name_queue(method, path, body)


def _name_login(link_id: str) -> str:
    return f"a login of link {read_id(link_id)}"


@contextmanager
def mocked_belvo(
    url: str = Environment.SANDBOX.url, *, passthrough: Iterable[str] = LOOPBACK
) -> Iterator[BelvoMock]:
    """Answer all requests to *url* by a `BelvoMock`, whoever made the pool, for as long as the block lasts.

    It takes the place of the request method of aiohttp's sessions, so connections, time limits and
    middlewares do not come into play: those need a `belvo_async.sandbox.Sandbox`. Requests to other addresses
    are refused, save those that begin with *passthrough*. It works with aiohttp from 3.12.14 to 3.14.5.

    Leaving the block without an exception checks that the script was played to its end.

    Raises:
        ImportError: aioresponses is not installed.
        AssertionError: At the end of the block, an answer is left, or a request had none.
    """
    try:
        from belvo_async.testing._aioresponses import intercept  # noqa: PLC0415 - aioresponses is an extra
    except ImportError as error:
        raise ImportError(
            "mocked_belvo needs aioresponses: pip install 'belvo-async[testing]'", name=error.name
        ) from error
    mock = BelvoMock(url)
    with intercept(url, mock, passthrough):
        yield mock
    mock.check()
