"""One login in flight for each link, for as long as it runs at the bank, not as long as a call (rule R1)."""

import asyncio
import copy
from collections import defaultdict
from collections.abc import Awaitable, Callable
from contextvars import copy_context
from functools import partial
from typing import Final, Generic, Literal, Protocol, TypeAlias, TypeVar, cast

from attrs import frozen

from belvo_async._callers import Caller, Callers, TokenProvider
from belvo_async._departure import LOGIN_LIMIT, Departure
from belvo_async._exchange import Traffic, outcome_unknown
from belvo_async._models import Link
from belvo_async._observations import AbandonedLoginEnded, LoginOperation
from belvo_async._observer import notify
from belvo_async._slots import LinkLocks
from belvo_async.errors import BelvoError, InvalidValueError, LinkBusyError, PoolClosedError

S = TypeVar("S")
T = TypeVar("T")

WhenBusy: TypeAlias = Literal["join", "wait", "refuse"]
"""What a call does that finds another login of its link in flight.

- `"join"`: it shares the login that was asked for last, if that one asks for the same, and gets its result;
  otherwise it waits. A call with a `recorder` waits, as it could not write down what has happened already.
- `"wait"`: it waits until the other login has ended, and then logs in.
- `"refuse"`: it raises `LinkBusyError`, and sends nothing.
"""
_CHOICES: Final = ("join", "wait", "refuse")
_PATIENCE: Final = 1.0
"""Seconds that the logins of a closing pool have to end once they are cut off."""


def check_when_busy(when_busy: object) -> None:
    """Refuse what is none of the three choices.

    Raises:
        InvalidValueError: It is not.
    """
    if when_busy not in _CHOICES:
        raise InvalidValueError.of(
            "when_busy", "is not a choice", remedy='Pass "join", "wait" or "refuse", or leave it out.'
        )


class Operation(Protocol):
    """One login, as far as it must be known here."""

    @property
    def departure(self) -> Departure:
        """The departures of its newest request."""
        ...

    async def wait_until_over(self) -> Link | None:
        """Wait until the login has surely ended; return the link if that shows a success."""
        ...


@frozen(kw_only=True)
class Wish(Generic[T]):
    """What a call wants."""

    name: LoginOperation
    link_id: str | None
    keys: tuple[str, ...]
    """What only one login at a time may be for: the link, and the user at the institution, where known."""
    digest: str | None = None
    """Equal for calls that want the same: a keyed digest, as what they want holds a password. None where the
    login is not shared."""
    operation: Operation
    callers: Callers
    run: Callable[[], Awaitable[T]]
    """Does the login for its callers."""
    is_shown_by_link: bool = True
    """Whether the link is the result, so that a status check can show it."""


class Flight(Generic[T]):
    """One login: queued, in flight, or held after its response was lost."""

    def __init__(self, wish: Wish[T], traffic: Traffic, locks: LinkLocks) -> None:
        self.wish: Final = wish
        self._traffic: Final = traffic
        self._locks: Final = locks
        self._is_abandoned = False
        self._is_cut = False
        self._is_held_only = False
        self._evidence: Final[asyncio.Future[Link | None]] = asyncio.get_running_loop().create_future()
        self._task: Final = asyncio.get_running_loop().create_task(self._fly())

    @property
    def task(self) -> "asyncio.Task[None]":
        """What drives it."""
        return self._task

    @property
    def is_over(self) -> bool:
        """Whether the link is free of it."""
        return self._evidence.done()

    def can_join(self, wish: Wish[S]) -> bool:
        """Whether a call may share its result."""
        is_equal = wish.digest is not None and wish.digest == self.wish.digest
        return is_equal and not (self._is_cut or self.is_over)

    def find_seconds_left(self) -> float:
        """Return after how many seconds it is over at the latest, as far as is known now."""
        return self.wish.operation.departure.find_seconds_left(self._traffic.clock.monotonic()) or LOGIN_LIMIT

    async def join(self, caller: Caller) -> T | None:
        """Wait for the result; None where the login has ended without anything that shows it."""
        if self._is_held_only:
            # What its own callers were told is over; a link that a status check shows is as good a result.
            return cast("T | None", await asyncio.shield(self._evidence))
        self.wish.callers.add(caller)
        self._is_abandoned = False
        try:
            return cast("T", await caller.result)
        except asyncio.CancelledError:
            await self._leave(caller)
            raise

    async def _leave(self, caller: Caller) -> None:
        """Go on without *caller*; without any caller only a login goes on whose end is not known yet."""
        self.wish.callers.remove(caller)
        if self.wish.callers:
            return
        self._is_abandoned = self.wish.operation.departure.is_in_doubt
        if not self._is_abandoned:
            self._is_cut = True
            self._task.cancel()
            await asyncio.wait([self._task])

    async def _fly(self) -> None:
        try:
            async with self._locks.hold(*self.wish.keys):
                await self._serve_callers()
                self._is_held_only = True
                if self.wish.operation.departure.may_run:
                    link = await self.wish.operation.wait_until_over()
                    self._show(link if self.wish.is_shown_by_link else None)
        except PoolClosedError as error:
            self._fail(error)
        except asyncio.CancelledError:
            self._fail(self._explain_cut())
            raise
        finally:
            self._show(None)

    async def _serve_callers(self) -> None:
        with self._traffic.gate:
            try:
                result = await self.wish.run()
            except (asyncio.CancelledError, GeneratorExit):
                raise
            except BaseException as error:  # noqa: BLE001 - whatever it is, the callers raise it
                self._fail(error)
            else:
                self._succeed(result)

    def _succeed(self, result: T) -> None:
        callers = self.wish.callers.take_all()
        for caller in callers:
            caller.succeed(result)
        if self._is_abandoned:
            self._tell(None)

    def _fail(self, error: BaseException) -> None:
        callers = self.wish.callers.take_all()
        for number, caller in enumerate(callers):
            # Each its own: one that is raised in several tasks collects all their tracebacks.
            caller.fail(error if not number else _copy(error))
        if self._is_abandoned and not self._is_held_only:
            self._tell(error)

    def _tell(self, error: BaseException | None) -> None:
        ended = AbandonedLoginEnded(
            operation=self.wish.name,
            link_id=self.wish.link_id,
            error=None if error is None else type(error).__name__,
            code=error.code if isinstance(error, BelvoError) else None,
        )
        notify(self._traffic.observer, ended)

    def _show(self, link: Link | None) -> None:
        if not self._evidence.done():
            self._evidence.set_result(link)

    def _explain_cut(self) -> BelvoError:
        departure = self.wish.operation.departure
        if not departure.is_in_doubt:
            return PoolClosedError("The session pool was closed.", remedy="Make a new pool, and call again.")
        sent_at = self._traffic.find_belvo_time(departure.last)
        why = "the session pool was closed before it could be told."
        return outcome_unknown(why, self.wish.link_id, sent_at)


