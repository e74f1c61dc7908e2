"""`advance`: one link, one step, by anybody, at any time."""

import asyncio
from datetime import timedelta
from typing import Any, TypeVar
from uuid import uuid4

import psycopg
import pytest
from attrs import evolve

from belvo_async import Credentials, LinkUpdate, RetryPolicy, SessionPool, bulk
from belvo_async.backends import JobKey, LinkRow, LinkState, OutputEnd, PostgresBackend, RedisBackend
from belvo_async.errors import (
    ConfigurationError,
    InvalidTokenError,
    InvalidValueError,
    LedgerError,
    LedgerWriteError,
    NotSentError,
    SourceError,
)
from belvo_async.fleet import CheckLater, Ended, NeedsToken, NextStep, advance, pause, resume
from belvo_async.models import ChallengePhase
from belvo_async.sandbox import Fault, Sandbox
from belvo_async.telemetry import AbandonedLoginEnded, Observation
from belvo_async.testing import ManualClock
from tests.bulk.conftest import wait_until
from tests.fleet.conftest import (
    HEIMDALL,
    JOB,
    add_links,
    count_puts,
    open_pool,
    read_row,
    read_vault,
)
from tests.stores.postgres import PostgresServer


def read_wrong(link_id: str) -> LinkUpdate:
    return LinkUpdate(link_id, password="pass_invalid")


K = TypeVar("K", bound=NextStep)
TOKEN = "111111"


async def step(pool: SessionPool, link_id: str, kind: type[K], **more: Any) -> K:
    found = await advance(pool, job=JOB, link_id=link_id, **{"credentials": read_vault, **more})
    assert isinstance(found, kind), found
    return found


async def leave(pool: SessionPool, link_id: str, state: LinkState, **cells: Any) -> LinkRow:
    """Write what a worker that has died has left."""
    ledger = pool.backend.ledger
    assert ledger is not None
    key, now = JobKey(pool.identity.digest, JOB), pool.clock.wall()
    await ledger.begin(key, environment=pool.identity.environment, at=now)
    (row,) = await ledger.admit(key, 1, [(link_id, None)], at=now)
    left = evolve(row, version=2, state=state, at=now, submitted_at=now, logins=1, **cells)
    assert await ledger.replace(key, left)
    return left


async def ask(pool: SessionPool, bank: Sandbox) -> tuple[str, NeedsToken]:
    """Bring a link to where its institution asks for a token."""
    (link_id,) = add_links(bank, 1, "mfa_numeric", HEIMDALL)
    return link_id, await step(pool, link_id, NeedsToken)


async def test_a_link_is_logged_in_once_however_often_it_is_called(bank: Sandbox, pool: SessionPool) -> None:
    (link_id,) = add_links(bank)
    for _ in range(3):
        ended = await step(pool, link_id, Ended)
        assert (ended.state, ended.code, ended.link_id) == (LinkState.UPDATED, None, link_id)
    assert count_puts(bank) == 1


async def test_many_calls_at_once_on_two_machines_send_one_login(
    bank: Sandbox, pool: SessionPool, other_pool: SessionPool
) -> None:
    links = add_links(bank, 5)
    bank.faults.add(Fault(kind="latency", seconds=0.2, method="PUT"))
    calls = [
        advance(machine, job=JOB, link_id=link_id, credentials=read_vault)
        for link_id in links
        for machine in (pool, other_pool) * 4
    ]
    steps = await asyncio.gather(*calls)
    assert {type(found) for found in steps} <= {Ended, CheckLater}
    for link_id in links:
        assert (await step(other_pool, link_id, Ended)).state is LinkState.UPDATED
    assert (count_puts(bank), bank.overlapping_logins) == (5, 0)


async def test_a_refused_login_ends_and_says_why(bank: Sandbox, pool: SessionPool) -> None:
    (link_id,) = add_links(bank)
    for _ in range(2):
        ended = await step(pool, link_id, Ended, credentials=read_wrong)
        assert (ended.state, ended.code, ended.may_retry) == (LinkState.REFUSED, "login_error", False)
        assert ended.message
    assert count_puts(bank) == 1


