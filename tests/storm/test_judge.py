"""Each judgement can fail: a client that does wrong, by hand and on purpose, is found out."""

import ast
import asyncio
import json
import weakref
from collections.abc import AsyncIterator
from pathlib import Path
from uuid import UUID

import pytest
from attrs import define

from tests.storm.bank import Bank
from tests.storm.clock import TurnClock
from tests.storm.faults import Delivery, Ending, Plan, Planner, Reply, seed_with
from tests.storm.judge import End, Fault, Judge
from tests.storm.records import Call, Wish
from tests.storm.rest import judge_memory, judge_rest

A, B = str(UUID(int=1)), str(UUID(int=2))


def build_plan(
    ending: Ending = Ending.SUCCESS,
    reply: Reply = Reply.TRUTH,
    delivery: Delivery = Delivery.WHOLE,
    seconds: float = 5,
) -> Plan:
    return Plan(
        ending=ending,
        reply=reply,
        delivery=delivery,
        seconds=seconds,
        keeps=False,
        announces=False,
        rng=seed_with(""),
    )


@define
class Scene:
    """A bank that does as it is told, and a client on plain sockets."""

    clock: TurnClock
    judge: Judge
    bank: Bank
    login: Plan
    token: Plan
    read: Plan

    async def send(self, method: str, path: str = "", **body: object) -> list[dict[str, str]]:
        """Send one request on a connection of its own; return what the response lists."""
        port = int(self.bank.server.url.rpartition(":")[2])
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        data = json.dumps(body).encode() if body else b""
        head = f"{method} /api/links/{path} HTTP/1.1\r\nContent-Length: {len(data)}\r\n\r\n"
        writer.write(head.encode() + data)
        try:
            response = (await reader.read()).partition(b"\r\n\r\n")[2]
        except ConnectionError:
            response = b""
        writer.close()
        try:
            found = json.loads(response)
        except ValueError:
            found = []
        return found if isinstance(found, list) else [found]

    async def put(self, password: str = "a", link_id: str = A) -> list[dict[str, str]]:
        return await self.send("PUT", f"{link_id}/", password=password)

    async def patch(self, token: str, session: str, link_id: str = A) -> list[dict[str, str]]:
        return await self.send("PATCH", token=token, session=session, link=link_id)

    async def show(self) -> None:
        await self.send("GET", f"{A}/")

    async def ask(self, link_id: str = A) -> str:
        """Begin a login that wants a token, and return its session."""
        self.login = build_plan(Ending.CHALLENGE)
        return (await self.put(link_id, link_id))[0]["session"]

    def begin(self, name: str = "update", password: str = "a") -> Call:
        return self.judge.begin(name, self.wish(password), A, 100, lambda: None)

    def wish(self, password: str = "a") -> Wish:
        return self.judge.wish(password, A)

    def found(self) -> set[Fault]:
        return {fault for fault in Fault if self.judge.faults[fault]}


@pytest.fixture(name="scene")
async def build_scene() -> AsyncIterator[Scene]:
    async with TurnClock() as clock:
        judge = Judge(clock.monotonic)
        planner = Planner(login=lambda _: scene.login, token=lambda _: scene.token, read=lambda _: scene.read)
        bank = Bank("1", clock, judge, planner)
        scene = Scene(clock, judge, bank, *(build_plan() for _ in range(3)))
        async with bank.server:
            bank.add_link(A)
            bank.add_link(B)
            yield scene


async def test_one_login_is_no_fault(scene: Scene) -> None:
    call = scene.begin()
    shown = (await scene.put())[0]
    scene.judge.end(call, End.SUCCESS, shown["id"])
    assert not scene.found()


async def test_a_login_after_a_success_is_doubled(scene: Scene) -> None:
    call = scene.begin()
    await scene.put()
    await scene.put()
    scene.judge.end(call, End.OTHER)
    assert Fault.DOUBLED_LOGIN in scene.found()


async def test_a_login_while_the_same_one_runs_is_doubled_and_an_overlap(scene: Scene) -> None:
    scene.login = build_plan(delivery=Delivery.RESET_AT_START, seconds=100)
    await scene.put()
    await scene.put()
    assert scene.found() == {Fault.DOUBLED_LOGIN, Fault.OVERLAP, Fault.UNSEEN_REPEAT}


async def test_another_login_of_the_link_while_one_runs_is_an_overlap(scene: Scene) -> None:
    scene.login = build_plan(delivery=Delivery.RESET_AT_START, seconds=100)
    await scene.put("a")
    await scene.put("b")
    assert scene.found() == {Fault.OVERLAP}


async def test_a_new_call_after_the_end_of_the_former_login_is_a_wish_of_its_own(scene: Scene) -> None:
    for _ in range(2):
        call = scene.begin()
        shown = (await scene.put())[0]
        scene.judge.end(call, End.SUCCESS, shown["id"])
        await scene.clock.sleep(1)
    assert not scene.found()


