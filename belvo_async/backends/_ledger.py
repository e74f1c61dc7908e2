"""The ledger: how far each link of each job has come, written down before the next step happens."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import datetime
from enum import StrEnum
from typing import Final, Protocol, runtime_checkable

from attrs import field, frozen

from belvo_async.models._pickles import reads_older


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
    RETRIEVED = "retrieved"
    """Its data were retrieved, and are in the output of the job."""

    @property
    def is_final(self) -> bool:
        """Whether a run does no more for a link in this state."""
        return self is LinkState.PARKED or self.is_result

    @property
    def is_result(self) -> bool:
        """Whether nothing more happens to a link in this state, unless a person wants it."""
        return self in _RESULTS


_RESULTS: Final = frozenset({LinkState.UPDATED, LinkState.REFUSED, LinkState.UNSETTLED, LinkState.RETRIEVED})
INTERRUPTED: Final = (LinkState.SUBMITTED, LinkState.CHALLENGED, LinkState.ANSWERED)
"""The states in which a run that was killed leaves links."""


@frozen
class JobKey:
    """Names a job among all of a ledger."""

    owner: str
    """The digest of the client and the environment whose job it is, 32 hexadecimal digits."""
    name: str


@frozen
class OutputEnd:
    """Up to where the output of a job holds the rows of links that are done."""

    position: int
    """In bytes from the beginning."""
    digest: str
    """Of the last bytes before it: by them the output is known again."""


@reads_older(lambda fields: {"purpose": None, "output_end": None, **fields})
@frozen(kw_only=True)
class JobRow:
    """What a ledger keeps of a job as a whole."""

    key: JobKey
    environment: str
    """The base address of the environment that it belongs to."""
    runs: int
    """How many runs have begun."""
    started_at: datetime
    """Of the last run, as are the next three; in UTC."""
    ended_at: datetime | None = None
    """None while it runs, and after a kill."""
    reason: str | None = None
    """Why it ended before its end."""
    total: int | None = None
    """How many links its source said it has."""
    is_paused: bool = False
    """Whether no login is to begin; see `belvo_async.fleet.pause`."""
    purpose: str | None = None
    """What it retrieves, with which options; None where it updates links."""
    output_end: OutputEnd | None = None
    """None before there is an output."""


@frozen(kw_only=True)
class LinkRow:
    """What a ledger keeps of one link of a job. It holds no password and no token."""

    link_id: str
    state: LinkState
    at: datetime
    """When the state was written, by the wall clock of who wrote it, in UTC."""
    version: int = 1
    """Counts the changes, from 1 on."""
    run: int = 0
    """The number of the run that has admitted it last."""
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


@frozen(kw_only=True)
class LinkCounts:
    """How many links of a job stand where."""

    by_state: Mapping[LinkState, int]
    by_institution: Mapping[str, Mapping[LinkState, int]]
    """Without the links whose institution is not known."""
    by_code: Mapping[str, int]
    """Of the links that were refused or are unsettled."""
    next_expiry: datetime | None
    """Of the challenges that are open, the soonest, be it past."""
    held_back: int
    """Refused links whose credentials are not sent again, unless somebody asks for it."""
    ended: int
    """Those that have come to an end, whichever, since the moment that was asked for."""


@runtime_checkable
class Ledger(Protocol):
    """Where jobs keep how far each of their links has come: in a file, in a database.

    Only `replace` has to be atomic, and that among all processes that share the ledger: on it rests that a
    login that two processes are about to send is sent by one of them. A method that cannot do its work raises
    `LedgerWriteError`, having changed nothing; one whose change may have been made and may not have been
    finds out. `belvo_async.testing.ledger_suite` tests an implementation.
    """

    async def begin(
        self,
        job: JobKey,
        *,
        environment: str,
        at: datetime,
        total: int | None = None,
        purpose: str | None = None,
    ) -> JobRow:
        """Begin a run of a job, which is made where there is none; return it, this run counted.

        A job keeps the *purpose* that it was made with.
        """
        ...

    async def end(self, job: JobKey, run: int, *, at: datetime, reason: str | None) -> None:
        """Note that a run has ended, if it is the last one."""
        ...

    async def read_job(self, job: JobKey) -> JobRow | None:
        """Return a job, or None where there is none."""
        ...

    async def list_jobs(self) -> list[JobRow]:
        """Return the jobs of all owners, that first whose last run began last."""
        ...

    async def pause(self, job: JobKey, *, is_paused: bool) -> None:
        """Note whether logins of a job may begin."""
        ...

    async def admit(
        self, job: JobKey, run: int, links: Sequence[tuple[str, str | None]], *, at: datetime
    ) -> list[LinkRow]:
        """Take links, each with its institution if that is known, into a run; new ones are queued.

        Return the row of each as it was before: one whose `run` is this one was admitted already, and a new
        one is of run 0. The versions stay as they are.
        """
        ...

    async def read(self, job: JobKey, link_ids: Collection[str]) -> dict[str, LinkRow]:
        """Return the rows of links, without those that there are none of."""
        ...

    async def replace(self, job: JobKey, row: LinkRow, *, output_end: OutputEnd | None = None) -> bool:
        """Put *row* in the place of the one of its link, if the version there is one lower than its own.

        With *output_end*, the job has it from the same moment on.

        Return False, and change nothing, where it is another version or there is no such row. The `run` stays
        as it is. What it returned True for must survive a kill of this process, and where the ledger is to
        survive a loss of power, that too.
        """
        ...

    async def find(
        self, job: JobKey, states: Collection[LinkState], *, limit: int | None = None
    ) -> list[LinkRow]:
        """Return up to *limit* rows in one of *states*, those first whose challenge expires first."""
        ...

    async def count(self, job: JobKey, *, since: datetime) -> LinkCounts:
        """Count the links of a job, and those that have come to an end since a moment."""
        ...

    async def forget(self, job: JobKey) -> None:
        """Remove a job and all its links."""
        ...

    async def erase(self, owner: str, link_id: str) -> int:
        """Remove the rows of a link from all jobs of an owner; return how many there were."""
        ...


def build_counts(
    groups: Iterable[tuple[str | None, LinkState, int]],
    *,
    by_code: Mapping[str, int],
    next_expiry: datetime | None,
    held_back: int,
    ended: int,
) -> LinkCounts:
    """Build the counts of a job from its groups: an institution or None, a state, how many links."""
    by_state = dict.fromkeys(LinkState, 0)
    by_institution: dict[str, dict[LinkState, int]] = {}
    for institution, state, links in groups:
        by_state[state] += links
        if institution is not None:
            by_institution.setdefault(institution, dict.fromkeys(LinkState, 0))[state] = links
    return LinkCounts(
        by_state=by_state,
        by_institution=by_institution,
        by_code=by_code,
        next_expiry=next_expiry,
        held_back=held_back,
        ended=ended,
    )


def is_same_write(row: LinkRow, found: LinkRow | None) -> bool:
    """Whether what a ledger has of a link is this very version of its row, and no other's."""
    return found is not None and (found.version, found.state, found.at) == (row.version, row.state, row.at)
