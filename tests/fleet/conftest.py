"""Jobs of a fleet, on a sandbox with a real socket."""

from collections.abc import AsyncIterator, Callable

import pytest

from belvo_async import LinkUpdate, RetryPolicy, SessionPool
from belvo_async.backends import JobKey, LinkRow, LinkState
from belvo_async.sandbox import Sandbox
from tests.bulk.conftest import EREBOR, HEIMDALL, PASSWORD, add_links, bank, count_puts
from tests.engine.conftest import clock, open_pool, sandbox
from tests.stores.machines import OwnBackend, backend, where

__all__ = [
    "EREBOR",
    "HEIMDALL",
    "add_links",
    "backend",
    "bank",
    "clock",
    "count_puts",
    "open_pool",
    "sandbox",
    "where",
]

JOB = "november"


@pytest.fixture
async def pool(bank: Sandbox, backend: OwnBackend) -> AsyncIterator[SessionPool]:
    async with open_pool(bank, backend=backend, retry=RetryPolicy.never()) as pool:
        yield pool


@pytest.fixture
async def other_pool(
    bank: Sandbox,
    where: Callable[[], OwnBackend],
    pool: SessionPool,  # noqa: ARG001 - the first, which has made the backend ready
) -> AsyncIterator[SessionPool]:
    """The pool of another machine."""
    async with where() as backend, open_pool(bank, backend=backend, retry=RetryPolicy.never()) as other:
        yield other


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
