"""The ledgers pass the suite that others may run on theirs, and broken ones do not."""

import inspect
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from attrs import evolve

from belvo_async.backends import JobKey, Ledger, LinkRow, MemoryLedger, SqliteLedger
from belvo_async.testing.ledger_suite import LedgerSuite


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


class Careless(MemoryLedger):
    """Writes whatever version comes."""

    async def replace(self, job: JobKey, row: LinkRow) -> bool:
        found = (await self.read(job, [row.link_id])).get(row.link_id)
        return found is not None and await super().replace(job, evolve(row, version=found.version + 1))


class Forgetful(MemoryLedger):
    """Says that it has written what it has not."""

    async def replace(self, job: JobKey, row: LinkRow) -> bool:  # noqa: ARG002 - it is broken
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
