"""Rows that were cut, changed, or written by another version: a named error, or a right reading."""

import json
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from attrs import evolve
from hypothesis import given
from hypothesis import strategies as st

from belvo_async import SessionPool
from belvo_async._clock import Instant
from belvo_async.backends import ChallengeRow, MemoryBackend, MemoryChallengeStore
from belvo_async.backends._challenge_record import open_record, read_row, write_row
from belvo_async.errors import DamagedStateError
from belvo_async.models import AwaitingToken, Challenge, ChallengePhase
from belvo_async.sandbox import Sandbox
from belvo_async.telemetry import ParkedChallengeTroubled
from tests.challenges.conftest import open_pool, park
from tests.challenges.parked import RIGHT

NOON = datetime(2026, 1, 1, 12, tzinfo=UTC)
NOW = Instant(1000.0, NOON)
STATE = AwaitingToken(
    challenge=Challenge(
        session="s" * 32, link_id="30cb4806-6e00-48a4-91c9-000000000001", expiry=9600.0, received_at=NOON
    ),
    deadline=10595.0,
)
SOUND = write_row(
    open_record(
        STATE, NOW, key="k" * 64, owner="o" * 32, ticket="t" * 32, institution="Erebor", reference=None
    ).answer(NOON)
)
RECORD: dict[str, Any] = json.loads(SOUND.record)
json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=5,
)
phases = st.sampled_from(ChallengePhase)


def read(row: ChallengeRow) -> None:
    """Do all that is done with a row that somebody asks for."""
    try:
        kept = read_row(row)
        kept.show(NOW)
        kept.find_phase(NOON)
        claimed = kept.claim(NOON)
        for following in (claimed, claimed.release(), claimed.answer(NOON), claimed.ask(STATE, NOW)):
            assert read_row(write_row(following)) == following
    except DamagedStateError:
        pass


def change(**changes: Any) -> ChallengeRow:
    cells = {**SOUND.write_cells(), **changes}
    return ChallengeRow.read_cells(cells)


def test_a_sound_row_is_read() -> None:
    assert write_row(read_row(SOUND)) == SOUND
    assert read_row(SOUND).show(NOW).challenge == STATE.challenge


@given(st.text() | json_values.map(json.dumps), phases)
def test_any_text_is_read_or_refused(record: str, phase: ChallengePhase) -> None:
    read(change(record=record, phase=phase))


@given(st.integers(0, len(SOUND.record)), st.integers(0, len(SOUND.record)))
def test_a_cut_record_is_refused(start: int, end: int) -> None:
    record = SOUND.record[start:end]
    if record != SOUND.record:
        with pytest.raises(DamagedStateError):
            read_row(change(record=record))


@given(st.integers(0, len(SOUND.record) - 1), st.integers(0, 7), phases)
def test_a_flipped_bit_is_read_or_refused(place: int, bit: int, phase: ChallengePhase) -> None:
    letters = bytearray(SOUND.record.encode())
    letters[place] ^= 1 << bit
    read(change(record=letters.decode("latin-1"), phase=phase))


@given(st.sampled_from(sorted(RECORD)), json_values, phases)
def test_a_field_of_another_type_is_read_or_refused(name: str, value: object, phase: ChallengePhase) -> None:
    read(change(record=json.dumps({**RECORD, name: value}), phase=phase))


@given(st.sampled_from(sorted(json.loads(RECORD["parked"]))), json_values)
def test_a_field_of_the_challenge_of_another_type_is_read_or_refused(name: str, value: object) -> None:
    parked = json.dumps({**json.loads(RECORD["parked"]), name: value})
    read(change(record=json.dumps({**RECORD, "parked": parked})))


@given(st.sampled_from(["parked_at", "answered_at", "claimed_until"]), st.datetimes(), st.timezones(), phases)
def test_a_time_of_any_year_and_zone_is_read_or_refused(
    name: str, moment: datetime, zone: Any, phase: ChallengePhase
) -> None:
    for at in (moment, moment.replace(tzinfo=zone), datetime.max.replace(tzinfo=UTC)):
        read(change(record=json.dumps({**RECORD, name: at.isoformat()}), phase=phase))


@pytest.mark.parametrize("name", sorted(RECORD))
def test_a_record_without_one_of_its_fields_is_refused(name: str) -> None:
    record = {key: value for key, value in RECORD.items() if key != name}
    with pytest.raises(DamagedStateError):
        read_row(change(record=json.dumps(record)))


@pytest.mark.parametrize("version", [0, 2, "1", None, [1]], ids=repr)
def test_a_record_of_another_version_is_refused(version: object) -> None:
    with pytest.raises(DamagedStateError, match="another version"):
        read_row(change(record=json.dumps({**RECORD, "version": version})))


@pytest.mark.parametrize("phase", ["answered", "updated", "refused", "unsettled"])
def test_what_was_sent_without_a_time_is_refused(phase: str) -> None:
    with pytest.raises(DamagedStateError):
        read_row(change(phase=phase, record=json.dumps({**RECORD, "answered_at": None})))


