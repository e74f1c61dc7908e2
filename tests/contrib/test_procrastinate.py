"""What a task of the fleet makes of each step, on a queue in memory."""

import asyncio
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
from attrs import define, field
from procrastinate import App
from procrastinate.testing import InMemoryConnector

from belvo_async import Credentials, LinkUpdate, RetryPolicy, SessionPool, fleet
from belvo_async.backends import LinkState, SqliteBackend
from belvo_async.contrib.procrastinate import FleetTasks
from belvo_async.errors import ConfigurationError, InvalidValueError
from belvo_async.sandbox import Fault, Sandbox
from belvo_async.testing import ManualClock
from tests.bulk.conftest import wait_until
from tests.fleet.conftest import (
    HEIMDALL,
    JOB,
    add_links,
    bank,
    clock,
    count_puts,
    open_pool,
    read_states,
    read_vault,
    sandbox,
)

__all__ = ["bank", "clock", "sandbox"]

TOKEN = "111111"


@define(eq=False)
class Queue:
    """The app of a user, whose queue is in memory."""

    connector: InMemoryConnector = field(factory=InMemoryConnector)
    app: App = field(init=False)
    told: list[fleet.NeedsToken] = field(factory=list)
    tasks: FleetTasks = field(init=False)

    def __attrs_post_init__(self) -> None:
        self.app = App(connector=self.connector)
        self.tasks = FleetTasks(self.app, credentials=read_vault, on_challenge=self.told.append)

    def list_waiting(self) -> list[dict[str, Any]]:
        return [row for row in self.connector.jobs.values() if row["status"] == "todo"]

    async def work(self, pool: SessionPool, **options: Any) -> None:
        """Let a worker do what is due now."""
        await self.tasks.run_worker(pool, wait=False, install_signal_handlers=False, **options)

    async def work_later(self, pool: SessionPool) -> None:
        """The same when all that waits is due."""
        for row in self.list_waiting():
            row["scheduled_at"] = None
        await self.work(pool)

    def find_delay(self, now: datetime) -> float:
        """Return the seconds to the one task that waits."""
        (row,) = self.list_waiting()
        return float((row["scheduled_at"] - now).total_seconds())


@pytest.fixture
async def queue() -> AsyncIterator[Queue]:
    queue = Queue()
    async with queue.app.open_async():
        yield queue


@pytest.fixture
async def backend(tmp_path: Path) -> AsyncIterator[SqliteBackend]:
    async with SqliteBackend(tmp_path / "belvo.sqlite") as backend:
        yield backend


@pytest.fixture
async def pool(bank: Sandbox, backend: SqliteBackend) -> AsyncIterator[SessionPool]:
    async with open_pool(bank, backend=backend, retry=RetryPolicy.never()) as pool:
        yield pool


async def test_links_go_through_the_queue_to_their_end(
    bank: Sandbox, pool: SessionPool, queue: Queue
) -> None:
    links = add_links(bank, 5)
    assert await queue.tasks.enqueue(pool, links, job=JOB) == 5
    await queue.work(pool)
    assert await read_states(pool) == dict.fromkeys(links, LinkState.UPDATED)
    assert (queue.connector.jobs, queue.told) == ({}, [])


async def test_a_task_has_the_names_of_job_and_link_alone(
    bank: Sandbox, pool: SessionPool, queue: Queue
) -> None:
    (link_id,) = add_links(bank)
    await queue.tasks.enqueue(pool, [link_id], job=JOB)
    (row,) = queue.list_waiting()
    assert (row["args"], row["queue_name"], row["lock"], row["queueing_lock"]) == (
        {"job": JOB, "link_id": link_id},
        "belvo",
        None,
        None,
    )


async def test_links_that_have_ended_are_not_enqueued_again(
    bank: Sandbox, pool: SessionPool, queue: Queue
) -> None:
    links = add_links(bank, 3)
    await queue.tasks.enqueue(pool, links[:1], job=JOB)
    await queue.work(pool)
    assert await queue.tasks.enqueue(pool, links, job=JOB) == 2
    await queue.work(pool)
    assert count_puts(bank) == 3


async def test_links_of_one_institution_do_not_stand_together(
    bank: Sandbox, pool: SessionPool, queue: Queue
) -> None:
    first, second = add_links(bank, 50), add_links(bank, 50, institution=HEIMDALL)
    await queue.tasks.enqueue(pool, [*first, *second], job=JOB)
    order = [row["args"]["link_id"] in second for row in queue.list_waiting()]
    changes = sum(one != other for one, other in pairwise(order))
    assert changes > 20


