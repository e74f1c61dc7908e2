"""What ends a job before its end: time for a link, too many failures, keys, the pool, the journal."""

import asyncio
import resource
import sys
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest

from belvo_async import Challenge, Concurrency, Credentials, LinkUpdate, RateLimit, RetryPolicy, SessionPool
from belvo_async.backends import MemoryBackend, MemoryChallengeStore
from belvo_async.bulk import (
    JobLimits,
    JobReport,
    NotUpdated,
    Outcome,
    Parked,
    StopRule,
    Unsettled,
    Updated,
    refresh,
)
from belvo_async.errors import (
    AuthenticationError,
    ConfigurationError,
    DeadlineExceededError,
    InvalidValueError,
    LedgerWriteError,
    PoolClosedError,
    TooManyFailuresError,
)
from belvo_async.sandbox import Fault, Sandbox, SandboxOptions
from belvo_async.testing import ManualClock
from tests.bulk.conftest import (
    add_update,
    add_updates,
    collect,
    count_kinds,
    count_puts,
    fail_with,
    only,
    open_pool,
    pick,
    read_states,
    refresh_all,
    refresh_one,
    split,
    wait_until,
)
from tests.challenges.stores import TroubledStore
from tests.engine.servers import KEYS, Wire, build_answer, serve

SLOW = SandboxOptions(login_seconds=20.0)


async def test_a_link_that_got_no_turn_in_time_was_not_logged_in(sandbox: Sandbox) -> None:
    async with open_pool(sandbox, rate_limit=RateLimit(requests=2, window=11.0)) as pool:
        outcomes, _ = await refresh_all(pool, add_updates(sandbox, 2), link_deadline=10.0)
    (late,) = pick(outcomes, NotUpdated)
    assert isinstance(late.error, DeadlineExceededError)
    assert late.may_retry
    assert count_puts(sandbox) == 1


async def succeed(sandbox: Sandbox, link_id: str) -> None:
    """Be a bank that is done while its answer is still on the way."""
    await sandbox.clock.sleep(10.0)
    sandbox.links[link_id].last_accessed_at = sandbox.clock.wall()


@pytest.mark.parametrize("is_done", [True, False])
async def test_a_login_that_takes_too_long_is_settled_by_a_look(clock: ManualClock, is_done: bool) -> None:
    async with Sandbox(clock=clock, options=SandboxOptions(login_seconds=40.0)) as sandbox:
        update = add_update(sandbox)
        bank = asyncio.create_task(succeed(sandbox, update.link_id)) if is_done else None
        async with open_pool(sandbox) as pool:
            outcome = await refresh_one(pool, update, link_deadline=20.0)
        only(outcome, Updated if is_done else Unsettled)
        assert sandbox.logins() == 1
        if bank is not None:
            await bank


async def test_a_login_that_takes_too_long_and_cannot_be_looked_at_is_unsettled(clock: ManualClock) -> None:
    async with Sandbox(clock=clock, options=SandboxOptions(login_seconds=40.0)) as sandbox:
        update = add_update(sandbox)
        sandbox.faults.add(Fault(kind="garbage", method="GET", link_id=update.link_id))
        async with open_pool(sandbox, retry=RetryPolicy.never()) as pool:
            only(await refresh_one(pool, update, link_deadline=20.0), Unsettled)
        assert sandbox.logins() == 1


async def test_a_person_who_does_not_answer_in_time_leaves_the_challenge_open(
    sandbox: Sandbox, pool: SessionPool
) -> None:
    async def ask(_: Challenge) -> str:
        await asyncio.Event().wait()
        return ""

    update = add_update(sandbox, "x_mfa_numeric")
    parked = only(await refresh_one(pool, update, provide_token=ask, link_deadline=60.0), Parked)
    await pool.challenges.resume(parked.ticket, "111111")


@pytest.mark.parametrize(
    ("step", "kind"), [("replace answered", Parked), ("replace open", Parked), ("replace updated", Updated)]
)
async def test_a_link_that_is_late_while_its_answer_is_written_down_is_told_as_the_store_has_it(
    sandbox: Sandbox, step: str, kind: type[Outcome]
) -> None:
    """Its challenge is open as long as no token has left, and so is the one that comes in return."""
    store = TroubledStore(MemoryChallengeStore())
    tokens = ["999999", "111111"] if step == "replace open" else ["111111"]

    async def dawdle(_: int, name: str) -> None:
        if name == step:
            store.heal()
            await sandbox.clock.sleep(60.0)

    store.after = dawdle
    update = add_update(sandbox, "x_mfa_numeric")
    async with open_pool(sandbox, backend=MemoryBackend(store)) as pool:
        settings: dict[str, Any] = {"provide_token": lambda _: tokens.pop(0), "link_deadline": 60.0}
        outcome = only(await refresh_one(pool, update, **settings), kind)
        if isinstance(outcome, Parked):
            assert (await pool.challenges.get(outcome.ticket)).challenge == outcome.challenge
            await pool.challenges.resume(outcome.ticket, "111111")
    assert count_puts(sandbox) == 1


