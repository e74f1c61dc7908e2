"""The tests that every `Ledger` has to pass, for one of your own.

```python
import pytest

from belvo_async.backends import SqliteLedger
from belvo_async.testing.ledger_suite import LedgerSuite


class TestMyLedger(LedgerSuite):
    @pytest.fixture
    async def ledger(self, tmp_path):
        async with SqliteLedger(tmp_path / "ledger.sqlite") as ledger:  # yours, and empty
            yield ledger
```

Where another connection to the same rows is possible, add a fixture `other_ledger`: two processes are then
played by the two. Needs pytest and pytest-asyncio.
"""

import asyncio
from datetime import UTC, datetime, timedelta
from typing import Final

import pytest
from attrs import evolve

from belvo_async.backends import JobKey, JobRow, Ledger, LinkRow, LinkState, OutputEnd

NOON: Final = datetime(2026, 1, 1, 12, tzinfo=UTC)
JOB: Final = JobKey("a" * 32, "november")
OTHER_JOBS: Final = (JobKey("b" * 32, "november"), JobKey("a" * 32, "december"))
LINK, SECOND, THIRD = (f"30cb4806-6e00-48a4-91c9-00000000000{digit}" for digit in "123")
_RACES: Final = 20


def after(minutes: float) -> datetime:
    """Return a moment after noon."""
    return NOON + timedelta(minutes=minutes)


def write_all(row: LinkRow) -> LinkRow:
    """Return the next version of a row, with a value in every field."""
    return evolve(
        row,
        state=LinkState.REFUSED,
        version=row.version + 1,
        at=after(2) + timedelta(microseconds=1),
        institution="erebor_mx_retail",
        submitted_at=after(1),
        logins=3,
        ticket="ticket",
        expires_at=after(150),
        code="login_error",
        message="Señor\nsaid “no” 🏦",
        may_retry=True,
        retry_at=after(30),
        credentials="0123456789abcdef",
        refused=("0123456789abcdef", "fedcba9876543210"),
    )


