"""Credentials that were refused are not sent again, by whichever run or retry, unless somebody says so."""

from collections.abc import Collection
from pathlib import Path
from typing import Any

import pytest

from belvo_async import LinkUpdate, MfaPolicy, SessionPool
from belvo_async.backends import LinkState
from belvo_async.bulk import (
    JobReport,
    NotUpdated,
    Outcome,
    Parked,
    Updated,
    list_links,
    read_status,
    refresh,
)
from belvo_async.errors import ConfigurationError, InvalidValueError
from belvo_async.mfa import ResumeRoute
from belvo_async.sandbox import Sandbox, SandboxOptions
from tests.bulk.conftest import PASSWORD, add_update, count_puts, only, open_pool, refresh_all
from tests.bulk.journals import alter, read_bytes

WRONG = "pass_invalid"
"""What no bank of the sandbox takes."""


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "run.sqlite"


async def run_on(
    pool: SessionPool, path: Path, update: LinkUpdate, password: str, **settings: Any
) -> tuple[list[Outcome], JobReport]:
    """Run the job with one link, whose source gives this password now."""
    again = LinkUpdate(update.link_id, password=password, institution=update.institution)
    return await refresh_all(pool, [again], journal=path, **settings)


async def refuse(pool: SessionPool, path: Path, update: LinkUpdate) -> None:
    (outcome,), _ = await run_on(pool, path, update, WRONG)
    assert only(outcome, NotUpdated).error.code == "login_error"


@pytest.mark.parametrize("retry", [(), "refused", ("refused", "unsettled", "parked")])
async def test_a_refused_password_is_held_back(
    bank: Sandbox, real_pool: SessionPool, path: Path, retry: Collection[str]
) -> None:
    update = add_update(bank)
    await refuse(real_pool, path, update)
    outcomes, report = await run_on(real_pool, path, update, WRONG, retry=retry)
    assert (outcomes, report.skipped, report.refused, bank.logins(update.link_id)) == ([], 1, 1, 1)
    assert report.held_back == (1 if retry else 0)
    assert read_status(path).counts.held_back == 1


async def test_another_password_is_tried(bank: Sandbox, real_pool: SessionPool, path: Path) -> None:
    update = add_update(bank)
    await refuse(real_pool, path, update)
    outcomes, _ = await run_on(real_pool, path, update, PASSWORD)
    assert outcomes == []  # nobody has asked for a retry
    (outcome,), report = await run_on(real_pool, path, update, PASSWORD, retry="refused")
    only(outcome, Updated)
    assert (report.held_back, report.refused, read_status(path).counts.held_back) == (0, 0, 0)


@pytest.mark.parametrize(("password", "logins"), [(WRONG, 1), (PASSWORD, 2)])
async def test_credentials_that_are_looked_up_are_held_back_too(
    bank: Sandbox, real_pool: SessionPool, path: Path, password: str, logins: int
) -> None:
    async def look_up(link_id: str) -> LinkUpdate:
        return LinkUpdate(link_id, password=password)

    update = add_update(bank)
    await refuse(real_pool, path, update)
    settings: dict[str, Any] = {"journal": path, "credentials": look_up, "retry": "refused"}
    _, report = await refresh_all(real_pool, [update.link_id], **settings)
    assert (bank.logins(update.link_id), report.held_back) == (logins, 2 - logins)


async def test_a_refused_password_is_remembered_over_later_outcomes(
    bank: Sandbox, real_pool: SessionPool, path: Path
) -> None:
    update, other = add_update(bank), add_update(bank, "x_institution_down")
    await refuse(real_pool, path, update)
    person = bank.links[update.link_id].person
    bank.links[update.link_id].person = bank.links[other.link_id].person
    (down,), _ = await run_on(real_pool, path, update, PASSWORD, retry="refused")
    assert only(down, NotUpdated).may_retry
    bank.links[update.link_id].person = person
    _, report = await run_on(real_pool, path, update, WRONG, retry="refused")
    assert report.held_back == 1
    (outcome,), _ = await run_on(real_pool, path, update, PASSWORD, retry="refused")
    only(outcome, Updated)


async def test_all_refused_passwords_are_remembered(
    bank: Sandbox, real_pool: SessionPool, path: Path
) -> None:
    update = add_update(bank)
    wrong = [
        LinkUpdate(update.link_id, password=WRONG, password2=second) for second in ("one", "two", "three")
    ]
    for each in wrong:
        await refresh_all(real_pool, [each], journal=path, retry="refused")
    assert bank.logins(update.link_id) == 3
    for each in wrong:
        _, report = await refresh_all(real_pool, [each], journal=path, retry="refused")
        assert report.held_back == 1
    assert bank.logins(update.link_id) == 3
    (record,) = list_links(path, [LinkState.REFUSED])
    assert [len(digest) for digest in record.refused] == [16, 16, 16]


