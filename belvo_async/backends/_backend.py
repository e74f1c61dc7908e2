"""What processes share, as one thing to hand to a pool."""

import asyncio
import os
from pathlib import Path
from types import TracebackType
from typing import Final, Protocol, Self, runtime_checkable

from belvo_async._clock import SYSTEM_CLOCK, Clock
from belvo_async._event_loop import close_all
from belvo_async._sqlite.file import find_real, sidecar
from belvo_async.backends._challenge_store import ChallengeStore
from belvo_async.backends._coordinator import Coordinator
from belvo_async.backends._ledger import Ledger
from belvo_async.backends._memory import MemoryChallengeStore
from belvo_async.backends._memory_coordinator import MemoryCoordinator
from belvo_async.backends._memory_ledger import MemoryLedger
from belvo_async.backends._redis import RedisChallengeStore
from belvo_async.backends._redis_coordinator import RedisCoordinator
from belvo_async.backends._server_backend import ServerBackend, is_used
from belvo_async.backends._sqlite import SqliteChallengeStore
from belvo_async.backends._sqlite_coordinator import SqliteCoordinator
from belvo_async.backends._sqlite_ledger import SqliteLedger


@runtime_checkable
class Backend(Protocol):
    """What the processes share that behave as one pool."""

    @property
    def coordinator(self) -> Coordinator:
        """Keeps the window of the rate limit, and the leases on links."""
        ...

    @property
    def challenges(self) -> ChallengeStore:
        """Keeps what is parked."""
        ...

    @property
    def ledger(self) -> Ledger | None:
        """Keeps how far the links of jobs have come; None where jobs need a journal of their own."""
        ...

    async def open(self) -> None:
        """Make it ready; nothing happens where it is."""
        ...

    async def aclose(self) -> None:
        """Let go of files and connections."""
        ...


class MemoryBackend:
    """Keeps all in the memory of this process: the default.

    Pools with the system's clock share one by default, on whichever event loops and threads they are, so
    that a process keeps within the limit as a whole. A forked process begins with an empty one, and waits
    one window. Nothing is left when the process ends.

    Args:
        challenges: Where to keep parked challenges instead; it is not opened or closed.
        clock: Tells the moments. A pool with another clock has a window and leases of its own.
    """

    def __init__(self, challenges: ChallengeStore | None = None, *, clock: Clock = SYSTEM_CLOCK) -> None:
        self._clock: Final = clock
        self.ledger: Final = MemoryLedger()
        self._others: Final[dict[int, MemoryBackend]] = {}
        self.coordinator: Final = MemoryCoordinator(clock)
        self._own: Final = MemoryChallengeStore()
        self.challenges: Final[ChallengeStore] = self._own if challenges is None else challenges

    async def open(self) -> None:
        """Do nothing."""

    async def aclose(self) -> None:
        """Do nothing."""

    def on(self, clock: Clock) -> "MemoryBackend":
        """Return the part of it where time passes by another clock; the challenges are the same."""
        if clock is self._clock:
            return self
        return self._others.setdefault(id(clock), MemoryBackend(self.challenges, clock=clock))

    def reset(self) -> None:
        """Forget everything, as if nothing had ever been sent: for tests."""
        self.coordinator.reset()
        self._own.reset()
        self.ledger.reset()


class SqliteBackend:
    """Keeps all in one SQLite file, for the processes of one machine.

    Parked challenges survive the end of the process and a loss of power. The window and the leases are in a
    file beside it (`-coordinator`), which counts until the machine is started again. Both are made where
    there are none, readable by their owner alone. Not for a network drive.

    Args:
        path: The file.

    Attributes:
        path: The same.

    Raises:
        ConfigurationError: *path* is none.

    Example:
        >>> import asyncio
        >>> import tempfile
        >>> from belvo_async import Credentials, SessionPool
        >>> from belvo_async.backends import SqliteBackend
        >>> from belvo_async.sandbox import Sandbox
        >>> async def main(path: str) -> None:
        ...     async with Sandbox() as belvo, SqliteBackend(path) as backend:
        ...         keys = Credentials(belvo.secret_id, belvo.secret_password)
        ...         async with SessionPool(keys, environment=belvo.url, backend=backend) as pool:
        ...             print((await pool.links.get(belvo.add_link())).status)
        >>> with tempfile.TemporaryDirectory() as directory:
        ...     asyncio.run(main(f"{directory}/belvo.sqlite"))
        valid
    """

    def __init__(self, path: str | os.PathLike[str]) -> None:
        self.challenges: Final = SqliteChallengeStore(path)
        self.ledger: Final = SqliteLedger(path)
        self.path: Final = Path(path)
        self.coordinator: Final = SqliteCoordinator(sidecar(find_real(path), "coordinator"))
        self._is_open = False

    async def open(self) -> None:
        """Open or make the file.

        Raises:
            ChallengeStoreError: It cannot be opened.
        """
        if not self._is_open:
            await self.challenges.__aenter__()
            try:
                await self.ledger.__aenter__()
            except BaseException:
                await self.challenges.__aexit__(None, None, None)
                raise
            self._is_open = True

    async def init(self) -> bool:
        """Make what an open backend has not made yet; return False where it is in use already.

        Raises:
            CoordinatorError: It cannot be made.
        """
        return not await asyncio.to_thread(is_used, self.coordinator)

    async def aclose(self) -> None:
        """Close both files."""
        try:
            if self._is_open:
                self._is_open = False
                await close_all(
                    self.challenges.__aexit__(None, None, None), self.ledger.__aexit__(None, None, None)
                )
        finally:
            self.coordinator.close()

    async def __aenter__(self) -> Self:
        await self.open()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.aclose()


class RedisBackend(ServerBackend[RedisChallengeStore, RedisCoordinator]):
    """Keeps all but jobs in Redis, for the processes of many machines. Needs the extra `redis`.

    A job's links are kept by its `journal`, as a server that may lose what it was told is no place for them.

    The server must not evict keys (`maxmemory-policy noeviction`). After it was started again or emptied, or
    another took its place, requests wait for what may be under way: one window, and 330 s for a login.
    The same goes for its first use, unless `init` or `belvo-async backend init` has told that nothing is
    under way.

    Args:
        url: `redis://`, `rediss://` or `unix://`.
        prefix: What all names in Redis begin with; backends with different prefixes do not see each other.

    Raises:
        ConfigurationError: The extra `redis` is missing, or an argument makes no sense.
    """

    def __init__(self, url: str, *, prefix: str = "belvo") -> None:
        super().__init__(
            RedisChallengeStore.from_url(url, prefix=f"{prefix}:challenges"),
            RedisCoordinator(url, prefix=f"{prefix}:coordinator"),
        )
        self.ledger: Final = None


PROCESS: Final = MemoryBackend()
"""What the pools of this process share where nothing else was asked for."""
