"""When requests may leave: never more than Belvo takes in any window, people first, institutions in turn."""

import asyncio
import math
from collections.abc import Awaitable, Callable, Iterator
from contextvars import Context
from functools import partial
from typing import Final

from belvo_async._clock import Clock
from belvo_async._engine.priority import Priority
from belvo_async._engine.rate_limit_queue import Line, Queues, Turn, wake
from belvo_async._engine.shared_window import SharedWindow
from belvo_async._engine.window_view import WindowView
from belvo_async._event_loop import first_of
from belvo_async.backends._memory_coordinator import MemoryCoordinator
from belvo_async.backends._window import Ask, Grant
from belvo_async.errors import AddressBlockedError, CoordinatorError, PoolBusyError, PoolClosedError
from belvo_async.params import RateLimit
from belvo_async.telemetry._pool_load import PoolLoad, QueueLoad

_SHORTEST_SLEEP: Final = 0.001
"""Seconds: what is due now has been let go, and rounding must not make the loop spin."""
_LONGEST_PAUSE: Final = 1.0
"""Seconds after which a pause is asked about again: another process may have seen its end."""
_PATIENCE: Final = 30.0
_RETRY: Final = 0.5
"""Seconds that those who wait bear with a coordinator that cannot be reached, and between two attempts."""


