"""A scope of anyio cancels on and on: it swallows its own, and all is closed (rule: Leaving is safe)."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from functools import partial
from pathlib import Path
from typing import TypeAlias

import anyio
import pytest

from belvo_async import (
    Challenge,
    Credentials,
    LinkUpdate,
    OutcomeUnknownError,
    RateLimit,
    SessionPool,
    TokenRequiredError,
    bulk,
)
from belvo_async._event_loop import close_all, end_all, finish, first_of
from belvo_async.sandbox import Sandbox, SandboxOptions
from tests.sandbox.clocks import eventually

Work: TypeAlias = Callable[[], Awaitable[object]]
Condition: TypeAlias = Callable[[], object]
LIMIT = 10.0
TURNS = pytest.mark.parametrize("turns", range(8))


@pytest.fixture
async def sandbox() -> AsyncIterator[Sandbox]:
    async with Sandbox(options=SandboxOptions(login_seconds=0.3, slow_seconds=600.0)) as sandbox:
        yield sandbox


@pytest.fixture
def slow_link(sandbox: Sandbox) -> str:
    """A link whose login does not end while a test is on."""
    return sandbox.add_link(username="x_slow")


def make_pool(sandbox: Sandbox, limit: RateLimit | None = None) -> SessionPool:
    keys = Credentials(sandbox.secret_id, sandbox.secret_password)
    return SessionPool(keys, environment=sandbox.url, close_grace=0, rate_limit=limit)


def add_challenged(sandbox: Sandbox) -> str:
    return sandbox.add_link(institution="heimdall_mx_retail", username="mfa_numeric")


async def cut_off(work: Work, *, once: Condition = lambda: True, turns: int = 0) -> None:
    """Do *work* in a task of its own, in a scope that is cancelled meanwhile and has to swallow that.

    The scope is cancelled some *turns* of the event loop after it has been seen that *once* holds.
    """
    async with asyncio.timeout(LIMIT):
        await asyncio.create_task(_cut_off(work, once, turns))


async def _cut_off(work: Work, once: Condition, turns: int) -> None:
    loop = asyncio.get_running_loop()
    with anyio.CancelScope() as scope:

        def cancel(left: int) -> None:
            if not once():
                loop.call_soon(cancel, left)
            elif left:
                loop.call_soon(cancel, left - 1)
            else:
                scope.cancel()

        loop.call_soon(cancel, turns)
        await work()
    assert scope.cancelled_caught


async def hang() -> None:
    await asyncio.Event().wait()


async def linger(gone: list[str], turns: int = 5) -> None:
    """Hang, and take some turns of the loop to end once cancelled."""
    try:
        await hang()
    finally:
        for _ in range(turns):
            await asyncio.sleep(0)
        gone.append("gone")


@TURNS
async def test_the_first_of_several_waits_ends_with_all_others_gone(turns: int) -> None:
    gone: list[str] = []
    await cut_off(lambda: first_of(linger(gone), linger(gone)), turns=turns)
    assert gone == ["gone", "gone"]


@TURNS
async def test_a_cancellation_while_the_losers_are_cleared_away_is_the_scopes(turns: int) -> None:
    gone: list[str] = []
    won = asyncio.Event()

    async def win() -> None:
        won.set()

    async def work() -> None:
        await first_of(win(), linger(gone))
        await hang()

    await cut_off(work, once=won.is_set, turns=turns)
    assert gone == ["gone"]


async def test_clean_up_ends_before_the_scope_is_left() -> None:
    done: list[str] = []

    async def clean_up() -> None:
        await asyncio.sleep(0.05)
        done.append("closed")

    async def work() -> None:
        try:
            await hang()
        finally:
            await finish(clean_up())

    await cut_off(work)
    assert done == ["closed"]


async def test_all_are_closed_though_the_first_raises() -> None:
    closed: list[str] = []

    async def fail() -> None:
        raise OSError

    async def close() -> None:
        await asyncio.sleep(0)
        closed.append("closed")

    with pytest.raises(OSError):  # noqa: PT011 - it has no message
        await close_all(fail(), close())
    assert closed == ["closed"]


async def test_a_second_cancellation_of_asyncios_own_does_not_wait() -> None:
    gone: list[str] = []
    stubborn = asyncio.ensure_future(linger(gone, turns=100))
    await asyncio.sleep(0)
    call = asyncio.ensure_future(end_all([stubborn]))
    for _ in range(2):
        await asyncio.sleep(0)
        call.cancel()
    await asyncio.wait([call], timeout=LIMIT)
    assert call.cancelled()
    assert not gone
    await asyncio.wait([stubborn])


@TURNS
async def test_an_update_in_flight(turns: int, sandbox: Sandbox, slow_link: str) -> None:
    async with make_pool(sandbox) as pool:
        update = LinkUpdate(slow_link, password="new")
        await cut_off(lambda: pool.links.update(update), once=sandbox.logins, turns=turns)


@TURNS
async def test_an_update_that_waits_for_the_limit(turns: int, sandbox: Sandbox) -> None:
    async with make_pool(sandbox, RateLimit(requests=1, window=60.0)) as pool:
        await pool.ping()
        update = LinkUpdate(sandbox.add_link(), password="new")
        for max_wait in (None, 1000.0):
            call = partial(pool.links.update, update, max_wait=max_wait)
            await cut_off(call, once=lambda: pool.load.calls.waiting, turns=turns)
        assert not sandbox.logins()
        assert not len(pool._engine.memory.flights)


@TURNS
async def test_an_update_while_a_person_is_asked(turns: int, sandbox: Sandbox) -> None:
    gone: list[str] = []
    asked = asyncio.Event()

    async def ask(_: Challenge) -> str:
        asked.set()
        await linger(gone)
        return "111111"

    async with make_pool(sandbox) as pool:
        update = LinkUpdate(add_challenged(sandbox), password="new")
        call = partial(pool.links.update, update, provide_token=ask)
        await cut_off(call, once=asked.is_set, turns=turns)
        assert gone == ["gone"]
        assert not len(pool._engine.memory.flights)


@TURNS
async def test_an_answer_by_ticket_leaves_what_became_of_it(turns: int, sandbox: Sandbox) -> None:
    async with make_pool(sandbox) as pool:
        with pytest.raises(TokenRequiredError) as required:
            await pool.links.update(LinkUpdate(add_challenged(sandbox), password="new"))
        ticket = await pool.challenges.park(required.value.state)
        await cut_off(lambda: pool.challenges.resume(ticket, "111111"), turns=turns * 3)
        phase = (await pool.challenges.get(ticket)).phase.value
        await pool.ping()  # what was sent before has arrived then
        sent = sandbox.tokens(required.value.state.challenge.link_id)
        assert phase in ("open", "answered", "updated")  # and not claimed
        assert not (phase == "open" and sent)


@TURNS
async def test_a_listing(turns: int, sandbox: Sandbox) -> None:
    async with make_pool(sandbox, RateLimit(requests=1, window=60.0)) as pool:
        await pool.ping()

        async def read() -> None:
            async for _ in pool.links.list():
                pass

        await cut_off(read, once=lambda: pool.load.calls.waiting, turns=turns)


@TURNS
async def test_a_runs_exit_leaves_nothing_open(turns: int, sandbox: Sandbox, tmp_path: Path) -> None:
    closed: list[str] = []
    is_read = asyncio.Event()

    async def read() -> AsyncIterator[LinkUpdate]:
        try:
            while True:
                await asyncio.sleep(0.01)
                is_read.set()
                yield LinkUpdate(sandbox.add_link(), password="new")
        finally:
            await asyncio.sleep(0)
            closed.append("source")

    journal = tmp_path / "run.journal"
    async with make_pool(sandbox) as pool:

        async def work() -> None:
            async with bulk.refresh(pool, read(), journal=journal, limits=bulk.JobLimits(close_grace=0)):
                await hang()

        await cut_off(work, once=is_read.is_set, turns=turns)
        assert closed == ["source"]
        async with bulk.refresh(pool, [], journal=journal):  # nobody holds it any more
            pass


@TURNS
async def test_aclose_closes_every_accounts_connections(turns: int, sandbox: Sandbox, slow_link: str) -> None:
    pool = make_pool(sandbox)
    other = pool.client(Credentials("other", "keys"))
    await asyncio.gather(pool.ping(), other.ping(), return_exceptions=True)
    login = asyncio.ensure_future(pool.links.update(LinkUpdate(slow_link, password="new")))
    await eventually(lambda: sandbox.logins() == 1)
    assert sandbox.connections > 1
    await cut_off(lambda: pool.aclose(grace=60), turns=turns)
    await eventually(lambda: not sandbox.connections)
    assert isinstance((await asyncio.gather(login, return_exceptions=True))[0], OutcomeUnknownError)
