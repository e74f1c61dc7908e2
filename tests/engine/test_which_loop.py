"""What has an event loop says so elsewhere at once, and goes on undisturbed (rule: Leaving is safe)."""

import asyncio
import gc
import os
from collections.abc import AsyncIterator, Awaitable, Callable
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest

from belvo_async import Credentials, LinkRegistration, LinkUpdate, SessionPool, TokenRequiredError, bulk
from belvo_async.backends import MemoryBackend, MemoryChallengeStore, SqliteChallengeStore
from belvo_async.models import AwaitingToken
from belvo_async.sandbox import Sandbox, SandboxOptions
from belvo_async.testing import ManualClock
from belvo_async.testing.challenge_store_suite import build_row
from belvo_async.web import ChallengePage, OperatorPage
from tests.elsewhere import PLACES, Call, Place, needs_fork, run_on_two_loops, try_in_child, try_in_thread
from tests.engine.servers import KEYS
from tests.results import link_of
from tests.sandbox.clocks import eventually

WRONG = "WrongEventLoopError"
LINK = "00000000-0000-4000-8000-000000000000"
UPDATE = LinkUpdate(LINK, password="new")
everywhere = pytest.mark.parametrize("elsewhere", PLACES)


@pytest.fixture
async def sandbox() -> AsyncIterator[Sandbox]:
    async with Sandbox(options=SandboxOptions(login_seconds=0.3)) as sandbox:
        yield sandbox


@pytest.fixture
async def pool(sandbox: Sandbox) -> AsyncIterator[SessionPool]:
    keys = Credentials(sandbox.secret_id, sandbox.secret_password)
    async with SessionPool(keys, environment=sandbox.url, close_grace=0) as pool:
        await pool.ping()
        yield pool


async def read_all(pool: SessionPool) -> None:
    async for _ in pool.links.list():
        pass


async def leave(pool: SessionPool) -> None:
    async with pool:
        pass


async def be_challenged(pool: SessionPool, sandbox: Sandbox) -> AwaitingToken:
    link_id = sandbox.add_link(institution="heimdall_mx_retail", username="mfa_numeric")
    with pytest.raises(TokenRequiredError) as required:
        await pool.links.update(LinkUpdate(link_id, password="new"))
    return required.value.state


def begin_login(pool: SessionPool, sandbox: Sandbox) -> "asyncio.Task[object]":
    return asyncio.create_task(pool.links.update(LinkUpdate(sandbox.add_link(), password="new")))


DOORS: dict[str, Callable[[SessionPool, AwaitingToken, str], Call]] = {
    "ping": lambda pool, *_: pool.ping,
    "async with": lambda pool, *_: lambda: leave(pool),
    "aclose": lambda pool, *_: pool.aclose,
    "account": lambda pool, *_: pool.client(KEYS).ping,
    "update": lambda pool, *_: lambda: pool.links.update(UPDATE),
    "resume": lambda pool, state, _: lambda: pool.links.resume(state, "111111"),
    "get": lambda pool, *_: lambda: pool.links.get(LINK),
    "delete": lambda pool, *_: lambda: pool.links.delete(LINK),
    "listing": lambda pool, *_: lambda: read_all(pool),
    "page": lambda pool, *_: lambda: pool.institutions.list().page(1),
    "park": lambda pool, state, _: lambda: pool.challenges.park(state),
    "challenges.get": lambda pool, _, ticket: lambda: pool.challenges.get(ticket),
    "challenges.find": lambda pool, *_: lambda: pool.challenges.find(LINK),
    "challenges.list": lambda pool, *_: pool.challenges.list,
    "challenges.resume": lambda pool, _, ticket: lambda: pool.challenges.resume(ticket, "111111"),
    "challenges.decline": lambda pool, _, ticket: lambda: pool.challenges.decline(ticket),
    "challenges.settle": lambda pool, _, ticket: lambda: pool.challenges.settle(ticket),
    "challenges.sweep": lambda pool, *_: pool.challenges.sweep,
}


