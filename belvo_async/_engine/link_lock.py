"""The lock of each link: who may log in there now."""

import asyncio
from collections.abc import Callable
from enum import Enum
from types import TracebackType
from typing import Final, Self

from attrs import define, field

from belvo_async._engine.held_lease import HeldLease
from belvo_async._engine.link_lease import FindEnd, LinkLeases


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
    """One lock for each link, for as long as somebody holds or awaits it (rule: One login for each link).

    Within the process first come, first served; then the lease, for other processes.
    """

    def __init__(self, leases: LinkLeases) -> None:
        self._locks: Final[dict[str, KeyedLock]] = {}
        self.leases: Final = leases

    def __len__(self) -> int:
        """Return how many links are locked."""
        return len(self._locks)

    def hold(
        self,
        *keys: str,
        may_wait: bool = True,
        find_end: FindEnd | None = None,
        when_added: Callable[[str], None] | None = None,
    ) -> "LinkHold":
        """Return the context in which no other login of this link runs.

        All *keys* are held, and taken in their order. Whoever holds several takes that of a link before that
        of a user, so no two wait for each other. *may_wait* and *find_end* are about other processes, see
        `LinkLeases.take`; *when_added* is told of each key that is held later.
        """
        return LinkHold(self, keys, may_wait=may_wait, find_end=find_end, when_added=when_added)

    def find(self, key: str) -> KeyedLock:
        """Return the lock of one key, to be used at once."""
        lock = self._locks.get(key)
        if lock is None:
            lock = self._locks[key] = KeyedLock(asyncio.Lock(), key, self._locks)
        return lock


class LinkHold:
    """Several locks, held together, each with its lease."""

    def __init__(
        self,
        locks: LinkLock,
        keys: tuple[str, ...],
        *,
        may_wait: bool,
        find_end: FindEnd | None,
        when_added: Callable[[str], None] | None,
    ) -> None:
        self._locks: Final = locks
        self._leases: Final = locks.leases
        self._may_wait: Final = may_wait
        self._find_end: Final = find_end
        self._when_added = when_added
        self.keys = keys
        self._held: Final[list[KeyedLock]] = []
        self._held_leases: Final[list[HeldLease]] = []

    async def __aenter__(self) -> Self:
        try:
            for key in self.keys:
                await self._acquire(key, may_wait=self._may_wait)
        except BaseException:
            await self._release()
            raise
        return self

    @property
    def is_shared(self) -> bool:
        """Whether there may be other processes that want it."""
        return self._leases.is_shared

    @property
    def has_waited(self) -> bool:
        """Whether another process had one of them right before."""
        return any(lease.has_waited for lease in self._held_leases)

    async def add(self, key: str) -> None:
        """Hold one more, inside; nothing happens where it is held."""
        if key not in self.keys:
            self.keys = (*self.keys, key)
            if self._when_added is not None:
                self._when_added(key)
            await self._acquire(key, may_wait=True)

    async def send(self, link_id: str | None) -> "Departing":
        """Tell other processes that the login leaves now, and return how it stands with them.

        Args:
            link_id: The link whose status shows how it ends; None where there is none yet.

        Raises:
            CoordinatorError: They could not be told.
            PoolClosedError: The pool closes.
        """
        departing = Departing.AT_ONCE
        for index, lease in enumerate(self._held_leases):
            if await lease.send(link_id):
                continue
            # This process stood still for so long that its hold was over.
            renewed = await self._leases.take(lease.name, may_wait=True, find_end=self._find_end)
            await self._leases.give_back(lease)
            self._held_leases[index] = renewed
            if renewed.fence != lease.fence + 1:
                return Departing.OVERTAKEN
            departing = Departing.LATE
        return departing

    def abandon(self) -> None:
        """Leave the leases as they are: a login was sent, and runs on at the bank when nobody listens."""
        while self._held_leases:
            self._leases.abandon(self._held_leases.pop())

    async def ask(self, seconds: float) -> None:
        """Tell other processes that the bank has responded, and a person is asked for up to some seconds."""
        for lease in self._held_leases:
            await lease.ask(seconds)

    async def _acquire(self, key: str, *, may_wait: bool) -> None:
        lock = self._locks.find(key)
        await lock.acquire()
        self._held.append(lock)
        lease = await self._leases.take(key, may_wait=may_wait, find_end=self._find_end)
        self._held_leases.append(lease)

    async def let_go(self, unparked: str | None = None) -> None:
        """Let other processes have the link before this one does.

        Args:
            unparked: The link whose challenge was handed out and is not parked yet: until it is, other
                processes wait a little, so that they find it instead of logging in.
        """
        leases = [*reversed(self._held_leases)]
        self._held_leases.clear()
        if unparked is None:
            await self._leases.give_back(*leases)
        else:
            await self._leases.leave(leases, unparked)

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self._release()

    async def _release(self) -> None:
        self._when_added = None  # it knows who holds: a circle would keep the credentials in memory
        try:
            await self.let_go()
        finally:
            while self._held:
                self._held.pop().release()


class Departing(Enum):
    """Whether a login may leave, as far as other processes are concerned."""

    AT_ONCE = "no other process has come in between"
    LATE = "none has, but its turn may be over"
    OVERTAKEN = "another process has logged in meanwhile"
