"""Who may send now: one login for each link, and a bounded number of requests in all and per institution."""

import asyncio
from types import TracebackType
from typing import Final

from attrs import define, field

from belvo_async._settings import Concurrency


@define
class _Turnstile:
    """A lock or a semaphore kept under a key, and dropped when nobody uses it."""

    primitive: asyncio.Lock | asyncio.Semaphore
    key: str
    owner: "dict[str, _Turnstile]" = field(repr=False)
    users: int = 0

    async def __aenter__(self) -> None:
        self.users += 1
        try:
            await self.primitive.acquire()
        except BaseException:
            self._forget()
            raise

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.primitive.release()
        self._forget()

    def _forget(self) -> None:
        self.users -= 1
        if not self.users:
            del self.owner[self.key]


class LinkLocks:
    """One lock for each link, for as long as somebody holds or awaits it (design rule R1)."""

    def __init__(self) -> None:
        self._locks: Final[dict[str, _Turnstile]] = {}

    def __len__(self) -> int:
        """Return how many links are locked."""
        return len(self._locks)

    def hold(self, link_id: str) -> _Turnstile:
        """Return the context in which no other login of this link runs; first come, first served."""
        lock = self._locks.get(link_id)
        if lock is None:
            lock = self._locks[link_id] = _Turnstile(asyncio.Lock(), link_id, self._locks)
        return lock


class Slots:
    """Room for requests: so many in all, so many for one institution (design rules R14, R15)."""

    def __init__(self, concurrency: Concurrency) -> None:
        self._concurrency: Final = concurrency
        self._total: Final = asyncio.Semaphore(concurrency.total)
        self._urgent: Final = asyncio.Semaphore(concurrency.total)
        self._institutions: Final[dict[str, _Turnstile]] = {}

    @property
    def total(self) -> asyncio.Semaphore:
        """The room in all: taken last, so that who waits for an institution holds none of it."""
        return self._total

    @property
    def urgent(self) -> asyncio.Semaphore:
        """Room of their own for urgent requests: no queue of logins holds up a person's answer."""
        return self._urgent

    def of(self, institution: str) -> _Turnstile:
        """Return the context that holds one slot of an institution."""
        slot = self._institutions.get(institution)
        if slot is None:
            semaphore = asyncio.Semaphore(self._concurrency.per_institution)
            slot = self._institutions[institution] = _Turnstile(semaphore, institution, self._institutions)
        return slot
