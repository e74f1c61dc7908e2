"""Histories of `UpdateLink` on a Temporal server, as JSON: what a worker of today has to go on with."""

import asyncio
from typing import Any, Final

from temporalio import activity
from temporalio.client import Client
from temporalio.worker import Worker

from belvo_async.contrib.temporal import LinkTask, UpdateLink, answered
from tests.contrib.temporal_server import LONG_HISTORY, running_temporal
from tests.formats.places import HERE, write_new
from tests.formats.values import name_link

NEW: Final = HERE / "temporal_1"
_END: Final = {"state": "updated", "code": None, "may_retry": False}
_ENDED: Final = {"result": _END, "seconds": 0.0, "told": None}
_IN_FLIGHT: Final = {"result": None, "seconds": 0.1, "told": None}
_ASKED: Final = {"result": None, "seconds": 0.1, "told": "0123456789abcdef"}
_WAITING: Final = {**_ASKED, "seconds": 300.0}
_SCRIPTS: Final[dict[str, list[dict[str, Any]]]] = {
    "updated": [_ENDED],
    "waiting": [_IN_FLIGHT, _ASKED, _WAITING],
    "answered": [_WAITING, _ENDED],
    "continued_as_new": [_ASKED] * 9,
}
"""What the activity finds, call by call, in the job of a name."""


@activity.defn(name="belvo_async.advance")
async def _advance(task: LinkTask) -> dict[str, Any]:
    """Do as the script of a job says; a call beyond its end waits for ever."""
    if not _SCRIPTS[task.job]:
        await asyncio.Event().wait()
    return _SCRIPTS[task.job].pop(0)


async def _make(client: Client, job: str) -> str:
    workflow = await client.start_workflow(
        UpdateLink.run,
        LinkTask(job=job, link_id=name_link(1)),
        id=f"belvo_async/{job}/{name_link(1)}",
        task_queue="belvo",
        start_signal="advance_now",
    )
    while _SCRIPTS[job]:
        await asyncio.sleep(1.0)  # and then until the server has written down what followed
        if job == "answered":
            await answered(client, job=job, link_id=name_link(1))
    first = client.get_workflow_handle(workflow.id, run_id=workflow.first_execution_run_id)
    return (await first.fetch_history()).to_json()


async def _make_all(address: str) -> dict[str, str]:
    client = await Client.connect(address, identity="worker")
    async with Worker(client, task_queue="belvo", workflows=[UpdateLink], activities=[_advance]):
        return {job: await _make(client, job) for job in _SCRIPTS}


def write() -> None:
    """Write the histories of workflows whose activity is scripted."""
    with running_temporal(LONG_HISTORY) as address:
        histories = asyncio.run(_make_all(address))
    for job, history in histories.items():
        write_new(NEW / f"{job}.json", f"{history}\n".encode())
