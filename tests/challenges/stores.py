"""A store in trouble: something happens before or after one of its calls."""

import builtins
from collections.abc import Awaitable, Callable
from datetime import datetime
from typing import TypeVar

from belvo_async.backends import ChallengeRow, ChallengeStore
from belvo_async.errors import ChallengeStoreError
from belvo_async.models import ChallengePhase

T = TypeVar("T")


class TroubledStore:
    """Calls *trouble* with the number and the name of each call, before it and after it."""

    def __init__(self, store: ChallengeStore) -> None:
        self.store = store
        self.calls = 0
        self.before: Callable[[int, str], Awaitable[None]] = nothing
        self.after: Callable[[int, str], Awaitable[None]] = nothing

    async def add(self, row: ChallengeRow) -> bool:
        return await self._run("add", lambda: self.store.add(row))

    async def read(self, key: str) -> ChallengeRow | None:
        return await self._run("read", lambda: self.store.read(key))

    async def replace(self, row: ChallengeRow) -> bool:
        return await self._run(f"replace {row.phase}", lambda: self.store.replace(row))

    async def list(
        self, owner: str, phase: ChallengePhase, *, after: datetime, limit: int
    ) -> list[ChallengeRow]:
        return await self._run("list", lambda: self.store.list(owner, phase, after=after, limit=limit))

    async def find(self, link: str, *, after: datetime, limit: int) -> builtins.list[ChallengeRow]:
        return await self._run("find", lambda: self.store.find(link, after=after, limit=limit))

    async def forget(self, before: datetime) -> int:
        return await self._run("forget", lambda: self.store.forget(before))

    async def _run(self, name: str, work: Callable[[], Awaitable[T]]) -> T:
        self.calls += 1
        number = self.calls
        await self.before(number, name)
        result = await work()
        await self.after(number, name)
        return result

    def heal(self) -> None:
        self.before = self.after = nothing


async def nothing(_: int, __: str) -> None:
    pass


def fail_at(
    first: int, times: int = 1, error: type[Exception] = ChallengeStoreError
) -> Callable[[int, str], Awaitable[None]]:
    """Build the trouble of a store that fails some times in a row."""

    async def fail(number: int, _: str) -> None:
        if first <= number < first + times:
            raise error("the store is in trouble")

    return fail