async def test_a_call_that_meets_another_one_is_no_wish_of_its_own(scene: Scene) -> None:
    scene.begin()
    await scene.put()
    await scene.clock.sleep(1)
    scene.begin()
    await scene.put()
    assert Fault.DOUBLED_LOGIN in scene.found()


async def test_a_call_after_one_that_was_cancelled_during_its_login_wants_the_same_login(
    scene: Scene,
) -> None:
    scene.login = build_plan(delivery=Delivery.RESET_AT_START)
    call = scene.begin()
    await scene.put()
    scene.judge.end(call, End.CANCELLED)
    scene.begin()
    await scene.clock.sleep(10)
    await scene.put()
    assert Fault.DOUBLED_LOGIN in scene.found()


async def test_a_call_after_one_that_was_told_an_unknown_outcome_wants_a_login_of_its_own(
    scene: Scene,
) -> None:
    scene.login = build_plan(delivery=Delivery.RESET_AT_START)
    call = scene.begin()
    await scene.put()
    scene.judge.end(call, End.NO_SUCCESS)
    scene.begin()
    await scene.clock.sleep(10)
    await scene.put()
    assert not scene.found()


@pytest.mark.parametrize("delivery", [Delivery.RESET_UNREAD, Delivery.RESET_UNTAKEN, Delivery.RESET_IN_BODY])
async def test_a_lost_response_allows_no_repeat(scene: Scene, delivery: Delivery) -> None:
    scene.login = build_plan(Ending.REFUSED, delivery=delivery)
    await scene.put()
    await scene.show()
    await scene.put()
    assert scene.found() == {Fault.UNSEEN_REPEAT}


@pytest.mark.parametrize("reply", [Reply.TOO_MANY_SESSIONS, Reply.FORBIDDEN_PAGE, Reply.TOO_MANY_REQUESTS])
async def test_a_refusal_before_the_login_allows_a_repeat(scene: Scene, reply: Reply) -> None:
    scene.login = build_plan(reply=reply)
    await scene.put()
    await scene.put()
    assert not scene.found()


async def test_a_refusal_that_is_cut_allows_no_repeat(scene: Scene) -> None:
    scene.login = build_plan(reply=Reply.TOO_MANY_SESSIONS, delivery=Delivery.SHORT_BODY)
    await scene.put()
    await scene.put()
    assert scene.found() == {Fault.UNSEEN_REPEAT}


@pytest.mark.parametrize(
    ("read", "faults"),
    [
        (build_plan(), set()),
        (build_plan(delivery=Delivery.RESET_IN_BODY), {Fault.UNSEEN_REPEAT}),
        (build_plan(reply=Reply.UNEXPECTED_ERROR), {Fault.UNSEEN_REPEAT}),
        (build_plan(reply=Reply.FOREIGN_LINK), {Fault.UNSEEN_REPEAT}),
    ],
    ids=["seen", "cut", "failed", "foreign"],
)
async def test_a_failure_of_belvos_allows_a_repeat_once_no_success_is_seen(
    scene: Scene, read: Plan, faults: set[Fault]
) -> None:
    scene.login, scene.read = build_plan(Ending.REFUSED, Reply.UNEXPECTED_ERROR), read
    await scene.put()
    await scene.show()
    await scene.put()
    assert scene.found() == faults


@pytest.mark.parametrize("reply", [Reply.BAD_GATEWAY, Reply.REQUEST_TIMEOUT])
async def test_other_failures_allow_no_repeat(scene: Scene, reply: Reply) -> None:
    scene.login = build_plan(Ending.REFUSED, reply)
    await scene.put()
    await scene.clock.sleep(10)
    await scene.show()
    await scene.put()
    assert scene.found() == {Fault.UNSEEN_REPEAT}


async def test_a_token_that_arrives_twice_is_found(scene: Scene) -> None:
    session = await scene.ask()
    await scene.patch("token", session)
    await scene.patch("token", session)
    assert scene.found() == {Fault.TOKEN_TWICE}


async def test_two_tokens_for_one_challenge_are_found(scene: Scene) -> None:
    session = await scene.ask()
    await scene.patch("one", session)
    await scene.patch("two", session)
    assert scene.found() == {Fault.TOKEN_TWICE}


async def test_a_token_after_the_expiry_is_found(scene: Scene) -> None:
    session = await scene.ask()
    await scene.clock.sleep(9601)
    await scene.patch("token", session)
    assert scene.found() == {Fault.LATE_TOKEN}


async def test_a_token_with_the_session_of_another_link_is_found(scene: Scene) -> None:
    scene.judge.give("token", A, await scene.ask())
    await scene.patch("token", await scene.ask(B), B)
    assert scene.found() == {Fault.CROSSED}


async def test_a_session_that_arrives_for_another_link_is_found(scene: Scene) -> None:
    await scene.patch("token", await scene.ask(A), B)
    assert scene.found() == {Fault.CROSSED}


async def test_a_password_that_arrives_for_another_link_is_found(scene: Scene) -> None:
    scene.wish("a")
    await scene.put("a", B)
    assert scene.found() == {Fault.CROSSED}


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
