"""A job that is left while a challenge is on its way into the store: the next run goes on with it."""

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import suppress
from pathlib import Path

import pytest

from belvo_async import MfaPolicy, SessionPool
from belvo_async.backends import MemoryBackend, MemoryChallengeStore
from belvo_async.bulk import JobRun, Parked, Updated, refresh
from belvo_async.errors import PoolClosedError
from belvo_async.sandbox import Sandbox
from tests.bulk.conftest import HEIMDALL, add_update, count_puts, only, open_pool, refresh_all
from tests.challenges.stores import TroubledStore

RESTARTS = MfaPolicy(restarts=1)
Leave = Callable[[SessionPool, JobRun], Awaitable[None]]


async def close_run(_: SessionPool, run: JobRun) -> None:
    await run.aclose(0.0)


async def close_pool(pool: SessionPool, _: JobRun) -> None:
    await pool.aclose(0.0)


@pytest.mark.parametrize("leave", [close_run, close_pool])
@pytest.mark.parametrize("when", ["before", "after"])
@pytest.mark.parametrize("step", ["add", "read"])
async def test_a_challenge_that_is_being_parked_as_a_job_is_left_is_answered_by_the_next_run(
    sandbox: Sandbox, tmp_path: Path, leave: Leave, when: str, step: str
) -> None:
    update, journal = add_update(sandbox, "mfa_numeric", HEIMDALL), tmp_path / "journal"
    store = MemoryChallengeStore()
    troubled = TroubledStore(store)
    leaving: list[asyncio.Future[None]] = []

    async def begin_to_leave(_: int, name: str) -> None:
        if name == step and not leaving:
            leaving.append(asyncio.ensure_future(leave(pool, run)))
            for _turn in range(20):
                await asyncio.sleep(0)

    setattr(troubled, when, begin_to_leave)
    async with open_pool(sandbox, backend=MemoryBackend(troubled)) as pool:
        run = refresh(pool, [update], journal=journal)
        with suppress(PoolClosedError):
            async with run:
                await run.finish()
        await leaving[0]
    async with open_pool(sandbox, backend=MemoryBackend(store)) as pool:
        (outcome,), _ = await refresh_all(pool, [update], journal=journal, provide_token=lambda _: "111111")
    only(outcome, Updated)
    assert count_puts(sandbox) == 1


async def test_the_challenge_of_a_restarted_login_is_left_to_the_next_run_where_the_pool_closes(
    sandbox: Sandbox, tmp_path: Path
) -> None:
    update, journal = add_update(sandbox, "x_mfa_expired", HEIMDALL), tmp_path / "journal"
    store = MemoryChallengeStore()
    troubled = TroubledStore(store)
    leaving: list[asyncio.Future[None]] = []

    async def close(_: int, name: str) -> None:
        if name == "replace open" and not leaving:
            leaving.append(asyncio.ensure_future(pool.aclose(0.0)))
            for _turn in range(20):
                await asyncio.sleep(0)

    troubled.after = close
    async with open_pool(sandbox, backend=MemoryBackend(troubled), mfa=RESTARTS) as pool:
        with suppress(PoolClosedError):
            await refresh_all(pool, [update], journal=journal, provide_token=lambda _: "111111")
        await leaving[0]
    async with open_pool(sandbox, backend=MemoryBackend(store), mfa=RESTARTS) as pool:
        (outcome,), _ = await refresh_all(pool, [update], journal=journal)
        assert only(outcome, Parked).challenge == (await pool.challenges.list())[0].challenge
    assert count_puts(sandbox) == 2
