"""`belvo-async refresh`, as an operator meets it: in processes of their own."""

import fcntl
import json
import os
import shutil
import signal
import sqlite3
import struct
import termios
import time
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from belvo_async.backends import LinkState
from belvo_async.bulk import list_links
from belvo_async.sandbox import Fault, Sandbox

from .processes import PATIENCE, pipe, terminal

EREBOR = "erebor_mx_retail"
SECRET = "correct horse battery staple"


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path


def write_links(
    sandbox: Sandbox, number: int, username: str = "user_valid", password: str = SECRET
) -> list[str]:
    """Write `links.csv`; more calls add to it."""
    path = Path("links.csv")
    links = [sandbox.add_link(institution=EREBOR, username=username) for _ in range(number)]
    head = "" if path.exists() else "link_id,password,institution\n"
    with path.open("a") as file:
        file.write(head + "".join(f"{link_id},{password},{EREBOR}\n" for link_id in links))
    return links


def refresh(*arguments: str) -> tuple[int, str]:
    with pipe("refresh", *arguments) as talk:
        return talk.finish(), talk.text


def count_puts(sandbox: Sandbox) -> int:
    return sum(entry.method == "PUT" for entry in sandbox.log)


def wait_until(is_so: Callable[[], bool]) -> None:
    deadline = time.monotonic() + PATIENCE
    while not is_so():
        assert time.monotonic() < deadline
        time.sleep(0.01)


def read_states() -> list[str]:
    return [str(record.state) for record in list_links("j", tuple(LinkState), limit=1000)]


def test_a_file_of_links_is_refreshed_and_skipped_the_next_time(sandbox: Sandbox) -> None:
    write_links(sandbox, 30)
    code, text = refresh("links.csv", "--journal", "j")
    assert (code, sandbox.logins()) == (0, 30)
    assert "30 of 30 links: 30 updated" in text
    code, text = refresh("links.csv", "--journal", "j")
    assert (code, sandbox.logins()) == (0, 30)
    assert "All of these links had their outcome already" in text


@pytest.mark.parametrize(
    ("username", "password", "code"),
    [("x_mfa_numeric", SECRET, 4), ("user_valid", "pass_invalid", 1), ("x_lost_reply", SECRET, 0)],
)
def test_the_exit_code_is_that_of_the_worst_outcome(
    sandbox: Sandbox, username: str, password: str, code: int
) -> None:
    write_links(sandbox, 2)
    write_links(sandbox, 1, username, password)
    assert refresh("links.csv", "--journal", "j")[0] == code
    refused = refresh("--status", "j", "--list", "refused", "--list", "parked")[1]
    assert (code == 0) == (refused == "")


def test_a_login_in_doubt_is_the_worst(sandbox: Sandbox) -> None:
    links = write_links(sandbox, 1, "x_mfa_numeric")
    write_links(sandbox, 1, password="pass_invalid")
    (lost,) = write_links(sandbox, 1)
    sandbox.links[lost].last_accessed_at = None
    with pipe("refresh", "links.csv", "--journal", "j", "--link-deadline", "1") as talk:
        sandbox.faults.add(Fault(kind="latency", seconds=3.0, method="PUT", link_id=lost))
        assert talk.finish() == 3
    code, text = refresh("--status", "j", "--list", "unsettled", "--json")
    assert code == 0
    assert json.loads(text)["link_id"] == lost
    assert links[0] in refresh("--status", "j")[1]


def test_bad_rows_are_told_with_their_lines_and_nothing_is_sent(sandbox: Sandbox) -> None:
    links = write_links(sandbox, 2)
    with Path("links.csv").open("a") as file:
        file.write(f"no id,{SECRET},{EREBOR}\n,{SECRET},{EREBOR}\n{links[0]},,{EREBOR}\n")
    code, text = refresh("links.csv", "--journal", "j")
    assert (code, sandbox.log) == (2, [])
    assert all(f"line {number}" in text for number in (4, 5, 6))
    assert SECRET not in text
    assert not Path("j").exists()
    code, text = refresh("links.csv", "--skip-bad-rows")
    assert count_puts(sandbox) >= 1
    assert "bad ones are left out" in text


