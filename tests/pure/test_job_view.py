import io
import json
from datetime import UTC, datetime, timedelta

import pytest
from rich.console import Console

from belvo_async.bulk import JobReport, NotUpdated, Unsettled
from belvo_async.cli._job_view import (
    JsonView,
    LiveView,
    View,
    build_outcome,
    describe,
    list_hints,
    write_duration,
)
from belvo_async.errors import InstitutionUnavailableError, OutcomeUnknownError
from belvo_async.telemetry import ExchangeEnded, PoolPaused, RetryPlanned

LINK = "30cb4806-6e00-48a4-91c9-ca55968576c8"
RETRY = RetryPlanned(
    method="GET",
    path="/api/",
    link_id=None,
    request_id=None,
    reason="unexpected_error",
    attempt=1,
    seconds=3.0,
)


def open_console() -> tuple[Console, io.StringIO]:
    file = io.StringIO()
    return Console(file=file, width=100, markup=False), file


@pytest.mark.parametrize(
    ("seconds", "told"),
    [(0, "0 s"), (119, "119 s"), (120, "2 min"), (7199, "2 h 00 min"), (37860, "10 h 31 min")],
)
def test_a_duration_is_told_as_a_person_would(seconds: float, told: str) -> None:
    assert write_duration(seconds) == told


def test_a_pause_of_the_pool_is_told_and_single_repeats_only_before_logins_start() -> None:
    console, file = open_console()
    view = View(console, console)
    view.observe(RETRY)
    view.begin()
    view.observe(RETRY)
    view.observe(PoolPaused(status=403, seconds=30.0))
    view.observe(
        ExchangeEnded(method="GET", path="/", link_id=None, status=200, seconds=1.0, waited=0.0, server="")
    )
    assert file.getvalue().splitlines() == [
        "unexpected_error: trying again in 3 s.",
        "Belvo refuses more requests for now: waiting 30 s.",
    ]


def test_a_line_tells_the_rate_the_time_left_and_the_next_expiry() -> None:
    report = JobReport(
        total=9,
        updated=1,
        rate=2.5,
        seconds_left=3600.0,
        next_expiry=datetime.now(UTC) + timedelta(hours=1, seconds=1),
    )
    line = describe(report)
    assert line.startswith("1 of 9 links: 1 updated")
    assert line.endswith("2.5/s; 60 min left; next challenge expires in 60 min")


@pytest.mark.parametrize(
    ("report", "look", "hints"),
    [
        (JobReport(updated=5), None, []),
        (JobReport(parked=1), None, ["lost without a --journal"]),
        (JobReport(parked=1), "look at j", ["--retry parked --ask"]),
        (JobReport(refused=1), None, ["--json, a --journal or a --job tells"]),
        (JobReport(refused=1, unsettled=1), "look at j", ["look at j --list refused --list unsettled"]),
        (JobReport(read=3, skipped=2, repeated=1), "look at j", ["had their outcome already"]),
        (JobReport(refused=1, is_dry_run=True), "look at j", []),
    ],
)
def test_what_can_be_done_next_is_told(report: JobReport, look: str | None, hints: list[str]) -> None:
    told = list(list_hints(report, look))
    assert len(told) == len(hints)
    assert all(hint in line for hint, line in zip(hints, told, strict=True))


def test_a_dry_run_tells_its_plan() -> None:
    console, file = open_console()
    report = JobReport(
        waiting=7,
        skipped=2,
        repeated=1,
        seconds_left=7200.0,
        by_institution={"erebor_mx_retail": {"waiting": 7, "updated": 2}, "done": {"updated": 1}},
        is_dry_run=True,
    )
    View(console, console).conclude(report)
    lines = file.getvalue().splitlines()
    assert "7 links would be logged in, in 2 h 00 min or more" in lines[0]
    assert lines[-1].split() == ["7", "erebor_mx_retail"]
    assert len(lines) == 6


def test_a_panel_names_the_largest_institutions_and_how_many_more_there_are(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("TERM", "xterm-256color")
    file = io.StringIO()
    console = Console(file=file, width=100, force_terminal=True, color_system=None)
    counts = {f"bank_{letter}": {"updated": number + 1} for number, letter in enumerate("abcdefghijkl")}
    with LiveView(console, console) as view:
        view.begin()
        view.show(JobReport(updated=78, by_institution=counts, by_code={"login_error": 3}))
    text = file.getvalue()
    assert "bank_l" in text
    assert "bank_a " not in text
    assert "and 4 more" in text
    assert "not updated: 3 login_error" in text


def test_each_outcome_is_one_line_of_json() -> None:
    console, file = open_console()
    view = JsonView(console, console)
    refused = NotUpdated(
        link_id=LINK,
        error=InstitutionUnavailableError("down"),
        may_retry=True,
        retry_at=datetime(2026, 1, 1, tzinfo=UTC),
    )
    view.tell(refused)
    view.show(JobReport(updated=1))
    told = [json.loads(line) for line in file.getvalue().splitlines()]
    assert told[0] == {
        "kind": "outcome",
        "outcome": "NotUpdated",
        "link_id": LINK,
        "error": "InstitutionUnavailableError",
        "code": None,
        "message": "down",
        "may_retry": True,
        "retry_at": "2026-01-01T00:00:00+00:00",
    }
    assert (told[1]["kind"], told[1]["updated"]) == ("progress", 1)
    unsettled = build_outcome(Unsettled(link_id=LINK, error=OutcomeUnknownError("lost")))
    assert unsettled["error"] == "OutcomeUnknownError"