async def test_a_question_holds_nothing_and_its_token_ends_the_link(bank: Sandbox, pool: SessionPool) -> None:
    link_id, needs = await ask(pool, bank)
    assert (needs.link_id, needs.challenge.link_id) == (link_id, link_id)
    assert needs.expires_at > pool.clock.wall()
    again = await step(pool, link_id, NeedsToken)
    assert again.ticket == needs.ticket
    assert (await step(pool, link_id, Ended, token=TOKEN)).state is LinkState.UPDATED
    assert (await step(pool, link_id, Ended, token=TOKEN)).state is LinkState.UPDATED
    assert count_puts(bank) == 1


async def test_a_token_that_two_machines_have_is_sent_once(
    bank: Sandbox, pool: SessionPool, other_pool: SessionPool
) -> None:
    link_id, _ = await ask(pool, bank)
    bank.faults.add(Fault(kind="latency", seconds=0.2, method="PATCH"))
    await asyncio.gather(
        *(
            advance(machine, job=JOB, link_id=link_id, credentials=read_vault, token=TOKEN)
            for machine in (pool, other_pool) * 3
        )
    )
    assert (await step(pool, link_id, Ended)).state is LinkState.UPDATED
    assert sum(entry.method == "PATCH" for entry in bank.log) == 1


async def test_an_answer_by_the_ticket_is_found(
    bank: Sandbox, pool: SessionPool, other_pool: SessionPool
) -> None:
    link_id, needs = await ask(pool, bank)
    await other_pool.challenges.resume(needs.ticket, token=TOKEN)
    assert (await step(pool, link_id, Ended)).state is LinkState.UPDATED
    assert count_puts(bank) == 1


async def test_a_declined_challenge_ends_the_link(bank: Sandbox, pool: SessionPool) -> None:
    link_id, needs = await ask(pool, bank)
    await pool.challenges.decline(needs.ticket)
    ended = await step(pool, link_id, Ended)
    assert (ended.state, ended.code, ended.may_retry) == (LinkState.REFUSED, "ChallengeDeclinedError", True)


async def test_a_challenge_whose_time_is_over_ends_the_link(
    bank: Sandbox, backend: Any, clock: ManualClock
) -> None:
    async with open_pool(bank, backend=backend, clock=clock) as pool:
        link_id, needs = await ask(pool, bank)
        await clock.advance((needs.expires_at - clock.wall() + timedelta(seconds=1)).total_seconds())
        ended = await step(pool, link_id, Ended)
    assert (ended.state, ended.code, ended.may_retry) == (LinkState.REFUSED, "ChallengeExpiredError", True)
    assert count_puts(bank) == 1


async def test_a_second_question_keeps_the_first_token_from_being_sent_again(
    bank: Sandbox, pool: SessionPool, other_pool: SessionPool
) -> None:
    (link_id,) = add_links(bank, 1, "x_mfa_two_step", HEIMDALL)
    needs = await step(pool, link_id, NeedsToken)
    first = {"token": TOKEN, "request_id": needs.challenge.request_id}
    again = await step(pool, link_id, NeedsToken, **first)
    assert again.challenge.request_id != needs.challenge.request_id
    assert await step(other_pool, link_id, NeedsToken, **first) == again
    assert bank.tokens(link_id) == [TOKEN]
    second = {"token": TOKEN, "request_id": again.challenge.request_id}
    assert (await step(pool, link_id, Ended, **second)).state is LinkState.UPDATED


