"""Answers to parked challenges, while the job goes on."""

import asyncio
from pathlib import Path

import pytest

from belvo_async import MfaPolicy, SessionPool
from belvo_async.bulk import NotUpdated, Outcome, Parked, RefreshRun, Updated, refresh
from belvo_async.errors import ChallengeExpiredError, InvalidTokenError, InvalidValueError, PoolClosedError
from belvo_async.mfa import ResumeRoute
from belvo_async.sandbox import Fault, Sandbox, SandboxOptions
from belvo_async.testing import ManualClock
from tests.bulk.conftest import (
    HEIMDALL,
    add_update,
    add_updates,
    collect,
    only,
    open_pool,
    read_states,
    refresh_all,
    wait_until,
)


async def park(run: RefreshRun) -> Parked:
    """Take outcomes until one is parked."""
    async with asyncio.timeout(10.0):
        return only(await anext(run), Parked)


async def test_an_answer_updates_the_link(sandbox: Sandbox, pool: SessionPool) -> None:
    update = add_update(sandbox, "mfa_numeric", HEIMDALL)
    async with refresh(pool, [update]) as run:
        parked = await park(run)
        assert (run.report.parked, run.report.next_expiry) == (1, parked.expires_at)
        outcome = only(await run.answer(parked.ticket, "111111"), Updated)
        assert await collect(run) == []
    assert (outcome.link_id, sandbox.tokens(update.link_id)) == (update.link_id, ["111111"])
    report = run.report
    assert (report.parked, report.updated, report.finished, report.next_expiry) == (0, 1, 1, None)
    assert report.by_institution == {HEIMDALL: {"updated": 1}}


async def test_a_wrong_token_parks_the_newer_challenge_under_the_same_ticket(clock: ManualClock) -> None:
    options = SandboxOptions(new_session_on_wrong_token=True)
    async with Sandbox(clock=clock, options=options) as sandbox, open_pool(sandbox) as pool:
        async with refresh(pool, add_updates(sandbox, 1, "x_mfa_numeric")) as run:
            first = await park(run)
            second = only(await run.answer(first.ticket, "999999"), Parked)
            assert (second.ticket, second.state.rounds, run.report.parked) == (first.ticket, 1, 1)
            assert second.challenge.session != first.challenge.session
            only(await run.answer(first.ticket, "111111"), Updated)
        assert (run.report.parked, run.report.updated) == (0, 1)


async def test_a_second_step_is_parked_under_the_same_ticket(sandbox: Sandbox, pool: SessionPool) -> None:
    async with refresh(pool, add_updates(sandbox, 1, "x_mfa_two_step")) as run:
        first = await park(run)
        second = only(await run.answer(first.ticket, "111111"), Parked)
        assert (second.ticket, second.challenge.value) == (
            first.ticket,
            "What is the name of your first dog?",
        )
        only(await run.answer(second.ticket, "111111"), Updated)


async def test_a_challenge_without_input_is_answered_without_a_token(
    sandbox: Sandbox, pool: SessionPool
) -> None:
    async with refresh(pool, add_updates(sandbox, 1, "x_mfa_inputless")) as run:
        only(await run.answer((await park(run)).ticket), Updated)


async def test_a_ticket_is_good_for_one_answer(sandbox: Sandbox, pool: SessionPool) -> None:
    update = add_update(sandbox, "x_mfa_numeric")
    async with refresh(pool, [update]) as run:
        ticket = (await park(run)).ticket
        results = await asyncio.gather(
            *(run.answer(ticket, "111111") for _ in range(5)), return_exceptions=True
        )
        with pytest.raises(InvalidValueError, match="ticket"):
            await run.answer(ticket, "111111")
    assert sorted(type(result).__name__ for result in results) == ["InvalidValueError"] * 4 + ["Updated"]
    assert sandbox.tokens(update.link_id) == ["111111"]
    assert (run.report.updated, run.report.finished) == (1, 1)


@pytest.mark.parametrize("ticket", ["", "no such ticket", "\ud800"])
async def test_a_ticket_that_nobody_gave_out_is_refused(pool: SessionPool, ticket: str) -> None:
    async with refresh(pool, []) as run:
        with pytest.raises(InvalidValueError, match="ticket"):
            await run.answer(ticket, "111111")


