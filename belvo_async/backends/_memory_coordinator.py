"""The records of a coordinator in the memory of one process."""

import os
from collections.abc import Callable
from threading import Lock
from typing import Any, Final, TypeVar

from attrs import define, field

from belvo_async._clock import SYSTEM_CLOCK, Clock
from belvo_async.backends._coordinator import NEVER_FORGOT, Moment, RecordKind

R = TypeVar("R")
T = TypeVar("T")

_TIDY_AFTER: Final = 4096


class MemoryCoordinator:
    """Keeps records in memory, for all pools of one process, on whichever event loops and threads they are.

    A forked process begins with an empty window, and waits for one; at links where the other process logs in
    at that moment it waits until those logins must be over.

    Args:
        clock: Tells the moments.
    """

    is_blocking = False

    def __init__(self, clock: Clock = SYSTEM_CLOCK) -> None:
        self._clock: Final = clock
        self._process = os.getpid()
        self._memory = _Memory()

    def change(self, kind: RecordKind[R], key: str, change: Callable[[R, Moment], T]) -> T:
        """Let *change* work on a record; see `Coordinator`."""
        memory = self._memory if self._process == os.getpid() else self._begin_anew()
        with memory.lock:
            now = self._clock.monotonic()
            entry = memory.entries.get((kind.name, key))
            if entry is None:
                entry = memory.add(kind, key, now)
            entry.until = now + kind.lasts
            since = NEVER_FORGOT if kind.is_inherited else memory.since
            return change(entry.record, Moment(now, since))

    def read_all(self, kind: RecordKind[R]) -> tuple[dict[str, R], Moment]:
        """Return copies of all records of a kind; see `Coordinator`."""
        memory = self._memory if self._process == os.getpid() else self._begin_anew()
        with memory.lock:
            now = self._clock.monotonic()
            texts = {
                key: kind.dump(entry.record)
                for (name, key), entry in memory.entries.items()
                if name == kind.name and entry.until > now
            }
        return {key: kind.load(text) for key, text in texts.items()}, Moment(now, memory.since)

    def reset(self) -> None:
        """Forget everything, as if nothing had ever been sent: for tests."""
        self._memory = _Memory()

    def _begin_anew(self) -> "_Memory":
        # A lock that was held as this process was forked would never be free.
        entries = self._memory.entries
        inherited = {name: entry for name, entry in entries.items() if entry.is_inherited}
        since = self._clock.monotonic() if entries else NEVER_FORGOT
        self._memory, self._process = _Memory(since=since, entries=inherited), os.getpid()
        return self._memory


@define
class _Entry:
    record: Any  # of whichever kind its key names
    until: float
    is_inherited: bool


@define(eq=False)
class _Memory:
    """What one process keeps; for whoever holds the lock."""

    since: float = NEVER_FORGOT
    lock: Lock = field(factory=Lock)
    entries: dict[tuple[str, str], _Entry] = field(factory=dict)
    tidy_at: int = _TIDY_AFTER

    def add(self, kind: RecordKind[Any], key: str, now: float) -> _Entry:
        """Make a record."""
        if len(self.entries) >= self.tidy_at:
            self.entries = {name: entry for name, entry in self.entries.items() if entry.until > now}
            self.tidy_at = max(_TIDY_AFTER, 2 * len(self.entries))
        entry = self.entries[kind.name, key] = _Entry(kind.create(), now, kind.is_inherited)
        return entry