async def test_refused_links_are_put_back_into_the_queue(
    bank: Sandbox, pool: SessionPool, queue: Queue
) -> None:
    (link_id,) = add_links(bank)

    def read_wrong(link_id: str) -> LinkUpdate:
        return LinkUpdate(link_id, password="pass_invalid")

    await fleet.advance(pool, job=JOB, link_id=link_id, credentials=read_wrong)
    assert await queue.tasks.retry(pool, job=JOB) == 1
    await queue.work(pool)
    assert await read_states(pool) == {link_id: LinkState.UPDATED}
    assert await queue.tasks.retry(pool, job=JOB) == 0


async def test_the_person_is_told_once_of_a_challenge_and_the_link_holds_no_worker(
    bank: Sandbox, pool: SessionPool, queue: Queue
) -> None:
    (link_id,) = add_links(bank, 1, "mfa_numeric", HEIMDALL)
    await queue.tasks.enqueue(pool, [link_id], job=JOB)
    for _ in range(3):
        await queue.work_later(pool)
    assert [needs.link_id for needs in queue.told] == [link_id]
    await pool.challenges.resume(queue.told[0].ticket, token=TOKEN)
    await queue.work_later(pool)
    assert await read_states(pool) == {link_id: LinkState.UPDATED}
    assert (len(queue.told), count_puts(bank), queue.connector.jobs) == (1, 1, {})


async def test_the_person_is_told_of_each_challenge_of_a_login(
    bank: Sandbox, pool: SessionPool, queue: Queue
) -> None:
    (link_id,) = add_links(bank, 1, "x_mfa_two_step", HEIMDALL)
    await queue.tasks.enqueue(pool, [link_id], job=JOB)
    for number in (1, 2):
        await queue.work_later(pool)
        await queue.work_later(pool)
        assert len(queue.told) == number
        await fleet.advance(pool, job=JOB, link_id=link_id, credentials=read_vault, token=TOKEN)
    await queue.work_later(pool)
    assert (len(queue.told), await read_states(pool)) == (2, {link_id: LinkState.UPDATED})


async def test_the_person_is_told_by_a_coroutine_too_and_again_where_it_raised(
    bank: Sandbox, pool: SessionPool, queue: Queue
) -> None:
    told: list[str] = []

    async def tell(needs: fleet.NeedsToken) -> None:
        await asyncio.sleep(0)
        told.append(needs.link_id)
        if len(told) == 1:
            raise OSError("no mail")

    tasks = FleetTasks(queue.app, credentials=read_vault, on_challenge=tell, queue="other")
    (link_id,) = add_links(bank, 1, "mfa_numeric", HEIMDALL)
    await tasks.enqueue(pool, [link_id], job=JOB)
    for _ in range(3):
        await queue.work_later(pool)
        await tasks.run_worker(pool, wait=False, install_signal_handlers=False)
    assert (told, count_puts(bank)) == ([link_id, link_id], 1)


async def test_an_open_challenge_is_checked_at_growing_distances_and_when_it_has_expired(
    sandbox: Sandbox, backend: SqliteBackend, clock: ManualClock, queue: Queue
) -> None:
    async with open_pool(sandbox, backend=backend, clock=clock) as pool:
        (link_id,) = add_links(sandbox, 1, "mfa_numeric", HEIMDALL)
        await queue.tasks.enqueue(pool, [link_id], job=JOB)
        await queue.work_later(pool)
        delays, expires_at = [queue.find_delay(clock.wall())], queue.told[0].expires_at
        while clock.wall() <= expires_at:
            await clock.advance(delays[-1])
            await queue.work_later(pool)
            if queue.list_waiting():
                delays.append(queue.find_delay(clock.wall()))
        assert await read_states(pool) == {link_id: LinkState.REFUSED}
    assert delays[:3] == pytest.approx([15.0, 15.0, 30.0], abs=0.1)
    assert len(delays) < 12
    assert 0.9 < (clock.wall() - expires_at).total_seconds() < 1.1
    assert (len(queue.told), count_puts(sandbox)) == (1, 1)


async def test_a_paused_link_is_checked_later_before_those_that_have_not_begun(
    bank: Sandbox, pool: SessionPool, queue: Queue
) -> None:
    (link_id,) = add_links(bank)
    await queue.tasks.enqueue(pool, [link_id], job=JOB)
    await fleet.pause(pool, job=JOB)
    await queue.work(pool)
    assert queue.find_delay(datetime.now(UTC)) == pytest.approx(60.0, abs=5.0)
    assert [row["priority"] for row in queue.list_waiting()] == [1]
    await fleet.resume(pool, job=JOB)
    await queue.work_later(pool)
    assert await read_states(pool) == {link_id: LinkState.UPDATED}


