"""What a store keeps of a challenge, what its user sees of it, and what a store must be able to do."""

import builtins
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Final, Protocol, TypeAlias, runtime_checkable

from attrs import field, frozen

from belvo_async.errors import DamagedStateError
from belvo_async.models import ChallengePhase

Cell: TypeAlias = str | int

_EPOCH: Final = datetime.fromtimestamp(0, UTC)
_MICROSECOND: Final = timedelta(microseconds=1)


@frozen(kw_only=True)
class ChallengeRow:
    """What a `ChallengeStore` keeps of one challenge. It holds no password and no token."""

    key: str
    """Names the row: a digest of the ticket, 64 hexadecimal digits."""
    owner: str
    """Names the Belvo account and environment: a digest, 32 hexadecimal digits."""
    link: str
    """Names the link, among those of its owner: a digest, 64 hexadecimal digits. It never changes."""
    phase: ChallengePhase
    version: int
    """Counts the changes, from 1 on."""
    expires_at: datetime
    """By which rows are listed, in UTC."""
    keep_until: datetime
    """When the row may be forgotten, in UTC."""
    record: str = field(repr=False)
    """Everything else, as JSON; it holds the ticket."""

    def write_cells(self) -> dict[str, Cell]:
        """Return the row as texts and whole numbers; times as microseconds since 1970."""
        return {
            "key": self.key,
            "owner": self.owner,
            "link": self.link,
            "phase": self.phase.value,
            "version": self.version,
            "expires_at": write_time(self.expires_at),
            "keep_until": write_time(self.keep_until),
            "record": self.record,
        }

    @classmethod
    def read_cells(cls, cells: Mapping[str, object]) -> "ChallengeRow":
        """Read what `write_cells` wrote; numbers may have become texts.

        Raises:
            DamagedStateError: Something is missing, or makes no sense.
        """
        try:
            return cls(
                key=str(cells["key"]),
                owner=str(cells["owner"]),
                link=str(cells.get("link", "")),  # the first rows had none
                phase=ChallengePhase(str(cells["phase"])),
                version=int(str(cells["version"])),
                expires_at=read_time(cells["expires_at"]),
                keep_until=read_time(cells["keep_until"]),
                record=str(cells["record"]),
            )
        except (KeyError, ValueError, OverflowError):
            pass
        raise damaged("its row makes no sense")

    @classmethod
    def stand_in(
        cls, key: str, *, owner: str = "", link: str = "", phase: ChallengePhase = ChallengePhase.OPEN
    ) -> "ChallengeRow":
        """Build the row to return in place of one that cannot be read, so that the others are not hidden."""
        return cls(
            key=key,
            owner=owner,
            link=link,
            phase=phase,
            version=0,
            expires_at=_EPOCH,
            keep_until=_EPOCH,
            record="",
        )


@runtime_checkable
class ChallengeStore(Protocol):
    """Where parked challenges are kept: in memory, in a file, in a database.

    Only `replace` has to be atomic, and that among all processes that share the store: on it rests that of
    two answers to one challenge only one is sent. A method that cannot do its work raises
    `ChallengeStoreError`. A store that belongs to one event loop raises `WrongEventLoopError` on every other,
    and does not wait there. Give such a store a method `check_loop()` that raises it too: the pool calls it
    before each login, so that no bank asks for a token that could not be parked.
    `belvo_async.testing.challenge_store_suite` tests an implementation.
    """

    async def add(self, row: ChallengeRow) -> bool:
        """Keep a new row. Return False, and change nothing, where there is one with its key."""
        ...

    async def read(self, key: str) -> ChallengeRow | None:
        """Return the row of this key, or None where there is none.

        Raises:
            DamagedStateError: There is one, and it cannot be read.
        """
        ...

    async def replace(self, row: ChallengeRow) -> bool:
        """Put *row* in the place of the one with its key, if the version there is one lower than its own.

        Return False, and change nothing, where it is another version or there is no such row. What it
        returned True for must survive a kill of this process.
        """
        ...

    async def list(
        self, owner: str, phase: ChallengePhase, *, after: datetime, limit: int
    ) -> builtins.list[ChallengeRow]:
        """Return up to *limit* rows of an owner in a phase that expire after *after*, the soonest first.

        The time it takes should not grow with the number of rows. In place of a row that cannot be read,
        return its `ChallengeRow.stand_in`.
        """
        ...

    async def find(self, link: str, *, after: datetime, limit: int) -> builtins.list[ChallengeRow]:
        """Return up to *limit* rows of a link that expire after *after*, those first that expire last.

        Only rows in a phase that `is_ongoing` count. The time it takes should not grow with the number of
        rows of other links. In place of a row that cannot be read, return its `ChallengeRow.stand_in`.
        """
        ...

    async def forget(self, before: datetime) -> int:
        """Remove the rows, of all owners, whose `keep_until` is before *before*; return how many."""
        ...


@runtime_checkable
class LoopBound(Protocol):
    """A store that belongs to one event loop, and can tell before anything is asked of it."""

    def check_loop(self) -> None:
        """Refuse every event loop but its own.

        Raises:
            WrongEventLoopError: It belongs to another event loop, or to another process.
        """
        ...


def write_time(moment: datetime) -> int:
    """Return a moment as whole microseconds since 1970."""
    return (moment - _EPOCH) // _MICROSECOND


def read_time(value: object) -> datetime:
    """Read what `write_time` wrote.

    Raises:
        ValueError: It is no such number.
        OverflowError: It is no moment of this calendar.
    """
    return _EPOCH + int(str(value)) * _MICROSECOND


def damaged(problem: str) -> DamagedStateError:
    """Build the error of a parked challenge that cannot be read."""
    return DamagedStateError(
        f"The parked challenge cannot be read: {problem}.",
        remedy="Look at the link; if it is not valid, update it again, with the person at hand.",
    )
