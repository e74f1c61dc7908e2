"""A sandbox, a store, and two pools that share it, as two workers of one backend would."""

from collections.abc import AsyncIterator

import pytest

from belvo_async import LinkUpdate, SessionPool
from belvo_async.backends import MemoryBackend, MemoryChallengeStore
from belvo_async.errors import TokenRequiredError
from belvo_async.models import AwaitingToken
from belvo_async.sandbox import Sandbox, SandboxOptions
from belvo_async.testing import ManualClock
from tests.engine.conftest import open_pool
from tests.engine.dialogues import PASSWORD

__all__ = ["add_link", "challenge", "list_tokens", "open_pool", "park"]


@pytest.fixture
def clock() -> ManualClock:
    """A clock whose sleepers wake at once, in order."""
    return ManualClock(automatic=True)


@pytest.fixture
async def sandbox(clock: ManualClock) -> AsyncIterator[Sandbox]:
    """A bank whose every challenge has a session of its own, so that answers can be counted."""
    options = SandboxOptions(login_seconds=1.0, new_session_on_wrong_token=True)
    async with Sandbox(clock=clock, options=options) as sandbox:
        yield sandbox


@pytest.fixture
def store() -> MemoryChallengeStore:
    return MemoryChallengeStore()


@pytest.fixture
async def pool(sandbox: Sandbox, store: MemoryChallengeStore) -> AsyncIterator[SessionPool]:
    async with open_pool(sandbox, backend=MemoryBackend(store)) as pool:
        yield pool


@pytest.fixture
async def other(sandbox: Sandbox, store: MemoryChallengeStore) -> AsyncIterator[SessionPool]:
    async with open_pool(sandbox, backend=MemoryBackend(store)) as pool:
        yield pool


def add_link(sandbox: Sandbox, username: str = "x_mfa_numeric") -> str:
    return sandbox.add_link(institution="heimdall_mx_retail", username=username, password="pass_valid")


async def challenge(pool: SessionPool, link_id: str) -> AwaitingToken:
    with pytest.raises(TokenRequiredError) as caught:
        await pool.links.update(LinkUpdate(link_id, password=PASSWORD), when_busy="wait")
    return caught.value.state


async def park(sandbox: Sandbox, pool: SessionPool, username: str = "x_mfa_numeric") -> str:
    return await pool.challenges.park(await challenge(pool, add_link(sandbox, username)))


async def list_tokens(sandbox: Sandbox, pool: SessionPool, ticket: str) -> list[str]:
    return sandbox.tokens((await pool.challenges.get(ticket)).link_id)
