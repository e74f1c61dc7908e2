"""The turns of requests within the rate limit, and the lines in which they wait."""

import asyncio
import math
from collections import OrderedDict, deque
from collections.abc import Callable, Iterable, Iterator
from typing import Final

from attrs import define, field

from belvo_async._engine.priority import Priority
from belvo_async.errors import BelvoError


@define(eq=False)
class Turn:
    """One request on its way to its start."""

    priority: Priority
    institution: str | None
    latest: float | None
    """When it gives up waiting, by the monotonic clock."""
    waiting: "asyncio.Future[None] | None" = field(default=None, repr=False)
    started: float = math.inf
    """When it left, or when it was let go; infinite before."""
    start: float = 0.0
    """The same by the clock of who keeps the window."""
    asked_at: float = 0.0
    """Right before the window was asked for it."""
    epoch: int = 0
    is_connected: bool = False
    """Whether its connection is being made, or stands."""
    connected_at: float = 0.0
    """When it was let connect."""


class Line:
    """Those who wait: first come, first served within an institution, and institutions in turn."""

    def __init__(self) -> None:
        self._turns: Final[OrderedDict[str | None, deque[Turn]]] = OrderedDict()
        self._length = 0

    def __len__(self) -> int:
        return self._length

    def __iter__(self) -> Iterator[Turn]:
        return (turn for turns in self._turns.values() for turn in turns)

    @property
    def first(self) -> Turn:
        """The next."""
        return next(iter(self._turns.values()))[0]

    def append(self, turn: Turn) -> None:
        """Let one wait."""
        self._turns.setdefault(turn.institution, deque()).append(turn)
        self._length += 1

    def pop(self) -> Turn:
        """Take out the next."""
        institution, turns = next(iter(self._turns.items()))
        turn = turns.popleft()
        self._turns.move_to_end(institution)
        if not turns:
            del self._turns[institution]
        self._length -= 1
        return turn

    def discard(self, turn: Turn) -> None:
        """Take out one that waits no longer; nothing happens where it is not there."""
        turns = self._turns.get(turn.institution, deque())
        if turn in turns:
            turns.remove(turn)
            self._length -= 1
            if not turns:
                del self._turns[turn.institution]


class Queues:
    """All requests that have not left, by their class."""

    def __init__(self) -> None:
        self.lines: Final = {priority: Line() for priority in Priority}
        """Those who may not connect yet."""
        self.standing: Final = {priority: Line() for priority in Priority}
        """Those whose connection stands."""
        self.connecting: Final = dict.fromkeys(Priority, 0)
        """How many of each class have been let connect, and have not left."""

    def __bool__(self) -> bool:
        """Whether anybody waits."""
        return any(self.lines.values()) or any(self.standing.values())

    def connect(self, turn: Turn, now: float) -> None:
        """Note that one may connect."""
        turn.is_connected, turn.connected_at = True, now
        self.connecting[turn.priority] += 1

    def disconnect(self, turn: Turn) -> None:
        """Note that one has left, or will not."""
        turn.is_connected = False
        self.connecting[turn.priority] -= 1

    def count_connecting(self, priority: Priority) -> int:
        """Return how many of a class, and of those before it, have been let connect."""
        return sum(self.connecting[other] for other in Priority if other <= priority)

    def count_ahead(self, priority: Priority) -> int:
        """Return how many leave before a new one of a class."""
        lines = sum(len(self.lines[other]) for other in Priority if other <= priority)
        return lines + self.count_connecting(priority)

    def count_waiting(self, priority: Priority) -> int:
        """Return how many of a class wait."""
        return len(self.lines[priority]) + len(self.standing[priority])

    def fail(self, priorities: Iterable[Priority], build: Callable[[], BelvoError]) -> None:
        """Let all of some classes raise an error, each one of its own."""
        for priority in priorities:
            for line in (self.lines[priority], self.standing[priority]):
                for turn in [*line]:
                    line.discard(turn)
                    if turn.waiting is not None and not turn.waiting.done():
                        turn.waiting.set_exception(build())


def wake(turn: Turn) -> None:
    """Let it go on."""
    if turn.waiting is not None and not turn.waiting.done():
        turn.waiting.set_result(None)
