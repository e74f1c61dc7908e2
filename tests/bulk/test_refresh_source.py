"""Where a job's links and credentials come from."""

import asyncio
import weakref
from collections.abc import AsyncIterator, Callable, Iterator
from pathlib import Path
from typing import Any, TypeAlias
from uuid import UUID

import pytest

from belvo_async import Concurrency, Link, LinkUpdate, RateLimit, SessionPool
from belvo_async.bulk import CredentialsProvider, NotUpdated, Updated, refresh
from belvo_async.errors import InvalidValueError, SourceError
from belvo_async.sandbox import Sandbox
from belvo_async.testing import ManualClock
from tests.bulk.conftest import (
    EREBOR,
    PASSWORD,
    add_links,
    add_updates,
    count_kinds,
    count_puts,
    fail_with,
    only,
    open_pool,
    pick,
    read_states,
    refresh_all,
)

LINK_ID = "30cb4806-6e00-48a4-91c9-ca55968576c8"
UPDATE = LinkUpdate(LINK_ID, password="new", institution=EREBOR)
Item: TypeAlias = LinkUpdate | Link | UUID | str


async def look_up(link_id: str) -> LinkUpdate:
    return LinkUpdate(link_id, password=PASSWORD)


async def drip(updates: list[LinkUpdate], clock: ManualClock, seconds: float) -> AsyncIterator[LinkUpdate]:
    for update in updates:
        yield update
        await clock.sleep(seconds)


def fail_after(updates: list[LinkUpdate]) -> Iterator[LinkUpdate]:
    yield from updates
    raise OSError("the disk is gone")


@pytest.mark.parametrize("build", [list, tuple, iter, set, lambda updates: (update for update in updates)])
async def test_any_iterable_will_do(
    sandbox: Sandbox, pool: SessionPool, build: Callable[[list[LinkUpdate]], object]
) -> None:
    outcomes, _ = await refresh_all(pool, build(add_updates(sandbox, 150)))
    assert count_kinds(outcomes) == {"Updated": 150}


async def test_an_empty_source_ends_at_once(pool: SessionPool) -> None:
    outcomes, report = await refresh_all(pool, [])
    assert (outcomes, report.total, report.finished, report.stopped) == ([], 0, 0, None)


async def test_a_slow_source_does_not_hold_back_what_is_there(
    sandbox: Sandbox, clock: ManualClock, pool: SessionPool
) -> None:
    updates = add_updates(sandbox, 3)
    began = clock.monotonic()
    async with refresh(pool, drip(updates, clock, 100.0)) as run:
        ends = [(outcome.link_id, clock.monotonic() - began) async for outcome in run]
    assert ends == [(update.link_id, 100.0 * number + 1.0) for number, update in enumerate(updates)]


@pytest.mark.parametrize("is_async", [False, True])
async def test_what_came_before_a_source_failed_is_finished(
    sandbox: Sandbox, pool: SessionPool, is_async: bool
) -> None:
    updates = add_updates(sandbox, 5)

    async def fail_async() -> AsyncIterator[LinkUpdate]:
        for update in fail_after(updates):
            yield update

    source = fail_async() if is_async else fail_after(updates)
    outcomes, error = await fail_with(pool, source, SourceError)
    assert isinstance(error.__cause__, OSError)
    assert "failed after 5 of them: it raised OSError." in error.message
    assert count_kinds(outcomes) == {"Updated": 5}


async def test_a_source_that_cancels_itself_has_failed(sandbox: Sandbox, pool: SessionPool) -> None:
    async def cancel() -> AsyncIterator[LinkUpdate]:
        yield add_updates(sandbox)[0]
        raise asyncio.CancelledError

    _, error = await fail_with(pool, cancel(), SourceError)
    assert "CancelledError" in error.message


async def test_after_a_source_failed_the_next_run_goes_on(sandbox: Sandbox, tmp_path: Path) -> None:
    updates = add_updates(sandbox, 12)
    path = tmp_path / "run.sqlite"
    async with open_pool(sandbox) as pool:
        first, error = await fail_with(pool, fail_after(updates[:6]), SourceError, journal=path)
        second, report = await refresh_all(pool, updates, journal=path)
    assert "12" not in error.message
    assert len(first) + len(second) == report.updated == 12
    assert sandbox.logins() == 12
    assert set(read_states(path).values()) == {"updated"}


