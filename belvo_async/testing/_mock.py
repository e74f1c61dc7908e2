"""Belvo without a network: answers in a script, requests in a list."""

import json
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from typing import Final, Unpack
from uuid import UUID

from belvo_async import Environment
from belvo_async.testing._bodies import (
    ChallengeFields,
    LinkFields,
    challenge_body,
    error_body,
    link_body,
    read_id,
)
from belvo_async.testing._script import HTML, Answer, Script, SentRequest

LOOPBACK: Final = ("http://127.0.0.1", "http://localhost")
_PAGE: Final = "<html><head><title>{0}</title></head><body><h1>{0}</h1></body></html>"


class BelvoMock:
    """A script of Belvo's answers, each for one request, in the order in which they were added.

    The PUT of a link and the PATCH that answers its challenge both count as its logins. A request without an
    answer raises `AssertionError` at the place that sent it.

    Example:
        >>> import asyncio
        >>> from belvo_async import Credentials, LinkUpdate, SessionPool
        >>> from belvo_async.testing import mocked_belvo
        >>> link_id = "5722d0ba-69c7-4d6a-a4bd-5fb0a3b4d2a0"
        >>> async def main() -> None:
        ...     with mocked_belvo() as belvo:
        ...         belvo.challenge(link_id)
        ...         belvo.link_updated(link_id)
        ...         async with SessionPool(Credentials("id", "password"), environment=belvo.url) as pool:
        ...             update = LinkUpdate(link_id, password="new-password")
        ...             await pool.links.update(update, provide_token=lambda challenge: "123456")
        ...         print(belvo.requests[1].body["token"])
        >>> asyncio.run(main())
        123456
    """

    def __init__(self, url: str, script: Script) -> None:
        self.url: Final = url
        self._script: Final = script

    @property
    def requests(self) -> list[SentRequest]:
        """What was sent so far, in order, as a copy."""
        return list(self._script.requests)

    def link_updated(self, link_id: str | UUID, **fields: Unpack[LinkFields]) -> None:
        """Let the link's next login succeed; *fields* are those of the link that comes back."""
        self._add_login(link_id, _answer_json(200, link_body(link_id, **fields)))

    def challenge(
        self, link_id: str | UUID, kind: str = "numeric", **fields: Unpack[ChallengeFields]
    ) -> None:
        """Let the link's next login meet a challenge; *fields* are those of `challenge_body`."""
        self._add_login(link_id, _answer_json(428, challenge_body(link_id, kind, **fields)))

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
        self._add_login(link_id, _answer_json(status, error_body(code, message, **extra), headers))

    def html_page(self, link_id: str | UUID, status: int = 403) -> None:
        """Let the link's next login end in a page of the edge: 403 is how Belvo says "too fast"."""
        page = _PAGE.format(status).encode()
        self._add_login(link_id, Answer(status=status, body=page, content_type=HTML))

    def answer_lost(self, link_id: str | UUID) -> None:
        """Let the answer to the link's next login get lost: it may have reached the bank."""
        self._add_login(link_id, Answer(failure="answer lost"))

    def not_sent(self, link_id: str | UUID) -> None:
        """Let no connection be made for the link's next login."""
        self._add_login(link_id, Answer(failure="not sent"))

    def link_read(self, link_id: str | UUID, **fields: Unpack[LinkFields]) -> None:
        """Answer the next `GET` of a link, which a pool also sends to find out about a lost answer."""
        self.reply("GET", f"/api/links/{read_id(link_id)}/", json_body=link_body(link_id, **fields))

    def reply(
        self,
        method: str,
        path: str,
        status: int = 200,
        *,
        json_body: object = None,
        headers: Mapping[str, str] | None = None,
    ) -> None:
        """Answer the next request of this method and path, whatever its query."""
        self._script.add(method.upper(), path, _answer_json(status, json_body, headers))

    def check(self) -> None:
        """Check now, instead of at the end of the block, that the script was played to its end.

        Raises:
            AssertionError: An answer is left, or a request had none.
        """
        self._script.check()

    def _add_login(self, link_id: str | UUID, answer: Answer) -> None:
        self._script.add_login(str(link_id), answer)


@contextmanager
def mocked_belvo(
    url: str = Environment.SANDBOX.url, *, passthrough: Iterable[str] = LOOPBACK
) -> Iterator[BelvoMock]:
    """Answer all requests to *url* from a script, for as long as the block lasts; see `BelvoMock`.

    It takes the place of the request method of aiohttp's sessions, so connections, time limits and
    middlewares do not come into play: those need a `belvo_async.sandbox.Sandbox`. Requests to other addresses
    are refused, save those that begin with *passthrough*. It works with aiohttp from 3.12.14 to 3.14.5.

    Leaving the block without an exception checks that the script was played to its end.

    Raises:
        ImportError: aioresponses is not installed.
        AssertionError: At the end of the block, an answer is left, or a request had none.
    """
    try:
        from belvo_async.testing._interception import intercept  # noqa: PLC0415 - aioresponses is an extra
    except ImportError as error:
        raise ImportError(
            "mocked_belvo needs aioresponses: pip install 'belvo-async[testing]'", name=error.name
        ) from error
    script = Script()
    with intercept(url, script.take, passthrough):
        yield BelvoMock(url, script)
    script.check()


def _answer_json(status: int, body: object, headers: Mapping[str, str] | None = None) -> Answer:
    data = b"" if body is None else json.dumps(body).encode()
    return Answer(status=status, body=data, headers=dict(headers or {}))
