"""Links are admitted in batches, and put back to the start where somebody wants it."""

from collections.abc import AsyncIterator, Awaitable, Callable
from datetime import timedelta
from typing import Any

import pytest
from attrs import evolve

from belvo_async import Credentials, LinkUpdate, SessionPool
from belvo_async.backends import JobKey, LinkState, read_jobs
from belvo_async.errors import ConfigurationError, InvalidValueError, SourceError
from belvo_async.fleet import CheckLater, Ended, admit, advance, pause, resume, retry
from belvo_async.sandbox import Sandbox
from belvo_async.testing import ManualClock
from tests.fleet.conftest import (
    JOB,
    add_links,
    count_puts,
    open_pool,
    read_row,
    read_states,
    read_vault,
)


async def collect(batches: AsyncIterator[list[str]]) -> list[str]:
    return [link_id async for batch in batches for link_id in batch]


async def end(pool: SessionPool, link_id: str, password: str = "new") -> Ended:
    def look_up(link_id: str) -> LinkUpdate:
        return LinkUpdate(link_id, password=password)

    found = await advance(pool, job=JOB, link_id=link_id, credentials=look_up)
    assert isinstance(found, Ended), found
    return found


async def test_links_are_admitted_once_each_and_the_ended_are_left_out(
    bank: Sandbox, pool: SessionPool
) -> None:
    links = add_links(bank, 5)
    assert await collect(admit(pool, [*links, links[0]], job=JOB)) == links
    await end(pool, links[0])
    assert await collect(admit(pool, links, job=JOB)) == links[1:]
    (status,) = await read_jobs(pool.backend)
    assert (status.job.runs, status.job.total, status.counts.by_state[LinkState.QUEUED]) == (2, 5, 4)


async def test_what_the_list_of_links_gives_brings_its_institution(bank: Sandbox, pool: SessionPool) -> None:
    add_links(bank, 3)
    (link_id, *_) = await collect(admit(pool, pool.links.list(), job=JOB))
    assert (await read_row(pool, link_id)).institution == "erebor_mx_retail"


async def test_links_come_in_batches(pool: SessionPool) -> None:
    ids = [f"30cb4806-6e00-48a4-91c9-{number:012}" for number in range(2500)]
    batches = [len(batch) async for batch in admit(pool, iter(ids), job=JOB)]
    assert (sum(batches), max(batches)) == (2500, 1000)


@pytest.mark.parametrize("links", ["one", 7, None])
async def test_what_gives_no_links_is_told(pool: SessionPool, links: Any) -> None:
    with pytest.raises(InvalidValueError):
        await collect(admit(pool, links, job=JOB))


async def test_an_item_that_is_no_link_is_told_and_those_before_it_are_admitted(
    bank: Sandbox, pool: SessionPool
) -> None:
    links = add_links(bank, 2)
    found: list[str] = []

    async def take() -> None:
        async for batch in admit(pool, [*links, "no link"], job=JOB):
            found.extend(batch)

    with pytest.raises(SourceError):
        await take()
    assert found == links


async def test_a_refused_link_is_tried_again_with_other_credentials(bank: Sandbox, pool: SessionPool) -> None:
    good, bad = add_links(bank, 2)
    await end(pool, good)
    await end(pool, bad, "pass_invalid")
    assert await collect(retry(pool, job=JOB)) == [bad]
    assert (await end(pool, bad)).state is LinkState.UPDATED
    assert await collect(retry(pool, job=JOB)) == []
    assert count_puts(bank) == 3


async def test_credentials_that_were_refused_are_not_sent_again_by_a_retry(
    bank: Sandbox, pool: SessionPool
) -> None:
    (link_id,) = add_links(bank)
    for expected in ("login_error", "held_back", "held_back"):
        ended = await end(pool, link_id, "pass_invalid")
        assert (ended.state, ended.code) == (LinkState.REFUSED, expected)
        assert await collect(retry(pool, job=JOB)) == [link_id]
    assert count_puts(bank) == 1


