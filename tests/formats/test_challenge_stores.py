"""Parked challenges of any version are read from every store, in each phase, and can be answered."""

import json
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from redis.asyncio import Redis

from belvo_async import ParkedChallenge, SessionPool
from belvo_async.backends import (
    ChallengeStore,
    MemoryChallengeStore,
    RedisChallengeStore,
    SqliteChallengeStore,
)
from belvo_async.models import ChallengePhase
from belvo_async.testing import ManualClock, mocked_belvo
from tests.formats import databases
from tests.formats.challenges import ALL, LOGIN_LIMIT, make_sqlite, name_ticket, play_rows, read_rows_of
from tests.formats.in_redis import load_all, make_redis, read_all
from tests.formats.places import HERE, find_newest
from tests.formats.pools import open_pool
from tests.formats.showing import show
from tests.formats.values import NOON, build_challenge, name_link
from tests.stores.conftest import start_redis, stop_redis

NOW = NOON + timedelta(seconds=LOGIN_LIMIT)
FIXTURES = sorted(path for kind in ("rows", "sqlite", "redis") for path in HERE.glob(f"{kind}_*/*"))
WITH_SUPERSEDED = [path for path in FIXTURES if "superseded" in path.read_text("utf-8")]
SENT = frozenset({"unsettled", "answered", "updated", "refused", "asked_again"})


@pytest.fixture(scope="session")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    directory = tmp_path_factory.mktemp("formats")
    process = start_redis(directory)
    yield f"unix://{directory}/redis.sock"
    stop_redis(process)


@pytest.fixture
async def redis_url(server: str) -> str:
    """The address of a Redis server with nothing in it."""
    async with Redis.from_url(server) as client:
        await client.flushall()
    return server


