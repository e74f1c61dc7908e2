"""A sandbox on a real socket, and pools on it."""

from collections.abc import AsyncIterator, Callable
from typing import Any, TypeAlias

import pytest

from belvo_async import Credentials, SessionPool
from belvo_async.sandbox import Sandbox, SandboxOptions
from belvo_async.testing import ManualClock

OpenPool: TypeAlias = Callable[..., SessionPool]


@pytest.fixture
def clock() -> ManualClock:
    """A clock whose sleepers wake at once, in order."""
    return ManualClock(automatic=True)


@pytest.fixture
async def sandbox(clock: ManualClock) -> AsyncIterator[Sandbox]:
    async with Sandbox(clock=clock, options=SandboxOptions(login_seconds=1.0)) as sandbox:
        yield sandbox


def open_pool(sandbox: Sandbox, **settings: Any) -> SessionPool:
    """Make a pool on a sandbox."""
    settings.setdefault("clock", sandbox.clock)
    credentials = Credentials(sandbox.secret_id, sandbox.secret_password)
    return SessionPool(credentials, environment=sandbox.url, **settings)


@pytest.fixture
async def pool(sandbox: Sandbox) -> AsyncIterator[SessionPool]:
    async with open_pool(sandbox) as pool:
        yield pool