class SingleFlight:
    """The logins of a pool: at most one at a time for each link, and equal ones shared."""

    def __init__(self, traffic: Traffic, locks: LinkLocks) -> None:
        self._traffic: Final = traffic
        self._locks: Final = locks
        # Of any result: a link has logins of several operations. In the order in which they were asked for.
        self._flights: Final[defaultdict[str, list[Flight[object]]]] = defaultdict(list)
        self._tasks: Final[set[asyncio.Task[None]]] = set()

    def __len__(self) -> int:
        """Return how many logins are queued, in flight or held."""
        return len(self._tasks)

    async def run(self, wish: Wish[T], provide_token: TokenProvider | None, when_busy: WhenBusy) -> T:
        """Return the result of a login: an own one, or one that is shared.

        Raises:
            LinkBusyError: There is another one, and *when_busy* is `"refuse"`.
            BelvoError: The login ended without a result.
        """
        while True:
            flight = self._find(wish, when_busy)
            context = None if flight.wish is wish else copy_context()
            result = await flight.join(Caller(provide_token, context=context))
            if result is not None:
                return result

    def _find(self, wish: Wish[T], when_busy: WhenBusy) -> Flight[T]:
        if when_busy == "refuse":
            self._refuse(wish)
        shared = self.find_equal(wish) if when_busy == "join" else None
        return self._start(wish) if shared is None else shared

    def find_equal(self, wish: Wish[T]) -> Flight[T] | None:
        """Return the login that was asked for last, if it is equal and not over."""
        flights = self._flights.get(wish.keys[0])
        return cast("Flight[T]", flights[-1]) if flights and flights[-1].can_join(wish) else None

    def _refuse(self, wish: Wish[T]) -> None:
        flights = [flight for key in wish.keys for flight in self._flights.get(key, ()) if not flight.is_over]
        if flights:
            raise _busy(wish.link_id, max(flight.find_seconds_left() for flight in flights))

    def _start(self, wish: Wish[T]) -> Flight[T]:
        flight = Flight(wish, self._traffic, self._locks)
        for key in wish.keys:
            self._flights[key].append(cast("Flight[object]", flight))
        self._tasks.add(flight.task)
        flight.task.add_done_callback(partial(self._forget, cast("Flight[object]", flight)))
        return flight

    def _forget(self, flight: Flight[object], task: asyncio.Task[None]) -> None:
        self._tasks.discard(task)
        for key in flight.wish.keys:
            flights = self._flights[key]
            flights.remove(flight)
            if not flights:
                del self._flights[key]

    async def close(self) -> None:
        """Cut off what is left: calls learn that their login may have succeeded, and holds end."""
        for task in self._tasks:
            task.cancel()
        if self._tasks:
            await asyncio.wait(self._tasks.copy(), timeout=_PATIENCE)


def _busy(link_id: str | None, seconds: float) -> LinkBusyError:
    return LinkBusyError(
        "Another login of this link is in flight; nothing was sent.",
        remedy=f'Try again in {seconds:.0f} s, or pass when_busy="wait".',
        link_id=link_id,
        seconds=seconds,
    )


def _copy(error: BaseException) -> BaseException:
    if not isinstance(error, BelvoError):
        return error
    twin = copy.copy(error)
    twin.__cause__ = error.__cause__
    return twin