@pytest.fixture(params=FIXTURES, ids=lambda path: path.parent.name)
async def pool(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[SessionPool]:
    path: Path = request.param
    async with (
        _open_store(path, request, tmp_path) as store,
        open_pool(store, ManualClock(start=NOW)) as pool,
    ):
        yield pool


@asynccontextmanager
async def _open_store(
    path: Path, request: pytest.FixtureRequest, directory: Path
) -> AsyncIterator[ChallengeStore]:
    match path.suffix, path.parent.name.partition("_")[0]:
        case _, "rows":
            memory = MemoryChallengeStore()
            for row in read_rows_of(path):
                await memory.add(row)
            yield memory
        case _, "sqlite":
            async with SqliteChallengeStore(databases.load(path, directory / "store.sqlite")) as store:
                yield store
        case _:
            url = request.getfixturevalue("server")
            async with Redis.from_url(url) as client:
                await client.flushall()
                await load_all(url, read_keys(path))
                yield RedisChallengeStore(client, clock=ManualClock(start=NOW))


def expect(name: str) -> ParkedChallenge:
    """Return what the writer's user saw of a challenge."""
    parked_at = NOON if name == "unsettled" else NOW
    more: dict[str, Any] = {}
    if name == "open":
        more = {"institution": "heimdall_mx_retail", "reference": "user 7"}
    if name == "superseded":
        more = {"code": "link_updated"}
    if name == "refused":
        said = "Belvo answered PATCH /api/links/ with status 400: Invalid credentials"
        more = {"code": "login_error", "message": said}
    return ParkedChallenge(
        ticket=name_ticket(name),
        challenge=build_challenge(ALL[name]),
        phase=ChallengePhase(name),
        expires_at=parked_at + timedelta(seconds=9000.5),
        parked_at=parked_at,
        attempts=1 if name in SENT else 0,
        answered_at=parked_at if name in SENT else None,
        **more,
    )


@pytest.mark.parametrize("name", [name for name in ALL if name not in {"asked_again", "superseded"}])
async def test_a_challenge_in_each_phase_is_read_as_it_was_kept(pool: SessionPool, name: str) -> None:
    assert show(await pool.challenges.get(name_ticket(name))) == show(expect(name))


@pytest.mark.parametrize("pool", WITH_SUPERSEDED, indirect=True, ids=lambda path: path.parent.name)
async def test_a_superseded_challenge_is_read_as_it_was_kept(pool: SessionPool) -> None:
    assert show(await pool.challenges.get(name_ticket("superseded"))) == show(expect("superseded"))


async def test_a_challenge_that_came_in_return_is_read_as_it_was_kept(pool: SessionPool) -> None:
    found = await pool.challenges.get(name_ticket("asked_again"))
    assert (found.phase, found.attempts, found.challenge.session) == (ChallengePhase.OPEN, 1, "session-again")
    assert (found.expires_at, found.answered_at) == (NOW + timedelta(seconds=595), NOW)


async def test_challenges_are_found_by_phase_and_by_link(pool: SessionPool) -> None:
    listed = [parked.ticket for parked in await pool.challenges.list()]
    assert listed == [name_ticket("asked_again"), name_ticket("open")]
    for phase in ("claimed", "answered", "updated", "refused", "declined", "unsettled"):
        found = await pool.challenges.list(phase=ChallengePhase(phase))
        assert [parked.ticket for parked in found] == [name_ticket(phase)]
    parked = await pool.challenges.find(name_link(ALL["open"]))
    assert parked is not None
    assert parked.ticket == name_ticket("open")


async def test_an_open_challenge_is_answered(pool: SessionPool) -> None:
    with mocked_belvo() as belvo:
        belvo.link_updated(name_link(ALL["open"]))
        await pool.challenges.resume(name_ticket("open"), "111111")
        assert [(request.body or {})["token"] for request in belvo.requests] == ["111111"]
    assert (await pool.challenges.get(name_ticket("open"))).phase is ChallengePhase.UPDATED


async def test_the_same_play_still_gives_the_same_cells() -> None:
    newest = read_cells(find_newest("rows") / "rows.json")
    assert [unfold(row.write_cells()) for row in await play_rows()] == [unfold(cells) for cells in newest]


def read_cells(path: Path) -> list[dict[str, Any]]:
    cells: list[dict[str, Any]] = json.loads(path.read_text("utf-8"))
    return cells


def read_keys(path: Path) -> dict[str, Any]:
    keys: dict[str, Any] = json.loads(path.read_text("utf-8"))
    return keys


def unfold(cells: dict[str, Any]) -> dict[str, Any]:
    """Read the JSON in a cell, and the parked text in that."""
    record = json.loads(cells["record"])
    return cells | {"record": record | {"parked": json.loads(record["parked"])}}


async def test_the_same_rows_still_make_the_same_sqlite_file(tmp_path: Path) -> None:
    kept = databases.load(find_newest("sqlite") / "store.sql", tmp_path / "kept")
    await make_sqlite(tmp_path / "made", read_rows_of(find_newest("rows") / "rows.json"))
    assert databases.read_form(tmp_path / "made") == databases.read_form(kept)
    assert databases.read_rows(tmp_path / "made", "challenges") == databases.read_rows(kept, "challenges")


async def test_the_same_rows_are_still_kept_alike_in_redis(redis_url: str) -> None:
    kept = read_keys(find_newest("redis") / "store.json")
    await make_redis(redis_url, read_rows_of(find_newest("rows") / "rows.json"))
    assert await read_all(redis_url) == kept


def test_cells_hold_what_the_row_holds() -> None:
    cells = next(one for one in read_cells(find_newest("rows") / "rows.json") if one["version"] == 1)
    (row,) = (row for row in read_rows_of(find_newest("rows") / "rows.json") if row.version == 1)
    expires_at: datetime = NOW + timedelta(seconds=9000.5)
    assert (row.phase, row.expires_at, row.keep_until) == (
        ChallengePhase.OPEN,
        expires_at,
        expires_at + timedelta(days=1),
    )
    assert (row.key, row.owner, row.link, row.record) == tuple(
        cells[name] for name in ("key", "owner", "link", "record")
    )
