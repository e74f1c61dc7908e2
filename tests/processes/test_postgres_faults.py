"""PostgreSQL, which processes share, fails while they work: they wait or say so, and keep every promise.

Two pools on two event loops update the same links and read them; a server of its own tells what has come.
"""

import asyncio
import signal
import sys
import time
from collections.abc import Iterator
from typing import Final

import psycopg
import pytest

from belvo_async import LinkUpdate
from belvo_async.backends import PostgresBackend
from belvo_async.errors import ChallengeStoreError, CoordinatorError
from tests.processes.faults import (
    LIMIT,
    SPAN,
    NextVersion,
    Wire,
    check_promises,
    list_since,
    open_pool,
    working,
)
from tests.processes.judge import Judge
from tests.processes.worker import name_link
from tests.stores.postgres import PostgresServer, running_postgres, running_replica

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="there is no SIGKILL")

LOGIN_LIMIT: Final = 4.0
LATE: Final = LIMIT.margin + 0.2


@pytest.fixture(autouse=True)
def login_limit(monkeypatch: pytest.MonkeyPatch) -> None:
    """The bank of the judge is quicker than a real one, and so are links free that nobody knows about."""
    monkeypatch.setattr("belvo_async.backends._lease.LOGIN_LIMIT", LOGIN_LIMIT)


@pytest.fixture
def server() -> Iterator[PostgresServer]:
    """A server that keeps what it has acknowledged, and knows that nothing is under way."""
    with running_postgres("fsync=on") as server:
        coordinator = PostgresBackend(server.dsn).coordinator
        coordinator.init()
        coordinator.close()
        yield server


