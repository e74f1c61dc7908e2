"""`belvo-async retrieve`: data of many links into a file, in a job that can be run again."""

import json
from pathlib import Path
from typing import Any

import pytest

from belvo_async.cli._retrieval import Resource
from belvo_async.resources import RetrievableData
from belvo_async.sandbox import Sandbox
from tests.cli.command import run_command
from tests.data.resources import list_data_resources


@pytest.fixture
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path


def write_links(place: Path, *links: str) -> None:
    (place / "links.csv").write_text("\n".join(["link_id", *links]) + "\n")


def find_period(sandbox: Sandbox) -> tuple[str, ...]:
    today = sandbox.clock.wall().date()
    return ("--from", f"{today.year - 1}-01-01", "--to", today.isoformat())


def read_rows(place: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in (place / "rows.jsonl").read_text().splitlines()]


def test_the_rows_of_all_links_are_in_the_file_once(sandbox: Sandbox, place: Path) -> None:
    links = [sandbox.add_link() for _ in range(4)]
    write_links(place, *links[:3])
    order = ("retrieve", "transactions", "links.csv", "--out", "rows.jsonl", "--journal", "night.sqlite")
    done = run_command(*order, *find_period(sandbox))
    assert done.exit_code == 0, done.output
    assert "3 of 3 links: 3 retrieved" in done.stdout
    write_links(place, *links)
    again = run_command(*order, *find_period(sandbox))
    assert again.exit_code == 0, again.output
    rows = read_rows(place)
    assert {row["link"] for row in rows} == set(links)
    assert len({row["id"] for row in rows}) == len(rows) > 4
    assert sandbox.logins() == 4


def test_a_link_that_is_not_retrieved_is_named_with_a_command_that_runs(
    sandbox: Sandbox, place: Path
) -> None:
    write_links(place, sandbox.add_link(password="pass_invalid"))
    order = ("retrieve", "owners", "links.csv", "--out", "rows.jsonl", "--journal", "night.sqlite")
    done = run_command(*order)
    assert done.exit_code == 1, done.output
    assert "not retrieved, and why: belvo-async retrieve --status night.sqlite --list refused" in done.stderr
    shown = run_command("retrieve", "--status", "night.sqlite", "--list", "refused")
    assert shown.exit_code == 0, shown.output
    assert "login_error" in shown.stdout
    assert json.loads(run_command("retrieve", "--status", "night.sqlite", "--json").stdout.splitlines()[0])[
        "purpose"
    ] == ("retrieve /api/owners/")


def test_outcomes_as_json_count_the_rows(sandbox: Sandbox, place: Path) -> None:
    link = sandbox.add_link()
    write_links(place, link)
    done = run_command("retrieve", "accounts", "links.csv", "--out", "rows.jsonl", "--json")
    lines = [json.loads(line) for line in done.stdout.splitlines()]
    outcome = next(line for line in lines if line["kind"] == "outcome")
    assert outcome == {
        "kind": "outcome",
        "outcome": "Retrieved",
        "link_id": link,
        "rows": len(read_rows(place)),
    }


def test_an_open_challenge_says_where_its_rows_go(sandbox: Sandbox, place: Path) -> None:
    write_links(place, sandbox.add_link(institution="heimdall_mx_retail", username="mfa_numeric"))
    order = ("retrieve", "owners", "links.csv", "--out", "rows.jsonl", "--journal", "night.sqlite")
    done = run_command(*order)
    assert done.exit_code == 4, done.output
    assert "Answered anywhere else, their rows do not come here" in " ".join(done.stderr.split())
    answered = run_command(*order, "--retry", "parked", "--ask", lines="111111\n")
    assert answered.exit_code == 0, answered.output
    assert read_rows(place)


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (("transactions", "links.csv", "--out", "rows.jsonl"), "--from is missing. Pass --from."),
        (("owners", "links.csv", "--out", "a", "--option", "dry_run=true"), "dry_run is not known."),
        (("owners", "links.csv", "--out", "-"), "There is no file for the rows."),
        (("owners", "links.csv"), "There is no file for the rows. Name it with --out."),
        (("owners", "links.csv", "--out", "rows.jsonl", "--from", "2026-01-01"), "--from is no option"),
        (("owners", "links.csv", "--out", "rows.jsonl", "--option", "token"), "Write it as NAME=VALUE."),
        (
            ("owners", "links.csv", "--out", "rows.jsonl", "--option", "token=1"),
            "--option token is not known. Known are:",
        ),
        (("owners", "links.csv", "--out", "rows.jsonl", "--option", "date_to=1"), "Pass --to."),
        (("tax_returns", "links.csv", "--out", "rows.jsonl"), "--option type is missing"),
        ((), "Nothing is named to retrieve."),
    ],
)
def test_wrong_options_are_named_before_anything_is_sent(
    sandbox: Sandbox, place: Path, arguments: tuple[str, ...], told: str
) -> None:
    write_links(place, sandbox.add_link())
    done = run_command("retrieve", *arguments)
    assert done.exit_code == 2, done.output
    assert told in " ".join(done.stderr.split())
    assert sandbox.log == []
    assert not (place / "rows.jsonl").exists()


def test_an_error_names_what_was_typed(sandbox: Sandbox, place: Path) -> None:
    write_links(place, sandbox.add_link())
    days = ("--from", "2026-02-01", "--to", "2026-01-01")
    done = run_command("retrieve", "employments", "links.csv", "--out", "rows.jsonl", *days)
    assert done.exit_code == 2, done.output
    assert "--to is before --from. Exchange the two days." in " ".join(done.stderr.split())


def test_other_options_reach_belvo(sandbox: Sandbox, place: Path) -> None:
    write_links(place, sandbox.add_link(institution="tatooine_mx_fiscal"))
    others = ("--option", "attach_xml=true", "--option", "fields=id,link", "--option", "type=INFLOW")
    order = ("retrieve", "invoices", "links.csv", "--out", "rows.jsonl", "--no-save", *others)
    done = run_command(*order, *find_period(sandbox))
    assert done.exit_code == 0, done.output
    (sent,) = [entry for entry in sandbox.log if entry.method == "POST"]
    assert sent.body is not None
    assert (sent.body["attach_xml"], sent.body["save_data"], sent.body["type"]) == (True, False, "INFLOW")
    assert all(row["sender_name"] is None for row in read_rows(place))  # it was not asked for


def test_a_file_of_others_is_left_as_it_is(sandbox: Sandbox, place: Path) -> None:
    write_links(place, sandbox.add_link())
    (place / "rows.jsonl").write_text("dear diary\n")
    done = run_command("retrieve", "owners", "links.csv", "--out", "rows.jsonl")
    assert done.exit_code != 0
    assert "holds something already" in " ".join(done.stderr.split())
    assert (place / "rows.jsonl").read_text() == "dear diary\n"
    assert sandbox.logins() == 0


def test_every_resource_that_retrieves_can_be_named() -> None:
    kinds = list_data_resources()
    assert sorted(Resource) == sorted(
        name for name, kind in kinds.items() if issubclass(kind, RetrievableData)
    )
