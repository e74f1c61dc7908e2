"""The tests that every `ChallengeStore` has to pass, for a store of your own.

```python
import pytest_asyncio

from belvo_async.backends import SqliteChallengeStore
from belvo_async.testing.challenge_store_suite import ChallengeStoreSuite


class TestMyStore(ChallengeStoreSuite):
    @pytest_asyncio.fixture
    async def store(self, tmp_path):
        async with SqliteChallengeStore(tmp_path / "challenges.sqlite") as store:  # yours
            yield store
```

Give each test an empty store. Where another connection to the same data is possible, add a fixture
`other_store`: two processes are then played by the two. Needs pytest and pytest-asyncio.
"""

import asyncio
from datetime import UTC, datetime, timedelta
from typing import Final

import pytest
from attrs import evolve

from belvo_async.backends import ChallengeRow, ChallengeStore
from belvo_async.backends._challenge_store import LoopBound
from belvo_async.errors import WrongEventLoopError
from belvo_async.models import ChallengePhase

NOON: Final = datetime(2030, 1, 1, 12, tzinfo=UTC)
OWNER: Final = "0" * 32
LINK: Final = "1" * 64
_MINUTE: Final = timedelta(minutes=1)
_AT_ONCE: Final = 1.0
_MICROSECOND: Final = timedelta(microseconds=1)
_ONGOING: Final = (ChallengePhase.OPEN, ChallengePhase.CLAIMED, ChallengePhase.ANSWERED)


def build_row(
    name: str = "a",
    *,
    owner: str = OWNER,
    link: str = LINK,
    phase: ChallengePhase = ChallengePhase.OPEN,
    version: int = 1,
    expires_at: datetime = NOON,
    record: str = "{}",
) -> ChallengeRow:
    """Build a row for a test; *name* makes its key."""
    return ChallengeRow(
        key=name.encode().hex().rjust(64, "0"),
        owner=owner,
        link=link,
        phase=phase,
        version=version,
        expires_at=expires_at,
        keep_until=expires_at + timedelta(days=1),
        record=record,
    )


