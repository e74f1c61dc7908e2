from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from belvo_async._jobs.journal import Journal
from belvo_async._jobs.records import LinkState
from belvo_async._sqlite.file import sidecar
from belvo_async.errors import JournalUnreadableError, JournalWriteError
from belvo_async.testing import ManualClock
from tests.bulk.journals import leave_killed, opened, read_bytes, write_thousand


@asynccontextmanager
async def copied(path: Path | None) -> AsyncIterator[Journal]:
    journal = Journal(path, clock=ManualClock(), is_copy=True)
    await journal.open()
    try:
        yield journal
    finally:
        await journal.close()


async def test_a_copy_knows_what_the_journal_knows_and_leaves_it_as_it_is(tmp_path: Path) -> None:
    path = await write_thousand(tmp_path / "run.sqlite")
    before = read_bytes(tmp_path)
    async with copied(path) as journal:
        (admission,) = await journal.admit([("link 1", None)])
        await journal.finish("link 1", LinkState.UPDATED)
        assert (await journal.read_counts()).by_state[LinkState.UPDATED] == 1
    assert not admission.is_new
    assert before == read_bytes(tmp_path)


async def test_a_copy_of_a_killed_journal_has_all(tmp_path: Path) -> None:
    leave_killed(tmp_path / "run.sqlite")
    before = read_bytes(tmp_path)
    async with copied(tmp_path / "run.sqlite") as journal:
        assert not (await journal.admit([("killed", None)]))[0].is_new
    assert before == read_bytes(tmp_path)


async def test_a_journal_may_be_copied_while_a_job_runs_it(tmp_path: Path) -> None:
    async with opened(tmp_path / "run.sqlite") as running:
        await running.admit([("a", None)])
        async with copied(tmp_path / "run.sqlite") as journal:
            assert not (await journal.admit([("a", None)]))[0].is_new
        await running.admit([("b", None)])


@pytest.mark.parametrize("content", [None, b""])
async def test_a_copy_of_nothing_is_empty_and_makes_nothing(tmp_path: Path, content: bytes | None) -> None:
    path = tmp_path / "run.sqlite"
    if content is not None:
        path.write_bytes(content)
    before = read_bytes(tmp_path)
    async with copied(path) as journal:
        assert (await journal.admit([("a", None)]))[0].is_new
    assert before == read_bytes(tmp_path)
    assert not sidecar(path, "lock").exists()


async def test_a_copy_of_no_journal_is_empty() -> None:
    async with copied(None) as journal:
        assert (await journal.admit([("a", None)]))[0].is_new


async def test_what_is_no_journal_is_not_copied(tmp_path: Path) -> None:
    (tmp_path / "run.sqlite").write_text("link_id,state\n" * 1000)
    with pytest.raises(JournalUnreadableError):
        await Journal(tmp_path / "run.sqlite", is_copy=True).open()
    with pytest.raises(JournalWriteError):
        await Journal(tmp_path, is_copy=True).open()
