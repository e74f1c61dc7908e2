"""A job that retrieves data: each link one login, its rows handed out and kept, and none of them twice."""

import asyncio
import json
import os
import resource
import signal
import stat
import sys
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import contextmanager
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from belvo_async import Clock, Concurrency, Credentials, LinkUpdate, SessionPool, bulk
from belvo_async.backends import SqliteBackend
from belvo_async.errors import (
    ConfigurationError,
    InvalidValueError,
    LedgerMismatchError,
    LoginFailedError,
    OutcomeUnknownError,
    OutputError,
    ResumeNotSupportedError,
    SourceError,
)
from belvo_async.models.accounts import Account
from belvo_async.models.transactions import Transaction
from belvo_async.params._options import list_options
from belvo_async.resources import RetrievableData
from belvo_async.sandbox import Fault, FaultKind, Sandbox, SandboxOptions
from belvo_async.testing import ManualClock
from tests.bulk.journals import write_links
from tests.data.resources import list_data_resources

PERIOD: Any = {"date_from": "2025-10-01", "date_to": "2025-12-31"}
ONE_AT_ONCE = bulk.JobLimits(concurrency=Concurrency(total=1))
OTHERS = b"a line of others\n"
Job = bulk.JobRun[bulk.RetrievalOutcome[Transaction]]


@pytest.fixture
async def sandbox() -> AsyncIterator[Sandbox]:
    options = SandboxOptions(login_seconds=2.0)
    async with Sandbox(clock=ManualClock(automatic=True), options=options) as sandbox:
        yield sandbox


@pytest.fixture
async def pool(sandbox: Sandbox) -> AsyncIterator[SessionPool]:
    keys = Credentials(sandbox.secret_id, sandbox.secret_password)
    async with SessionPool(keys, environment=sandbox.url, clock=sandbox.clock) as pool:
        yield pool


@pytest.fixture
def rows(tmp_path: Path) -> Path:
    return tmp_path / "rows.jsonl"


@pytest.fixture
def journal(tmp_path: Path) -> Path:
    return tmp_path / "run.sqlite"


def add_links(sandbox: Sandbox, count: int = 5) -> list[str]:
    return [sandbox.add_link(institution="erebor_mx_retail") for _ in range(count)]


def add_challenged(sandbox: Sandbox) -> str:
    return sandbox.add_link(institution="heimdall_mx_retail", username="mfa_numeric")


def read(rows: Path) -> list[dict[str, Any]]:
    return [json.loads(line, parse_float=Decimal) for line in rows.read_text("utf-8").splitlines()]


def read_bytes(rows: Path) -> bytes:
    return rows.read_bytes()


def write_others(rows: Path, least: int = 1) -> None:
    rows.write_bytes(OTHERS * (least // len(OTHERS) + (least > 1) or 1))


def append(rows: Path, data: bytes) -> None:
    with rows.open("ab") as file:
        file.write(data)


@contextmanager
def files_of_at_most(size: int) -> Iterator[None]:
    """Let no file of this process grow beyond some bytes, as on a disk that is full."""
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, before[1]))
    handler = signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    try:
        yield
    finally:
        signal.signal(signal.SIGXFSZ, handler)
        resource.setrlimit(resource.RLIMIT_FSIZE, before)


def find_mode(rows: Path) -> int:
    return stat.S_IMODE(rows.stat().st_mode)


def list_files(place: Path) -> list[Path]:
    return list(place.iterdir())


def count_submissions(sandbox: Sandbox) -> int:
    return sum(entry.method == "POST" for entry in sandbox.log)


async def list_ids(pool: SessionPool, *links: str) -> list[str]:
    """Return the ids of all that Belvo has stored for links."""
    return sorted([str(row.id) for link in links async for row in pool.transactions.list(link=link)])


async def collect(job: Job) -> dict[str, bulk.RetrievalOutcome[Transaction]]:
    async with job as run:
        return {outcome.link_id: outcome async for outcome in run}


