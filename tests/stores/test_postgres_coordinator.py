"""PostgreSQL as a coordinator: what is particular to it, and what goes wrong."""

import asyncio
import logging
import socket
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any, TypeAlias

import psycopg
import pytest
from attrs import evolve
from psycopg.rows import dict_row

from belvo_async.backends import Moment, PostgresBackend, PostgresCoordinator
from belvo_async.backends._lease import LEASE, Lease
from belvo_async.errors import BackendError, ConfigurationError, CoordinatorError
from belvo_async.testing.coordinator_suite import TALLY, add
from tests.elsewhere import needs_fork, try_in_child
from tests.stores.pooler import pooling
from tests.stores.postgres import PostgresServer

Database: TypeAlias = psycopg.Connection[dict[str, Any]]  # Any: of the columns

AT_ONCE = 8


@pytest.fixture
def coordinator(postgres: PostgresServer, schema: str) -> Iterator[PostgresCoordinator]:
    coordinator = PostgresCoordinator(postgres.dsn, schema=schema)
    yield coordinator
    coordinator.close()


@pytest.fixture
def database(postgres: PostgresServer) -> Iterator[Database]:
    with Database.connect(postgres.dsn, autocommit=True, row_factory=dict_row) as connection:
        yield connection


def run(database: Database, statement: str) -> list[dict[str, Any]]:
    cursor = database.execute(statement.encode())
    return cursor.fetchall() if cursor.description else []


def find_moment(coordinator: PostgresCoordinator, key: str = "link") -> Moment:
    return coordinator.change(LEASE, key, lambda _, moment: moment)


def change_at_once(coordinator: PostgresCoordinator, count: int = AT_ONCE) -> None:
    """Change as many records at once, so that there are as many connections."""
    with ThreadPoolExecutor(count) as threads:
        changes = [threads.submit(find_moment, coordinator, f"link {number}") for number in range(count)]
        for change in changes:
            change.result()


def test_the_first_use_waits_unless_it_was_told_that_nothing_is_under_way(
    coordinator: PostgresCoordinator,
) -> None:
    before = time.time()
    assert find_moment(coordinator).since == pytest.approx(before, abs=60)
    coordinator.init()
    assert find_moment(coordinator).since == float("-inf")


def test_reading_notes_nothing(coordinator: PostgresCoordinator, database: Database, schema: str) -> None:
    _, moment = coordinator.read_all(LEASE)
    assert moment.since == moment.now
    assert run(database, f"SELECT * FROM {schema}.records") == []  # noqa: S608 - ours


@pytest.mark.parametrize("loss", ["DROP SCHEMA {schema} CASCADE", "TRUNCATE {schema}.records"])
def test_tables_that_are_gone_or_empty_are_as_after_a_first_use(
    coordinator: PostgresCoordinator,
    postgres: PostgresServer,
    database: Database,
    schema: str,
    loss: str,
) -> None:
    coordinator.init()
    find_moment(coordinator)
    run(database, loss.format(schema=schema))
    if "DROP" in loss:
        with pytest.raises(CoordinatorError, match="lost its tables") as lost:
            find_moment(coordinator)
        assert "backend init" in lost.value.remedy
        other = PostgresCoordinator(postgres.dsn, schema=schema)
        other.check()
        other.close()
    assert find_moment(coordinator).since == pytest.approx(time.time(), abs=60)


def test_tables_that_were_put_in_the_place_of_others_are_as_after_a_first_use(
    coordinator: PostgresCoordinator, database: Database, schema: str
) -> None:
    """As a copy is that is loaded again: it may lack what was noted last."""
    coordinator.init()
    find_moment(coordinator)
    for statement in (
        "CREATE TABLE {0}.copy (LIKE {0}.records INCLUDING ALL)",
        "INSERT INTO {0}.copy SELECT * FROM {0}.records",
        "DROP TABLE {0}.records",
        "ALTER TABLE {0}.copy RENAME TO records",
    ):
        run(database, statement.format(schema))
    assert find_moment(coordinator).since == pytest.approx(time.time(), abs=60)


