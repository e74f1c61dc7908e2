"""What processes share, prepared and checked before they start."""

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path

import pytest
import redis

from belvo_async.backends import PostgresCoordinator, RecordKind, RedisBackend
from belvo_async.sandbox import Sandbox
from tests.stores.conftest import start_redis, stop_redis
from tests.stores.postgres import PostgresServer

from .command import Result, run_command

EPOCH = "{belvo:coordinator}:epoch"
NOTE = RecordKind(name="note", create=str, dump=str, load=str, lasts=60.0)


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator["redis.Redis"]:
    directory = tmp_path_factory.mktemp("redis")
    process = start_redis(directory)
    with redis.Redis(unix_socket_path=f"{directory}/redis.sock") as client:
        yield client
    stop_redis(process)


@pytest.fixture
def redis_url(server: "redis.Redis") -> str:
    """The address of an empty server."""
    server.flushall()
    return f"unix://{server.get_connection_kwargs()['path']}"


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "belvo.sqlite"


def run(*arguments: str) -> Result:
    return run_command("backend", *arguments)


def find_since(url: str) -> float:
    """Return since when a Redis has forgotten nothing."""
    coordinator = RedisBackend(url).coordinator
    since = coordinator.change(NOTE, "a", lambda _, moment: moment.since)
    coordinator.close()
    return since


def use(where: str) -> None:
    """Send a request."""
    assert run_command("links", "list", "--backend", where, "--requests-per-window", "9").exit_code == 0


def test_init_makes_the_file(path: Path) -> None:
    result = run("init", str(path))
    assert (result.exit_code, result.stdout) == (0, f"{path} is ready for its first use.\n")
    assert {entry.name for entry in path.parent.iterdir()} >= {path.name, f"{path.name}-coordinator"}


def test_init_spares_the_first_use_of_redis_the_wait(redis_url: str) -> None:
    result = run("init", redis_url)
    assert (result.exit_code, result.stdout) == (0, "Redis is ready for its first use.\n")
    assert find_since(redis_url) == float("-inf")


def test_init_makes_the_tables_in_postgres_and_spares_their_first_use_the_wait(
    postgres: PostgresServer,
) -> None:
    dsn = postgres.make_database()
    assert run("check", dsn).stdout == "PostgreSQL can be used.\n"
    result = run("init", dsn)
    assert (result.exit_code, result.stdout) == (0, "PostgreSQL is ready for its first use.\n")
    coordinator = PostgresCoordinator(dsn)
    assert coordinator.change(NOTE, "a", lambda _, moment: moment.since) == float("-inf")
    coordinator.close()


@pytest.mark.usefixtures("sandbox")
def test_init_leaves_a_postgres_that_is_in_use_as_it_is(postgres: PostgresServer) -> None:
    dsn = postgres.make_database()
    run("init", dsn)
    use(dsn)
    assert "is in use already" in run("init", dsn).stdout


def test_init_does_so_after_a_check_too(redis_url: str) -> None:
    assert run("check", redis_url).exit_code == 0
    assert "is ready" in run("init", redis_url).stdout
    assert find_since(redis_url) == float("-inf")


@pytest.mark.usefixtures("sandbox")
def test_init_leaves_what_is_in_use_as_it_is(redis_url: str, server: "redis.Redis", path: Path) -> None:
    run("init", redis_url)
    for where in (redis_url, str(path)):
        use(where)
        server.set(EPOCH, f"{server.info('server')['run_id']} 1000000")  # it may have forgotten something
        result = run("init", where)
        assert (result.exit_code, "is in use already" in result.stdout) == (0, True)
    assert find_since(redis_url) == 1.0


