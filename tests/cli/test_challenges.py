import asyncio
import json
from collections.abc import Awaitable, Callable
from contextlib import AbstractContextManager
from pathlib import Path

import pytest

from belvo_async import LinkUpdate, ParkedChallenge, SessionPool, TokenRequiredError
from belvo_async.backends import MemoryBackend, SqliteChallengeStore
from belvo_async.sandbox import Fault, Sandbox
from tests.cli.command import Result, run_command
from tests.cli.processes import Conversation, pipe, terminal

BANK = "heimdall_mx_retail"


@pytest.fixture
def path(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The store that the environment names."""
    path = tmp_path / "challenges.sqlite"
    monkeypatch.setenv("BELVO_BACKEND", str(path))
    return path


def use_pool(path: Path, use: Callable[[SessionPool], Awaitable[str]]) -> str:
    async def run() -> str:
        async with SqliteChallengeStore(path) as store, SessionPool(backend=MemoryBackend(store)) as pool:
            return await use(pool)

    return asyncio.run(run())


def park(sandbox: Sandbox, path: Path, username: str = "x_mfa_numeric") -> tuple[str, str]:
    """Park the challenge of a new link; return its ticket and the link's id."""
    link_id = sandbox.add_link(institution=BANK, username=username)

    async def update(pool: SessionPool) -> str:
        with pytest.raises(TokenRequiredError) as required:
            await pool.links.update(LinkUpdate(link_id, password="new"))
        return await pool.challenges.park(required.value.state, institution=BANK)

    return use_pool(path, update), link_id


def read_phase(path: Path, ticket: str) -> str:
    async def read(pool: SessionPool) -> str:
        parked: ParkedChallenge = await pool.challenges.get(ticket)
        return parked.phase

    return use_pool(path, read)


def run(*arguments: str, lines: str = "") -> Result:
    return run_command("challenges", *arguments, lines=lines)


def test_open_challenges_are_a_table_whose_tickets_are_whole(sandbox: Sandbox, path: Path) -> None:
    tickets = [park(sandbox, path) for _ in range(2)]
    result = run("list")
    assert result.exit_code == 0
    assert all(ticket in result.stdout and link_id in result.stdout for ticket, link_id in tickets)
    assert BANK in result.stdout
    assert "2 open challenges." in result.stderr


def test_json_lines_hold_what_is_known_of_a_challenge(sandbox: Sandbox, path: Path) -> None:
    ticket, link_id = park(sandbox, path)
    (line,) = run("list", "--json").stdout.splitlines()
    shown = json.loads(line)
    assert (shown["ticket"], shown["link_id"], shown["phase"]) == (ticket, link_id, "open")
    assert (shown["kind"], shown["value"], shown["attempts"]) == ("numeric", "12345", 0)


def test_one_link_is_asked_for_by_its_id(sandbox: Sandbox, path: Path) -> None:
    (ticket, link_id), (other, _) = park(sandbox, path), park(sandbox, path)
    result = run("list", "--link", link_id)
    assert (result.exit_code, ticket in result.stdout, other in result.stdout) == (0, True, False)
    assert json.loads(run("list", "--link", link_id, "--json").stdout)["ticket"] == ticket
    run("decline", ticket)
    assert run("list", "--link", link_id).stderr == "No open challenges.\n"


@pytest.mark.parametrize("options", [("--link", "x"), ("--link", "a" * 32, "--phase", "declined")])
@pytest.mark.usefixtures("sandbox", "path")
def test_what_cannot_be_asked_of_a_link_is_refused(options: tuple[str, ...]) -> None:
    result = run("list", *options)
    assert (result.exit_code, result.stdout) == (2, "")
    assert "--link" in result.stderr


@pytest.mark.usefixtures("sandbox")
def test_no_challenges_are_no_table(path: Path) -> None:
    result = run("list", "--backend", str(path))
    assert (result.exit_code, result.stdout, result.stderr) == (0, "", "No open challenges.\n")


def test_an_answer_updates_the_link(sandbox: Sandbox, path: Path) -> None:
    ticket, link_id = park(sandbox, path)
    result = run("answer", ticket, lines="111111\n")
    assert (result.exit_code, result.stdout) == (0, f"Link {link_id}: updated, status valid.\n")
    assert "12345" in result.stderr
    assert BANK in result.stderr
    assert read_phase(path, ticket) == "updated"


def test_an_answer_shares_the_limit_of_its_egress_and_costs_one_request(sandbox: Sandbox, path: Path) -> None:
    ticket, _ = park(sandbox, path)
    sent = len(sandbox.log)
    result = run("answer", ticket, "--egress", "nat-1", "--requests-per-window", "9", lines="111111\n")
    assert result.exit_code == 0
    assert [entry.method for entry in sandbox.log[sent:]] == ["PATCH"]
    (window,) = json.loads(run_command("status", "--json").stdout)["windows"]
    assert (window["egress"], window["starts"], window["size"]) == ("nat-1", 1, 9)


def test_a_wrong_token_is_asked_for_again(sandbox: Sandbox, path: Path) -> None:
    ticket, link_id = park(sandbox, path)
    result = run("answer", ticket, lines="999999\n111111\n")
    assert result.exit_code == 0
    assert "asks again" in result.stderr
    assert sandbox.tokens(link_id) == ["999999", "111111"]


def test_a_challenge_that_nobody_answers_stays_open(sandbox: Sandbox, path: Path) -> None:
    ticket, link_id = park(sandbox, path)
    result = run("answer", ticket)
    assert result.exit_code == 4
    assert "still open" in result.stderr
    assert (read_phase(path, ticket), sandbox.tokens(link_id)) == ("open", [])


def test_a_challenge_is_answered_once(sandbox: Sandbox, path: Path) -> None:
    ticket, link_id = park(sandbox, path)
    run("answer", ticket, lines="111111\n")
    result = run("answer", ticket, lines="111111\n")
    assert result.exit_code == 1
    assert "answered already" in result.stderr
    assert "belvo-async links list" in result.stderr
    assert "challenges.get" not in result.stderr
    assert sandbox.tokens(link_id) == ["111111"]


def test_a_challenge_is_declined(sandbox: Sandbox, path: Path) -> None:
    ticket, link_id = park(sandbox, path)
    result = run("decline", ticket)
    assert (result.exit_code, f"{link_id}: declined" in result.stdout) == (0, True)
    assert read_phase(path, ticket) == "declined"
    again = run("answer", ticket, lines="111111\n")
    assert (again.exit_code, "declined" in again.stderr) == (1, True)
    assert json.loads(run("list", "--phase", "declined", "--json").stdout)["ticket"] == ticket


def test_an_answer_whose_end_is_unknown_has_a_code_of_its_own(
    sandbox: Sandbox, path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("belvo_async._engine.status_check._SCHEDULE", (0.0,))  # others come after seconds
    ticket, _ = park(sandbox, path)
    sandbox.faults.add(Fault(kind="reset_before", method="PATCH"))
    result = run("answer", ticket, lines="111111\n")
    assert result.exit_code == 3
    assert "belvo-async links list" in result.stderr
    assert "pool." not in result.stderr
    assert read_phase(path, ticket) == "unsettled"


@pytest.mark.parametrize("command", ["answer", "decline"])
@pytest.mark.usefixtures("sandbox", "path")
def test_an_unknown_ticket_is_told(command: str) -> None:
    result = run(command, "a" * 32, lines="111111\n")
    assert result.exit_code == 1
    assert "No challenge has this ticket" in result.stderr


@pytest.mark.usefixtures("sandbox")
def test_a_store_has_to_be_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("BELVO_BACKEND", raising=False)
    result = run("list")
    assert result.exit_code == 2
    assert "--backend" in result.stderr


@pytest.mark.usefixtures("sandbox")
def test_a_file_that_is_no_store_is_told(tmp_path: Path) -> None:
    place = tmp_path / "note.txt"
    place.write_text("no store" * 100, "utf-8")
    result = run("list", "--backend", str(place))
    assert result.exit_code == 1
    assert "note.txt" in result.stderr
    assert place.read_text("utf-8") == "no store" * 100


def test_what_a_job_parks_is_answered_from_another_terminal(
    sandbox: Sandbox, path: Path, tmp_path: Path
) -> None:
    link_id = sandbox.add_link(institution=BANK, username="x_mfa_numeric")
    rows = tmp_path / "links.csv"
    rows.write_text(f"link_id,password,institution\n{link_id},new,{BANK}\n", "utf-8")
    journal = tmp_path / "night.sqlite"
    job = ["refresh", str(rows), "--journal", str(journal), "--json"]
    assert run_command(*job).exit_code == 4
    ticket = json.loads(run("list", "--json", "--backend", str(path)).stdout)["ticket"]
    assert run("answer", ticket, lines="111111\n").exit_code == 0
    again = run_command(*job, "--retry", "parked")
    assert again.exit_code == 0
    assert (sandbox.logins(link_id), sandbox.tokens(link_id)) == (2, ["111111"])


@pytest.mark.parametrize("open_conversation", [pipe, terminal])
def test_ctrl_c_leaves_the_challenge_open(
    sandbox: Sandbox, path: Path, open_conversation: Callable[..., AbstractContextManager[Conversation]]
) -> None:
    ticket, link_id = park(sandbox, path)
    with open_conversation("challenges", "answer", ticket) as talk:
        talk.expect("Token: ")
        talk.press_ctrl_c()
        assert talk.finish() == 130
    assert "Traceback" not in talk.text
    assert (read_phase(path, ticket), sandbox.tokens(link_id)) == ("open", [])
