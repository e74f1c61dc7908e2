"""A journal of any version is read as it was written, and a job goes on from it."""

import os
import re
import shutil
from collections.abc import Callable
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, Final

import pytest
from attrs import evolve

from belvo_async.backends import JobStatus, LinkRow, LinkState, SqliteChallengeStore
from belvo_async.bulk import (
    JobReport,
    NotUpdated,
    Outcome,
    Parked,
    Unsettled,
    Updated,
    list_links,
    read_status,
    refresh,
)
from belvo_async.errors import LedgerUnreadableError
from belvo_async.models import ChallengePhase
from belvo_async.testing import BelvoMock, ManualClock, mocked_belvo
from tests.formats import databases
from tests.formats.journals import EXPIRES, NAMES, RETRY_AT, build_update, make_closed, name, name_ticket
from tests.formats.places import HERE, find_newest
from tests.formats.pools import open_pool
from tests.formats.showing import show
from tests.formats.values import ENVIRONMENT, LATER, NOON, build_state

LOG_LENGTH: Final = 8 * 2**20
"""Bytes to which a log is lengthened by a hole, which is not in the fixture."""
CLOSED = sorted(HERE.glob("journal_*/closed.sql"))
KILLED = sorted(HERE.glob("journal_*/killed.sqlite"))
VERSION_2: Final = HERE / "journal_2" / "killed.sqlite"
DIGESTS = {
    "submitted": "ca7bfac6b783ee29",
    "updated": "43ffc52b37a1a6f2",
    "refused": "07e91b8ed24008e6",
    "may_retry": "1e65034fac16a3bd",
    "unsettled": "40eca6109f805e4d",
}


def find_version(path: Path) -> str:
    return path.parent.name


@pytest.fixture(params=CLOSED, ids=find_version)
def closed(request: pytest.FixtureRequest, tmp_path: Path) -> Path:
    """A journal that a job has closed; the tickets of version 2 are as long as real ones."""
    script, text = tmp_path / "script.sql", request.param.read_text("utf-8")
    script.write_text(re.sub("ticket-[a-z]+(?=')", lambda match: match[0].ljust(32, "-"), text), "utf-8")
    return databases.load(script, tmp_path / "closed.sqlite")


@pytest.fixture(params=KILLED, ids=find_version)
def killed(request: pytest.FixtureRequest, tmp_path: Path) -> Path:
    """A journal whose job was killed as it logged in the link that was queued."""
    path = tmp_path / "journal.sqlite"
    shutil.copyfile(request.param, path)
    if request.param.parent.name == "journal_2":
        lay_log_beside(path)
    return path


def lay_log_beside(path: Path) -> Path:
    """Bring the log of the killed journal of version 2, where its newest states are."""
    log = Path(f"{path}-wal")
    shutil.copyfile(f"{VERSION_2}-wal", log)
    os.truncate(log, LOG_LENGTH)
    return log


def read_all(path: Path) -> dict[str, LinkRow]:
    """Return the rows by their links, without what tells one write or one run from another."""
    rows = list_links(path, tuple(LinkState))
    return {row.link_id: evolve(row, version=1, run=0) for row in rows}


def leave(state: str) -> datetime:
    return NOON + timedelta(microseconds=NAMES.index(state))


def build_left(
    link: str,
    state: LinkState,
    *,
    institution: str = "erebor_mx_retail",
    **rest: Any,  # Any: the fields of a record
) -> LinkRow:
    """Build the row of a link whose login has left once."""
    return LinkRow(
        link_id=name(link),
        state=state,
        at=NOON,
        institution=institution,
        submitted_at=leave(link),
        logins=1,
        credentials=DIGESTS[link],
        **rest,
    )