@everywhere
@pytest.mark.parametrize("door", DOORS)
async def test_a_pool_refuses_other_loops_at_every_door_before_anything_is_sent(
    door: str, elsewhere: Place, pool: SessionPool, sandbox: Sandbox
) -> None:
    state = await be_challenged(pool, sandbox)
    ticket = await pool.challenges.park(state)
    login, sent = begin_login(pool, sandbox), len(sandbox.log)
    await eventually(lambda: len(sandbox.log) == sent + 1)
    name, remedy = await elsewhere(DOORS[door](pool, state, ticket))
    assert name == WRONG
    assert "new one" in remedy
    assert len(sandbox.log) == sent + 1
    await login
    await pool.ping()
    assert (await pool.challenges.get(ticket)).phase.value == "open"


@pytest.mark.parametrize("door", ["ping", "async with", "aclose"])
def test_a_pool_whose_loop_has_ended_says_that(door: str) -> None:
    pool = SessionPool(KEYS, environment="http://127.0.0.1:9")
    call: Call = {"ping": pool.ping, "async with": lambda: leave(pool), "aclose": pool.aclose}[door]
    name, remedy = run_on_two_loops(pool.challenges.list, call)
    assert name == WRONG
    assert "inside the coroutine that uses it" in remedy


@needs_fork
async def test_a_pool_that_was_never_used_serves_a_forked_child(sandbox: Sandbox) -> None:
    keys = Credentials(sandbox.secret_id, sandbox.secret_password)
    pool = SessionPool(keys, environment=sandbox.url)
    assert await try_in_child(pool.ping) == ("nothing", "")
    await pool.ping()
    await pool.aclose()


@needs_fork
async def test_a_pool_that_is_collected_in_a_child_leaves_the_parents_connections_alone(
    sandbox: Sandbox,
) -> None:
    keys = Credentials(sandbox.secret_id, sandbox.secret_password)
    pools = [SessionPool(keys, environment=sandbox.url)]
    await pools[0].ping()
    login = begin_login(pools[0], sandbox)
    await eventually(lambda: sandbox.logins() == 1)
    parent = os.getpid()

    async def forget() -> None:
        assert os.getpid() != parent
        for transport in pools[0]._engine.transports:
            transport._sockets.shut_down()  # type: ignore[attr-defined] # ours
        pools.clear()
        gc.collect()

    assert await try_in_child(forget) == ("nothing", "")
    async with asyncio.timeout(5):
        await login
        await pools[0].ping()
        await pools[0].aclose()


@everywhere
@pytest.mark.parametrize("name", ["run.journal", None])
async def test_a_run_refuses_other_loops_and_comes_to_its_end(
    elsewhere: Place, pool: SessionPool, sandbox: Sandbox, tmp_path: Path, name: str | None
) -> None:
    journal = None if name is None else tmp_path / name
    updates = [LinkUpdate(sandbox.add_link(), password="new") for _ in range(3)]

    async def stop() -> None:
        run.stop()

    async with bulk.refresh(pool, updates, journal=journal) as run:
        for call in (run.finish, run.aclose, stop, run.__aenter__):
            assert (await elsewhere(call))[0] == WRONG
        assert (await run.finish()).updated == 3


@everywhere
async def test_a_store_of_another_loop_is_refused_before_the_token_is_sent(
    elsewhere: Place, sandbox: Sandbox, tmp_path: Path
) -> None:
    keys = Credentials(sandbox.secret_id, sandbox.secret_password)
    async with SqliteChallengeStore(tmp_path / "challenges.sqlite") as store:
        async with SessionPool(keys, environment=sandbox.url, backend=MemoryBackend(store)) as mine:
            ticket = await mine.challenges.park(await be_challenged(mine, sandbox))
        sent = len(sandbox.log)

        async def resume() -> None:
            async with SessionPool(keys, environment=sandbox.url, backend=MemoryBackend(store)) as other:
                await other.challenges.resume(ticket, "111111")

        assert (await elsewhere(resume))[0] == WRONG
        assert len(sandbox.log) == sent
        async with SessionPool(keys, environment=sandbox.url, backend=MemoryBackend(store)) as mine:
            assert link_of(await mine.challenges.resume(ticket, "111111")).status


