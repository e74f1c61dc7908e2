"""The switchboard: faults of the network and of the edge that a test turns on."""

from collections.abc import Iterable, Mapping
from enum import StrEnum
from random import Random
from typing import Final

from attrs import define, field, frozen


class FaultKind(StrEnum):
    """What goes wrong."""

    LATENCY = "latency"
    """The answer comes late; a login counts as in flight all the while."""
    STATUS = "status"
    """An error status with a JSON body of Belvo's kind."""
    HTML = "html"
    """A page written by the edge or a gateway."""
    RESET_BEFORE = "reset_before"
    """The connection is reset (RST) and the bank never sees the request."""
    RESET_AFTER = "reset_after"
    """The bank acts on the request, then the connection is reset without an answer."""
    CLOSE_BEFORE = "close_before"
    """Like `reset_before`, with an orderly close (FIN)."""
    CLOSE_AFTER = "close_after"
    """Like `reset_after`, with an orderly close (FIN)."""
    TRUNCATE = "truncate"
    """The right status and length, half of the body, then the end of the connection."""
    GARBAGE = "garbage"
    """Bytes that are not JSON, declared as JSON."""
    EMPTY = "empty"
    """The right status and no body."""
    WRONG_TYPE = "wrong_type"
    """JSON of a type that no endpoint answers."""
    HUGE = "huge"
    """More than 64 MiB of valid JSON, unless the client hangs up."""
    GZIP_BOMB = "gzip_bomb"
    """The same, compressed to some kilobytes."""


BEFORE_THE_BANK: Final = frozenset(
    {
        FaultKind.STATUS,
        FaultKind.HTML,
        FaultKind.RESET_BEFORE,
        FaultKind.CLOSE_BEFORE,
    }
)
CUTS: Final = frozenset(
    {
        FaultKind.RESET_BEFORE,
        FaultKind.RESET_AFTER,
        FaultKind.CLOSE_BEFORE,
        FaultKind.CLOSE_AFTER,
    }
)
"""Faults after which the client gets no answer at all."""


def _read_headers(headers: Mapping[str, str] | Iterable[tuple[str, str]]) -> tuple[tuple[str, str], ...]:
    return tuple((name.lower(), value) for name, value in dict(headers).items())


@frozen(kw_only=True)
class Fault:
    """One fault, and which requests it meets.

    Attributes:
        kind: What goes wrong; the plain string will do.
        seconds: How long the answer is held back, for any kind.
        status: The status of `status` (default 500) and `html` (default 403), and of a spoilt body
            (default: the true one).
        method: Only requests with this method.
        path: Only paths that begin with this.
        link_id: Only requests about this link.
        times: How often it strikes; None: always.
        after: How many matching requests it lets pass first.
        probability: How likely a matching request is struck, drawn from the sandbox's seed.
        reused_only: Only requests that are not the first on their connection.
        reaches_bank: Whether the bank acts on the request; None: what the kind says.
        headers: Added to the answer, such as `{"Retry-After": "3"}`.
    """

    kind: FaultKind = field(converter=FaultKind)
    seconds: float = 0.0
    status: int | None = None
    method: str | None = None
    path: str | None = None
    link_id: str | None = None
    times: int | None = None
    after: int = 0
    probability: float = 1.0
    reused_only: bool = False
    reaches_bank: bool | None = None
    headers: tuple[tuple[str, str], ...] = field(default=(), converter=_read_headers)

    @property
    def lets_through(self) -> bool:
        """Whether the bank sees the request."""
        return self.kind not in BEFORE_THE_BANK if self.reaches_bank is None else self.reaches_bank

    @property
    def cuts(self) -> bool:
        """Whether the connection ends without an answer."""
        return self.kind in CUTS

    def meets(self, method: str, path: str, link_id: str | None, *, reused: bool) -> bool:
        """Tell whether a request is one of those that this fault is about."""
        return (
            (self.method is None or self.method.upper() == method)
            and (self.path is None or path.startswith(self.path))
            and (self.link_id is None or self.link_id == link_id)
            and (reused or not self.reused_only)
        )


@define
class _Armed:
    fault: Fault
    passed: int = 0
    struck: int = 0


class Switchboard:
    """The faults that are on. The first one added that meets a request strikes it."""

    def __init__(self, seed: int) -> None:
        self._armed: list[_Armed] = []
        self._random = Random(seed)  # noqa: S311 - repeatable faults, nothing to protect

    def add(self, *faults: Fault) -> None:
        """Turn *faults* on."""
        self._armed.extend(map(_Armed, faults))

    def clear(self) -> None:
        """Turn all faults off."""
        self._armed.clear()

    def draw(self, method: str, path: str, link_id: str | None, *, reused: bool) -> Fault | None:
        """Return the fault that strikes this request, if any."""
        for armed in self._armed:
            if armed.fault.meets(method, path, link_id, reused=reused) and self._strikes(armed):
                return armed.fault
        return None

    def _strikes(self, armed: _Armed) -> bool:
        fault = armed.fault
        if fault.times is not None and armed.struck >= fault.times:
            return False
        if armed.passed < fault.after:
            armed.passed += 1
            return False
        if fault.probability < 1.0 and self._random.random() >= fault.probability:
            return False
        armed.struck += 1
        return True
