"""What is over is removed, and what is not over stays."""

from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from belvo_async import LinkUpdate, SessionPool, bulk, fleet
from belvo_async.backends import Purged, RedisBackend, purge, read_jobs
from belvo_async.errors import InvalidValueError
from belvo_async.sandbox import Sandbox
from tests.bulk.conftest import add_updates, bank, open_pool
from tests.stores.machines import OwnBackend, backend, where

__all__ = ["backend", "bank", "where"]

LATER = timedelta(hours=1)


@pytest.fixture
async def pool(bank: Sandbox, backend: OwnBackend) -> AsyncIterator[SessionPool]:
    async with open_pool(bank, backend=backend) as pool:
        yield pool


async def list_names(backend: OwnBackend) -> set[str]:
    return {status.job.key.name for status in await read_jobs(backend)}


async def refresh(pool: SessionPool, updates: list[LinkUpdate], job: str) -> None:
    async with bulk.refresh(pool, updates, job=job) as run:
        await run.finish()


async def test_a_job_that_has_ended_is_removed_with_its_links(
    bank: Sandbox, pool: SessionPool, backend: OwnBackend
) -> None:
    await refresh(pool, add_updates(bank, 2), "old")
    between = datetime.now(UTC)
    await refresh(pool, add_updates(bank, 2), "new")
    assert await purge(backend, before=between) == Purged(jobs=1, challenges=0)
    assert await list_names(backend) == {"new"}
    assert await purge(backend, before=between) == Purged(jobs=0, challenges=0)


async def test_a_job_that_goes_on_stays(bank: Sandbox, pool: SessionPool, backend: OwnBackend) -> None:
    updates = add_updates(bank, 2)
    async with bulk.refresh(pool, updates, job="running") as run:
        async for _ in fleet.admit(pool, [update.link_id for update in updates], job="fleet"):
            pass
        assert (await purge(backend, before=datetime.now(UTC) + LATER)).jobs == 0
        await run.finish()
    assert await list_names(backend) == {"running", "fleet"}
    by_id = {update.link_id: update for update in updates}
    for link_id in by_id:
        await fleet.advance(pool, job="fleet", link_id=link_id, credentials=by_id.get)
    assert (await purge(backend, before=datetime.now(UTC) + LATER)).jobs == 2


async def test_a_challenge_goes_a_day_after_its_time(
    bank: Sandbox, pool: SessionPool, backend: OwnBackend
) -> None:
    (update,) = add_updates(bank, 1, "mfa_numeric", "heimdall_mx_retail")
    async with bulk.refresh(pool, [update], job="asks") as run:
        await run.finish()
    (parked,) = await pool.challenges.list()
    a_day = timedelta(days=1, seconds=1)
    assert (await purge(backend, before=parked.expires_at)).challenges == 0
    assert (await purge(backend, before=parked.expires_at + a_day)).challenges == 1
    assert await pool.challenges.list() == []


async def test_a_backend_without_jobs_has_its_challenges_removed(redis_url: str) -> None:
    async with RedisBackend(redis_url, prefix="purged") as backend:
        assert await purge(backend, before=datetime.now(UTC)) == Purged(jobs=0, challenges=0)


async def test_a_moment_without_a_time_zone_is_told(backend: Any) -> None:
    with pytest.raises(InvalidValueError, match="before has no time zone"):
        await purge(backend, before=datetime.now())  # noqa: DTZ005 - on purpose
