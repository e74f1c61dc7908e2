"""When requests may leave: never more than Belvo takes in any window, people first, institutions in turn."""

import asyncio
import math
from bisect import bisect_right
from collections import deque
from collections.abc import Awaitable, Callable
from contextvars import Context
from functools import partial
from typing import Final

from belvo_async._clock import Clock
from belvo_async._engine.pause import Pause
from belvo_async._engine.priority import Priority
from belvo_async._engine.rate_limit_queue import Line, Turn, fail_all, wake
from belvo_async._event_loop import first_of
from belvo_async.errors import AddressBlockedError, PoolBusyError, PoolClosedError
from belvo_async.params import RateLimit
from belvo_async.telemetry._pool_load import PoolLoad, QueueLoad

_LEAST_LEAD: Final = 1.0
_MOST_LEAD: Final = 10.0
"""Seconds before its start when a request may open its connection, at least and at most."""
_CATCHING_UP: Final = 1.25
"""How much faster than the limit's pace those start that wait, where starts were missed. At once they would
leave in a bunch, and come back in one a window later; and an answer between two bunches waits for seconds."""
_SHORTEST_SLEEP: Final = 0.001
"""Seconds: what is due now has been let go, and rounding must not make the loop spin."""
_FADING: Final = 0.9
"""What is left of the slowest connection with each one since."""


