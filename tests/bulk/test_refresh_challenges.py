"""Challenges of a job: parked before anybody is asked, and answered by whoever comes first."""

import sqlite3
from contextlib import closing
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from belvo_async import Challenge, LinkUpdate, SessionPool
from belvo_async.backends import (
    ChallengeRow,
    LinkState,
    MemoryBackend,
    MemoryChallengeStore,
    SqliteChallengeStore,
)
from belvo_async.bulk import NotUpdated, Outcome, Parked, Unsettled, Updated, read_status, refresh
from belvo_async.errors import (
    BelvoError,
    ChallengeDeclinedError,
    ChallengeStoreError,
    OutcomeUnknownError,
)
from belvo_async.models import ChallengePhase, LinkStatus
from belvo_async.sandbox import Fault, Sandbox
from belvo_async.testing import ManualClock
from tests.bulk.conftest import (
    HEIMDALL,
    add_update,
    add_updates,
    count_puts,
    fail_with,
    only,
    open_pool,
    read_states,
    refresh_all,
)
from tests.challenges.parked import become
from tests.challenges.test_superseded import park_again
from tests.results import link_of


async def run_once(pool: SessionPool, update: LinkUpdate, journal: Path) -> str:
    """Run a job of one link that is parked; return its ticket."""
    outcomes, _ = await refresh_all(pool, [update], journal=journal)
    return only(outcomes[0], Parked).ticket


async def run_again(pool: SessionPool, update: LinkUpdate, journal: Path) -> Outcome:
    """Run the job again for what is parked."""
    settings: dict[str, Any] = {"journal": journal, "retry": {"parked"}}
    (outcome,), _ = await refresh_all(pool, [update], **settings)
    return outcome


async def test_one_file_may_be_the_journal_of_a_job_and_the_store_of_its_challenges(
    sandbox: Sandbox, tmp_path: Path
) -> None:
    path = tmp_path / "night.sqlite"
    updates = add_updates(sandbox, 5, "mfa_numeric", HEIMDALL)
    async with (
        SqliteChallengeStore(path) as mine,
        SqliteChallengeStore(path) as theirs,
        open_pool(sandbox, backend=MemoryBackend(mine)) as pool,
        open_pool(sandbox, backend=MemoryBackend(theirs)) as other,
    ):
        async with refresh(pool, updates, journal=path) as run:
            async for outcome in run:
                ticket = only(outcome, Parked).ticket
                await other.challenges.resume(ticket, "111111")
        outcomes, report = await refresh_all(pool, updates, journal=path, retry="parked")
    assert [type(outcome) for outcome in outcomes] == [Updated] * 5
    assert (report.updated, set(read_states(path).values())) == (5, {"updated"})


async def test_others_answer_a_challenge_while_the_job_runs(
    sandbox: Sandbox, sharing: SessionPool, other: SessionPool
) -> None:
    update = add_update(sandbox, "mfa_numeric", HEIMDALL)
    async with refresh(sharing, [update]) as run:
        parked = only(await anext(run), Parked)
        (listed,) = await other.challenges.list()
        assert (listed.ticket, listed.institution, listed.link_id) == (
            parked.ticket,
            HEIMDALL,
            update.link_id,
        )
        assert link_of(await other.challenges.resume(parked.ticket, "111111")).status is LinkStatus.VALID
    assert sandbox.tokens(update.link_id) == ["111111"]


async def test_a_later_run_collects_what_others_have_answered_without_a_login(
    sandbox: Sandbox, sharing: SessionPool, other: SessionPool, tmp_path: Path
) -> None:
    update, journal = add_update(sandbox, "mfa_numeric", HEIMDALL), tmp_path / "journal"
    await other.challenges.resume(await run_once(sharing, update, journal), "111111")
    logins = sandbox.logins(update.link_id)
    assert only(await run_again(sharing, update, journal), Updated).link.status is LinkStatus.VALID
    assert sandbox.logins(update.link_id) == logins
    assert read_states(journal) == {update.link_id: "updated"}


async def test_a_challenge_that_nobody_has_answered_stays_parked_under_its_ticket(
    sandbox: Sandbox, sharing: SessionPool, other: SessionPool, tmp_path: Path
) -> None:
    update, journal = add_update(sandbox, "mfa_numeric", HEIMDALL), tmp_path / "journal"
    ticket = await run_once(sharing, update, journal)
    assert only(await run_again(sharing, update, journal), Parked).ticket == ticket
    assert sandbox.logins(update.link_id) == 1
    await other.challenges.resume(ticket, "111111")


