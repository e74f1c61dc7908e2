"""A job in the ledger of the pool's backend: named, gone on with, kept from running twice."""

import asyncio
import sys
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from subprocess import PIPE, Popen

import pytest
from attrs import evolve

from belvo_async import Concurrency, LinkUpdate, SessionPool
from belvo_async.backends import (
    JobKey,
    LinkRow,
    LinkState,
    MemoryBackend,
    RedisBackend,
    SqliteBackend,
    read_jobs,
)
from belvo_async.bulk import JobLimits, Parked, Updated, refresh
from belvo_async.errors import ConfigurationError, InvalidValueError, LedgerBusyError
from belvo_async.sandbox import Sandbox
from belvo_async.testing import ManualClock
from tests.bulk.conftest import (
    HEIMDALL,
    add_update,
    add_updates,
    collect,
    count_puts,
    only,
    open_pool,
    refresh_all,
)
from tests.stores.machines import OwnBackend, backend, where

__all__ = ["backend", "where"]

NOVEMBER = "november"
ONE = JobLimits(concurrency=Concurrency(total=1))


@pytest.fixture
async def shared(bank: Sandbox, backend: OwnBackend) -> AsyncIterator[SessionPool]:
    """A pool on it, which another process could have too."""
    async with open_pool(bank, backend=backend) as pool:
        yield pool


async def read_rows(pool: SessionPool, job: str = NOVEMBER) -> list[LinkRow]:
    ledger = pool.backend.ledger
    assert ledger is not None
    return await ledger.find(JobKey(pool.identity.digest, job), tuple(LinkState))


async def list_names(pool: SessionPool) -> list[str]:
    return [status.job.key.name for status in await read_jobs(pool.backend)]


async def test_a_named_job_goes_on_where_it_stopped(bank: Sandbox, shared: SessionPool) -> None:
    updates = add_updates(bank, 6)
    async with refresh(shared, updates, job=NOVEMBER) as run:
        assert run.job == NOVEMBER
        await anext(run)
        run.stop()
    _, report = await refresh_all(shared, updates, job=NOVEMBER)
    assert (report.updated, report.skipped > 0, bank.logins()) == (6, True, 6)


async def test_a_job_goes_on_in_another_process(
    bank: Sandbox, shared: SessionPool, where: Callable[[], OwnBackend]
) -> None:
    updates = add_updates(bank, 3)
    await refresh_all(shared, updates, job=NOVEMBER)
    async with where() as other, open_pool(bank, backend=other) as pool:
        outcomes, report = await refresh_all(pool, updates, job=NOVEMBER)
        (status,) = await read_jobs(other)
    assert (outcomes, report.skipped, bank.logins()) == ([], 3, 3)
    assert (status.job.key.name, status.job.runs, status.counts.by_state[LinkState.UPDATED]) == (
        NOVEMBER,
        2,
        3,
    )


async def test_jobs_of_two_names_know_nothing_of_each_other(bank: Sandbox, shared: SessionPool) -> None:
    updates = add_updates(bank, 2)
    for name in (NOVEMBER, "december"):
        _, report = await refresh_all(shared, updates, job=name)
        assert (report.updated, report.skipped) == (2, 0)
    assert await list_names(shared) == ["december", NOVEMBER]


async def test_a_job_runs_once_at_a_time_over_all_processes(
    bank: Sandbox, shared: SessionPool, where: Callable[[], OwnBackend]
) -> None:
    updates = add_updates(bank, 2)
    async with where() as other, open_pool(bank, backend=other) as pool:
        async with refresh(shared, updates, job=NOVEMBER) as run:
            with pytest.raises(LedgerBusyError, match="Another run of the job november goes on") as caught:
                await refresh(pool, updates, job=NOVEMBER).__aenter__()
            assert "a name of its own" in caught.value.remedy
            (status,) = await read_jobs(other)
            assert status.is_running
            assert len(await collect(run)) == 2
        await refresh_all(pool, updates, job=NOVEMBER)
        (status,) = await read_jobs(other)
    assert (status.is_running, status.job.runs, bank.logins()) == (False, 2, 2)


async def test_a_job_without_a_name_is_seen_while_it_runs_and_forgotten_at_its_end(
    bank: Sandbox, shared: SessionPool
) -> None:
    async with refresh(shared, add_updates(bank, 2)) as run:
        assert await list_names(shared) == [run.job]
        await collect(run)
    assert await list_names(shared) == []


async def test_a_job_without_a_name_that_was_stopped_can_be_gone_on_with(
    bank: Sandbox, shared: SessionPool
) -> None:
    updates = add_updates(bank, 5)
    async with refresh(shared, updates, limits=ONE) as run:
        await anext(run)
        run.stop()
    assert await list_names(shared) == [run.job]
    _, report = await refresh_all(shared, updates, job=run.job)
    assert (report.updated, bank.logins()) == (5, 5)


async def test_in_memory_only_a_named_job_is_kept(bank: Sandbox) -> None:
    updates = add_updates(bank, 4)
    async with open_pool(bank, backend=MemoryBackend()) as pool:
        async with refresh(pool, updates) as run:
            await anext(run)
            run.stop()
        assert await list_names(pool) == []
        for expected in (0, 4):
            _, report = await refresh_all(pool, updates, job=NOVEMBER)
            assert report.skipped == expected
        assert await list_names(pool) == [NOVEMBER]