@pytest.mark.asyncio
class ChallengeStoreSuite:
    """Inherit from it, and override the fixture `store`."""

    @pytest.fixture
    def store(self) -> ChallengeStore:
        """Give an empty store."""
        raise NotImplementedError("override the fixture `store`")

    @pytest.fixture
    def other_store(self, store: ChallengeStore) -> ChallengeStore:
        """Give another connection to the data of `store`; by default the same one."""
        return store

    async def test_what_was_added_is_read(self, store: ChallengeStore, other_store: ChallengeStore) -> None:
        """All cells come back as they were."""
        row = build_row(expires_at=NOON + 7 * _MICROSECOND, record='{"á": "\\u00e1 漢字 😀"}')
        assert await store.add(row)
        assert await store.read(row.key) == row
        assert await other_store.read(row.key) == row

    async def test_what_was_never_added_is_not_there(self, store: ChallengeStore) -> None:
        """None, and no error."""
        assert await store.read(build_row().key) is None

    async def test_a_row_is_added_once(self, store: ChallengeStore, other_store: ChallengeStore) -> None:
        """The second one changes nothing."""
        row = build_row()
        assert await store.add(row)
        assert not await other_store.add(evolve(row, record="other"))
        assert await store.read(row.key) == row

    async def test_of_many_that_add_a_row_one_does(
        self, store: ChallengeStore, other_store: ChallengeStore
    ) -> None:
        """Also at the same time."""
        rows = [build_row(record=str(number)) for number in range(20)]
        added = await asyncio.gather(
            *((store, other_store)[number % 2].add(row) for number, row in enumerate(rows))
        )
        assert added.count(True) == 1
        assert await store.read(rows[0].key) == rows[added.index(True)]

    async def test_a_long_record_is_kept(self, store: ChallengeStore) -> None:
        """A QR code as an image may have tens of kilobytes."""
        row = build_row(record="x" * 65_536)
        await store.add(row)
        assert await store.read(row.key) == row

    async def test_the_next_version_takes_the_place_of_the_last(
        self, store: ChallengeStore, other_store: ChallengeStore
    ) -> None:
        """All cells but the key, the owner and the link may change."""
        await store.add(build_row())
        later = NOON + _MINUTE
        row = build_row(phase=ChallengePhase.CLAIMED, version=2, expires_at=later, record="new")
        assert await other_store.replace(row)
        assert await store.read(row.key) == row

    @pytest.mark.parametrize("version", [1, 3, 0, -1], ids=["same", "two on", "zero", "negative"])
    async def test_any_other_version_changes_nothing(self, store: ChallengeStore, version: int) -> None:
        """The one before has to be the one that is there."""
        row = build_row()
        await store.add(row)
        assert not await store.replace(evolve(row, version=version, record="other"))
        assert await store.read(row.key) == row

    async def test_what_is_not_there_is_not_replaced(self, store: ChallengeStore) -> None:
        """Nor is it made."""
        row = build_row(version=2)
        assert not await store.replace(row)
        assert await store.read(row.key) is None

    async def test_of_many_that_replace_a_version_one_does(
        self, store: ChallengeStore, other_store: ChallengeStore
    ) -> None:
        """On this rests that a token is sent once."""
        await store.add(build_row())
        for version in range(2, 12):
            rows = [build_row(version=version, record=f"{version} {number}") for number in range(20)]
            replaced = await asyncio.gather(
                *((store, other_store)[number % 2].replace(row) for number, row in enumerate(rows))
            )
            assert replaced.count(True) == 1
            assert await store.read(rows[0].key) == rows[replaced.index(True)]

    async def test_the_soonest_are_listed_first(self, store: ChallengeStore) -> None:
        """In whichever order they were added."""
        rows = [build_row(str(minute), expires_at=NOON + minute * _MINUTE) for minute in (3, 1, 2)]
        for row in rows:
            await store.add(row)
        listed = await store.list(OWNER, ChallengePhase.OPEN, after=NOON, limit=10)
        assert listed == [rows[1], rows[2], rows[0]]

    async def test_no_more_are_listed_than_wanted(self, store: ChallengeStore) -> None:
        """The limit counts those that expire after the moment."""
        for minute in range(5):
            await store.add(build_row(str(minute), expires_at=NOON + minute * _MINUTE))
        listed = await store.list(OWNER, ChallengePhase.OPEN, after=NOON + _MINUTE, limit=2)
        assert [row.expires_at for row in listed] == [NOON + 2 * _MINUTE, NOON + 3 * _MINUTE]

    async def test_the_moment_itself_is_not_listed(self, store: ChallengeStore) -> None:
        """To the microsecond."""
        await store.add(build_row("at"))
        await store.add(build_row("after", expires_at=NOON + _MICROSECOND))
        listed = await store.list(OWNER, ChallengePhase.OPEN, after=NOON, limit=10)
        assert [row.expires_at for row in listed] == [NOON + _MICROSECOND]

    async def test_owners_and_phases_are_listed_apart(self, store: ChallengeStore) -> None:
        """Nobody sees another account's challenges."""
        before = NOON - _MINUTE
        rows = [
            build_row(f"{owner}{phase}", owner=owner * 32, phase=phase)
            for owner in "12"
            for phase in ChallengePhase
        ]
        for row in rows:
            await store.add(row)
        for row in rows:
            assert await store.list(row.owner, row.phase, after=before, limit=10) == [row]
        assert await store.list(OWNER, ChallengePhase.OPEN, after=before, limit=10) == []

    async def test_a_row_is_listed_in_its_newest_phase(self, store: ChallengeStore) -> None:
        """And by its newest expiry, once."""
        before = NOON - _MINUTE
        await store.add(build_row())
        row = build_row(phase=ChallengePhase.UPDATED, version=2, expires_at=NOON + _MINUTE)
        await store.replace(row)
        assert await store.list(OWNER, ChallengePhase.OPEN, after=before, limit=10) == []
        assert await store.list(OWNER, ChallengePhase.UPDATED, after=before, limit=10) == [row]

    async def test_a_link_finds_its_ongoing_rows_those_first_that_expire_last(
        self, store: ChallengeStore, other_store: ChallengeStore
    ) -> None:
        """Open, claimed and answered ones; whatever is over is not found."""
        rows = [
            build_row(str(place), phase=phase, expires_at=NOON + place * _MINUTE)
            for place, phase in enumerate(ChallengePhase)
        ]
        for row in rows:
            await store.add(row)
        ongoing = [row for row in reversed(rows) if row.phase in _ONGOING]
        assert await other_store.find(LINK, after=NOON - _MINUTE, limit=10) == ongoing

    async def test_a_link_finds_no_more_than_wanted(self, store: ChallengeStore) -> None:
        """The limit leaves out those that expire first, and the moment itself is not found."""
        rows = [build_row(str(minute), expires_at=NOON + minute * _MINUTE) for minute in range(5)]
        for row in rows:
            await store.add(row)
        assert await store.find(LINK, after=NOON, limit=2) == [rows[4], rows[3]]
        assert await store.find(LINK, after=NOON + 3 * _MINUTE, limit=10) == [rows[4]]
        assert await store.find(LINK, after=NOON + 4 * _MINUTE, limit=10) == []

    async def test_the_old_rows_of_a_link_do_not_hide_the_new_one(self, store: ChallengeStore) -> None:
        """However many have expired, or were declined, and whatever expires later."""
        for number in range(60):
            await store.add(build_row(f"old {number}", expires_at=NOON - _MINUTE))
            declined = build_row(f"declined {number}", expires_at=NOON + _MINUTE)
            await store.add(declined)
            await store.replace(evolve(declined, phase=ChallengePhase.DECLINED, version=2))
        row = build_row("new", expires_at=NOON + _MICROSECOND)
        await store.add(row)
        assert await store.find(LINK, after=NOON, limit=1) == [row]

    async def test_links_are_found_apart(self, store: ChallengeStore) -> None:
        """A link's name is a digest that holds its owner, so that owners are apart, too."""
        rows = [build_row(name, link=name * 64, owner=name * 32) for name in "23456"]
        for row in rows:
            await store.add(row)
        for row in rows:
            assert await store.find(row.link, after=NOON - _MINUTE, limit=10) == [row]
        assert await store.find(LINK, after=NOON - _MINUTE, limit=10) == []

    async def test_a_link_finds_a_row_while_it_is_ongoing(
        self, store: ChallengeStore, other_store: ChallengeStore
    ) -> None:
        """In its newest version, by its newest expiry; one that is opened again is found again."""
        before, row = NOON - _MINUTE, build_row()
        await store.add(row)
        for phase in (*_ONGOING[1:], ChallengePhase.OPEN, ChallengePhase.UNSETTLED, ChallengePhase.OPEN):
            later = row.expires_at + _MINUTE
            row = evolve(row, phase=phase, version=row.version + 1, expires_at=later)
            assert await other_store.replace(row)
            expected = [row] if phase in _ONGOING else []
            assert await store.find(LINK, after=before, limit=10) == expected
            assert await store.find(LINK, after=later - _MICROSECOND, limit=10) == expected

    async def test_a_link_finds_nothing_that_was_forgotten(self, store: ChallengeStore) -> None:
        """And what was kept, or added anew."""
        before, old = NOON - _MINUTE, build_row("old")
        kept = build_row("kept", expires_at=NOON + _MINUTE)
        for row in (old, kept):
            await store.add(row)
        await store.forget(old.keep_until + _MICROSECOND)
        assert await store.find(LINK, after=before, limit=10) == [kept]
        await store.add(old)
        assert await store.find(LINK, after=before, limit=10) == [kept, old]

    async def test_what_is_over_is_forgotten(
        self, store: ChallengeStore, other_store: ChallengeStore
    ) -> None:
        """Of all owners, and nothing else; where another has forgotten it already, nothing is counted."""
        old, kept = build_row("old"), build_row("kept", owner="1" * 32, expires_at=NOON + _MINUTE)
        await store.add(old)
        await store.add(kept)
        assert await store.forget(old.keep_until) == 0
        assert await store.forget(old.keep_until + _MICROSECOND) == 1
        assert await other_store.forget(old.keep_until + _MICROSECOND) == 0
        assert await store.read(old.key) is None
        assert await store.read(kept.key) == kept
        listed = await store.list(OWNER, ChallengePhase.OPEN, after=NOON - _MINUTE, limit=10)
        assert listed == []

    async def test_what_was_forgotten_can_be_added_anew(self, store: ChallengeStore) -> None:
        """With any key."""
        row = build_row()
        await store.add(row)
        await store.forget(row.keep_until + _MICROSECOND)
        assert await store.add(row)
        assert await store.read(row.key) == row

    async def test_a_call_that_is_cancelled_leaves_the_store_usable(self, store: ChallengeStore) -> None:
        """What it did, it did whole or not at all."""
        row = build_row()
        for delay in range(5):
            task = asyncio.ensure_future(store.add(row))
            for _ in range(delay):
                await asyncio.sleep(0)
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)
        await store.add(row)
        assert await store.read(row.key) == row
        assert await store.list(OWNER, ChallengePhase.OPEN, after=NOON - _MINUTE, limit=10) == [row]

    async def test_another_event_loop_is_served_or_refused_at_once(self, store: ChallengeStore) -> None:
        """By `WrongEventLoopError`, never by a wait without end; the first loop goes on undisturbed."""
        row = build_row()
        await store.add(row)
        other = await asyncio.to_thread(asyncio.run, _read_elsewhere(store, row.key))
        assert other in (row, WrongEventLoopError)
        if isinstance(store, LoopBound):
            store.check_loop()
            with pytest.raises(WrongEventLoopError):
                await asyncio.to_thread(asyncio.run, _check_elsewhere(store))
        assert await store.read(row.key) == row


async def _read_elsewhere(store: ChallengeStore, key: str) -> ChallengeRow | type[WrongEventLoopError] | None:
    try:
        async with asyncio.timeout(_AT_ONCE):
            return await store.read(key)
    except WrongEventLoopError:
        return WrongEventLoopError


async def _check_elsewhere(store: LoopBound) -> None:
    store.check_loop()
