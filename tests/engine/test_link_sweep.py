"""A sweep settles what killed processes have left: it reads links, and sends nothing else."""

from collections.abc import AsyncIterator

import pytest

from belvo_async import LinkUpdate, SessionPool
from belvo_async.backends import MemoryBackend, read_status
from belvo_async.errors import InvalidValueError, LinkBusyError
from belvo_async.models import ChallengePhase
from belvo_async.sandbox import Fault, Sandbox
from belvo_async.testing import ManualClock
from tests.challenges.conftest import park
from tests.challenges.test_settle import abandon
from tests.engine.conftest import open_pool
from tests.engine.test_seen_ends import leave_behind, succeed


@pytest.fixture
def backend(clock: ManualClock) -> MemoryBackend:
    return MemoryBackend(clock=clock)


@pytest.fixture
async def pool(sandbox: Sandbox, backend: MemoryBackend) -> AsyncIterator[SessionPool]:
    async with open_pool(sandbox, backend=backend) as pool:
        yield pool


async def test_a_sweep_frees_the_links_whose_login_has_succeeded_and_no_others(
    sandbox: Sandbox, pool: SessionPool, backend: MemoryBackend, clock: ManualClock
) -> None:
    done, failed = sandbox.add_link(), sandbox.add_link()
    leave_behind(pool, backend, done, done)
    leave_behind(pool, backend, "user 7", done)
    leave_behind(pool, backend, failed, failed)
    succeed(sandbox, done, after=8.0)
    await clock.sleep(61.0)
    swept = await pool.links.sweep()
    assert (swept.released, swept.settled, swept.in_doubt) == ((done,), (), (failed,))
    assert [lease.link_id for lease in (await read_status(backend)).leases] == [failed]
    update = LinkUpdate(done, password="new", institution_user_id="7")
    assert (await pool.links.update(update, when_busy="refuse")).id == done
    with pytest.raises(LinkBusyError):
        await pool.links.update(LinkUpdate(failed, password="new"), when_busy="refuse")
    assert (sandbox.logins(done), sandbox.logins(failed)) == (1, 0)


async def test_a_sweep_leaves_those_alone_that_are_younger_than_it_is_told(
    sandbox: Sandbox, pool: SessionPool, backend: MemoryBackend, clock: ManualClock
) -> None:
    link_id = sandbox.add_link()
    leave_behind(pool, backend, link_id, link_id)
    succeed(sandbox, link_id, after=8.0)
    await clock.sleep(20.0)
    swept = await pool.links.sweep()
    assert (swept.released, swept.in_doubt, sandbox.log) == ((), (), [])
    assert (await pool.links.sweep(older_than=10)).released == (link_id,)


async def test_a_sweep_passes_by_whatever_is_free_or_of_another_server(
    sandbox: Sandbox, pool: SessionPool, backend: MemoryBackend, clock: ManualClock
) -> None:
    await pool.links.update(LinkUpdate(sandbox.add_link(), password="new"))
    async with Sandbox(clock=clock) as elsewhere, open_pool(elsewhere, backend=backend) as other:
        link_id = elsewhere.add_link()
        leave_behind(other, backend, link_id, link_id)
        await clock.sleep(61.0)
        requests = len(sandbox.log)
        swept = await pool.links.sweep()
    assert (swept.released, swept.settled, swept.in_doubt) == ((), (), ())
    assert len(sandbox.log) == requests


async def test_a_sweep_settles_the_answers_of_killed_processes(
    sandbox: Sandbox, pool: SessionPool, clock: ManualClock
) -> None:
    heard, lost, waiting = [await park(sandbox, pool) for _ in range(3)]
    await abandon(sandbox, pool, heard)
    await abandon(sandbox, pool, lost, reaches_bank=False)
    await clock.sleep(61.0)
    links = [(await pool.challenges.get(ticket)).link_id for ticket in (heard, lost)]
    swept = await pool.links.sweep()
    assert (swept.settled, swept.in_doubt) == ((links[0],), (links[1],))
    phases = [(await pool.challenges.get(ticket)).phase for ticket in (heard, lost, waiting)]
    assert phases == [ChallengePhase.UPDATED, ChallengePhase.ANSWERED, ChallengePhase.OPEN]
    await clock.sleep(331.0)
    assert (await pool.links.sweep()).in_doubt == (links[1],)
    assert (await pool.challenges.get(lost)).phase is ChallengePhase.UNSETTLED
    assert (await pool.links.sweep()).in_doubt == ()


async def test_a_link_that_cannot_be_read_keeps_a_sweep_from_none_of_the_others(
    sandbox: Sandbox, pool: SessionPool, backend: MemoryBackend, clock: ManualClock
) -> None:
    gone, done = sandbox.add_link(), sandbox.add_link()
    answered = [await park(sandbox, pool) for _ in range(2)]
    for ticket in answered:
        await abandon(sandbox, pool, ticket)
    for link_id in (gone, done):
        leave_behind(pool, backend, link_id, link_id)
        succeed(sandbox, link_id, after=8.0)
    await clock.sleep(61.0)
    links = [(await pool.challenges.get(ticket)).link_id for ticket in answered]
    for link_id in (gone, links[0]):
        sandbox.faults.add(Fault(kind="status", status=401, method="GET", link_id=link_id))
    swept = await pool.links.sweep()
    assert (swept.released, swept.settled) == ((done,), (links[1],))
    assert set(swept.in_doubt) == {gone, links[0]}


@pytest.mark.parametrize("older_than", [-1.0, float("nan"), float("inf"), "60", None, True], ids=repr)
async def test_an_odd_age_is_refused(pool: SessionPool, older_than: float) -> None:
    with pytest.raises(InvalidValueError, match="older_than"):
        await pool.links.sweep(older_than=older_than)
