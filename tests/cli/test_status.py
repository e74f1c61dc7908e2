"""How the processes that share a backend stand, told on the command line."""

import json
from pathlib import Path

import pytest

from belvo_async.backends import SqliteBackend
from belvo_async.backends._lease import LEASE
from belvo_async.sandbox import Sandbox
from tests.cli.test_challenges import park

from .command import Result, run_command

KEYS = ("BELVO_SECRET_ID", "BELVO_SECRET_PASSWORD", "BELVO_ENVIRONMENT")


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "belvo.sqlite"


def run(path: Path, *arguments: str) -> Result:
    return run_command("status", "--backend", str(path), *arguments)


def list_links(path: Path) -> None:
    options = ("--backend", str(path), "--egress", "nat-1", "--requests-per-window", "9")
    assert run_command("links", "list", *options).exit_code == 0


def hold(path: Path, link_id: str) -> None:
    """Hold a link, as a process does whose login waits for its turn."""
    coordinator = SqliteBackend(path).coordinator
    coordinator.change(LEASE, link_id, lambda lease, moment: lease.hold(moment, "somebody", link_id, 60.0))
    coordinator.close()


def test_it_shows_windows_held_links_and_open_challenges(sandbox: Sandbox, path: Path) -> None:
    _, link_id = park(sandbox, path)
    list_links(path)
    hold(path, link_id)
    result = run(path)
    assert (result.exit_code, result.stderr) == (0, "")
    (window,) = (line for line in result.stdout.splitlines() if "nat-1" in line)
    assert sandbox.url in window
    assert "1 of 9 in " in window
    (lease,) = (line for line in result.stdout.splitlines() if link_id in line)
    assert "waits for its turn" in lease
    assert "1 open challenge." in result.stdout


def test_json_holds_the_same(sandbox: Sandbox, path: Path) -> None:
    _, link_id = park(sandbox, path)
    list_links(path)
    hold(path, link_id)
    (line,) = run(path, "--json").stdout.splitlines()
    shown = json.loads(line)
    (window,) = (one for one in shown["windows"] if one["counted"] == "requests")
    assert (window["server"], window["egress"], window["starts"], window["size"]) == (
        sandbox.url,
        "nat-1",
        1,
        9,
    )
    assert (window["waiting"], window["pause"]) == (0, None)
    (lease,) = shown["leases"]
    assert (lease["link_id"], lease["phase"]) == (link_id, "waiting")
    assert 0 < lease["seconds"] <= 60
    assert (shown["quarantine"], shown["open_challenges"]) == (0.0, 1)


@pytest.mark.usefixtures("sandbox")
def test_a_backend_that_nobody_has_used_is_told(path: Path) -> None:
    run_command("backend", "init", str(path))
    assert run(path).stdout.splitlines() == [
        "No requests within the last hour.",
        "No link is held.",
        "No jobs.",
        "No open challenges.",
    ]


def test_without_keys_it_says_why_challenges_are_not_counted(
    sandbox: Sandbox, path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    park(sandbox, path)
    for name in KEYS:
        monkeypatch.delenv(name)
    result = run(path)
    assert result.exit_code == 0
    assert "Open challenges are not counted: " in result.stdout
    assert all(name in result.stdout for name in KEYS)
    assert json.loads(run(path, "--json").stdout)["open_challenges"] is None


def test_a_file_that_is_not_there_is_not_made(path: Path) -> None:
    result = run(path)
    assert (result.exit_code, result.stdout) == (2, "")
    assert "--backend" in result.stderr
    assert list(path.parent.iterdir()) == []


def test_a_file_that_is_no_backend_is_told(path: Path) -> None:
    path.write_text("no backend" * 100, "utf-8")
    result = run(path)
    assert (result.exit_code, path.name in result.stderr) == (1, True)


@pytest.mark.usefixtures("no_environment")
def test_a_backend_has_to_be_named() -> None:
    result = run_command("status")
    assert (result.exit_code, "--backend" in result.stderr) == (2, True)
