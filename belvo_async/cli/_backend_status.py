"""`belvo-async status`: what holds requests and logins back, of all processes that share a backend."""

import json
from collections.abc import Iterator, Mapping, Sequence
from typing import Final

import attrs
import typer
from rich import box
from rich.console import Console
from rich.table import Table
from rich.text import Text

from belvo_async.backends import (
    BackendStatus,
    LeasePhase,
    LeaseStatus,
    SqliteBackend,
    WindowStatus,
    read_status,
)
from belvo_async.cli._backend import OwnBackend
from belvo_async.cli._command import say
from belvo_async.cli._console import write_prose
from belvo_async.cli._exit_codes import ExitCode
from belvo_async.cli._pool_options import make_pool
from belvo_async.cli._update import WaitTeller
from belvo_async.errors import ConfigurationError
from belvo_async.models import write_line

_MOST: Final = 1000
"""Challenges that are counted."""
_PHASES: Final[Mapping[LeasePhase, str]] = {
    LeasePhase.WAITING: "waits for its turn",
    LeasePhase.SENT: "was sent",
    LeasePhase.ASKED: "asks for a token",
}


async def show_backend(backend: OwnBackend, output: Console, *, as_json: bool) -> ExitCode:
    """Write how a backend stands; one that nobody has made is not made either."""
    if isinstance(backend, SqliteBackend) and not backend.path.exists():
        raise typer.BadParameter(f"there is no file {write_line(str(backend.path))}.", param_hint="--backend")
    async with backend:
        status = await read_status(backend)
        try:
            challenges, problem = await _count_challenges(backend), ""
        except ConfigurationError as error:
            challenges, problem = None, error.message
    if as_json:
        output.print(json.dumps(attrs.asdict(status) | {"open_challenges": challenges}), soft_wrap=True)
        return ExitCode.OK
    for part in _list_parts(status):
        output.print(part) if isinstance(part, Table) else write_prose(output, part)
    write_prose(output, _tell_challenges(challenges, problem))
    return ExitCode.OK


async def _count_challenges(backend: OwnBackend) -> int:
    """Return how many challenges are open, of the account whose keys are in the environment.

    Raises:
        ConfigurationError: There are no keys.
    """
    async with make_pool(WaitTeller(say), backend=backend) as pool:
        return len(await pool.challenges.list(limit=_MOST))


def _list_parts(status: BackendStatus) -> Iterator[Table | str]:
    if status.quarantine:
        yield f"Logins wait for another {status.quarantine:.0f} s: what is noted of others may be incomplete."
    yield _build_windows(status.windows) if status.windows else "No requests within the last hour."
    yield _build_leases(status.leases) if status.leases else "No link is held."


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