async def test_credentials_are_looked_up_right_before_each_login(sandbox: Sandbox, pool: SessionPool) -> None:
    links = add_links(sandbox, 40)
    living: weakref.WeakSet[LinkUpdate] = weakref.WeakSet()
    most = 0

    async def look_up(link_id: str) -> LinkUpdate:
        nonlocal most
        update = LinkUpdate(link_id, password=PASSWORD)
        living.add(update)
        most = max(most, len(living))
        return update

    concurrency = Concurrency(total=4)
    outcomes, _ = await refresh_all(pool, links, credentials=look_up, concurrency=concurrency)
    assert count_kinds(outcomes) == {"Updated": 40}
    assert most <= 5
    assert {link.credentials["password"] for link in sandbox.links.values()} == {PASSWORD}


async def test_links_themselves_may_be_refreshed(sandbox: Sandbox, pool: SessionPool) -> None:
    (link_id,) = add_links(sandbox)

    async def look_up(wanted: str) -> LinkUpdate:
        return LinkUpdate(wanted, password=PASSWORD)

    outcomes, _ = await refresh_all(pool, pool.links.list(), credentials=look_up)
    assert only(outcomes[0], Updated).link_id == link_id


async def test_an_update_of_the_source_needs_no_look_up(sandbox: Sandbox, pool: SessionPool) -> None:
    async def look_up(link_id: str) -> LinkUpdate:
        raise AssertionError(link_id)

    outcomes, _ = await refresh_all(pool, add_updates(sandbox, 2), credentials=look_up)
    assert count_kinds(outcomes) == {"Updated": 2}


async def test_a_look_up_that_raises_stops_the_job_and_leaves_the_link_queued(
    sandbox: Sandbox, tmp_path: Path
) -> None:
    links = add_links(sandbox, 3)

    async def look_up(link_id: str) -> LinkUpdate:
        if link_id == links[1]:
            raise KeyError("the vault is locked")
        return LinkUpdate(link_id, password=PASSWORD)

    path = tmp_path / "run.sqlite"
    async with open_pool(sandbox) as pool:
        concurrency = Concurrency(total=1)
        outcomes, error = await fail_with(
            pool, links, SourceError, credentials=look_up, concurrency=concurrency, journal=path
        )
    assert (error.link_id, type(error.__cause__)) == (links[1], KeyError)
    assert [outcome.link_id for outcome in outcomes] == links[:1]
    assert read_states(path) == dict(zip(links, ("updated", "queued", "queued"), strict=True))
    assert sandbox.logins(links[1]) == 0


async def test_a_look_up_that_cancels_itself_stops_the_job_too(sandbox: Sandbox, pool: SessionPool) -> None:
    async def look_up(_: str) -> LinkUpdate:
        raise asyncio.CancelledError

    await fail_with(pool, add_links(sandbox), SourceError, credentials=look_up)


@pytest.mark.parametrize("returned", ["nothing", "another link's", "no update"])
async def test_a_look_up_that_gives_something_else_refuses_that_link_alone(
    sandbox: Sandbox, pool: SessionPool, returned: str
) -> None:
    links = add_links(sandbox, 2)

    async def look_up(link_id: str) -> LinkUpdate | None:
        if link_id == links[1]:
            return LinkUpdate(link_id, password=PASSWORD)
        others = {"another link's": LinkUpdate(links[1], password=PASSWORD), "no update": "password"}
        return others.get(returned)  # type: ignore[return-value]

    outcomes, _ = await refresh_all(pool, links, credentials=look_up)
    (refused,) = pick(outcomes, NotUpdated)
    assert refused.link_id == links[0]
    assert isinstance(refused.error, InvalidValueError)
    assert count_puts(sandbox) == 1


async def test_a_look_up_may_be_a_plain_function(sandbox: Sandbox, pool: SessionPool) -> None:
    def look_up(link_id: str) -> LinkUpdate:
        return LinkUpdate(link_id, password=PASSWORD)

    outcomes, _ = await refresh_all(pool, add_links(sandbox), credentials=look_up)
    only(outcomes[0], Updated)


