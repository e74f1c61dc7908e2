"""Each judgement on calls, and on what they leave behind, can fail too."""

import ast
import asyncio
import weakref
from pathlib import Path

import pytest

from tests.storm.faults import Delivery, Ending, Plan, Reply
from tests.storm.judge import End, Fault, Judge
from tests.storm.rest import judge_memory, judge_rest
from tests.storm.scenes import A, B, Scene, build_plan


async def test_a_link_that_was_not_asked_for_is_found(scene: Scene) -> None:
    call = scene.begin()
    await scene.put()
    scene.judge.end(call, End.SUCCESS, B)
    assert scene.found() == {Fault.CROSSED}


async def test_a_person_who_is_shown_the_challenge_of_another_link_is_found(scene: Scene) -> None:
    scene.judge.ask(scene.begin(), B)
    assert scene.found() == {Fault.CROSSED}


async def test_a_success_that_never_was_is_found(scene: Scene) -> None:
    scene.login = build_plan(Ending.REFUSED)
    call = scene.begin()
    await scene.put()
    scene.judge.end(call, End.SUCCESS, A)
    assert scene.found() == {Fault.FALSE_SUCCESS}


async def test_a_success_that_a_status_check_showed_must_be_reported(scene: Scene) -> None:
    scene.login = build_plan(delivery=Delivery.RESET_DURING)
    call = scene.begin()
    await scene.put()
    await scene.clock.sleep(10)
    await scene.show()
    await scene.clock.sleep(10)
    scene.judge.end(call, End.NO_SUCCESS)
    assert scene.found() == {Fault.HIDDEN_SUCCESS}


@pytest.mark.parametrize(
    "read",
    [
        build_plan(delivery=Delivery.SHORT_BODY),
        build_plan(delivery=Delivery.LONG_BODY),
        build_plan(reply=Reply.BAD_GATEWAY),
        build_plan(reply=Reply.FOREIGN_LINK),
    ],
    ids=["short", "long", "failed", "foreign"],
)
async def test_a_success_that_no_status_check_showed_may_stay_unknown(scene: Scene, read: Plan) -> None:
    scene.login, scene.read = build_plan(delivery=Delivery.RESET_DURING), read
    call = scene.begin()
    await scene.put()
    await scene.clock.sleep(10)
    await scene.show()
    await scene.clock.sleep(10)
    scene.judge.end(call, End.NO_SUCCESS)
    assert not scene.found()


async def test_a_call_that_does_not_end_is_found_and_stopped(scene: Scene) -> None:
    task = asyncio.create_task(asyncio.sleep(3600))
    scene.judge.begin("get", None, A, 100, task.cancel)
    await scene.clock.sleep(101)
    scene.judge.blame_overdue()
    await asyncio.wait([task])
    assert scene.found() == {Fault.ENDLESS_CALL}


async def test_what_a_pool_leaves_behind_is_found(scene: Scene) -> None:
    class Pool:
        """Stands for a pool."""

    pool, known = Pool(), asyncio.all_tasks()
    await judge_rest(scene.judge, scene.bank.server, known, weakref.ref(Pool()), scene.clock)
    assert not scene.found()
    task = asyncio.create_task(asyncio.sleep(3600))
    port = int(scene.bank.server.url.rpartition(":")[2])
    _, writer = await asyncio.open_connection("127.0.0.1", port)
    await judge_rest(scene.judge, scene.bank.server, known, weakref.ref(pool), scene.clock)
    assert scene.judge.faults == {Fault.LEFT_BEHIND: 3}  # a task, a connection and a reference
    writer.close()
    task.cancel()


def test_memory_that_grows_is_found() -> None:
    judge = Judge(lambda: 0.0)
    judge_memory(judge, [50, 60, 55, 60, 55, 69])
    assert not judge.faults
    judge_memory(judge, [50, 60, 55, 60, 55, 72])
    assert judge.faults == {Fault.MEMORY: 2}


@pytest.mark.parametrize("name", ["bank", "clock", "faults", "judge", "links", "records", "rest", "wire"])
def test_bank_and_judge_know_nothing_of_the_client(name: str) -> None:
    tree = ast.parse((Path(__file__).parent / f"{name}.py").read_text(encoding="utf-8"))
    found = {
        module
        for node in ast.walk(tree)
        if isinstance(node, ast.Import | ast.ImportFrom)
        for module in (
            [node.module or ""] if isinstance(node, ast.ImportFrom) else [a.name for a in node.names]
        )
    }
    ours = {module for module in found if module.split(".")[0] in ("belvo_async", "tests")}
    allowed = {"bank", "clock", "faults", "judge", "links", "records", "rest", "wire"}
    assert ours <= {f"tests.storm.{each}" for each in allowed}
