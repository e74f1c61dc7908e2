"""The ledgers pass the suite that others may run on theirs, and broken ones do not."""

import asyncio
import inspect
import os
from collections.abc import AsyncIterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
from attrs import evolve

from belvo_async.backends import (
    JobKey,
    Ledger,
    LinkRow,
    MemoryLedger,
    OutputEnd,
    PostgresLedger,
    SqliteLedger,
)
from belvo_async.backends._postgres_tables import PostgresTables
from belvo_async.errors import BelvoError, LedgerWriteError
from belvo_async.testing.ledger_suite import JOB, LINK, LedgerSuite, write_all
from tests.stores.postgres import PostgresServer


class TestMemory(LedgerSuite):
    @pytest.fixture
    def ledger(self) -> MemoryLedger:
        return MemoryLedger()


class TestSqlite(LedgerSuite):
    @pytest.fixture
    async def ledger(self, tmp_path: Path) -> AsyncIterator[SqliteLedger]:
        async with SqliteLedger(tmp_path / "ledger.sqlite") as ledger:
            yield ledger

    @pytest.fixture
    async def other_ledger(self, tmp_path: Path) -> AsyncIterator[SqliteLedger]:
        async with SqliteLedger(tmp_path / "ledger.sqlite") as other:
            yield other


class TestPostgres(LedgerSuite):
    @pytest.fixture
    def schema(self) -> str:
        return f"belvo_{uuid4().hex}"

    @pytest.fixture
    async def ledger(self, postgres: PostgresServer, schema: str) -> AsyncIterator[PostgresLedger]:
        async with PostgresLedger(postgres.dsn, schema=schema) as ledger:
            yield ledger

    @pytest.fixture
    async def other_ledger(self, postgres: PostgresServer, schema: str) -> AsyncIterator[PostgresLedger]:
        async with PostgresLedger(postgres.dsn, schema=schema) as other:
            yield other


class Cut(PostgresTables):
    """Loses the connection before or after a write."""

    cut = ""

    async def write(self, kind: type[BelvoError], statement: str, **values: Any) -> int:
        cut, self.cut = self.cut, ""
        count = 0 if cut == "before" else await super().write(kind, statement, **values)
        if cut:
            raise kind("PostgreSQL cannot be reached.", remedy="Wait.")
        return count


@pytest.mark.parametrize("cut", ["before", "after"])
async def test_what_postgres_has_written_before_the_connection_was_lost_is_found_out(
    postgres: PostgresServer, cut: str
) -> None:
    tables, suite = Cut(postgres.dsn, f"belvo_{uuid4().hex}", "ledger"), LedgerSuite()
    async with PostgresLedger.of(tables) as ledger:
        run = (await suite.begin(ledger)).runs
        (row,) = await suite.admit(ledger, run, LINK)
        tables.cut, wanted = cut, write_all(row)
        if cut == "after":
            assert await ledger.replace(JOB, wanted)
        else:
            with pytest.raises(LedgerWriteError, match="cannot be reached"):
                await ledger.replace(JOB, wanted)
            assert await ledger.replace(JOB, wanted)
        assert await ledger.read(JOB, [LINK]) == {LINK: evolve(wanted, run=run)}


class Careless(MemoryLedger):
    """Writes whatever version comes."""

    async def replace(self, job: JobKey, row: LinkRow, *, output_end: OutputEnd | None = None) -> bool:
        found = (await self.read(job, [row.link_id])).get(row.link_id)
        return found is not None and await super().replace(
            job, evolve(row, version=found.version + 1), output_end=output_end
        )


class Forgetful(MemoryLedger):
    """Says that it has written what it has not."""

    async def replace(self, job: JobKey, row: LinkRow, *, output_end: OutputEnd | None = None) -> bool:  # noqa: ARG002 - it is broken
        return True


async def find_failed(ledger: Ledger, run: int) -> set[str]:
    """Return the tests of the suite for writing that a ledger fails."""
    suite, failed = LedgerSuite(), set[str]()
    tests: dict[str, dict[str, Any]] = {
        "test_a_row_is_replaced_by_its_next_version_alone": {"version": 3},
        "test_of_two_who_write_at_once_one_does": {"other_ledger": ledger},
    }
    for name, more in tests.items():
        test = getattr(suite, name)
        assert inspect.iscoroutinefunction(test)
        try:
            await test(ledger=ledger, run=run, **more)
        except AssertionError:
            failed.add(name)
    return failed


@pytest.mark.parametrize("kind", [Careless, Forgetful])
async def test_a_ledger_that_lets_two_write_fails_the_suite(kind: type[MemoryLedger]) -> None:
    ledger = kind()
    run = (await LedgerSuite().begin(ledger)).runs
    assert "test_of_two_who_write_at_once_one_does" in await find_failed(ledger, run)


async def test_looking_for_a_job_that_there_is_none_of_makes_none() -> None:
    ledger = MemoryLedger()
    assert await ledger.read_job(JOB) is None
    assert await ledger.read(JOB, [LINK]) == {}
    await ledger.pause(JOB, is_paused=True)
    assert await ledger.list_jobs() == []
    assert (await LedgerSuite().begin(ledger)).is_paused is False


async def test_a_forked_process_begins_without_the_jobs_of_the_other() -> None:
    ledger, suite = MemoryLedger(), LedgerSuite()
    run = (await suite.begin(ledger)).runs
    await suite.admit(ledger, run, LINK)
    child = os.fork()
    if not child:
        os._exit(0 if asyncio.new_event_loop().run_until_complete(ledger.list_jobs()) == [] else 1)
    _, status = await asyncio.to_thread(os.waitpid, child, 0)
    assert os.waitstatus_to_exitcode(status) == 0
    assert [job.key for job in await ledger.list_jobs()] == [JOB]


def test_a_ledger_in_memory_is_used_by_several_threads_at_once() -> None:
    ledger, suite = MemoryLedger(), LedgerSuite()
    run = asyncio.run(suite.begin(ledger)).runs

    async def admit(number: int) -> int:
        links = [f"{LINK[:-4]}{digit:04}" for digit in range(100)]
        return sum(row.run == 0 for row in await suite.admit(ledger, run, *links[number:]))

    with ThreadPoolExecutor(4) as threads:
        new = threads.map(lambda number: asyncio.run(admit(number)), (0, 10, 20, 30))
    assert sum(new) == 100
