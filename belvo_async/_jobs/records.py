"""What a journal knows of a link, as values, and how these stand in the tables of SQLite."""

from collections.abc import Mapping
from datetime import UTC, datetime
from enum import StrEnum
from typing import Final, Protocol, TypeAlias

from attrs import define, field, frozen

from belvo_async.models import Link
from belvo_async.params import LinkUpdate
from belvo_async.params._checks import read_link_id


class LinkState(StrEnum):
    """How far a link has come. Each state is written before the act that it announces."""

    QUEUED = "queued"
    """Read from the source; nothing was sent."""
    SUBMITTED = "submitted"
    """A login was about to leave: after a kill it may or may not have reached the bank."""
    CHALLENGED = "challenged"
    """The bank asked for a token; nothing was sent since."""
    ANSWERED = "answered"
    """A token was about to leave: it is never sent again."""
    PARKED = "parked"
    """The challenge was left open under a ticket."""
    UPDATED = "updated"
    REFUSED = "refused"
    UNSETTLED = "unsettled"
    """A login may have reached the bank, and a look at the link did not tell."""

    @property
    def is_final(self) -> bool:
        """Whether a run does no more for a link in this state."""
        return self in FINAL_STATES


FINAL_STATES: Final = frozenset({LinkState.PARKED, LinkState.UPDATED, LinkState.REFUSED, LinkState.UNSETTLED})
RESULTS: Final = FINAL_STATES - {LinkState.PARKED}


@frozen(kw_only=True)
class Record:
    """One link in a journal."""

    link_id: str
    state: LinkState
    at: datetime
    """When the state was written, by our wall clock, in UTC."""
    institution: str | None = None
    submitted_at: datetime | None = None
    """When the last login or answer left, by Belvo's clock."""
    logins: int = 0
    """How many logins were announced, in all runs."""
    ticket: str | None = None
    """Under which `pool.challenges` has the newest challenge of the link."""
    expires_at: datetime | None = None
    code: str | None = None
    """The error code, or the name of the error class."""
    message: str | None = None
    may_retry: bool = False
    retry_at: datetime | None = None
    credentials: str | None = field(default=None, repr=False)
    """A keyed digest of the credentials that were sent last."""
    refused: tuple[str, ...] = field(default=(), repr=False)
    """Keyed digests of credentials that were refused, the newest first: they are not sent again."""


@define(eq=False)
class Job:
    """One link that waits for its login."""

    link_id: str
    institution: str | None
    update: LinkUpdate | None = field(default=None, repr=False)
    """None: the credentials are asked for when its turn comes."""
    earlier: Record | None = None
    """How an earlier run ended, where a person wants it tried again."""
    refused: tuple[str, ...] = field(default=(), repr=False)
    """Digests of credentials that are not to be sent again."""

    @classmethod
    def read(cls, item: object) -> "Job":
        """Read what a source gives: an update, a link or its id.

        Raises:
            InvalidValueError: It is none of them.
        """
        match item:
            case LinkUpdate(link_id=link_id, institution=institution):
                return cls(link_id, institution, item)
            case Link(id=link_id, institution=institution):
                return cls(read_link_id(link_id), institution)
            case _:
                return cls(read_link_id(item), None)


@frozen
class Admission:
    """A link on its way into a run."""

    record: Record
    """As it stood before this admission; queued if it is new."""
    is_repeated: bool
    """Whether this run has admitted it already."""
    is_new: bool


@frozen(kw_only=True)
class Counts:
    """How many links stand where."""

    by_state: Mapping[LinkState, int]
    by_institution: Mapping[str, Mapping[LinkState, int]]
    """Without the links whose institution is not known."""
    by_code: Mapping[str, int]
    """Of the links that were refused or are unsettled."""
    next_expiry: datetime | None
    """Of the challenges that are open, the soonest, be it past."""


Cell: TypeAlias = str | int | None


class Row(Protocol):
    """The one thing that is asked of `sqlite3.Row`."""

    def __getitem__(self, name: str, /) -> str | int | None:
        """Return the value of a column."""
        ...


def write_cell(value: str | datetime | bool | int | None) -> Cell:  # noqa: FBT001 - one of many values
    """Return *value* as it stands in a row.

    Times are ISO texts of one width, in UTC, so that they sort as text. UTF-8 has no lone surrogates, which
    JSON can smuggle into a message: they are written as their escapes.
    """
    if isinstance(value, datetime):
        return value.astimezone(UTC).isoformat(timespec="microseconds")
    if isinstance(value, str):
        return value.encode("utf-8", "backslashreplace").decode("utf-8")
    return value


def read_time(cell: Cell) -> datetime | None:
    """Read what `write_cell` made of a time.

    Raises:
        ValueError: It is no time: somebody else wrote it.
    """
    return None if cell is None else datetime.fromisoformat(str(cell))


def read_text(cell: Cell) -> str | None:
    """Read a text, or nothing."""
    return None if cell is None else str(cell)


def read_record(row: Row) -> Record:
    """Read one row of the table `links`.

    Raises:
        ValueError: A state or a time makes no sense: somebody else wrote it.
    """
    return Record(
        link_id=str(row["link_id"]),
        state=LinkState(str(row["state"])),
        at=datetime.fromisoformat(str(row["at"])),
        institution=read_text(row["institution"]),
        submitted_at=read_time(row["submitted_at"]),
        logins=int(row["logins"] or 0),
        ticket=read_text(row["ticket"]),
        expires_at=read_time(row["expires_at"]),
        code=read_text(row["code"]),
        message=read_text(row["message"]),
        may_retry=bool(row["may_retry"]),
        retry_at=read_time(row["retry_at"]),
        credentials=read_text(row["credentials"]),
        refused=tuple(str(row["refused"] or "").split()),
    )
