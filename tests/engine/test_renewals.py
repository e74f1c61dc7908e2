"""Leases are renewed while a person is asked, and what could not be let go in time is let go late."""

import asyncio
import threading
from collections.abc import AsyncIterator, Callable
from typing import TypeVar

import pytest
from attrs import define, field

from belvo_async import Challenge, LinkUpdate, SessionPool
from belvo_async._engine import held_lease
from belvo_async._engine.held_lease import HeldLease
from belvo_async.backends import MemoryChallengeStore, MemoryLedger, Moment, RecordKind
from belvo_async.backends._lease import LEASE, Lease, LeasePhase
from belvo_async.backends._memory_coordinator import MemoryCoordinator
from belvo_async.errors import CoordinatorError, LinkBusyError
from belvo_async.sandbox import Sandbox
from tests.elsewhere import needs_fork, try_in_child
from tests.engine.test_shared_backend import make_pool

R = TypeVar("R")
T = TypeVar("T")


class FarCoordinator(MemoryCoordinator):
    """One that is asked on threads, as if it were far away; others may change what it does."""

    is_blocking = True

    def __init__(self) -> None:
        super().__init__()
        self.renewed: list[str] = []
        self.is_silent = threading.Event()
        self.speaks_again = threading.Event()
        self.loses_reply_to_send = False
        self.is_gone = False

    def change(self, kind: RecordKind[R], key: str, change: Callable[[R, Moment], T]) -> T:
        if threading.current_thread().name == "belvo-leases":
            self.renewed.append(key)
            if self.is_silent.is_set():
                self.speaks_again.wait(10)
        if self.is_gone:
            raise CoordinatorError("It cannot be reached; nothing was sent.")
        result = super().change(kind, key, change)
        if self.loses_reply_to_send and kind is LEASE and self._find(key).phase is LeasePhase.SENT:
            self.is_gone = True
            raise CoordinatorError("Its reply was lost; nothing was sent.")
        return result

    def _find(self, key: str) -> Lease:
        return self.read_all(LEASE)[0][key]


@define
class FarBackend:
    """A backend with that coordinator."""

    coordinator: FarCoordinator = field(factory=FarCoordinator)
    challenges: MemoryChallengeStore = field(factory=MemoryChallengeStore)
    ledger: MemoryLedger = field(factory=MemoryLedger)

    async def open(self) -> None:
        """Do nothing."""

    async def aclose(self) -> None:
        """Do nothing."""


@pytest.fixture(autouse=True)
def _quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(held_lease, "_RENEWAL", 0.02)


@pytest.fixture
async def sandbox() -> AsyncIterator[Sandbox]:
    async with Sandbox() as sandbox:
        yield sandbox


def add_update(sandbox: Sandbox) -> LinkUpdate:
    link_id = sandbox.add_link(institution="heimdall_mx_retail", username="mfa_numeric")
    return LinkUpdate(link_id, password="new")


async def is_free(pool: SessionPool, update: LinkUpdate) -> bool:
    try:
        await pool.links.update(update, when_busy="refuse")
    except LinkBusyError:
        return False
    return True


async def ask_until_renewed(pool: SessionPool, backend: FarBackend, update: LinkUpdate) -> None:
    """Update a link, and let its person take until the lease was renewed several times."""

    async def ask(_: Challenge) -> str:
        async with asyncio.timeout(5):
            while len(backend.coordinator.renewed) < 3:  # noqa: ASYNC110 - a thread does it
                await asyncio.sleep(0.005)
        return "111111"

    await pool.links.update(update, provide_token=ask)


async def test_a_backend_that_is_silent_keeps_no_lease_of_another_from_being_renewed(
    sandbox: Sandbox,
) -> None:
    silent, healthy = FarBackend(), FarBackend()
    silent.coordinator.is_silent.set()
    async with make_pool(sandbox, backend=silent) as one, make_pool(sandbox, backend=healthy) as two:
        is_asked, goes_on = asyncio.Event(), asyncio.Event()

        async def ask(_: Challenge) -> str:
            is_asked.set()
            await goes_on.wait()
            return "111111"

        first = asyncio.ensure_future(one.links.update(add_update(sandbox), provide_token=ask))
        await is_asked.wait()
        while not silent.coordinator.renewed:  # noqa: ASYNC110 - a thread does it
            await asyncio.sleep(0.005)
        try:
            await ask_until_renewed(two, healthy, add_update(sandbox))
        finally:
            silent.coordinator.speaks_again.set()
        goes_on.set()
        await first
    assert len(silent.coordinator.renewed) >= 1


async def test_a_lease_whose_note_lost_its_reply_is_let_go_once_the_backend_is_back(sandbox: Sandbox) -> None:
    """Nothing has left, so the link need not stay held for as long as a login may take."""
    backend, update = FarBackend(), LinkUpdate(sandbox.add_link(), password="new")
    backend.coordinator.loses_reply_to_send = True
    async with make_pool(sandbox, backend=backend) as one, make_pool(sandbox, backend=backend) as two:
        with pytest.raises(CoordinatorError):
            await one.links.update(update)
        assert sandbox.logins() == 0
        backend.coordinator.loses_reply_to_send = backend.coordinator.is_gone = False
        async with asyncio.timeout(5):
            while not await is_free(two, update):  # noqa: ASYNC110 - a thread lets go of it
                await asyncio.sleep(0.01)
    assert sandbox.logins() == 1


async def test_a_late_release_is_given_up_in_time(sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(held_lease, "_MOST_TRIES", 3)
    tries, release = list[HeldLease](), HeldLease.release_now

    def release_now(self: HeldLease) -> None:
        tries.append(self)
        release(self)

    monkeypatch.setattr(HeldLease, "release_now", release_now)
    backend = FarBackend()
    backend.coordinator.loses_reply_to_send = True
    async with make_pool(sandbox, backend=backend) as pool:
        with pytest.raises(CoordinatorError):
            await pool.links.update(LinkUpdate(sandbox.add_link(), password="new"))
        async with asyncio.timeout(5):
            while any(thread.name == "belvo-leases" for thread in threading.enumerate()):  # noqa: ASYNC110
                await asyncio.sleep(0.005)
    assert len(tries) == 3


@needs_fork
async def test_a_forked_process_renews_its_own_leases_and_none_of_its_parents(sandbox: Sandbox) -> None:
    parents, childs, update = FarBackend(), FarBackend(), add_update(sandbox)
    told: list[tuple[str, str]] = []

    async def be_child() -> None:
        parents.coordinator.renewed.clear()
        async with make_pool(sandbox, backend=childs) as pool:
            await ask_until_renewed(pool, childs, update)
        raise RuntimeError(f"{len(parents.coordinator.renewed)} of the parent's")

    async def ask(_: Challenge) -> str:
        told.append(await try_in_child(be_child))
        return "111111"

    async with make_pool(sandbox, backend=parents) as pool:
        await pool.links.update(add_update(sandbox), provide_token=ask)
    assert told == [("RuntimeError", "0 of the parent's")]
    assert parents.coordinator.renewed