def test_wrong_use_is_explained(sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch) -> None:
    write_links(sandbox, 1)
    for arguments, message in (
        ((), "There is no file of links"),
        (("nowhere.csv",), "nowhere.csv"),
        (("links.csv", "--retry", "parked"), "--retry needs what an earlier run has kept"),
        (("-", "--ask"), "standard input is where the tokens come from"),
        (("links.csv", "--list", "parked"), "--list needs a journal"),
        (("links.csv", "--retry", "updated"), "updated"),
    ):
        code, text = refresh(*arguments)
        assert (code, message in text) == (2, True), text
    monkeypatch.delenv("BELVO_SECRET_ID")
    code, text = refresh("links.csv")
    assert (code, "BELVO_SECRET_ID" in text) == (2, True)
    assert sandbox.log == []


def test_a_journal_that_is_none_is_wrong_usage_and_called_a_journal(sandbox: Sandbox) -> None:
    write_links(sandbox, 1)
    Path("notes.txt").write_text("not a journal\n" * 100)
    for journal in ("notes.txt", ".", "nowhere/j"):
        code, text = refresh("links.csv", "--journal", journal)
        assert code == 2
        assert "The journal" in text
        assert "challenge store" not in text
    assert Path("notes.txt").read_text() == "not a journal\n" * 100
    code, text = refresh("--status", "nowhere")
    assert code == 2
    assert "nowhere" in text
    assert count_puts(sandbox) == 0


def test_a_store_that_is_none_is_called_a_store(sandbox: Sandbox) -> None:
    write_links(sandbox, 1)
    Path("notes.txt").write_text("not a store\n" * 100)
    code, text = refresh("links.csv", "--journal", "night.sqlite", "--backend", "notes.txt")
    assert code == 1
    assert "The challenge store" in text
    assert count_puts(sandbox) == 0


def test_the_journal_of_a_killed_job_may_be_moved_and_no_link_is_logged_in_twice(sandbox: Sandbox) -> None:
    links = write_links(sandbox, 30)
    hold_up(sandbox)
    with pipe("refresh", "links.csv", "--journal", "j") as talk:
        wait_for_logins(sandbox, 1)
        talk.process.kill()
        talk.process.wait()
    Path("moved").mkdir()
    for file in (Path("j"), Path("j-journal")):  # the second where the kill has cut off a write
        if file.exists():
            shutil.copy(file, "moved")
    code, text = refresh("--status", "moved/j")
    assert code == 0, text
    assert refresh("links.csv", "--journal", "moved/j", "--login-limit", "3")[0] in {0, 3}
    assert max(sandbox.logins(link) for link in links) == 1


def test_another_client_s_journal_is_wrong_usage(sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch) -> None:
    write_links(sandbox, 1)
    assert refresh("links.csv", "--journal", "j")[0] == 0
    monkeypatch.setenv("BELVO_SECRET_ID", "somebody-else")
    code, text = refresh("links.csv", "--journal", "j", "--retry", "unsettled")
    assert (code, "belongs to another Belvo client" in " ".join(text.split())) == (2, True), text
    assert "name another journal" in " ".join(text.split())
    monkeypatch.delenv("BELVO_SECRET_ID")
    code, text = refresh("--status", "j")
    assert (code, sandbox.url in text, "1 updated" in text) == (0, True, True), text


def test_refused_credentials_are_held_back_until_a_link_is_named(sandbox: Sandbox) -> None:
    (link_id,) = write_links(sandbox, 1, password="pass_invalid")
    again = ("links.csv", "--journal", "j", "--retry", "refused")
    assert refresh(*again[:3])[0] == 1
    code, text = refresh(*again)
    assert (code, "1 held back" in text, "--resend" in text) == (1, True, True), text
    assert "1 refused with credentials that are not sent again" in refresh("--status", "j")[1]
    listed = " ".join(refresh("--status", "j", "--list", "refused")[1].split())
    assert "these credentials are not sent again" in listed
    assert sandbox.logins(link_id) == 1
    assert refresh(*again, "--resend", link_id)[0] == 1
    assert sandbox.logins(link_id) == 2


