"""Somebody else answers a challenge of a job: its link is told as it is, and nobody logs in meanwhile."""

import sqlite3
from collections.abc import Awaitable, Callable
from contextlib import closing
from datetime import datetime
from pathlib import Path
from typing import Final

import pytest

from belvo_async import Challenge, SessionPool
from belvo_async.backends import ChallengeRow, ChallengeStore, LinkState, MemoryBackend, MemoryChallengeStore
from belvo_async.bulk import NotUpdated, Outcome, Unsettled, Updated, list_links
from belvo_async.errors import (
    BelvoError,
    ChallengeStoreError,
    LoginFailedError,
    OutcomeUnknownError,
    SessionExpiredError,
)
from belvo_async.models import ChallengePhase
from belvo_async.sandbox import Fault, Sandbox
from belvo_async.testing import ManualClock
from tests.bulk.conftest import HEIMDALL, add_update, count_puts, only, open_pool, refresh_all
from tests.bulk.test_refresh_challenges import run_again, run_once
from tests.challenges.parked import become
from tests.challenges.stores import TroubledStore

TOKEN = "111111"
ReadLinks = Fault(kind="status", status=500, method="GET", path="/api/links")
"""Links cannot be read."""


async def answer(pool: SessionPool) -> None:
    (parked,) = await pool.challenges.list()
    await pool.challenges.resume(parked.ticket, TOKEN)


async def ask_and_answer_elsewhere(
    sandbox: Sandbox, sharing: SessionPool, other: SessionPool, then: Callable[[], Awaitable[str]]
) -> Outcome:
    """Run a job whose person is slower than somebody else."""

    async def ask(_: Challenge) -> str:
        await answer(other)
        return await then()

    update = add_update(sandbox, "mfa_numeric", HEIMDALL)
    (outcome,), _ = await refresh_all(sharing, [update], provide_token=ask)
    assert sandbox.tokens(update.link_id) == [TOKEN]
    return outcome


async def test_a_link_that_somebody_else_has_answered_for_is_updated_though_its_person_never_answers(
    sandbox: Sandbox, sharing: SessionPool, other: SessionPool, clock: ManualClock
) -> None:
    async def never() -> str:
        await clock.sleep(1e6)
        return TOKEN

    only(await ask_and_answer_elsewhere(sandbox, sharing, other, never), Updated)


@pytest.mark.parametrize("error", [LookupError, None])
async def test_a_link_that_somebody_else_has_answered_for_is_updated_though_its_callback_fails(
    sandbox: Sandbox, sharing: SessionPool, other: SessionPool, error: type[Exception] | None
) -> None:
    async def fail() -> str:
        if error is not None:
            raise error
        return ""

    only(await ask_and_answer_elsewhere(sandbox, sharing, other, fail), Updated)


async def test_a_link_that_cannot_be_read_after_somebody_else_has_answered_is_unsettled(
    sandbox: Sandbox, sharing: SessionPool, other: SessionPool
) -> None:
    async def go_dark() -> str:
        sandbox.faults.add(ReadLinks)
        return TOKEN

    only(await ask_and_answer_elsewhere(sandbox, sharing, other, go_dark), Unsettled)


async def test_a_link_that_was_updated_by_its_ticket_and_cannot_be_read_is_found_updated_later(
    sandbox: Sandbox, sharing: SessionPool, other: SessionPool, clock: ManualClock, tmp_path: Path
) -> None:
    update, journal = add_update(sandbox, "mfa_numeric", HEIMDALL), tmp_path / "journal"
    await run_once(sharing, update, journal)
    await clock.sleep(400.0)
    await answer(other)
    sandbox.faults.add(ReadLinks)
    only(await run_again(sharing, update, journal), Unsettled)
    sandbox.faults.clear()
    (outcome,), _ = await refresh_all(sharing, [update], journal=journal, retry="unsettled")
    only(outcome, Updated)
    assert count_puts(sandbox) == 1


async def test_no_login_is_sent_while_that_of_an_answer_of_somebody_else_may_run(
    sandbox: Sandbox,
    sharing: SessionPool,
    store: MemoryChallengeStore,
    clock: ManualClock,
    tmp_path: Path,
) -> None:
    """The job's own login is over for long."""
    update, journal = add_update(sandbox, "mfa_numeric", HEIMDALL), tmp_path / "journal"
    await run_once(sharing, update, journal)
    await clock.sleep(400.0)
    sandbox.faults.add(Fault(kind="reset_before", method="PATCH"))
    async with open_pool(sandbox, backend=MemoryBackend(store)) as killed:
        with pytest.raises(OutcomeUnknownError):
            await answer(killed)
    only(await run_again(sharing, update, journal), Unsettled)
    (outcome,), _ = await refresh_all(sharing, [update], journal=journal, retry="unsettled")
    assert "it may run for" in only(outcome, Unsettled).error.message
    assert count_puts(sandbox) == 1


def leave_answered(path: Path) -> None:
    """Write what a run has left that was killed once it had announced its answer."""
    with closing(sqlite3.connect(path)) as journal, journal:
        journal.execute("UPDATE links SET state = 'answered'")


