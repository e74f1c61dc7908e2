from datetime import timedelta
from pathlib import Path

import pytest
from attrs import asdict
from hypothesis import given
from hypothesis import strategies as st

from belvo_async._jobs.journal import Journal
from belvo_async._jobs.records import RESULTS, LinkState
from belvo_async.errors import JournalWriteError
from belvo_async.testing import ManualClock
from tests.bulk.journals import HOUR, NOON, opened

EVERY_TEXT = st.text(st.characters())  # with lone surrogates, which `st.text()` leaves out


@pytest.fixture(params=["file", "temporary"])
def place(request: pytest.FixtureRequest, tmp_path: Path) -> Path | None:
    return tmp_path / "run.sqlite" if request.param == "file" else None


async def test_a_new_link_is_queued(place: Path | None) -> None:
    async with opened(place) as journal:
        (admission,) = await journal.admit([("a", "erebor")])
    assert (admission.is_new, admission.is_repeated) == (True, False)
    record = admission.record
    assert (record.link_id, record.state, record.at) == ("a", LinkState.QUEUED, NOON)
    assert (record.institution, record.logins, record.submitted_at) == ("erebor", 0, None)


async def test_a_link_that_comes_twice_is_repeated(place: Path | None) -> None:
    async with opened(place) as journal:
        first, second = await journal.admit([("a", None), ("a", None)])
        (third,) = await journal.admit([("a", None)])
    assert [each.is_new for each in (first, second, third)] == [True, False, False]
    assert [each.is_repeated for each in (first, second, third)] == [False, True, True]


async def test_a_link_of_an_earlier_run_comes_as_it_stood(tmp_path: Path) -> None:
    async with opened(tmp_path / "run.sqlite") as journal:
        await journal.admit([("a", "erebor")])
        await journal.submit("a", NOON - HOUR)
    clock = ManualClock(start=NOON + HOUR)
    async with opened(tmp_path / "run.sqlite", clock=clock) as journal:
        first, second = await journal.admit([("a", None), ("a", "moria")])
        (third,) = await journal.admit([("a", None)])
    assert (first.is_new, first.is_repeated, second.is_repeated) == (False, False, True)
    record = first.record
    assert (record.state, record.at, record.submitted_at) == (LinkState.SUBMITTED, NOON, NOON - HOUR)
    assert (record.institution, third.record.institution) == ("erebor", "erebor")


async def test_what_an_institution_is_called_is_learnt_later(tmp_path: Path) -> None:
    async with opened(tmp_path / "run.sqlite") as journal:
        await journal.admit([("a", None), ("b", "moria")])
        await journal.finish("a", LinkState.UPDATED, institution="erebor")
        await journal.finish("b", LinkState.UPDATED)
    async with opened(tmp_path / "run.sqlite") as journal:
        before = await journal.admit([("a", "gondor"), ("b", None)])
        after = await journal.admit([("a", None)])
    assert [each.record.institution for each in before] == ["erebor", "moria"]
    assert after[0].record.institution == "gondor"


async def test_a_link_goes_through_all_its_states(place: Path | None) -> None:
    clock = ManualClock()
    async with opened(place, clock=clock) as journal:
        await journal.admit([("a", "erebor")])
        await journal.submit("a", NOON + HOUR)
        await clock.advance(1)
        await journal.challenge("a", ticket="t", expires_at=NOON + 2 * HOUR)
        (challenged,) = await journal.admit([("a", None)])
        await journal.answer("a", NOON + HOUR + timedelta(seconds=2))
        (answered,) = await journal.admit([("a", None)])
        await journal.finish("a", LinkState.UPDATED)
        (updated,) = await journal.admit([("a", None)])
    record = challenged.record
    assert (record.state, record.at) == (LinkState.CHALLENGED, NOON + timedelta(seconds=1))
    assert (record.ticket, record.expires_at) == ("t", NOON + 2 * HOUR)
    assert (record.submitted_at, record.logins) == (NOON + HOUR, 1)
    assert answered.record.state is LinkState.ANSWERED
    assert answered.record.submitted_at == NOON + HOUR + timedelta(seconds=2)
    assert updated.record.state is LinkState.UPDATED
    assert (updated.record.ticket, updated.record.expires_at) == (None, None)


async def test_a_refusal_is_kept_with_all_that_a_later_run_needs(place: Path | None) -> None:
    async with opened(place) as journal:
        await journal.admit([("a", None)])
        await journal.finish(
            "a", LinkState.REFUSED, code="login_error", message="No.", may_retry=True, retry_at=NOON + HOUR
        )
        (refused,) = await journal.admit([("a", None)])
    record = refused.record
    assert (record.state, record.code, record.message) == (LinkState.REFUSED, "login_error", "No.")
    assert (record.may_retry, record.retry_at) == (True, NOON + HOUR)


async def test_a_link_put_back_to_the_start_keeps_only_its_logins(place: Path | None) -> None:
    async with opened(place) as journal:
        await journal.admit([("a", "erebor"), ("b", "erebor")])
        await journal.submit("a", NOON)
        await journal.finish("a", LinkState.REFUSED, code="login_error", message="No.", may_retry=True)
        await journal.requeue("a")
        await journal.park("b", ticket="t", expires_at=NOON)
        await journal.submit("b", NOON)
        requeued, submitted = await journal.admit([("a", None), ("b", None)])
    record = requeued.record
    assert (record.state, record.logins, record.submitted_at) == (LinkState.QUEUED, 1, NOON)
    assert (record.code, record.message, record.may_retry) == (None, None, False)
    assert submitted.record.ticket is None