async def collect_accounts(job: bulk.JobRun[bulk.RetrievalOutcome[Account]]) -> None:
    async with job as run:
        await run.finish()


async def test_each_link_is_one_login_and_has_its_rows(sandbox: Sandbox, pool: SessionPool) -> None:
    links = add_links(sandbox)
    async with bulk.retrieve(pool.transactions, links, **PERIOD) as run:
        outcomes = [outcome async for outcome in run]
    assert sorted(outcome.link_id for outcome in outcomes) == sorted(links)
    for outcome in outcomes:
        assert isinstance(outcome, bulk.Retrieved)
        assert sorted(str(row.id) for row in outcome.rows) == await list_ids(pool, outcome.link_id)
    assert {sandbox.logins(link) for link in links} == {1}
    assert run.report.retrieved == len(links)
    assert run.report.rows == len(await list_ids(pool, *links)) > len(links)
    assert str(run.report) == "5 of 5 links: 5 retrieved, 0 parked, 0 refused, 0 unsettled"


async def test_the_output_has_each_row_as_belvo_sent_it(
    sandbox: Sandbox, pool: SessionPool, rows: Path
) -> None:
    links = add_links(sandbox)
    outcomes = await collect(bulk.retrieve(pool.transactions, links, output=rows, **PERIOD))
    kept = read(rows)
    assert sorted(row["id"] for row in kept) == await list_ids(pool, *links)
    assert all(next(iter(row)) == "link" for row in kept)
    by_id = {
        row.id: row
        for outcome in outcomes.values()
        if isinstance(outcome, bulk.Retrieved)
        for row in outcome.rows
    }
    for row in kept:
        found = by_id[row["id"]]
        assert found.account is not None
        expected = (found.amount, found.currency, found.account.link)
        assert (row["amount"], row["currency"], row["link"]) == expected
        assert row["account"]["id"] == found.account.id


@pytest.mark.skipif(sys.platform == "win32", reason="it has other permissions")
async def test_the_output_is_the_users_alone(sandbox: Sandbox, pool: SessionPool, rows: Path) -> None:
    await collect(bulk.retrieve(pool.transactions, add_links(sandbox), output=rows, **PERIOD))
    assert find_mode(rows) == 0o600


async def test_a_second_run_retrieves_nothing_and_adds_the_new_links(
    sandbox: Sandbox, pool: SessionPool, rows: Path, journal: Path
) -> None:
    first, second = add_links(sandbox, 3), add_links(sandbox, 2)
    settings: Any = {"output": rows, "journal": journal, **PERIOD}
    await collect(bulk.retrieve(pool.transactions, first, **settings))
    run = bulk.retrieve(pool.transactions, first + second, **settings)
    await collect(run)
    assert (run.report.skipped, run.report.retrieved) == (3, 5)
    assert sorted(row["id"] for row in read(rows)) == await list_ids(pool, *first, *second)
    assert {sandbox.logins(link) for link in first + second} == {1}


async def leave(journal: Path, clock: Clock, *links: str) -> None:
    """Write that a run was killed as it had the logins of these links in flight."""
    at = clock.wall()
    rows: list[dict[str, object]] = [
        {"link_id": link, "state": "submitted", "at": at, "submitted_at": at, "logins": 1} for link in links
    ]
    write_links(journal, rows)


async def test_what_a_kill_has_left_behind_the_last_link_is_cut_off(
    sandbox: Sandbox, pool: SessionPool, rows: Path, journal: Path
) -> None:
    """Killed after the rows were written, and before the ledger was."""
    done, cut = add_links(sandbox, 2)
    await collect(bulk.retrieve(pool.transactions, [done], output=rows, journal=journal, **PERIOD))
    kept = read_bytes(rows)
    await leave(journal, pool.clock, cut)
    await pool.transactions.retrieve(cut, **PERIOD)
    append(rows, f'{{"link": "{cut}", "id": 1}}\n{{"link": "{cut}", "id": 2}}\n{{"li'.encode())
    run = bulk.retrieve(pool.transactions, [], output=rows, journal=journal, **PERIOD)
    (outcome,) = (await collect(run)).values()
    assert read_bytes(rows) == kept
    assert isinstance(outcome, bulk.Unsettled)
    assert "list(link=error.link_id)" in outcome.error.remedy
    assert sandbox.logins(cut) == 1


