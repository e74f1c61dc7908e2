"""What is told at the end: the outcome of the demo, the state of its links after Ctrl-C, lists of links."""

from collections.abc import Iterator, Sequence
from datetime import datetime
from statistics import median
from typing import Final

from rich import box
from rich.table import Table
from rich.text import Text

from belvo_async import Link
from belvo_async.cli._console import write_line
from belvo_async.cli._demo.checks import SandboxChecks
from belvo_async.cli._demo.state import Entry
from belvo_async.cli._demo.users import Outcome
from belvo_async.cli._exit_codes import EndingKind

_NAMED_AT_MOST: Final = 10
_NOTES: Final = {
    EndingKind.UPDATED: "",
    EndingKind.NOT_UPDATED: "refused, declined, expired, or not repeated",
    EndingKind.NOT_STARTED: "no update was sent",
    EndingKind.CHALLENGE_OPEN: "the bank still waits for an answer",
    EndingKind.UNKNOWN: "look at them with: belvo-async links list",
}


def build_outcomes(entries: Sequence[Entry]) -> Table:
    """Build the final table of the demo: one row for each outcome, and the sum."""
    table = Table(box=box.SIMPLE_HEAD)
    for heading in ("outcome", "links", "banks", "challenges", "median s"):
        table.add_column(heading, justify="left" if heading == "outcome" else "right", no_wrap=True)
    for outcome in Outcome:
        rows = [entry for entry in entries if entry.outcome is outcome]
        if rows:
            style = "green" if outcome.is_update else "yellow"
            table.add_row(Text(outcome, style=style), *_sum_up(rows))
    table.add_section()
    table.add_row("all", *_sum_up(entries), style="bold")
    return table


def _sum_up(entries: Sequence[Entry]) -> tuple[str, ...]:
    seconds = [entry.seconds for entry in entries if entry.seconds is not None]
    return (
        str(len(entries)),
        str(len({entry.customer.institution for entry in entries})),
        str(sum(len(entry.challenges) for entry in entries)),
        f"{median(seconds):.2f}" if seconds else "",
    )


def list_endings(entries: Sequence[Entry]) -> Iterator[str]:
    """Tell how many links are in which state, and name those that somebody has to look at."""
    for kind in EndingKind:
        rows = [entry for entry in entries if entry.ending.kind is kind]
        if rows:
            yield f"  {kind.value:<16}{len(rows):>5}   {_NOTES[kind]}".rstrip()
        if kind in {EndingKind.CHALLENGE_OPEN, EndingKind.UNKNOWN}:
            yield from (_name(entry) for entry in rows[:_NAMED_AT_MOST])
        if kind in {EndingKind.CHALLENGE_OPEN, EndingKind.UNKNOWN} and len(rows) > _NAMED_AT_MOST:
            yield f"      and {len(rows) - _NAMED_AT_MOST} more"


def _name(entry: Entry) -> str:
    until = entry.ending.open_until
    end = "" if until is None else f"  until {until:%H:%M:%S}"
    return f"      {entry.link_id or 'a new link, being registered'}{end}"


def build_checks(checks: SandboxChecks) -> Table:
    """Build the list of what the bank's side counted."""
    table = Table.grid(padding=(0, 2))
    table.add_column()
    table.add_column(justify="right")
    table.add_column(style="dim")
    for name, count, note in (
        ("logins that reached the bank", checks.logins, f"for {checks.links} links"),
        ("challenges answered", checks.answers, ""),
        ("overlapping logins of one link", checks.overlapping, "must be 0"),
        ("tokens sent twice", checks.answered_twice, "must be 0"),
        ("logins repeated after a lost reply", checks.repeated_after_loss, "must be 0"),
    ):
        table.add_row(f"  {name}", str(count), note)
    return table


def build_links(links: Sequence[Link]) -> Table:
    """Build the table of `links list`; a column that would be empty is left out."""
    has_external_ids = any(link.external_id or "external_id" in link.extra for link in links)
    table = Table(box=box.SIMPLE_HEAD)
    table.add_column("id", no_wrap=True)
    for heading in ("institution", "status", "last accessed", *(("external id",) * has_external_ids)):
        table.add_column(heading, overflow="fold")
    for link in links:
        odd = {name: str(value) for name, value in link.extra.items()}  # of a type that nobody knows
        accessed_at = _write_time(link.last_accessed_at) or odd.get("last_accessed_at", "never")
        cells = [
            link.id,
            link.institution or odd.get("institution", ""),
            link.status or odd.get("status", ""),
            accessed_at,
        ]
        if has_external_ids:
            cells.append(link.external_id or odd.get("external_id", ""))
        table.add_row(*(Text(write_line(cell)) for cell in cells))
    return table


def _write_time(moment: datetime | None) -> str | None:
    return None if moment is None else f"{moment.astimezone():%Y-%m-%d %H:%M}"