async def test_an_act_on_a_link_that_was_never_admitted_is_not_announced(place: Path | None) -> None:
    async with opened(place) as journal:
        with pytest.raises(LookupError, match="link a"):
            await journal.submit("a", NOON)


@pytest.mark.parametrize("state", sorted(set(LinkState) - RESULTS))
async def test_a_link_ends_in_a_result(state: LinkState) -> None:
    async with opened(None) as journal:
        with pytest.raises(ValueError, match=state):
            await journal.finish("a", state)


async def test_links_in_the_middle_of_a_login_are_taken_over(tmp_path: Path) -> None:
    async with opened(tmp_path / "run.sqlite") as journal:
        await journal.admit([(name, None) for name in "abcdef"])
        for name in "bcd":
            await journal.submit(name, NOON)
        await journal.challenge("c", ticket="c", expires_at=NOON)
        await journal.answer("d", NOON)
        await journal.park("e", ticket="e", expires_at=NOON)
        await journal.finish("f", LinkState.UPDATED)
    async with opened(tmp_path / "run.sqlite") as journal:
        interrupted = await journal.take_interrupted()
        admissions = await journal.admit([(name, None) for name in "abcdef"])
    assert {record.link_id: record.state for record in interrupted} == {
        "b": "submitted",
        "c": "challenged",
        "d": "answered",
    }
    assert [admission.record.link_id for admission in admissions if admission.is_repeated] == ["b", "c", "d"]


def test_a_state_is_final_when_a_run_does_no_more() -> None:
    final = [state for state in LinkState if state.is_final]
    assert final == ["parked", "updated", "refused", "unsettled"]


async def test_counts_are_of_all_runs(tmp_path: Path) -> None:
    async with opened(tmp_path / "run.sqlite") as journal:
        await journal.admit([("a", "erebor"), ("b", "erebor"), ("c", "moria"), ("d", None), ("e", None)])
        await journal.finish("a", LinkState.REFUSED, code="login_error")
        await journal.finish("b", LinkState.UNSETTLED, code="login_error")
        await journal.finish("d", LinkState.REFUSED)
        await journal.park("c", ticket="c", expires_at=NOON + HOUR)
        await journal.challenge("e", ticket="e", expires_at=NOON)
    async with opened(tmp_path / "run.sqlite") as journal:
        counts = await journal.read_counts()
    assert {state: count for state, count in counts.by_state.items() if count} == {
        "parked": 1,
        "refused": 2,
        "unsettled": 1,
        "challenged": 1,
    }
    assert set(counts.by_state) == set(LinkState)
    assert set(counts.by_institution) == {"erebor", "moria"}
    assert counts.by_institution["erebor"][LinkState.REFUSED] == 1
    assert counts.by_institution["erebor"][LinkState.PARKED] == 0
    assert counts.by_code == {"login_error": 2}
    assert counts.next_expiry == NOON


async def test_an_empty_journal_counts_nothing(place: Path | None) -> None:
    async with opened(place) as journal:
        counts = await journal.read_counts()
    assert set(counts.by_state.values()) == {0}
    assert (counts.by_institution, counts.by_code, counts.next_expiry) == ({}, {}, None)


@given(text=EVERY_TEXT, code=EVERY_TEXT, message=EVERY_TEXT)
async def test_any_text_comes_back(text: str, code: str, message: str) -> None:
    async with opened(None) as journal:
        await journal.admit([(text, text)])
        await journal.challenge(text, ticket=text, expires_at=NOON)
        (challenged,) = await journal.admit([(text, None)])
        assert challenged.record.ticket == _escape(text)
        await journal.finish(text, LinkState.REFUSED, code=code, message=message)
        (admission,) = await journal.admit([(text, None)])
    values = asdict(admission.record)
    assert (_escape(text), _escape(text)) == (values["link_id"], values["institution"])
    assert (_escape(code), _escape(message)) == (values["code"], values["message"])


def _escape(text: str) -> str:
    """Return *text* itself, unless it has lone surrogates: these no file can hold."""
    return "".join(f"\\u{ord(sign):x}" if "\ud800" <= sign <= "\udfff" else sign for sign in text)


async def test_what_is_acknowledged_is_there_for_the_next_run(tmp_path: Path) -> None:
    async with opened(tmp_path / "run.sqlite") as journal:
        await journal.admit([(str(number), None) for number in range(100)])
        await journal.finish("7", LinkState.UPDATED)
    async with opened(tmp_path / "run.sqlite") as journal:
        counts = await journal.read_counts()
    assert (counts.by_state[LinkState.QUEUED], counts.by_state[LinkState.UPDATED]) == (99, 1)


async def test_a_journal_that_cannot_begin_its_run_is_closed_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("belvo_async._jobs.journal._BEGIN_RUN", "INSERT INTO nowhere VALUES (1)")
    with pytest.raises(JournalWriteError):
        await Journal(tmp_path / "run.sqlite").open()
    monkeypatch.undo()
    async with opened(tmp_path / "run.sqlite") as journal:
        await journal.end_run(None)