async def test_an_unsettled_link_is_put_back_only_after_a_look_that_shows_no_success(
    sandbox: Sandbox, backend: Any, clock: ManualClock
) -> None:
    lost, done = add_links(sandbox, 2)
    async with open_pool(sandbox, backend=backend, clock=clock) as pool:
        await collect(admit(pool, [lost, done], job=JOB))
        key, now = JobKey(pool.identity.digest, JOB), clock.wall()
        for link_id in (lost, done):
            row = await read_row(pool, link_id)
            left = evolve(row, version=2, state=LinkState.UNSETTLED, submitted_at=now, logins=1)
            assert await backend.ledger.replace(key, left)
        assert await collect(retry(pool, job=JOB, states={"unsettled"})) == []  # it may still run
        async with open_pool(sandbox, clock=clock) as stranger:
            await clock.advance(1.0)
            await stranger.links.update(read_vault(done))
        await clock.advance(331.0)
        assert await collect(retry(pool, job=JOB, states={"unsettled"})) == [lost]
        assert await read_states(pool) == {lost: LinkState.QUEUED, done: LinkState.UPDATED}


async def test_a_link_that_cannot_be_looked_at_stays_unsettled(
    sandbox: Sandbox, backend: Any, clock: ManualClock
) -> None:
    gone = "30cb4806-6e00-48a4-91c9-ca55968576ca"
    async with open_pool(sandbox, backend=backend, clock=clock) as pool:
        await collect(admit(pool, [gone], job=JOB))
        row = await read_row(pool, gone)
        left = evolve(row, version=2, state=LinkState.UNSETTLED, submitted_at=clock.wall(), logins=1)
        assert await backend.ledger.replace(JobKey(pool.identity.digest, JOB), left)
        await clock.advance(timedelta(hours=1).total_seconds())
        assert await collect(retry(pool, job=JOB, states=["unsettled"])) == []
        assert (await read_row(pool, gone)).state is LinkState.UNSETTLED


@pytest.mark.parametrize("states", [{"parked"}, {"updated"}, {"nonsense"}])
async def test_what_is_not_tried_again_is_told(pool: SessionPool, states: set[str]) -> None:
    with pytest.raises(ConfigurationError):
        await collect(retry(pool, job=JOB, states=states))


async def put_back(pool: SessionPool, *, job: str) -> None:
    await collect(retry(pool, job=job))


@pytest.mark.parametrize("call", [pause, resume, put_back])
async def test_a_job_that_was_never_begun_is_told_and_not_made(
    pool: SessionPool, call: Callable[..., Awaitable[None]]
) -> None:
    await collect(admit(pool, [], job=JOB))
    with pytest.raises(InvalidValueError, match="no job") as caught:
        await call(pool, job="novembre")
    assert caught.value.field == "job"
    assert [status.job.key.name for status in await read_jobs(pool.backend)] == [JOB]


async def test_the_job_of_another_client_is_neither_paused_nor_seen(bank: Sandbox, pool: SessionPool) -> None:
    (link_id,) = add_links(bank)
    await collect(admit(pool, [link_id], job=JOB))
    stranger = pool.client(Credentials("another", "password"))
    with pytest.raises(InvalidValueError, match="no job"):
        await pause(stranger, job=JOB)
    assert (await end(pool, link_id)).state is LinkState.UPDATED


async def test_a_link_that_was_put_back_is_not_logged_in_twice_by_two(
    bank: Sandbox, pool: SessionPool, other_pool: SessionPool
) -> None:
    (link_id,) = add_links(bank)
    await end(pool, link_id, "pass_invalid")
    await collect(retry(pool, job=JOB))
    found = [
        await advance(one, job=JOB, link_id=link_id, credentials=read_vault) for one in (pool, other_pool)
    ]
    assert {type(step) for step in found} <= {Ended, CheckLater}
    assert count_puts(bank) == 2