@pytest.mark.parametrize("command", ["init", "check"])
def test_the_environment_names_the_backend(command: str, path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("BELVO_BACKEND", f"sqlite:///{path}")
    result = run(command)
    assert (result.exit_code, str(path) in result.stdout) == (0, True)


@pytest.mark.parametrize("command", ["init", "check"])
@pytest.mark.usefixtures("no_environment")
def test_a_backend_has_to_be_named(command: str) -> None:
    result = run(command)
    assert (result.exit_code, "Missing argument" in result.stderr) == (2, True)


def test_check_tells_that_a_backend_can_be_used(redis_url: str, path: Path) -> None:
    assert run("check", redis_url).stdout == "Redis can be used.\n"
    assert run("check", str(path)).stdout == f"{path} can be used.\n"


@pytest.mark.parametrize("command", ["init", "check"])
def test_a_redis_that_may_evict_is_refused(command: str, redis_url: str, server: "redis.Redis") -> None:
    server.config_set("maxmemory-policy", "allkeys-lru")
    try:
        result = run(command, redis_url)
    finally:
        server.config_set("maxmemory-policy", "noeviction")
    assert (result.exit_code, result.stdout) == (1, "")
    assert "maxmemory-policy" in result.stderr


@pytest.mark.parametrize("command", ["init", "check"])
def test_a_server_that_is_not_there_is_told_without_its_password(command: str) -> None:
    for where, said in (
        ("redis://:secret@127.0.0.1:1/0", "Redis could not do its work"),
        ("postgresql://me:secret@127.0.0.1:1/belvo", "PostgreSQL cannot be reached"),
    ):
        result = run(command, where)
        assert (result.exit_code, result.stdout) == (1, "")
        assert said in result.stderr
        assert "secret" not in result.stderr


@pytest.mark.parametrize("name", ["belvo.sqlite", "belvo.sqlite-coordinator"])
@pytest.mark.parametrize("command", ["init", "check"])
def test_a_file_that_is_something_else_is_told_and_kept(command: str, name: str, path: Path) -> None:
    place = path.with_name(name)
    place.write_text("no backend" * 100, "utf-8")
    result = run(command, str(path))
    assert (result.exit_code, name in result.stderr) == (1, True)
    assert place.read_text("utf-8") == "no backend" * 100


@pytest.mark.parametrize("command", ["init", "check"])
@pytest.mark.parametrize("where", ["mysql://host", " belvo.sqlite", "'belvo.sqlite'"])
def test_text_that_names_no_backend_is_wrong_usage(command: str, where: str) -> None:
    result = run(command, where)
    assert (result.exit_code, result.stdout) == (2, "")
    assert "backend" in result.stderr


def test_purge_removes_what_is_over_for_some_days_and_tells_how_much(path: Path) -> None:
    run("init", str(path))
    with closing(sqlite3.connect(path)) as connection, connection:
        insert = """INSERT INTO jobs (owner, name, environment, runs, started_at, ended_at)
            VALUES (?, ?, ?, 1, ?, ?)"""
        began = "2020-01-01T00:00:00+00:00"
        connection.execute(insert, ("o", "old", "e", began, began))
        connection.execute(insert, ("o", "new", "e", began, datetime.now(UTC).isoformat()))
    result = run("purge", str(path), "--older-than", "3")
    assert (result.exit_code, result.stdout) == (0, "Removed: 1 jobs, 0 challenges.\n")
    shown = " ".join(run_command("status", "--backend", str(path)).stdout.split())
    assert ("new run 1" in shown, "old run 1" in shown) == (True, False)


def test_erase_tells_what_it_has_removed(sandbox: Sandbox, tmp_path: Path) -> None:
    path = tmp_path / "belvo.sqlite"
    run("init", str(path))
    erased = run("erase", str(path), "--link", sandbox.add_link())
    assert (erased.exit_code, erased.stdout) == (0, "Erased: 0 rows of jobs, 0 challenges, of links: 1.\n")
    refused = run("erase", str(path))
    assert (refused.exit_code, "link_id or reference has to be given" in refused.stderr) == (2, True)
    assert run("erase", str(tmp_path / "none.sqlite"), "--reference", "user-1").exit_code == 2
