"""Jobs of a fleet, on a sandbox with a real socket."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from belvo_async import LinkUpdate, RetryPolicy, SessionPool
from belvo_async.backends import JobKey, LinkRow, LinkState, SqliteBackend
from belvo_async.sandbox import Sandbox
from tests.bulk.conftest import EREBOR, HEIMDALL, PASSWORD, add_links, bank, count_puts
from tests.engine.conftest import clock, open_pool, sandbox

__all__ = ["EREBOR", "HEIMDALL", "add_links", "bank", "clock", "count_puts", "open_pool", "sandbox"]

JOB = "november"


@pytest.fixture
async def backend(tmp_path: Path) -> AsyncIterator[SqliteBackend]:
    async with SqliteBackend(tmp_path / "belvo.sqlite") as backend:
        yield backend


@pytest.fixture
async def pool(bank: Sandbox, backend: SqliteBackend) -> AsyncIterator[SessionPool]:
    async with open_pool(bank, backend=backend, retry=RetryPolicy.never()) as pool:
        yield pool


@pytest.fixture
async def other_pool(bank: Sandbox, tmp_path: Path) -> AsyncIterator[SessionPool]:
    """The pool of another machine."""
    async with (
        SqliteBackend(tmp_path / "belvo.sqlite") as backend,
        open_pool(bank, backend=backend, retry=RetryPolicy.never()) as pool,
    ):
        yield pool


def read_vault(link_id: str) -> LinkUpdate:
    return LinkUpdate(link_id, password=PASSWORD)


async def read_row(pool: SessionPool, link_id: str, job: str = JOB) -> LinkRow:
    ledger = pool.backend.ledger
    assert ledger is not None
    return (await ledger.read(JobKey(pool.identity.digest, job), [link_id]))[link_id]


async def read_states(pool: SessionPool, job: str = JOB) -> dict[str, LinkState]:
    ledger = pool.backend.ledger
    assert ledger is not None
    rows = await ledger.find(JobKey(pool.identity.digest, job), tuple(LinkState))
    return {row.link_id: row.state for row in rows}
