"""What goes through the sandbox: a call that was read, a reply to it, a login that is under way."""

import json
from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Final, TypeAlias

from attrs import field, frozen

from belvo_async._http import Request, Response
from belvo_async.sandbox._faults import Fault


class _Malformed:
    """The mark of a body that is not JSON."""


MALFORMED: Final = _Malformed()


@frozen(kw_only=True)
class Call:
    """One request, with its body decoded."""

    request: Request
    headers: Mapping[str, str] = field(repr=False)
    """Names in lower case."""
    data: object = field(repr=False)
    """The decoded body; None when there was none, `MALFORMED` when it is not JSON."""
    at: datetime
    link_id: str | None
    """The link named in the path, in the body, or as the filter of a list."""

    @property
    def is_async(self) -> bool:
        """Whether the client asks for the asynchronous mode."""
        return self.headers.get("x-belvo-request-mode") == "async"


@frozen(kw_only=True)
class SandboxReply:
    """What the sandbox answers, and what became of the request."""

    response: Response
    login: bool = False
    """Whether a bank saw the request."""
    link_id: str | None = None
    fault: Fault | None = None
    """How the answer is spoilt on its way out."""


@frozen(kw_only=True)
class SandboxLogin:
    """A login that has reached the bank and is not decided yet."""

    seconds: float
    """How long the bank takes."""
    settle: Callable[[datetime], SandboxReply]
    """Decide it at the given time; to be called exactly once."""
    early: SandboxReply | None = None
    """What is answered before the login has ended; None: the answer is how it ended."""


Outcome: TypeAlias = SandboxReply | SandboxLogin


def read_call(request: Request, at: datetime) -> Call:
    """Decode *request*, which arrived *at* that time."""
    data = _decode(request.body)
    return Call(
        request=request,
        headers=dict(request.headers),
        data=data,
        at=at,
        link_id=_find_link(request, data),
    )


def _decode(body: bytes | None) -> object:
    if not body:
        return None
    try:
        return json.loads(body)
    except (ValueError, RecursionError):
        return MALFORMED


def _find_link(request: Request, data: object) -> str | None:
    if request.path.startswith("/api/links/") and len(request.path) > 11:
        return request.path[11:].partition("/")[0]
    named = data.get("link") if isinstance(data, dict) else dict(request.query).get("link")
    return named if isinstance(named, str) else None