def test_json_lines_tell_each_outcome_and_no_secret(sandbox: Sandbox) -> None:
    write_links(sandbox, 3)
    write_links(sandbox, 1, "x_mfa_numeric")
    write_links(sandbox, 1, password="pass_invalid")
    code, text = refresh("links.csv", "--journal", "j", "--json")
    lines = [json.loads(line) for line in text.splitlines() if line.startswith("{")]
    outcomes = [line["outcome"] for line in lines if line["kind"] == "outcome"]
    assert sorted(outcomes) == ["NotUpdated", "Parked", "Updated", "Updated", "Updated"]
    assert (lines[-1]["kind"], lines[-1]["updated"], code) == ("report", 3, 1)
    assert SECRET not in text
    code, text = refresh("--status", "j", "--json")
    status = json.loads(text)
    assert (code, status["by_state"]["updated"], status["is_running"]) == (0, 3, False)


def test_standard_input_is_read_as_json_lines(sandbox: Sandbox) -> None:
    link_id = sandbox.add_link(institution=EREBOR, username="user_valid")
    told = []
    for arguments in ((), ("--skip-bad-rows",)):
        with pipe("refresh", "-", *arguments) as talk:
            talk.type(json.dumps({"link_id": link_id, "password": SECRET}))
            if arguments:
                talk.type('{"link_id": 5}')
            talk.process.stdin.close()  # type: ignore[union-attr]  # it is a pipe
            assert talk.finish() == 0
            told.append("1 bad rows were left out" in talk.text)
    assert told == [False, True]
    assert sandbox.logins(link_id) == 2


def test_a_dry_run_shows_what_would_be_done(sandbox: Sandbox) -> None:
    write_links(sandbox, 3)
    code, text = refresh("links.csv", "--journal", "j", "--dry-run")
    assert (code, sandbox.log) == (0, [])
    assert "3 links would be logged in" in text
    assert EREBOR in text
    assert not Path("j").exists()


def hold_up(sandbox: Sandbox, seconds: float = 1.0) -> None:
    sandbox.faults.add(Fault(kind="latency", seconds=seconds, method="PUT"))


def wait_for_logins(sandbox: Sandbox, logins: int) -> None:
    wait_until(lambda: count_puts(sandbox) >= logins)


def test_ctrl_c_lets_logins_under_way_end_and_the_same_command_goes_on(sandbox: Sandbox) -> None:
    write_links(sandbox, 60)
    hold_up(sandbox)
    with pipe("refresh", "links.csv", "--journal", "j", "--at-once", "5") as talk:
        wait_for_logins(sandbox, 10)
        talk.press_ctrl_c()
        assert talk.finish() == signal.SIGINT + 128
    begun = count_puts(sandbox)
    assert begun < 60
    assert sorted(read_states()) == ["queued"] * (60 - begun) + ["updated"] * begun
    with closing(sqlite3.connect("j")) as connection:
        assert connection.execute("PRAGMA integrity_check").fetchone() == ("ok",)
    assert "no new login starts" in talk.text
    assert "Run the same command again to go on" in talk.text
    sandbox.faults.clear()
    assert refresh("links.csv", "--journal", "j")[0] == 0
    assert (count_puts(sandbox), read_states()) == (60, ["updated"] * 60)


def test_a_second_ctrl_c_cuts_off_and_the_next_run_settles(sandbox: Sandbox) -> None:
    write_links(sandbox, 5)
    hold_up(sandbox, 8.0)
    with pipe("refresh", "links.csv", "--journal", "j") as talk:
        wait_for_logins(sandbox, 1)
        began = time.monotonic()
        wait_for_logins(sandbox, 5)
        talk.press_ctrl_c()
        talk.expect("Ctrl-C again")
        talk.press_ctrl_c()
        assert talk.finish() == signal.SIGINT + 128
        assert time.monotonic() - began < 7.0  # no login has ended
    assert read_states() == ["submitted"] * 5
    code, text = refresh("links.csv", "--journal", "j", "--login-limit", "15")
    assert (code, count_puts(sandbox)) == (0, 5), text
    assert read_states() == ["updated"] * 5


def test_a_killed_job_goes_on_and_is_seen_from_outside(sandbox: Sandbox) -> None:
    write_links(sandbox, 40)
    hold_up(sandbox, 4.0)  # the job runs while two more commands start, on a busy machine too
    with pipe("refresh", "links.csv", "--journal", "j", "--at-once", "10") as talk:
        wait_for_logins(sandbox, 15)
        code, text = refresh("--status", "j")
        assert (code, "is running" in text) == (0, True), text
        busy, text = refresh("links.csv", "--journal", "j")
        assert (busy, "Another job runs the journal" in text) == (1, True), text
        talk.process.kill()
        talk.finish()
    assert "was killed" in refresh("--status", "j")[1]
    sandbox.faults.clear()
    assert refresh("links.csv", "--journal", "j", "--login-limit", "15")[0] == 0
    assert (count_puts(sandbox), read_states()) == (40, ["updated"] * 40)


