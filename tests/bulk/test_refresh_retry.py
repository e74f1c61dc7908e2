"""Trying again, as somebody has decided to; and runs that only show what they would do."""

import sqlite3
from contextlib import closing
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from belvo_async import LinkUpdate, SessionPool
from belvo_async.backends import MemoryBackend, SqliteChallengeStore
from belvo_async.bulk import NotUpdated, Parked, Unsettled, Updated, refresh
from belvo_async.errors import ConfigurationError, NotFoundError
from belvo_async.sandbox import Fault, Sandbox
from tests.bulk.conftest import (
    add_update,
    add_updates,
    count_kinds,
    count_puts,
    only,
    open_pool,
    read_states,
    refresh_all,
)
from tests.bulk.journals import leave


async def leave_submitted(pool: SessionPool, path: Path, update: LinkUpdate) -> None:
    """Leave a link whose login has left just now."""
    await leave(path, update.link_id, "submitted", pool=pool, submitted_at=pool.clock.wall(), logins=1)


def read_names(folder: Path) -> list[str]:
    return [path.name for path in folder.iterdir()]


async def test_wrong_credentials_are_never_tried_again(
    bank: Sandbox, real_pool: SessionPool, tmp_path: Path
) -> None:
    wrong = LinkUpdate(add_update(bank).link_id, password="pass_invalid")
    (refused,), _ = await refresh_all(real_pool, [wrong], journal=tmp_path / "j")
    assert not only(refused, NotUpdated).may_retry
    outcomes, report = await refresh_all(real_pool, [wrong], journal=tmp_path / "j", retry={"refused"})
    assert (outcomes, report.skipped, bank.logins(wrong.link_id)) == ([], 1, 1)


async def test_a_bank_that_was_down_is_tried_again(
    bank: Sandbox, real_pool: SessionPool, tmp_path: Path
) -> None:
    update = add_update(bank, "x_institution_down")
    (refused,), before = await refresh_all(real_pool, [update], journal=tmp_path / "j")
    assert only(refused, NotUpdated).may_retry
    assert before.by_code == {"institution_down": 1}
    healthy = add_update(bank)
    bank.links[update.link_id].person = bank.links[healthy.link_id].person
    (updated,), after = await refresh_all(real_pool, [update], journal=tmp_path / "j", retry="refused")
    only(updated, Updated)
    assert (after.updated, after.refused, after.by_code, after.finished) == (1, 0, {}, 1)


async def test_an_unsettled_link_is_looked_at_before_it_is_tried_again(
    bank: Sandbox, real_pool: SessionPool, tmp_path: Path
) -> None:
    found, lost = add_update(bank), add_update(bank)
    for update in (found, lost):
        bank.links[update.link_id].last_accessed_at = None
        await leave_submitted(real_pool, tmp_path / "j", update)
    _, before = await refresh_all(real_pool, [], journal=tmp_path / "j", login_limit=0.0)
    assert before.unsettled == 2
    async with open_pool(bank) as elsewhere:
        await elsewhere.links.update(found)
    puts = count_puts(bank)
    outcomes, after = await refresh_all(
        real_pool, [found, lost], journal=tmp_path / "j", retry=["unsettled"], login_limit=0.0
    )
    assert count_kinds(outcomes) == {"Updated": 2}
    assert (count_puts(bank) - puts, bank.logins(found.link_id), bank.logins(lost.link_id)) == (1, 1, 1)
    assert (after.unsettled, after.updated) == (0, 2)


async def test_an_unsettled_link_that_cannot_be_looked_at_is_not_tried(
    bank: Sandbox, real_pool: SessionPool, tmp_path: Path
) -> None:
    update = add_update(bank)
    await leave_submitted(real_pool, tmp_path / "j", update)
    await refresh_all(real_pool, [], journal=tmp_path / "j", login_limit=0.0)
    bank.faults.add(Fault(kind="status", status=500, method="GET", link_id=update.link_id))
    _, report = await refresh_all(real_pool, [update], journal=tmp_path / "j", retry=["unsettled"])
    assert (report.unsettled, bank.logins(update.link_id)) == (1, 0)


async def test_an_open_challenge_is_asked_again_without_a_login(
    bank: Sandbox, real_pool: SessionPool, tmp_path: Path
) -> None:
    update = add_update(bank, "x_mfa_numeric")
    (parked,), _ = await refresh_all(real_pool, [update], journal=tmp_path / "j")
    only(parked, Parked)
    settings: dict[str, Any] = {"provide_token": lambda _: "111111", "retry": {"parked"}}
    (updated,), report = await refresh_all(real_pool, [update], journal=tmp_path / "j", **settings)
    only(updated, Updated)
    assert (count_puts(bank), bank.tokens(update.link_id)) == (1, ["111111"])
    assert (report.parked, report.updated) == (0, 1)