@pytest.mark.skipif(sys.platform == "win32", reason="it has no limit of this kind")
async def test_a_full_disk_leaves_the_file_as_it_was_and_the_job_goes_on_later(
    sandbox: Sandbox, pool: SessionPool, rows: Path, journal: Path
) -> None:
    first, *others = add_links(sandbox, 3)
    settings: Any = {"output": rows, "journal": journal, "limits": ONE_AT_ONCE, **PERIOD}
    await collect(bulk.retrieve(pool.transactions, [first], **settings))
    kept = read_bytes(rows)
    run = bulk.retrieve(pool.transactions, others, **settings)
    async with run:
        with files_of_at_most(len(kept) + 100):
            outcome = await anext(run)
            with pytest.raises(OutputError, match="File too large"):
                await run.finish()
    assert isinstance(outcome, bulk.Unsettled)
    assert isinstance(outcome.error, OutputError)
    assert run.report.unsettled == 1
    assert read_bytes(rows) == kept
    run = bulk.retrieve(pool.transactions, [first, *others], **settings)
    await collect(run)
    assert (run.report.retrieved, run.report.unsettled) == (2, 1)
    assert {row["link"] for row in read(rows)} == {first, others[1]}


async def test_a_job_goes_on_after_its_last_link_was_erased(
    sandbox: Sandbox, rows: Path, tmp_path: Path
) -> None:
    first, second = add_links(sandbox, 2)
    keys = Credentials(sandbox.secret_id, sandbox.secret_password)
    settings: Any = {"output": rows, "job": "november", **PERIOD}
    async with (
        SqliteBackend(tmp_path / "belvo.sqlite") as backend,
        SessionPool(keys, environment=sandbox.url, clock=sandbox.clock, backend=backend) as shared,
    ):
        await collect(bulk.retrieve(shared.transactions, [first], **settings))
        await shared.erase(first)
        await collect(bulk.retrieve(shared.transactions, [second], **settings))
    assert {row["link"] for row in read(rows)} == {first, second}


@pytest.mark.parametrize("save_data", [True, False])
async def test_a_lost_response_is_unsettled_and_says_where_the_rows_are(
    sandbox: Sandbox, pool: SessionPool, save_data: bool
) -> None:
    (link,) = add_links(sandbox, 1)
    sandbox.faults.add(Fault(kind=FaultKind.RESET_AFTER, method="POST", times=1))
    run = bulk.retrieve(pool.transactions, [link], save_data=save_data, **PERIOD)
    outcome = (await collect(run))[link]
    assert isinstance(outcome, bulk.Unsettled)
    assert isinstance(outcome.error, OutcomeUnknownError)
    assert ("read it with list" in outcome.error.remedy) is save_data
    assert ("another login" in outcome.error.remedy) is not save_data
    assert sandbox.logins(link) == 1


async def test_a_person_who_asks_for_it_gets_an_unsettled_link_retrieved_again(
    sandbox: Sandbox, pool: SessionPool, rows: Path, journal: Path
) -> None:
    (link,) = add_links(sandbox, 1)
    sandbox.faults.add(Fault(kind=FaultKind.RESET_AFTER, method="POST", times=1))
    settings: Any = {"output": rows, "journal": journal, **PERIOD}
    first = await collect(bulk.retrieve(pool.transactions, [link], **settings))
    await pool.clock.sleep(331)  # a login must have ended by then
    again = await collect(bulk.retrieve(pool.transactions, [link], retry={"unsettled"}, **settings))
    assert (type(first[link]), type(again[link])) == (bulk.Unsettled, bulk.Retrieved)
    assert sandbox.logins(link) == 2
    assert sorted(row["id"] for row in read(rows)) == await list_ids(pool, link)


