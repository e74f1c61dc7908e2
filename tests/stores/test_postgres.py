"""PostgreSQL as a store: what is particular to it, and what goes wrong."""

import asyncio
import time
from datetime import timedelta

import pytest
from attrs import evolve

from belvo_async.backends import PostgresBackend, PostgresChallengeStore, make_backend
from belvo_async.errors import ChallengeStoreError, DamagedStateError
from belvo_async.models import ChallengePhase
from belvo_async.testing.challenge_store_suite import LINK, NOON, OWNER, build_row
from tests.elsewhere import PLACES, Call, Place, needs_fork, try_in_child
from tests.stores.pooler import pooling
from tests.stores.postgres import PostgresServer, running_postgres

ROW = build_row()
BEFORE = NOON - timedelta(hours=1)


async def test_nothing_is_left_when_all_is_forgotten(postgres: PostgresServer, schema: str) -> None:
    async with PostgresChallengeStore(postgres.dsn, schema=schema) as store:
        for begin in range(0, 600, 50):  # more at once have to wait for a connection, which has its limit
            rows = [build_row(str(number)) for number in range(begin, begin + 50)]
            await asyncio.gather(*(store.add(row) for row in rows))
        assert await store.forget(ROW.keep_until + timedelta(seconds=1)) == 600
        assert await store.find(LINK, after=BEFORE, limit=1) == []


async def test_a_row_that_makes_no_sense_does_not_hide_the_others(
    postgres: PostgresServer, schema: str
) -> None:
    other = build_row("b", expires_at=NOON + timedelta(minutes=1))
    async with PostgresChallengeStore(postgres.dsn, schema=schema) as store:
        for row in (ROW, other):
            await store.add(row)
        postgres.execute(f"UPDATE {schema}.challenges SET keep_until = 9e18 WHERE key = '{ROW.key}'")  # noqa: S608 - ours
        with pytest.raises(DamagedStateError):
            await store.read(ROW.key)
        listed = await store.list(OWNER, ChallengePhase.OPEN, after=BEFORE, limit=10)
        assert [row.record for row in listed] == ["", "{}"]
        found = await store.find(LINK, after=BEFORE, limit=10)
        assert [(row.key, row.record) for row in found] == [(other.key, "{}"), (ROW.key, "")]


async def test_a_setting_may_name_the_server(postgres: PostgresServer) -> None:
    for begins in ("postgresql:", "postgres:"):
        async with make_backend(postgres.dsn.replace("postgresql:", begins)) as backend:
            assert isinstance(backend, PostgresBackend)
            assert await backend.challenges.read(ROW.key) is None


async def test_a_store_that_was_closed_can_be_used_again(postgres: PostgresServer, schema: str) -> None:
    store = PostgresChallengeStore(postgres.dsn, schema=schema)
    async with store:
        await store.add(ROW)
    async with store:
        assert await store.read(ROW.key) == ROW


async def test_what_was_written_survives_a_server_that_is_killed() -> None:
    with running_postgres("fsync=on") as server:
        server.execute("ALTER ROLE admin SET synchronous_commit = off")
        async with PostgresChallengeStore(server.dsn) as store:
            for number in range(20):
                await store.add(build_row(str(number)))
            await asyncio.to_thread(server.kill)
            with pytest.raises(ChallengeStoreError, match=r"PostgreSQL (cannot be reached|is starting)"):
                await store.read(ROW.key)
            await asyncio.to_thread(server.start)
            await asyncio.sleep(1.1)  # real, as the server's time is
            assert len(await store.find(LINK, after=BEFORE, limit=100)) == 20


async def test_connections_that_the_server_has_closed_cost_nobody_an_error(
    postgres: PostgresServer, schema: str
) -> None:
    async with PostgresChallengeStore(postgres.dsn, schema=schema) as store:
        for number in range(3):
            await asyncio.gather(*(store.add(build_row(f"{number}-{one}")) for one in range(20)))
            await asyncio.to_thread(postgres.cut)


async def test_behind_a_pooler_of_transactions_of_two_answers_one_counts(
    postgres: PostgresServer, schema: str
) -> None:
    with pooling(postgres.port) as pooler:
        async with PostgresChallengeStore(pooler.dsn, schema=schema) as store:
            await store.add(ROW)
            claims = [evolve(ROW, version=2, phase=ChallengePhase.CLAIMED) for _ in range(10)]
            assert sum(await asyncio.gather(*(store.replace(claim) for claim in claims))) == 1
            assert await store.read(ROW.key) == claims[0]


async def test_a_row_that_somebody_holds_is_told_in_time_and_blocks_no_event_loop(
    postgres: PostgresServer, schema: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("belvo_async.backends._postgres_driver.LIMIT", 0.5)
    async with PostgresChallengeStore(postgres.dsn, schema=schema) as store:
        await store.add(ROW)
        await asyncio.gather(*(store.read(ROW.key) for _ in range(2)))  # each has a connection from now on
        with postgres.holding(f"SELECT FROM {schema}.challenges FOR UPDATE"):
            began_at = time.monotonic()
            replacing = asyncio.ensure_future(store.replace(evolve(ROW, version=2)))
            assert await store.read(ROW.key) == ROW
            assert not replacing.done()
            with pytest.raises(ChallengeStoreError, match="did not respond in time"):
                await replacing
            assert time.monotonic() - began_at < 2.0


async def test_a_call_that_is_cancelled_is_finished(postgres: PostgresServer, schema: str) -> None:
    """Nothing is left half done, and no connection is lost."""
    async with PostgresChallengeStore(postgres.dsn, schema=schema) as store:
        for number in range(30):
            adding = asyncio.ensure_future(store.add(build_row(str(number))))
            await asyncio.sleep(0)
            adding.cancel()
            with pytest.raises(asyncio.CancelledError):
                await adding
            assert await store.read(build_row(str(number)).key) is not None


@pytest.mark.parametrize("try_there", PLACES)
async def test_a_store_that_was_used_refuses_every_other_place_at_once(
    postgres: PostgresServer, schema: str, try_there: Place
) -> None:
    async with PostgresChallengeStore(postgres.dsn, schema=schema) as store:
        await store.add(ROW)

        async def check() -> None:
            store.check_loop()

        calls: list[Call] = [
            lambda: store.add(build_row("b")),
            lambda: store.read(ROW.key),
            lambda: store.replace(evolve(ROW, version=2)),
            lambda: store.list(OWNER, ChallengePhase.OPEN, after=BEFORE, limit=1),
            lambda: store.find(LINK, after=BEFORE, limit=1),
            lambda: store.forget(NOON),
            lambda: store.__aexit__(None, None, None),
            check,
        ]
        for call in calls:
            assert (await try_there(call))[0] == "WrongEventLoopError"
        assert await store.find(LINK, after=BEFORE, limit=2) == [ROW]


@needs_fork
async def test_a_store_that_was_never_used_serves_a_forked_child(
    postgres: PostgresServer, schema: str
) -> None:
    store = PostgresChallengeStore(postgres.dsn, schema=schema)
    assert await try_in_child(lambda: store.add(ROW)) == ("nothing", "")
    async with PostgresChallengeStore(postgres.dsn, schema=schema) as own:
        assert await own.read(ROW.key) == ROW