class LedgerSuite:
    """Inherit from it, and give the ledger as the fixture `ledger`, empty for each test."""

    pytestmark = pytest.mark.asyncio

    @pytest.fixture
    def other_ledger(self, ledger: Ledger) -> Ledger:
        """Return another connection to the same rows; by default the same one."""
        return ledger

    @pytest.fixture
    async def run(self, ledger: Ledger) -> int:
        """Begin a run of the job, and return its number."""
        return (await self.begin(ledger)).runs

    async def begin(self, ledger: Ledger, job: JobKey = JOB, minutes: float = 0) -> JobRow:
        """Begin a run of a job."""
        return await ledger.begin(job, environment="https://api.belvo.com", at=after(minutes), total=3)

    async def admit(self, ledger: Ledger, run: int, *link_ids: str) -> list[LinkRow]:
        """Admit links."""
        return await ledger.admit(JOB, run, [(link_id, None) for link_id in link_ids], at=NOON)

    async def move(self, ledger: Ledger, row: LinkRow, state: LinkState, minutes: float = 0) -> LinkRow:
        """Write the next version of a row."""
        moved = evolve(row, state=state, version=row.version + 1, at=after(minutes))
        assert await ledger.replace(JOB, moved)
        return moved

    async def test_a_job_is_made_once_and_its_runs_are_counted(self, ledger: Ledger) -> None:
        first = await self.begin(ledger)
        assert first == JobRow(key=JOB, environment="https://api.belvo.com", runs=1, started_at=NOON, total=3)
        assert (await self.begin(ledger, minutes=5)).runs == 2
        (job,) = await ledger.list_jobs()
        assert (job.runs, job.started_at) == (2, after(5))

    async def test_a_job_keeps_the_purpose_that_it_was_made_with(self, ledger: Ledger) -> None:
        for purpose in ("retrieve /api/transactions/ date_from=2026-01-01", "retrieve /api/owners/", None):
            job = await ledger.begin(JOB, environment="https://api.belvo.com", at=NOON, purpose=purpose)
            assert job.purpose == "retrieve /api/transactions/ date_from=2026-01-01"
        assert (await self.begin(ledger, OTHER_JOBS[0])).purpose is None

    async def test_the_end_of_the_output_is_written_with_its_link_or_not_at_all(
        self, ledger: Ledger, run: int
    ) -> None:
        (row,) = await self.admit(ledger, run, LINK)
        done = evolve(row, state=LinkState.RETRIEVED, version=2)
        ends = [OutputEnd(2**40, "a" * 32), OutputEnd(7, "b" * 32)]
        assert await self.find_end(ledger) is None
        assert await ledger.replace(JOB, done, output_end=ends[0])
        assert not await ledger.replace(JOB, done, output_end=ends[1])
        assert await self.find_end(ledger) == ends[0]
        assert await ledger.replace(JOB, evolve(done, version=3))
        assert await self.find_end(ledger) == ends[0]
        assert (await self.begin(ledger)).output_end == ends[0]

    async def find_end(self, ledger: Ledger) -> OutputEnd | None:
        """Return the end of the output of the job."""
        job = await ledger.read_job(JOB)
        return None if job is None else job.output_end

    async def test_the_end_of_a_run_is_kept_until_the_next_begins(self, ledger: Ledger) -> None:
        await self.begin(ledger)
        await ledger.end(JOB, 1, at=after(1), reason="stopped on request")
        (job,) = await ledger.list_jobs()
        assert (job.ended_at, job.reason) == (after(1), "stopped on request")
        job = await self.begin(ledger, minutes=2)
        assert (job.ended_at, job.reason) == (None, None)

    async def test_a_run_that_is_not_the_last_ends_nothing(self, ledger: Ledger) -> None:
        await self.begin(ledger)
        await self.begin(ledger, minutes=1)
        await ledger.end(JOB, 1, at=after(2), reason=None)
        (job,) = await ledger.list_jobs()
        assert job.ended_at is None

    async def test_the_job_that_began_last_is_listed_first(self, ledger: Ledger) -> None:
        for minutes, job in enumerate((JOB, *OTHER_JOBS)):
            await self.begin(ledger, job, minutes)
        await self.begin(ledger, minutes=9)
        assert [job.key for job in await ledger.list_jobs()] == [JOB, *reversed(OTHER_JOBS)]

    async def test_a_new_link_is_queued(self, ledger: Ledger, run: int) -> None:
        (row,) = await ledger.admit(JOB, run, [(LINK, "erebor_mx_retail")], at=NOON)
        expected = LinkRow(
            link_id=LINK, state=LinkState.QUEUED, at=NOON, version=1, institution="erebor_mx_retail"
        )
        assert row == expected
        assert await ledger.read(JOB, [LINK, SECOND]) == {LINK: evolve(expected, run=run)}

    async def test_a_link_is_admitted_to_a_run_once(self, ledger: Ledger, run: int) -> None:
        rows = await self.admit(ledger, run, LINK, SECOND, LINK)
        assert [row.run for row in rows] == [0, 0, run]
        (row,) = await self.admit(ledger, run, SECOND)
        assert row.run == run

    async def test_a_later_run_meets_a_link_as_it_was_left(self, ledger: Ledger, run: int) -> None:
        (row,) = await self.admit(ledger, run, LINK)
        left = await self.move(ledger, row, LinkState.UPDATED, 1)
        later = (await self.begin(ledger, minutes=2)).runs
        (found,) = await ledger.admit(JOB, later, [(LINK, "gringotts_mx_retail")], at=after(3))
        assert found == evolve(left, run=run)
        (again,) = await self.admit(ledger, later, LINK)
        assert again == evolve(left, run=later, institution="gringotts_mx_retail")

    async def test_every_field_is_kept_as_it_was_written(
        self, ledger: Ledger, other_ledger: Ledger, run: int
    ) -> None:
        (row,) = await self.admit(ledger, run, LINK)
        written = write_all(row)
        assert await ledger.replace(JOB, written)
        assert await other_ledger.read(JOB, [LINK]) == {LINK: evolve(written, run=run)}

    async def test_half_a_character_costs_nothing_else(self, ledger: Ledger, run: int) -> None:
        (row,) = await self.admit(ledger, run, LINK)
        assert await ledger.replace(JOB, evolve(write_all(row), message="half \ud83d of it"))
        message = (await ledger.read(JOB, [LINK]))[LINK].message or ""
        assert message.startswith("half ")
        assert message.endswith(" of it")

    async def test_a_zero_byte_costs_nothing_else(self, ledger: Ledger, run: int) -> None:
        (row,) = await self.admit(ledger, run, LINK)
        assert await ledger.replace(JOB, evolve(write_all(row), message="half \0 of it"))
        message = (await ledger.read(JOB, [LINK]))[LINK].message or ""
        assert message.startswith("half ")
        assert message.endswith(" of it")

    @pytest.mark.parametrize("version", [1, 3, 0])
    async def test_a_row_is_replaced_by_its_next_version_alone(
        self, ledger: Ledger, run: int, version: int
    ) -> None:
        (row,) = await self.admit(ledger, run, LINK)
        assert not await ledger.replace(JOB, evolve(row, version=version, state=LinkState.UPDATED))
        assert (await ledger.read(JOB, [LINK]))[LINK].state is LinkState.QUEUED

    async def test_a_link_that_was_never_admitted_is_not_replaced(self, ledger: Ledger, run: int) -> None:
        (row,) = await self.admit(ledger, run, LINK)
        stranger = evolve(row, link_id=SECOND, version=2)
        assert not await ledger.replace(JOB, stranger)
        assert await ledger.read(JOB, [SECOND]) == {}

    async def test_of_two_who_write_at_once_one_does(
        self, ledger: Ledger, other_ledger: Ledger, run: int
    ) -> None:
        for number in range(_RACES):
            (row,) = await self.admit(ledger, run, f"{LINK[:-2]}{number:02}")
            wanted = evolve(row, version=2, state=LinkState.SUBMITTED)
            both = await asyncio.gather(
                ledger.replace(JOB, evolve(wanted, ticket="one")),
                other_ledger.replace(JOB, evolve(wanted, ticket="other")),
            )
            assert sorted(both) == [False, True]
            found = (await ledger.read(JOB, [row.link_id]))[row.link_id]
            assert found.ticket == ("one" if both[0] else "other")

    async def test_links_are_found_by_their_states_those_that_expire_soonest_first(
        self, ledger: Ledger, run: int
    ) -> None:
        rows = await self.admit(ledger, run, LINK, SECOND, THIRD)
        for row, minutes in zip(rows, (30, 10, 20), strict=True):
            asked = evolve(row, version=2, state=LinkState.CHALLENGED, expires_at=after(minutes))
            assert await ledger.replace(JOB, asked)
        states = (LinkState.CHALLENGED, LinkState.PARKED)
        assert [row.link_id for row in await ledger.find(JOB, states)] == [SECOND, THIRD, LINK]
        assert [row.link_id for row in await ledger.find(JOB, states, limit=2)] == [SECOND, THIRD]
        assert await ledger.find(JOB, (LinkState.QUEUED,)) == []
        assert await ledger.find(JOB, ()) == []

    async def test_links_are_counted(self, ledger: Ledger, run: int) -> None:
        rows = await ledger.admit(JOB, run, [(LINK, "erebor"), (SECOND, "erebor"), (THIRD, None)], at=NOON)
        await self.move(ledger, rows[0], LinkState.UPDATED, 1)
        assert await ledger.replace(JOB, evolve(write_all(rows[1]), may_retry=False))
        parked = evolve(rows[2], version=2, state=LinkState.PARKED, expires_at=after(90), at=after(5))
        assert await ledger.replace(JOB, parked)
        counts = await ledger.count(JOB, since=after(2))
        assert {state: count for state, count in counts.by_state.items() if count} == {
            LinkState.UPDATED: 1,
            LinkState.REFUSED: 1,
            LinkState.PARKED: 1,
        }
        assert set(counts.by_state) == set(LinkState)
        assert set(counts.by_institution) == {"erebor", "erebor_mx_retail"}
        assert counts.by_institution["erebor"][LinkState.UPDATED] == 1
        assert (counts.by_code, counts.held_back) == ({"login_error": 1}, 1)
        assert (counts.next_expiry, counts.ended) == (after(90), 2)

    async def test_jobs_do_not_see_each_other(self, ledger: Ledger, run: int) -> None:
        (row,) = await self.admit(ledger, run, LINK)
        for job in OTHER_JOBS:
            other = (await self.begin(ledger, job)).runs
            assert await ledger.read(job, [LINK]) == {}
            (theirs,) = await ledger.admit(job, other, [(LINK, None)], at=NOON)
            assert theirs.run == 0
            assert await ledger.replace(job, evolve(theirs, version=2, state=LinkState.UPDATED))
        await self.move(ledger, row, LinkState.UNSETTLED)
        for job in OTHER_JOBS:
            assert (await ledger.count(job, since=NOON)).by_state[LinkState.UPDATED] == 1
        assert (await ledger.count(JOB, since=NOON)).by_state[LinkState.UNSETTLED] == 1

    async def test_a_job_is_read_by_its_name(self, ledger: Ledger) -> None:
        assert await ledger.read_job(JOB) is None
        begun = await self.begin(ledger)
        assert await ledger.read_job(JOB) == begun
        assert await ledger.read_job(OTHER_JOBS[0]) is None

    async def test_a_job_that_is_paused_stays_so_in_later_runs(self, ledger: Ledger) -> None:
        await ledger.pause(JOB, is_paused=True)
        assert await ledger.list_jobs() == []
        assert not (await self.begin(ledger)).is_paused
        await self.begin(ledger, OTHER_JOBS[1])
        await ledger.pause(JOB, is_paused=True)
        assert (await self.begin(ledger, minutes=1)).is_paused
        assert [job.is_paused for job in await ledger.list_jobs()] == [True, False]
        await ledger.pause(JOB, is_paused=False)
        assert not (await self.begin(ledger, minutes=2)).is_paused

    async def test_a_link_that_is_erased_is_in_no_job_of_its_owner(self, ledger: Ledger, run: int) -> None:
        await self.admit(ledger, run, LINK, SECOND)
        for job in OTHER_JOBS:
            other = (await self.begin(ledger, job)).runs
            await ledger.admit(job, other, [(LINK, None)], at=NOON)
        assert await ledger.erase(JOB.owner, LINK) == 2
        assert (await ledger.read(JOB, [LINK, SECOND])).keys() == {SECOND}
        assert await ledger.read(OTHER_JOBS[1], [LINK]) == {}
        assert (await ledger.read(OTHER_JOBS[0], [LINK])).keys() == {LINK}

    async def test_a_job_that_is_forgotten_is_gone_and_no_other(self, ledger: Ledger, run: int) -> None:
        await self.admit(ledger, run, LINK)
        other = (await self.begin(ledger, OTHER_JOBS[0])).runs
        await ledger.admit(OTHER_JOBS[0], other, [(LINK, None)], at=NOON)
        await ledger.forget(JOB)
        await ledger.forget(JOB)
        assert [job.key for job in await ledger.list_jobs()] == [OTHER_JOBS[0]]
        assert (await ledger.read(OTHER_JOBS[0], [LINK])).keys() == {LINK}
        assert (await self.begin(ledger)).runs == 1
        assert await ledger.read(JOB, [LINK]) == {}