LOGINS: dict[str, Callable[[SessionPool, AwaitingToken], Awaitable[object]]] = {
    "update": lambda pool, _: pool.links.update(UPDATE),
    "update that waits": lambda pool, _: pool.links.update(UPDATE, when_busy="wait"),
    "update that is written down": lambda pool, _: pool.links.update(UPDATE, recorder=Forgetful()),
    "register": lambda pool, _: pool.links.register(
        LinkRegistration(institution="heimdall_mx_retail", username="new", password="new")
    ),
    "resume": lambda pool, state: pool.links.resume(state, "111111"),
    "refresh_data": lambda pool, _: pool.links.refresh_data(LINK),
}


class Forgetful:
    """A recorder that keeps nothing."""

    async def note_submission(self, at: datetime) -> None:
        pass

    async def note_challenge(self, state: AwaitingToken) -> None:
        pass

    async def note_answer(self, at: datetime) -> None:
        pass


@everywhere
@pytest.mark.parametrize("login", LOGINS)
async def test_no_login_leaves_whose_challenge_the_store_would_refuse(
    login: str, elsewhere: Place, pool: SessionPool, sandbox: Sandbox, tmp_path: Path
) -> None:
    keys, state = Credentials(sandbox.secret_id, sandbox.secret_password), await be_challenged(pool, sandbox)
    async with SqliteChallengeStore(tmp_path / "challenges.sqlite") as store:
        sent = len(sandbox.log)

        async def log_in() -> None:
            async with SessionPool(keys, environment=sandbox.url, backend=MemoryBackend(store)) as other:
                await LOGINS[login](other, state)

        assert (await elsewhere(log_in))[0] == WRONG
        assert len(sandbox.log) == sent
        async with SessionPool(keys, environment=sandbox.url, backend=MemoryBackend(store)) as mine:
            assert (await mine.links.resume(state, "111111")).status


async def show(page: ChallengePage | OperatorPage) -> object:
    """Ask for a page as a server does; return the status."""
    sent: list[Any] = []

    async def receive() -> dict[str, object]:
        return {"type": "http.request", "body": b""}

    async def send(message: Any) -> None:
        sent.append(message)

    await page.asgi_app()({"type": "http", "method": "GET", "path": "/", "headers": []}, receive, send)
    return sent[0]["status"]


@everywhere
async def test_pages_refuse_other_loops(elsewhere: Place, pool: SessionPool) -> None:
    for page in (ChallengePage(pool), OperatorPage(pool)):
        before = await show(page)
        assert (await elsewhere(lambda page=page: show(page)))[0] == WRONG  # type: ignore[misc]
        assert await show(page) == before


@everywhere
async def test_a_sandbox_is_stopped_where_it_was_started(elsewhere: Place) -> None:
    async with Sandbox() as other:
        for call in (other.stop, other.start):
            name, why = await elsewhere(call)
            assert name == "RuntimeError"
            assert "another event loop" in why
        async with SessionPool(
            Credentials(other.secret_id, other.secret_password), environment=other.url
        ) as mine:
            await mine.ping()


@everywhere
async def test_a_manual_clock_belongs_to_those_who_sleep(elsewhere: Place) -> None:
    clock = ManualClock()
    nap = asyncio.create_task(clock.sleep(1))
    await clock.wait_for_sleepers()
    for call in (lambda: clock.sleep(1), lambda: clock.advance(1)):
        assert (await elsewhere(call))[0] == WRONG
    await clock.advance(1)
    await nap
    assert (await elsewhere(lambda: clock.advance(1)))[0] == "nothing"


async def test_a_memory_store_serves_all_threads() -> None:
    store = MemoryChallengeStore()
    row = build_row()

    async def add() -> None:
        assert await store.add(row) in (True, False)

    results = await asyncio.gather(*(try_in_thread(add) for _ in range(8)))
    assert {name for name, _ in results} == {"nothing"}
    assert await store.read(row.key) == row
    assert len(store) == 1


@needs_fork
async def test_a_memory_store_is_empty_in_a_forked_child_so_no_token_is_sent_twice() -> None:
    store = MemoryChallengeStore()
    row = build_row()
    await store.add(row)
    lock = store._shelf.lock

    async def look() -> None:
        assert await store.read(row.key) is None
        assert await store.add(row)

    with lock:  # another thread was writing as the process was forked
        assert await try_in_child(look) == ("nothing", "")
    assert await store.read(row.key) == row