CELLS = SOUND.write_cells()


@given(st.dictionaries(st.sampled_from(sorted(CELLS)), json_values | st.binary(), max_size=3), st.booleans())
def test_any_cells_are_read_or_refused(changes: dict[str, object], is_text: bool) -> None:
    cells: dict[str, object] = {**CELLS, **changes}
    try:
        row = ChallengeRow.read_cells({name: str(cell) for name, cell in cells.items()} if is_text else cells)
    except DamagedStateError:
        return
    again = ChallengeRow.read_cells(row.write_cells())
    assert again == row
    read(row)


def test_a_row_from_before_links_were_named_is_read() -> None:
    row = ChallengeRow.read_cells({name: cell for name, cell in CELLS.items() if name != "link"})
    assert row == evolve(SOUND, link="")
    assert read_row(row).show(NOW).link_id == STATE.challenge.link_id


@pytest.mark.parametrize("name", sorted(CELLS.keys() - {"link"}))
def test_a_row_without_one_of_its_cells_is_refused(name: str) -> None:
    with pytest.raises(DamagedStateError):
        ChallengeRow.read_cells({key: cell for key, cell in CELLS.items() if key != name})


@pytest.mark.parametrize(
    "cell", [10**17, -(10**17), 10**30, "9" * 5000, "", "soon", None, 1.5, True], ids=range(9)
)
@pytest.mark.parametrize("name", ["expires_at", "keep_until", "version"])
def test_numbers_at_the_ends_are_read_or_refused(name: str, cell: object) -> None:
    try:
        row = change(**{name: cell})
    except DamagedStateError:
        return
    read(row)


def test_numbers_that_have_become_texts_are_read() -> None:
    assert ChallengeRow.read_cells({name: str(cell) for name, cell in CELLS.items()}) == SOUND


@given(st.datetimes(timezones=st.just(UTC)))
def test_times_come_back_to_the_microsecond(moment: datetime) -> None:
    row = change()
    object.__setattr__(row, "expires_at", moment)
    assert ChallengeRow.read_cells(row.write_cells()).expires_at == moment


@pytest.fixture
async def seen() -> list[object]:
    return []


@pytest.fixture
async def watched(
    sandbox: Sandbox, store: MemoryChallengeStore, seen: list[object]
) -> AsyncIterator[SessionPool]:
    async with open_pool(sandbox, backend=MemoryBackend(store), observer=seen.append) as pool:
        yield pool


def spoil(store: MemoryChallengeStore, of: str, **changes: Any) -> None:
    """Change the fields of a ticket's record behind everybody's back."""
    row = next(row for row in store._shelf.rows.values() if of in row.record)
    record = {**json.loads(row.record), **changes}
    object.__setattr__(row, "record", json.dumps(record))


@pytest.mark.parametrize(
    "changes",
    [{"version": 7}, {"parked": "{}"}, {"ticket": "é" * 32}, {"ticket": "x" * 32}, {"parked_at": None}],
    ids=["version", "parked", "strange-ticket", "other-ticket", "time"],
)
async def test_each_damage_is_told_and_hides_nothing(
    sandbox: Sandbox,
    watched: SessionPool,
    store: MemoryChallengeStore,
    seen: list[object],
    changes: dict[str, Any],
) -> None:
    damaged, sound = await park(sandbox, watched), await park(sandbox, watched)
    spoil(store, damaged, **changes)
    challenges = watched.challenges
    for call in (challenges.get, challenges.resume, challenges.decline, challenges.settle):
        with pytest.raises(DamagedStateError):
            await call(damaged)
    assert [shown.ticket for shown in await challenges.list(limit=1)] == [sound]
    assert sum(isinstance(one, ParkedChallengeTroubled) for one in seen) == 1


async def test_a_hundred_damaged_rows_do_not_hide_the_one_after_them(
    sandbox: Sandbox, watched: SessionPool, store: MemoryChallengeStore, seen: list[object]
) -> None:
    for _ in range(100):
        spoil(store, await park(sandbox, watched), version=7)
    sound = await park(sandbox, watched)
    for limit in (1, 10, 1000):
        seen.clear()
        assert [shown.ticket for shown in await watched.challenges.list(limit=limit)] == [sound]
        assert sum(isinstance(one, ParkedChallengeTroubled) for one in seen) == 100


async def test_a_row_at_the_end_of_the_calendar_can_be_answered(
    sandbox: Sandbox, watched: SessionPool, store: MemoryChallengeStore
) -> None:
    ticket = await park(sandbox, watched)
    row = next(iter(store._shelf.rows.values()))
    store._shelf.take_out(row)
    object.__setattr__(row, "expires_at", datetime.max.replace(tzinfo=UTC) - timedelta(hours=1))
    store._shelf.put(row)
    await watched.challenges.resume(ticket, RIGHT)
