"""The lock of each link: who may log in there now."""

import asyncio
from collections.abc import Awaitable, Callable
from types import TracebackType
from typing import Final, TypeAlias

from attrs import define, field

HoldLink: TypeAlias = Callable[[str], Awaitable[None]]
"""Holds a link too that a login learns of on its way."""


@define
class KeyedLock:
    """A lock or a semaphore kept under a key, and dropped when nobody uses it."""

    primitive: asyncio.Lock | asyncio.Semaphore
    key: str
    owner: "dict[str, KeyedLock]" = field(repr=False)
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
        self._locks: Final[dict[str, KeyedLock]] = {}

    def __len__(self) -> int:
        """Return how many links are locked."""
        return len(self._locks)

    def hold(self, *keys: str) -> "_Hold":
        """Return the context in which no other login of this link runs; first come, first served.

        All *keys* are held, and taken in their order. Whoever holds several takes that of a link before that
        of a user, so no two wait for each other.
        """
        return _Hold(self, keys)

    def find(self, key: str) -> KeyedLock:
        """Return the lock of one key, to be used at once."""
        lock = self._locks.get(key)
        if lock is None:
            lock = self._locks[key] = KeyedLock(asyncio.Lock(), key, self._locks)
        return lock


class _Hold:
    """Several locks, held together."""

    def __init__(self, locks: LinkLock, keys: tuple[str, ...]) -> None:
        self._locks: Final = locks
        self.keys = keys
        self._held: Final[list[KeyedLock]] = []

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