async def test_an_answer_that_takes_too_long_is_settled_by_a_look(clock: ManualClock) -> None:
    async with Sandbox(clock=clock) as sandbox, open_pool(sandbox) as pool:
        sandbox.faults.add(Fault(kind="latency", seconds=60.0, method="PATCH"))
        update = add_update(sandbox, "x_mfa_numeric")
        bank = asyncio.create_task(succeed(sandbox, update.link_id))
        outcome = await refresh_one(pool, update, provide_token=lambda _: "111111", link_deadline=20.0)
        only(outcome, Updated)
        await bank
        assert sandbox.tokens(update.link_id) == ["111111"]


async def test_a_job_stops_after_so_many_failures_and_says_which(sandbox: Sandbox, pool: SessionPool) -> None:
    updates = add_updates(sandbox, 100, "x_locked")
    outcomes, error = await fail_with(
        pool, updates, TooManyFailuresError, stop=StopRule(failures=5), concurrency=Concurrency(total=2)
    )
    assert 5 <= len(outcomes) == sandbox.logins() <= 6  # one was under way
    assert "5 links have failed" in error.message
    assert "5 login_error" in error.message


async def test_a_job_stops_at_a_share_of_failures(sandbox: Sandbox, pool: SessionPool) -> None:
    good, bad = add_updates(sandbox, 60), add_updates(sandbox, 60, "x_locked")
    mixed = [update for pair in zip(good, bad, strict=True) for update in pair]
    rule = StopRule(share=0.5, of_last=10)
    outcomes, error = await fail_with(
        pool, mixed, TooManyFailuresError, stop=rule, concurrency=Concurrency(total=1)
    )
    assert "5 of the last 10 links have failed" in error.message
    assert len(outcomes) == 10


@pytest.mark.parametrize("rule", [{"failures": 0}, {"share": 1.5}, {"share": 0.0}, {"of_last": 0}])
def test_a_rule_that_makes_no_sense_is_refused(rule: dict[str, Any]) -> None:
    with pytest.raises(ConfigurationError, match=f"StopRule.{next(iter(rule))}"):
        StopRule(**rule)


async def test_a_job_stops_when_belvo_cannot_be_reached_at_all(sandbox: Sandbox) -> None:
    async with open_pool(sandbox, retry=RetryPolicy.never()) as pool:
        updates = add_updates(sandbox, 100)
        async with refresh(pool, updates, limits=JobLimits(concurrency=Concurrency(total=1))) as run:
            await anext(run)
            await sandbox.stop()
            with pytest.raises(TooManyFailuresError, match="20 links in a row"):
                await collect(run)
        assert run.report.by_code["NotSentError"] == 20


async def test_wrong_keys_are_found_before_any_login(sandbox: Sandbox) -> None:
    async with SessionPool(Credentials("wrong", "keys"), environment=sandbox.url) as pool:
        with pytest.raises(AuthenticationError):
            await refresh_all(pool, add_updates(sandbox))
    assert count_puts(sandbox) == 0


async def test_keys_that_are_withdrawn_stop_the_job_and_leave_the_links_queued(tmp_path: Path) -> None:
    async with Sandbox() as bank, open_pool(bank) as pool:
        updates = add_updates(bank, 3)
        bank.faults.add(Fault(kind="html", status=401, method="PUT", after=1))
        outcomes, _ = await fail_with(
            pool,
            updates,
            AuthenticationError,
            journal=tmp_path / "j",
            concurrency=Concurrency(total=1),
        )
        assert count_kinds(outcomes) == {"Updated": 1}
    assert list(read_states(tmp_path / "j").values()).count("queued") == 2


async def test_a_401_that_nobody_knows_stops_the_job_and_leaves_its_link_in_doubt(tmp_path: Path) -> None:
    async def reply(wire: Wire, writer: asyncio.StreamWriter) -> bool:
        is_login = wire.requests[-1].startswith(b"PUT")
        body = b'[{"code": "not_in_the_table", "message": "m"}]' if is_login else b"{}"
        writer.write(build_answer(body, "401 Unauthorized" if is_login else "200 OK"))
        return True

    updates = [LinkUpdate(str(UUID(int=number)), password="new") for number in (1, 2)]
    async with serve(reply) as wire, SessionPool(KEYS, environment=wire.url) as pool:
        await fail_with(
            pool, updates, AuthenticationError, journal=tmp_path / "j", concurrency=Concurrency(total=1)
        )
        assert wire.count("PUT") == 1
    assert list(read_states(tmp_path / "j").values()).count("submitted") == 1