async def test_a_challenge_is_answered_and_brings_the_rows(
    sandbox: Sandbox, pool: SessionPool, rows: Path
) -> None:
    link = add_challenged(sandbox)

    run = bulk.retrieve(pool.transactions, [link], provide_token=lambda _: "111111", output=rows, **PERIOD)
    outcome = (await collect(run))[link]
    assert isinstance(outcome, bulk.Retrieved)
    assert sorted(row["id"] for row in read(rows)) == await list_ids(pool, link) != []


async def test_a_parked_challenge_is_asked_about_by_a_later_run(
    sandbox: Sandbox, pool: SessionPool, rows: Path, journal: Path
) -> None:
    link = add_challenged(sandbox)
    settings: Any = {"output": rows, "journal": journal, **PERIOD}
    parked = (await collect(bulk.retrieve(pool.transactions, [link], **settings)))[link]
    assert isinstance(parked, bulk.Parked)
    again = bulk.retrieve(
        pool.transactions, [link], retry={"parked"}, provide_token=lambda _: "111111", **settings
    )
    outcome = (await collect(again))[link]
    assert isinstance(outcome, bulk.Retrieved)
    assert (count_submissions(sandbox), len(outcome.rows)) == (1, len(read(rows)))


async def test_rows_that_went_to_whoever_answered_are_not_retrieved_again(
    sandbox: Sandbox, pool: SessionPool, rows: Path, journal: Path
) -> None:
    link = add_challenged(sandbox)
    settings: Any = {"output": rows, "journal": journal, **PERIOD}
    parked = (await collect(bulk.retrieve(pool.transactions, [link], **settings)))[link]
    assert isinstance(parked, bulk.Parked)
    await pool.challenges.resume(parked.ticket, "111111")
    again = bulk.retrieve(pool.transactions, [link], retry={"parked"}, **settings)
    outcome = (await collect(again))[link]
    assert isinstance(outcome, bulk.Unsettled)
    assert "read it with list" in outcome.error.remedy
    assert (count_submissions(sandbox), read(rows)) == (1, [])


async def test_a_resource_without_a_way_back_says_what_to_do(sandbox: Sandbox, pool: SessionPool) -> None:
    link = add_challenged(sandbox)
    async with bulk.retrieve(pool.balances, [link]) as run:
        (outcome,) = [outcome async for outcome in run]
    assert isinstance(outcome, bulk.NotRetrieved)
    assert isinstance(outcome.error, ResumeNotSupportedError)
    assert "links.update" in outcome.error.remedy or "Update the link" in outcome.error.remedy


async def test_a_refused_login_is_repeated_for_the_link_that_somebody_names(
    sandbox: Sandbox, pool: SessionPool, rows: Path, journal: Path
) -> None:
    link = sandbox.add_link(username="user_valid", password="pass_invalid")
    settings: Any = {"output": rows, "journal": journal, **PERIOD}
    refused = (await collect(bulk.retrieve(pool.transactions, [link], **settings)))[link]
    assert isinstance(refused, bulk.NotRetrieved)
    assert isinstance(refused.error, LoginFailedError)
    assert await collect(bulk.retrieve(pool.transactions, [link], retry={"refused"}, **settings)) == {}
    await pool.links.update(LinkUpdate(link, password="pass_valid"))
    again = (await collect(bulk.retrieve(pool.transactions, [link], resend=[link], **settings)))[link]
    assert isinstance(again, bulk.Retrieved)


async def test_a_function_is_given_the_rows_before_the_ledger_says_so(
    sandbox: Sandbox, pool: SessionPool, journal: Path
) -> None:
    links = add_links(sandbox)
    kept: dict[str, Sequence[Transaction]] = {}
    states: list[str] = []

    async def keep(link_id: str, found: Sequence[Transaction]) -> None:
        kept[link_id] = found
        states.extend(
            row.state for row in bulk.list_links(journal, tuple(bulk.LinkState), 10) if row.link_id == link_id
        )

    run = bulk.retrieve(pool.transactions, links, output=keep, journal=journal, **PERIOD)
    outcomes = await collect(run)
    assert {
        link: outcome.rows for link, outcome in outcomes.items() if isinstance(outcome, bulk.Retrieved)
    } == kept
    assert states == ["submitted"] * len(links)