def test_a_change_begins_anew_where_all_was_forgotten_meanwhile(
    coordinator: PostgresCoordinator, database: Database, schema: str
) -> None:
    """A record that is missing now may have been made and lost since it was found to be missing."""
    coordinator.init()
    seen: list[float] = []

    def change(_: Lease, moment: Moment) -> None:
        if not seen:
            run(database, f"DELETE FROM {schema}.records WHERE kind = ''")  # noqa: S608 - ours
        seen.append(moment.since)

    coordinator.change(LEASE, "link", change)
    assert seen == [float("-inf"), pytest.approx(time.time(), abs=60)]


def test_time_does_not_go_back_where_the_clock_of_the_server_does(
    coordinator: PostgresCoordinator, database: Database, schema: str
) -> None:
    coordinator.init()
    before = find_moment(coordinator).now
    run(database, f"UPDATE {schema}.records SET changed_at = changed_at + 3000000 WHERE kind = 'lease'")  # noqa: S608 - ours
    assert find_moment(coordinator).now >= before + 3.0
    assert coordinator.read_all(LEASE)[1].now >= before + 3.0


def test_what_was_forgotten_is_forgotten_later_than_any_record_says(
    coordinator: PostgresCoordinator, database: Database, schema: str
) -> None:
    """The clock of the server that has taken over may be behind that of the one before."""
    coordinator.init()
    before = find_moment(coordinator).now
    run(database, f"UPDATE {schema}.records SET changed_at = changed_at + 3000000 WHERE kind = 'lease'")  # noqa: S608 - ours
    run(database, f"UPDATE {schema}.records SET text = 'another server' WHERE kind = ''")  # noqa: S608 - ours
    moment = find_moment(coordinator, "another link")
    assert before + 3.0 <= moment.since <= moment.now


