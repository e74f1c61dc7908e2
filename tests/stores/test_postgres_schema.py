"""The tables in PostgreSQL: who makes them, and which are used."""

from concurrent.futures import ThreadPoolExecutor

import psycopg
import pytest

from belvo_async.backends import PostgresBackend, PostgresCoordinator, check_backend
from belvo_async.backends._lease import LEASE
from belvo_async.errors import ChallengeStoreError, CoordinatorError
from belvo_async.testing.challenge_store_suite import build_row
from belvo_async.testing.coordinator_suite import TALLY, add
from belvo_async.testing.ledger_suite import JOB, NOON
from tests.stores.postgres import PostgresServer

ROW = build_row()
NEW_COLUMNS = ("purpose", "output_end", "output_digest")


async def use(backend: PostgresBackend) -> None:
    """Use both parts."""
    async with backend:
        await check_backend(backend)
        await backend.challenges.add(ROW)
        assert await backend.challenges.read(ROW.key) == ROW


def list_tables(server: PostgresServer, schema: str) -> list[str]:
    query = "SELECT table_name FROM information_schema.tables WHERE table_schema = %s ORDER BY 1"
    with psycopg.connect(server.dsn) as connection:
        return [name for (name,) in connection.execute(query, (schema,)).fetchall()]


def read_versions(server: PostgresServer, schema: str) -> dict[str, int]:
    with psycopg.connect(server.dsn) as connection:
        return dict(connection.execute(f"SELECT part, version FROM {schema}.versions".encode()).fetchall())  # noqa: S608 - ours


def test_those_who_start_at_once_make_the_tables_once(postgres: PostgresServer, schema: str) -> None:
    coordinators = [PostgresCoordinator(postgres.dsn, schema=schema) for _ in range(12)]
    with ThreadPoolExecutor(len(coordinators)) as threads:
        list(threads.map(lambda one: one.change(TALLY, "a", add(1)), coordinators))
    assert len(coordinators[0].read_all(TALLY)[0]["a"].values) == len(coordinators)
    for one in coordinators:
        one.close()
    assert read_versions(postgres, schema) == {"coordinator": 1, "challenges": 1, "ledger": 2}


async def test_backends_of_other_schemas_are_not_seen(postgres: PostgresServer, schema: str) -> None:
    one, two = (PostgresBackend(postgres.dsn, schema=f"{schema}_{number}") for number in range(2))
    await use(one)
    async with two:
        assert await two.challenges.read(ROW.key) is None
        assert two.coordinator.read_all(LEASE)[0] == {}


async def test_a_user_who_may_make_nothing_uses_what_an_administrator_has_made(
    postgres: PostgresServer, schema: str
) -> None:
    role = f"role_{schema}"
    postgres.execute(f"CREATE ROLE {role} LOGIN")
    dsn = postgres.dsn.replace("admin", role)
    with pytest.raises(ChallengeStoreError, match="may not do") as refused:
        await PostgresBackend(dsn, schema=schema).open()
    assert "belvo-async backend init" in refused.value.remedy
    assert list_tables(postgres, schema) == []
    async with PostgresBackend(postgres.dsn, schema=schema) as administrators:
        assert await administrators.init()
    with pytest.raises(ChallengeStoreError, match="may not do"):
        await PostgresBackend(dsn, schema=schema).open()
    postgres.execute(
        f"GRANT USAGE ON SCHEMA {schema} TO {role}",
        f"GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA {schema} TO {role}",
    )
    await use(PostgresBackend(dsn, schema=schema))


async def test_a_user_who_owns_the_schema_alone_makes_the_tables(
    postgres: PostgresServer, schema: str
) -> None:
    role = f"role_{schema}"
    postgres.execute(f"CREATE ROLE {role} LOGIN", f"CREATE SCHEMA {schema} AUTHORIZATION {role}")
    await use(PostgresBackend(postgres.dsn.replace("admin", role), schema=schema))
    assert list_tables(postgres, schema) == ["challenges", "jobs", "links", "records", "versions"]


@pytest.mark.parametrize("version", [0, 2])
async def test_tables_of_a_neighbouring_version_are_used(
    postgres: PostgresServer, schema: str, version: int
) -> None:
    await use(PostgresBackend(postgres.dsn, schema=schema))
    postgres.execute(f"UPDATE {schema}.versions SET version = {version} WHERE part = 'coordinator'")  # noqa: S608 - ours
    async with PostgresBackend(postgres.dsn, schema=schema) as backend:
        await check_backend(backend)
    assert read_versions(postgres, schema)["coordinator"] == version


@pytest.mark.parametrize("part", ["coordinator", "challenges", "ledger"])
async def test_tables_of_a_version_further_away_are_refused_and_left_as_they_are(
    postgres: PostgresServer, schema: str, part: str
) -> None:
    await use(PostgresBackend(postgres.dsn, schema=schema))
    postgres.execute(f"UPDATE {schema}.versions SET version = 9 WHERE part = '{part}'")  # noqa: S608 - ours
    backend = PostgresBackend(postgres.dsn, schema=schema)
    with pytest.raises(ChallengeStoreError, match=f"version 9 .{part}."):
        await backend.open()
    with pytest.raises(CoordinatorError, match=f"version 9 .{part}.") as refused:
        backend.coordinator.check()
    assert refused.value.is_permanent
    assert read_versions(postgres, schema)[part] == 9


async def test_tables_of_the_version_before_get_what_they_lack(postgres: PostgresServer, schema: str) -> None:
    await use(PostgresBackend(postgres.dsn, schema=schema))
    postgres.execute(
        *(f"ALTER TABLE {schema}.jobs DROP COLUMN {name}" for name in NEW_COLUMNS),
        f"UPDATE {schema}.versions SET version = 1 WHERE part = 'ledger'",  # noqa: S608 - ours
    )
    async with PostgresBackend(postgres.dsn, schema=schema) as backend:
        begun = await backend.ledger.begin(JOB, environment="https://belvo.test", at=NOON, purpose="retrieve")
    assert begun.purpose == "retrieve"
    assert read_versions(postgres, schema)["ledger"] == 2


async def test_a_part_that_this_package_does_not_know_is_left_alone(
    postgres: PostgresServer, schema: str
) -> None:
    """A later version may have more of them."""
    await use(PostgresBackend(postgres.dsn, schema=schema))
    postgres.execute(f"INSERT INTO {schema}.versions VALUES ('another', 7)")  # noqa: S608 - ours
    async with PostgresBackend(postgres.dsn, schema=schema) as backend:
        await check_backend(backend)
    assert read_versions(postgres, schema) == {"coordinator": 1, "challenges": 1, "ledger": 2, "another": 7}


async def test_a_part_that_an_earlier_version_did_not_have_is_made(
    postgres: PostgresServer, schema: str
) -> None:
    coordinator = PostgresCoordinator(postgres.dsn, schema=schema)
    coordinator.change(TALLY, "a", add(1))
    postgres.execute(
        f"DROP TABLE {schema}.challenges",
        f"DELETE FROM {schema}.versions WHERE part = 'challenges'",  # noqa: S608 - ours
    )
    await use(PostgresBackend(postgres.dsn, schema=schema))
    assert coordinator.change(TALLY, "a", add(2)) == [1, 2]
    coordinator.close()
