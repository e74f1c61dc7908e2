"""A journal belongs to one Belvo client and environment: another's never touches its links in doubt."""

from pathlib import Path
from typing import Any

import pytest

from belvo_async import Credentials, LinkUpdate, SessionPool
from belvo_async.backends import SqliteChallengeStore
from belvo_async.bulk import Updated, read_status, refresh
from belvo_async.errors import AuthenticationError, LedgerMismatchError
from belvo_async.sandbox import Sandbox
from tests.bulk.conftest import add_update, only, open_pool, read_states, refresh_one
from tests.bulk.journals import leave, read_bytes


@pytest.fixture
async def journal(bank: Sandbox, tmp_path: Path) -> Path:
    """A journal with a link in doubt."""
    path = tmp_path / "run.sqlite"
    async with open_pool(bank) as pool:
        await refresh_one(pool, add_update(bank), journal=path)
        await leave(path, add_update(bank).link_id, "submitted", submitted_at=pool.clock.wall())
    return path


def use_keys(bank: Sandbox, secret_id: str, environment: str = "") -> SessionPool:
    return SessionPool(
        Credentials(secret_id, bank.secret_password), environment=environment or bank.url, clock=bank.clock
    )


async def refuse(pool: SessionPool, path: Path, **settings: Any) -> str:
    before = read_bytes(path.parent)
    updates: list[LinkUpdate] = []
    async with pool:
        with pytest.raises(LedgerMismatchError, match=str(path)) as caught:
            async with refresh(pool, updates, journal=path, **settings):
                pass
    assert before == read_bytes(path.parent)
    assert "Set the keys and the environment" in caught.value.remedy
    return str(caught.value)


@pytest.mark.parametrize("is_dry", [False, True])
async def test_other_keys_leave_a_link_in_doubt_alone(bank: Sandbox, journal: Path, is_dry: bool) -> None:
    states, requests = read_states(journal), len(bank.log)
    error = await refuse(use_keys(bank, "somebody-else"), journal, dry_run=is_dry)
    assert "keys of another id" in error
    assert states == read_states(journal)
    assert sorted(states.values()) == ["submitted", "updated"]
    assert len(bank.log) == requests


async def test_another_environment_is_named(bank: Sandbox, journal: Path) -> None:
    error = await refuse(use_keys(bank, bank.secret_id, "sandbox"), journal)
    assert f"belongs to {bank.url}" in error
    assert "https://sandbox.belvo.com" in error


async def test_a_rotated_password_is_of_the_same_client(bank: Sandbox, journal: Path) -> None:
    keys = Credentials(bank.secret_id, "rotated")
    async with SessionPool(keys, environment=bank.url, clock=bank.clock) as pool:
        with pytest.raises(
            AuthenticationError
        ):  # from Belvo, who does not know it; the journal has let it in
            async with refresh(pool, [], journal=journal):
                pass
        assert pool.identity.digest == open_pool(bank).identity.digest


async def test_a_file_that_no_client_has_run_a_job_on_belongs_to_the_next(
    bank: Sandbox, tmp_path: Path
) -> None:
    path = tmp_path / "run.sqlite"
    async with SqliteChallengeStore(path):
        pass
    async with open_pool(bank) as pool:
        only(await refresh_one(pool, add_update(bank), journal=path), Updated)
    assert read_status(path).job.environment == bank.url
    await refuse(use_keys(bank, "somebody-else"), path)


async def test_no_key_is_in_the_journal(bank: Sandbox, journal: Path) -> None:
    content = read_bytes(journal.parent)[journal.name]
    assert bank.secret_id.encode() not in content
    assert bank.secret_password.encode() not in content