def test_records_that_have_lasted_are_removed(
    coordinator: PostgresCoordinator,
    database: Database,
    schema: str,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("belvo_async.backends._postgres_coordinator._TIDY_AFTER", 5)
    brief = evolve(TALLY, lasts=0.001)
    for number in range(20):
        coordinator.change(brief, f"{number}", add(1))
        time.sleep(0.002)  # real, as the server's time is
    (kept,) = run(database, f"SELECT count(*) AS count FROM {schema}.records WHERE kind = 'tally'")  # noqa: S608 - ours
    assert kept["count"] <= 5


def test_a_record_that_has_lasted_begins_anew(coordinator: PostgresCoordinator) -> None:
    brief = evolve(TALLY, lasts=0.001)
    for _ in range(2):
        assert coordinator.change(brief, "a", add(1)) == [1]
        time.sleep(0.002)  # real, as the server's time is


@pytest.mark.parametrize("level", ["serializable", "repeatable read"])
def test_no_change_is_lost_at_any_level_of_isolation(
    postgres: PostgresServer, schema: str, level: str
) -> None:
    """The server undoes some, and they are made again."""
    role = f"role_{schema}"
    postgres.execute(
        f"CREATE ROLE {role} LOGIN SUPERUSER",
        f"ALTER ROLE {role} SET default_transaction_isolation = '{level}'",
    )
    coordinator = PostgresCoordinator(postgres.dsn.replace("admin", role), schema=schema)
    with ThreadPoolExecutor(AT_ONCE) as threads:
        list(threads.map(lambda value: coordinator.change(TALLY, "a", add(value)), range(100)))
    assert sorted(coordinator.change(TALLY, "a", lambda tally, _: [*tally.values])) == [*range(100)]
    coordinator.close()


@pytest.mark.parametrize(("default", "used"), [("off", "on"), ("remote_write", "remote_write")])
def test_a_change_waits_for_the_disk_whatever_the_server_does_by_default(
    postgres: PostgresServer,
    database: Database,
    schema: str,
    default: str,
    used: str,
) -> None:
    role = f"role_{schema}"
    postgres.execute(
        f"CREATE ROLE {role} LOGIN SUPERUSER", f"ALTER ROLE {role} SET synchronous_commit = '{default}'"
    )
    coordinator = PostgresCoordinator(postgres.dsn.replace("admin", role), schema=schema)
    coordinator.init()
    for statement in (
        "CREATE TABLE {0}.seen (value text)",
        """CREATE FUNCTION {0}.look() RETURNS trigger LANGUAGE plpgsql AS $$BEGIN
            INSERT INTO {0}.seen VALUES (current_setting('synchronous_commit')); RETURN NULL; END$$""",
        "CREATE TRIGGER look AFTER INSERT OR UPDATE ON {0}.records EXECUTE FUNCTION {0}.look()",
    ):
        run(database, statement.format(schema))
    find_moment(coordinator)
    assert {row["value"] for row in run(database, f"SELECT * FROM {schema}.seen")} == {used}  # noqa: S608 - ours
    coordinator.close()


def test_behind_a_pooler_of_transactions_no_change_is_lost_and_nothing_stays_set(
    postgres: PostgresServer, schema: str
) -> None:
    with pooling(postgres.port) as pooler:
        coordinator = PostgresCoordinator(pooler.dsn, schema=schema)
        with ThreadPoolExecutor(AT_ONCE) as threads:
            list(threads.map(lambda value: coordinator.change(TALLY, "a", add(value)), range(60)))
        assert sorted(coordinator.read_all(TALLY)[0]["a"].values) == [*range(60)]
        coordinator.close()
        for what in (
            "pg_settings WHERE source = 'session' AND name <> 'client_encoding'",
            "pg_prepared_statements",
            "pg_locks WHERE locktype = 'advisory'",
        ):
            assert all(b"SELECT 0\0" in answer for answer in pooler.ask_all(f"SELECT FROM {what}"))


def test_connections_that_the_server_has_closed_cost_nobody_an_error(
    coordinator: PostgresCoordinator, postgres: PostgresServer
) -> None:
    for _ in range(5):
        change_at_once(coordinator)
        postgres.cut()
        change_at_once(coordinator)


def test_a_connection_that_is_closed_as_it_is_used_costs_nobody_an_error(
    coordinator: PostgresCoordinator, database: Database
) -> None:
    """What reads is asked again; the change itself is written by a connection that is looked at before."""
    find_moment(coordinator)
    cut = (
        "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
        "WHERE application_name = 'belvo_async' AND pid <> pg_backend_pid()"
    )

    def change(_: Lease, moment: Moment) -> float:
        run(database, cut)
        time.sleep(0.05)  # real, as the server's time is
        return moment.now

    for _ in range(5):
        assert coordinator.change(LEASE, "link", change) > 0


def test_a_server_that_does_not_respond_is_told_to_all_who_wait_at_once(
    postgres: PostgresServer, schema: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Few threads serve many calls: were each to wait its own time, the last would wait for many minutes."""
    coordinator = PostgresCoordinator(postgres.dsn, schema=schema)
    change_at_once(coordinator, 4)
    monkeypatch.setattr("belvo_async.backends._postgres_driver.LIMIT", 0.5)
    with postgres.holding(f"LOCK TABLE {schema}.records"), ThreadPoolExecutor(4) as threads:
        began_at = time.monotonic()
        changes = [threads.submit(find_moment, coordinator) for _ in range(100)]
        for change in changes:
            assert "did not respond in time; nothing was sent" in str(change.exception())
        assert time.monotonic() - began_at < 2.0
    time.sleep(1.1)  # real, as the server's time is
    assert find_moment(coordinator).now > 0
    coordinator.close()


def test_a_port_that_says_nothing_is_told_within_seconds() -> None:
    with socket.create_server(("127.0.0.1", 0)) as deaf:
        address = f"postgresql://me:hunter2@127.0.0.1:{deaf.getsockname()[1]}/x?connect_timeout=2"
        began_at = time.monotonic()
        with pytest.raises(CoordinatorError, match="did not respond in time"):
            find_moment(PostgresCoordinator(address))
        assert time.monotonic() - began_at < 5.0


@needs_fork
async def test_a_forked_child_has_connections_of_its_own(coordinator: PostgresCoordinator) -> None:
    coordinator.change(TALLY, "a", add(1))

    async def change() -> None:
        coordinator.change(TALLY, "a", add(2))
        coordinator.close()

    assert await try_in_child(change) == ("nothing", "")
    assert coordinator.change(TALLY, "a", add(3)) == [1, 2, 3]


@pytest.fixture
def guarded(postgres: PostgresServer) -> str:
    """The address of the server for a user who needs a password, and which one is missing."""
    rules = postgres.directory / "data" / "pg_hba.conf"
    if "guarded" not in rules.read_text():
        rules.write_text(f"host all guarded 127.0.0.1/32 scram-sha-256\n{rules.read_text()}")
        postgres.execute("CREATE ROLE guarded LOGIN PASSWORD 'right-word'", "SELECT pg_reload_conf()")
    return postgres.dsn.replace("admin", "guarded:wrong-word")


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (("", ""), "refuses this user or its password"),
        (("guarded:wrong-word", "nobody-at-all"), "refuses this user or its password"),
        (("guarded:wrong-word", "guarded"), "refuses this user or its password"),
        (("guarded:wrong-word@", "guarded:right-word@"), "refuses what its user may not do"),
        (("guarded:wrong-word", "admin"), "has no such database"),
        (("127.0.0.1", "no-host.invalid"), "cannot be reached"),
    ],
    ids=["password", "role", "no password", "permission", "database", "host"],
)
async def test_what_no_waiting_mends_is_told_at_once_and_shows_no_address(
    guarded: str, change: tuple[str, str], said: str, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG, "belvo_async")
    caplog.set_level(logging.WARNING, "psycopg")
    dsn = guarded.replace(*change) if change[0] else guarded
    if said == "has no such database":
        dsn = dsn.replace("/postgres", "/nothing-here")
    backend = PostgresBackend(dsn, schema="guarded")
    began_at = time.monotonic()
    with pytest.raises(BackendError, match=said) as opened:
        await backend.open()
    with pytest.raises(CoordinatorError, match=said) as changed:
        find_moment(backend.coordinator)
    assert time.monotonic() - began_at < 3.0
    assert "nothing was sent" in opened.value.message
    assert changed.value.is_permanent is (said != "cannot be reached")
    await backend.aclose()
    for error in (opened.value, changed.value):
        told = f"{error!r} {error} {error.__cause__!r} {error.__context__!r} {vars(error)} {caplog.text}"
        assert not any(word in told for word in ("-word", "127.0.0.1", "guarded", "invalid", "nothing-here"))
    assert "-word" not in f"{backend!r} {backend.coordinator!r} {backend.challenges!r}"


@pytest.mark.parametrize(
    "dsn",
    [
        "postgresql://me:secret-word@[host/x",
        "postgresql://me:secret-word@host/x?no_such_setting=secret-word",
        "host=h password=secret-word nonsense",
        7,
        None,
    ],
)
def test_an_address_that_makes_no_sense_is_refused_without_quoting_it(dsn: str) -> None:
    with pytest.raises(ConfigurationError, match="address") as caught:
        PostgresBackend(dsn)
    assert "secret-word" not in f"{caught.value} {caught.value.__cause__!r} {caught.value.__context__!r}"


@pytest.mark.parametrize("schema", ["", "Upper", "a b", 'a"b', "pg_x", "a" * 64, "1a", None, "a;b", "{a}"])
def test_a_name_of_a_schema_that_makes_no_sense_is_refused(schema: str) -> None:
    with pytest.raises(ConfigurationError, match="schema"):
        PostgresBackend("postgresql://127.0.0.1/x", schema=schema)


async def test_a_backend_that_was_never_opened_closes_its_connections(
    postgres: PostgresServer, schema: str, database: Database
) -> None:
    backend = PostgresBackend(f"{postgres.dsn}?application_name={schema}", schema=schema)
    count = f"SELECT count(*) AS count FROM pg_stat_activity WHERE application_name = '{schema}'"  # noqa: S608 - ours
    assert await backend.challenges.read("none") is None
    find_moment(backend.coordinator)
    assert run(database, count)[0]["count"] == 2
    await backend.aclose()
    until = time.monotonic() + 5.0
    while run(database, count)[0]["count"] and time.monotonic() < until:  # noqa: ASYNC110 - the server's
        await asyncio.sleep(0.01)
    assert run(database, count)[0]["count"] == 0
