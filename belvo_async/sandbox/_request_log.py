"""The log of what the sandbox received: bounded, in order of arrival."""

from datetime import datetime

from attrs import evolve, field, frozen

from belvo_async.sandbox._calls import Call, SandboxReply
from belvo_async.sandbox._faults import Fault


@frozen(kw_only=True)
class Received:
    """One request as the sandbox saw it."""

    method: str
    path: str
    at: datetime
    link_id: str | None
    body: dict[str, object] | None = field(repr=False)
    """The decoded JSON object; may hold passwords."""
    status: int | None = None
    """What was answered; None while there is no answer and where the connection was cut."""
    login: bool = False
    """Whether it reached a bank."""
    fault: str | None = None
    """The kind of the fault that struck it."""
    content_type: str | None = None
    user_agent: str | None = None
    is_async: bool = False
    """Whether it asked for the asynchronous mode."""
    reused: bool = False
    """Whether it came on a connection that had carried a request before."""


class RequestLog:
    """Keeps the newest requests, up to a limit."""

    def __init__(self, limit: int) -> None:
        self._limit = limit
        self._entries: dict[int, Received] = {}
        self._count = 0

    @property
    def entries(self) -> list[Received]:
        """A copy, oldest first."""
        return list(self._entries.values())

    def open(self, call: Call, *, reused: bool) -> int:
        """Note the arrival of *call*; return the number of its entry."""
        number = self._count
        self._count += 1
        headers = call.headers
        self._entries[number] = Received(
            method=call.request.method,
            path=call.request.path,
            at=call.at,
            link_id=call.link_id,
            body=call.data if isinstance(call.data, dict) else None,
            content_type=headers.get("content-type"),
            user_agent=headers.get("user-agent"),
            is_async=call.is_async,
            reused=reused,
        )
        self._entries.pop(number - self._limit, None)
        return number

    def close(self, number: int, reply: SandboxReply) -> None:
        """Note what became of an entry; one that was dropped meanwhile stays dropped."""
        entry = self._entries.get(number)
        if entry is None:
            return
        fault: Fault | None = reply.fault
        self._entries[number] = evolve(
            entry,
            status=None if fault is not None and fault.cuts else reply.response.status,
            login=reply.login,
            link_id=entry.link_id or reply.link_id,
            fault=None if fault is None else str(fault.kind),
        )