async def test_a_server_that_was_killed_and_started_again_has_forgotten_nothing(
    server: PostgresServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    """So nobody waits for what may be under way: it is known."""
    monkeypatch.setattr("belvo_async.backends._lease.LOGIN_LIMIT", 3 * LOGIN_LIMIT)
    async with Judge(login_seconds=0.3) as judge, working(judge, [server.dsn] * 2) as crew:
        restarted_at = 0.0
        for _ in range(3):
            await asyncio.to_thread(server.kill)
            await asyncio.sleep(0.3)  # real, as the servers' time is
            await asyncio.to_thread(server.start)
            restarted_at = time.monotonic()
            await crew.wait_for("updated", 10)
    check_promises(crew)
    assert list_since(judge.logins, restarted_at)[0].at - restarted_at < 2 * LOGIN_LIMIT


async def test_a_replica_that_takes_over_lets_nothing_through_that_may_be_too_much(
    server: PostgresServer,
) -> None:
    """It may lack what was acknowledged last, and does here: it follows no more."""
    with running_replica(server) as replica:
        hosts = f"127.0.0.1:{server.port},127.0.0.1:{replica.port}"
        both = f"postgresql://admin@{hosts}/postgres?target_session_attrs=read-write"
        async with Judge(login_seconds=1.0) as judge, working(judge, [both] * 2) as crew:
            await asyncio.to_thread(replica.set, "primary_conninfo", "''")
            await crew.wait_for_each()
            await asyncio.to_thread(server.kill)
            killed_at = time.monotonic()
            await asyncio.to_thread(replica.promote)
            promoted_at = time.monotonic()
            await crew.wait_for("updated", 10)
    check_promises(crew)
    starts = [entry.at for entry in list_since(judge.log, promoted_at)]
    logins = [entry.at for entry in list_since(judge.logins, promoted_at)]
    assert starts[0] - killed_at >= SPAN
    assert logins[0] - killed_at >= LOGIN_LIMIT


@pytest.mark.parametrize("is_network", [True, False], ids=["network", "server"])
async def test_a_silence_is_told_or_waited_for_and_blocks_nobody(
    server: PostgresServer, monkeypatch: pytest.MonkeyPatch, is_network: bool
) -> None:
    """Whether nothing comes through, or the server's processes stand still."""
    monkeypatch.setattr("belvo_async.backends._postgres_driver.LIMIT", 1.0)
    async with Judge(login_seconds=0.3) as judge, Wire(server.port) as wire:
        dsn = f"postgresql://admin@127.0.0.1:{wire.port}/postgres"
        async with working(judge, [dsn] * 2) as crew:
            if is_network:
                wire.lose()
            else:
                server.send_signal(signal.SIGSTOP)
            lost_at = time.monotonic()
            await asyncio.sleep(3.0)  # real, as the servers' time is
            restored_at = time.monotonic()
            if is_network:
                wire.restore()
            else:
                server.send_signal(signal.SIGCONT)
            await crew.wait_for("updated", 20)
    check_promises(crew)
    assert crew.count("CoordinatorError", lost_at) > 0
    assert [entry.at for entry in list_since(judge.log, lost_at + LATE) if entry.at < restored_at] == []


async def test_a_server_that_becomes_read_only_is_told_and_nothing_is_sent(server: PostgresServer) -> None:
    async with Judge(login_seconds=0.3) as judge, working(judge, [server.dsn] * 2) as crew:
        await asyncio.to_thread(server.set, "default_transaction_read_only", "on")
        closed_at = time.monotonic()
        await crew.wait_for("CoordinatorError", 10)
        opened_at = time.monotonic()
        with psycopg.connect(server.dsn, autocommit=True) as connection:
            connection.execute("SET default_transaction_read_only = off")
            connection.execute("ALTER SYSTEM RESET default_transaction_read_only")
            connection.execute("SELECT pg_reload_conf()")
        await crew.wait_for("updated", 20)
    check_promises(crew)
    assert {one.said for one in crew.list_failed() if "is read-only" not in one.said} == set()
    assert [one.at for one in list_since(judge.log, closed_at + LATE) if one.at < opened_at] == []


async def test_a_user_who_may_no_longer_use_the_tables_is_told_at_once(server: PostgresServer) -> None:
    """A read waits for half a minute for a server that may be back, and not for one that refuses it."""
    server.execute(
        "CREATE ROLE shorn LOGIN",
        "GRANT USAGE ON SCHEMA belvo TO shorn",
        "GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA belvo TO shorn",
    )
    dsn = server.dsn.replace("admin", "shorn")
    async with Judge() as judge, open_pool(judge, dsn) as pool:
        await pool.links.get(name_link(0))
        server.execute("REVOKE ALL ON ALL TABLES IN SCHEMA belvo FROM shorn")
        async with asyncio.timeout(5.0):
            with pytest.raises(CoordinatorError, match="may not do"):
                await pool.links.get(name_link(0))
        assert len(judge.log) == 1


async def test_a_server_that_is_read_only_is_refused_as_it_is_opened(server: PostgresServer) -> None:
    server.set("default_transaction_read_only", "on")
    async with Judge() as judge:
        with pytest.raises(CoordinatorError, match="read-only") as refused:
            async with open_pool(judge, server.dsn):
                pass
    assert "target_session_attrs" in refused.value.remedy


async def test_connections_that_the_server_closes_under_load_lead_to_no_second_login(
    server: PostgresServer,
) -> None:
    async with Judge(login_seconds=0.3) as judge, working(judge, [server.dsn] * 2) as crew:
        for _ in range(40):
            await asyncio.to_thread(server.cut)
            await asyncio.sleep(0.05)  # real, as the server's time is
        await crew.wait_for("updated", 20)
    check_promises(crew)


async def test_a_pool_whose_connections_were_closed_while_idle_goes_on_without_an_error(
    server: PostgresServer,
) -> None:
    async with Judge() as judge, open_pool(judge, server.dsn) as pool:
        for number in range(4):
            calls = [LinkUpdate(name_link(link), password=f"{number}-{link}") for link in range(6)]
            await asyncio.gather(*(pool.links.update(call) for call in calls))
            await asyncio.sleep(0.3)  # real, as the server's time is: what was told last has been noted
            if number < 2:
                server.cut()
            else:
                server.stop()
                server.start()
    assert len(judge.logins) == 24


async def test_a_server_without_connections_left_is_told_by_those_who_get_none(
    server: PostgresServer,
) -> None:
    server.execute(
        "CREATE ROLE plain LOGIN CONNECTION LIMIT 6", "CREATE SCHEMA belvo_plain AUTHORIZATION plain"
    )
    dsn = server.dsn.replace("admin", "plain")
    hogs = [psycopg.connect(dsn) for _ in range(6)]
    async with Judge(login_seconds=0.1) as judge:
        with pytest.raises(ChallengeStoreError, match="no connection left"):
            async with PostgresBackend(dsn, schema="belvo_plain"):
                pass
        for hog in hogs[3:]:
            hog.close()
        backends = [PostgresBackend(dsn, schema="belvo_plain") for _ in range(2)]
        async with working(judge, backends) as crew:
            await crew.wait_for("updated", 20)
        for hog in hogs:
            hog.close()
    check_promises(crew)


async def test_a_neighbouring_version_beside_this_one_is_served(server: PostgresServer) -> None:
    """Deploys roll: for a while each reads what the other has written."""
    neighbour = NextVersion(PostgresBackend(server.dsn))
    async with Judge(login_seconds=0.1) as judge, working(judge, [server.dsn, neighbour]) as crew:
        await crew.wait_for("updated", 40)
    check_promises(crew)
    assert crew.list_failed() == []