def leave_submitted(path: Path) -> None:
    """Write what a run has left that was killed before it wrote the ticket of its challenge."""
    with closing(sqlite3.connect(path)) as journal, journal:
        journal.execute("UPDATE links SET state = 'submitted', at = submitted_at, ticket = NULL")


async def test_a_run_that_was_killed_before_it_wrote_that_a_token_was_refused_reads_so_in_the_store(
    sandbox: Sandbox, sharing: SessionPool, other: SessionPool, tmp_path: Path
) -> None:
    update, journal = add_update(sandbox, "mfa_numeric", HEIMDALL), tmp_path / "journal"
    await run_once(sharing, update, journal)
    sandbox.faults.add(Fault(kind="status", status=400, method="PATCH", reaches_bank=False))
    with pytest.raises(BelvoError):
        await answer(other)
    leave_answered(journal)
    (outcome,), _ = await refresh_all(sharing, [update], journal=journal)
    only(outcome, NotUpdated)
    assert count_puts(sandbox) == 1


@pytest.mark.parametrize("leave", [leave_answered, leave_submitted])
async def test_a_run_that_was_killed_looks_for_as_long_as_the_answer_of_somebody_else_may_run(
    sandbox: Sandbox,
    sharing: SessionPool,
    other: SessionPool,
    clock: ManualClock,
    tmp_path: Path,
    leave: Callable[[Path], None],
) -> None:
    """Somebody else has answered long after the last that this run had announced."""
    update, journal = add_update(sandbox, "mfa_numeric", HEIMDALL), tmp_path / "journal"
    ticket = await run_once(sharing, update, journal)
    leave(journal)
    await clock.sleep(400.0)
    sandbox.faults.add(Fault(kind="close_before", method="PATCH"))
    with pytest.raises(OutcomeUnknownError):
        await answer(other)
    sent_at = (await other.challenges.get(ticket)).answered_at
    (outcome,), _ = await refresh_all(sharing, [update], journal=journal)
    error = only(outcome, Unsettled).error
    assert isinstance(error, OutcomeUnknownError)
    assert error.sent_at == sent_at
    (record,) = list_links(journal, (LinkState.UNSETTLED,), limit=2)
    assert record.submitted_at == sent_at


class NotedStore(TroubledStore):
    """Notes whose phases are listed."""

    def __init__(self, store: ChallengeStore) -> None:
        super().__init__(store)
        self.listed: Final[set[ChallengePhase]] = set()

    async def list(
        self, owner: str, phase: ChallengePhase, *, after: datetime, limit: int
    ) -> list[ChallengeRow]:
        self.listed.add(phase)
        return await super().list(owner, phase, after=after, limit=limit)


async def test_after_a_kill_an_answer_of_somebody_else_is_found_by_its_link_and_not_among_all_answers(
    sandbox: Sandbox, sharing: SessionPool, store: MemoryChallengeStore, tmp_path: Path
) -> None:
    update, journal = add_update(sandbox, "mfa_numeric", HEIMDALL), tmp_path / "journal"
    ticket = await run_once(sharing, update, journal)
    leave_submitted(journal)
    sandbox.faults.add(Fault(kind="close_before", method="PATCH"))
    killed, noted = TroubledStore(store), NotedStore(store)
    killed.before = fail_to_write_the_end
    async with open_pool(sandbox, backend=MemoryBackend(killed)) as pool:
        with pytest.raises(BelvoError):
            await answer(pool)
    parked = await sharing.challenges.get(ticket)
    assert parked.phase is ChallengePhase.ANSWERED
    async with open_pool(sandbox, backend=MemoryBackend(noted)) as pool:
        (outcome,), _ = await refresh_all(pool, [update], journal=journal)
    error = only(outcome, Unsettled).error
    assert isinstance(error, OutcomeUnknownError)
    assert error.sent_at == parked.answered_at
    assert ChallengePhase.ANSWERED not in noted.listed
    assert count_puts(sandbox) == 1


async def fail_to_write_the_end(_: int, call: str) -> None:
    if call == "replace unsettled":
        raise ChallengeStoreError("The process is no more.")


async def test_credentials_that_a_bank_refused_after_the_answer_of_somebody_else_are_held_back(
    sandbox: Sandbox, sharing: SessionPool, other: SessionPool, tmp_path: Path
) -> None:
    update, journal = add_update(sandbox, "mfa_numeric", HEIMDALL), tmp_path / "journal"
    await run_once(sharing, update, journal)
    become(sandbox, update.link_id, "x_locked")
    with pytest.raises(LoginFailedError):
        await answer(other)
    assert not only(await run_again(sharing, update, journal), NotUpdated).may_retry
    _, report = await refresh_all(sharing, [update], journal=journal, retry="refused")
    assert (report.held_back, count_puts(sandbox)) == (1, 1)


async def test_a_link_whose_session_had_expired_when_somebody_else_answered_may_be_tried_again(
    sandbox: Sandbox, sharing: SessionPool, other: SessionPool, tmp_path: Path
) -> None:
    update, journal = add_update(sandbox, "x_mfa_expired", HEIMDALL), tmp_path / "journal"
    await run_once(sharing, update, journal)
    with pytest.raises(SessionExpiredError):
        await answer(other)
    refused = only(await run_again(sharing, update, journal), NotUpdated)
    assert (type(refused.error), refused.may_retry) == (SessionExpiredError, True)
