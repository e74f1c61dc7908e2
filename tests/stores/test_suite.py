"""The four stores of the package pass the suite that others may run on theirs."""

from collections.abc import AsyncIterator
from pathlib import Path
from uuid import uuid4

import pytest
from redis.asyncio import Redis

from belvo_async.backends import (
    MemoryChallengeStore,
    PostgresChallengeStore,
    RedisChallengeStore,
    SqliteChallengeStore,
)
from belvo_async.testing.challenge_store_suite import ChallengeStoreSuite
from tests.stores.postgres import PostgresServer


class TestMemory(ChallengeStoreSuite):
    @pytest.fixture
    def store(self) -> MemoryChallengeStore:
        return MemoryChallengeStore()


class TestSqlite(ChallengeStoreSuite):
    @pytest.fixture
    async def store(self, tmp_path: Path) -> AsyncIterator[SqliteChallengeStore]:
        async with SqliteChallengeStore(tmp_path / "challenges.sqlite") as store:
            yield store

    @pytest.fixture
    async def other_store(self, tmp_path: Path) -> AsyncIterator[SqliteChallengeStore]:
        async with SqliteChallengeStore(tmp_path / "challenges.sqlite") as other:
            yield other


class TestRedis(ChallengeStoreSuite):
    @pytest.fixture
    def prefix(self) -> str:
        return str(uuid4())

    @pytest.fixture
    async def store(self, redis_url: str, prefix: str) -> AsyncIterator[RedisChallengeStore]:
        async with RedisChallengeStore.from_url(redis_url, prefix=prefix) as store:
            yield store

    @pytest.fixture
    async def other_store(self, redis_url: str, prefix: str) -> AsyncIterator[RedisChallengeStore]:
        client = Redis.from_url(redis_url, decode_responses=True, protocol=3)
        async with client, RedisChallengeStore(client, prefix=prefix) as other:
            yield other


class TestPostgres(ChallengeStoreSuite):
    @pytest.fixture
    async def store(self, postgres: PostgresServer, schema: str) -> AsyncIterator[PostgresChallengeStore]:
        async with PostgresChallengeStore(postgres.dsn, schema=schema) as store:
            yield store

    @pytest.fixture
    async def other_store(
        self, postgres: PostgresServer, schema: str
    ) -> AsyncIterator[PostgresChallengeStore]:
        async with PostgresChallengeStore(postgres.dsn, schema=schema) as other:
            yield other
