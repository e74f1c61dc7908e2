"""A fleet from the command line: links are queued, workers work at them, and how it stands is shown."""

import asyncio
import json
import signal
from collections.abc import Iterator
from pathlib import Path

import pytest
from procrastinate import App, PsycopgConnector

from belvo_async.sandbox import Sandbox
from tests.cli.command import Result, run_command
from tests.cli.processes import pipe
from tests.cli.test_backend import redis_url, server
from tests.stores.postgres import PostgresServer

__all__ = ["redis_url", "server"]

JOB = "november"
TASKS = "tests.cli.fleet_app:tasks"


def run(*arguments: str) -> Result:
    return run_command("fleet", *arguments)


async def make_tables(dsn: str) -> None:
    async with App(connector=PsycopgConnector(conninfo=dsn)).open_async() as app:
        await app.schema_manager.apply_schema_async()


@pytest.fixture
def queue(postgres: PostgresServer, monkeypatch: pytest.MonkeyPatch) -> str:
    """The address of a database that has nothing in it; it is backend and queue."""
    dsn = postgres.make_database()
    monkeypatch.setenv("QUEUE_DSN", dsn)
    monkeypatch.setenv("BELVO_BACKEND", dsn)
    monkeypatch.setenv("BELVO_TASKS", TASKS)
    return dsn


@pytest.fixture
def tables(queue: str) -> str:
    asyncio.run(make_tables(queue))
    assert run_command("backend", "init", queue).exit_code == 0
    return queue


@pytest.fixture
def engine(tables: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """The module is of one database, and is imported anew for each."""
    import sys  # noqa: PLC0415 - of this fixture alone

    del tables
    monkeypatch.delitem(sys.modules, "tests.cli.fleet_app", raising=False)
    yield
    sys.modules.pop("tests.cli.fleet_app", None)


def write_links(path: Path, *links: str, header: str = "link_id") -> str:
    path.write_text("\n".join([header, *links]) + "\n", "utf-8")
    return str(path)


@pytest.mark.slow
@pytest.mark.usefixtures("engine")
def test_a_file_is_queued_worked_at_and_shown(sandbox: Sandbox, tmp_path: Path) -> None:
    links = [sandbox.add_link() for _ in range(3)]
    asked = sandbox.add_link(institution="heimdall_mx_retail", username="mfa_numeric")
    file = write_links(tmp_path / "links.csv", *links, asked)
    queued = run("enqueue", file, "--job", JOB)
    assert (queued.exit_code, "4 links are in the queue of november" in queued.stderr) == (0, True)
    with pipe("fleet", "worker", "--tasks", TASKS, "--at-once", "4", "--requests-per-window", "80") as worker:
        worker.expect("Working until Ctrl-C")
        worker.expect(f"asked {asked}")
        while sum(sandbox.logins(link) for link in links) < 3:
            pass
        worker.process.send_signal(signal.SIGTERM)
        worker.expect("Stopping")
        assert worker.finish() == 0
    shown = run("status", "--job", JOB)
    assert shown.exit_code == 0
    for text in ("3 updated", "allowed, from 1 address", "0 logins under way"):
        assert text in shown.output, shown.output
    status, backend = map(json.loads, run("status", "--job", JOB, "--json").stdout.splitlines())
    assert (status["by_state"]["updated"], status["is_paused"]) == (3, False)
    assert backend["kind"] == "backend"
    again = run("enqueue", file, "--job", JOB)
    assert "1 link is in the queue of november; 3 of the file have ended already" in again.stderr
    assert all(sandbox.logins(link) == 1 for link in links)


@pytest.mark.usefixtures("engine")
def test_refused_links_go_back_into_the_queue(sandbox: Sandbox, tmp_path: Path) -> None:
    file = write_links(tmp_path / "links.csv", sandbox.add_link())
    run("enqueue", file, "--job", JOB)
    result = run("retry", "--job", JOB)
    assert (result.exit_code, result.stdout) == (0, "")
    assert "0 links are back at the start, and in the queue" in result.stderr


@pytest.mark.usefixtures("engine")
def test_a_paused_job_says_so(sandbox: Sandbox, tmp_path: Path) -> None:
    run("enqueue", write_links(tmp_path / "links.csv", sandbox.add_link()), "--job", JOB)
    run("pause", "--job", JOB)
    assert "is paused: no login begins" in run("status", "--job", JOB).output


@pytest.mark.usefixtures("engine")
def test_a_job_is_watched_until_ctrl_c(sandbox: Sandbox, tmp_path: Path) -> None:
    run("enqueue", write_links(tmp_path / "links.csv", sandbox.add_link()), "--job", JOB)
    with pipe("fleet", "status", "--job", JOB, "--watch") as watched:
        for _ in range(2):
            watched.expect("logins under way")
        watched.press_ctrl_c()
        assert watched.finish() == 0


@pytest.mark.usefixtures("engine")
def test_passwords_have_no_place_in_a_queue(sandbox: Sandbox, tmp_path: Path) -> None:
    file = write_links(tmp_path / "links.csv", f"{sandbox.add_link()},hunter22", header="link_id,password")
    refused = run("enqueue", file, "--job", JOB)
    assert refused.exit_code == 2
    assert "password has no place in a queue" in refused.stderr
    assert "hunter22" not in refused.output


@pytest.mark.usefixtures("engine")
@pytest.mark.parametrize("row", ["no-id", ""])
def test_bad_rows_are_named_and_nothing_is_queued(sandbox: Sandbox, tmp_path: Path, row: str) -> None:
    good = sandbox.add_link()
    file = write_links(tmp_path / "links.csv", f"{good},a", f"{row},a", header="link_id,institution")
    refused = run("enqueue", file, "--job", JOB)
    assert refused.exit_code == 2
    assert "line 3: link_id" in refused.stderr
    assert "nothing was queued" in refused.stderr


@pytest.mark.usefixtures("sandbox", "queue")
def test_a_database_without_the_tables_of_the_queue_is_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    import sys  # noqa: PLC0415 - of this test alone

    monkeypatch.delitem(sys.modules, "tests.cli.fleet_app", raising=False)
    file = write_links(tmp_path / "links.csv", "30cb4806-6e00-48a4-91c9-ca55968576c8")
    for arguments in (("enqueue", file, "--job", JOB), ("worker",)):
        refused = run(*arguments)
        assert refused.exit_code == 2, refused.output
        assert "schema --apply" in refused.stderr
    sys.modules.pop("tests.cli.fleet_app", None)


@pytest.mark.usefixtures("sandbox", "queue")
@pytest.mark.parametrize(
    ("place", "problem"),
    [
        ("fleet_app", "names no object of a module"),
        ("there.is.none:tasks", "There is no module there.is.none"),
        ("tests.cli.processes:tasks", "has no tasks"),
        ("tests.cli.processes:PATIENCE", "is float, not the tasks of a fleet"),
    ],
)
def test_tasks_that_are_none_are_refused_with_what_to_do(place: str, problem: str) -> None:
    refused = run("worker", "--tasks", place)
    assert refused.exit_code == 2
    assert problem in refused.stderr
