"""Reports as values, lines, tables and JSON; and the counts behind them."""

import json
from datetime import UTC, datetime, timedelta

import attrs
import pytest

from belvo_async import Concurrency, Link, RateLimit
from belvo_async.bulk import Counts, LinkState, NotUpdated, RefreshReport, Unsettled, Updated
from belvo_async.bulk._statistics import Statistics
from belvo_async.errors import LoginFailedError, OutcomeUnknownError
from belvo_async.testing import ManualClock

FULL = RefreshReport(
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
    assert set(read) == {attribute.name for attribute in attrs.fields(RefreshReport)}
    assert (read["next_expiry"], read["by_code"]) == ("2026-01-01T00:00:00+00:00", {"login_error": 1})


def test_a_report_is_told_in_one_line() -> None:
    assert str(FULL) == (
        "4 of 9 links: 2 updated, 1 parked, 1 refused, 0 unsettled, 2 in flight, 1 asking, 1 waiting"
    )
    assert str(RefreshReport()) == "0 links: 0 updated, 0 parked, 0 refused, 0 unsettled"


def test_a_report_is_a_table_of_institutions_and_codes() -> None:
    lines = FULL.to_table().splitlines()
    assert lines[1:3] == ["1 repeated ids, each one login", "stopped: enough"]
    assert lines[4].split() == ["institution", "updated", "parked", "refused", "unsettled"]
    assert lines[5].split() == ["erebor_mx_retail", "2", "0", "1", "0"]
    assert lines[-1].split() == ["1", "login_error"]
    assert len({len(line) for line in lines[4:7]}) == 1


def open_tally(clock: ManualClock, rate_limit: RateLimit | None = None) -> Statistics:
    return Statistics(clock, Concurrency(total=10), rate_limit or RateLimit.unlimited())


async def test_the_time_left_comes_from_the_limit_and_from_the_length_of_logins() -> None:
    clock = ManualClock()
    assert open_tally(clock).find_seconds_left(10) is None
    limited = open_tally(clock, RateLimit(requests=2, window=1.0, margin=0.0))
    assert limited.find_seconds_left(10) == 5.0
    limited.time(2.0)  # ten places for two seconds each: the limit is slower
    assert limited.find_seconds_left(10) == 5.0
    for _ in range(500):
        limited.time(20.0)
    assert limited.find_seconds_left(10) == pytest.approx(20.0)


async def test_the_rate_is_that_of_the_last_outcomes() -> None:
    clock = ManualClock()
    statistics = open_tally(clock)
    assert statistics.find_rate() is None
    for _ in range(5):
        statistics.count(Updated(link_id="1", link=Link(id="1")), None)
        await clock.advance(2.0)
    assert statistics.find_rate() == 0.5
    assert (statistics.ended, statistics.elapsed, statistics.list_institutions()) == (
        5,
        10.0,
        {"unknown": {"updated": 5}},
    )


def test_what_earlier_runs_have_left_is_counted_on() -> None:
    statistics = open_tally(ManualClock())
    statistics.take_over(
        Counts(
            by_state={LinkState.UPDATED: 3, LinkState.REFUSED: 2, LinkState.QUEUED: 7},
            by_institution={"a": {LinkState.UPDATED: 1, LinkState.QUEUED: 5}},
            by_code={"login_error": 2},
            next_expiry=None,
        )
    )
    assert statistics.list_states() == {"parked": 0, "updated": 3, "refused": 2, "unsettled": 0}
    assert statistics.list_institutions() == {"a": {"updated": 1}, "unknown": {"updated": 2, "refused": 2}}
    failed = LoginFailedError("no")
    statistics.take_back(LinkState.REFUSED, None, "login_error")
    assert statistics.count(NotUpdated(link_id="1", error=failed), "a") == "LoginFailedError"
    assert (
        statistics.count(Unsettled(link_id="2", error=OutcomeUnknownError("lost")), "a")
        == "OutcomeUnknownError"
    )
    assert statistics.list_codes() == {"login_error": 1, "LoginFailedError": 1, "OutcomeUnknownError": 1}


def test_the_soonest_challenge_that_has_not_expired_is_told() -> None:
    clock = ManualClock()
    statistics = open_tally(clock)
    now = clock.wall()
    for seconds, link_id in ((-1, "past"), (60, "later"), (30, "soon")):
        statistics.watch(now + timedelta(seconds=seconds), link_id)
    assert statistics.find_next_expiry() == now + timedelta(seconds=30)
    statistics.forget("soon")
    assert statistics.find_next_expiry() == now + timedelta(seconds=60)
    for number in range(2000):
        statistics.watch(now + timedelta(seconds=number), str(number))
    assert statistics.find_next_expiry() == now + timedelta(seconds=1)
