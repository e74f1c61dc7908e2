"""One login in flight for each link, for as long as it runs at the bank, not as long as a call.

(rule: One login for each link)
"""

import asyncio
from collections import defaultdict
from contextvars import copy_context
from functools import partial
from typing import Any, Final, Literal, TypeAlias, TypeVar

from belvo_async._engine.callers import Caller, TokenProvider
from belvo_async._engine.context import EngineContext
from belvo_async._engine.flight import Flight, Wish
from belvo_async._engine.link_lock import LinkLock
from belvo_async._event_loop import end_all
from belvo_async.errors import InvalidValueError, LinkBusyError

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


class SingleFlight:
    """The logins of a pool: at most one at a time for each link, and equal ones shared."""

    def __init__(self, context: EngineContext, locks: LinkLock) -> None:
        self._context: Final = context
        self._locks: Final = locks
        # Any: a link has logins of several operations. In the order in which they were asked for.
        self._flights: Final[defaultdict[str, list[Flight[Any]]]] = defaultdict(list)
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
        return self._start(wish, may_wait=when_busy != "refuse") if shared is None else shared

    def find_equal(self, wish: Wish[T]) -> Flight[T] | None:
        """Return the login that was asked for last, if it is equal and not over."""
        flights = self._flights.get(wish.keys[0])
        return flights[-1] if flights and flights[-1].can_join(wish) else None

    def _refuse(self, wish: Wish[T]) -> None:
        flights = {flight for key in wish.keys for flight in self._flights.get(key, ()) if not flight.is_over}
        if flights:
            # One after the other.
            seconds = sum(flight.wish.operation.find_seconds_left() for flight in flights)
            raise _busy(wish.operation.link_id, seconds)

    def _start(self, wish: Wish[T], *, may_wait: bool) -> Flight[T]:
        flight = Flight(wish, self._context, self._locks, self._list, may_wait=may_wait)
        for key in wish.keys:
            self._list(flight, key)
        self._tasks.add(flight.task)
        flight.task.add_done_callback(partial(self._forget, flight))
        return flight

    def _list(self, flight: "Flight[Any]", key: str) -> None:
        self._flights[key].append(flight)

    def _forget(self, flight: "Flight[Any]", task: asyncio.Task[None]) -> None:
        flight.end()
        self._tasks.discard(task)
        for key in flight.keys:
            flights = self._flights[key]
            flights.remove(flight)
            if not flights:
                del self._flights[key]

    async def close(self) -> None:
        """Cut off what is left: calls learn that their login may have succeeded, and holds end."""
        await end_all(self._tasks.copy(), _PATIENCE)


def _busy(link_id: str | None, seconds: float) -> LinkBusyError:
    return LinkBusyError(
        "Another login of this link is in flight; nothing was sent.",
        remedy=f'Try again in {seconds:.0f} s, or pass when_busy="wait".',
        link_id=link_id,
        seconds=seconds,
    )
