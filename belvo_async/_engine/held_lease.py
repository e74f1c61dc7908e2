"""Leases that are held here: renewed from a thread, and released late where that failed in time."""

import os
from contextlib import suppress
from threading import Event, Lock, Thread
from typing import Final
from weakref import WeakSet

from attrs import define, field

from belvo_async._engine.shared_records import SharedRecords
from belvo_async.backends._lease import LEASE, LOGIN_LIMIT
from belvo_async.errors import CoordinatorError

_RENEWAL: Final = 5.0
_MOST_TRIES: Final = int(LOGIN_LIMIT / _RENEWAL)
"""Of a late release: after those the lease is free by itself."""


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

    async def send(self, link_id: str | None) -> bool:
        """Note that the login leaves now; return False where it may not, as somebody else has the lease.

        Args:
            link_id: The link whose status shows how it ends; None where there is none yet.

        Raises:
            CoordinatorError: It could not be noted.
        """
        fence = self.fence
        return await self.records.change(
            LEASE, self.key, lambda lease, moment: lease.send(moment, fence, link_id)
        )

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

    async def release(self) -> bool:
        """Let the next one have it; return whether that is sure, else it is free when its time is over."""
        fence = self.fence
        with suppress(CoordinatorError):
            await self.records.change(LEASE, self.key, lambda lease, moment: lease.release(moment, fence))
            return True
        return False

    def release_soon(self) -> None:
        """Do the same without waiting for it."""
        fence = self.fence
        self.records.tell(LEASE, self.key, lambda lease, moment: lease.release(moment, fence))

    def release_now(self) -> None:
        """Do the same in a thread.

        Raises:
            CoordinatorError: It could not be told.
        """
        fence = self.fence
        self.records.change_now(LEASE, self.key, lambda lease, moment: lease.release(moment, fence))


class LeaseRenewer:
    """Renews the leases of one pool from a thread, as an event loop may be blocked by its user's code.

    Each pool has one, so that a coordinator that is silent delays no other's. It also releases what could not
    be released in time: a lease that was noted as sent while the reply was lost would stay held for minutes,
    although nothing has left.
    """

    def __init__(self) -> None:
        self.begin_anew()
        _ALL.add(self)

    def begin_anew(self) -> None:
        """Forget all: in a forked process they are the other one's, and its lock may never be free."""
        self._lock = Lock()
        self._held: set[HeldLease] = set()
        self._late: dict[HeldLease, int] = {}
        self._thread: Thread | None = None
        self._ending = Event()

    def add(self, held: HeldLease) -> None:
        """Renew it from now on."""
        with self._lock:
            self._held.add(held)
            self._start()

    def drop(self, held: HeldLease) -> None:
        """Renew it no longer."""
        with self._lock:
            self._held.discard(held)

    def release_late(self, held: HeldLease) -> None:
        """Release it as soon as that can be told, if that is within the time of a login."""
        with self._lock:
            self._late[held] = _MOST_TRIES
            self._start()

    def close(self) -> None:
        """Let the thread end, whatever is left."""
        self._ending.set()

    def _start(self) -> None:
        if self._thread is None and not self._ending.is_set():
            self._thread = Thread(target=self._work, name="belvo-leases", daemon=True)
            self._thread.start()

    def _work(self) -> None:
        while not self._ending.wait(_RENEWAL):
            with self._lock:
                held, late = list(self._held), list(self._late)
                if not held and not late:
                    self._thread = None
                    return
            for lease in held:
                with suppress(Exception):  # the others are renewed all the same
                    lease.renew()
            for lease in late:
                self._release(lease)

    def _release(self, lease: HeldLease) -> None:
        try:
            lease.release_now()
        except Exception:  # noqa: BLE001 - whatever it is, it is tried again
            tries = self._late[lease] - 1
        else:
            tries = 0
        with self._lock:
            self._late[lease] = tries
            if not tries:
                del self._late[lease]


_ALL: Final[WeakSet[LeaseRenewer]] = WeakSet()


def _begin_anew() -> None:
    for renewer in _ALL:
        renewer.begin_anew()


if hasattr(os, "register_at_fork"):  # not on Windows, where nothing is forked
    os.register_at_fork(after_in_child=_begin_anew)
