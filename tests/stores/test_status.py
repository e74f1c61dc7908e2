"""What a backend shows of itself."""

from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import TypeVar
from uuid import uuid4

import pytest
import redis

from belvo_async.backends import (
    Backend,
    LeasePhase,
    MemoryBackend,
    Moment,
    PostgresBackend,
    RedisBackend,
    SqliteBackend,
    check_backend,
    read_jobs,
    read_status,
)
from belvo_async.backends._lease import LEASE, LOGIN_LIMIT, Hold, Lease
from belvo_async.backends._window import WINDOW, Ask, Window, WindowLimit
from belvo_async.errors import CoordinatorError
from belvo_async.params import RateLimit

T = TypeVar("T")

LIMIT = WindowLimit.of(RateLimit(requests=20, window=60.0, margin=0.5))
CALL = 1
WINDOW_KEY = "requests https://belvo.example nat-1"
LINK = "5722d0ba-69c7-4d6a-a4bd-5fb0a3b4d2a0"


@pytest.fixture(params=["memory", "sqlite", "redis", "postgres"])
async def backend(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[Backend]:
    """A new one of each kind."""
    if request.param == "memory":
        yield MemoryBackend()
        return
    made: SqliteBackend | RedisBackend | PostgresBackend
    if request.param == "sqlite":
        made = SqliteBackend(tmp_path / "belvo.sqlite")
    elif request.param == "postgres":
        made = PostgresBackend(request.getfixturevalue("postgres").dsn, schema=f"t{uuid4().hex}")
        made.coordinator.init()
    else:
        made = RedisBackend(request.getfixturevalue("redis_url"), prefix=str(uuid4()))
        made.coordinator.init()
    async with made:
        yield made


def ask(backend: Backend, count: int, key: str = WINDOW_KEY) -> None:
    def change(window: Window, moment: Moment) -> None:
        window.ask(moment, LIMIT, Ask(CALL, count))

    backend.coordinator.change(WINDOW, key, change)


def hold(backend: Backend, name: str, link_id: str | None, *, seconds: float = 15.0) -> int:
    def change(lease: Lease, moment: Moment) -> Hold:
        return lease.hold(moment, name, link_id, seconds)

    return backend.coordinator.change(LEASE, name, change).fence


def note(backend: Backend, name: str, change: Callable[[Lease, Moment], object]) -> None:
    backend.coordinator.change(LEASE, name, change)


async def test_nothing_is_shown_of_a_backend_that_nobody_has_used(backend: Backend) -> None:
    status = await read_status(backend)
    assert (status.windows, status.leases, status.quarantine) == ((), (), 0.0)


async def test_a_window_shows_its_use_and_who_waits(backend: Backend) -> None:
    ask(backend, 25)
    (window,) = (await read_status(backend)).windows
    assert (window.counted, window.server, window.egress) == ("requests", "https://belvo.example", "nat-1")
    assert (window.starts, window.size, window.span) == (18, 20, 60.5)  # two are kept for answers
    assert (window.waiting, window.pause) == (1, None)


async def test_a_pause_shows_how_long_it_still_is(backend: Backend) -> None:
    ask(backend, 1)
    backend.coordinator.change(
        WINDOW,
        WINDOW_KEY,
        lambda window, moment: window.pause.refused(0, moment.now, 20.0, is_page=False),
    )
    (window,) = (await read_status(backend)).windows
    assert window.pause == pytest.approx(20.0, abs=1.0)


async def test_each_server_and_egress_has_a_line(backend: Backend) -> None:
    for number, key in enumerate(("requests b nat-2", "requests b nat-1", "deletes a nat-1")):
        ask(backend, number, key)
    windows = (await read_status(backend)).windows
    assert [(one.counted, one.server, one.egress, one.starts) for one in windows] == [
        ("deletes", "a", "nat-1", 2),
        ("requests", "b", "nat-1", 1),
        ("requests", "b", "nat-2", 0),
    ]


async def test_leases_that_are_held_are_shown_with_their_phase(backend: Backend) -> None:
    fences = {name: hold(backend, name, LINK) for name in ("waiting", "sent", "asked", "released")}
    hold(backend, "user", None, seconds=600.0)
    hold(backend, "over", LINK, seconds=-1.0)
    note(backend, "sent", lambda lease, moment: lease.send(moment, fences["sent"], LINK))
    note(backend, "asked", lambda lease, moment: lease.send(moment, fences["asked"], LINK))
    note(backend, "asked", lambda lease, moment: lease.ask(moment, fences["asked"], 20.0))
    note(backend, "released", lambda lease, moment: lease.release(moment, fences["released"]))
    leases = (await read_status(backend)).leases
    assert [(one.link_id, one.phase, round(one.seconds, -1)) for one in leases] == [
        (LINK, LeasePhase.WAITING, pytest.approx(15, abs=5)),
        (LINK, LeasePhase.ASKED, 20),
        (LINK, LeasePhase.SENT, LOGIN_LIMIT),
        (None, LeasePhase.WAITING, 600),
    ]


async def test_reading_it_changes_nothing(redis_url: str) -> None:
    prefix = str(uuid4())
    backend = RedisBackend(redis_url, prefix=prefix)
    assert (await read_status(backend)).quarantine == LOGIN_LIMIT
    with redis.Redis.from_url(redis_url) as client:
        assert client.keys(f"*{prefix}*") == []
    backend.coordinator.close()


async def test_it_tells_how_long_logins_wait_after_a_restart(redis_url: str) -> None:
    backend = RedisBackend(redis_url, prefix=str(uuid4()))
    await check_backend(backend)  # its first use
    assert (await read_status(backend)).quarantine == pytest.approx(LOGIN_LIMIT, abs=2.0)
    assert await backend.init()
    assert (await read_status(backend)).quarantine == 0.0
    backend.coordinator.close()


async def test_a_backend_that_cannot_be_read_is_told(tmp_path: Path) -> None:
    (tmp_path / "belvo.sqlite-coordinator").mkdir()
    async with SqliteBackend(tmp_path / "belvo.sqlite") as backend:
        for call in (read_status, check_backend, read_jobs):
            with pytest.raises(CoordinatorError):
                await call(backend)


async def test_checking_leaves_nothing(backend: Backend) -> None:
    await check_backend(backend)
    status = await read_status(backend)
    assert (status.windows, status.leases) == ((), ())
