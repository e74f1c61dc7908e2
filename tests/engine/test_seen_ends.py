"""A login that another process has sent is waited for until it is seen to have ended, or must have."""

from collections.abc import AsyncIterator, Awaitable, Callable
from datetime import timedelta
from typing import TypeVar

import pytest
from attrs import evolve

from belvo_async import LinkUpdate, SessionPool
from belvo_async.backends import MemoryBackend, MemoryCoordinator, Moment, RecordKind
from belvo_async.backends._lease import LEASE, Hold, Lease
from belvo_async.errors import LinkBusyError
from belvo_async.sandbox import Fault, Sandbox
from belvo_async.testing import ManualClock
from tests.engine.conftest import open_pool

R = TypeVar("R")
T = TypeVar("T")

LIMIT = 330.0


@pytest.fixture
def backend(clock: ManualClock) -> MemoryBackend:
    """What the pool shares with a process that is no more: its leases are as they left them."""
    return MemoryBackend(clock=clock)


@pytest.fixture
async def pool(sandbox: Sandbox, backend: MemoryBackend) -> AsyncIterator[SessionPool]:
    async with open_pool(sandbox, backend=backend) as pool:
        await pool.ping()  # tells Belvo's time
        yield pool


def leave_behind(pool: SessionPool, backend: MemoryBackend, name: str, link_id: str | None) -> int:
    """Let a process have sent a login at this moment, and be killed; return the fence of its lease."""
    key = pool._engine.memory.locks.leases.find_key(name)

    def send(lease: Lease, moment: Moment) -> int:
        hold: Hold = lease.hold(moment, "killed", None if " " in name else name, 15.0)
        assert lease.send(moment, hold.fence, link_id)
        return hold.fence

    return backend.coordinator.change(LEASE, key, send)


def succeed(sandbox: Sandbox, link_id: str, after: float) -> None:
    """Let the login of the killed process succeed at the bank some seconds from now."""
    sandbox.links[link_id].last_accessed_at = sandbox.clock.wall() + timedelta(seconds=after)


async def measure(clock: ManualClock, call: Awaitable[object]) -> float:
    began = clock.monotonic()
    await call
    return clock.monotonic() - began


def count_checks(sandbox: Sandbox) -> int:
    return sum(entry.method == "GET" and entry.path.startswith("/api/links/") for entry in sandbox.log)


async def test_a_success_that_the_link_shows_frees_it_from_the_login_of_a_dead_process(
    sandbox: Sandbox, pool: SessionPool, backend: MemoryBackend, clock: ManualClock
) -> None:
    link_id = sandbox.add_link()
    leave_behind(pool, backend, link_id, link_id)
    succeed(sandbox, link_id, after=8.0)
    seconds = await measure(clock, pool.links.update(LinkUpdate(link_id, password="new")))
    assert 10.0 <= seconds < 15.0
    assert count_checks(sandbox) == 1


async def test_a_success_frees_the_user_whose_other_link_it_was(
    sandbox: Sandbox, pool: SessionPool, backend: MemoryBackend, clock: ManualClock
) -> None:
    mine, theirs = sandbox.add_link(), sandbox.add_link()
    leave_behind(pool, backend, "user 7", theirs)
    succeed(sandbox, theirs, after=8.0)
    update = LinkUpdate(mine, password="new", institution_user_id="7")
    assert await measure(clock, pool.links.update(update)) < 15.0


async def test_a_login_that_shows_no_success_is_waited_for_and_checked_now_and_then(
    sandbox: Sandbox, pool: SessionPool, backend: MemoryBackend, clock: ManualClock
) -> None:
    """It may have failed, or be running: only the time of a login tells."""
    link_id = sandbox.add_link()
    leave_behind(pool, backend, link_id, link_id)
    seconds = await measure(clock, pool.links.update(LinkUpdate(link_id, password="new")))
    assert LIMIT <= seconds < LIMIT + 5.0
    assert count_checks(sandbox) == 11


@pytest.mark.parametrize("after", [-600.0, -1.0, 0.0, 1.0, 4.0, 400.0])
async def test_an_access_that_may_be_of_another_login_frees_nothing(
    sandbox: Sandbox, pool: SessionPool, backend: MemoryBackend, clock: ManualClock, after: float
) -> None:
    link_id = sandbox.add_link()
    leave_behind(pool, backend, link_id, link_id)
    succeed(sandbox, link_id, after=after)
    seconds = await measure(clock, pool.links.update(LinkUpdate(link_id, password="new")))
    assert seconds >= LIMIT


async def test_a_link_that_cannot_be_read_is_waited_for(
    sandbox: Sandbox, pool: SessionPool, backend: MemoryBackend, clock: ManualClock
) -> None:
    link_id = sandbox.add_link()
    leave_behind(pool, backend, link_id, link_id)
    succeed(sandbox, link_id, after=8.0)
    sandbox.faults.add(Fault(kind="status", status=401, method="GET"))
    assert await measure(clock, pool.links.update(LinkUpdate(link_id, password="new"))) >= LIMIT


async def test_a_lease_that_somebody_has_taken_since_is_not_released(
    sandbox: Sandbox, pool: SessionPool, backend: MemoryBackend
) -> None:
    link_id = sandbox.add_link()
    fence = leave_behind(pool, backend, link_id, link_id)
    leases = pool._engine.memory.locks.leases
    hold = backend.coordinator.change(
        LEASE, leases.find_key(link_id), lambda lease, moment: lease.hold(moment, "c", link_id, 15.0)
    )
    assert hold.sent is not None
    await leases.release(leases.find_key(link_id), evolve(hold.sent, fence=fence - 1))
    with pytest.raises(LinkBusyError, match="Another process"):
        await pool.links.update(LinkUpdate(link_id, password="new"), when_busy="refuse")


async def test_whoever_waits_to_delete_a_link_sees_the_end_of_a_login_too(
    sandbox: Sandbox, pool: SessionPool, backend: MemoryBackend, clock: ManualClock
) -> None:
    link_id = sandbox.add_link()
    leave_behind(pool, backend, link_id, link_id)
    succeed(sandbox, link_id, after=8.0)
    assert await measure(clock, pool.links.delete(link_id)) < 15.0


class Restarted(MemoryCoordinator):
    """One that has lost what was noted before, as Redis after a restart."""

    def change(self, kind: RecordKind[R], key: str, change: Callable[[R, Moment], T]) -> T:
        return super().change(evolve(kind, is_inherited=False), key, change)


async def test_who_waits_for_what_may_have_been_forgotten_is_not_told_of_another_process(
    sandbox: Sandbox, backend: MemoryBackend, clock: ManualClock
) -> None:
    restarted = Restarted(clock)
    restarted._memory.since = clock.monotonic()
    backend.coordinator = restarted  # type: ignore[misc]  # the same process, some time later
    async with open_pool(sandbox, backend=backend) as pool:
        with pytest.raises(LinkBusyError, match="may have forgotten logins that still run") as busy:
            await pool.links.update(LinkUpdate(sandbox.add_link(), password="new"), when_busy="refuse")
    assert busy.value.seconds == LIMIT
    assert sandbox.logins() == 0
