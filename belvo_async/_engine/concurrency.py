"""Who may send now: one login for each link, and a bounded number of requests in all and per institution."""

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import AbstractAsyncContextManager, nullcontext
from types import TracebackType
from typing import Final, TypeAlias

from attrs import define, field

from belvo_async._engine.priority import Priority
from belvo_async.params import Concurrency

HoldLink: TypeAlias = Callable[[str], Awaitable[None]]
"""Holds a link too that a login learns of on its way."""
_NO_LIMIT: Final = nullcontext()


@define
class _KeyedLock:
    """A lock or a semaphore kept under a key, and dropped when nobody uses it."""

    primitive: asyncio.Lock | asyncio.Semaphore
    key: str
    owner: "dict[str, _KeyedLock]" = field(repr=False)
    users: int = 0

    async def acquire(self) -> None:
        """Wait for it."""
        self.users += 1
        try:
            await self.primitive.acquire()
        except BaseException:
            self._forget()
            raise

    def release(self) -> None:
        """Let the next one have it."""
        self.primitive.release()
        self._forget()

    async def __aenter__(self) -> None:
        await self.acquire()

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.release()

    def _forget(self) -> None:
        self.users -= 1
        if not self.users:
            del self.owner[self.key]


class LinkLock:
    """One lock for each link, for as long as somebody holds or awaits it (rule: One login for each link)."""

    def __init__(self) -> None:
        self._locks: Final[dict[str, _KeyedLock]] = {}

    def __len__(self) -> int:
        """Return how many links are locked."""
        return len(self._locks)

    def hold(self, *keys: str) -> "_Hold":
        """Return the context in which no other login of this link runs; first come, first served.

        All *keys* are held, and taken in their order. Whoever holds several takes that of a link before that
        of a user, so no two wait for each other.
        """
        return _Hold(self, keys)

    def find(self, key: str) -> _KeyedLock:
        """Return the lock of one key, to be used at once."""
        lock = self._locks.get(key)
        if lock is None:
            lock = self._locks[key] = _KeyedLock(asyncio.Lock(), key, self._locks)
        return lock


class _Hold:
    """Several locks, held together."""

    def __init__(self, locks: LinkLock, keys: tuple[str, ...]) -> None:
        self._locks: Final = locks
        self.keys = keys
        self._held: Final[list[_KeyedLock]] = []

    async def __aenter__(self) -> None:
        try:
            for key in self.keys:
                await self._acquire(key)
        except BaseException:
            self._release()
            raise

    async def add(self, key: str) -> None:
        """Hold one more, inside."""
        self.keys = (*self.keys, key)
        await self._acquire(key)

    async def _acquire(self, key: str) -> None:
        lock = self._locks.find(key)
        await lock.acquire()
        self._held.append(lock)

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._release()

    def _release(self) -> None:
        while self._held:
            self._held.pop().release()


class ConcurrencyLimits:
    """Room for requests: so many of each class, and so many for one institution.

    (rules: A place is for a request, Everybody gets a turn)

    Each class has room of its own: no queue of logins holds up a person's answer, and no job a call.
    """

    def __init__(self, concurrency: Concurrency) -> None:
        self._per_institution: Final = concurrency.per_institution
        self._rooms: Final = {priority: asyncio.Semaphore(concurrency.total) for priority in Priority}
        self._institutions: Final[dict[str, _KeyedLock]] = {}

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
            slot = self._institutions[key] = _KeyedLock(semaphore, key, self._institutions)
        return slot
