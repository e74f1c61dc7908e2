"""`belvo-async status`: what holds requests and logins back, of all processes that share a backend."""

import asyncio
import json
from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import suppress
from typing import Final

import attrs
import typer
from rich import box
from rich.console import Console
from rich.table import Table
from rich.text import Text

from belvo_async.backends import (
    BackendStatus,
    JobStatus,
    LeasePhase,
    LeaseStatus,
    LinkState,
    SqliteBackend,
    WindowStatus,
    read_jobs,
    read_status,
)
from belvo_async.cli._backend import OwnBackend, list_waits, name_backend
from belvo_async.cli._command import say
from belvo_async.cli._console import write_prose
from belvo_async.cli._exit_codes import ExitCode
from belvo_async.cli._interrupt import watch_signals
from belvo_async.cli._job_status import SHOWN, RequestPace, build_job, show_job, show_links, tell_run
from belvo_async.cli._pool_options import make_pool
from belvo_async.cli._update import WaitTeller
from belvo_async.errors import ConfigurationError
from belvo_async.models import write_line

_MOST: Final = 1000
"""Challenges that are counted."""
_WATCH_SECONDS: Final = 2.0
_PHASES: Final[Mapping[LeasePhase, str]] = {
    LeasePhase.WAITING: "waits for its turn",
    LeasePhase.SENT: "was sent",
    LeasePhase.ASKED: "asks for a token",
}


async def show_backend(backend: OwnBackend, output: Console, *, as_json: bool) -> ExitCode:
    """Write how a backend stands; one that nobody has made is not made either."""
    check_file(backend)
    async with backend:
        status, jobs = await read_status(backend), await read_jobs(backend)
        try:
            challenges, problem = await _count_challenges(backend), ""
        except ConfigurationError as error:
            challenges, problem = None, error.message
    if as_json:
        told = attrs.asdict(status) | {"jobs": [*map(build_job, jobs)], "open_challenges": challenges}
        output.print(json.dumps(told), soft_wrap=True)
        return ExitCode.OK
    for part in _list_parts(status, jobs):
        output.print(part) if isinstance(part, Table) else write_prose(output, part)
    write_prose(output, _tell_challenges(challenges, problem))
    return ExitCode.OK


async def show_job_of(
    backend: OwnBackend, name: str, states: Collection[str], output: Console, *, as_json: bool
) -> ExitCode:
    """Write how a job of a backend stands, or which of its links are in some states."""
    check_file(backend)
    async with backend:
        await _show_jobs(backend, name, states, output, as_json=as_json)
    return ExitCode.OK


async def watch_job_of(backend: OwnBackend, name: str, output: Console, *, as_json: bool) -> ExitCode:
    """Write how a job stands again and again, until every link has its outcome, or Ctrl-C."""
    check_file(backend)
    with watch_signals() as interrupt:
        async with backend:
            while not interrupt.happened:
                output.clear()  # a terminal; a pipe gets one after the other
                jobs = await _show_jobs(backend, name, (), output, as_json=as_json)
                output.file.flush()
                if all(map(_is_over, jobs)):
                    break
                with suppress(TimeoutError):
                    await asyncio.wait_for(interrupt.first.wait(), _WATCH_SECONDS)
    return ExitCode.OK


async def _show_jobs(
    backend: OwnBackend, name: str, states: Collection[str], output: Console, *, as_json: bool
) -> Sequence[JobStatus]:
    jobs = await read_jobs(backend, name)
    ledger = backend.ledger
    if ledger is None or not jobs:
        problem = "has no such job" if ledger is not None else "keeps no jobs"
        raise typer.BadParameter(f"{name_backend(backend)} {problem}.", param_hint="--job")
    shared = await read_status(backend)
    for line in () if as_json else list_waits(shared):
        write_prose(output, line)
    for status in jobs:
        wanted = tuple(map(LinkState, states)) or (LinkState.PARKED,)
        links = await ledger.find(status.job.key, wanted, limit=None if states else SHOWN)
        if states:
            show_links(links, output, as_json=as_json)
        else:
            pace = RequestPace.of(status, shared.windows)
            show_job(name, status, links, output, as_json=as_json, pace=pace)
    return jobs


def _is_over(status: JobStatus) -> bool:
    counts = {state: count for state, count in status.counts.by_state.items() if count}
    is_whole = sum(counts.values()) >= (status.job.total or 1)
    return is_whole and all(state.is_result for state in counts)


def check_file(backend: OwnBackend) -> None:
    """Refuse a file that nobody has made."""
    if isinstance(backend, SqliteBackend) and not backend.path.exists():
        raise typer.BadParameter(f"there is no file {write_line(str(backend.path))}.", param_hint="--backend")


async def _count_challenges(backend: OwnBackend) -> int:
    """Return how many challenges are open, of the account whose keys are in the environment.

    Raises:
        ConfigurationError: There are no keys.
    """
    async with make_pool(WaitTeller(say), backend=backend) as pool:
        return len(await pool.challenges.list(limit=_MOST))


def _list_parts(status: BackendStatus, jobs: Sequence[JobStatus]) -> Iterator[Table | str]:
    yield from list_waits(status)
    yield _build_windows(status.windows) if status.windows else "No requests within the last hour."
    yield _build_leases(status.leases) if status.leases else "No link is held."
    yield _build_jobs(jobs) if jobs else "No jobs."


def _build_windows(windows: Sequence[WindowStatus]) -> Table:
    rows = (
        (
            window.counted,
            window.server,
            window.egress,
            "no limit" if window.size is None else f"{window.starts} of {window.size} in {window.span:g} s",
            str(window.waiting),
            "" if window.pause is None else f"{window.pause:.0f} s",
        )
        for window in windows
    )
    return _build_table(("window", "server", "egress", "used", "waiting", "pause"), rows)


def _build_leases(leases: Sequence[LeaseStatus]) -> Table:
    rows = (
        (lease.link_id or "(by its user)", _PHASES[lease.phase], f"{lease.seconds:.0f} s") for lease in leases
    )
    return _build_table(("held link", "its login", "held for"), rows)


def _build_jobs(jobs: Sequence[JobStatus]) -> Table:
    rows = ((status.job.key.name, tell_run(status), _tell_links(status)) for status in jobs)
    return _build_table(("job", "its last run", "links"), rows)


def _tell_links(status: JobStatus) -> str:
    told = ", ".join(f"{count} {state}" for state, count in status.counts.by_state.items() if count)
    return told or "none"


def _build_table(heads: Sequence[str], rows: Iterator[Sequence[str]]) -> Table:
    table = Table(box=box.SIMPLE_HEAD)
    for head in heads:
        table.add_column(head, overflow="fold")
    for row in rows:
        table.add_row(*(Text(write_line(cell)) for cell in row))
    return table


def _tell_challenges(count: int | None, problem: str) -> str:
    if count is None:
        return f"Open challenges are not counted: {problem}"
    if count == _MOST:
        return f"{count} open challenges, or more."
    return f"{count or 'No'} open {'challenge' if count == 1 else 'challenges'}."
