"""Workflows that were started with every version so far go on with the code of today."""

from datetime import timedelta
from pathlib import Path

import pytest
from temporalio import workflow
from temporalio.client import WorkflowHistory
from temporalio.worker import Replayer
from temporalio.workflow import NondeterminismError

from belvo_async.contrib.temporal import LinkActivities, LinkResult, LinkTask, UpdateLink
from tests.formats.places import HERE

FIXTURES = sorted(HERE.glob("temporal_*/*.json"))


def read_history(path: Path) -> WorkflowHistory:
    return WorkflowHistory.from_json(f"belvo_async/{path.stem}", path.read_text("utf-8"))


@pytest.mark.parametrize("path", FIXTURES, ids=lambda path: f"{path.parent.name}-{path.stem}")
async def test_a_running_workflow_of_every_version_goes_on(path: Path) -> None:
    await Replayer(workflows=[UpdateLink]).replay_workflow(read_history(path))


@workflow.defn(name="belvo_async.UpdateLink", sandboxed=False)
class Changed:
    """Takes another step first."""

    @workflow.run
    async def run(self, task: LinkTask) -> LinkResult:
        await workflow.sleep(1)
        await workflow.execute_activity_method(
            LinkActivities.advance, task, start_to_close_timeout=timedelta(hours=1)
        )
        return LinkResult(state="updated")


@pytest.mark.parametrize("path", FIXTURES, ids=lambda path: f"{path.parent.name}-{path.stem}")
async def test_a_change_of_the_steps_is_found_out(path: Path) -> None:
    """Without this, the test above would prove nothing."""
    with pytest.raises(NondeterminismError):
        await Replayer(workflows=[Changed]).replay_workflow(read_history(path))
