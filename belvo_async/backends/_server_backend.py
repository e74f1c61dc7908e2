"""What backends have in common that are a server."""

import asyncio
from types import TracebackType
from typing import Final, Generic, Self, TypeVar

from belvo_async.backends._coordinator import Coordinator
from belvo_async.backends._lease import LEASE
from belvo_async.backends._postgres import PostgresChallengeStore
from belvo_async.backends._postgres_coordinator import PostgresCoordinator
from belvo_async.backends._redis import RedisChallengeStore
from belvo_async.backends._redis_coordinator import RedisCoordinator
from belvo_async.backends._window import WINDOW

S = TypeVar("S", RedisChallengeStore, PostgresChallengeStore)
C = TypeVar("C", RedisCoordinator, PostgresCoordinator)


class ServerBackend(Generic[S, C]):
    """Keeps in one server what processes share."""

    def __init__(self, challenges: S, coordinator: C) -> None:
        self.challenges: Final[S] = challenges
        self.coordinator: Final[C] = coordinator
        self._is_open = False

    async def open(self) -> None:
        """Check that the server responds, and is fit for it; make what has to be there.

        Raises:
            ChallengeStoreError: It does not respond, or refuses.
            CoordinatorError: It is not fit: it may evict keys, or is read-only.
        """
        if not self._is_open:
            await self.challenges.__aenter__()
            try:
                await asyncio.to_thread(self.coordinator.check)
            except BaseException:
                await self.aclose()
                raise
            self._is_open = True

    async def init(self) -> bool:
        """Note that nothing is under way, so that the first use need not wait.

        Call it before the first process uses the backend, and not each time that one starts: after Redis was
        emptied, or a replica took over, it cannot be told what may be under way.

        Returns:
            Whether it was noted; it is not where the backend is in use already.

        Raises:
            CoordinatorError: The server cannot be used.
        """
        if await asyncio.to_thread(is_used, self.coordinator):
            return False
        await asyncio.to_thread(self.coordinator.init)
        return True

    async def aclose(self) -> None:
        """Close the connections, also those of a backend that was used without being opened."""
        try:
            self._is_open = False
            await self.challenges.__aexit__(None, None, None)
        finally:
            await asyncio.to_thread(self.coordinator.close)

    async def __aenter__(self) -> Self:
        await self.open()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.aclose()


def is_used(coordinator: Coordinator) -> bool:
    """Return whether requests or logins have been noted that may still matter."""
    windows, _ = coordinator.read_all(WINDOW)
    return bool(windows) or bool(coordinator.read_all(LEASE)[0])