async def test_a_link_whose_credentials_were_missing_is_tried_again_when_they_are_there(
    sandbox: Sandbox, pool: SessionPool, tmp_path: Path
) -> None:
    (link_id,) = add_links(sandbox)
    found: dict[str, LinkUpdate] = {}
    settings: dict[str, Any] = {"credentials": found.get, "journal": tmp_path / "j"}
    (missing,), _ = await refresh_all(pool, [link_id], **settings)
    only(missing, NotUpdated)
    found[link_id] = LinkUpdate(link_id, password=PASSWORD)
    (outcome,), _ = await refresh_all(pool, [link_id], retry="refused", **settings)
    only(outcome, Updated)


@pytest.mark.parametrize("updates", [LINK_ID, b"abc", UPDATE, Link(id=LINK_ID), None, 5, object()])
@pytest.mark.parametrize("credentials", [None, look_up])
def test_what_is_no_source_is_refused_before_anything_begins(
    sandbox: Sandbox, updates: Any, credentials: CredentialsProvider | None
) -> None:
    with pytest.raises(InvalidValueError, match="updates is"):
        refresh(open_pool(sandbox), updates, credentials=credentials)


async def test_an_item_of_a_wrong_kind_is_named_by_its_number(sandbox: Sandbox, pool: SessionPool) -> None:
    _, error = await fail_with(pool, [*add_updates(sandbox, 2), 5, *add_updates(sandbox)], SourceError)
    assert "at number 3: updates holds int, not LinkUpdate" in error.message
    assert isinstance(error.__cause__, InvalidValueError)


@pytest.mark.parametrize("build", [str, UUID, lambda link_id: Link(id=link_id)])
async def test_an_id_alone_needs_credentials(
    sandbox: Sandbox, pool: SessionPool, build: Callable[[str], Item]
) -> None:
    item = build(add_links(sandbox)[0])
    _, error = await fail_with(pool, [item], SourceError)
    assert f"holds {type(item).__name__}, not LinkUpdate" in error.message
    only((await refresh_all(pool, [item], credentials=look_up))[0][0], Updated)


@pytest.mark.parametrize("item", ["no id", "", "../..", None, 5, b"x"])
async def test_what_is_no_id_is_refused(sandbox: Sandbox, pool: SessionPool, item: object) -> None:
    _, error = await fail_with(pool, [*add_updates(sandbox), item], SourceError, credentials=look_up)
    assert "at number 2" in error.message


async def test_a_job_knows_the_institution_that_its_item_names(pool: SessionPool) -> None:
    other = Link(id=LINK_ID.replace("30cb", "31cb"), institution="gringotts_mx_retail")
    items: list[Item] = [UPDATE, other, LINK_ID.replace("30cb", "32cb").upper()]
    async with refresh(pool, items, credentials=look_up, dry_run=True) as run:
        report = await run.finish()
    names = ("erebor_mx_retail", "gringotts_mx_retail", "unknown")
    assert report.by_institution == {name: {"waiting": 1} for name in names}


@pytest.mark.parametrize("look_ahead", [1, 2, 3])
async def test_a_short_look_ahead_leaves_no_place_empty(
    sandbox: Sandbox, clock: ManualClock, pool: SessionPool, look_ahead: int
) -> None:
    updates = add_updates(sandbox, 16)
    began = clock.monotonic()
    await refresh_all(pool, updates, look_ahead=look_ahead, concurrency=Concurrency(total=4))
    assert clock.monotonic() - began == 4.0


@pytest.mark.parametrize("is_async", [False, True])
async def test_a_source_is_closed_when_the_block_is_left(sandbox: Sandbox, is_async: bool) -> None:
    updates = add_updates(sandbox, 2000)
    closed = []

    def give() -> Iterator[LinkUpdate]:
        try:
            yield from updates
        finally:
            closed.append("now")

    async def give_async() -> AsyncIterator[LinkUpdate]:
        try:
            for update in updates:
                yield update
        finally:
            closed.append("now")

    async with open_pool(sandbox, rate_limit=RateLimit()) as pool:
        async with refresh(pool, give_async() if is_async else give()) as run:
            await anext(run)
        assert closed == ["now"]
