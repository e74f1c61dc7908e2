"""What a journal says of each link, and that it says so before the act."""

from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from belvo_async import LinkUpdate
from belvo_async.backends import LinkRow, LinkState
from belvo_async.bulk import NotUpdated, Updated, list_links, read_status
from belvo_async.errors import LedgerWriteError
from belvo_async.params import HttpRequest, HttpResponse, SendPermit
from belvo_async.testing import BelvoMock, ManualClock
from tests.bulk.conftest import collect, only
from tests.bulk.journals import (
    HOUR,
    NOON,
    A,
    B,
    C,
    alter,
    build_belvo,
    build_updates,
    leave,
    make,
    running,
)

EVERY_TEXT = st.text(st.characters())  # with lone surrogates, which `st.text()` leaves out
LINKS = [f"30cb4806-6e00-48a4-91c9-{number:012}" for number in range(8)]


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "run.sqlite"


def read(path: Path) -> dict[str, LinkRow]:
    return {record.link_id: record for record in list_links(path, tuple(LinkState))}


class Observed(BelvoMock):
    """A Belvo that looks at the journal when a login has arrived, and was not answered yet."""

    def __init__(self, path: Path) -> None:
        super().__init__()
        self._path = path
        self.seen: list[LinkRow] = []
        self.reply("GET", "/api/")

    def look(self) -> None:
        self.seen += read(self._path).values()

    async def send(self, request: HttpRequest, permit: SendPermit | None = None, /) -> HttpResponse:
        response = await super().send(request, permit)
        if request.method != "GET":
            self.look()
        return response


async def test_each_state_of_a_link_is_on_disk_before_the_act(path: Path) -> None:
    clock, belvo = ManualClock(), Observed(path)
    belvo.challenge(A, expiry=7200)
    belvo.link_updated(A)

    async def look_up(_: str) -> LinkUpdate:
        belvo.look()
        await clock.advance(1.0)
        return LinkUpdate(A, password="new", institution="erebor")

    async def answer(_: object) -> str:
        belvo.look()
        await clock.advance(1.0)
        return "111111"

    jobs: dict[str, Any] = {"credentials": look_up, "provide_token": answer, "clock": clock}
    async with running(path, [A], belvo=belvo, **jobs) as run:
        await run.finish()
    queued, submitted, challenged, answered = belvo.seen
    states = [record.state for record in belvo.seen]
    assert states == ["queued", "submitted", "challenged", "answered"]
    assert (queued.at, queued.logins, queued.submitted_at) == (NOON, 0, None)
    second = timedelta(seconds=1)
    assert (submitted.at, submitted.logins, submitted.submitted_at) == (NOON + second, 1, NOON + second)
    assert (challenged.logins, challenged.submitted_at) == (1, NOON + second)
    assert challenged.ticket is not None
    assert challenged.expires_at is not None
    assert NOON + HOUR < challenged.expires_at <= NOON + second + 2 * HOUR
    assert (answered.submitted_at, answered.logins) == (NOON + 2 * second, 1)
    updated = read(path)[A]
    assert (updated.state, updated.ticket, updated.expires_at) == ("updated", None, None)


async def test_what_an_institution_is_called_is_learnt_later(path: Path) -> None:
    belvo = build_belvo()
    belvo.link_updated(A, institution="erebor")
    belvo.error(B, 400, "login_error")
    updates = [*build_updates(A), LinkUpdate(B, password="new", institution="moria")]
    async with running(path, updates, belvo=belvo) as run:
        await run.finish()
    assert [read(path)[link_id].institution for link_id in (A, B)] == ["erebor", "moria"]
    updates = [LinkUpdate(A, password="new", institution="gondor"), *build_updates(B)]
    async with running(path, updates) as run:
        assert (await run.finish()).skipped == 2
    assert [read(path)[link_id].institution for link_id in (A, B)] == ["gondor", "moria"]


async def refuse(path: Path, *errors: tuple[str, str], **settings: Any) -> list[NotUpdated]:
    """Run a job with one link for each of these errors."""
    belvo = build_belvo()
    links = LINKS[: len(errors)]
    for link_id, (code, message) in zip(links, errors, strict=True):
        belvo.error(link_id, 400, code, message)
    async with running(path, build_updates(*links), belvo=belvo, **settings) as run:
        return [only(outcome, NotUpdated) for outcome in await collect(run)]


