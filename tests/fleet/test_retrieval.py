"""A fleet that retrieves data: each link one login, its rows kept before the ledger says so."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from typing import Any

import pytest

from belvo_async import Credentials, LinkUpdate, SessionPool, bulk, fleet
from belvo_async.backends import SqliteBackend, read_jobs
from belvo_async.errors import (
    ConfigurationError,
    InvalidValueError,
    LedgerMismatchError,
    OutputError,
)
from belvo_async.models.accounts import Account
from belvo_async.sandbox import Fault, FaultKind, Sandbox, SandboxOptions
from belvo_async.testing import ManualClock

JOB = "november"
Kept = dict[str, Sequence[Account]]


@pytest.fixture
async def sandbox() -> AsyncIterator[Sandbox]:
    options = SandboxOptions(login_seconds=2.0)
    async with Sandbox(clock=ManualClock(automatic=True), options=options) as sandbox:
        yield sandbox


@pytest.fixture
async def pool(sandbox: Sandbox, tmp_path: Any) -> AsyncIterator[SessionPool]:
    keys = Credentials(sandbox.secret_id, sandbox.secret_password)
    backend = SqliteBackend(tmp_path / "belvo.sqlite")
    async with (
        backend,
        SessionPool(keys, environment=sandbox.url, clock=sandbox.clock, backend=backend) as pool,
    ):
        yield pool


@pytest.fixture
def kept() -> Kept:
    return {}


@pytest.fixture
def accounts(kept: Kept) -> fleet.Retrieval:
    async def keep(link_id: str, rows: Sequence[Account]) -> None:
        assert link_id not in kept
        kept[link_id] = rows

    return fleet.Retrieval("accounts", keep)


def read_vault(link_id: str) -> LinkUpdate:
    return LinkUpdate(link_id, password="new")


async def test_each_link_is_retrieved_once_however_often_it_is_advanced(
    sandbox: Sandbox, pool: SessionPool, accounts: fleet.Retrieval, kept: Kept
) -> None:
    links = [sandbox.add_link() for _ in range(3)]
    admitted = [
        link async for batch in fleet.admit(pool, links, job=JOB, retrieval=accounts) for link in batch
    ]
    for link in (*admitted, *admitted):
        step = await fleet.advance(pool, job=JOB, link_id=link, retrieval=accounts)
        assert isinstance(step, fleet.Ended)
        assert step.state == "retrieved"
    assert kept.keys() == set(links)
    assert all(kept.values())
    assert sandbox.logins() == 3


async def test_a_challenge_is_answered_and_its_rows_are_kept(
    sandbox: Sandbox, pool: SessionPool, accounts: fleet.Retrieval, kept: Kept
) -> None:
    link = sandbox.add_link(institution="heimdall_mx_retail", username="mfa_numeric")
    step = await fleet.advance(pool, job=JOB, link_id=link, retrieval=accounts)
    assert isinstance(step, fleet.NeedsToken)
    step = await fleet.advance(pool, job=JOB, link_id=link, retrieval=accounts, token="111111")
    assert isinstance(step, fleet.Ended)
    assert (step.state, list(kept)) == ("retrieved", [link])


async def test_a_lost_response_is_unsettled_and_retried_for_a_person_who_asks(
    sandbox: Sandbox, pool: SessionPool, accounts: fleet.Retrieval, kept: Kept
) -> None:
    link = sandbox.add_link()
    sandbox.faults.add(Fault(kind=FaultKind.RESET_AFTER, method="POST", times=1))
    step = await fleet.advance(pool, job=JOB, link_id=link, retrieval=accounts)
    assert isinstance(step, fleet.Ended)
    assert (step.state, step.code, kept) == ("unsettled", "OutcomeUnknownError", {})
    await pool.clock.sleep(331)
    assert [batch async for batch in fleet.retry(pool, job=JOB, states=["unsettled"])] == [[link]]
    step = await fleet.advance(pool, job=JOB, link_id=link, retrieval=accounts)
    assert isinstance(step, fleet.Ended)
    assert (step.state, list(kept)) == ("retrieved", [link])


async def test_an_output_that_raises_leaves_its_link_unsettled(sandbox: Sandbox, pool: SessionPool) -> None:
    def keep(*_: object) -> None:
        raise OSError("no space left")

    link = sandbox.add_link()
    retrieval = fleet.Retrieval("accounts", keep)
    with pytest.raises(OutputError, match="output raised OSError"):
        await fleet.advance(pool, job=JOB, link_id=link, retrieval=retrieval)
    step = await fleet.advance(pool, job=JOB, link_id=link, retrieval=retrieval)
    assert isinstance(step, fleet.Ended)
    assert (step.state, step.code) == ("unsettled", "OutputError")


async def test_a_second_call_does_not_give_up_a_login_whose_rows_are_being_kept(
    sandbox: Sandbox, pool: SessionPool
) -> None:
    begun, ended = asyncio.Event(), asyncio.Event()

    async def keep(*_: object) -> None:
        begun.set()
        await ended.wait()

    link, retrieval = sandbox.add_link(), fleet.Retrieval("accounts", keep)
    first = asyncio.create_task(fleet.advance(pool, job=JOB, link_id=link, retrieval=retrieval))
    await begun.wait()
    second = await fleet.advance(pool, job=JOB, link_id=link, retrieval=retrieval)
    ended.set()
    assert isinstance(second, fleet.CheckLater)
    step = await first
    assert isinstance(step, fleet.Ended)
    assert step.state == "retrieved"
    assert sandbox.logins() == 1


async def test_a_job_that_is_for_something_else_is_refused(
    sandbox: Sandbox, pool: SessionPool, accounts: fleet.Retrieval
) -> None:
    link, other = sandbox.add_link(), sandbox.add_link()
    await fleet.advance(pool, job=JOB, link_id=link, retrieval=accounts)
    calls: tuple[dict[str, Any], ...] = (
        {"credentials": read_vault},
        {"retrieval": fleet.Retrieval("owners", print)},
        {"retrieval": fleet.Retrieval("accounts", print, save_data=False)},
    )
    for call in calls:
        with pytest.raises(LedgerMismatchError, match="was begun to retrieve /api/accounts/, not to"):
            await fleet.advance(pool, job=JOB, link_id=other, **call)
    with pytest.raises(LedgerMismatchError):
        await anext(fleet.admit(pool, [other], job=JOB))
    with pytest.raises(LedgerMismatchError):
        await fleet.advance(pool, job=JOB, link_id=link, credentials=read_vault)
    assert sandbox.logins(other) == 0
    (job,) = await read_jobs(pool.backend, JOB, clock=pool.clock)
    assert sum(job.counts.by_state.values()) == 1  # the other was not taken in


async def test_a_job_that_a_bulk_run_has_begun_goes_on_as_a_fleet(
    sandbox: Sandbox, pool: SessionPool, accounts: fleet.Retrieval, kept: Kept
) -> None:
    first, second = sandbox.add_link(), sandbox.add_link()

    async def keep(link_id: str, rows: Sequence[Account]) -> None:
        kept[link_id] = rows

    async with bulk.retrieve(pool.accounts, [first], output=keep, job=JOB) as run:
        await run.finish()
    for link in (first, second):
        step = await fleet.advance(pool, job=JOB, link_id=link, retrieval=accounts)
        assert isinstance(step, fleet.Ended)
        assert step.state == "retrieved"
    assert list(kept) == [first, second]
    assert sandbox.logins() == 2


async def test_wrong_arguments_are_named_before_anything_is_sent(
    sandbox: Sandbox, pool: SessionPool, accounts: fleet.Retrieval
) -> None:
    link = sandbox.add_link()
    for wrong in (None, "pool", pool.links):
        with pytest.raises(ConfigurationError, match="pool"):
            await fleet.advance(wrong, job=JOB, link_id=link, retrieval=accounts)  # type: ignore[arg-type]
        with pytest.raises(ConfigurationError, match="pool"):
            await anext(fleet.admit(wrong, [link], job=JOB, retrieval=accounts))  # type: ignore[arg-type]
    for call in ({}, {"credentials": read_vault, "retrieval": accounts}):
        with pytest.raises(ConfigurationError, match="either updated or retrieved"):
            await fleet.advance(pool, job=JOB, link_id=link, **call)  # type: ignore[arg-type]
    for resource in ("transaction", "consents", "links", "close()"):
        with pytest.raises(InvalidValueError, match="resource"):
            await fleet.advance(pool, job=JOB, link_id=link, retrieval=fleet.Retrieval(resource, print))
    with pytest.raises(InvalidValueError, match="date_from"):
        await fleet.advance(pool, job=JOB, link_id=link, retrieval=fleet.Retrieval("transactions", print))
    with pytest.raises(InvalidValueError, match="retrieval is str"):
        await fleet.advance(pool, job=JOB, link_id=link, retrieval="accounts")  # type: ignore[arg-type]
    with pytest.raises(InvalidValueError, match="resource is int"):
        fleet.Retrieval(7, print)  # type: ignore[arg-type]
    with pytest.raises(InvalidValueError, match="output"):
        fleet.Retrieval("accounts", "rows.jsonl")  # type: ignore[arg-type]
    assert sandbox.log == []
