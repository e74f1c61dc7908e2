"""Two pools that share a backend behave as one, as two processes would: each has a connection of its own."""

import asyncio
import os
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path
from typing import Final, TypeAlias

import pytest

from belvo_async import Credentials, LinkUpdate, RateLimit, SessionPool
from belvo_async.backends import (
    MemoryBackend,
    MemoryChallengeStore,
    PostgresBackend,
    make_backend,
    read_status,
)
from belvo_async.errors import (
    ChallengeStoreError,
    ConfigurationError,
    CoordinatorError,
    LinkBusyError,
    LoginFailedError,
    OutcomeUnknownError,
    PoolClosedError,
    TokenRequiredError,
)
from belvo_async.sandbox import Sandbox, SandboxOptions
from belvo_async.testing import ManualClock
from tests.results import link_of
from tests.stores.ports import find_free_port
from tests.stores.postgres import PostgresServer

Pools: TypeAlias = tuple[SessionPool, SessionPool]

NOBODY: Final = "30cb4806-6e00-48a4-91c9-ca55968576c8"


@pytest.fixture
async def sandbox() -> AsyncIterator[Sandbox]:
    async with Sandbox(options=SandboxOptions(login_seconds=0.3, slow_seconds=600.0)) as sandbox:
        yield sandbox


def make_pool(sandbox: Sandbox, **settings: object) -> SessionPool:
    keys = Credentials(sandbox.secret_id, sandbox.secret_password)
    return SessionPool(keys, environment=sandbox.url, **settings)  # type: ignore[arg-type]  # those of one test


