"""`belvo-async refresh --status`: where the job of a journal stands, also while it runs."""

from collections.abc import Collection
from pathlib import Path

from rich.console import Console

from belvo_async.backends import LinkState
from belvo_async.bulk import list_links, read_status
from belvo_async.cli._job_status import SHOWN, show_job, show_links

_ALL = -1
"""No limit, to SQLite."""


def show_journal(path: Path, states: Collection[str], output: Console, *, as_json: bool) -> None:
    """Show how the job of a journal stands, or its links that are in one of *states*, and why.

    Raises:
        LedgerUnreadableError: There is no such journal.
    """
    if states:
        show_links(list_links(path, tuple(map(LinkState, states)), _ALL), output, as_json=as_json)
    else:
        parked = list_links(path, (LinkState.PARKED,), SHOWN)
        show_job(str(path), read_status(path), parked, output, as_json=as_json)