@pytest.mark.parametrize("token", ["", "  ", "\x07", "1" * 2000])
async def test_what_can_be_no_token_is_told_and_the_question_stays_open(
    bank: Sandbox, pool: SessionPool, token: str
) -> None:
    link_id, needs = await ask(pool, bank)
    with pytest.raises(InvalidTokenError):
        await step(pool, link_id, Ended, token=token)
    assert (await pool.challenges.get(needs.ticket)).phase is ChallengePhase.OPEN
    assert (await step(pool, link_id, Ended, token=TOKEN)).state is LinkState.UPDATED


async def test_a_token_without_a_question_sends_nothing(bank: Sandbox, pool: SessionPool) -> None:
    (link_id,) = add_links(bank)
    with pytest.raises(InvalidValueError, match="has no challenge to answer") as caught:
        await step(pool, link_id, Ended, token=TOKEN)
    assert (caught.value.field, TOKEN in str(caught.value)) == ("token", False)
    assert count_puts(bank) == 0


@pytest.mark.parametrize("state", [LinkState.SUBMITTED, LinkState.ANSWERED])
async def test_a_login_whose_worker_has_died_is_looked_at_and_never_sent_again(
    sandbox: Sandbox, backend: Any, clock: ManualClock, state: LinkState
) -> None:
    (link_id,) = add_links(sandbox)
    async with open_pool(sandbox, backend=backend, clock=clock) as pool:
        await leave(pool, link_id, state)
        later = await step(pool, link_id, CheckLater)
        assert 0 < later.seconds <= 330.0
        await clock.advance(331.0)
        ended = await step(pool, link_id, Ended)
    assert (ended.state, ended.code) == (LinkState.UNSETTLED, "OutcomeUnknownError")
    assert count_puts(sandbox) == 0


@pytest.mark.parametrize("hours", [-1, 1])
async def test_a_worker_whose_clock_is_an_hour_off_goes_by_that_of_belvo(
    bank: Sandbox, backend: Any, pool: SessionPool, hours: int
) -> None:
    (link_id,) = add_links(bank)
    await leave(pool, link_id, LinkState.SUBMITTED)
    off = ManualClock(start=pool.clock.wall() + timedelta(hours=hours))
    async with open_pool(bank, backend=backend, clock=off) as wrong:
        later = await step(wrong, link_id, CheckLater)
        assert 3.0 <= later.seconds <= 60.0
    assert (await read_row(pool, link_id)).state is LinkState.SUBMITTED


async def test_a_success_that_could_not_be_written_down_is_found_by_the_worker_that_heard_it(
    bank: Sandbox, pool: SessionPool, monkeypatch: pytest.MonkeyPatch
) -> None:
    (link_id,) = add_links(bank)
    ledger: Any = pool.backend.ledger
    replace, writes = ledger.replace, iter((True, False))

    async def fail_once(key: JobKey, row: LinkRow, *, output_end: OutputEnd | None) -> bool:
        if next(writes, True):
            return bool(await replace(key, row, output_end=output_end))
        raise LedgerWriteError("PostgreSQL is starting.", remedy="Try again when it runs.")

    monkeypatch.setattr(ledger, "replace", fail_once)
    with pytest.raises(LedgerWriteError):
        await advance(pool, job=JOB, link_id=link_id, credentials=read_vault)
    assert (await step(pool, link_id, Ended)).state is LinkState.UPDATED
    assert count_puts(bank) == 1


async def test_a_login_whose_worker_has_died_and_that_succeeded_is_found(
    bank: Sandbox, pool: SessionPool
) -> None:
    (link_id,) = add_links(bank)
    await leave(pool, link_id, LinkState.SUBMITTED)
    async with open_pool(bank) as stranger:
        await stranger.links.update(read_vault(link_id))
    ended = await step(pool, link_id, Ended)
    assert (ended.state, count_puts(bank)) == (LinkState.UPDATED, 1)