async def test_a_challenge_that_was_declined_is_refused(
    sandbox: Sandbox, sharing: SessionPool, other: SessionPool, tmp_path: Path
) -> None:
    update, journal = add_update(sandbox, "mfa_numeric", HEIMDALL), tmp_path / "journal"
    await other.challenges.decline(await run_once(sharing, update, journal))
    refused = only(await run_again(sharing, update, journal), NotUpdated)
    assert isinstance(refused.error, ChallengeDeclinedError)
    assert sandbox.logins(update.link_id) == 1


async def test_an_answer_that_the_bank_refused_is_refused_with_its_code(
    sandbox: Sandbox, sharing: SessionPool, other: SessionPool, tmp_path: Path
) -> None:
    update, journal = add_update(sandbox, "mfa_numeric", HEIMDALL), tmp_path / "journal"
    ticket = await run_once(sharing, update, journal)
    sandbox.faults.add(Fault(kind="status", status=400, method="PATCH", reaches_bank=False))
    with pytest.raises(BelvoError):
        await other.challenges.resume(ticket, "111111")
    code = (await other.challenges.get(ticket)).code
    refused = only(await run_again(sharing, update, journal), NotUpdated)
    assert (refused.error.code, sandbox.logins(update.link_id)) == (code, 1)


async def test_an_answer_whose_end_is_unknown_is_unsettled(
    sandbox: Sandbox, sharing: SessionPool, other: SessionPool, tmp_path: Path
) -> None:
    update, journal = add_update(sandbox, "mfa_numeric", HEIMDALL), tmp_path / "journal"
    ticket = await run_once(sharing, update, journal)
    sandbox.faults.add(Fault(kind="reset_before", method="PATCH"))
    with pytest.raises(OutcomeUnknownError):
        await other.challenges.resume(ticket, "111111")
    only(await run_again(sharing, update, journal), Unsettled)
    assert sandbox.logins(update.link_id) == 1


async def test_after_its_time_a_new_login_gets_a_new_ticket(
    sandbox: Sandbox, sharing: SessionPool, other: SessionPool, clock: ManualClock, tmp_path: Path
) -> None:
    update, journal = add_update(sandbox, "mfa_numeric", HEIMDALL), tmp_path / "journal"
    ticket = await run_once(sharing, update, journal)
    await clock.sleep(10_000.0)
    newer = only(await run_again(sharing, update, journal), Parked)
    assert newer.ticket != ticket
    assert (await other.challenges.get(ticket)).phase is ChallengePhase.EXPIRED
    assert (await other.challenges.get(newer.ticket)).phase is ChallengePhase.OPEN


async def test_a_challenge_that_another_login_has_made_needless_is_updated_without_a_login(
    sandbox: Sandbox, sharing: SessionPool, other: SessionPool, tmp_path: Path
) -> None:
    update, journal = add_update(sandbox, "mfa_numeric", HEIMDALL), tmp_path / "journal"
    await run_once(sharing, update, journal)
    become(sandbox, update.link_id, "user_valid")
    await other.links.update(update, when_busy="wait")
    logins = sandbox.logins(update.link_id)
    only(await run_again(sharing, update, journal), Updated)
    assert sandbox.logins(update.link_id) == logins


async def test_a_later_run_takes_over_the_newer_challenge_that_superseded_its_own(
    sandbox: Sandbox, sharing: SessionPool, other: SessionPool, tmp_path: Path
) -> None:
    update, journal = add_update(sandbox, "mfa_numeric", HEIMDALL), tmp_path / "journal"
    ticket = await run_once(sharing, update, journal)
    newer = await park_again(other, update.link_id)
    assert only(await run_again(sharing, update, journal), Parked).ticket == newer
    phases = [(await other.challenges.get(one)).phase for one in (ticket, newer)]
    assert (phases, count_puts(sandbox)) == ([ChallengePhase.SUPERSEDED, ChallengePhase.OPEN], 2)


async def test_while_the_job_asks_another_login_may_make_its_question_needless(
    sandbox: Sandbox, sharing: SessionPool, other: SessionPool
) -> None:
    update = add_update(sandbox, "mfa_numeric", HEIMDALL)

    async def ask(_: Challenge) -> str:
        become(sandbox, update.link_id, "user_valid")
        await other.links.update(update, when_busy="wait")
        return "111111"

    (outcome,), report = await refresh_all(sharing, [update], provide_token=ask)
    only(outcome, Updated)
    assert (report.updated, sandbox.tokens(update.link_id)) == (1, [])


