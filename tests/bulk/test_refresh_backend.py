"""A job whose backend is gone stops, and loses nothing."""

from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

import pytest
from attrs import define, field

from belvo_async import Concurrency
from belvo_async.backends import MemoryChallengeStore, MemoryCoordinator, Moment, RecordKind
from belvo_async.bulk import JobLimits, refresh
from belvo_async.errors import CoordinatorError
from belvo_async.sandbox import Sandbox
from belvo_async.testing import ManualClock
from tests.bulk.conftest import add_updates, open_pool, read_states, refresh_all

R = TypeVar("R")
T = TypeVar("T")


@define
class FarCoordinator:
    """A coordinator that may be out of reach."""

    near: MemoryCoordinator
    is_down: bool = False
    is_blocking: bool = True

    def change(self, kind: RecordKind[R], key: str, change: Callable[[R, Moment], T]) -> T:
        if self.is_down:
            raise CoordinatorError("It is out of reach; nothing was sent.", remedy="Wait.")
        return self.near.change(kind, key, change)

    def read_all(self, kind: RecordKind[R]) -> tuple[dict[str, R], Moment]:
        return self.near.read_all(kind)


@define
class FarBackend:
    """A backend with it."""

    coordinator: FarCoordinator
    challenges: MemoryChallengeStore = field(factory=MemoryChallengeStore)
    ledger: None = None

    async def open(self) -> None:
        """Do nothing."""

    async def aclose(self) -> None:
        """Do nothing."""


async def test_a_job_stops_where_its_backend_is_gone_and_goes_on_when_it_is_back(
    sandbox: Sandbox, clock: ManualClock, tmp_path: Path
) -> None:
    updates, journal = add_updates(sandbox, 40), tmp_path / "night.sqlite"
    coordinator = FarCoordinator(MemoryCoordinator(clock))
    limits = JobLimits(concurrency=Concurrency(total=4))

    async def lose_it_on_the_way() -> None:
        async with refresh(pool, updates, journal=journal, limits=limits) as run:
            async for _ in run:
                coordinator.is_down = run.report.updated >= 10

    async with open_pool(sandbox, backend=FarBackend(coordinator)) as pool:
        with pytest.raises(CoordinatorError, match="out of reach"):
            await lose_it_on_the_way()
        states = Counter(read_states(journal).values())
        assert set(states) == {"updated", "queued"}
        assert states["updated"] == sandbox.logins()
        assert states.total() >= 10
        coordinator.is_down = False
        _, report = await refresh_all(pool, updates, journal=journal)
    assert (report.updated, sandbox.logins(), sandbox.overlapping_logins) == (40, 40, 0)