async def test_a_question_whose_worker_died_before_it_was_noted_is_found(
    bank: Sandbox, pool: SessionPool
) -> None:
    link_id, needs = await ask(pool, bank)
    row = await read_row(pool, link_id)
    ledger = pool.backend.ledger
    assert ledger is not None
    lost = evolve(row, version=row.version + 1, state=LinkState.SUBMITTED, ticket=None, expires_at=None)
    lost = evolve(lost, at=lost.at - timedelta(seconds=5))
    assert await ledger.replace(JobKey(pool.identity.digest, JOB), lost)
    assert (await step(pool, link_id, NeedsToken)).ticket == needs.ticket
    assert (await step(pool, link_id, Ended, token=TOKEN)).state is LinkState.UPDATED
    assert count_puts(bank) == 1


async def test_a_link_that_another_login_holds_is_checked_later_and_nobody_waits(
    bank: Sandbox, pool: SessionPool, other_pool: SessionPool
) -> None:
    (link_id,) = add_links(bank)
    bank.faults.add(Fault(kind="latency", seconds=1.0, method="PUT"))
    login = asyncio.create_task(other_pool.links.update(LinkUpdate(link_id, password="another")))
    await wait_until(lambda: count_puts(bank) == 1)
    later = await step(pool, link_id, CheckLater)
    assert 0 < later.seconds <= 60.0
    assert (await read_row(pool, link_id)).state is LinkState.QUEUED
    await login
    assert (await step(pool, link_id, Ended)).state is LinkState.UPDATED
    assert (count_puts(bank), bank.overlapping_logins) == (2, 0)


async def test_an_open_question_of_an_equal_login_is_taken_over(
    bank: Sandbox, pool: SessionPool, other_pool: SessionPool
) -> None:
    (link_id,) = add_links(bank, 1, "mfa_numeric", HEIMDALL)
    outcomes = []
    async with bulk.refresh(other_pool, [read_vault(link_id)]) as run:
        outcomes = [outcome async for outcome in run]
    (parked,) = outcomes
    assert isinstance(parked, bulk.Parked)
    assert (await step(pool, link_id, NeedsToken)).ticket == parked.ticket
    assert count_puts(bank) == 1


async def test_a_paused_job_begins_no_login_and_answers_what_is_open(
    bank: Sandbox, pool: SessionPool
) -> None:
    (link_id,) = add_links(bank)
    asked, _ = await ask(pool, bank)
    await pause(pool, job=JOB)
    assert (await step(pool, link_id, CheckLater)).seconds == 60.0
    assert (await step(pool, asked, Ended, token=TOKEN)).state is LinkState.UPDATED
    await resume(pool, job=JOB)
    assert (await step(pool, link_id, Ended)).state is LinkState.UPDATED


async def test_where_belvo_cannot_be_reached_the_link_is_as_it_was(
    backend: Any,
) -> None:
    keys, link_id = Credentials("id", "password"), "30cb4806-6e00-48a4-91c9-ca55968576ca"
    nowhere = "http://127.0.0.1:1"
    async with SessionPool(keys, environment=nowhere, backend=backend, retry=RetryPolicy.never()) as pool:
        with pytest.raises(NotSentError):
            await step(pool, link_id, Ended)
        assert (await read_row(pool, link_id)).state is LinkState.QUEUED


async def test_a_look_that_never_left_ends_no_link_in_doubt(backend: Any) -> None:
    """A worker without a network would end all links of a dead one as unsettled."""
    keys, link_id = Credentials("id", "password"), "30cb4806-6e00-48a4-91c9-ca55968576ca"
    nowhere = "http://127.0.0.1:1"
    async with SessionPool(keys, environment=nowhere, backend=backend, retry=RetryPolicy.never()) as pool:
        await leave(pool, link_id, LinkState.SUBMITTED)
        with pytest.raises(NotSentError):
            await step(pool, link_id, Ended, login_limit=0.001)
        assert (await read_row(pool, link_id)).state is LinkState.SUBMITTED