async def test_only_the_newest_twenty_are_kept(path: Path) -> None:
    options = SandboxOptions(failures_until_invalid=100)
    async with Sandbox(options=options) as bank, open_pool(bank) as pool:
        update = add_update(bank)
        wrong = [LinkUpdate(update.link_id, password=WRONG, password2=str(number)) for number in range(30)]
        for each in [*wrong, wrong[-1]]:
            settings: dict[str, Any] = {"journal": path, "retry": "refused", "resend": [update.link_id]}
            await refresh_all(pool, [each], **settings)
        assert bank.logins(update.link_id) == 31
        digests = [pool.identity.digest_credentials(each) for each in wrong]
    (record,) = list_links(path, [LinkState.REFUSED])
    assert record.refused == tuple(reversed(digests[10:]))


async def test_a_bank_that_was_wrong_gets_them_once_more(
    bank: Sandbox, real_pool: SessionPool, path: Path
) -> None:
    updates = [add_update(bank), add_update(bank)]
    for update in updates:
        await refuse(real_pool, path, update)
    again = [LinkUpdate(update.link_id, password=WRONG) for update in updates]
    settings: dict[str, Any] = {"journal": path, "retry": "refused", "resend": [updates[0].link_id]}
    (outcome,), report = await refresh_all(real_pool, again, **settings)
    assert (outcome.link_id, report.held_back) == (updates[0].link_id, 1)
    _, report = await refresh_all(real_pool, again, journal=path, retry="refused")
    assert report.held_back == 2
    assert [bank.logins(update.link_id) for update in updates] == [2, 1]


async def test_a_link_that_is_named_needs_no_retry(bank: Sandbox, real_pool: SessionPool, path: Path) -> None:
    update = add_update(bank)
    await refuse(real_pool, path, update)
    (outcome,), _ = await run_on(real_pool, path, update, WRONG, resend=[update.link_id])
    only(outcome, NotUpdated)
    assert bank.logins(update.link_id) == 2


async def test_credentials_whose_challenge_ended_in_a_refusal_are_held_back(
    bank: Sandbox, real_pool: SessionPool, path: Path
) -> None:
    update = add_update(bank, "x_mfa_numeric")
    (outcome,), _ = await refresh_all(real_pool, [update], journal=path, provide_token=lambda _: "999999")
    assert not only(outcome, NotUpdated).may_retry
    _, report = await refresh_all(real_pool, [update], journal=path, retry="refused")
    assert (report.held_back, count_puts(bank)) == (1, 1)


async def test_refused_credentials_do_not_go_with_a_token_either(tmp_path: Path) -> None:
    async def look_up(link_id: str) -> LinkUpdate:
        return LinkUpdate(link_id, password=WRONG)

    path = tmp_path / "run.sqlite"
    policy = MfaPolicy(resume_route=ResumeRoute.PUT_LINK)
    settings: dict[str, Any] = {"journal": path, "retry": ("refused", "parked")}
    async with (
        Sandbox(options=SandboxOptions(accept_put_resume=True)) as bank,
        open_pool(bank, mfa=policy) as pool,
    ):
        update = add_update(bank, "x_mfa_numeric")
        await refuse(pool, path, update)
        (outcome,), _ = await refresh_all(pool, [update], **settings)
        only(outcome, Parked)
        puts = count_puts(bank)
        settings |= {"credentials": look_up, "provide_token": lambda _: "111111"}
        (outcome,), _ = await refresh_all(pool, [update.link_id], **settings)
        only(outcome, Parked)
        assert count_puts(bank) == puts


async def test_a_link_that_was_put_back_to_the_start_remembers_too(
    bank: Sandbox, real_pool: SessionPool, path: Path
) -> None:
    update = add_update(bank)
    await refuse(real_pool, path, update)
    alter(path, "UPDATE links SET state = 'queued', may_retry = 0, code = NULL, message = NULL")
    _, report = await run_on(real_pool, path, update, WRONG)
    assert (report.held_back, bank.logins(update.link_id)) == (1, 1)


async def test_a_dry_run_counts_what_would_be_held_back(
    bank: Sandbox, real_pool: SessionPool, path: Path
) -> None:
    update = add_update(bank)
    await refuse(real_pool, path, update)
    _, report = await run_on(real_pool, path, update, WRONG, retry="refused", dry_run=True)
    assert (report.waiting, report.held_back) == (0, 1)
    _, report = await run_on(real_pool, path, update, PASSWORD, retry="refused", dry_run=True)
    assert (report.waiting, report.held_back) == (1, 0)


async def test_no_credential_is_in_the_journal(bank: Sandbox, real_pool: SessionPool, path: Path) -> None:
    await refuse(real_pool, path, add_update(bank))
    assert WRONG.encode() not in read_bytes(path.parent)[path.name]
    (record,) = list_links(path, [LinkState.REFUSED])
    assert record.refused[0] not in repr(record)


def test_only_link_ids_can_be_sent_again(bank: Sandbox) -> None:
    wrong: Any
    for wrong in ("5722d0ba-69c7-4d6a-a4bd-5fb0a3b4d2a0", 5):
        with pytest.raises(ConfigurationError, match="resend"):
            refresh(open_pool(bank), [], resend=wrong)
    with pytest.raises(InvalidValueError):
        refresh(open_pool(bank), [], resend=["no id"])