class RateLimiter:
    """Gives each request its start, in two steps: it may connect, and, once its connection stands, leave.

    Never more than `limit.requests` starts in any window: those of the last `window + margin` seconds are
    kept, and each is counted from when the request leaves, not from when it was let go. A tenth of the window
    is kept for answers. What waits is paced, so that the starts of the next window come one by one too, and
    whoever has to answer finds a start soon. After a refusal all wait; see `Pause`.
    """

    def __init__(
        self, limit: RateLimit, clock: Clock, sleep: Callable[[float], Awaitable[None]] | None = None
    ) -> None:
        self._clock: Final = clock
        self._sleep: Final = sleep or clock.sleep
        self._size: Final = limit.requests
        self._span: Final = limit.window + limit.margin
        self._step: Final = self._span / self._size if self._size else 0.0
        self._gap: Final = self._step / _CATCHING_UP
        """Seconds between two starts of those that wait, at least."""
        self._burst: Final = min(limit.burst, self._size or 1)
        self._reserve: Final = (self._size or 0) // 10
        self._preparing = 0.0
        """Seconds that requests have lately needed between being let connect and being ready to leave."""
        self._starts: Final[deque[Turn]] = deque()
        self._paced_until = 0.0
        """When the starts so far would have ended, had they come one by one."""
        self.pause: Final = Pause(clock)
        self._lines: Final = {priority: Line() for priority in Priority}
        """Those who may not connect yet."""
        self._standing: Final = {priority: Line() for priority in Priority}
        """Those whose connection stands."""
        self._connecting: Final = dict.fromkeys(Priority, 0)
        """How many of each class have been let connect, and have not left."""
        self._changed: Final = asyncio.Event()
        self._pump: asyncio.Task[None] | None = None

    async def admit(
        self, priority: Priority, institution: str | None = None, *, max_wait: float | None = None
    ) -> Turn:
        """Wait until a request may open its connection, shortly before its start.

        Raises:
            PoolBusyError: It would have to wait, or has waited, for more than *max_wait* seconds.
            AddressBlockedError: It is a job's, and the server refuses this address again and again.
            PoolClosedError: The pool closes.
        """
        if priority is Priority.JOB and self.pause.is_hopeless:
            raise _blocked()
        turn = Turn(priority, institution, None if max_wait is None else self._clock.monotonic() + max_wait)
        if max_wait is not None and (seconds := self.find_wait(priority)) > max_wait:
            raise _busy(seconds)
        turn.is_paced = priority is Priority.JOB
        if not self._lines[priority] and self._may_connect(turn):
            self._connect(turn)
            return turn
        turn.is_paced = priority is not Priority.ANSWER
        try:
            await self._wait(turn, self._lines[priority])
        except BaseException:
            if turn.is_connected:
                self._disconnect(turn)
            raise
        return turn

    async def take(self, turn: Turn) -> None:
        """Wait for the start, now that the connection stands; what is sent next counts.

        Raises:
            PoolBusyError: It has waited too long.
            PoolClosedError: The pool closes.
        """
        if self._size is None and not self.pause.is_on:
            self._start(turn)
            return
        self._preparing = max(self._clock.monotonic() - turn.connected_at, self._preparing * _FADING)
        try:
            await self._wait(turn, self._standing[turn.priority])
            while not self._restamp(turn):
                self.give_back(turn)
                await self._wait(turn, self._standing[turn.priority])
        except BaseException:
            self.give_back(turn)
            raise

    def give_back(self, turn: Turn) -> None:
        """Note that a request was let go and did not leave: another gets its start, and it may wait again."""
        if turn.started == math.inf:
            return
        if turn in self._starts:
            self._starts.remove(turn)
            self._paced_until -= self._step
        turn.started = math.inf
        self._connect(turn)
        self._stir()

    def give_up(self, turn: Turn) -> None:
        """Note that a request will not leave."""
        self.give_back(turn)
        self._disconnect(turn)
        self._stir()

    def passed(self, turn: Turn) -> None:
        """Report that the server took the request: a pause is over."""
        if self.pause.is_on:
            self.pause.passed(turn.epoch)
            self._stir()

    def dropped(self, turn: Turn) -> None:
        """Report that the request failed on the way, so it says nothing about the limit."""
        if self.pause.is_on:
            self.pause.dropped(turn.epoch)
            self._stir()

    def refused(self, turn: Turn, retry_after: float | None = None, *, is_page: bool = False) -> float | None:
        """Report that the server refused the request for coming too fast; see `Pause.refused`."""
        seconds = self.pause.refused(turn.epoch, retry_after, is_page=is_page)
        if self.pause.is_hopeless:
            for line in (self._lines[Priority.JOB], self._standing[Priority.JOB]):
                fail_all(line, _blocked)
        self._stir()
        return seconds

    def find_wait(self, priority: Priority) -> float:
        """Return after how many seconds a new request would start, as far as is known now."""
        now = self._clock.monotonic()
        pause = self.pause.find_seconds_left(now)
        if self._size is None:
            return pause
        self._forget_old(now)
        kept = self._reserve if priority is not Priority.ANSWER else 0
        ahead = self._count_ahead(priority)
        short = ahead + 1 + kept - (self._size - len(self._starts))
        if short <= 0:
            return pause
        windows, index = divmod(short - 1, self._size)
        started = self._starts[min(index, len(self._starts) - 1)].started if self._starts else now
        return max(pause, started + (windows + 1) * self._span - now)

    def read_load(self) -> PoolLoad:
        """Return what waits, and how long the next ones would."""
        answers, calls, jobs = (
            QueueLoad(len(self._lines[priority]) + len(self._standing[priority]), self.find_wait(priority))
            for priority in Priority
        )
        return PoolLoad(answers, calls, jobs, self.pause.find_seconds_left(self._clock.monotonic()))

    def _count_ahead(self, priority: Priority) -> int:
        return sum(
            len(self._lines[other]) + self._connecting[other] for other in Priority if other <= priority
        )

    async def _wait(self, turn: Turn, line: Line) -> None:
        turn.waiting = asyncio.get_running_loop().create_future()
        line.append(turn)
        self._stir()
        try:
            if turn.latest is None:
                await turn.waiting
            else:
                await self._wait_at_most(turn, turn.waiting, turn.latest)
        finally:
            line.discard(turn)
            turn.waiting = None
            self._changed.set()

    async def _wait_at_most(self, turn: Turn, waiting: "asyncio.Future[None]", latest: float) -> None:
        left = self._clock.sleep(max(0.0, latest - self._clock.monotonic()))
        await first_of(asyncio.shield(waiting), left)
        if not waiting.done():
            raise _busy(self.find_wait(turn.priority))
        waiting.result()

    def _stir(self) -> None:
        """Let go whoever may go, and see to it that the others are, later."""
        self._let_go()
        if not self._is_waited_for():
            return
        if self._pump is None or self._pump.done():
            # An empty context: that of a caller may hold what should not stay.
            self._pump = asyncio.get_running_loop().create_task(self._keep_going(), context=Context())
        self._changed.set()

    def _is_waited_for(self) -> bool:
        return any(self._lines.values()) or any(self._standing.values())

    async def _keep_going(self) -> None:
        try:
            while self._is_waited_for():
                self._changed.clear()
                self._let_go()
                if (delay := self._find_delay()) is None:
                    await self._changed.wait()
                else:
                    (await first_of(self._sleep(delay), self._changed.wait())).result()
                self.pause.check_probe()
        except PoolClosedError as closed:
            for line in (*self._lines.values(), *self._standing.values()):
                fail_all(line, partial(PoolClosedError, closed.message, remedy=closed.remedy))

    def _let_go(self) -> None:
        for priority in Priority:
            standing, line = self._standing[priority], self._lines[priority]
            while standing and self._may_start(standing.first):
                self._start(standing.first)
                wake(standing.pop())
            while line and self._may_connect(line.first):
                self._connect(line.first)
                wake(line.pop())
            if standing:
                return  # whoever comes after waits too

    def _connect(self, turn: Turn) -> None:
        turn.is_connected, turn.connected_at = True, self._clock.monotonic()
        self._connecting[turn.priority] += 1

    def _disconnect(self, turn: Turn) -> None:
        turn.is_connected = False
        self._connecting[turn.priority] -= 1

    def _start(self, turn: Turn) -> None:
        self._disconnect(turn)
        now = self._clock.monotonic()
        turn.started, turn.epoch = now, self.pause.start()
        if self._size is not None:
            self._starts.append(turn)
            self._paced_until = max(self._paced_until, now) + self._step

    def _restamp(self, turn: Turn) -> bool:
        """Count a start from now: the event loop may have stood still since it was given.

        Return False where it stood still for so long that another may have been given in its place.
        """
        now = self._clock.monotonic()
        if self._size is not None and turn.started != now:
            if turn not in self._starts:
                return False
            self._starts.remove(turn)
            self._starts.append(turn)
        turn.started = now
        return True

    def _may_start(self, turn: Turn) -> bool:
        now = self._clock.monotonic()
        return self.pause.may_start(now) and self._find_start(turn, now) <= now

    def _may_connect(self, turn: Turn) -> bool:
        now = self._clock.monotonic()
        if not self.pause.may_connect(now, sum(self._connecting.values())):
            return False
        if self._size is None:
            return True
        connecting = sum(self._connecting[other] for other in Priority if other <= turn.priority)
        return connecting < self._count_soon(self._size, now, turn)

    def _count_soon(self, size: int, now: float, turn: Turn) -> int:
        """Return how many may start by the time that a connection made now is ready."""
        self._forget_old(now)
        lead = self._find_lead()
        free = size - len(self._starts) + self._count_returns(now + lead)
        if turn.priority is Priority.ANSWER:
            return free
        later = size - len(self._starts) + self._count_returns(now + lead + self._reserve * self._step)
        free = min(free, later - self._reserve)
        if not turn.is_paced:
            return free
        seconds = now + lead - max(now, self._find_pace())
        return min(free, 1 + int(seconds / self._gap)) if seconds >= 0 else 0

    def _find_lead(self) -> float:
        return min(_LEAST_LEAD + 2 * self._preparing, _MOST_LEAD, self._span / 3)

    def _find_next_return(self, after: float) -> float:
        """Return when the next start is out of the window after a moment."""
        index = self._count_returns(after)
        return self._find_return(index) if index < len(self._starts) else math.inf

    def _count_returns(self, by: float) -> int:
        """Return how many starts are out of the window by a moment."""
        return bisect_right(self._starts, by - self._span, key=_find_moment)

    def _find_start(self, turn: Turn, now: float) -> float:
        """Return when a request may start."""
        if self._size is None:
            return now
        self._forget_old(now)
        full = self._find_return(0) if len(self._starts) == self._size else now
        if turn.priority is Priority.ANSWER:
            return full
        return max(full, self._find_pace() if turn.is_paced else now, self._find_reserve(now))

    def _find_pace(self) -> float:
        """Return when the next of those that wait may start: one by one, so many after what was missed."""
        missed = self._paced_until - (self._burst - 1) * self._step
        return max(missed, self._starts[-1].started + self._gap) if self._starts else missed

    def _find_reserve(self, now: float) -> float:
        """Return when one more start leaves enough for answers, counted with those that come back soon."""
        missing = self._reserve + 1 - ((self._size or 0) - len(self._starts))
        if missing <= 0:
            return now
        return self._find_return(missing - 1) - self._reserve * self._step

    def _find_return(self, index: int) -> float:
        return self._starts[index].started + self._span

    def _forget_old(self, now: float) -> None:
        while self._starts and self._starts[0].started <= now - self._span:
            self._starts.popleft()

    def _find_delay(self) -> float | None:
        """Return the seconds until somebody else may go, if nothing else happens."""
        now = self._clock.monotonic()
        if (seconds := self.pause.find_delay(now)) is not None:
            return seconds
        times = [self._find_start(line.first, now) for line in self._standing.values() if line][:1]
        if any(self._lines.values()):
            lead = self._find_lead()
            times += [self._find_next_return(now + lead) - lead, now + self._step]
        return max(_SHORTEST_SLEEP, min(times) - now) if times else None


def _find_moment(turn: Turn) -> float:
    return turn.started


def _blocked() -> AddressBlockedError:
    return AddressBlockedError(
        "Belvo's edge has refused this IP address with an HTML 403 five times in a row; the job stops.",
        remedy="Look for what else sends from this address, ask Belvo whether it is blocked, and run the job "
        "again: the links that are left stay queued.",
    )


def _busy(seconds: float) -> PoolBusyError:
    return PoolBusyError(
        f"The pool would send this after {seconds:.1f} s, which is longer than max_wait; nothing was sent.",
        remedy="Call again later, or with a longer max_wait.",
        seconds=seconds,
    )