async def test_a_first_use_without_init_waits_and_tells_of_no_login(
    bank: Sandbox, postgres: PostgresServer
) -> None:
    (link_id,) = add_links(bank)
    told: list[Observation] = []
    async with (
        PostgresBackend(postgres.dsn, schema=f"belvo_{uuid4().hex}") as backend,
        open_pool(bank, backend=backend, observer=told.append) as pool,
    ):
        await step(pool, link_id, CheckLater)
    assert count_puts(bank) == 0
    assert not [event for event in told if isinstance(event, AbandonedLoginEnded)]


async def test_a_backend_that_has_lost_its_tables_is_told_at_once_with_the_command_to_run(
    bank: Sandbox, postgres: PostgresServer
) -> None:
    (link_id,) = add_links(bank)
    schema = f"belvo_{uuid4().hex}"
    async with (
        PostgresBackend(postgres.dsn, schema=schema) as backend,
        open_pool(bank, backend=backend) as pool,
    ):
        await backend.init()
        with psycopg.connect(postgres.dsn, autocommit=True) as connection:
            connection.execute(f"DROP SCHEMA {schema} CASCADE".encode())
        with pytest.raises(LedgerError, match="lost its tables") as caught:
            await step(pool, link_id, Ended)
    assert "belvo-async backend init" in caught.value.remedy
    assert count_puts(bank) == 0


async def test_credentials_of_another_link_are_refused_and_the_row_says_why(
    bank: Sandbox, pool: SessionPool
) -> None:
    link_id, other = add_links(bank, 2)
    ended = await step(pool, link_id, Ended, credentials=lambda _: LinkUpdate(other, password="new"))
    row = await read_row(pool, link_id)
    assert (ended.state, row.state, row.code) == (LinkState.REFUSED, LinkState.REFUSED, ended.code)
    assert "credentials" in (row.message or "")
    assert other not in (row.message or "")
    assert count_puts(bank) == 0


async def test_credentials_that_raise_leave_the_link_as_it_was(bank: Sandbox, pool: SessionPool) -> None:
    (link_id,) = add_links(bank)

    def fail(_: str) -> LinkUpdate:
        raise OSError("no vault")

    with pytest.raises(SourceError, match="credentials raised OSError"):
        await step(pool, link_id, Ended, credentials=fail)
    assert ((await read_row(pool, link_id)).state, count_puts(bank)) == (LinkState.QUEUED, 0)


async def test_a_job_begun_in_bulk_goes_on_as_a_fleet_and_the_other_way_round(
    bank: Sandbox, pool: SessionPool
) -> None:
    links = add_links(bank, 4)
    limits = bulk.JobLimits()
    async with bulk.refresh(pool, links[:2], credentials=read_vault, job=JOB, limits=limits) as run:
        await run.finish()
    for link_id in links[:3]:
        assert (await step(pool, link_id, Ended)).state is LinkState.UPDATED
    async with bulk.refresh(pool, links, credentials=read_vault, job=JOB) as run:
        report = await run.finish()
    assert (report.updated, report.skipped, count_puts(bank)) == (4, 3, 4)


async def test_a_backend_without_jobs_is_told(bank: Sandbox) -> None:
    async with open_pool(bank, backend=RedisBackend("redis://127.0.0.1:1")) as pool:
        with pytest.raises(ConfigurationError, match="keeps no jobs"):
            await advance(pool, job=JOB, link_id=add_links(bank)[0], credentials=read_vault)


@pytest.mark.parametrize(
    ("more", "field"),
    [({"link_id": "x"}, "link_id"), ({"job": ""}, "job"), ({"credentials": 7}, "credentials")],
)
async def test_a_wrong_argument_is_named(
    bank: Sandbox, pool: SessionPool, more: dict[str, Any], field: str
) -> None:
    (link_id,) = add_links(bank)
    arguments: dict[str, Any] = {"job": JOB, "link_id": link_id, "credentials": read_vault, **more}
    with pytest.raises(InvalidValueError) as caught:
        await advance(pool, **arguments)
    assert caught.value.field == field
    assert count_puts(bank) == 0
