"""What one run writes of a link: each step builds on the one before, and on nobody else's."""

import asyncio
from datetime import UTC, datetime

import pytest
from attrs import evolve

from belvo_async._jobs.link_steps import LinkSteps
from belvo_async.backends import JobKey, LinkRow, LinkState, MemoryLedger, OutputEnd
from belvo_async.errors import LedgerBusyError
from belvo_async.testing import ManualClock

JOB = JobKey("o" * 32, "november")
LINK = "30cb4806-6e00-48a4-91c9-ca55968576ca"
NOON = datetime(2026, 1, 1, 12, tzinfo=UTC)


class Slow(MemoryLedger):
    """Lets the caller be cancelled before or after its change is made."""

    cut: str | None = None

    async def replace(self, job: JobKey, row: LinkRow, *, output_end: OutputEnd | None = None) -> bool:
        cut, self.cut = self.cut, None
        if cut == "before":
            raise asyncio.CancelledError
        is_replaced = await super().replace(job, row, output_end=output_end)
        if cut == "after":
            raise asyncio.CancelledError
        return is_replaced

    async def read_one(self) -> LinkRow:
        return (await self.read(JOB, [LINK]))[LINK]


@pytest.fixture
async def ledger() -> Slow:
    ledger = Slow()
    await ledger.begin(JOB, environment="e", at=NOON)
    return ledger


@pytest.fixture
async def steps(ledger: Slow) -> LinkSteps:
    (row,) = await ledger.admit(JOB, 1, [(LINK, None)], at=NOON)
    return LinkSteps(ledger, JOB, row, ManualClock(start=NOON))


@pytest.mark.parametrize(("cut", "logins", "sent_at"), [("before", 0, None), ("after", 1, NOON)])
async def test_what_a_cancelled_step_has_written_is_found_out_before_the_next(
    ledger: Slow, steps: LinkSteps, cut: str, logins: int, sent_at: datetime | None
) -> None:
    ledger.cut = cut
    with pytest.raises(asyncio.CancelledError):
        await steps.submit(NOON, "digest")
    await steps.finish(LinkState.UNSETTLED, message="half a character: \ud83d")
    row = await ledger.read_one()
    assert (row.state, row.logins, row.submitted_at) == (LinkState.UNSETTLED, logins, sent_at)


async def test_a_step_that_was_not_written_is_not_built_upon(ledger: Slow, steps: LinkSteps) -> None:
    row = await ledger.read_one()
    other = evolve(row, version=2, state=LinkState.SUBMITTED, logins=1)
    assert await ledger.replace(JOB, other)
    for step in (steps.submit(NOON), steps.finish(LinkState.UPDATED), steps.requeue()):
        with pytest.raises(LedgerBusyError, match="Somebody else works on link"):
            await step
    assert await ledger.read_one() == evolve(other, run=1)


async def test_the_newest_twenty_refused_credentials_are_kept_each_once(steps: LinkSteps) -> None:
    for number in (*range(25), 24, 23):
        await steps.submit(NOON, f"digest-{number}")
        await steps.finish(LinkState.REFUSED, holds_back=True)
    assert steps.row.refused[:3] == ("digest-23", "digest-24", "digest-22")
    assert (len(steps.row.refused), len(set(steps.row.refused))) == (20, 20)


async def test_a_link_ends_as_a_result_alone(steps: LinkSteps) -> None:
    with pytest.raises(ValueError, match="does not end as parked"):
        await steps.finish(LinkState.PARKED)
