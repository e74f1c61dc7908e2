"""What a mocked Belvo is to answer to which request, and what it was sent."""

import json
import re
from collections import defaultdict, deque
from collections.abc import Mapping
from typing import Final, Literal

from attrs import field, frozen

from belvo_async.testing._bodies import read_id

HTML: Final = "text/html"
_ONE_LINK: Final = re.compile(r"/api/links/([0-9a-f-]{36})/")
_LINKS: Final = "/api/links/"


@frozen(kw_only=True)
class SentRequest:
    """One request that a session pool sent."""

    method: str
    path: str
    query: Mapping[str, str]
    body: Mapping[str, object] | None = field(repr=False)
    """The decoded JSON, with passwords and tokens."""
    headers: Mapping[str, str] = field(repr=False)
    """By lower-case name, with the API keys."""


@frozen(kw_only=True)
class Answer:
    """What comes back for one request."""

    status: int = 200
    body: bytes = field(default=b"", repr=False)
    content_type: str = "application/json"
    headers: Mapping[str, str] = field(factory=dict)
    failure: Literal["answer lost", "not sent"] | None = None
    """What happens instead of an answer."""


class Script:
    """Queues of answers: one for the logins of each link, one for each other method and path.

    A login is the PUT of a link, or the PATCH that answers its challenge: they share a queue, so that a test
    names what happens in its order, whichever way the pool resumes.
    """

    def __init__(self) -> None:
        self.requests: Final[list[SentRequest]] = []
        self._answers: Final[defaultdict[str, deque[Answer]]] = defaultdict(deque)
        self._unexpected: Final[list[str]] = []

    def add_login(self, link_id: str, answer: Answer) -> None:
        """Queue what comes back for a link's next login."""
        self._answers[_name_login(link_id)].append(answer)

    def add(self, method: str, path: str, answer: Answer) -> None:
        """Queue what comes back for the next request of this method and path."""
        self._answers[_find_queue(method, path, None)].append(answer)

    def take(self, request: SentRequest) -> Answer:
        """Note a request, and return its answer.

        Raises:
            AssertionError: There is none.
        """
        self.requests.append(request)
        queue = _find_queue(request.method, request.path, request.body)
        if not self._answers[queue]:
            problem = f"unexpected {request.method} {request.path}: no answer for {queue}{self._list_left()}"
            self._unexpected.append(problem)
            raise AssertionError(problem)
        return self._answers[queue].popleft()

    def check(self) -> None:
        """Check that every request was expected, and every answer fetched.

        Raises:
            AssertionError: Not so.
        """
        if self._unexpected:
            raise AssertionError("; ".join(self._unexpected))
        left = self._list_left()
        if left:
            raise AssertionError(f"never requested{left}")

    def _list_left(self) -> str:
        left = [f"{queue} ({len(answers)})" for queue, answers in self._answers.items() if answers]
        return f"; answers left: {', '.join(left)}" if left else ""


def _find_queue(method: str, path: str, body: Mapping[str, object] | None) -> str:
    one = _ONE_LINK.fullmatch(path)
    if method == "PUT" and one is not None:
        return _name_login(one[1])
    if method == "PATCH" and path == _LINKS and body is not None and isinstance(body.get("link"), str):
        return _name_login(str(body["link"]))
    return f"{method} {path}"


def _name_login(link_id: str) -> str:
    return f"a login of link {read_id(link_id)}"


def read_json(data: object) -> Mapping[str, object] | None:
    """Return the JSON object of a request body, or None where it is none."""
    if not isinstance(data, bytes | str):
        return None
    try:
        body = json.loads(data)
    except ValueError:
        return None
    return body if isinstance(body, dict) else None
