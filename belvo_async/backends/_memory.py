"""Parked challenges in the memory of one process."""

import builtins
import os
from bisect import bisect_right, insort
from collections import defaultdict
from collections.abc import Iterator
from datetime import datetime
from threading import Lock
from typing import Final, TypeAlias

from attrs import field, frozen

from belvo_async.backends._challenge_store import ChallengeRow
from belvo_async.models import ChallengePhase

_Place: TypeAlias = tuple[str, ChallengePhase] | str
"""What a queue is of: an owner's rows in a phase, or a link's rows that are ongoing."""


class MemoryChallengeStore:
    """Keeps parked challenges in memory, for one process that may forget them when it ends.

    The default of a pool. Give one store to several pools of a process to let them share it, on whichever
    event loops and threads they are. A forked process begins with an empty one: whoever could answer a
    challenge in both would send its token twice.
    """

    def __init__(self) -> None:
        self._shelves: Final[dict[int, _Shelf]] = {}

    def __len__(self) -> int:
        """Return how many challenges are kept."""
        return len(self._shelf.rows)

    def reset(self) -> None:
        """Forget everything: for tests."""
        self._shelves.clear()

    @property
    def _shelf(self) -> "_Shelf":
        """What this process keeps: a lock that was held as it was forked would never be free."""
        process = os.getpid()
        return self._shelves.get(process) or self._shelves.setdefault(process, _Shelf())

    async def add(self, row: ChallengeRow) -> bool:
        """Keep a new row; see `ChallengeStore`."""
        shelf = self._shelf
        with shelf.lock:
            if row.key in shelf.rows:
                return False
            shelf.put(row)
            return True

    async def read(self, key: str) -> ChallengeRow | None:
        """Return the row of this key; see `ChallengeStore`."""
        return self._shelf.rows.get(key)

    async def replace(self, row: ChallengeRow) -> bool:
        """Put the next version of a row in its place; see `ChallengeStore`."""
        shelf = self._shelf
        with shelf.lock:
            former = shelf.rows.get(row.key)
            if former is None or former.version != row.version - 1:
                return False
            shelf.take_out(former)
            shelf.put(row)
            return True

    async def list(
        self, owner: str, phase: ChallengePhase, *, after: datetime, limit: int
    ) -> builtins.list[ChallengeRow]:
        """Return the rows that expire soonest; see `ChallengeStore`."""
        shelf = self._shelf
        with shelf.lock:
            queue = shelf.queues.get((owner, phase), [])
            start = bisect_right(queue, after, key=_find_expiry)
            return [shelf.rows[key] for _, key in queue[start : start + limit]]

    async def find(self, link: str, *, after: datetime, limit: int) -> builtins.list[ChallengeRow]:
        """Return the ongoing rows of a link; see `ChallengeStore`."""
        shelf = self._shelf
        with shelf.lock:
            queue = shelf.queues.get(link, [])
            start = max(bisect_right(queue, after, key=_find_expiry), len(queue) - limit)
            return [shelf.rows[key] for _, key in reversed(queue[start:])]

    async def forget(self, before: datetime) -> int:
        """Remove rows that are over; see `ChallengeStore`."""
        shelf = self._shelf
        with shelf.lock:
            over = [row for row in shelf.rows.values() if row.keep_until < before]
            for row in over:
                shelf.take_out(row)
            return len(over)


@frozen(eq=False)
class _Shelf:
    """The rows of one process; for whoever holds the lock."""

    lock: Lock = field(factory=Lock)
    rows: dict[str, ChallengeRow] = field(factory=dict)
    queues: defaultdict[_Place, list[tuple[datetime, str]]] = field(factory=lambda: defaultdict(list))

    def put(self, row: ChallengeRow) -> None:
        """Take one in."""
        self.rows[row.key] = row
        for place in _find_places(row):
            insort(self.queues[place], (row.expires_at, row.key))

    def take_out(self, row: ChallengeRow) -> None:
        """Take one out again."""
        for place in _find_places(row):
            queue = self.queues[place]
            del queue[bisect_right(queue, (row.expires_at, row.key)) - 1]
            if not queue:
                del self.queues[place]
        del self.rows[row.key]


def _find_places(row: ChallengeRow) -> Iterator[_Place]:
    yield row.owner, row.phase
    if row.phase.is_ongoing:
        yield row.link


def _find_expiry(entry: tuple[datetime, str]) -> datetime:
    return entry[0]
