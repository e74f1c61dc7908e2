"""How a job looks while it runs: a live panel, a line every few seconds, or lines of JSON."""

import json
from collections.abc import Iterator
from datetime import UTC, datetime
from types import TracebackType
from typing import Final, Self, TypeAlias

from rich.console import Console, Group, RenderableType
from rich.live import Live
from rich.panel import Panel
from rich.progress_bar import ProgressBar
from rich.table import Table
from rich.text import Text

from belvo_async import BelvoError
from belvo_async.bulk import (
    JobReport,
    NotRetrieved,
    NotUpdated,
    Outcome,
    Parked,
    RetrievalOutcome,
    Retrieved,
    Unsettled,
    Updated,
)
from belvo_async.cli._console import make_safe, write_prose
from belvo_async.models import DataModel, write_line
from belvo_async.telemetry import Observation, PoolPaused, RetryPlanned

AnyOutcome: TypeAlias = Outcome | RetrievalOutcome[DataModel]
"""Of either kind of job."""
_LIVE_SECONDS: Final = 0.5
_LINE_SECONDS: Final = 5.0
_ROOM_FOR_ECHO: Final = 3
"""Columns that stay free: a terminal echoes `^C` behind the panel, and must not wrap there."""
_INSTITUTIONS: Final = 8
_CODES: Final = 5


class View:
    """Shows a job: here with a line every few seconds, for a log, or where a person is being asked."""

    seconds = _LINE_SECONDS
    """Between two calls of `show`."""

    def __init__(self, output: Console, messages: Console) -> None:
        self._output: Final = output
        self._messages: Final = messages
        self.has_begun = False
        """Whether logins start."""

    def __enter__(self) -> Self:
        """Make ready."""
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """End."""

    def begin(self) -> None:
        """Take note that logins start."""
        self.has_begun = True

    def observe(self, observation: Observation) -> None:
        """Tell why the pool waits; but not of single links, once there are many."""
        match observation:
            case PoolPaused(seconds=seconds):
                self.say(f"Belvo refuses more requests for now: waiting {seconds:.0f} s.")
            case RetryPlanned(reason=reason, seconds=seconds) if not self.has_begun:
                self.say(f"{write_line(reason)}: trying again in {seconds:.0f} s.")
            case _:
                pass

    def show(self, report: JobReport) -> None:
        """Show where the job stands."""
        write_prose(self._messages, f"{write_duration(report.elapsed):>7}  {describe(report)}")

    def tell(self, outcome: AnyOutcome) -> None:
        """Tell of one outcome."""

    def say(self, text: str) -> None:
        """Tell the operator something."""
        write_prose(self._messages, text, "yellow")

    def conclude(self, report: JobReport) -> None:
        """Show the end."""
        text = _write_plan(report) if report.is_dry_run else report.to_table()
        self._output.print(make_safe(text), soft_wrap=True)

    def hint(self, text: str) -> None:
        """Tell the operator what could be done next."""
        write_prose(self._messages, text, "dim")


class JsonView(View):
    """Lines of JSON on standard output: `outcome`, `progress`, and at the end `report`."""

    def show(self, report: JobReport) -> None:
        """Write where the job stands."""
        self._write("progress", json.loads(report.to_json()))

    def tell(self, outcome: AnyOutcome) -> None:
        """Write one outcome."""
        self._write("outcome", build_outcome(outcome))

    def conclude(self, report: JobReport) -> None:
        """Write the end."""
        self._write("report", json.loads(report.to_json()))

    def hint(self, text: str) -> None:
        """Leave it out: a program reads along."""

    def _write(self, kind: str, fields: dict[str, object]) -> None:
        line = json.dumps({"kind": kind, **fields})
        self._output.print(line, soft_wrap=True)