async def test_a_refusal_is_kept_with_all_that_a_later_run_needs(path: Path) -> None:
    outcomes = await refuse(path, ("login_error", "No."), ("institution_down", "Not now."))
    for outcome in outcomes:
        record = read(path)[outcome.link_id]
        assert record.state is LinkState.REFUSED
        assert (record.code, record.message) == (outcome.error.code, outcome.error.message)
        assert (record.may_retry, record.retry_at) == (outcome.may_retry, outcome.retry_at)
    assert sorted(outcome.may_retry for outcome in outcomes) == [False, True]


async def test_a_link_that_is_tried_again_keeps_nothing_of_its_refusal_but_its_logins(path: Path) -> None:
    await refuse(path, ("institution_down", "Not now."))
    (link_id,) = read(path)
    belvo = Observed(path)
    belvo.link_updated(link_id)
    async with running(path, build_updates(link_id), belvo=belvo, retry="refused") as run:
        await run.finish()
    (record,) = belvo.seen
    assert (record.state, record.logins) == (LinkState.SUBMITTED, 2)
    assert (record.code, record.message, record.may_retry, record.retry_at) == (None, None, False, None)


def test_a_state_is_final_when_a_run_does_no_more() -> None:
    final = [state for state in LinkState if state.is_final]
    assert final == ["parked", "updated", "refused", "unsettled", "retrieved"]


async def test_counts_are_of_all_runs(path: Path) -> None:
    await leave(path, A, "refused", institution="erebor", code="login_error")
    await leave(path, B, "unsettled", institution="erebor", code="login_error")
    await leave(path, C, "parked", institution="moria", ticket="c", expires_at=NOON + HOUR)
    await leave(path, LINKS[0], "refused", run=1)
    await leave(path, LINKS[1], "challenged", ticket="e", expires_at=NOON, run=1)
    counts = read_status(path).counts
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


async def test_an_empty_journal_counts_nothing(path: Path) -> None:
    counts = read_status(await make(path)).counts
    assert set(counts.by_state.values()) == {0}
    assert (counts.by_institution, counts.by_code, counts.next_expiry) == ({}, {}, None)


@settings(max_examples=20)
@given(texts=st.lists(EVERY_TEXT, min_size=len(LINKS), max_size=len(LINKS)))
async def test_any_text_comes_back(texts: list[str], tmp_path_factory: pytest.TempPathFactory) -> None:
    path, belvo = tmp_path_factory.mktemp("texts") / "run.sqlite", build_belvo()
    for link_id, text in zip(LINKS[1:], texts[1:], strict=True):
        belvo.error(link_id, 400, text, text)
    belvo.link_updated(LINKS[0], institution=f"bank {texts[0]}")
    async with running(path, build_updates(*LINKS), belvo=belvo) as run:
        outcomes = {outcome.link_id: outcome for outcome in await collect(run)}
    records = read(path)
    assert records[LINKS[0]].institution == _escape(only(outcomes.pop(LINKS[0]), Updated).link.institution)
    for link_id, outcome in outcomes.items():
        error = only(outcome, NotUpdated).error
        assert records[link_id].message == _escape(error.message)
        assert records[link_id].code == _escape(error.code or type(error).__name__)


def _escape(text: str | None) -> str | None:
    """Return *text* itself, unless it has lone surrogates: these no file can hold."""
    if text is None:
        return None
    return "".join(f"\\u{ord(sign):x}" if "\ud800" <= sign <= "\udfff" else sign for sign in text)


async def test_a_journal_that_cannot_begin_its_run_is_closed_again(path: Path) -> None:
    await make(path)
    alter(path, "CREATE TRIGGER no BEFORE UPDATE ON jobs BEGIN SELECT RAISE(ABORT, 'no run'); END")
    with pytest.raises(LedgerWriteError, match="no run"):
        await make(path)
    alter(path, "DROP TRIGGER no")
    await make(path)
    assert read_status(path).job.runs == 2
