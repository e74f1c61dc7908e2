"""Who may log in at a link now, of all processes (rule: One login for each link).

A lease is held in one of three phases. While its login *waits* for its turn, and while a person is *asked*,
its holder renews it, so that it is free some seconds after that process has died. Once the login is *sent* it
lasts as long as a login may take at the bank, whatever becomes of the process.
"""

from enum import StrEnum
from typing import Final

from attrs import define, frozen

from belvo_async.backends._coordinator import Moment, RecordKind
from belvo_async.backends._record_text import RecordText

LOGIN_LIMIT: Final = 330.0
"""Seconds after its departure when a login has surely ended.

Belvo works for up to 300 (error article: 408), and 30 more are for the way there and back.
"""
_KEPT: Final = 10_800.0
"""Seconds: longer than any challenge can be answered, so that no fence is given twice while one matters."""


class LeasePhase(StrEnum):
    """How far the login of a lease has come."""

    FREE = "free"
    WAITING = "waiting"
    SENT = "sent"
    ASKED = "asked"


@frozen
class SentLogin:
    """A login that has left, and may be running at the bank."""

    link_id: str
    fence: int
    """Of the hold that it left under: with it the lease is released once the login is seen to have ended."""
    seconds: float
    """Since it left."""


@frozen
class Hold:
    """What comes of asking for a lease."""

    fence: int
    """Tells this hold from those before and after; 0 where it cannot be had now."""
    seconds: float = 0.0
    """For how long it cannot be had, if nothing else happens."""
    sent: SentLogin | None = None
    """What is waited for, where that is a login whose link is known."""
    is_forgotten: bool = False
    """Whether nobody is known to hold it: what is waited for is what may have been forgotten."""


@define
class Lease:
    """The lease on one link, or on one user of an institution. Times are by the coordinator's clock."""

    phase: LeasePhase = LeasePhase.FREE
    fence: int = 0
    """Counts the holds."""
    holder: str = ""
    until: float = 0.0
    link_id: str | None = None
    at: float = 0.0
    """When it was changed last."""
    sent_link_id: str | None = None
    """The link whose status shows how the login has ended that was sent, whatever the lease is on."""

    def hold(self, moment: Moment, holder: str, link_id: str | None, seconds: float) -> Hold:
        """Hold it for some seconds, if nobody else does; *holder* is drawn anew for each hold."""
        if self.holder == holder and self.phase is LeasePhase.WAITING:  # it was not told so
            return Hold(self.fence)
        busy = self.until - moment.now if self.phase is not LeasePhase.FREE else 0.0
        forgotten = moment.since + LOGIN_LIMIT - moment.now
        if forgotten > max(busy, 0.0) and (not self.fence or self.at < moment.since):
            return Hold(0, forgotten, is_forgotten=True)
        if busy > 0:
            return Hold(0, busy, self.find_sent(moment))
        self.phase, self.holder, self.link_id = LeasePhase.WAITING, holder, link_id
        is_newest = self.fence > 0 and self.at >= moment.since
        self.fence = self.fence + 1 if is_newest else _find_first_fence(moment)
        self.until, self.at = moment.now + seconds, moment.now
        return Hold(self.fence)

    def renew(self, moment: Moment, fence: int, seconds: float) -> bool:
        """Hold it for longer; return whether it is still held. A login that was sent needs no renewal."""
        if fence != self.fence or self.phase is LeasePhase.FREE:
            return False
        if self.phase is not LeasePhase.SENT:
            self.until, self.at = moment.now + seconds, moment.now
        return True

    def find_sent(self, moment: Moment) -> SentLogin | None:
        """Return the login that may be running, if one is and its link is known."""
        link_id = self.sent_link_id or self.link_id
        if self.phase is not LeasePhase.SENT or self.until <= moment.now or link_id is None:
            return None
        return SentLogin(link_id, self.fence, moment.now - self.at)

    def send(self, moment: Moment, fence: int, link_id: str | None) -> bool:
        """Note that the login leaves now; return False, and note nothing, where somebody else has it."""
        if fence != self.fence or self.phase is LeasePhase.FREE:
            return False
        self.phase, self.until, self.at = LeasePhase.SENT, moment.now + LOGIN_LIMIT, moment.now
        self.sent_link_id = link_id
        return True

    def ask(self, moment: Moment, fence: int, seconds: float) -> None:
        """Note that the bank has responded, or that nothing has left: now a person is asked, or it waits."""
        if fence == self.fence and self.phase is LeasePhase.SENT:
            self.phase, self.until, self.at = LeasePhase.ASKED, moment.now + seconds, moment.now

    def release(self, moment: Moment, fence: int) -> None:
        """Let the next one have it."""
        if fence == self.fence:
            self.phase, self.at = LeasePhase.FREE, moment.now


def _find_first_fence(moment: Moment) -> int:
    """Return one that no hold has had before: also where all was forgotten, and nobody has noticed yet.

    So it is where a copy took the place of what was kept: holds that it lacks have had the next ones.
    """
    return 1 + int(moment.now * 1_000_000)


_TEXT: Final = RecordText(Lease, "lease", version=2)
LEASE: Final = RecordKind(
    name="lease", create=Lease, dump=_TEXT.dump, load=_TEXT.load, lasts=_KEPT, is_inherited=True
)
