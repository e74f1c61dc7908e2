"""Reports as values, lines, tables and JSON; and the counts behind them."""

import json
from datetime import UTC, datetime
from pathlib import Path

import attrs
import pytest

from belvo_async import Concurrency, RateLimit, SessionPool
from belvo_async.bulk import JobLimits, JobReport, Parked, refresh
from belvo_async.sandbox import Sandbox, SandboxOptions
from belvo_async.testing import ManualClock
from tests.bulk.conftest import EREBOR, add_update, add_updates, collect, only, open_pool
from tests.bulk.journals import leave

FULL = JobReport(
    total=9,
    repeated=1,
    waiting=1,
    in_flight=2,
    asking=1,
    updated=2,
    parked=1,
    refused=1,
    by_institution={"erebor_mx_retail": {"updated": 2, "refused": 1}, "x": {"parked": 1}},
    by_code={"login_error": 1},
    next_expiry=datetime(2026, 1, 1, tzinfo=UTC),
    stopped="enough",
)


def test_a_report_is_one_line_of_json_with_every_field() -> None:
    line = FULL.to_json()
    assert "\n" not in line
    read = json.loads(line)
    assert set(read) == {attribute.name for attribute in attrs.fields(JobReport)}
    assert (read["next_expiry"], read["by_code"]) == ("2026-01-01T00:00:00+00:00", {"login_error": 1})


def test_a_report_is_told_in_one_line() -> None:
    assert str(FULL) == (
        "4 of 9 links: 2 updated, 1 parked, 1 refused, 0 unsettled, 2 in flight, 1 asking, 1 waiting"
    )
    assert str(JobReport()) == "0 links: 0 updated, 0 parked, 0 refused, 0 unsettled"


def test_a_report_is_a_table_of_institutions_and_codes() -> None:
    lines = FULL.to_table().splitlines()
    assert lines[1:3] == ["1 repeated ids, each one login", "stopped: enough"]
    assert lines[4].split() == ["institution", "updated", "parked", "refused", "unsettled"]
    assert lines[5].split() == ["erebor_mx_retail", "2", "0", "1", "0"]
    assert lines[-1].split() == ["1", "login_error"]
    assert len({len(line) for line in lines[4:7]}) == 1


@pytest.mark.parametrize(("seconds", "left"), [(2.0, 4.0), (20.0, 16.0)])
async def test_the_time_left_comes_from_the_limit_and_from_the_length_of_logins(
    clock: ManualClock, seconds: float, left: float
) -> None:
    options = SandboxOptions(login_seconds=seconds)
    limit = RateLimit(requests=2, window=1.0, margin=0.0)
    places = JobLimits(concurrency=Concurrency(total=10))
    async with (
        Sandbox(clock=clock, options=options) as sandbox,
        open_pool(sandbox, rate_limit=limit) as pool,
        refresh(pool, add_updates(sandbox, 9), limits=places) as run,
    ):
        assert run.report.seconds_left == 4.5  # nine links, two a second
        await anext(run)  # ten places for two seconds each: the limit is slower
        assert run.report.seconds_left == pytest.approx(left, rel=0.05)  # a login waits for its turn too
        await collect(run)
        assert run.report.seconds_left == 0.0


async def test_without_a_limit_and_a_login_nobody_knows_the_time_left(sandbox: Sandbox) -> None:
    async with (
        open_pool(sandbox, rate_limit=RateLimit.unlimited()) as pool,
        refresh(pool, add_updates(sandbox, 9)) as run,
    ):
        assert run.report.seconds_left is None
        await collect(run)


async def test_the_rate_is_that_of_the_last_outcomes(clock: ManualClock) -> None:
    options = SandboxOptions(login_seconds=2.0)
    async with (
        Sandbox(clock=clock, options=options) as sandbox,
        open_pool(sandbox) as pool,
        refresh(pool, add_updates(sandbox, 5), limits=JobLimits(concurrency=Concurrency(total=1))) as run,
    ):
        assert run.report.rate is None
        await collect(run)
    report = run.report
    assert (report.rate, report.elapsed, report.finished) == (0.5, 10.0, 5)


async def test_what_earlier_runs_have_left_is_counted_on(
    sandbox: Sandbox, pool: SessionPool, tmp_path: Path
) -> None:
    path = tmp_path / "run.sqlite"
    again, healthy = add_update(sandbox, "x_institution_down"), add_update(sandbox)
    for link_id, state in zip("abcde", ["updated"] * 3 + ["refused", "queued"], strict=True):
        institution = "a" if link_id in "ae" else None
        code = "login_error" if state == "refused" else None
        await leave(path, link_id, state, pool=pool, institution=institution, code=code)
    await leave(path, again.link_id, "refused", pool=pool, code="institution_down", may_retry=1)
    async with refresh(pool, [], journal=path) as run:
        report = await run.finish()
    assert (report.parked, report.updated, report.refused, report.unsettled) == (0, 3, 2, 0)
    assert report.by_institution == {"a": {"updated": 1}, "unknown": {"updated": 2, "refused": 2}}
    assert report.by_code == {"login_error": 1, "institution_down": 1}
    sandbox.links[again.link_id].person = sandbox.links[healthy.link_id].person
    async with refresh(pool, [again], journal=path, retry="refused") as run:
        report = await run.finish()
    assert report.by_institution["unknown"] == {"updated": 2, "refused": 1}
    assert (report.by_institution[EREBOR], report.by_code) == ({"updated": 1}, {"login_error": 1})


async def test_the_soonest_challenge_that_has_not_expired_is_told(clock: ManualClock) -> None:
    options = SandboxOptions(expiry=60, short_expiry=30)
    async with Sandbox(clock=clock, options=options) as sandbox, open_pool(sandbox) as pool:
        updates = [add_update(sandbox, name) for name in ("x_mfa_numeric", "x_mfa_short")]
        async with refresh(pool, updates) as run:
            expiries = sorted(only(outcome, Parked).expires_at for outcome in await collect(run))
            for expires_at in (*expiries, None):
                assert run.report.next_expiry == expires_at
                await clock.sleep(30.0)
