"""Parked challenges in the memory of one process."""

import builtins
from bisect import bisect_right, insort
from collections import defaultdict
from collections.abc import Iterator
from datetime import datetime
from typing import Final, TypeAlias

from belvo_async._tickets import ChallengePhase, ChallengeRow

_Place: TypeAlias = tuple[str, ChallengePhase] | str
"""What a queue is of: an owner's rows in a phase, or a link's rows that are ongoing."""


class MemoryChallengeStore:
    """Keeps parked challenges in memory, for one process that may forget them when it ends.

    The default of a pool. Give one store to several pools of a process to let them share it.
    """

    def __init__(self) -> None:
        self._rows: Final[dict[str, ChallengeRow]] = {}
        self._queues: Final[defaultdict[_Place, list[tuple[datetime, str]]]] = defaultdict(list)

    def __len__(self) -> int:
        """Return how many challenges are kept."""
        return len(self._rows)

    async def add(self, row: ChallengeRow) -> bool:
        """Keep a new row; see `ChallengeStore`."""
        if row.key in self._rows:
            return False
        self._put(row)
        return True

    async def read(self, key: str) -> ChallengeRow | None:
        """Return the row of this key; see `ChallengeStore`."""
        return self._rows.get(key)

    async def replace(self, row: ChallengeRow) -> bool:
        """Put the next version of a row in its place; see `ChallengeStore`."""
        former = self._rows.get(row.key)
        if former is None or former.version != row.version - 1:
            return False
        self._take_out(former)
        self._put(row)
        return True

    async def list(
        self, owner: str, phase: ChallengePhase, *, after: datetime, limit: int
    ) -> builtins.list[ChallengeRow]:
        """Return the rows that expire soonest; see `ChallengeStore`."""
        queue = self._queues.get((owner, phase), [])
        start = bisect_right(queue, after, key=_find_expiry)
        return [self._rows[key] for _, key in queue[start : start + limit]]

    async def find(self, link: str, *, after: datetime, limit: int) -> builtins.list[ChallengeRow]:
        """Return the ongoing rows of a link; see `ChallengeStore`."""
        queue = self._queues.get(link, [])
        start = max(bisect_right(queue, after, key=_find_expiry), len(queue) - limit)
        return [self._rows[key] for _, key in reversed(queue[start:])]

    async def forget(self, before: datetime) -> int:
        """Remove rows that are over; see `ChallengeStore`."""
        over = [row for row in self._rows.values() if row.keep_until < before]
        for row in over:
            self._take_out(row)
        return len(over)

    def _put(self, row: ChallengeRow) -> None:
        self._rows[row.key] = row
        for place in _find_places(row):
            insort(self._queues[place], (row.expires_at, row.key))

    def _take_out(self, row: ChallengeRow) -> None:
        for place in _find_places(row):
            queue = self._queues[place]
            del queue[bisect_right(queue, (row.expires_at, row.key)) - 1]
            if not queue:
                del self._queues[place]
        del self._rows[row.key]


def _find_places(row: ChallengeRow) -> Iterator[_Place]:
    yield row.owner, row.phase
    if row.phase.is_ongoing:
        yield row.link


def _find_expiry(entry: tuple[datetime, str]) -> datetime:
    return entry[0]
