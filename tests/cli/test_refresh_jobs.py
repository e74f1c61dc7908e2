"""`belvo-async refresh --job`: a job in the backend that several processes share."""

import json
import signal
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from belvo_async.sandbox import Sandbox

from .command import run_command
from .processes import pipe
from .test_refresh import count_puts, folder, hold_up, refresh, wait_for_logins, write_links

__all__ = ["folder"]

BACKEND = ("--backend", "belvo.sqlite")
JOB = (*BACKEND, "--job", "november")


def status(*arguments: str) -> tuple[int, str]:
    result = run_command("status", *BACKEND, *arguments)
    return result.exit_code, " ".join((result.stdout + result.stderr).split())


def test_a_job_is_gone_on_with_by_its_name(sandbox: Sandbox) -> None:
    write_links(sandbox, 5)
    write_links(sandbox, 1, password="pass_invalid")
    code, text = refresh("links.csv", *JOB)
    assert (code, count_puts(sandbox)) == (1, 6)
    assert "belvo-async status --job november --list refused" in " ".join(text.split())
    code, text = refresh("links.csv", *JOB)
    assert (code, count_puts(sandbox)) == (1, 6)
    assert "All of these links had their outcome already" in text


def test_the_status_of_a_backend_shows_its_jobs(sandbox: Sandbox) -> None:
    (link_id,) = write_links(sandbox, 1, password="pass_invalid")
    refresh("links.csv", *JOB)
    code, text = status()
    assert (code, "november run 1, begun" in text, "1 refused" in text) == (0, True, True)
    code, text = status("--job", "november")
    assert (code, f"of {sandbox.url}" in text) == (0, True)
    assert "1 refused with credentials that are not sent again" in text
    code, text = status("--job", "november", "--list", "refused", "--list", "parked")
    assert (code, text.startswith(f"{link_id} at erebor_mx_retail: refused, login_error")) == (0, True)
    jobs = json.loads(status("--json")[1])["jobs"]
    assert [(job["name"], job["by_state"]["refused"]) for job in jobs] == [("november", 1)]
    shown = json.loads(status("--job", "november", "--json")[1])
    assert (shown["place"], shown["runs"], shown["is_running"]) == ("november", 1, False)


@pytest.mark.parametrize(
    ("left", "told"), [(0, "every link has its outcome"), (1, "or a fleet carries it out")]
)
def test_a_job_that_no_run_has_ended_says_how_it_stands(sandbox: Sandbox, left: int, told: str) -> None:
    write_links(sandbox, 2)
    refresh("links.csv", *JOB)
    with closing(sqlite3.connect("belvo.sqlite")) as connection, connection:
        connection.execute("UPDATE jobs SET ended_at = NULL")
        first = "link_id = (SELECT min(link_id) FROM links)"
        connection.execute(f"UPDATE links SET state = 'queued' WHERE ? AND {first}", (left,))  # noqa: S608 - ours
    assert told in status("--job", "november")[1]


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (("--job", "december"), "belvo.sqlite has no such job"),
        (("--list", "refused"), "--list needs a job to look into. Name it with --job"),
    ],
)
def test_wrong_use_of_a_status_is_told(sandbox: Sandbox, arguments: tuple[str, ...], told: str) -> None:
    write_links(sandbox, 1)
    refresh("links.csv", *JOB)
    code, text = status(*arguments)
    assert (code, told in text) == (2, True), text


def test_a_job_without_a_name_that_was_interrupted_says_by_which_to_go_on(sandbox: Sandbox) -> None:
    write_links(sandbox, 40)
    hold_up(sandbox, 0.5)
    with pipe("refresh", "links.csv", *BACKEND, "--at-once", "5") as talk:
        wait_for_logins(sandbox, 5)
        talk.press_ctrl_c()
        assert talk.finish() == signal.SIGINT + 128
    sandbox.faults.clear()
    text = " ".join(talk.text.split())
    name = text.split("Run the same command again with --job ")[1].split()[0]
    assert refresh("links.csv", *BACKEND, "--job", name)[0] == 0
    assert (count_puts(sandbox), len(sandbox.links)) == (40, 40)
    assert name in status("--job", name)[1]
    assert {path.suffix for path in Path().iterdir()} >= {".csv", ".sqlite"}


def test_a_journal_and_a_name_do_not_go_together(sandbox: Sandbox) -> None:
    write_links(sandbox, 1)
    code, text = refresh("links.csv", *JOB, "--journal", "j")
    assert (code, count_puts(sandbox)) == (2, 0)
    assert "either a --journal" in " ".join(text.split())


def test_a_name_needs_a_backend_that_lasts(sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("BELVO_BACKEND", raising=False)
    write_links(sandbox, 1)
    code, text = refresh("links.csv", "--job", "november")
    assert (code, count_puts(sandbox)) == (2, 0)
    assert "--backend" in text