class RateLimiter:
    """Gives each request its start, in two steps: it may connect, and, once its connection stands, leave.

    Never more than `limit.requests` starts in any window, of all processes that share it; see `Window`. Here
    the requests of one process wait: people first, then calls, then jobs, and institutions in turn.

    Args:
        limit: How many in which time.
        clock: Of this process.
        sleep: Waits; raises `PoolClosedError` once the pool closes.
        window: The window; by default one that nobody else uses.
    """

    def __init__(
        self,
        limit: RateLimit,
        clock: Clock,
        sleep: Callable[[float], Awaitable[None]] | None = None,
        window: SharedWindow | None = None,
    ) -> None:
        self._clock: Final = clock
        self._sleep: Final = sleep or clock.sleep
        self._window: Final = window or SharedWindow.alone(MemoryCoordinator(clock), limit)
        self._view: Final = WindowView(self._window.limit)
        self._queues: Final = Queues()
        self._paced: Final = {priority: priority is Priority.JOB for priority in Priority}
        """Whether those of a class connect no sooner than the starts before them allow, one by one: jobs, and
        calls once they wait."""
        self._places: Final[dict[Priority, int]] = {}
        """The place in the window of the first that stands, by its class."""
        self._ask_at: Final = dict.fromkeys(Priority, 0.0)
        """Before when it is of no use to ask for a class."""
        self._changed: Final = asyncio.Event()
        self._pump: asyncio.Task[None] | None = None

    async def admit(
        self, priority: Priority, institution: str | None = None, *, max_wait: float | None = None
    ) -> Turn:
        """Wait until a request may open its connection, shortly before its start.

        Raises:
            PoolBusyError: It would have to wait, or has waited, for more than *max_wait* seconds.
            AddressBlockedError: It is a job's, and the server refuses this address again and again.
            CoordinatorError: The window could not be asked for half a minute, or cannot be.
            PoolClosedError: The pool closes.
        """
        if priority is Priority.JOB and self._view.is_hopeless:
            raise _blocked()
        now = self._clock.monotonic()
        turn = Turn(priority, institution, None if max_wait is None else now + max_wait)
        if max_wait is not None and (seconds := self.find_wait(priority)) > max_wait:
            raise _busy(seconds)
        if not self._queues.lines[priority] and self._may_connect(priority):
            self._queues.connect(turn, self._clock.monotonic())
            return turn
        try:
            await self._wait(turn, self._queues.lines[priority])
        except BaseException:
            if turn.is_connected:
                self._queues.disconnect(turn)
            raise
        return turn

    async def take(self, turn: Turn) -> None:
        """Wait for the start, now that the connection stands; what is sent next counts.

        Raises:
            PoolBusyError: It has waited too long.
            CoordinatorError: The window could not be asked for half a minute, or cannot be.
            PoolClosedError: The pool closes.
        """
        self._view.note_preparation(self._clock.monotonic() - turn.connected_at)
        try:
            await self._wait(turn, self._queues.standing[turn.priority])
            while not await self._confirm(turn):
                self._lose(turn)
                await self._wait(turn, self._queues.standing[turn.priority])
        except BaseException:
            self.give_back(turn)
            raise

    def is_fresh(self, turn: Turn) -> bool:
        """Whether a start that was given may still be used: the event loop may have stood still since."""
        return self._clock.monotonic() - turn.asked_at <= self._window.tolerance

    async def _confirm(self, turn: Turn) -> bool:
        """Count a start from now; return False where the window has no room for it any more."""
        if self._window.is_blocking and self.is_fresh(turn):
            return True
        asked_at = self._clock.monotonic()
        start = await self._window.confirm(turn.start, turn.epoch)
        if start is None:
            return False
        turn.start, turn.started, turn.asked_at = start, self._clock.monotonic(), asked_at
        return self.is_fresh(turn)

    def give_back(self, turn: Turn) -> None:
        """Note that a request was let go and did not leave: another gets its start, and it may wait again."""
        if turn.started == math.inf:
            return
        self._window.give_back(turn.start)
        self._lose(turn)

    def _lose(self, turn: Turn) -> None:
        turn.started = math.inf
        self._queues.connect(turn, self._clock.monotonic())
        self._ask_again()

    def give_up(self, turn: Turn) -> None:
        """Note that a request will not leave."""
        self.give_back(turn)
        self._queues.disconnect(turn)
        self._stir()

    def passed(self, turn: Turn) -> None:
        """Report that the server took the request: a pause is over."""
        if self._view.closed_until is not None:
            self._window.passed(turn.epoch)
            self._ask_again()

    def dropped(self, turn: Turn) -> None:
        """Report that the request failed on the way, so it says nothing about the limit."""
        if self._view.closed_until is not None:
            self._window.dropped(turn.epoch)
            self._ask_again()

    async def refused(
        self, turn: Turn, retry_after: float | None = None, *, is_page: bool = False
    ) -> float | None:
        """Report that the server refused the request for coming too fast; see `Pause.refused`.

        Where the window cannot be told, the next request is refused too, and tells it.
        """
        try:
            seconds = await self._window.refused(turn.epoch, retry_after, is_page=is_page)
            self._take_in(await self._window.ask(Ask(Priority.ANSWER, 0)))
        except CoordinatorError:
            return None
        self._stir()
        return seconds

    def find_wait(self, priority: Priority) -> float:
        """Return after how many seconds a new request would start, as far as is known now."""
        ahead = self._queues.count_ahead(priority)
        return self._view.find_wait(self._clock.monotonic(), priority, ahead)

    def read_load(self) -> PoolLoad:
        """Return what waits, and how long the next ones would."""
        answers, calls, jobs = (
            QueueLoad(self._queues.count_waiting(priority), self.find_wait(priority)) for priority in Priority
        )
        return PoolLoad(answers, calls, jobs, self._view.find_pause(self._clock.monotonic()))

    async def _wait(self, turn: Turn, line: Line) -> None:
        turn.waiting = asyncio.get_running_loop().create_future()
        line.append(turn)
        try:
            self._stir()
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

    def _ask_again(self) -> None:
        """Ask the window anew: something has changed."""
        self._ask_at.update(dict.fromkeys(Priority, 0.0))
        self._view.forget()
        self._stir()

    def _stir(self) -> None:
        """Let go whoever may go, and see to it that the others are, later."""
        if not self._window.is_blocking:
            self._let_go()
        if not self._queues:
            return
        if self._pump is None or self._pump.done():
            # An empty context: that of a caller may hold what should not stay.
            self._pump = asyncio.get_running_loop().create_task(self._keep_going(), context=Context())
        self._changed.set()

    async def _keep_going(self) -> None:
        try:
            while self._queues:
                self._changed.clear()
                if self._window.is_blocking:
                    await self._let_go_patiently()
                else:
                    self._let_go()
                delay = self._find_delay()
                if delay == math.inf:
                    await self._changed.wait()
                else:
                    (await first_of(self._sleep(delay), self._changed.wait())).result()
        except PoolClosedError as closed:
            self._queues.fail(Priority, partial(PoolClosedError, closed.message, remedy=closed.remedy))
        except Exception as error:  # noqa: BLE001 - whatever a coordinator raises, nobody is left waiting
            problem = f"The coordinator failed ({type(error).__name__}: {error}); nothing was sent."
            self._queues.fail(
                Priority,
                partial(CoordinatorError, problem, remedy="Mend the backend that the pool was given."),
            )

    def _let_go(self) -> None:
        for asking in self._list_asks():
            asked_at = self._clock.monotonic()
            self._apply(asking, self._window.ask_now(asking), asked_at)

    async def _let_go_patiently(self) -> None:
        """Do the same where the window is far, and bear with it when it cannot be reached for a while."""
        until = math.inf
        for asking in self._list_asks():
            asked_at = self._clock.monotonic()
            try:
                self._apply(asking, await self._window.ask(asking), asked_at)
            except CoordinatorError as error:
                until = min(until, asked_at + _PATIENCE)
                if error.is_permanent or self._clock.monotonic() >= until:
                    self._queues.fail(Priority, partial(_repeat, error))
                await self._sleep(_RETRY)
            else:
                until = math.inf

    def _list_asks(self) -> Iterator[Ask]:
        """Let connect who may, and return what to ask the window, until there is nothing to ask now."""
        while True:
            asking = self._find_ask()
            if asking is None:
                return
            yield asking

    def _find_ask(self) -> Ask | None:
        now = self._clock.monotonic()
        for priority in Priority:
            standing, line = self._queues.standing[priority], self._queues.lines[priority]
            if standing and now >= self._ask_at[priority]:
                return Ask(priority, len(standing), self._places.get(priority))
            if line and not self._view.is_fresh(now):
                return Ask(priority, 0, self._places.get(priority))
            self._let_connect(priority, line)
            if standing:
                return None  # whoever comes after waits too
        return None

    def _let_connect(self, priority: Priority, line: Line) -> None:
        while line and self._may_connect(priority):
            self._queues.connect(line.first, self._clock.monotonic())
            wake(line.pop())
        self._paced[priority] = priority is Priority.JOB or (priority is Priority.CALL and bool(line))

    def _apply(self, asking: Ask, grant: Grant, asked_at: float) -> None:
        """Let go whom the window lets go."""
        priority = Priority(asking.rank)
        standing = self._queues.standing[priority]
        self._take_in(grant)
        for _ in range(grant.count):
            if standing:
                self._start(standing.first, grant, asked_at)
                wake(standing.pop())
            else:  # it has left meanwhile
                self._window.give_back(grant.moment)
        if not asking.count:
            return
        if grant.number is None or grant.seconds is None:
            self._places.pop(priority, None)
            self._ask_at[priority] = 0.0
            return
        self._places[priority] = grant.number
        is_others_too = grant.pause is not None and self._window.is_blocking
        longest = _LONGEST_PAUSE if is_others_too else math.inf
        seconds = max(_SHORTEST_SLEEP, min(grant.seconds, longest))
        self._ask_at[priority] = self._clock.monotonic() + seconds

    def _take_in(self, grant: Grant) -> None:
        self._view.update(grant, self._clock.monotonic())
        if grant.is_hopeless:
            self._queues.fail([Priority.JOB], _blocked)

    def _start(self, turn: Turn, grant: Grant, asked_at: float) -> None:
        self._queues.disconnect(turn)
        turn.start, turn.epoch, turn.asked_at = grant.moment, grant.epoch, asked_at
        turn.started = self._clock.monotonic()

    def _may_connect(self, priority: Priority) -> bool:
        now = self._clock.monotonic()
        if not self._view.is_fresh(now):
            return False
        if self._view.closed_until is not None and (
            now < self._view.closed_until or self._queues.count_connecting(Priority.JOB)
        ):
            return False  # after a pause the probe alone
        connecting = self._queues.count_connecting(priority)
        soon = self._view.count_soon(now, priority, is_paced=self._paced[priority])
        return soon is None or connecting < (soon if not self._window.is_blocking else max(soon, 1))

    def _find_delay(self) -> float:
        """Return the seconds until somebody else may go, if nothing else happens."""
        now = self._clock.monotonic()
        times = [self._ask_at[priority] - now for priority in Priority if self._queues.standing[priority]][:1]
        if any(self._queues.lines.values()):
            times.append(self._view.find_connection_delay(now, self._queues.count_connecting(Priority.JOB)))
        return max(_SHORTEST_SLEEP, min(times, default=math.inf))


def _blocked() -> AddressBlockedError:
    return AddressBlockedError(
        "Belvo's edge has refused this IP address with an HTML 403 five times in a row; the job stops.",
        remedy="Look for what else sends from this address, ask Belvo whether it is blocked, and run the job "
        "again: the links that are left stay queued.",
    )


def _repeat(error: CoordinatorError) -> CoordinatorError:
    return CoordinatorError(error.message, remedy=error.remedy, is_permanent=error.is_permanent)


def _busy(seconds: float) -> PoolBusyError:
    return PoolBusyError(
        f"The pool would send this after {seconds:.1f} s, which is longer than max_wait; nothing was sent.",
        remedy="Call again later, or with a longer max_wait.",
        seconds=seconds,
    )
