"""Each judgement on logins and tokens can fail: a client that does wrong, on purpose, is found out."""

import pytest

from tests.storm.faults import Delivery, Ending, Plan, Reply
from tests.storm.judge import End, Fault
from tests.storm.scenes import A, B, Scene, build_plan


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
