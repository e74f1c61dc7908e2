"""Takes the leases of the links at which a pool logs in, so that no other process does meanwhile."""

import asyncio
import secrets
from collections import OrderedDict
from collections.abc import Awaitable, Callable, Iterable, Sequence
from hashlib import sha256
from typing import Final, TypeAlias

from belvo_async._engine.held_lease import HeldLease, LeaseRenewer
from belvo_async._engine.shared_records import SharedRecords
from belvo_async._event_loop import finish
from belvo_async.backends._coordinator import Moment
from belvo_async.backends._lease import LEASE, LOGIN_LIMIT, Hold, Lease, SentLogin
from belvo_async.errors import LinkBusyError

FindEnd: TypeAlias = Callable[[SentLogin], Awaitable[bool]]
"""Checks a link once: whether it shows that a login of another process has succeeded. Raises nothing."""

_SECONDS: Final = 15.0
"""For which a lease is held between two renewals: as long as that, a link stays held after a kill."""
_IN_MEMORY: Final = LOGIN_LIMIT
"""The same where no process can die and leave one behind, but a forgotten event loop or a fork."""
_FIRST_LOOK: Final = 0.05
_LAST_LOOK: Final = 1.0
"""Seconds between two attempts to have a lease that another process holds, at first and at last."""
_MOST_LEFT: Final = 1000
_FIRST_CHECK: Final = 10.0
_NEXT_CHECK: Final = 30.0
"""Seconds of waiting for the login of another process before its link is checked, and between two checks."""


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
        self.is_shared: Final = records.is_blocking
        """Whether there may be other processes."""
        self._seconds: Final = _SECONDS if self.is_shared else _IN_MEMORY
        self._renewer: Final = LeaseRenewer()
        self._left: Final[OrderedDict[str, tuple[HeldLease, str]]] = OrderedDict()
        """What was left for a challenge that is not parked yet, by its name, with the challenge's link."""

    async def take(self, name: str, *, may_wait: bool, find_end: FindEnd | None = None) -> HeldLease:
        """Wait until no other process has the lease, and hold it.

        Args:
            name: Of a link, or of a user of an institution.
            may_wait: Whether to wait at all.
            find_end: Asked now and then about a login that is waited for: one that was seen to have ended
                needs no more waiting, whoever sent it, and whether that process lives or not.

        Raises:
            LinkBusyError: Another process has it, and *may_wait* is false.
            CoordinatorError: It cannot be told.
            PoolClosedError: The pool closes.
        """
        key, holder = self.find_key(name), secrets.token_hex(8)
        pause, waited, next_check = _FIRST_LOOK, 0.0, _FIRST_CHECK
        while True:
            hold = await self._try(key, name, holder)
            if hold.fence:
                return self._keep(name, key, hold.fence, has_waited=waited > 0)
            if not may_wait:
                raise _busy(name, hold)
            if find_end is not None and hold.sent is not None and waited >= next_check:
                next_check = waited + _NEXT_CHECK
                if await find_end(hold.sent):
                    await self.release(key, hold.sent)
                    continue
            nap = min(pause, hold.seconds)
            await self._nap(nap)
            pause, waited = min(2 * pause, _LAST_LOOK), waited + nap

    def find_key(self, name: str) -> str:
        """Return what the coordinator calls the lease of a name."""
        return sha256(f"{self._server} {name}".encode()).hexdigest()

    async def list_sent(self) -> dict[str, SentLogin]:
        """Return the logins of this server's links that have left and may be running, by their leases' keys.

        Raises:
            CoordinatorError: They could not be read.
        """
        leases, moment = await self._records.read_all(LEASE)
        found: dict[str, SentLogin] = {}
        for key, lease in leases.items():
            sent = lease.find_sent(moment)
            of_link = None if sent is None else self.find_key(sent.link_id)
            # The lease of a user names no server, but that of the link is beside it.
            if sent is not None and (key == of_link or (lease.link_id is None and of_link in leases)):
                found[key] = sent
        return found

    async def release(self, key: str, sent: SentLogin) -> None:
        """Release a lease whose login has ended; nothing happens where somebody else has it by now.

        Raises:
            CoordinatorError: It could not be told.
        """
        await self._records.change(LEASE, key, lambda lease, moment: lease.release(moment, sent.fence))

    def abandon(self, held: HeldLease) -> None:
        """Leave one as it is: it is free when its time is over."""
        self._renewer.drop(held)

    async def leave(self, held: Sequence[HeldLease], link_id: str) -> None:
        """Hold some for a little longer, for the challenge of a link that is not parked yet.

        They are let go as it is parked, or when some seconds are over; a call of this pool has them at once.
        """
        for lease in held:
            self._renewer.drop(lease)
            self._left[lease.name] = (lease, link_id)
        while len(self._left) > _MOST_LEFT:
            self._left.popitem(last=False)
        await finish(_ask(held, self._seconds))

    async def let_go(self, link_id: str) -> None:
        """Release what was left for the challenge of a link: it is parked."""
        held = self._find_left(link_id)
        if held:
            await self.give_back(*held)

    def let_go_soon(self, link_id: str) -> None:
        """Do the same without waiting for it."""
        for held in self._find_left(link_id):
            held.release_soon()

    def _find_left(self, link_id: str) -> list[HeldLease]:
        found = [lease for lease, of_link in self._left.values() if of_link == link_id]
        for lease in found:
            del self._left[lease.name]
        return found

    async def give_back(self, *held: HeldLease) -> None:
        """Release some, all of them also where the caller is cancelled meanwhile."""
        for lease in held:
            self._renewer.drop(lease)
        await (finish(self._release(held)) if self.is_shared else self._release(held))

    def close(self) -> None:
        """Let the thread end that renews."""
        self._renewer.close()

    async def _try(self, key: str, name: str, holder: str) -> Hold:
        seconds, link_id = self._seconds, None if " " in name else name
        left = self._left.pop(name, None)

        def hold(lease: Lease, moment: Moment) -> Hold:
            if left is not None:  # this pool's own: nobody else comes in between
                lease.release(moment, left[0].fence)
            return lease.hold(moment, holder, link_id, seconds)

        if not self.is_shared:
            return await self._records.change(LEASE, key, hold)
        taking = asyncio.ensure_future(self._records.change(LEASE, key, hold))
        try:
            return await finish(taking)
        except asyncio.CancelledError:
            if taking.done() and not taking.cancelled() and taking.exception() is None:
                await finish(HeldLease(name, key, taking.result().fence, self._records, seconds).release())
            raise

    def _keep(self, name: str, key: str, fence: int, *, has_waited: bool) -> HeldLease:
        held = HeldLease(name, key, fence, self._records, self._seconds, has_waited=has_waited)
        if self.is_shared:
            self._renewer.add(held)
        return held

    async def _release(self, held: Iterable[HeldLease]) -> None:
        for lease in held:
            if not await lease.release():
                self._renewer.release_late(lease)


async def _ask(held: Iterable[HeldLease], seconds: float) -> None:
    for lease in held:
        await lease.ask(seconds)


def _busy(name: str, hold: Hold) -> LinkBusyError:
    why = "Another process logs in at this link"
    if hold.is_forgotten:
        why = "The backend may have forgotten logins that still run, of this link too"
    return LinkBusyError(
        f"{why}; nothing was sent.",
        remedy=f'Try again in {hold.seconds:.0f} s, or pass when_busy="wait".',
        link_id=None if " " in name else name,
        seconds=hold.seconds,
    )