@pytest.fixture(params=["sqlite", "postgres"])
def where(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """The setting of a backend in which nothing is under way."""
    if request.param == "sqlite":
        return str(tmp_path / "belvo.sqlite")
    server: PostgresServer = request.getfixturevalue("postgres")
    dsn = server.make_database()
    coordinator = PostgresBackend(dsn).coordinator
    coordinator.init()
    coordinator.close()
    return dsn


@pytest.fixture
async def pools(sandbox: Sandbox, where: str) -> AsyncIterator[Pools]:
    async with make_pool(sandbox, backend=where) as one, make_pool(sandbox, backend=where) as two:
        yield one, two


async def wait_for_login(sandbox: Sandbox) -> None:
    while not sandbox.logins():  # noqa: ASYNC110 - the sandbox tells nobody
        await asyncio.sleep(0.005)


async def test_the_second_login_of_a_link_waits_for_the_first(sandbox: Sandbox, pools: Pools) -> None:
    link_id = sandbox.add_link()
    updates = [LinkUpdate(link_id, password=word) for word in ("first", "second")]
    await asyncio.gather(*(pool.links.update(update) for pool, update in zip(pools, updates, strict=True)))
    assert (sandbox.logins(link_id), sandbox.overlapping_logins) == (2, 0)


async def test_who_refuses_to_wait_is_told_how_long_another_process_may_take(where: str) -> None:
    clock = ManualClock()
    async with (
        Sandbox(clock=clock, options=SandboxOptions(login_seconds=1.0)) as sandbox,
        make_pool(sandbox, backend=where) as one,
        make_pool(sandbox, backend=where) as two,
    ):
        update = LinkUpdate(sandbox.add_link(), password="new")
        first = asyncio.ensure_future(one.links.update(update))
        await wait_for_login(sandbox)
        with pytest.raises(LinkBusyError, match="Another process") as busy:
            await two.links.update(update, when_busy="refuse")
        assert busy.value.link_id == update.link_id
        assert 300.0 < busy.value.seconds <= 330.0
        clock.automatic = True  # the bank takes its time until here
        assert (await first).id == update.link_id
        assert (await two.links.update(update)).id == update.link_id
        assert sandbox.overlapping_logins == 0


async def test_an_equal_update_finds_the_challenge_that_another_process_has_parked_meanwhile(
    sandbox: Sandbox, pools: Pools
) -> None:
    one, two = pools
    link_id = sandbox.add_link(institution="heimdall_mx_retail", username="mfa_numeric")
    update = LinkUpdate(link_id, password="new")

    async def start() -> str:
        with pytest.raises(TokenRequiredError) as required:
            await one.links.update(update)
        return await one.challenges.park(required.value.state)

    async def start_again() -> str | None:
        await wait_for_login(sandbox)
        with pytest.raises(TokenRequiredError) as required:
            await two.links.update(update)
        return required.value.ticket

    ticket, found = await asyncio.gather(start(), start_again())
    assert found == ticket
    assert sandbox.logins(link_id) == 1
    assert link_of(await two.challenges.resume(ticket, "111111")).id == link_id


async def test_a_challenge_that_is_not_parked_yet_keeps_other_processes_waiting_until_it_is(
    sandbox: Sandbox, pools: Pools
) -> None:
    one, two = pools
    link_id = sandbox.add_link(institution="heimdall_mx_retail", username="mfa_numeric")
    update = LinkUpdate(link_id, password="new")
    with pytest.raises(TokenRequiredError) as required:
        await one.links.update(update)
    second = asyncio.ensure_future(two.links.update(update))
    await asyncio.sleep(0.3)  # in which it would log in, if it did not wait
    assert (sandbox.logins(link_id), second.done()) == (1, False)
    ticket = await one.challenges.park(required.value.state)
    with pytest.raises(TokenRequiredError) as found:
        async with asyncio.timeout(5):
            await second
    assert (found.value.ticket, sandbox.logins(link_id)) == (ticket, 1)


async def test_a_call_of_the_same_pool_takes_an_unparked_challenge_over_at_once(
    sandbox: Sandbox, pools: Pools
) -> None:
    one, two = pools
    link_id = sandbox.add_link(institution="heimdall_mx_retail", username="mfa_numeric")
    update = LinkUpdate(link_id, password="new")
    async with asyncio.timeout(5):
        with pytest.raises(TokenRequiredError):
            await one.links.update(update, when_busy="refuse")
        with pytest.raises(TokenRequiredError) as required:
            await one.links.update(update, when_busy="refuse")
    with pytest.raises(LinkBusyError) as busy:
        await two.links.update(update, when_busy="refuse")
    assert busy.value.seconds <= 15.0
    async with asyncio.timeout(5):
        assert (await one.links.resume(required.value.state, "111111")).id == link_id
        assert (await two.links.update(update, provide_token=lambda _: "111111")).id == link_id


async def test_a_challenge_that_was_written_as_text_keeps_no_other_process_waiting(
    sandbox: Sandbox, pools: Pools
) -> None:
    one, two = pools
    update = LinkUpdate(
        sandbox.add_link(institution="heimdall_mx_retail", username="mfa_numeric"), password="new"
    )
    with pytest.raises(TokenRequiredError) as required:
        await one.links.update(update)
    text = one.links.park(required.value.state)
    async with asyncio.timeout(5):
        assert (await two.links.resume(text, "111111")).id == update.link_id


async def test_a_challenge_that_asks_again_under_its_ticket_keeps_no_other_process_waiting(
    sandbox: Sandbox, pools: Pools
) -> None:
    one, two = pools
    update = LinkUpdate(
        sandbox.add_link(institution="heimdall_mx_retail", username="mfa_numeric"), password="new"
    )
    with pytest.raises(TokenRequiredError) as required:
        await one.links.update(update)
    ticket = await one.challenges.park(required.value.state)
    with pytest.raises(TokenRequiredError):
        await one.challenges.resume(ticket, "999999")
    async with asyncio.timeout(5):
        assert link_of(await two.challenges.resume(ticket, "111111")).id == update.link_id


async def test_a_call_that_has_returned_has_let_go_of_its_link(sandbox: Sandbox, pools: Pools) -> None:
    one, two = pools
    update = LinkUpdate(sandbox.add_link(), password="new")
    for _ in range(3):
        for pool in (one, two):
            await pool.links.update(update, when_busy="refuse")
    refused = LinkUpdate(update.link_id, password="pass_invalid")
    for pool in (one, two, one, two):
        with pytest.raises(LoginFailedError):
            await pool.links.update(refused, when_busy="refuse")


async def test_a_login_that_a_closing_pool_left_behind_keeps_its_link(sandbox: Sandbox, where: str) -> None:
    update = LinkUpdate(sandbox.add_link(username="x_slow"), password="new")
    async with make_pool(sandbox, backend=where, close_grace=0.0) as leaving:
        login = asyncio.ensure_future(leaving.links.update(update))
        await wait_for_login(sandbox)
    assert isinstance((await asyncio.gather(login, return_exceptions=True))[0], OutcomeUnknownError)
    async with make_pool(sandbox, backend=where) as pool:
        with pytest.raises(LinkBusyError) as busy:
            await pool.links.update(update, when_busy="refuse")
    assert busy.value.seconds > 300.0
    assert sandbox.logins(update.link_id) == 1


async def test_a_pool_that_closes_right_after_a_login_lets_go_of_link_and_user(
    sandbox: Sandbox, where: str
) -> None:
    update = LinkUpdate(sandbox.add_link(), password="new")
    for _ in range(3):
        async with make_pool(sandbox, backend=where) as pool:
            await pool.links.get(update.link_id)  # tells whose link it is
            await pool.links.update(update)
        async with make_backend(where) as backend:
            assert (await read_status(backend)).leases == ()


async def test_all_pools_keep_one_window(sandbox: Sandbox, where: str) -> None:
    limit = RateLimit(requests=10, window=0.7, margin=0.5)
    async with (
        make_pool(sandbox, backend=where, rate_limit=limit) as one,
        make_pool(sandbox, backend=where, rate_limit=limit) as two,
    ):
        await asyncio.gather(*(pool.ping() for pool in (one, two) for _ in range(15)))
    moments = sorted(entry.at.timestamp() for entry in sandbox.log)
    assert len(moments) == 30
    assert all(later - first >= limit.window for first, later in zip(moments, moments[10:], strict=False))


async def test_one_whose_lease_is_lost_with_its_file_sends_no_login_beside_that_of_who_has_made_it_anew(
    tmp_path: Path,
) -> None:
    """The windows are real, as the file's time is: the first waits for its own while the other logs in."""
    path, window = tmp_path / "belvo.sqlite", RateLimit(requests=1, window=1.2, margin=0.1, burst=1)
    async with (
        Sandbox(options=SandboxOptions(login_seconds=2.5)) as sandbox,
        make_pool(sandbox, backend=path, rate_limit=window) as one,
    ):
        update = LinkUpdate(sandbox.add_link(), password="new")
        await one.links.get(sandbox.add_link())
        first = asyncio.ensure_future(one.links.update(update))
        while not one.load.calls.waiting:  # noqa: ASYNC110 - a gauge tells nobody
            await asyncio.sleep(0.005)
        path.with_name(f"{path.name}-coordinator").unlink()
        async with make_pool(sandbox, backend=path, egress="another") as two:
            await two.links.update(update)
        await first
    assert (sandbox.logins(update.link_id), sandbox.overlapping_logins) == (2, 0)


async def test_each_egress_address_has_a_window_of_its_own(sandbox: Sandbox, where: str) -> None:
    limit = RateLimit(requests=10, window=60.0)
    async with (
        make_pool(sandbox, backend=where, rate_limit=limit, egress="nat-1") as one,
        make_pool(sandbox, backend=where, rate_limit=limit, egress="nat-2") as two,
        asyncio.timeout(50),
    ):
        await asyncio.gather(*(pool.ping() for pool in (one, two) for _ in range(9)))


async def test_pools_of_a_process_share_the_window_by_default(sandbox: Sandbox) -> None:
    limit = RateLimit(requests=10, window=60.0)
    async with make_pool(sandbox, rate_limit=limit) as one, make_pool(sandbox, rate_limit=limit) as two:
        await asyncio.gather(*(one.ping() for _ in range(9)))
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(0.2):
                await two.ping()


async def test_the_variable_names_the_backend(
    sandbox: Sandbox, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("BELVO_BACKEND", f"sqlite:///{tmp_path}/belvo.sqlite")
    async with make_pool(sandbox) as pool:
        await pool.links.update(LinkUpdate(sandbox.add_link(), password="new"))
    assert {"belvo.sqlite", "belvo.sqlite-coordinator"} <= set(os.listdir(tmp_path))  # noqa: PTH208 - names


@pytest.mark.parametrize(
    "backend",
    [
        "valkey://:hunter2@127.0.0.1/0",
        "redis:/:hunter2@h/0",
        " redis://:hunter2@127.0.0.1/0",
        "'redis://:hunter2@127.0.0.1/0'",
        "\ufeffredis://:hunter2@127.0.0.1/0",
        "postgresql+psycopg://user:hunter2@127.0.0.1/belvo",
        "postgres:/user:hunter2@127.0.0.1/belvo",
        "//hunter2/share/belvo.sqlite",
        "sqlite:///",
        "",
        b"hunter2",
        7,
    ],
)
async def test_what_names_no_backend_is_refused_without_showing_it(sandbox: Sandbox, backend: object) -> None:
    with pytest.raises(ConfigurationError, match="backend") as refused:
        make_pool(sandbox, backend=backend)
    assert "hunter2" not in f"{refused.value} {refused.value!r} {refused.value.__context__!r}"


@pytest.mark.parametrize("egress", ["", "nat 1", "ä", "-nat", "n" * 101, None, 1])
async def test_an_odd_egress_name_is_refused(sandbox: Sandbox, egress: object) -> None:
    with pytest.raises(ConfigurationError, match="egress"):
        make_pool(sandbox, egress=egress)


CALLS: dict[str, Callable[[SessionPool], Awaitable[object]]] = {
    "ping": SessionPool.ping,
    "get": lambda pool: pool.links.get(NOBODY),
    "list": lambda pool: anext(aiter(pool.links.list())),
    "update": lambda pool: pool.links.update(LinkUpdate(NOBODY, password="new")),
    "sweep": lambda pool: pool.links.sweep(),
    "challenges": lambda pool: pool.challenges.list(),
    "resume": lambda pool: pool.challenges.resume("t" * 32, "123456"),
}


@pytest.mark.parametrize("name", CALLS)
async def test_a_pool_whose_backend_nobody_has_opened_sends_nothing_and_says_how_to_open_it(
    sandbox: Sandbox, tmp_path: Path, name: str
) -> None:
    pool = make_pool(sandbox, backend=str(tmp_path / "belvo.sqlite"))
    with pytest.raises(PoolClosedError, match="nothing was sent") as refused:
        await CALLS[name](pool)
    assert "async with" in refused.value.remedy
    async with pool:
        await pool.ping()
    assert len(sandbox.log) == 1


@pytest.mark.parametrize(
    "address", ["{directory}", "redis://127.0.0.1:{port}/0", "postgresql://me@127.0.0.1:{port}/x"]
)
async def test_a_backend_that_cannot_be_opened_says_that_nothing_was_sent(
    sandbox: Sandbox, tmp_path: Path, address: str
) -> None:
    pool = make_pool(sandbox, backend=address.format(directory=tmp_path, port=find_free_port()))
    with pytest.raises(ChallengeStoreError, match="nothing was sent"):
        await pool.__aenter__()
    with pytest.raises(PoolClosedError):
        await pool.ping()
    await pool.aclose()
    assert sandbox.log == []


async def test_a_backend_that_was_handed_in_stays_open(sandbox: Sandbox) -> None:
    backend = MemoryBackend()
    for _ in range(2):
        async with make_pool(sandbox, backend=backend) as pool:
            await pool.ping()


class Buggy:
    """A coordinator of somebody's own that has a bug."""

    is_blocking = True

    def change(self, *_: object) -> object:
        raise ZeroDivisionError


class BuggyBackend:
    """A backend with that coordinator."""

    def __init__(self) -> None:
        self.coordinator = Buggy()
        self.challenges = MemoryChallengeStore()
        self.ledger = None

    async def open(self) -> None:
        """Do nothing."""

    async def aclose(self) -> None:
        """Do nothing."""


async def test_a_coordinator_with_a_bug_leaves_nobody_waiting(sandbox: Sandbox) -> None:
    async with make_pool(sandbox, backend=BuggyBackend()) as pool, asyncio.timeout(10):
        results = await asyncio.gather(*(pool.ping() for _ in range(3)), return_exceptions=True)
        assert {type(result) for result in results} == {CoordinatorError}
    assert sandbox.log == []
