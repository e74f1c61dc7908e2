"""A fleet's links are enqueued and its workers run at the command line, on procrastinate in PostgreSQL."""

import asyncio
import json
import re
import signal
import sys
import time
from pathlib import Path

import psycopg
import pytest
from procrastinate import App, PsycopgConnector

from belvo_async import LinkUpdate, SessionPool, fleet
from belvo_async.sandbox import Fault, Sandbox
from tests.cli.command import Result, run_command
from tests.cli.processes import PATIENCE, Conversation, pipe
from tests.stores.postgres import PostgresServer

JOB = "november"
TASKS = ("--tasks", "tests.cli.fleet_tasks:tasks")
FLEET_JOB = ("--job", JOB)


def apply_schema(dsn: str) -> None:
    app = App(connector=PsycopgConnector(conninfo=dsn))
    with app.open():
        app.schema_manager.apply_schema()


@pytest.fixture
def database(postgres: PostgresServer, monkeypatch: pytest.MonkeyPatch) -> str:
    """An empty one, which is that of the backend and of the queue."""
    dsn = postgres.make_database()
    monkeypatch.setenv("BELVO_BACKEND", dsn)
    monkeypatch.setenv("QUEUE", dsn)
    monkeypatch.delitem(sys.modules, "tests.cli.fleet_tasks", raising=False)  # it has read another address
    assert run_command("backend", "init").exit_code == 0
    return dsn


@pytest.fixture
def queue(database: str) -> str:
    """The same with the tables of the queue."""
    apply_schema(database)
    return database


def add_links(sandbox: Sandbox, folder: Path, number: int, **user: str) -> Path:
    path = folder / "links.csv"
    links = [sandbox.add_link(**user) for _ in range(number)]
    path.write_text("link_id\n" + "".join(f"{link}\n" for link in links), "utf-8")
    return path


def enqueue(path: Path | str) -> Result:
    return run_command("fleet", "enqueue", str(path), *TASKS, *FLEET_JOB)


def count_tasks(dsn: str) -> int:
    with psycopg.connect(dsn) as connection:
        (found,) = connection.execute("SELECT count(*) FROM procrastinate_jobs").fetchall()
    return int(found[0])


def count_puts(sandbox: Sandbox) -> int:
    return sum(entry.method == "PUT" for entry in sandbox.log)


def wait_for_logins(sandbox: Sandbox, number: int) -> None:
    until = time.monotonic() + PATIENCE
    while count_puts(sandbox) < number and time.monotonic() < until:
        time.sleep(0.02)  # real, as the worker is a process
    assert count_puts(sandbox) >= number


def stop(talk: Conversation, number: signal.Signals = signal.SIGTERM) -> int:
    talk.process.send_signal(number)
    return talk.finish()


@pytest.mark.slow
def test_what_is_enqueued_a_worker_carries_out_until_it_is_stopped(
    sandbox: Sandbox, queue: str, tmp_path: Path
) -> None:
    path = add_links(sandbox, tmp_path, 3)
    result = enqueue(path)
    assert (result.exit_code, result.stdout, count_tasks(queue)) == (0, "", 3)
    assert "3 links are in the queue" in result.stderr
    with pipe("fleet", "worker", *TASKS) as talk:
        wait_for_logins(sandbox, 3)
        assert stop(talk) == 0, talk.text
    again = enqueue(path)
    assert (again.exit_code, count_puts(sandbox)) == (0, 3), again.output
    assert "0 links are in the queue" in again.stderr


@pytest.mark.slow
@pytest.mark.usefixtures("queue")
def test_a_second_ctrl_c_cuts_off_and_the_login_is_in_doubt(sandbox: Sandbox, tmp_path: Path) -> None:
    path = add_links(sandbox, tmp_path, 1)
    assert enqueue(path).exit_code == 0
    sandbox.faults.add(Fault(kind="latency", seconds=30.0, method="PUT"))
    with pipe("fleet", "worker", *TASKS) as talk:
        wait_for_logins(sandbox, 1)
        talk.press_ctrl_c()
        talk.expect("Ctrl-C again")
        talk.press_ctrl_c()
        assert talk.finish() == signal.SIGINT + 128, talk.text
    assert count_puts(sandbox) == 1
    shown = json.loads(run_command("fleet", "status", *FLEET_JOB, "--json").stdout)
    assert shown["by_state"]["submitted"] + shown["by_state"]["unsettled"] == 1


def drop_pace(text: str) -> str:
    """Return what is shown without its paces, which a second changes."""
    return re.sub(r"\d+ links a minute[^\n]*", "", text)


@pytest.mark.slow
@pytest.mark.usefixtures("queue")
def test_status_is_watched_until_every_link_has_its_outcome(sandbox: Sandbox, tmp_path: Path) -> None:
    assert enqueue(add_links(sandbox, tmp_path, 2)).exit_code == 0
    with pipe("fleet", "status", *FLEET_JOB, "--watch") as watched:
        watched.expect("2 queued")
        with pipe("fleet", "worker", *TASKS, "--egress", "nat-1", "--requests-per-window", "600") as worker:
            assert watched.finish() == 0, watched.text
            assert stop(worker, signal.SIGINT) == 0
    assert "2 of 2 links: 2 updated" in watched.text
    assert "a minute, over 1 egress address: nat-1" in watched.text
    shown, same = (run_command(*command, *FLEET_JOB).stdout for command in (("fleet", "status"), ("status",)))
    assert drop_pace(shown) == drop_pace(same)
    (line,) = run_command("fleet", "status", *FLEET_JOB, "--json").stdout.splitlines()
    requests = json.loads(line)["requests"]
    assert (requests["addresses"], 0 < requests["per_minute"] < requests["allowed"]) == (["nat-1"], True)