async def test_a_job_that_was_killed_is_gone_on_with_by_its_name(bank: Sandbox, tmp_path: Path) -> None:
    updates = add_updates(bank, 3)
    program = """
import asyncio, os, sys
from belvo_async import Credentials, LinkUpdate, SessionPool, bulk

async def look_up(link_id):
    os._exit(0)

async def main(path, url, key, password, *links):
    async with SessionPool(Credentials(key, password), environment=url, backend=path) as pool:
        async with bulk.refresh(pool, links, credentials=look_up, job="november") as run:
            await run.finish()

asyncio.run(main(*sys.argv[1:]))
"""
    arguments = [str(tmp_path / "belvo.sqlite"), bank.url, bank.secret_id, bank.secret_password]
    arguments += [update.link_id for update in updates]
    command = [sys.executable, "-W", "error", "-c", program, *arguments]
    with Popen(command, stdout=PIPE, stderr=PIPE, text=True) as process:  # noqa: ASYNC220, S603 - ours
        output = await asyncio.to_thread(process.communicate, timeout=30)
    assert output == ("", "")
    async with (
        SqliteBackend(tmp_path / "belvo.sqlite") as backend,
        open_pool(bank, backend=backend) as pool,
    ):
        (status,) = await read_jobs(backend)
        assert (status.job.runs, status.job.ended_at) == (1, None)
        with pytest.raises(LedgerBusyError, match="goes on") as caught:
            await refresh(pool, updates, job=NOVEMBER).__aenter__()
        assert "after a kill, for" in caught.value.remedy
        assert count_puts(bank) == 0


async def test_somebody_who_writes_to_a_link_in_between_keeps_its_login_from_leaving(
    bank: Sandbox, shared: SessionPool
) -> None:
    (update,) = add_updates(bank, 1)
    ledger = shared.backend.ledger
    assert ledger is not None

    async def look_up(link_id: str) -> LinkUpdate:
        (row,) = await read_rows(shared)
        other = evolve(row, version=row.version + 1, state=LinkState.SUBMITTED)
        assert await ledger.replace(JobKey(shared.identity.digest, NOVEMBER), other)
        return LinkUpdate(link_id, password="new")

    async with refresh(shared, [update.link_id], credentials=look_up, job=NOVEMBER) as run:
        with pytest.raises(LedgerBusyError, match="Somebody else works on link"):
            await collect(run)
    assert count_puts(bank) == 0
    (row,) = await read_rows(shared)
    assert row.state is LinkState.SUBMITTED


async def test_a_dry_run_of_a_named_job_leaves_it_as_it_was(bank: Sandbox, shared: SessionPool) -> None:
    updates = add_updates(bank, 4)
    await refresh_all(shared, updates[:2], job=NOVEMBER)
    before = (await read_rows(shared), await read_jobs(shared.backend))
    outcomes, report = await refresh_all(shared, [*updates, updates[3]], job=NOVEMBER, dry_run=True)
    assert (outcomes, report.skipped, report.waiting, report.repeated) == ([], 2, 2, 1)
    await refresh_all(shared, updates, job="never-begun", dry_run=True)
    found = await read_jobs(shared.backend)
    assert (await read_rows(shared), [status.job.key for status in found]) == (
        before[0],
        [status.job.key for status in before[1]],
    )
    assert bank.logins() == 2


async def test_a_parked_challenge_of_a_named_job_is_collected_by_a_later_run(
    bank: Sandbox, shared: SessionPool
) -> None:
    update = add_update(bank, "mfa_numeric", HEIMDALL)
    outcomes, _ = await refresh_all(shared, [update], job=NOVEMBER)
    parked = only(outcomes[0], Parked)
    await shared.challenges.resume(parked.ticket, token="111111")
    outcomes, _ = await refresh_all(shared, [update], job=NOVEMBER, retry={"parked"})
    only(outcomes[0], Updated)
    assert (count_puts(bank), [row.state for row in await read_rows(shared)]) == (1, [LinkState.UPDATED])


async def test_a_backend_that_keeps_no_jobs_says_where_one_may_be_kept(
    sandbox: Sandbox, clock: ManualClock
) -> None:
    async with open_pool(sandbox, backend=RedisBackend("redis://127.0.0.1:1"), clock=clock) as pool:
        with pytest.raises(ConfigurationError, match="A RedisBackend keeps no jobs") as caught:
            refresh(pool, [], job=NOVEMBER)
    assert "Pass journal=" in caught.value.remedy


@pytest.mark.parametrize("name", ["", " november", "a\nb", "x" * 101, 7])
async def test_a_name_that_is_none_is_told(pool: SessionPool, name: object) -> None:
    with pytest.raises(InvalidValueError, match="job is no name"):
        refresh(pool, [], job=name)  # type: ignore[arg-type]


async def test_a_job_has_one_place(pool: SessionPool, tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match="either a journal, which is its own, or a name"):
        refresh(pool, [], job=NOVEMBER, journal=tmp_path / "night.sqlite")
