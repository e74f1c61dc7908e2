"""The activity of `UpdateLink`: what it makes of a step of the fleet, and what the history shows."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import asdict
from pathlib import Path
from typing import Any

import pytest
from attrs import Factory, define
from temporalio.exceptions import ApplicationError
from temporalio.testing import ActivityEnvironment

from belvo_async import Credentials, LinkUpdate, RetryPolicy, SessionPool
from belvo_async.backends import LinkState, SqliteBackend
from belvo_async.contrib.temporal import LinkActivities, LinkTask
from belvo_async.fleet import NeedsToken, admit, pause
from belvo_async.sandbox import Sandbox
from belvo_async.testing import ManualClock
from tests.bulk.conftest import add_links, bank, count_puts, wait_until
from tests.engine.conftest import clock, open_pool
from tests.fleet.conftest import HEIMDALL, JOB, read_vault
from tests.fleet.test_advance import leave

__all__ = ["bank", "clock"]

PASSWORDS = ("right", "pass_invalid")
SECRET = "a secret of the vault"


@define
class Worker:
    """One worker: its pool, and what it told the user."""

    pool: SessionPool
    told: list[NeedsToken] = Factory(list)
    problem: Exception | None = None
    credentials: Any = read_vault
    environment: ActivityEnvironment = Factory(ActivityEnvironment)
    _activities: LinkActivities | None = None

    async def tell(self, needed: NeedsToken) -> None:
        self.told.append(needed)
        if self.problem is not None:
            raise self.problem

    async def advance(self, link_id: str, **more: Any) -> dict[str, Any]:
        if self._activities is None:
            self._activities = LinkActivities(self.pool, credentials=self.credentials, on_challenge=self.tell)
        task = LinkTask(job=JOB, link_id=link_id, **more)
        return asdict(await self.environment.run(self._activities.advance, task))

    async def fail(self, link_id: str) -> ApplicationError:
        with pytest.raises(ApplicationError) as caught:
            await self.advance(link_id)
        assert (caught.value.__cause__, caught.value.__context__) == (None, None)
        return caught.value


@pytest.fixture
async def backend(tmp_path: Path) -> AsyncIterator[SqliteBackend]:
    async with SqliteBackend(tmp_path / "belvo.sqlite") as backend:
        yield backend


@pytest.fixture
async def worker(bank: Sandbox, clock: ManualClock, backend: SqliteBackend) -> AsyncIterator[Worker]:
    async with open_pool(bank, clock=clock, backend=backend, retry=RetryPolicy.never()) as pool:
        yield Worker(pool)


def add_asked(bank: Sandbox) -> str:
    (link_id,) = add_links(bank, 1, "mfa_numeric", HEIMDALL)
    return link_id


async def test_the_end_of_a_link_is_told_by_its_state_and_code(bank: Sandbox, worker: Worker) -> None:
    good, bad = add_links(bank, 2)
    worker.credentials = lambda link_id: LinkUpdate(link_id, password=PASSWORDS[link_id == bad])
    found = [(await worker.advance(link_id))["result"] for link_id in (good, bad)]
    assert found == [
        {"state": "updated", "code": None, "may_retry": False},
        {"state": "refused", "code": "login_error", "may_retry": False},
    ]


async def test_a_code_that_could_be_any_text_stays_out_of_the_history(bank: Sandbox, worker: Worker) -> None:
    (link_id,) = add_links(bank)
    await leave(worker.pool, link_id, LinkState.REFUSED, code="Ana owes 3 pesos")
    assert (await worker.advance(link_id))["result"]["code"] == "other"


async def test_a_link_that_another_is_at_is_looked_at_later(bank: Sandbox, worker: Worker) -> None:
    (link_id,) = add_links(bank)
    assert [batch async for batch in admit(worker.pool, [link_id], job=JOB)] == [[link_id]]
    await pause(worker.pool, job=JOB)
    assert await worker.advance(link_id, told="first") == {"result": None, "seconds": 60.0, "told": "first"}


async def test_the_user_is_told_once_of_each_challenge(bank: Sandbox, worker: Worker) -> None:
    link_id = add_asked(bank)
    first = await worker.advance(link_id)
    again = await worker.advance(link_id, told=first["told"])
    assert (again, len(worker.told)) == (first, 1)
    other = await worker.advance(link_id, told="of an earlier challenge")
    assert (other, len(worker.told)) == (first, 2)


async def test_the_ticket_and_the_question_stay_out_of_the_history(bank: Sandbox, worker: Worker) -> None:
    found = await worker.advance(add_asked(bank))
    assert found.keys() == {"result", "seconds", "told"}
    (needed,) = worker.told
    assert found["told"] == needed.challenge.received_at.isoformat()


async def test_an_open_challenge_is_looked_at_more_seldom_as_it_grows_old_and_when_it_expires(
    bank: Sandbox, clock: ManualClock, worker: Worker
) -> None:
    link_id = add_asked(bank)
    pauses = []
    while (found := await worker.advance(link_id))["result"] is None:
        pauses.append(found["seconds"])
        await clock.advance(pauses[-1])
    needed = worker.told[0]
    assert pauses[:4] == [15.0, 15.0, 30.0, 60.0]
    assert sum(pauses) == (needed.expires_at - needed.challenge.received_at).total_seconds() + 1.0
    assert found["result"]["code"] == "ChallengeExpiredError"


async def test_a_user_who_could_not_be_told_is_told_by_the_next_attempt(
    bank: Sandbox, worker: Worker
) -> None:
    link_id, worker.problem = add_asked(bank), RuntimeError(SECRET)
    failure = await worker.fail(link_id)
    assert (failure.type, SECRET in str(failure)) == ("RuntimeError", False)
    worker.problem = None
    await worker.advance(link_id)
    assert (len(worker.told), count_puts(bank)) == (2, 1)


async def test_a_plain_function_can_tell_the_user(bank: Sandbox, worker: Worker) -> None:
    told: list[NeedsToken] = []
    activities = LinkActivities(worker.pool, credentials=read_vault, on_challenge=told.append)
    await worker.environment.run(activities.advance, LinkTask(job=JOB, link_id=add_asked(bank)))
    assert len(told) == 1


async def test_an_error_is_told_by_its_class_and_remedy_and_tried_again(
    bank: Sandbox, worker: Worker, caplog: pytest.LogCaptureFixture
) -> None:
    (link_id,) = add_links(bank)
    await bank.stop()
    failure = await worker.fail(link_id)
    assert (failure.type, failure.non_retryable) == ("NotSentError", False)
    assert failure.message.startswith("Check the network")
    assert "No connection to 127.0.0.1" in caplog.text
    await bank.start()


async def test_credentials_that_fail_are_tried_again_and_not_shown(bank: Sandbox, worker: Worker) -> None:
    def raises(_: str) -> LinkUpdate:
        raise ValueError(SECRET)

    (link_id,), worker.credentials = add_links(bank), raises
    failure = await worker.fail(link_id)
    assert (failure.type, failure.non_retryable, count_puts(bank)) == ("SourceError", False, 0)
    assert SECRET not in str(failure)


async def test_a_worker_whose_keys_are_refused_asks_again_after_five_minutes_only(
    bank: Sandbox, clock: ManualClock, backend: SqliteBackend
) -> None:
    links = add_links(bank, 3)
    wrong = Credentials(bank.secret_id, "wrong")
    async with SessionPool(wrong, environment=bank.url, clock=clock, backend=backend) as pool:
        worker = Worker(pool)
        failures = [await worker.fail(link_id) for link_id in links]
        assert {(failure.type, failure.non_retryable) for failure in failures} == {
            ("AuthenticationError", False)
        }
        sent = count_puts(bank)
        await clock.advance(300.0)
        await worker.fail(links[0])
    assert (sent, count_puts(bank)) == (1, 2)


async def test_a_worker_shows_that_it_lives_while_it_works(bank: Sandbox, worker: Worker) -> None:
    beats: list[None] = []
    worker.environment.on_heartbeat = lambda *_: beats.append(None)
    (link_id,) = add_links(bank)
    await worker.advance(link_id)
    assert beats
    await asyncio.sleep(0)
    assert not [task for task in asyncio.all_tasks() if "_beat" in repr(task)]


async def test_a_workflow_that_is_cancelled_leaves_no_second_login(bank: Sandbox, worker: Worker) -> None:
    (link_id,) = add_links(bank)
    call = asyncio.ensure_future(worker.advance(link_id))
    await wait_until(lambda: count_puts(bank) == 1)
    worker.environment.cancel()
    with pytest.raises(asyncio.CancelledError):
        await call
    worker.environment = ActivityEnvironment()
    await worker.advance(link_id)
    assert count_puts(bank) == 1
