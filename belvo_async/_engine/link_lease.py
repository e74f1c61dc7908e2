"""Holds the leases of the links at which a pool logs in, so that no other process does meanwhile."""

import asyncio
import os
import secrets
import time
from collections.abc import Awaitable, Callable, Iterable
from contextlib import suppress
from hashlib import sha256
from threading import Lock, Thread
from typing import Final

from attrs import define, field

from belvo_async._engine.shared_records import SharedRecords
from belvo_async._event_loop import finish
from belvo_async.backends._lease import LEASE, LOGIN_LIMIT, Hold
from belvo_async.errors import CoordinatorError, LinkBusyError

_SECONDS: Final = 15.0
"""For which a lease is held between two renewals: as long as that, a link stays held after a kill."""
_IN_MEMORY: Final = LOGIN_LIMIT
"""The same where no process can die and leave one behind, but a forgotten event loop or a fork."""
_RENEWAL: Final = 5.0
_FIRST_LOOK: Final = 0.05
_LAST_LOOK: Final = 1.0
"""Seconds between two attempts to have a lease that another process holds, at first and at last."""


@define(eq=False)
class HeldLease:
    """One lease that is held here."""

    name: str
    key: str = field(repr=False)
    fence: int
    records: SharedRecords = field(repr=False)
    seconds: float
    """For which it is held between two renewals."""
    has_waited: bool = False
    """Whether another process had it before."""

    async def send(self) -> bool:
        """Note that the login leaves now; return False where it may not, as somebody else has the lease.

        Raises:
            CoordinatorError: It could not be noted.
        """
        fence = self.fence
        return await self.records.change(LEASE, self.key, lambda lease, moment: lease.send(moment, fence))

    async def ask(self, seconds: float) -> None:
        """Note that the login is no longer running, and a person is asked for up to some seconds.

        Where that fails, the lease lasts until the login must have ended.
        """
        fence = self.fence
        seconds = self.seconds if self.records.is_blocking else max(self.seconds, seconds)
        with suppress(CoordinatorError):
            await self.records.change(
                LEASE, self.key, lambda lease, moment: lease.ask(moment, fence, seconds)
            )

    def renew(self) -> None:
        """Hold it for longer; for a thread.

        Raises:
            CoordinatorError: It could not be told.
        """
        fence, seconds = self.fence, self.seconds
        self.records.change_now(LEASE, self.key, lambda lease, moment: lease.renew(moment, fence, seconds))

    async def release(self) -> None:
        """Let the next one have it; where that fails, it is free when its time is over."""
        fence = self.fence
        with suppress(CoordinatorError):
            await self.records.change(LEASE, self.key, lambda lease, moment: lease.release(moment, fence))


class LinkLeases:
    """The leases that one pool holds.

    Args:
        records: Where they are kept.
        server: The address of the server, whose links they are.
        nap: Waits; raises `PoolClosedError` once the pool closes.
    """

    def __init__(self, records: SharedRecords, server: str, nap: Callable[[float], Awaitable[None]]) -> None:
        self._records: Final = records
        self._server: Final = server
        self._nap: Final = nap
        self._seconds: Final = _SECONDS if records.is_blocking else _IN_MEMORY

    async def take(self, name: str, *, may_wait: bool) -> HeldLease:
        """Wait until no other process has the lease, and hold it.

        Args:
            name: Of a link, or of a user of an institution.
            may_wait: Whether to wait at all.

        Raises:
            LinkBusyError: Another process has it, and *may_wait* is false.
            CoordinatorError: It cannot be told.
            PoolClosedError: The pool closes.
        """
        key = sha256(f"{self._server} {name}".encode()).hexdigest()
        holder, pause = secrets.token_hex(8), _FIRST_LOOK
        while True:
            held = await self._try(key, name, holder)
            if held.fence:
                has_waited = pause > _FIRST_LOOK
                return self._keep(
                    HeldLease(name, key, held.fence, self._records, self._seconds, has_waited=has_waited)
                )
            if not may_wait:
                raise _busy(name, held.seconds)
            await self._nap(min(pause, held.seconds))
            pause = min(2 * pause, _LAST_LOOK)

    def abandon(self, held: HeldLease) -> None:
        """Leave one as it is: it is free when its time is over."""
        _RENEWER.drop(held)

    async def give_back(self, *held: HeldLease) -> None:
        """Release some, all of them also where the caller is cancelled meanwhile."""
        for lease in held:
            _RENEWER.drop(lease)
        await (finish(_release(held)) if self._records.is_blocking else _release(held))

    async def _try(self, key: str, name: str, holder: str) -> Hold:
        seconds, link_id = self._seconds, None if " " in name else name
        holding = self._records.change(
            LEASE, key, lambda lease, moment: lease.hold(moment, holder, link_id, seconds)
        )
        if not self._records.is_blocking:
            return await holding
        taking = asyncio.ensure_future(holding)
        try:
            return await finish(taking)
        except asyncio.CancelledError:
            if taking.done() and not taking.cancelled() and taking.exception() is None:
                await finish(HeldLease(name, key, taking.result().fence, self._records, seconds).release())
            raise

    def _keep(self, held: HeldLease) -> HeldLease:
        if self._records.is_blocking:
            _RENEWER.add(held)
        return held


async def _release(held: Iterable[HeldLease]) -> None:
    for lease in held:
        await lease.release()


class _Renewer:
    """Renews leases from a thread, as an event loop may be blocked by its user's code."""

    def __init__(self) -> None:
        self.begin_anew()

    def begin_anew(self) -> None:
        """Forget all: in a forked process they are the other one's, and its lock may never be free."""
        self._lock = Lock()
        self._held: set[HeldLease] = set()
        self._thread: Thread | None = None

    def add(self, held: HeldLease) -> None:
        """Renew it from now on."""
        with self._lock:
            self._held.add(held)
            if self._thread is None:
                self._thread = Thread(target=self._work, name="belvo-leases", daemon=True)
                self._thread.start()

    def drop(self, held: HeldLease) -> None:
        """Renew it no longer."""
        with self._lock:
            self._held.discard(held)

    def _work(self) -> None:
        while True:
            time.sleep(_RENEWAL)
            with self._lock:
                held = list(self._held)
                if not held:
                    self._thread = None
                    return
            for lease in held:
                with suppress(Exception):  # the others are renewed all the same
                    lease.renew()


_RENEWER: Final = _Renewer()
if hasattr(os, "register_at_fork"):  # not on Windows, where nothing is forked
    os.register_at_fork(after_in_child=_RENEWER.begin_anew)


def _busy(name: str, seconds: float) -> LinkBusyError:
    link_id = None if " " in name else name
    return LinkBusyError(
        "Another process logs in at this link; nothing was sent.",
        remedy=f'Try again in {seconds:.0f} s, or pass when_busy="wait".',
        link_id=link_id,
        seconds=seconds,
    )
