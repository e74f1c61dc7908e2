"""A parked challenge survives as text, and a spoiled text is an error of its own."""

import json
from contextlib import suppress
from datetime import timedelta
from typing import Any

import pytest
from attrs import evolve
from hypothesis import given
from hypothesis import strategies as st

from belvo_async import Challenge
from belvo_async._clock import Instant
from belvo_async._wire.challenge_text import dump_state, load_state
from belvo_async.errors import DamagedStateError
from belvo_async.models import AwaitingToken, ResumeTarget
from tests.mfa.builders import build_awaiting, build_challenge
from tests.pure.bodies import AT, CHALLENGE, LINK_ID, NOON, challenged, read_event
from tests.pure.strategies import ANY_TEXT, CHALLENGES, JSON_VALUES

DEADLINE = AT.monotonic + 95
STATE = build_awaiting(deadline=DEADLINE, rounds=1, restarts=2)
TEXT = dump_state(STATE, AT)
RECORD: dict[str, Any] = json.loads(TEXT)


def later(seconds: float, *, monotonic: float = 7000.0) -> Instant:
    """Return the moment so many seconds later, on the clock of another process."""
    return Instant(monotonic, NOON + timedelta(seconds=seconds))


def spoil(**changes: Any) -> str:
    return json.dumps({**RECORD, **changes})


def test_the_same_moment_reads_the_same_state() -> None:
    assert load_state(TEXT, AT) == STATE


def test_what_equality_leaves_out_is_kept_too() -> None:
    challenge = challenged([{**CHALLENGE, "more": [1], "token_generation_data": {"image": "x"}}]).challenge
    found = load_state(dump_state(build_awaiting(challenge), AT), AT).challenge
    assert (found.extra, found.token_generation_data.extra, found.received_at) == (
        {"more": [1]},
        {"image": "x"},
        NOON,
    )


def test_a_parked_challenge_is_one_line() -> None:
    state = build_awaiting(build_challenge(value="line\none\u2028two"))
    assert len(dump_state(state, AT).split("\n")) == 1


@given(CHALLENGES, st.floats(0, 1e6), st.integers(0, 9), st.integers(0, 9))
def test_any_challenge_can_be_parked(challenge: Challenge, left: float, rounds: int, restarts: int) -> None:
    deadline = AT.monotonic + left
    state = AwaitingToken(challenge=challenge, deadline=deadline, rounds=rounds, restarts=restarts)
    found = load_state(dump_state(state, AT), AT)
    assert found == evolve(state, deadline=found.deadline)
    assert found.deadline == pytest.approx(deadline, abs=1e-5)
    assert (found.challenge.received_at, found.challenge.token_generation_data.kind) == (
        challenge.received_at,
        challenge.token_generation_data.kind,
    )


def test_what_the_call_asked_for_is_kept_as_its_digest() -> None:
    state = evolve(STATE, update_digest="d" * 64)
    text = dump_state(state, AT)
    assert load_state(text, AT) == state
    assert json.loads(text)["update"] == "d" * 64


def test_where_the_token_goes_and_what_the_call_wanted_are_kept() -> None:
    target = ResumeTarget(collection="/api/accounts/", query=(("omit", "balance"),), save_data=False)
    state = evolve(STATE, challenge=evolve(STATE.challenge, resume_target=target))
    assert load_state(dump_state(state, AT), AT) == state


def test_a_text_from_before_there_was_a_digest_is_read() -> None:
    first = {name: value for name, value in RECORD.items() if name not in {"update", "target"}}
    assert load_state(json.dumps({**first, "version": 1}), AT) == STATE


@given(CHALLENGES)
def test_any_challenge_can_be_parked_until_its_own_expiry(challenge: Challenge) -> None:
    state = AwaitingToken(challenge=challenge, deadline=AT.monotonic + (challenge.expiry or 0))
    assert load_state(dump_state(state, AT), AT).challenge == challenge


@pytest.mark.parametrize("expiry", [1e10, 1e15, 1e300, "1e300", 10**18], ids=repr)
def test_a_challenge_of_any_expiry_that_belvo_states_can_be_parked(expiry: object) -> None:
    event = challenged([{**CHALLENGE, "expiry": expiry}])
    state = AwaitingToken(challenge=event.challenge, deadline=event.at + (event.challenge.expiry or 600.0))
    assert load_state(dump_state(state, AT), AT).challenge == event.challenge


@given(st.lists(JSON_VALUES, max_size=1))
def test_whatever_belvo_adds_to_a_challenge_it_can_be_parked(more: list[object]) -> None:
    challenge = challenged([{**CHALLENGE, "more": more}]).challenge
    assert load_state(dump_state(build_awaiting(challenge), AT), AT).challenge == challenge


def test_the_text_holds_what_the_state_holds_and_nothing_else() -> None:
    names = ["challenge", "deadline", "left", "received_at", "restarts", "rounds"]
    assert sorted(RECORD) == sorted([*names, "target", "update", "version"])
    assert sorted(RECORD["challenge"]) == [
        "expiry",
        "link",
        "message",
        "request_id",
        "session",
        "token_generation_data",
    ]


@pytest.mark.parametrize("secret", ["password", "encryption_key", "private_key", '"token"', "secret"])
def test_the_text_has_no_place_for_a_password_or_a_token(secret: str) -> None:
    assert secret not in TEXT


