"""`UpdateLink` on a Temporal server, with an activity whose results are scripted: the form on the wire."""

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Any
from uuid import uuid4

import pytest
from attrs import Factory, define
from temporalio import activity
from temporalio.client import Client, WorkflowFailureError, WorkflowHandle
from temporalio.exceptions import CancelledError
from temporalio.service import RPCError
from temporalio.worker import Worker

from belvo_async.bulk import JobLimits
from belvo_async.contrib.temporal import LinkResult, LinkTask, UpdateLink, answered

JOB = "november"
ENDED = {"result": {"state": "updated", "code": None, "may_retry": False}}
HOUR = 3600.0


@define
class Script:
    """What the activity returns, call by call, and what it was called with."""

    steps: list[Any]
    tasks: list[LinkTask] = Factory(list)
    before_it_returns: Callable[[], Awaitable[object]] | None = None

    @activity.defn(name="belvo_async.advance")
    async def advance(self, task: LinkTask) -> dict[str, Any]:
        self.tasks.append(task)
        if self.before_it_returns is not None:
            await self.before_it_returns()
        step: dict[str, Any] = self.steps.pop(0)
        return step


@pytest.fixture
async def client(temporal: str) -> Client:
    return await Client.connect(temporal)


@pytest.fixture
def link_id() -> str:
    return str(uuid4())


@asynccontextmanager
async def running(
    client: Client, script: Script, link_id: str
) -> AsyncIterator[WorkflowHandle[UpdateLink, LinkResult]]:
    """Run the workflow of a link."""
    queue = uuid4().hex
    async with Worker(client, task_queue=queue, workflows=[UpdateLink], activities=[script.advance]):
        yield await client.start_workflow(
            UpdateLink.run,
            LinkTask(job=JOB, link_id=link_id),
            id=f"belvo_async/{JOB}/{link_id}",
            task_queue=queue,
        )


async def wait_for_timer(workflow: WorkflowHandle[UpdateLink, LinkResult]) -> None:
    async for event in workflow.fetch_history_events(wait_new_event=True):
        if event.HasField("timer_started_event_attributes"):
            return


async def test_a_workflow_returns_how_its_link_has_ended(client: Client, link_id: str) -> None:
    script = Script([{"result": {"state": "refused", "code": "login_error", "may_retry": True}}])
    async with running(client, script, link_id) as workflow:
        expected = LinkResult(state="refused", code="login_error", may_retry=True)
        assert await workflow.result() == expected
    assert script.tasks == [LinkTask(job=JOB, link_id=link_id)]


async def test_an_activity_has_the_time_of_a_login_and_is_tried_again_for_as_long_as_it_takes(
    client: Client, link_id: str
) -> None:
    async with running(client, Script([ENDED]), link_id) as workflow:
        await workflow.result()
        events = (await workflow.fetch_history()).events
    (how,) = (
        event.activity_task_scheduled_event_attributes
        for event in events
        if event.HasField("activity_task_scheduled_event_attributes")
    )
    assert (
        how.heartbeat_timeout.ToSeconds() < JobLimits().login_limit < how.start_to_close_timeout.ToSeconds()
    )
    assert (how.retry_policy.maximum_attempts, [*how.retry_policy.non_retryable_error_types]) == (0, [])


async def test_a_workflow_that_is_cancelled_while_it_waits_ends(client: Client, link_id: str) -> None:
    script = Script([{"seconds": HOUR, "told": "first"}])
    async with running(client, script, link_id) as workflow:
        await wait_for_timer(workflow)
        await workflow.cancel()
        with pytest.raises(WorkflowFailureError) as caught:
            await workflow.result()
    assert isinstance(caught.value.cause, CancelledError)


async def test_a_link_is_looked_at_again_when_its_seconds_are_over(client: Client, link_id: str) -> None:
    script = Script([{"seconds": 0.01}, {"seconds": 0.01}, ENDED])
    async with running(client, script, link_id) as workflow:
        assert await workflow.result() == LinkResult(state="updated")
    assert len(script.tasks) == 3


async def test_a_signal_ends_the_wait_for_a_token(client: Client, link_id: str) -> None:
    script = Script([{"seconds": HOUR, "told": "first"}, ENDED])
    async with running(client, script, link_id) as workflow:
        await wait_for_timer(workflow)
        assert await answered(client, job=JOB, link_id=link_id.upper())
        assert await workflow.result() == LinkResult(state="updated")


async def test_a_signal_that_comes_while_the_activity_runs_is_not_lost(client: Client, link_id: str) -> None:
    script = Script([{"seconds": HOUR, "told": "first"}, ENDED])

    async def answer() -> None:
        if len(script.tasks) == 1:
            assert await answered(client, job=JOB, link_id=link_id)

    script.before_it_returns = answer
    async with running(client, script, link_id) as workflow:
        assert await workflow.result() == LinkResult(state="updated")


async def test_a_link_that_is_put_back_while_its_workflow_ends_is_not_lost(
    client: Client, link_id: str
) -> None:
    script = Script([{"result": {"state": "refused"}}, ENDED])

    async def put_back() -> None:
        if len(script.tasks) == 1:
            assert await answered(client, job=JOB, link_id=link_id)  # as `retry` signals it

    script.before_it_returns = put_back
    async with running(client, script, link_id) as workflow:
        assert await workflow.result() == LinkResult(state="updated")


async def test_the_activity_knows_what_the_user_was_told_of(client: Client, link_id: str) -> None:
    script = Script([{"seconds": 0.01, "told": "first"}, {"seconds": 0.01, "told": "second"}, ENDED])
    async with running(client, script, link_id) as workflow:
        await workflow.result()
    assert [task.told for task in script.tasks] == [None, "first", "second"]


async def test_a_workflow_with_a_long_history_goes_on_with_a_new_one(client: Client, link_id: str) -> None:
    script = Script([*[{"seconds": 0.0, "told": "first"}] * 11, ENDED])
    async with running(client, script, link_id) as workflow:
        assert await workflow.result() == LinkResult(state="updated")
        last = await client.get_workflow_handle(workflow.id).fetch_history()
    assert last.events[0].workflow_execution_started_event_attributes.continued_execution_run_id
    assert [task.told for task in script.tasks] == [None, *["first"] * 11]


async def test_an_answer_to_a_link_that_has_ended_says_so(client: Client, link_id: str) -> None:
    assert not await answered(client, job=JOB, link_id=link_id)
    async with running(client, Script([ENDED]), link_id) as workflow:
        await workflow.result()
    assert not await answered(client, job=JOB, link_id=link_id)


async def test_a_refusal_of_temporal_is_not_taken_for_a_workflow_that_has_ended(
    temporal: str, link_id: str
) -> None:
    nowhere = await Client.connect(temporal, namespace="")
    with pytest.raises(RPCError):
        await answered(nowhere, job=JOB, link_id=link_id)
