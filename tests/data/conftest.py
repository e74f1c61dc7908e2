"""A pool on a scripted transport, and rows as Belvo prints them."""

from collections.abc import AsyncIterator

import pytest

from belvo_async import Credentials, SessionPool
from belvo_async.backends import MemoryBackend, MemoryChallengeStore
from belvo_async.testing import BelvoMock, ManualClock

LINK = "5722d0ba-69c7-4d6a-a4bd-5fb0a3b4d2a0"
OTHER_LINK = "30cb4806-6e00-48a4-91c9-ca55968576c8"
ROW = "0d3ffb69-f83b-456e-ad8e-208d0998d71d"


def build_row(**fields: object) -> dict[str, object]:
    return {"id": ROW, "link": LINK, "created_at": "2026-01-02T03:04:05.000000Z", **fields}


def build_challenge(**fields: object) -> dict[str, object]:
    return {
        "code": "token_required",
        "message": "A token is required",
        "request_id": "0c8e5b6f4a1d4c1f9a7b3d2e1f005566",
        "session": "df9ba3ef-d1b4-4b47-9b2a-1a6f4bb10be7",
        "expiry": 600,
        "link": LINK,
        "token_generation_data": {"instructions": "Use your app", "type": "numeric", "value": "12345"},
        **fields,
    }


@pytest.fixture
def clock() -> ManualClock:
    return ManualClock(automatic=True)


@pytest.fixture
def belvo() -> BelvoMock:
    return BelvoMock()


@pytest.fixture
def store() -> MemoryChallengeStore:
    return MemoryChallengeStore()


def open_pool(belvo: BelvoMock, clock: ManualClock, store: MemoryChallengeStore) -> SessionPool:
    return SessionPool(
        Credentials("secret-id", "secret-password"),
        environment=belvo.url,
        transport=belvo,
        clock=clock,
        backend=MemoryBackend(store),
    )


@pytest.fixture
async def pool(
    belvo: BelvoMock, clock: ManualClock, store: MemoryChallengeStore
) -> AsyncIterator[SessionPool]:
    async with open_pool(belvo, clock, store) as pool:
        yield pool


@pytest.fixture
async def other(
    belvo: BelvoMock, clock: ManualClock, store: MemoryChallengeStore
) -> AsyncIterator[SessionPool]:
    """Another process, as far as the challenges are concerned."""
    async with open_pool(belvo, clock, store) as pool:
        yield pool