def test_another_process_has_the_time_that_is_left() -> None:
    assert load_state(TEXT, later(35)).deadline == pytest.approx(7000 + 60)


def test_a_clock_that_went_forward_leaves_a_deadline_that_has_passed() -> None:
    assert load_state(TEXT, later(3600)).deadline == pytest.approx(7000 + 95 - 3600)


@pytest.mark.parametrize("back", [3600, 86400 * 365 * 50])
def test_a_clock_that_was_set_back_cannot_lengthen_the_session(back: int) -> None:
    assert load_state(TEXT, later(-back)).deadline == 7000 + 95


def test_a_clock_that_was_set_back_cannot_lengthen_a_session_without_an_expiry() -> None:
    text = dump_state(build_awaiting(build_challenge(expiry=None), deadline=DEADLINE), AT)
    assert load_state(text, later(-86400)).deadline == 7000 + 95


def test_the_rounds_that_were_played_count_on() -> None:
    found = load_state(TEXT, later(10))
    assert (found.rounds, found.restarts) == (1, 2)


@pytest.mark.parametrize("version", [0, 3, "1", None, [1], 1.5], ids=repr)
def test_a_text_of_another_version_is_refused(version: object) -> None:
    with pytest.raises(DamagedStateError, match="another version"):
        load_state(spoil(version=version), AT)


@pytest.mark.parametrize(
    "text",
    [
        "",
        " ",
        "null",
        "5",
        '"x"',
        "[]",
        "{}",
        "[" * 100_000,
        TEXT + "}",
        TEXT[1:],
        "\ud800",
        "\x00",
        "{'a': 1}",
    ],
    ids=lambda text: repr(text)[:20],
)
def test_a_foreign_text_is_refused(text: str) -> None:
    with pytest.raises(DamagedStateError):
        load_state(text, AT)


@pytest.mark.parametrize("length", range(0, len(TEXT), 7))
def test_a_text_that_was_cut_short_is_refused(length: int) -> None:
    with pytest.raises(DamagedStateError):
        load_state(TEXT[:length], AT)


@pytest.mark.parametrize("name", sorted(RECORD))
def test_a_part_that_is_missing_is_noticed(name: str) -> None:
    with pytest.raises(DamagedStateError):
        load_state(json.dumps({key: value for key, value in RECORD.items() if key != name}), AT)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("deadline", "soon"),
        ("deadline", 100),
        ("deadline", "2026-01-01T12:00:00"),
        ("received_at", None),
        ("received_at", "2026-01-01T12:00:00"),
        ("rounds", -1),
        ("rounds", "1"),
        ("rounds", True),
        ("rounds", 1.5),
        ("restarts", -1),
        ("restarts", None),
        ("update", 7),
        ("update", ["d"]),
        ("challenge", None),
        ("challenge", []),
        ("challenge", {}),
    ],
    ids=repr,
)
def test_a_part_that_was_changed_to_nonsense_is_noticed(name: str, value: object) -> None:
    with pytest.raises(DamagedStateError):
        load_state(spoil(**{name: value}), AT)


@pytest.mark.parametrize(
    ("name", "value"),
    [("session", None), ("session", ""), ("link", None), ("link", "../../payments"), ("link", "x?page=1")],
    ids=repr,
)
def test_a_challenge_that_could_not_be_resumed_is_noticed(name: str, value: object) -> None:
    with pytest.raises(DamagedStateError):
        load_state(spoil(challenge={**RECORD["challenge"], name: value}), AT)


@given(st.integers(0, len(TEXT)), st.integers(0, 30), ANY_TEXT)
def test_any_damage_is_a_state_or_a_damaged_state(start: int, length: int, filling: str) -> None:
    text = TEXT[:start] + filling + TEXT[start + length :]
    try:
        found = load_state(text, AT)
    except DamagedStateError:
        return
    assert isinstance(found, AwaitingToken)
    assert found.deadline <= AT.monotonic + max(600.0, found.challenge.expiry or 0)


@given(st.dictionaries(st.sampled_from(sorted(RECORD)), JSON_VALUES, min_size=1))
def test_any_part_of_another_kind_is_a_state_or_a_damaged_state(changes: dict[str, object]) -> None:
    with suppress(DamagedStateError):
        assert isinstance(load_state(spoil(**changes), AT), AwaitingToken)


@given(ANY_TEXT)
def test_the_error_says_what_to_do_and_quotes_nothing(filling: str) -> None:
    with pytest.raises(DamagedStateError) as caught:
        load_state(spoil(version=3, more=f"<{filling}>"), AT)
    assert str(caught.value) == (
        "The parked challenge cannot be read: it is of another version, or no parked challenge."
        " Update the link again, with the person at hand; no token was sent."
    )


def test_the_cause_of_the_damage_is_not_attached() -> None:
    with pytest.raises(DamagedStateError) as caught:
        load_state(TEXT[:-5], AT)
    assert (caught.value.__cause__, caught.value.__context__) == (None, None)


def test_a_challenge_that_came_over_the_wire_comes_back_from_the_store() -> None:
    event = read_event(428, [{**CHALLENGE, "token_generation_data": {"instructions": "half \ud83d"}}])
    state = AwaitingToken(challenge=event.challenge, deadline=DEADLINE)  # type: ignore[union-attr]
    found = load_state(dump_state(state, AT), AT)
    assert (found.challenge.instructions, found.challenge.link_id) == ("half \ud83d", LINK_ID)