def test_each_link_is_read_as_it_was_written(closed: Path) -> None:
    found = read_all(closed)
    assert found.keys() == {name(state) for state in NAMES}
    expected = {
        "queued": LinkRow(link_id=name("queued"), state=LinkState.QUEUED, at=NOON),
        "submitted": build_left("submitted", LinkState.SUBMITTED),
        "updated": build_left("updated", LinkState.UPDATED, institution="gringotts_mx_retail"),
        "refused": build_left(
            "refused",
            LinkState.REFUSED,
            code="login_error",
            message=r"Invalid\ud83d credentials",
            refused=(DIGESTS["refused"],),
        ),
        "may_retry": build_left(
            "may_retry",
            LinkState.REFUSED,
            code="institution_down",
            message="Down",
            may_retry=True,
            retry_at=RETRY_AT,
        ),
        "unsettled": build_left(
            "unsettled",
            LinkState.UNSETTLED,
            code="OutcomeUnknownError",
            message="Nobody knows",
        ),
    }
    assert {state: found[name(state)] for state in expected} == expected


@pytest.mark.parametrize("state", ["challenged", "answered", "parked"])
def test_a_challenge_is_read_as_it_was_written(closed: Path, state: str) -> None:
    record = read_all(closed)[name(state)]
    assert (record.state, record.ticket, record.expires_at, record.logins) == (
        LinkState(state),
        name_ticket(state),
        EXPIRES,
        1,
    )
    assert record.submitted_at == (NOON + timedelta(seconds=1) if state == "answered" else leave(state))


async def test_the_challenges_of_a_journal_can_be_answered_by_their_tickets(closed: Path) -> None:
    async with SqliteChallengeStore(closed) as store, open_pool(store, ManualClock(start=NOON)) as pool:
        for state in ("challenged", "parked"):
            found = await pool.challenges.get(name_ticket(state))
            expected = build_state(NAMES.index(state) + 1).challenge
            assert (found.phase, show(found.challenge)) == (ChallengePhase.OPEN, show(expected))
            assert found.link_id == name(state)


def test_the_status_is_read_as_it_was_written(closed: Path) -> None:
    status = read_status(closed, clock=ManualClock(start=LATER))
    assert (status.job.environment, status.job.runs, status.is_running, status.job.total) == (
        ENVIRONMENT,
        1,
        False,
        9,
    )
    assert (status.job.started_at, status.job.ended_at, status.job.reason) == (NOON, NOON, "it was stopped")
    assert (status.counts.next_expiry, status.counts.held_back) == (EXPIRES, 1)
    assert status.counts.by_code == {"login_error": 1, "institution_down": 1, "OutcomeUnknownError": 1}
    assert count(status) == dict.fromkeys(LinkState, 1) | {LinkState.REFUSED: 2, LinkState.RETRIEVED: 0}


def test_all_that_a_kill_has_left_is_read(killed: Path) -> None:
    before = read_file_and_log(killed)
    status = read_status(killed, clock=ManualClock(start=LATER))
    assert (status.job.runs, status.job.ended_at) == (2, None)
    assert count(status)[LinkState.SUBMITTED] == 2
    assert before == read_file_and_log(killed)
    record = read_all(killed)[name("queued")]
    assert (record.state, record.submitted_at) == (LinkState.SUBMITTED, NOON + timedelta(minutes=1))


def count(status: JobStatus) -> dict[LinkState, int]:
    return dict(status.counts.by_state)


async def go_on(path: Path, *retry: str) -> tuple[dict[str, Outcome], JobReport]:
    updates = [build_update(state) for state in NAMES]
    async with (
        SqliteChallengeStore(path) as store,
        open_pool(store, clock=ManualClock(start=LATER)) as pool,
        refresh(pool, updates, journal=path, retry=retry) as run,
    ):
        return {outcome.link_id: outcome async for outcome in run}, run.report


def look_at_those_in_doubt(belvo: BelvoMock) -> None:
    """Let one show a success, and the other none."""
    belvo.reply("GET", "/api/", json_body={})
    belvo.link_read(name("submitted"), last_accessed_at=NOON + timedelta(seconds=30))
    belvo.link_read(name("answered"))