async def test_a_store_that_fails_stops_the_job_before_anybody_is_asked(
    sandbox: Sandbox, tmp_path: Path
) -> None:
    class Broken(MemoryChallengeStore):
        async def read(self, key: str) -> ChallengeRow | None:
            raise ChallengeStoreError(f"no row {key}")

    update, journal = add_update(sandbox, "mfa_numeric", HEIMDALL), tmp_path / "journal"
    asked: list[Challenge] = []
    async with open_pool(sandbox, backend=MemoryBackend(Broken())) as pool:
        settings: dict[str, Any] = {"journal": journal, "provide_token": asked.append}
        await fail_with(pool, [update], ChallengeStoreError, **settings)
    assert (asked, read_states(journal)) == ([], {update.link_id: "submitted"})


async def test_while_the_job_asks_somebody_else_may_answer(
    sandbox: Sandbox, sharing: SessionPool, other: SessionPool
) -> None:
    update = add_update(sandbox, "mfa_numeric", HEIMDALL)

    async def ask(_: Challenge) -> str:
        (parked,) = await other.challenges.list()
        await other.challenges.resume(parked.ticket, "111111")
        return "111111"

    (outcome,), report = await refresh_all(sharing, [update], provide_token=ask)
    assert only(outcome, Updated).link.status is LinkStatus.VALID
    assert (report.updated, sandbox.tokens(update.link_id)) == (1, ["111111"])


@pytest.mark.parametrize("phase", [ChallengePhase.UPDATED, ChallengePhase.DECLINED])
async def test_the_status_of_a_job_shows_what_has_become_of_its_challenges(
    sandbox: Sandbox, tmp_path: Path, phase: ChallengePhase
) -> None:
    path = tmp_path / "night.sqlite"
    updates = add_updates(sandbox, 2, "mfa_numeric", HEIMDALL)
    async with (
        SqliteChallengeStore(path) as store,
        open_pool(sandbox, backend=MemoryBackend(store)) as pool,
        refresh(pool, updates, journal=path) as run,
    ):
        first, _ = [only(outcome, Parked) async for outcome in run]
        if phase is ChallengePhase.UPDATED:
            await pool.challenges.resume(first.ticket, "111111")
        else:
            await pool.challenges.decline(first.ticket)
        status = read_status(path, clock=pool.clock)
        assert status.counts.by_state[LinkState.PARKED] == 2
        assert status.challenges == {phase: 1, ChallengePhase.OPEN: 1}
        later = ManualClock(start=pool.clock.wall() + timedelta(days=1))
        assert read_status(path, clock=later).challenges == {phase: 1, ChallengePhase.EXPIRED: 1}


async def test_after_a_kill_the_challenge_of_a_login_that_nobody_wrote_down_is_found(
    sandbox: Sandbox, sharing: SessionPool, tmp_path: Path
) -> None:
    """The ticket is written after the challenge is parked."""
    update, path = add_update(sandbox, "mfa_numeric", HEIMDALL), tmp_path / "journal"
    ticket = await run_once(sharing, update, path)
    with closing(sqlite3.connect(path)) as journal, journal:
        journal.execute("UPDATE links SET state = 'submitted', ticket = NULL, expires_at = NULL")
    (outcome,), _ = await refresh_all(sharing, [update], journal=path)
    assert only(outcome, Parked).ticket == ticket
    assert sandbox.logins(update.link_id) == 1


async def test_a_challenge_that_was_answered_before_memory_forgot_it_needs_no_second_login(
    sandbox: Sandbox, sharing: SessionPool, tmp_path: Path
) -> None:
    update, path = add_update(sandbox, "mfa_numeric", HEIMDALL), tmp_path / "journal"
    await sharing.challenges.resume(await run_once(sharing, update, path), "111111")
    async with open_pool(sandbox) as pool:
        logins = sandbox.logins(update.link_id)
        (outcome,), _ = await refresh_all(pool, [update], journal=path, retry="parked")
    only(outcome, Updated)
    assert sandbox.logins(update.link_id) == logins


async def test_after_a_kill_a_challenge_that_memory_has_forgotten_can_be_retried(
    sandbox: Sandbox, sharing: SessionPool, tmp_path: Path
) -> None:
    update, path = add_update(sandbox, "mfa_numeric", HEIMDALL), tmp_path / "journal"
    await run_once(sharing, update, path)
    async with open_pool(sandbox) as pool:
        (outcome,), _ = await refresh_all(pool, [update], journal=path, retry="parked")
        only(outcome, Parked)
    assert sandbox.logins(update.link_id) == 2
