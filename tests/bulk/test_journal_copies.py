"""A dry run works on a copy of the journal, which stays as it is."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from belvo_async import LinkUpdate
from belvo_async.bulk import JobReport
from belvo_async.errors import LedgerUnreadableError, LedgerWriteError
from belvo_async.testing import BelvoMock
from tests.bulk.journals import (
    A,
    B,
    C,
    beside,
    build_belvo,
    build_updates,
    leave_killed,
    make,
    read_bytes,
    refuse,
    running,
)


async def plan(path: Path | None) -> tuple[int, int]:
    """Return how many of two links a job would skip, and log in; nothing is sent."""
    belvo = BelvoMock()
    async with running(path, build_updates(A, B), belvo=belvo, dry_run=True) as run:
        report: JobReport = await run.finish()
    assert belvo.requests == []
    return report.skipped, report.waiting


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "run.sqlite"


async def test_a_dry_run_knows_what_the_journal_knows_and_leaves_it_as_it_is(path: Path) -> None:
    await make(path, A)
    before = read_bytes(path.parent)
    assert await plan(path) == (1, 1)
    assert before == read_bytes(path.parent)


async def test_a_dry_run_on_a_killed_journal_has_all(path: Path) -> None:
    leave_killed(path)
    before = read_bytes(path.parent)
    assert await plan(path) == (1, 1)
    assert before == read_bytes(path.parent)


async def test_a_dry_run_may_be_made_while_a_job_runs(path: Path) -> None:
    planned = asyncio.Event()

    async def give() -> AsyncIterator[LinkUpdate]:
        yield build_updates(A)[0]
        await planned.wait()
        yield build_updates(C)[0]

    async with running(path, give(), belvo=build_belvo(A, C)) as run:
        await anext(run)
        assert await plan(path) == (1, 1)
        planned.set()
        assert (await run.finish()).updated == 2


@pytest.mark.parametrize("content", [None, b""])
async def test_a_dry_run_on_nothing_makes_nothing(path: Path, content: bytes | None) -> None:
    if content is not None:
        (path.parent / path.name).write_bytes(content)
    before = read_bytes(path.parent)
    assert await plan(path) == (0, 2)
    assert before == read_bytes(path.parent)
    assert not beside(path, "lock").exists()


async def test_a_dry_run_needs_no_journal() -> None:
    assert await plan(None) == (0, 2)


async def test_what_is_no_journal_is_not_copied(path: Path) -> None:
    (path.parent / path.name).write_text("link_id,state\n" * 1000)
    await refuse(path, LedgerUnreadableError, dry_run=True)
    await refuse(path.parent, LedgerWriteError, dry_run=True)