async def test_a_function_that_raises_stops_the_job_and_leaves_its_link_unsettled(
    sandbox: Sandbox, pool: SessionPool, journal: Path
) -> None:
    links = add_links(sandbox, 3)

    def keep(*_: object) -> None:
        raise OSError("no space left")

    with pytest.raises(OutputError, match="output raised OSError") as failed:
        await collect(bulk.retrieve(pool.transactions, links, output=keep, journal=journal, **PERIOD))
    assert failed.value.link_id in links
    rows = bulk.list_links(journal, tuple(bulk.LinkState), 10)
    assert {row.state for row in rows} <= {"unsettled", "queued", "submitted"}
    assert "unsettled" in {row.state for row in rows}


async def test_a_file_that_somebody_else_writes_to_stops_the_job_and_stays_as_it_is(
    sandbox: Sandbox, pool: SessionPool, rows: Path, journal: Path
) -> None:
    run = bulk.retrieve(pool.transactions, add_links(sandbox), output=rows, journal=journal, **PERIOD)
    async with run:
        write_others(rows)
        with pytest.raises(OutputError, match="somebody else has written to"):
            await run.finish()
    assert read_bytes(rows) == OTHERS


async def test_a_file_that_another_job_writes_to_is_refused_before_anything_is_sent(
    sandbox: Sandbox, pool: SessionPool, rows: Path
) -> None:
    async with bulk.retrieve(pool.transactions, add_links(sandbox, 1), output=rows, **PERIOD) as run:
        with pytest.raises(OutputError, match="Another job writes to"):
            await collect(bulk.retrieve(pool.transactions, add_links(sandbox), output=rows, **PERIOD))
        await run.finish()
    assert sandbox.logins() == 1


async def test_a_file_that_the_job_has_not_written_is_left_as_it_is(
    sandbox: Sandbox, pool: SessionPool, rows: Path, journal: Path, tmp_path: Path
) -> None:
    write_others(rows)
    with pytest.raises(OutputError, match="holds something already"):
        await collect(bulk.retrieve(pool.transactions, add_links(sandbox), output=rows, **PERIOD))
    assert read_bytes(rows) == OTHERS
    assert sandbox.logins() == 0
    mine, links = tmp_path / "mine.jsonl", add_links(sandbox)
    settings: Any = {"journal": journal, **PERIOD}
    await collect(bulk.retrieve(pool.transactions, links, output=mine, **settings))
    write_others(rows, len(read_bytes(mine)))
    with pytest.raises(OutputError, match="is not the file that this job has written to"):
        await collect(bulk.retrieve(pool.transactions, links, output=rows, **settings))
    assert set(read_bytes(rows).splitlines(keepends=True)) == {OTHERS}


async def test_the_file_of_another_job_about_the_same_links_is_left_as_it_is(
    sandbox: Sandbox, pool: SessionPool, rows: Path, journal: Path, tmp_path: Path
) -> None:
    links = add_links(sandbox, 2)
    await collect(bulk.retrieve(pool.transactions, links, output=rows, journal=journal, **PERIOD))
    kept, other = read_bytes(rows), tmp_path / "other.sqlite"
    days: Any = PERIOD | {"date_to": "2025-11-30"}
    mine = tmp_path / "mine.jsonl"
    await collect(bulk.retrieve(pool.transactions, [], output=mine, journal=other, **days))
    await leave(other, pool.clock, *links)
    with pytest.raises(OutputError, match="holds something already"):
        await collect(bulk.retrieve(pool.transactions, links, output=rows, journal=other, **days))
    assert read_bytes(rows) == kept