def test_parked_challenges_are_answered_at_the_terminal_later(sandbox: Sandbox) -> None:
    links = write_links(sandbox, 2, "x_mfa_numeric")
    code, text = refresh("links.csv", "--journal", "j")
    assert (code, "--retry parked --ask" in text) == (4, True)
    with terminal("refresh", "links.csv", "--journal", "j", "--retry", "parked", "--ask") as talk:
        for _ in links:
            talk.expect("Token:")
            talk.type("111111")
        assert talk.finish() == 0
    assert [sandbox.tokens(link_id) for link_id in links] == [["111111"], ["111111"]]
    assert count_puts(sandbox) == 2


def test_at_the_end_of_the_input_challenges_stay_open(sandbox: Sandbox) -> None:
    links = write_links(sandbox, 2, "x_mfa_numeric")
    with pipe("refresh", "links.csv", "--journal", "j", "--ask") as talk:
        assert talk.process.stdin is not None
        talk.process.stdin.write(b"111111\n")
        talk.process.stdin.close()
        assert talk.finish() == 4
    assert sorted(read_states()) == ["parked", "updated"]
    assert sum(len(sandbox.tokens(link_id)) for link_id in links) == 1


def test_ctrl_c_at_a_question_parks_the_challenge(sandbox: Sandbox) -> None:
    write_links(sandbox, 1, "x_mfa_numeric")
    with terminal("refresh", "links.csv", "--journal", "j", "--ask") as talk:
        talk.expect("Token:")
        talk.press_ctrl_c()
        assert talk.finish() == signal.SIGINT + 128
    assert read_states() == ["parked"]


@pytest.mark.parametrize("columns", ["60", "120"])
def test_a_terminal_shows_a_panel(sandbox: Sandbox, columns: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(os.environ, "COLUMNS", columns)
    write_links(sandbox, 12)
    write_links(sandbox, 1, password="pass_invalid")
    hold_up(sandbox, 0.7)
    with terminal("refresh", "links.csv", "--at-once", "5") as talk:
        talk.expect("refreshing links")
        assert talk.finish() == 1
    assert "login_error" in talk.text
    assert "13 of 13 links" in talk.text.replace("\r\n", " ")


def test_a_job_that_fails_says_so_and_how_to_go_on(sandbox: Sandbox) -> None:
    write_links(sandbox, 20, password="pass_invalid")
    code, text = refresh("links.csv", "--journal", "j", "--stop-after", "3", "--at-once", "1")
    assert code == 1
    assert "3 links have failed" in text
    assert "Run the same command again" in text


def count_unread(pipe_end: int) -> int:
    """Return how many bytes nobody has read from a pipe yet."""
    (count,) = struct.unpack("i", fcntl.ioctl(pipe_end, termios.FIONREAD, struct.pack("i", 0)))
    return int(count)


def test_ctrl_c_while_the_rows_are_checked_sends_nothing(sandbox: Sandbox) -> None:
    with pipe("refresh", "-", "--format", "csv") as talk:
        assert talk.process.stdin is not None
        talk.type("link_id,password")
        pipe_end = talk.process.stdin.fileno()
        wait_until(lambda: not count_unread(pipe_end))  # it waits for more
        talk.press_ctrl_c()
        assert talk.finish() == signal.SIGINT + 128
    assert "nothing was sent" in talk.text
    assert sandbox.log == []


def test_a_link_s_error_cannot_play_tricks_on_the_terminal(sandbox: Sandbox) -> None:
    links: Any = write_links(sandbox, 1, "x_locked")
    assert refresh("links.csv", "--journal", "j")[0] == 1
    with closing(sqlite3.connect("j", isolation_level=None)) as connection:
        connection.execute("UPDATE links SET message = ?", ("\x1b[2Jgone",))
    text = refresh("--status", "j", "--list", "refused")[1]
    assert (links[0] in text, "\x1b" in text, "\\x1b[2Jgone" in text) == (True, False, True)