class LiveView(View):
    """A panel that is drawn anew twice a second."""

    seconds = _LIVE_SECONDS

    def __init__(self, output: Console, messages: Console) -> None:
        super().__init__(output, messages)
        self._live: Final = Live(console=messages, auto_refresh=False, redirect_stderr=False)

    def begin(self) -> None:
        """Take the lower part of the terminal."""
        super().begin()
        self._live.start()

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Leave the last state on the terminal."""
        self._live.stop()

    def show(self, report: JobReport) -> None:
        """Draw the panel."""
        panel = Panel(
            Group(*self._list_parts(report)),
            title="refreshing links" if report.purpose is None else "retrieving data",
            width=self._messages.width - _ROOM_FOR_ECHO,
            border_style="dim",
        )
        self._live.update(panel, refresh=True)

    def _list_parts(self, report: JobReport) -> list[RenderableType]:
        bar = Table.grid(padding=(0, 1), expand=True)
        bar.add_column(ratio=1)
        bar.add_column(justify="right", no_wrap=True)
        known = report.total if report.total is not None else report.finished + report.waiting
        bar.add_row(
            ProgressBar(total=max(1, known), completed=report.finished, complete_style="cyan"),
            f"{write_duration(report.elapsed)}",
        )
        parts: list[RenderableType] = [bar, Text(describe(report))]
        if report.by_institution:
            parts.append(_build_institutions(report))
        if report.by_code:
            parts.append(Text(_list_codes(report), style="dim"))
        return parts


def describe(report: JobReport) -> str:
    """Tell in one line where a job stands."""
    parts = [str(report)]
    if report.rate is not None:
        parts.append(f"{report.rate:.1f}/s")
    if report.seconds_left:
        parts.append(f"{write_duration(report.seconds_left)} left")
    if report.next_expiry is not None:
        left = (report.next_expiry - datetime.now(UTC)).total_seconds()
        parts.append(f"next challenge expires in {write_duration(max(0.0, left))}")
    return "; ".join(parts)


def list_hints(report: JobReport, look: str | None) -> Iterator[str]:
    """Tell what can be done about links that are not done; *look* is the command that shows the job."""
    if report.is_dry_run:
        return
    if report.skipped and report.skipped + report.repeated == report.read:
        yield "All of these links had their outcome already. --retry tries some again; a new journal, all."
    if report.held_back:
        yield (
            "Held back: the same credentials were refused before. Correct them and pass --retry refused, or "
            "name a link with --resend to send them all the same."
        )
    if report.parked:
        yield (
            "Open challenges are lost without a --journal or a --backend; --ask answers them on the spot."
            if look is None
            else _tell_how_to_answer(report)
        )
    states = [
        state for state, count in (("refused", report.refused), ("unsettled", report.unsettled)) if count
    ]
    if states:
        which = f"Which links were not {report.columns[0]}, and why"
        wanted = " ".join(f"--list {state}" for state in states)
        yield (
            f"{which}: --json, a --journal or a --job tells." if look is None else f"{which}: {look} {wanted}"
        )


def _tell_how_to_answer(report: JobReport) -> str:
    here = "Open challenges: run the same command with --retry parked --ask to answer them"
    if report.purpose is not None:
        return f"{here}. Answered anywhere else, their rows do not come here."
    return (
        f"{here}; without --ask it collects what others have answered, as with belvo-async challenges answer."
    )


def write_duration(seconds: float) -> str:
    """Return seconds as `42 s`, `12 min` or `10 h 31 min`."""
    if seconds < 120:
        return f"{seconds:.0f} s"
    minutes = round(seconds / 60)
    return f"{minutes} min" if minutes < 120 else f"{minutes // 60} h {minutes % 60:02} min"


def build_outcome(outcome: AnyOutcome) -> dict[str, object]:
    """Return the fields of an outcome for a program."""
    fields: dict[str, object] = {"outcome": type(outcome).__name__, "link_id": outcome.link_id}
    match outcome:
        case Updated(link=link):
            return {**fields, "institution": link.institution}
        case Parked(ticket=ticket, expires_at=expires_at):
            return {**fields, "ticket": ticket, "expires_at": expires_at.isoformat()}
        case Retrieved(rows=rows):
            return {**fields, "rows": len(rows)}
        case (
            NotUpdated(error=error, may_retry=may_retry, retry_at=retry_at)
            | NotRetrieved(error=error, may_retry=may_retry, retry_at=retry_at)
        ):
            at = None if retry_at is None else retry_at.isoformat()
            return {**fields, **_build_error(error), "may_retry": may_retry, "retry_at": at}
        case Unsettled(error=error):
            return {**fields, **_build_error(error)}


def _build_error(error: BelvoError) -> dict[str, object]:
    return {"error": type(error).__name__, "code": error.code, "message": error.message}


def _build_institutions(report: JobReport) -> Table:
    table = Table.grid(padding=(0, 2))
    ordered = sorted(report.by_institution.items(), key=lambda item: -sum(item[1].values()))
    for name, counts in ordered[:_INSTITUTIONS]:
        told = ", ".join(f"{count} {state}" for state, count in sorted(counts.items(), reverse=True) if count)
        table.add_row(Text(write_line(name)), Text(told, style="dim"))
    if len(ordered) > _INSTITUTIONS:
        table.add_row(Text(f"and {len(ordered) - _INSTITUTIONS} more", style="dim"))
    return table


def _list_codes(report: JobReport) -> str:
    ordered = sorted(report.by_code.items(), key=lambda item: -item[1])[:_CODES]
    return f"not {report.columns[0]}: " + ", ".join(f"{count} {write_line(code)}" for code, count in ordered)


def _write_plan(report: JobReport) -> str:
    time = f", in {write_duration(report.seconds_left)} or more" if report.seconds_left else ""
    lines = [f"Dry run, nothing was sent: {report.waiting} links would be logged in{time}."]
    if report.skipped:
        lines.append(f"{report.skipped} links have their outcome already, and would be skipped.")
    if report.repeated:
        lines.append(f"{report.repeated} rows repeat a link: one login each.")
    planned = {name: counts.get("waiting", 0) for name, counts in report.by_institution.items()}
    rows = [f"{count:>7}  {write_line(name)}" for name, count in sorted(planned.items()) if count]
    return "\n".join([*lines, *(["", " logins  institution", *rows] if rows else [])])
