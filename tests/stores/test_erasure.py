"""What is kept of a link is erased, unless it keeps a login from being repeated."""

from collections.abc import AsyncIterator, Callable
from datetime import UTC, datetime
from pathlib import Path
from uuid import uuid4

import psycopg
import pytest
from attrs import evolve

from belvo_async import LinkUpdate, SessionPool, bulk
from belvo_async.backends import JobKey, LinkState, RedisBackend, SqliteBackend
from belvo_async.errors import (
    InvalidValueError,
    LedgerBusyError,
    LinkBusyError,
    TokenRequiredError,
    UnknownTicketError,
)
from belvo_async.resources import Erased
from belvo_async.sandbox import Sandbox
from tests.bulk.conftest import add_updates, bank, open_pool
from tests.stores.machines import OwnBackend, backend, where
from tests.stores.postgres import PostgresServer

__all__ = ["backend", "bank", "where"]

JOB, REFERENCE = "night", "user-4711"


@pytest.fixture
async def pool(bank: Sandbox, backend: OwnBackend) -> AsyncIterator[SessionPool]:
    async with open_pool(bank, backend=backend) as pool:
        yield pool


async def park(pool: SessionPool, bank: Sandbox, reference: str | None = REFERENCE) -> tuple[str, str]:
    """Return a link whose challenge is parked, and the ticket."""
    (update,) = add_updates(bank, 1, "mfa_numeric", "heimdall_mx_retail")
    with pytest.raises(TokenRequiredError) as required:
        await pool.links.update(update)
    return update.link_id, await pool.challenges.park(required.value.state, reference=reference)


async def refresh(pool: SessionPool, *updates: LinkUpdate) -> None:
    async with bulk.refresh(pool, updates, job=JOB) as run:
        await run.finish()


def read_all(backend: OwnBackend, server: PostgresServer) -> str:
    """Return all that a backend keeps, free pages of a file included; the holds on links aside."""
    if isinstance(backend, SqliteBackend):
        return Path(backend.path).read_bytes().decode("latin-1")
    tables = (
        "SELECT format('%I.%I', table_schema, table_name) FROM information_schema.tables "
        "WHERE table_schema LIKE 'belvo%' AND table_name IN ('challenges', 'jobs', 'links')"
    )
    with psycopg.connect(server.dsn) as connection:
        names = [name for (name,) in connection.execute(tables).fetchall()]
        assert names
        rows = [row for name in names for row in connection.execute(f"TABLE {name}".encode()).fetchall()]
    return "\n".join(map(str, rows))


async def test_nothing_of_an_erased_link_is_left_and_others_stay(
    bank: Sandbox, pool: SessionPool, backend: OwnBackend, postgres: PostgresServer
) -> None:
    updates = add_updates(bank, 3)
    await refresh(pool, *updates)
    reference = uuid4().hex  # the server keeps the schemas of the tests before this one
    link_id, ticket = await park(pool, bank, reference)
    await pool.challenges.decline(ticket)
    assert await pool.erase(link_id) == Erased(links=(link_id,), rows=0, challenges=1)
    gone = updates[0].link_id
    assert await pool.erase(gone) == Erased(links=(gone,), rows=1, challenges=0)
    left = read_all(backend, postgres)
    for erased in (link_id, ticket, reference, gone):
        assert erased not in left
    assert updates[1].link_id in left
    with pytest.raises(UnknownTicketError):
        await pool.challenges.get(ticket)
    assert await pool.erase(gone) == Erased(links=(gone,), rows=0, challenges=0)


async def test_a_person_is_erased_by_reference(bank: Sandbox, pool: SessionPool) -> None:
    found = [await park(pool, bank) for _ in range(2)]
    other, ticket = await park(pool, bank, "user-1")
    for _, own in found:
        await pool.challenges.resume(own, "111111")
    erased = await pool.erase(reference=REFERENCE)
    assert (set(erased.links), erased.challenges) == ({link_id for link_id, _ in found}, 2)
    assert (await pool.challenges.get(ticket)).link_id == other
    assert await pool.erase(reference=REFERENCE) == Erased(links=(), rows=0, challenges=0)


async def test_a_challenge_that_waits_is_not_erased(bank: Sandbox, pool: SessionPool) -> None:
    link_id, ticket = await park(pool, bank)
    with pytest.raises(LinkBusyError, match="nothing of the link was erased"):
        await pool.erase(link_id)
    await pool.challenges.resume(ticket, "111111")
    assert (await pool.erase(link_id)).challenges == 1


@pytest.mark.parametrize("state", [LinkState.SUBMITTED, LinkState.CHALLENGED, LinkState.ANSWERED])
async def test_what_keeps_a_login_from_being_repeated_is_not_erased(
    bank: Sandbox, pool: SessionPool, backend: OwnBackend, state: LinkState
) -> None:
    """Its worker was killed, and an engine that carries out its task again would log in once more."""
    (update,) = add_updates(bank, 1)
    await refresh(pool, update)
    ledger, key = backend.ledger, JobKey(pool.identity.digest, JOB)
    row = (await ledger.read(key, [update.link_id]))[update.link_id]
    left = evolve(row, state=state, version=row.version + 1, submitted_at=datetime.now(UTC), ticket="t" * 32)
    assert await ledger.replace(key, left)
    with pytest.raises(LedgerBusyError, match="night has a login of the link that is not settled"):
        await pool.erase(update.link_id)
    assert (await ledger.read(key, [update.link_id]))[update.link_id].state is state


async def test_a_link_that_another_process_logs_in_at_is_not_erased(
    bank: Sandbox, pool: SessionPool, where: Callable[[], OwnBackend]
) -> None:
    link_id = bank.add_link()
    async with (
        where() as same,
        open_pool(bank, backend=same) as other,
        pool._logins.memory.locks.hold(link_id),
    ):
        with pytest.raises(LinkBusyError):
            await other.erase(link_id)


async def test_challenges_in_redis_are_erased_too(bank: Sandbox, redis_url: str) -> None:
    async with RedisBackend(redis_url, prefix="erased") as shared, open_pool(bank, backend=shared) as pool:
        await shared.init()
        link_id, ticket = await park(pool, bank)
        await pool.challenges.decline(ticket)
        assert await pool.erase(reference=REFERENCE) == Erased(links=(link_id,), rows=0, challenges=1)
        with pytest.raises(UnknownTicketError):
            await pool.challenges.get(ticket)


@pytest.mark.parametrize("wrong", [{}, {"link_id": "mine"}, {"link_id": "a", "reference": "b"}], ids=str)
async def test_what_to_erase_has_to_be_named(pool: SessionPool, wrong: dict[str, str]) -> None:
    with pytest.raises(InvalidValueError, match="link_id"):
        await pool.erase(**wrong)
