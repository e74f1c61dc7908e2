"""What a transport is: a protocol, and the requests and responses that go through it, as plain values."""

from collections.abc import Mapping
from typing import Protocol, runtime_checkable

from attrs import field, frozen
from attrs.converters import optional
from attrs.validators import instance_of

from belvo_async._http.hidden import Body
from belvo_async.params._checks import Secretive


class SendPermit(Protocol):
    """Lets one request leave, within the limits of its pool; a transport asks it before the first byte."""

    async def wait(self) -> None:
        """Wait until the request may leave, and prepare for that.

        Await it when the connection stands, and once more where that has closed again before `leave`.
        """
        ...

    def leave(self) -> None:
        """Note that the first byte leaves now: from here on a login may reach the bank."""
        ...


@frozen(kw_only=True)
class HttpRequest(Secretive):
    """One HTTP request, complete with its address and its API keys. Its `repr` shows no secret."""

    method: str
    url: str
    """The whole address, with the query."""
    path: str
    """Without the environment's address and the query, as Belvo's reference has it: `/api/links/`."""
    query: tuple[tuple[str, str], ...] = ()
    headers: Mapping[str, str] = field(factory=dict, repr=False)
    """By names in lower case; with the API keys, in `authorization`."""
    body: bytes | None = field(default=None, repr=False, converter=optional(Body))
    """JSON, encoded. It may hold passwords and tokens: its own `repr` and `str` tell its length alone."""
    is_login: bool = False
    """Whether a bank may see it: send it once, and on a fresh connection."""
    timeout: float | None = None
    """Seconds for the whole response, from when the request leaves (`Timeouts`); None: no limit."""


@frozen(kw_only=True)
class HttpResponse(Secretive):
    """One HTTP response, read to its end. Its `repr` shows the status alone, as it may echo a secret."""

    status: int = field(validator=instance_of(int))
    headers: Mapping[str, str] = field(factory=dict, repr=False)
    """By names in upper or lower case."""
    body: bytes = field(default=b"", repr=False, converter=Body)


@runtime_checkable
class HttpTransport(Protocol):
    """Sends the requests of a pool, in place of its connections: `SessionPool(…, transport=…)`.

    One object serves a pool and all its clients, as each request carries the address and the keys that it is
    sent with; so a double needs no factory, and sees which keys were used. It is closed with the pool.

    `belvo_async.testing.ScriptedTransport` is one that answers by a script.
    """

    async def send(self, request: HttpRequest, permit: SendPermit, /) -> HttpResponse:
        """Send one request once, and read its response whole, whatever its status.

        Right before the first byte, `await permit.wait()`, then call `permit.leave()`. If either raises,
        send nothing, and let the exception out. A login counts as sent from `leave` on: what fails before it
        may be sent again, and what fails after it never is by itself.

        Raises:
            NotSentError: Nothing left.
            ResponseLostError: The request may have arrived; its response did not.
        """
        ...

    async def aclose(self) -> None:
        """Close all connections, within a second: what is still under way ends with an error."""
        ...
