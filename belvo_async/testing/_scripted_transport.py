"""A transport that answers by a script, and knows what it was sent."""

import json
from collections import defaultdict, deque
from collections.abc import Mapping
from typing import Final, TypeAlias

from attrs import field, frozen

from belvo_async.errors import NotSentError
from belvo_async.params import HttpRequest, HttpResponse, SendPermit

Answer: TypeAlias = HttpResponse | Exception


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


class ScriptedTransport:
    """A `belvo_async.params.HttpTransport` that answers by a script: for `SessionPool(…, transport=…)`.

    Each answer is for one request of its method and path, whatever its query and its keys, in the order in
    which they were added. A request without an answer raises `AssertionError` at the place that sent it.
    There is no network and nothing is patched: limits, retries and status checks are those of the pool.
    """

    def __init__(self) -> None:
        self._requests: Final[list[SentRequest]] = []
        self._answers: Final[defaultdict[str, deque[Answer]]] = defaultdict(deque)
        self._unexpected: Final[list[str]] = []

    @property
    def requests(self) -> list[SentRequest]:
        """What was sent so far, in order, as a copy."""
        return list(self._requests)

    def reply(
        self,
        method: str,
        path: str,
        status: int = 200,
        *,
        json_body: object = None,
        body: bytes = b"",
        headers: Mapping[str, str] | None = None,
    ) -> None:
        """Answer the next request of this method and path with JSON, or with *body* as it stands."""
        answer = build_response(status, json_body, body, headers)
        self._answers[self._name_queue(method.upper(), path)].append(answer)

    def fail(self, method: str, path: str, error: Exception) -> None:
        """Let the next request of this method and path raise *error*.

        With a `NotSentError` it never leaves; with any other, such as a `ResponseLostError`, it has left.
        """
        if not isinstance(error, Exception):
            raise TypeError(f"error is {type(error).__name__}, which cannot be raised; pass an exception")
        self._answers[self._name_queue(method.upper(), path)].append(error)

    def check(self) -> None:
        """Check that every request was expected, and every answer fetched.

        Raises:
            AssertionError: An answer is left, or a request had none.
        """
        if self._unexpected:
            raise AssertionError("; ".join(self._unexpected))
        left = self._list_left()
        if left:
            raise AssertionError(f"never requested{left}")

    async def send(self, request: HttpRequest, permit: SendPermit | None = None, /) -> HttpResponse:
        """Answer one request; it leaves by *permit*, as on a real connection, or at once."""
        sent = _read_request(request)
        queue = self._name_queue(sent.method, sent.path, sent.body)
        answer = self._take(queue, sent)
        if isinstance(answer, NotSentError):
            raise answer
        try:
            if permit is not None:
                await permit.wait()
                permit.leave()
        except BaseException:
            self._answers[queue].appendleft(answer)
            raise
        self._requests.append(sent)
        if isinstance(answer, Exception):
            raise answer
        return answer

    async def aclose(self) -> None:
        """Close nothing: `check` tells whether the script was played to its end."""

    def _take(self, queue: str, sent: SentRequest) -> Answer:
        if not self._answers[queue]:
            problem = f"unexpected {sent.method} {sent.path}: no answer for {queue}{self._list_left()}"
            self._unexpected.append(problem)
            raise AssertionError(problem)
        return self._answers[queue].popleft()

    def _list_left(self) -> str:
        left = [f"{queue} ({len(answers)})" for queue, answers in self._answers.items() if answers]
        return f"; answers left: {', '.join(left)}" if left else ""

    def _name_queue(self, method: str, path: str, body: Mapping[str, object] | None = None) -> str:
        del body
        if not path.startswith("/"):
            raise ValueError(f"path is {path!r}; begin it with a slash, such as /api/links/")
        return f"{method} {path}"


def build_response(
    status: int, json_body: object, body: bytes = b"", headers: Mapping[str, str] | None = None
) -> HttpResponse:
    """Build a response with a body of JSON, or with *body* where there is none."""
    content = body if json_body is None else json.dumps(json_body).encode()
    return HttpResponse(status=status, headers=headers or {}, body=content)


def _read_request(request: HttpRequest) -> SentRequest:
    try:
        body = json.loads(request.body or b"null")
    except ValueError:
        body = None
    return SentRequest(
        method=request.method,
        path=request.path,
        query=dict(request.query),
        body=body if isinstance(body, dict) else None,
        headers=request.headers,
    )
