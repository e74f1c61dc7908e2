"""A worker that freezes at any of its writes, and wakes when others have ended its link, repeats nothing."""

import asyncio
from collections.abc import Callable, Coroutine
from contextlib import suppress
from typing import Any, Final

import pytest

from belvo_async import RateLimit, RetryPolicy, SessionPool
from belvo_async.backends import LinkState, MemoryBackend
from belvo_async.backends._memory_coordinator import MemoryCoordinator
from belvo_async.errors import BelvoError
from belvo_async.fleet import CheckLater, Ended, NeedsToken, advance
from belvo_async.sandbox import Sandbox
from belvo_async.testing import ManualClock
from tests.fleet.conftest import EREBOR, HEIMDALL, JOB, add_links, count_puts, open_pool, read_vault

TOKEN = "111111"
_ROUNDS = 60
_STILL = 0.3
"""Real seconds: a sandbox on this machine has answered by then."""


class Machine:
    """A coordinator that processes share: a lease lapses some seconds after its holder has frozen."""

    is_blocking = True

    def __init__(self, inner: MemoryCoordinator) -> None:
        self.change: Final = inner.change
        self.read_all: Final = inner.read_all


class FreezingBackend:
    """What one machine sees of a backend: its *nth* call stops, before or after its work, until `wake`.

    The 0th is never made.
    """

    def __init__(self, inner: MemoryBackend, nth: int = 0, *, is_before: bool = False) -> None:
        self._left = nth
        self._is_before: Final = is_before
        self.frozen: Final = asyncio.Event()
        self.wake: Final = asyncio.Event()
        self.coordinator: Final = Machine(inner.coordinator)
        self.ledger: Final[Any] = _Watched(inner.ledger, self.call)
        self.challenges: Final[Any] = _Watched(inner.challenges, self.call)

    async def open(self) -> None:
        """It is open."""

    async def aclose(self) -> None:
        """The machine that has made it closes it."""

    async def call(self, work: Callable[..., Any], *args: Any, **more: Any) -> Any:
        self._left -= 1
        if self._left == 0 and self._is_before:
            await self._freeze()
        result = await work(*args, **more)
        if self._left == 0 and not self._is_before:
            await self._freeze()
        return result

    async def _freeze(self) -> None:
        self.frozen.set()
        await self.wake.wait()


class _Watched:
    def __init__(self, inner: object, call: Callable[..., Any]) -> None:
        self._inner: Final = inner
        self._call: Final = call

    def __getattr__(self, name: str) -> Any:
        method = getattr(self._inner, name)
        return lambda *args, **more: self._call(method, *args, **more)


async def end(pool: SessionPool, link_id: str, clock: ManualClock | None = None) -> Ended | None:
    """Take a link to its end as an engine does; without a *clock*, only as far as it goes at once."""
    token: str | None = None
    for _ in range(_ROUNDS):
        step = await advance(pool, job=JOB, link_id=link_id, credentials=read_vault, token=token)
        token = TOKEN if isinstance(step, NeedsToken) else None
        if isinstance(step, Ended):
            return step
        if isinstance(step, CheckLater):
            if clock is None:
                return None
            await clock.advance(step.seconds)
    raise AssertionError("the link never ends")


async def work_until_frozen(pool: SessionPool, link_id: str) -> None:
    with suppress(BelvoError):  # an engine would call again
        await end(pool, link_id)


async def pass_time(work: Coroutine[Any, Any, Ended | None], clock: ManualClock) -> Ended | None:
    """Let time pass where work stands still: the lease of the frozen worker on its link has to lapse."""
    task = asyncio.create_task(work)
    try:
        while not (await asyncio.wait([task], timeout=_STILL))[0]:
            await clock.advance(15.0)
        return await task
    finally:
        task.cancel()


async def try_one(username: str, institution: str, nth: int, *, is_before: bool) -> bool:
    """Freeze a worker at its *nth* call; return whether it made as many."""
    clock, its_clock = ManualClock(), ManualClock()  # one of its own: frozen, it renews no lease
    settings: dict[str, Any] = {"retry": RetryPolicy.never(), "rate_limit": RateLimit.unlimited()}
    shared = MemoryBackend(clock=clock)
    freezing = FreezingBackend(shared, nth, is_before=is_before)
    async with (
        Sandbox(clock=clock) as bank,
        open_pool(bank, backend=freezing, clock=its_clock, **settings) as frozen,
        open_pool(bank, backend=FreezingBackend(shared), clock=clock, **settings) as other,
    ):
        (link_id,) = add_links(bank, 1, username, institution)
        worker = asyncio.create_task(work_until_frozen(frozen, link_id))
        stops = asyncio.create_task(freezing.frozen.wait())
        try:
            async with asyncio.timeout(20):
                await asyncio.wait([worker, stops], return_when=asyncio.FIRST_COMPLETED)
                if worker.done():
                    await worker
                    return False
                ended = await pass_time(end(other, link_id, clock), clock)
                await its_clock.advance((clock.wall() - its_clock.wall()).total_seconds())
                freezing.wake.set()
                await worker
                assert await end(other, link_id, clock) == ended, nth
        finally:
            stops.cancel()
            freezing.wake.set()  # a write that has begun is waited for, also by who is cancelled
        assert ended is not None
        assert ended.state in {LinkState.UPDATED, LinkState.UNSETTLED}, (nth, ended)
        assert (count_puts(bank) <= 1, len(bank.tokens(link_id)) <= 1) == (True, True), nth
        assert bank.overlapping_logins == 0
    return True


@pytest.mark.slow
@pytest.mark.parametrize("is_before", [True, False], ids=["before", "after"])
@pytest.mark.parametrize(
    ("username", "institution", "calls"),
    [("user_valid", EREBOR, 5), ("mfa_numeric", HEIMDALL, 15)],
    ids=["plain", "asked"],
)
async def test_a_worker_frozen_at_any_call_of_its_backend_repeats_nothing_when_it_wakes(
    username: str, institution: str, calls: int, *, is_before: bool
) -> None:
    nth = 1
    while await try_one(username, institution, nth, is_before=is_before):
        nth += 1
    assert nth > calls  # else it froze hardly anywhere
