"""Batches of links, from any iterable."""

import asyncio
from collections.abc import AsyncIterator, Iterator
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from belvo_async import Link, LinkUpdate
from belvo_async.bulk._source import Item, Items, Source, check_items
from belvo_async.errors import InvalidValueError, SourceError

LINK_ID = "30cb4806-6e00-48a4-91c9-ca55968576c8"
UPDATE = LinkUpdate(LINK_ID, password="new", institution="erebor_mx_retail")


async def read(updates: Items, size: int = 4, *, has_credentials: bool = False) -> list[int]:
    """Return how many jobs each batch has."""
    source = Source(updates, has_credentials=has_credentials)
    return [len(batch) async for batch in source.batches(size)]


async def give(number: int) -> AsyncIterator[LinkUpdate]:
    for _ in range(number):
        yield UPDATE


@given(number=st.integers(0, 20), size=st.integers(1, 7), is_async=st.booleans())
async def test_every_item_comes_once_in_batches_that_are_full_but_the_last(
    number: int, size: int, is_async: bool
) -> None:
    full, rest = divmod(number, size)
    batches = await read(give(number) if is_async else [UPDATE] * number, size)
    assert batches == [size] * full + [rest] * (rest > 0)


async def test_what_is_there_does_not_wait_for_what_comes_later() -> None:
    gate = asyncio.Event()

    async def dawdle() -> AsyncIterator[LinkUpdate]:
        yield UPDATE
        yield UPDATE
        await gate.wait()
        yield UPDATE

    batches = Source(dawdle(), has_credentials=False).batches(64)
    async with asyncio.timeout(5.0):
        assert len(await anext(batches)) == 2
        gate.set()
        assert len(await anext(batches)) == 1
    await batches.aclose()


async def test_a_source_is_read_no_further_than_is_asked() -> None:
    read_so_far = []

    def count() -> Iterator[LinkUpdate]:
        for number in range(1000):
            read_so_far.append(number)
            yield UPDATE

    batches = Source(count(), has_credentials=False).batches(10)
    await anext(batches)
    assert len(read_so_far) == 10
    await anext(batches)
    assert len(read_so_far) == 20
    await batches.aclose()


@pytest.mark.parametrize("is_async", [False, True])
async def test_what_came_before_a_failure_is_given_out(is_async: bool) -> None:
    def fail() -> Iterator[LinkUpdate]:
        yield UPDATE
        yield UPDATE
        raise OSError("the disk is gone")

    async def fail_async() -> AsyncIterator[LinkUpdate]:
        for update in fail():
            yield update

    source = Source(fail_async() if is_async else fail(), has_credentials=False)
    batches = source.batches(64)
    assert len(await anext(batches)) == 2
    with pytest.raises(SourceError, match=r"failed after 2 of them: it raised OSError\.") as caught:
        await anext(batches)
    assert isinstance(caught.value.__cause__, OSError)
    assert source.read == 2


async def test_a_source_that_cancels_itself_has_failed() -> None:
    async def cancel() -> AsyncIterator[LinkUpdate]:
        yield UPDATE
        raise asyncio.CancelledError

    with pytest.raises(SourceError, match="CancelledError"):
        await read(cancel())


async def test_an_item_of_a_wrong_kind_is_named_by_its_number() -> None:
    with pytest.raises(SourceError, match=r"at number 3: updates holds int, not LinkUpdate") as caught:
        await read([UPDATE, UPDATE, 5, UPDATE])  # type: ignore[list-item]
    assert isinstance(caught.value.__cause__, InvalidValueError)


@pytest.mark.parametrize("item", [LINK_ID, UUID(LINK_ID), Link(id=LINK_ID)])
async def test_an_id_alone_needs_credentials(item: str | UUID | Link) -> None:
    with pytest.raises(SourceError, match=r"holds (str|UUID|Link), not LinkUpdate"):
        await read([item])
    assert await read([item], has_credentials=True) == [1]


@pytest.mark.parametrize("item", ["no id", "", "../..", None, 5, b"x"])
async def test_what_is_no_id_is_refused(item: object) -> None:
    with pytest.raises(SourceError, match="at number 2"):
        await read([UPDATE, item], has_credentials=True)  # type: ignore[list-item]


async def test_a_job_knows_the_institution_that_its_item_names() -> None:
    items: list[Item] = [UPDATE, Link(id=LINK_ID, institution="gringotts_mx_retail"), LINK_ID.upper()]
    (batch,) = [batch async for batch in Source(items, has_credentials=True).batches(9)]
    assert [(job.link_id, job.institution) for job in batch] == [
        (LINK_ID, "erebor_mx_retail"),
        (LINK_ID, "gringotts_mx_retail"),
        (LINK_ID, None),
    ]
    assert [job.update for job in batch] == [UPDATE, None, None]


async def test_no_password_is_in_the_repr_of_a_job() -> None:
    secret = LinkUpdate(LINK_ID, password="correct horse")
    (batch,) = [batch async for batch in Source([secret], has_credentials=False).batches(9)]
    assert "correct horse" not in repr(batch)


@pytest.mark.parametrize("is_async", [False, True])
async def test_a_generator_is_closed_when_nobody_reads_on(is_async: bool) -> None:
    closed = []

    def count() -> Iterator[LinkUpdate]:
        try:
            while True:
                yield UPDATE
        finally:
            closed.append("sync")

    async def count_async() -> AsyncIterator[LinkUpdate]:
        try:
            while True:
                yield UPDATE
        finally:
            closed.append("async")

    updates = count_async() if is_async else count()
    batches = Source(updates, has_credentials=False).batches(3)
    await anext(batches)
    await batches.aclose()
    assert closed == ["async" if is_async else "sync"]


@pytest.mark.parametrize("updates", [LINK_ID, b"abc", UPDATE, Link(id=LINK_ID), None, 5, object()])
@pytest.mark.parametrize("has_credentials", [False, True])
def test_what_is_no_collection_of_links_is_refused_at_once(updates: object, has_credentials: bool) -> None:
    with pytest.raises(InvalidValueError, match="updates is"):
        check_items(updates, has_credentials=has_credentials)