@pytest.mark.parametrize("token", [None, "", "  ", "a\nb", 111111])
async def test_a_token_that_cannot_be_one_leaves_the_challenge_open(
    sandbox: Sandbox, pool: SessionPool, token: str | None
) -> None:
    update = add_update(sandbox, "x_mfa_numeric")
    async with refresh(pool, [update]) as run:
        ticket = (await park(run)).ticket
        with pytest.raises(InvalidTokenError):
            await run.answer(ticket, token)
        assert (run.report.parked, run.report.refused, sandbox.tokens(update.link_id)) == (1, 0, [])
        only(await run.answer(ticket, "111111"), Updated)


@pytest.mark.parametrize("mfa", [MfaPolicy(restarts=1), MfaPolicy(resume_route=ResumeRoute.PUT_LINK)])
async def test_an_answer_that_cannot_be_sent_without_the_password_leaves_the_challenge_open(
    clock: ManualClock, mfa: MfaPolicy
) -> None:
    options = SandboxOptions(accept_put_resume=True)
    async with Sandbox(clock=clock, options=options) as sandbox, open_pool(sandbox, mfa=mfa) as pool:
        async with refresh(pool, add_updates(sandbox, 1, "x_mfa_numeric")) as run:
            ticket = (await park(run)).ticket
            try:
                outcome: Outcome | None = await run.answer(ticket, "111111")
            except InvalidValueError:
                outcome = None
        assert not isinstance(outcome, NotUpdated)
        assert run.report.refused == 0


async def test_an_answer_that_comes_too_late_is_not_sent(sandbox: Sandbox, clock: ManualClock) -> None:
    update = add_update(sandbox, "x_mfa_numeric")
    async with open_pool(sandbox) as pool, refresh(pool, [update], progress_every=10**9) as run:
        ticket = (await park(run)).ticket
        await clock.sleep(10_000.0)
        refused = only(await run.answer(ticket, "111111"), NotUpdated)
    assert isinstance(refused.error, ChallengeExpiredError)
    assert refused.may_retry
    assert (sandbox.tokens(update.link_id), run.report.refused, run.report.parked) == ([], 1, 0)


async def test_an_answer_that_could_not_leave_keeps_the_challenge_open(
    sandbox: Sandbox, pool: SessionPool
) -> None:
    update = add_update(sandbox, "x_mfa_numeric")
    async with refresh(pool, [update]) as run:
        parked = await park(run)
        await sandbox.stop()
        again = only(await run.answer(parked.ticket, "111111"), Parked)
        assert (again.ticket, again.state, run.report.parked) == (parked.ticket, parked.state, 1)
    assert sandbox.tokens(update.link_id) == []


async def test_a_closed_pool_leaves_the_challenge_open(tmp_path: Path) -> None:
    async with Sandbox(clock=ManualClock()) as sandbox, open_pool(sandbox) as pool:
        updates = add_updates(sandbox, 1, "x_mfa_numeric")
        async with refresh(pool, updates, journal=tmp_path / "run.sqlite") as run:
            ticket = (await park(run)).ticket
            await pool.aclose()
            with pytest.raises(PoolClosedError):
                await run.answer(ticket, "111111")
    assert list(read_states(tmp_path / "run.sqlite").values()) == ["parked"]


async def test_an_earlier_run_s_challenge_is_answered_by_its_ticket(tmp_path: Path) -> None:
    clock = ManualClock()
    async with Sandbox(clock=clock) as sandbox:
        update = add_update(sandbox, "x_mfa_numeric")
        async with open_pool(sandbox) as pool:
            (parked,), _ = await refresh_all(pool, [update], journal=tmp_path / "run.sqlite")
        async with open_pool(sandbox) as pool:
            async with refresh(pool, [update], journal=tmp_path / "run.sqlite") as run:
                assert await collect(run) == []
                assert (run.report.skipped, run.report.parked) == (1, 1)
                only(await run.answer(only(parked, Parked).ticket, "111111"), Updated)
            assert (run.report.parked, run.report.updated) == (0, 1)
    assert list(read_states(tmp_path / "run.sqlite").values()) == ["updated"]


async def test_an_answer_under_way_is_finished_before_the_block_is_left() -> None:
    clock = ManualClock()
    async with Sandbox(clock=clock) as sandbox, open_pool(sandbox) as pool:
        sandbox.faults.add(Fault(kind="latency", seconds=5.0, method="PATCH"))
        async with refresh(pool, add_updates(sandbox, 1, "x_mfa_numeric")) as run:
            answer = asyncio.create_task(run.answer((await park(run)).ticket, "111111"))
            await wait_until(lambda: len(sandbox.log) == 3)  # the ping, the login, the answer
            await clock.settle()
            asyncio.get_running_loop().call_later(0.05, setattr, clock, "automatic", True)
        assert answer.done()
        only(answer.result(), Updated)
        assert run.report.updated == 1