async def test_a_file_that_has_lost_rows_or_is_gone_is_refused(
    sandbox: Sandbox, pool: SessionPool, rows: Path, journal: Path
) -> None:
    settings: Any = {"journal": journal, **PERIOD}
    await collect(bulk.retrieve(pool.transactions, add_links(sandbox, 1), output=rows, **settings))
    os.truncate(rows, 10)
    with pytest.raises(OutputError, match="has 10 bytes, and the job has written"):
        await collect(bulk.retrieve(pool.transactions, add_links(sandbox, 1), output=rows, **settings))
    with pytest.raises(OutputError, match="to a file so far"):
        await collect(bulk.retrieve(pool.transactions, add_links(sandbox, 1), output=print, **settings))
    os.remove(rows)  # noqa: PTH107 - an instant
    with pytest.raises(OutputError, match="No such file"):
        await collect(bulk.retrieve(pool.transactions, add_links(sandbox, 1), output=rows, **settings))
    assert rows not in list_files(rows.parent)


@pytest.mark.skipif(sys.platform == "win32", reason="it has no such files")
@pytest.mark.parametrize("name", ["/dev/null", "/dev/full", "/dev", "pipe", "/nonexistent/rows.jsonl"])
async def test_what_is_no_file_to_write_is_refused_at_once(
    sandbox: Sandbox, pool: SessionPool, tmp_path: Path, name: str
) -> None:
    os.mkfifo(tmp_path / "pipe")
    run = bulk.retrieve(pool.accounts, add_links(sandbox, 1), output=tmp_path / name)
    async with asyncio.timeout(10):
        with pytest.raises(OutputError, match=r"no regular file|could not be opened"):
            await run.__aenter__()
    assert sandbox.logins() == 0


async def test_a_function_that_hangs_is_cut_off_when_the_block_is_left(
    sandbox: Sandbox, pool: SessionPool, journal: Path
) -> None:
    begun, ended = asyncio.Event(), list[str]()

    async def keep(link_id: str, _: object) -> None:
        begun.set()
        try:
            await asyncio.Event().wait()
        finally:
            ended.append(link_id)

    (link,) = add_links(sandbox, 1)
    limits = bulk.JobLimits(close_grace=0)
    settings: Any = {"output": keep, "journal": journal, "limits": limits, **PERIOD}
    async with asyncio.timeout(10), bulk.retrieve(pool.transactions, [link], **settings):
        await begun.wait()
    assert ended == [link]
    assert [row.state for row in bulk.list_links(journal, tuple(bulk.LinkState))] == ["submitted"]


async def test_options_that_can_be_read_once_reach_every_link(sandbox: Sandbox, pool: SessionPool) -> None:
    links = add_links(sandbox, 2)
    fields = (name for name in ("id", "link", "name"))
    async with bulk.retrieve(pool.accounts, links, fields=fields) as run:
        outcomes = [outcome async for outcome in run]
    assert all(isinstance(outcome, bulk.Retrieved) for outcome in outcomes)


async def test_calls_that_mean_the_same_are_one_job(pool: SessionPool, tmp_path: Path) -> None:
    calls: list[Any] = [
        {"fields": ["id", "link"]},
        {"fields": {"link", "id"}, "save_data": True},
        {"fields": iter(["link", "id"])},
    ]
    for call in calls:
        run = bulk.retrieve(pool.accounts, [], output=tmp_path / "a.jsonl", journal=tmp_path / "a", **call)
        async with run:
            assert run.report.purpose == "retrieve /api/accounts/ fields=id,link"


async def test_a_job_that_is_begun_for_something_else_is_refused(
    sandbox: Sandbox, pool: SessionPool, rows: Path, journal: Path
) -> None:
    links = add_links(sandbox, 1)
    settings: Any = {"output": rows, "journal": journal}
    await collect(bulk.retrieve(pool.transactions, links, **settings, **PERIOD))
    with pytest.raises(LedgerMismatchError, match="date_from=2025-10-01 date_to=2025-12-31, not to retrieve"):
        await collect(
            bulk.retrieve(pool.transactions, links, **settings, **PERIOD | {"date_to": "2026-01-01"})
        )
    with pytest.raises(LedgerMismatchError, match="not to update links"):
        await bulk.refresh(pool, [LinkUpdate(links[0], password="new")], journal=journal).__aenter__()
    assert sandbox.logins() == 1