@pytest.mark.usefixtures("queue")
def test_ctrl_c_ends_a_watch(sandbox: Sandbox, tmp_path: Path) -> None:
    assert enqueue(add_links(sandbox, tmp_path, 1)).exit_code == 0
    with pipe("fleet", "status", *FLEET_JOB, "--watch", "--json") as talk:
        talk.expect("by_state")
        assert stop(talk, signal.SIGINT) == 0, talk.text


def test_links_that_are_tried_again_are_enqueued_at_once(
    sandbox: Sandbox, queue: str, tmp_path: Path
) -> None:
    path = add_links(sandbox, tmp_path, 1)
    assert enqueue(path).exit_code == 0
    link_id = path.read_text("utf-8").split()[1]
    refuse(link_id)
    result = run_command("fleet", "retry", *FLEET_JOB, *TASKS)
    assert (result.exit_code, result.stdout, count_tasks(queue)) == (0, "", 2), result.output
    assert "1 link is back at the start and in the queue" in result.stderr


def refuse(link_id: str) -> None:
    """Let a link end, as its bank refuses the password."""

    async def run() -> None:
        async with SessionPool() as pool:
            step = await fleet.advance(
                pool,
                job=JOB,
                link_id=link_id,
                credentials=lambda link: LinkUpdate(link, password="pass_invalid"),
            )
            assert isinstance(step, fleet.Ended)

    asyncio.run(run())


@pytest.mark.usefixtures("queue")
def test_a_file_with_passwords_is_refused_before_any_link_is_taken(sandbox: Sandbox, tmp_path: Path) -> None:
    path = tmp_path / "links.csv"
    path.write_text(f"link_id,password\n{sandbox.add_link()},hunter2\n", "utf-8")
    result = enqueue(path)
    assert (result.exit_code, "hunter2" in result.output) == (2, False)
    assert "line 2: password is not wanted here. Remove the column" in result.stderr
    assert run_command("status", *FLEET_JOB).exit_code == 2  # there is no such job


@pytest.mark.usefixtures("queue")
@pytest.mark.parametrize(
    ("row", "problem"),
    [('{"institution": "x"}', "link_id is missing"), ('{"id": "7"}', "link_id is not a UUID")],
)
def test_a_row_that_names_no_link_is_told(sandbox: Sandbox, tmp_path: Path, row: str, problem: str) -> None:
    path = tmp_path / "links.jsonl"
    path.write_text(f'{{"id": "{sandbox.add_link()}"}}\n{row}\n', "utf-8")
    result = enqueue(path)
    assert (result.exit_code, f"line 2: {problem}" in result.stderr) == (2, True), result.stderr


@pytest.mark.usefixtures("database")
@pytest.mark.parametrize("command", ["enqueue", "worker"])
def test_a_queue_without_its_tables_is_told_and_nothing_is_sent(
    sandbox: Sandbox, tmp_path: Path, command: str
) -> None:
    path = add_links(sandbox, tmp_path, 1)
    words = (command, str(path), *FLEET_JOB) if command == "enqueue" else (command,)
    result = run_command("fleet", *words, *TASKS)
    assert (result.exit_code, "schema --apply" in result.stderr) == (2, True), result.stderr
    assert sandbox.log == []


@pytest.mark.parametrize("command", ["enqueue", "worker"])
def test_a_queue_of_an_older_version_is_told_and_no_login_is_sent(
    sandbox: Sandbox, queue: str, tmp_path: Path, command: str
) -> None:
    with psycopg.connect(queue) as connection:
        (functions,) = connection.execute(
            "SELECT string_agg(oid::regprocedure::text, ', ') FROM pg_proc "
            "WHERE proname LIKE 'procrastinate_defer%' OR proname LIKE 'procrastinate_register%'"
        ).fetchone() or ("",)
        connection.execute(f"DROP FUNCTION {functions} CASCADE".encode())
    path = add_links(sandbox, tmp_path, 1)
    words = (command, str(path), *FLEET_JOB) if command == "enqueue" else (command,)
    result = run_command("fleet", *words, *TASKS)
    assert (result.exit_code, "procrastinate schema --migrations-path" in result.stderr) == (2, True), result
    assert count_puts(sandbox) == 0


MODULES = {
    "broken": "raise KeyError('hunter2')",
    "leaving": "raise SystemExit(3)",
    "needing": "import there_is_no_such_package",
    "whole": "from belvo_async.contrib.procrastinate import FleetTasks\nnumber = 7",
}


@pytest.mark.usefixtures("sandbox")
@pytest.mark.parametrize(
    ("place", "problem"),
    [
        ("whole", "is not written as package.module:name"),
        ("7:tasks", "is not written as package.module:name"),
        ("nowhere:tasks", "names the module nowhere, which is not there"),
        ("nowhere.at.all:tasks", "names the module nowhere, which is not there"),
        ("needing:tasks", "needs the module there_is_no_such_package: install it"),
        ("broken:tasks", "KeyError in "),
        ("leaving:tasks", "SystemExit in "),
        ("whole:tasks", "names tasks, which whole does not have"),
        ("whole:number", "names an object of int"),
        ("whole:FleetTasks", "names the class FleetTasks"),
    ],
)
def test_tasks_that_cannot_be_used_are_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, place: str, problem: str
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("sys.path", [*sys.path])
    for name, text in MODULES.items():
        (tmp_path / f"{name}.py").write_text(text, "utf-8")
    result = run_command("fleet", "worker", "--tasks", place, "--backend", "fleet.sqlite")
    told = " ".join(result.stderr.replace("│", " ").split())
    assert (result.exit_code, problem in told, "--tasks" in told) == (2, True, True), told
    assert "hunter2" not in told
    for name in MODULES:
        sys.modules.pop(name, None)