async def test_a_challenge_that_has_expired_is_tried_again_with_a_new_login(
    bank: Sandbox, tmp_path: Path
) -> None:
    update = add_update(bank, "x_mfa_short")
    async with open_pool(bank) as pool:
        (parked,), _ = await refresh_all(pool, [update], journal=tmp_path / "j")
        expires_at: datetime = only(parked, Parked).expires_at
        await pool.clock.sleep((expires_at - pool.clock.wall()) / timedelta(seconds=1))
        (again,), _ = await refresh_all(pool, [update], journal=tmp_path / "j", retry={"parked"})
    assert only(again, Parked).challenge.session != only(parked, Parked).challenge.session
    assert count_puts(bank) == 2


async def test_a_parked_challenge_that_was_damaged_is_tried_again_with_a_new_login(
    bank: Sandbox, tmp_path: Path
) -> None:
    update = add_update(bank, "x_mfa_numeric")
    async with (
        SqliteChallengeStore(tmp_path / "j") as store,
        open_pool(bank, backend=MemoryBackend(store)) as pool,
    ):
        await retry_a_damaged_one(pool, update, tmp_path)
    assert count_puts(bank) == 2


async def retry_a_damaged_one(pool: SessionPool, update: LinkUpdate, tmp_path: Path) -> None:
    await refresh_all(pool, [update], journal=tmp_path / "j")
    with closing(sqlite3.connect(tmp_path / "j", isolation_level=None)) as connection:
        connection.execute("UPDATE challenges SET record = 'cut sho'")
    settings: dict[str, Any] = {"provide_token": lambda _: "111111", "retry": {"parked"}}
    (updated,), _ = await refresh_all(pool, [update], journal=tmp_path / "j", **settings)
    only(updated, Updated)


async def test_an_unsettled_link_that_is_gone_is_not_tried(
    bank: Sandbox, real_pool: SessionPool, tmp_path: Path
) -> None:
    update = add_update(bank)
    await leave_submitted(real_pool, tmp_path / "j", update)
    await refresh_all(real_pool, [], journal=tmp_path / "j", login_limit=0.0)
    await real_pool.links.delete(update.link_id)
    (gone,), _ = await refresh_all(real_pool, [update], journal=tmp_path / "j", retry="unsettled")
    assert isinstance(only(gone, Unsettled).error.__cause__, NotFoundError)
    assert count_puts(bank) == 0


@pytest.mark.parametrize("retry", ["everything", ["updated"], [5], 5])
def test_only_what_can_be_tried_again_is_accepted(bank: Sandbox, retry: Any) -> None:
    with pytest.raises(ConfigurationError, match="refused, unsettled and parked"):
        refresh(open_pool(bank), [], retry=retry)


async def test_a_dry_run_sends_and_writes_nothing(
    bank: Sandbox, real_pool: SessionPool, tmp_path: Path
) -> None:
    path = tmp_path / "j"
    updates = add_updates(bank, 5)
    outcomes, report = await refresh_all(real_pool, updates, journal=path, dry_run=True)
    assert (outcomes, report.waiting, report.is_dry_run) == ([], 5, True)
    assert (read_names(tmp_path), bank.log) == ([], [])
    await refresh_all(real_pool, updates[:2], journal=path)
    before = path.read_bytes()
    requests = len(bank.log)
    outcomes, report = await refresh_all(real_pool, [*updates, *updates[:1]], journal=path, dry_run=True)
    assert (outcomes, report.waiting, report.skipped, report.updated) == ([], 3, 2, 2)
    assert report.repeated == 1
    assert (path.read_bytes(), len(bank.log)) == (before, requests)


async def leave_unsettled(bank: Sandbox, pool: SessionPool, path: Path) -> LinkUpdate:
    """Leave a link whose login has left just now, and may have succeeded."""
    update = add_update(bank)
    bank.links[update.link_id].last_accessed_at = None
    await leave_submitted(pool, path, update)
    await refresh_all(pool, [], journal=path, login_limit=0.0)
    assert read_states(path) == {update.link_id: "unsettled"}
    return update


async def test_an_unsettled_link_is_not_tried_while_its_login_may_still_run(
    bank: Sandbox, real_pool: SessionPool, tmp_path: Path
) -> None:
    update = await leave_unsettled(bank, real_pool, tmp_path / "j")
    (outcome,), report = await refresh_all(real_pool, [update], journal=tmp_path / "j", retry="unsettled")
    assert "it may run for" in only(outcome, Unsettled).error.message
    assert (report.unsettled, count_puts(bank)) == (1, 0)


async def test_an_unsettled_link_whose_time_is_over_before_its_status_is_seen_stays_unsettled(
    bank: Sandbox, real_pool: SessionPool, tmp_path: Path
) -> None:
    update = await leave_unsettled(bank, real_pool, tmp_path / "j")
    bank.faults.add(Fault(kind="latency", seconds=1.0, method="GET", link_id=update.link_id))
    settings: dict[str, Any] = {"retry": "unsettled", "login_limit": 0.0, "link_deadline": 0.1}
    (outcome,), _ = await refresh_all(real_pool, [update], journal=tmp_path / "j", **settings)
    assert "no new one has begun" in only(outcome, Unsettled).error.message
    assert (read_states(tmp_path / "j"), count_puts(bank)) == ({update.link_id: "unsettled"}, 0)