async def test_a_link_stays_in_the_queue_however_often_belvo_cannot_be_reached(
    backend: SqliteBackend, queue: Queue
) -> None:
    link_id = "30cb4806-6e00-48a4-91c9-ca55968576ca"
    nowhere, never = "http://127.0.0.1:1", RetryPolicy.never()
    async with SessionPool(
        Credentials("id", "password"), environment=nowhere, backend=backend, retry=never
    ) as pool:
        await queue.tasks.enqueue(pool, [link_id], job=JOB)
        delays: list[float] = []
        for _ in range(20):
            await queue.work_later(pool)
            delays.append(round(queue.find_delay(datetime.now(UTC)), -1 if len(delays) > 8 else 0))
    assert delays[:3] == pytest.approx([4, 8, 16], abs=1.0)
    assert delays[-1] == 600


async def test_a_task_of_a_worker_that_has_died_is_taken_over(
    bank: Sandbox, pool: SessionPool, queue: Queue
) -> None:
    (link_id,) = add_links(bank)
    await queue.tasks.enqueue(pool, [link_id], job=JOB)
    dead = await queue.app.job_manager.register_worker()
    await queue.connector.fetch_job_one(["belvo"], dead)
    queue.connector.workers[dead] -= timedelta(hours=1)
    worker = asyncio.create_task(
        queue.tasks.run_worker(
            pool,
            stalled_worker_timeout=0.1,
            update_heartbeat_interval=0.02,
            fetch_job_polling_interval=0.02,
            install_signal_handlers=False,
        )
    )
    await wait_until(lambda: not queue.connector.jobs)
    worker.cancel()
    with pytest.raises(asyncio.CancelledError):
        await worker
    assert (await read_states(pool), count_puts(bank)) == ({link_id: LinkState.UPDATED}, 1)


async def test_a_worker_that_stops_in_the_middle_of_a_login_loses_no_link(
    bank: Sandbox, pool: SessionPool, queue: Queue
) -> None:
    (link_id,) = add_links(bank)
    bank.faults.add(Fault(kind="latency", seconds=0.3, method="PUT"))
    await queue.tasks.enqueue(pool, [link_id], job=JOB)
    worker = asyncio.create_task(
        queue.tasks.run_worker(pool, shutdown_graceful_timeout=0.01, install_signal_handlers=False)
    )
    await wait_until(lambda: count_puts(bank) == 1)
    worker.cancel()
    with pytest.raises(asyncio.CancelledError):
        await worker
    assert len(queue.list_waiting()) == 1
    while queue.list_waiting():
        await queue.work_later(pool)
    assert (await read_states(pool), count_puts(bank)) == ({link_id: LinkState.UPDATED}, 1)


@pytest.mark.parametrize(("hours", "told"), [(1, r"3(599|600) s ahead of"), (-1, r"3(599|600) s behind")])
async def test_a_worker_whose_clock_is_an_hour_off_does_not_begin(
    bank: Sandbox, backend: SqliteBackend, queue: Queue, hours: int, told: str
) -> None:
    clock = ManualClock(start=bank.clock.wall() + timedelta(hours=hours))
    async with open_pool(bank, backend=backend, clock=clock) as pool:
        (link_id,) = add_links(bank)
        await queue.tasks.enqueue(pool, [link_id], job=JOB)
        with pytest.raises(ConfigurationError, match=told):
            await queue.work(pool)
    assert (count_puts(bank), len(queue.list_waiting())) == (0, 1)


async def test_a_worker_without_a_pool_is_told_and_loses_no_link(
    bank: Sandbox, pool: SessionPool, queue: Queue, caplog: pytest.LogCaptureFixture
) -> None:
    (link_id,) = add_links(bank)
    await queue.tasks.enqueue(pool, [link_id], job=JOB)
    with caplog.at_level("INFO"):
        await queue.app.run_worker_async(wait=False, install_signal_handlers=False)
    assert "Start it with FleetTasks.run_worker(pool)" in caplog.text
    await queue.work_later(pool)
    assert await read_states(pool) == {link_id: LinkState.UPDATED}


async def test_the_context_of_a_user_reaches_the_users_tasks(pool: SessionPool, queue: Queue) -> None:
    seen: list[object] = []

    @queue.app.task(name="mine", pass_context=True)
    async def mine(context: Any) -> None:
        seen.append(context.additional_context["mine"])

    await mine.defer_async()
    await queue.work(pool, queues=["default", "belvo"], additional_context={"mine": 7})
    assert seen == [7]


@pytest.mark.parametrize(
    ("more", "error"),
    [
        ({"credentials": "vault"}, InvalidValueError),
        ({"retrieval": fleet.Retrieval("accounts", print)}, ConfigurationError),
        ({"on_challenge": 7}, InvalidValueError),
        ({"login_limit": "long"}, ConfigurationError),
    ],
)
def test_a_wrong_argument_is_told_at_once(more: dict[str, Any], error: type[Exception]) -> None:
    arguments: dict[str, Any] = {"credentials": read_vault, "on_challenge": print, **more}
    with pytest.raises(error, match=next(iter(more))):
        FleetTasks(App(connector=InMemoryConnector()), **arguments)
