"""What a person waits for, and what settles a login, goes first: hundreds of queued updates do not matter."""

import asyncio
from collections.abc import Sequence

import pytest

from belvo_async import Concurrency, Link, LinkUpdate, MfaPolicy, RateLimit
from belvo_async.errors import TokenRequiredError
from belvo_async.mfa import ResumeRoute
from belvo_async.sandbox import Fault, Sandbox, SandboxOptions
from belvo_async.testing import ManualClock
from tests.engine.conftest import open_pool

START = ManualClock().wall()

QUEUED = 400
LIMIT = RateLimit(requests=2, window=10.0, margin=0.0)
BANK = "erebor_mx_retail"


def build_updates(sandbox: Sandbox, number: int = QUEUED) -> list[LinkUpdate]:
    return [
        LinkUpdate(sandbox.add_link(institution=BANK), password="new", institution=BANK)
        for _ in range(number)
    ]


async def cancel(tasks: "Sequence[asyncio.Task[Link]]") -> None:
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)


def tell(sandbox: Sandbox, link_id: str, number: int) -> list[tuple[float, str, bool]]:
    """Tell of the first requests: after how many seconds, which method, whether about this link."""
    return [
        (
            (entry.at - START).total_seconds(),
            entry.method,
            link_id in (entry.link_id, (entry.body or {}).get("link")),
        )
        for entry in sandbox.log[:number]
    ]


@pytest.mark.parametrize("route", ResumeRoute)
@pytest.mark.parametrize("total", [1, 3, 100])
async def test_an_answer_overtakes_hundreds_of_queued_updates(
    clock: ManualClock, route: ResumeRoute, total: int
) -> None:
    options = SandboxOptions(login_seconds=1.0, accept_put_resume=True)
    async with (
        Sandbox(clock=clock, options=options) as sandbox,
        open_pool(
            sandbox,
            rate_limit=LIMIT,
            concurrency=Concurrency(total=total, per_institution=1),
            mfa=MfaPolicy(resume_route=route),
        ) as pool,
    ):
        link_id = sandbox.add_link(institution="heimdall_mx_retail", username="mfa_numeric")
        update = LinkUpdate(link_id, password="new", institution=BANK)
        first = asyncio.ensure_future(pool.links.update(update, provide_token=lambda _: "111111"))
        others = [asyncio.ensure_future(pool.links.update(other)) for other in build_updates(sandbox)]
        assert (await first).id == link_id
        answer = "PATCH" if route is ResumeRoute.PATCH_COLLECTION else "PUT"
        assert tell(sandbox, link_id, 3) == [
            (0.0, "PUT", True),
            (1.0, "PUT", False),  # the institution's only slot is free again
            (10.0, answer, True),
        ]
        await cancel(others)


async def test_a_look_overtakes_hundreds_of_queued_updates(clock: ManualClock) -> None:
    async with (
        Sandbox(clock=clock, options=SandboxOptions(login_seconds=1.0)) as sandbox,
        open_pool(sandbox, rate_limit=LIMIT, concurrency=Concurrency(total=3)) as pool,
    ):
        link_id = sandbox.add_link(institution=BANK)
        sandbox.faults.add(Fault(kind="reset_after", link_id=link_id, method="PUT"))
        first = asyncio.ensure_future(pool.links.update(LinkUpdate(link_id, password="new")))
        others = [asyncio.ensure_future(pool.links.update(other)) for other in build_updates(sandbox)]
        assert (await first).id == link_id
        assert tell(sandbox, link_id, 3) == [(0.0, "PUT", True), (0.0, "PUT", False), (10.0, "GET", True)]
        await cancel(others)


async def test_many_answers_go_in_their_order_and_all_before_the_queue(clock: ManualClock) -> None:
    async with Sandbox(clock=clock) as sandbox:
        async with open_pool(sandbox) as asking:
            states = []
            for _ in range(5):
                link_id = sandbox.add_link(institution="heimdall_mx_retail", username="mfa_numeric")
                with pytest.raises(TokenRequiredError) as caught:
                    await asking.links.update(LinkUpdate(link_id, password="new"))
                states.append(caught.value.state)
        began = len(sandbox.log)
        async with open_pool(sandbox, rate_limit=LIMIT) as pool:
            others = [asyncio.ensure_future(pool.links.update(other)) for other in build_updates(sandbox)]
            await asyncio.sleep(0)
            await asyncio.gather(*(pool.links.resume(state, "111111") for state in states))
            await cancel(others)
        sent = [(entry.method, (entry.body or {}).get("link")) for entry in sandbox.log[began:]]
        # The answers came right after the first two updates had left.
        assert sent[:2] == [("PUT", None), ("PUT", None)]
        assert sent[2:7] == [("PATCH", state.challenge.link_id) for state in states]


async def test_an_answer_needs_no_slot_of_a_login_that_a_bank_works_on() -> None:
    clock = ManualClock()
    options = SandboxOptions(slow_seconds=300.0)
    async with Sandbox(clock=clock, options=options) as sandbox:
        async with open_pool(sandbox) as asking:
            link_id = sandbox.add_link(institution="heimdall_mx_retail", username="mfa_numeric")
            with pytest.raises(TokenRequiredError) as caught:
                await asking.links.update(LinkUpdate(link_id, password="new"))
        async with open_pool(sandbox, concurrency=Concurrency(total=1), close_grace=0.0) as pool:
            slow = sandbox.add_link(username="x_slow")
            stuck = asyncio.ensure_future(pool.links.update(LinkUpdate(slow, password="new")))
            await clock.wait_for_sleepers()
            assert (await pool.links.resume(caught.value.state, "111111")).id == link_id
            assert not stuck.done()
            await cancel([stuck])


async def test_no_more_answers_are_under_way_than_there_are_slots() -> None:
    clock = ManualClock()
    async with Sandbox(clock=clock) as sandbox:
        async with open_pool(sandbox) as asking:
            states = []
            for _ in range(7):
                link_id = sandbox.add_link(institution="heimdall_mx_retail", username="mfa_numeric")
                with pytest.raises(TokenRequiredError) as caught:
                    await asking.links.update(LinkUpdate(link_id, password="new"))
                states.append(caught.value.state)
        sandbox.faults.add(Fault(kind="latency", seconds=5.0, method="PATCH"))
        async with open_pool(sandbox, concurrency=Concurrency(total=3)) as pool:
            answers = asyncio.gather(*(pool.links.resume(state, "111111") for state in states))
            for under_way in (3, 3, 1):
                await clock.wait_for_sleepers(under_way)
                await clock.settle()
                assert clock.sleepers == under_way
                await clock.advance(5.0)
            assert [link.id for link in await answers] == [state.challenge.link_id for state in states]


async def test_the_limit_is_kept_while_answers_overtake(clock: ManualClock) -> None:
    options = SandboxOptions(
        enforce_rate_limit=True, rate_limit_requests=10, rate_limit_window=30.0, login_seconds=2.0
    )
    async with (
        Sandbox(clock=clock, options=options) as sandbox,
        open_pool(sandbox, rate_limit=RateLimit(requests=10)) as pool,
    ):
        links = [
            sandbox.add_link(institution="heimdall_mx_retail", username=name)
            for name in ("mfa_numeric", "user_valid") * 20
        ]
        updates = [
            pool.links.update(LinkUpdate(link, password="new"), provide_token=lambda _: "111111")
            for link in links
        ]
        assert [link.id for link in await asyncio.gather(*updates)] == links
        assert {entry.status for entry in sandbox.log} == {200, 428}
        assert len(sandbox.log) == 60