async def test_a_pool_that_is_closed_stops_the_job(sandbox: Sandbox, pool: SessionPool) -> None:
    async with refresh(
        pool, add_updates(sandbox, 50), limits=JobLimits(concurrency=Concurrency(total=2))
    ) as run:
        await anext(run)
        await pool.aclose()
        with pytest.raises(PoolClosedError):
            await collect(run)


async def test_a_journal_of_which_the_disk_is_full_lets_no_login_leave_unannounced(tmp_path: Path) -> None:
    """A limit on the size of files stands for a full disk: SQLite meets both as a write that fails."""
    path = tmp_path / "j"
    async with Sandbox() as bank, open_pool(bank) as pool:
        updates = add_updates(bank, 60)
        run = refresh(
            pool, updates, journal=path, limits=JobLimits(concurrency=Concurrency(total=2), look_ahead=5)
        )
        soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
        try:
            async with run:
                await anext(run)
                resource.setrlimit(resource.RLIMIT_FSIZE, (path.stat().st_size, hard))
                with pytest.raises(LedgerWriteError, match=r"could not be written") as full:
                    await collect(run)
        finally:
            resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
        assert "run the job again" in full.value.remedy
        announced = [state for state in read_states(path).values() if state != "queued"]
        assert 0 < bank.logins() <= len(announced) < 60
        outcomes, report = await refresh_all(pool, updates, journal=path, login_limit=0.0)
        assert report.finished == 60
        assert bank.logins() <= 60
        assert all(bank.logins(update.link_id) <= 1 for update in updates)
        assert outcomes


if sys.platform == "win32":
    del test_a_journal_of_which_the_disk_is_full_lets_no_login_leave_unannounced


@pytest.mark.parametrize(
    ("settings", "name"),
    [
        ({"look_ahead": 0}, "look_ahead"),
        ({"link_deadline": -1.0}, "link_deadline"),
        ({"login_limit": "long"}, "login_limit"),
        ({"close_grace": -1}, "close_grace"),
        ({"max_open_prompts": 0}, "max_open_prompts"),
        ({"stop": 5}, "stop"),
        ({"concurrency": 5}, "concurrency"),
        ({"limits": 5}, "limits"),
        ({"credentials": "vault"}, "credentials"),
        ({"provide_token": "111111"}, "provide_token"),
        ({"journal": 5}, "journal"),
    ],
)
def test_a_setting_that_makes_no_sense_is_named(sandbox: Sandbox, settings: Any, name: str) -> None:
    with pytest.raises((ConfigurationError, InvalidValueError), match=name):
        refresh(open_pool(sandbox), [], **split(settings))


async def test_the_report_tells_at_any_time_how_far_the_job_is(clock: ManualClock) -> None:
    reports: list[JobReport] = []
    async with Sandbox(clock=clock, options=SLOW) as sandbox, open_pool(sandbox) as pool:
        updates, limits = add_updates(sandbox, 2), JobLimits(concurrency=Concurrency(total=1))
        async with refresh(pool, updates, limits=limits) as run:
            async for _ in run:
                reports.append(run.report)  # noqa: PERF401 - it changes as outcomes are taken
        reports.append(run.report)
    assert [report.updated for report in reports] == [1, 2, 2]
    assert reports[0].seconds_left == 20.0


async def test_what_a_person_does_becomes_the_outcome(sandbox: Sandbox, pool: SessionPool) -> None:
    async def never(_: Challenge) -> str | None:
        return None

    async def fail(_: Challenge) -> str:
        raise ZeroDivisionError

    declined = await refresh_one(pool, add_update(sandbox, "x_mfa_numeric"), provide_token=never)
    assert only(declined, NotUpdated).error.code is None
    raised = only(
        await refresh_one(pool, add_update(sandbox, "x_mfa_numeric"), provide_token=fail), NotUpdated
    )
    assert isinstance(raised.error.__cause__, ZeroDivisionError)
    assert raised.may_retry


async def test_who_cannot_be_asked_any_more_is_parked(sandbox: Sandbox, pool: SessionPool) -> None:
    updates = add_updates(sandbox, 5, "x_mfa_numeric")
    go = asyncio.Event()

    async def ask(_: Challenge) -> str:
        await go.wait()
        return "111111"

    async with refresh(pool, updates, provide_token=ask, limits=JobLimits(max_open_prompts=2)) as run:
        await wait_until(lambda: run.report.parked == 3 and run.report.asking == 2)
        go.set()
        assert count_kinds(await collect(run)) == {"Parked": 3, "Updated": 2}