async def test_rows_that_nobody_takes_hold_back_further_logins(sandbox: Sandbox, pool: SessionPool) -> None:
    links = add_links(sandbox, 20)
    limits = bulk.JobLimits(max_waiting_rows=1, concurrency=Concurrency(total=2))
    async with bulk.retrieve(pool.transactions, links, limits=limits, **PERIOD) as run:
        await anext(run)
        for _ in range(200):
            await asyncio.sleep(0)
        assert sandbox.logins() <= 5
        assert (await run.finish()).retrieved == 20


async def test_a_dry_run_sends_and_writes_nothing(
    sandbox: Sandbox, pool: SessionPool, rows: Path, journal: Path
) -> None:
    run = bulk.retrieve(
        pool.transactions, add_links(sandbox), output=rows, journal=journal, dry_run=True, **PERIOD
    )
    await collect(run)
    assert (run.report.waiting, sandbox.logins()) == (5, 0)
    assert list_files(rows.parent) == []


@pytest.mark.parametrize(
    ("options", "named"),
    [
        ({}, "date_from"),
        ({**PERIOD, "date_to": "2025-01-01"}, "date_to"),
        ({**PERIOD, "type": "INFLOW"}, "type"),
        ({**PERIOD, "token": "111111"}, "token"),
        ({**PERIOD, "max_wait": 1.0}, "max_wait"),
        ({**PERIOD, "save_data": "no"}, "save_data"),
        ({**PERIOD, "output": 7}, "output"),
        ({**PERIOD, "output": ""}, "output is no path"),
        ({**PERIOD, "output": "a\0b"}, "is no path of a file"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
async def test_a_wrong_option_is_named_before_anything_is_sent(
    sandbox: Sandbox, pool: SessionPool, options: Any, named: str
) -> None:
    with pytest.raises(InvalidValueError, match=named):
        bulk.retrieve(pool.transactions, add_links(sandbox, 1), **options)
    assert sandbox.log == []


async def test_wrong_arguments_are_named(sandbox: Sandbox, pool: SessionPool, journal: Path) -> None:
    for wrong in (pool, pool.links, pool.consents, "transactions"):
        with pytest.raises(InvalidValueError, match="resource"):
            bulk.retrieve(wrong, [])  # type: ignore[arg-type]
    with pytest.raises(InvalidValueError, match="links"):
        bulk.retrieve(pool.accounts, add_links(sandbox, 1)[0])
    with pytest.raises(InvalidValueError) as unknown:
        bulk.retrieve(pool.accounts, [], datefrom="2026-01-01")  # type: ignore[call-arg]
    assert "max_wait" not in unknown.value.remedy
    update = LinkUpdate(add_links(sandbox, 1)[0], password="new")
    with pytest.raises(SourceError, match="holds a LinkUpdate"):
        await collect_accounts(bulk.retrieve(pool.accounts, [update]))  # type: ignore[list-item]
    with pytest.raises(ConfigurationError, match="needs an output"):
        bulk.retrieve(pool.accounts, [], journal=journal)


def test_the_options_are_those_of_all_resources() -> None:
    kinds = [kind for kind in list_data_resources().values() if issubclass(kind, RetrievableData)]
    known = {name for kind in kinds for name in list_options(vars(kind)["_spec"].options)}
    of_one_call = {"token", "provide_token", "recorder", "when_busy", "max_wait"}
    assert set(bulk.RetrieveOptions.__annotations__) == known - of_one_call


def test_data_stay_out_of_what_is_shown() -> None:
    row = Account(name="Jane's savings", id="0d3ffb69-f83b-456e-ad8e-208d0998d71d")
    assert "Jane" not in repr(bulk.Retrieved(link_id="l", rows=(row,)))
