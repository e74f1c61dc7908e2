"""How many requests may be under way: a bounded number of each class, and per institution."""

import asyncio
from contextlib import AbstractAsyncContextManager, nullcontext
from typing import Final

from belvo_async._engine.link_lock import KeyedLock
from belvo_async._engine.priority import Priority
from belvo_async.params import Concurrency

_NO_LIMIT: Final = nullcontext()


class ConcurrencyLimits:
    """Room for requests: so many of each class, and so many for one institution.

    (rules: A place is for a request, Everybody gets a turn)

    Each class has room of its own: no queue of logins holds up a person's answer, and no job a call.
    """

    def __init__(self, concurrency: Concurrency) -> None:
        self._per_institution: Final = concurrency.per_institution
        self._rooms: Final = {priority: asyncio.Semaphore(concurrency.total) for priority in Priority}
        self._institutions: Final[dict[str, KeyedLock]] = {}

    def room(self, priority: Priority) -> asyncio.Semaphore:
        """Return the room of a class: taken last, so that who waits for an institution holds none of it."""
        return self._rooms[priority]

    def of(self, priority: Priority, institution: str | None) -> AbstractAsyncContextManager[None]:
        """Return the context that holds one slot of an institution; an empty one where it has no limit."""
        if self._per_institution is None or institution is None or priority is Priority.ANSWER:
            return _NO_LIMIT
        key = f"{priority.name} {institution}"
        slot = self._institutions.get(key)
        if slot is None:
            semaphore = asyncio.Semaphore(self._per_institution)
            slot = self._institutions[key] = KeyedLock(semaphore, key, self._institutions)
        return slot