async def test_a_job_goes_on_from_it(closed: Path) -> None:
    with mocked_belvo() as belvo:
        look_at_those_in_doubt(belvo)
        for state in ("queued", "may_retry"):
            belvo.link_updated(name(state))
        outcomes, report = await go_on(closed, "refused")
        logins = [request.path for request in belvo.requests if request.method != "GET"]
    kinds = {link: type(outcome) for link, outcome in outcomes.items()}
    assert kinds == {
        name("queued"): Updated,
        name("may_retry"): Updated,
        name("submitted"): Updated,
        name("answered"): Unsettled,
        name("challenged"): Parked,
    }
    assert sorted(logins) == [f"/api/links/{name(state)}/" for state in ("queued", "may_retry")]
    assert (report.updated, report.refused, report.held_back) == (4, 1, 1)


async def test_a_job_goes_on_from_what_a_kill_has_left(killed: Path) -> None:
    is_version_2 = len(read_file_and_log(killed)) > 1
    with mocked_belvo() as belvo:
        look_at_those_in_doubt(belvo)
        belvo.link_read(name("queued"), last_accessed_at=NOON + timedelta(seconds=90))
        if is_version_2:  # the ticket of its fixture is shorter than any real one: nobody knows it
            belvo.link_read(name("challenged"))
        outcomes, _ = await go_on(killed)
        assert {request.method for request in belvo.requests} == {"GET"}
    assert isinstance(outcomes[name("queued")], Updated)
    lost = {link for link, outcome in outcomes.items() if isinstance(outcome, NotUpdated)}
    assert lost == ({name("challenged")} if is_version_2 else set())


async def test_the_same_job_still_makes_the_same_file(tmp_path: Path) -> None:
    kept = databases.load(find_newest("journal") / "closed.sql", tmp_path / "kept")
    await make_closed(tmp_path / "made")
    assert databases.read_form(tmp_path / "made") == databases.read_form(kept)
    for table in ("links", "jobs"):
        assert databases.read_rows(tmp_path / "made", table) == databases.read_rows(kept, table)


async def test_a_dry_run_reads_what_a_kill_has_left_and_changes_nothing(killed: Path) -> None:
    before = read_file_and_log(killed)
    with mocked_belvo() as belvo:
        updates = [build_update(state) for state in NAMES]
        async with open_pool() as pool, refresh(pool, updates, journal=killed, dry_run=True) as run:
            report = await run.finish()
        assert belvo.requests == []
    assert (report.skipped, report.waiting) == (9, 0)
    assert before == read_file_and_log(killed)


def remove(log: Path) -> None:
    log.unlink()


def cut(log: Path) -> None:
    os.truncate(log, LOG_LENGTH - 1)


def read_file_and_log(path: Path) -> list[bytes]:
    return [file.read_bytes() for file in (path, Path(f"{path}-wal")) if file.exists()]


@pytest.mark.parametrize("spoil", [remove, cut])
async def test_a_killed_journal_of_version_2_without_its_log_is_refused_and_not_changed(
    tmp_path: Path, spoil: Callable[[Path], None]
) -> None:
    path = tmp_path / "journal.sqlite"
    shutil.copyfile(VERSION_2, path)
    spoil(lay_log_beside(path))
    before = read_file_and_log(path)
    with mocked_belvo() as belvo:
        for look in (read_status, list_links):
            with pytest.raises(
                LedgerUnreadableError, match=r"its log journal\.sqlite-wal is missing, or was cut"
            ):
                look(path)
        for is_dry in (False, True):
            async with open_pool() as pool:
                with pytest.raises(LedgerUnreadableError, match="is not whole") as caught:
                    await refresh(pool, [], journal=path, dry_run=is_dry).__aenter__()
            assert "Put the journal's own log back" in caught.value.remedy
        assert belvo.requests == []
    assert before == read_file_and_log(path)


async def test_an_earlier_journal_becomes_what_a_new_one_is(
    closed: Path, killed: Path, tmp_path: Path
) -> None:
    await make_closed(tmp_path / "made")
    for path in (closed, killed):
        async with SqliteChallengeStore(path):
            pass
        assert databases.read_form(path) == databases.read_form(tmp_path / "made")
        assert read_all(path).keys() == read_all(tmp_path / "made").keys()
