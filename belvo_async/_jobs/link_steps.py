"""What happens to one link of a job, each step written into the ledger before it happens."""

from collections.abc import Callable
from datetime import datetime
from typing import Final

from attrs import evolve

from belvo_async._clock import Clock
from belvo_async.backends import JobKey, Ledger, LinkRow, LinkState, OutputEnd
from belvo_async.backends._ledger import is_same_write
from belvo_async.errors import LedgerBusyError

_MOST_REFUSED: Final = 20


class LinkSteps:
    """Writes the row of one link, which nobody else may have written in the meantime.

    Each method returns once its change is committed. Each raises `LedgerWriteError` where nothing was
    written, and `LedgerBusyError` where somebody else has written; then what it was to announce must not
    happen. Who is cancelled in the meantime must take it that the change was made; the next method finds out.

    Args:
        ledger: Where the row is.
        job: The job.
        row: The row as it is there now.
        clock: Tells when a state is written.
    """

    def __init__(self, ledger: Ledger, job: JobKey, row: LinkRow, clock: Clock) -> None:
        self._ledger: Final = ledger
        self._job: Final = job
        self._clock: Final = clock
        self._unsure: LinkRow | None = None
        """What was being written when the caller was cancelled."""
        self.row = row

    async def submit(self, at: datetime, credentials: str | None = None) -> None:
        """Announce a login; *at* is its time by Belvo's clock, *credentials* a digest of what it sends."""
        await self._write(
            lambda row: evolve(
                _forget_end(row),
                state=LinkState.SUBMITTED,
                submitted_at=at,
                logins=row.logins + 1,
                credentials=credentials or row.credentials,
            )
        )

    async def challenge(self, *, ticket: str, expires_at: datetime) -> None:
        """Note that the bank asks for a token, under which ticket, and until when."""
        state = LinkState.CHALLENGED
        await self._write(lambda row: evolve(row, state=state, ticket=ticket, expires_at=expires_at))

    async def answer(self, at: datetime) -> None:
        """Announce the answer to a challenge; *at* is its time by Belvo's clock."""
        await self._write(lambda row: evolve(row, state=LinkState.ANSWERED, submitted_at=at))

    async def park(self, *, ticket: str, expires_at: datetime) -> None:
        """Leave a challenge open under its ticket."""
        state = LinkState.PARKED
        await self._write(lambda row: evolve(row, state=state, ticket=ticket, expires_at=expires_at))

    async def finish(
        self,
        state: LinkState,
        *,
        code: str | None = None,
        message: str | None = None,
        may_retry: bool = False,
        retry_at: datetime | None = None,
        institution: str | None = None,
        submitted_at: datetime | None = None,
        holds_back: bool = False,
    ) -> None:
        """Note how a link ended: updated, refused or unsettled. Its challenge, if any, is forgotten.

        With *submitted_at*, somebody else has sent an answer at that time, by Belvo's clock. With
        *holds_back*, the credentials that were sent last are kept among the refused ones.
        """
        if not state.is_result:
            raise ValueError(f"a link does not end as {state}")
        await self._write(
            lambda row: evolve(
                _forget_end(row),
                state=state,
                code=code,
                message=message,
                may_retry=may_retry,
                retry_at=retry_at,
                institution=institution or row.institution,
                submitted_at=submitted_at or row.submitted_at,
                refused=_hold_back(row) if holds_back else row.refused,
            )
        )

    async def retrieve(self, output_end: OutputEnd | None) -> None:
        """Note that the data of the link are here, and up to where the output of the job holds them."""
        state = LinkState.RETRIEVED
        await self._write(lambda row: evolve(_forget_end(row), state=state), output_end)

    async def requeue(self) -> None:
        """Put the link back to the start, as nothing was sent for it."""
        await self._write(lambda row: evolve(_forget_end(row), state=LinkState.QUEUED))

    async def _write(self, change: Callable[[LinkRow], LinkRow], output_end: OutputEnd | None = None) -> None:
        if self._unsure is not None:
            await self._find_out(self._unsure)
        row = self._unsure = evolve(change(self.row), version=self.row.version + 1, at=self._clock.wall())
        is_written = await self._ledger.replace(self._job, row, output_end=output_end)
        self._unsure = None
        if not is_written:
            raise LedgerBusyError(
                f"Somebody else works on link {row.link_id} of the job {self._job.name}.",
                remedy="Let one run of the job end before the next begins.",
                link_id=row.link_id,
            )
        self.row = row

    async def _find_out(self, row: LinkRow) -> None:
        """Find out whether *row* was written."""
        found = (await self._ledger.read(self._job, [row.link_id])).get(row.link_id)
        if is_same_write(row, found):
            self.row = row
        self._unsure = None


def _forget_end(row: LinkRow) -> LinkRow:
    """Return a row without what an earlier end, or an earlier challenge, has left in it."""
    return evolve(row, ticket=None, expires_at=None, code=None, message=None, may_retry=False, retry_at=None)


def _hold_back(row: LinkRow) -> tuple[str, ...]:
    """Return the refused credentials, with those that were sent last in front."""
    if row.credentials is None:
        return row.refused
    others = (digest for digest in row.refused if digest != row.credentials)
    return (row.credentials, *others)[:_MOST_REFUSED]
