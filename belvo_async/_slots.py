"""Who may send now: one login for each link, and a bounded number of requests in all and per institution."""

import asyncio
from types import TracebackType
from typing import Final

from attrs import define, field

from belvo_async._settings import Concurrency


@define
class _Counted:
    """A lock or semaphore that is dropped when nobody uses it."""

    primitive: asyncio.Lock | asyncio.Semaphore
    users: int = 0


@define
class _Turnstile:
    """One passage through a set of counted primitives, kept by key."""

    owner: "dict[str, _Counted]"
    key: str
    counted: _Counted = field(repr=False)

    async def __aenter__(self) -> None:
        self.counted.users += 1
        try:
            await self.counted.primitive.acquire()
        except BaseException:
            self._forget()
            raise

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.counted.primitive.release()
        self._forget()

    def _forget(self) -> None:
        self.counted.users -= 1
        if not self.counted.users:
            del self.owner[self.key]


class LinkLocks:
    """One lock for each link, for as long as somebody holds or awaits it (design rule R1)."""

    def __init__(self) -> None:
        self._locks: Final[dict[str, _Counted]] = {}

    def __len__(self) -> int:
        """Return how many links are locked."""
        return len(self._locks)

    def hold(self, link_id: str) -> _Turnstile:
        """Return the context in which no other login of this link runs; first come, first served."""
        counted = self._locks.get(link_id)
        if counted is None:
            counted = self._locks[link_id] = _Counted(asyncio.Lock())
        return _Turnstile(self._locks, link_id, counted)


class Slots:
    """Room for requests: so many in all, so many for one institution (design rules R14, R15)."""

    def __init__(self, concurrency: Concurrency) -> None:
        self._concurrency: Final = concurrency
        self._total: Final = asyncio.Semaphore(concurrency.total)
        self._institutions: Final[dict[str, _Counted]] = {}

    @property
    def total(self) -> asyncio.Semaphore:
        """The room in all: taken last, so that who waits for an institution holds none of it."""
        return self._total

    def of(self, institution: str) -> _Turnstile:
        """Return the context that holds one slot of an institution."""
        counted = self._institutions.get(institution)
        if counted is None:
            semaphore = asyncio.Semaphore(self._concurrency.per_institution)
            counted = self._institutions[institution] = _Counted(semaphore)
        return _Turnstile(self._institutions, institution, counted)
