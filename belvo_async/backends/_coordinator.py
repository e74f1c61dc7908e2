"""What several processes share while they work: small records, each changed by one process at a time.

On one atomic step, `Coordinator.change`, rest the rate limit's window and the leases on links; what is done
in that step is the same code whoever keeps the records.
"""

import math
from collections.abc import Callable
from typing import Final, Generic, Protocol, TypeVar, runtime_checkable

from attrs import frozen

R = TypeVar("R")
T = TypeVar("T")

NEVER_FORGOT: Final = -math.inf


@frozen
class Moment:
    """When a record is changed, by the clock of who keeps it: no other clock is compared with it."""

    now: float
    """Seconds that never go back."""
    since: float = NEVER_FORGOT
    """Since when nothing has been forgotten: what is not there may have been lost before."""


@frozen(kw_only=True)
class RecordKind(Generic[R]):
    """One kind of record, and how it is written down."""

    name: str
    """Of the kind, without spaces."""
    create: Callable[[], R]
    """Makes one for a key that has none."""
    dump: Callable[[R], str]
    """Writes one as text."""
    load: Callable[[str], R]
    """Reads what `dump` wrote; raises `CoordinatorError` where it cannot."""
    lasts: float
    """Seconds after its last change for which it matters."""
    is_inherited: bool = False
    """Whether a forked process goes by what the other one has noted; else it begins anew, and waits."""


@runtime_checkable
class Coordinator(Protocol):
    """Where processes that behave as one keep their records.

    Safe for several threads; where `is_blocking`, it is called on threads of the pool's own. A coordinator
    that cannot do its work raises `CoordinatorError`, within some seconds, with `is_permanent` where waiting
    does not help. `belvo_async.testing.coordinator_suite` tests an implementation.
    """

    @property
    def is_blocking(self) -> bool:
        """Whether a call may wait for a disk or a network."""
        ...

    def change(self, kind: RecordKind[R], key: str, change: Callable[[R, Moment], T]) -> T:
        """Let *change* work on a record, and keep what it has made of it; return what it returns.

        Among all processes and threads that share it, only one changes a record at a time, and each sees what
        the one before it has made. *change* may be called several times, each time with a record as it was
        before, where another process was faster; only what the last call did counts, and the moment is not
        earlier than that of any change before it. The record is kept for `RecordKind.lasts` seconds.

        Raises:
            CoordinatorError: It could not be done, or it is not known whether it was.
        """
        ...

    def read_all(self, kind: RecordKind[R]) -> tuple[dict[str, R], Moment]:
        """Return copies of all records of a kind, by their keys, and the moment; nothing is changed.

        Those that have lasted for `RecordKind.lasts` seconds are left out. Each is as it was at some moment
        of the call, and the moment that is returned is not earlier.

        Raises:
            CoordinatorError: They could not be read.
        """
        ...
