"""`belvo-async refresh --status`: where the job of a journal stands, also while it runs."""

import json
from collections.abc import Collection
from datetime import datetime
from pathlib import Path
from typing import Final

from rich.console import Console

from belvo_async.bulk import JournalStatus, LinkState, Record, RefreshReport, list_records, read_status
from belvo_async.cli._console import write_prose
from belvo_async.cli._exit_codes import ExitCode
from belvo_async.cli._refresh_view import write_duration
from belvo_async.models import write_line

_SHOWN: Final = 10
_ALL: Final = -1
"""No limit, to SQLite."""


def show_status(path: Path, output: Console, *, as_json: bool) -> ExitCode:
    """Show the status of a journal and return the exit code.

    Raises:
        JournalUnreadableError: There is no such journal.
    """
    status = read_status(path)
    if as_json:
        output.print(json.dumps(_build_fields(status)), soft_wrap=True)
        return ExitCode.OK
    for line in _list_lines(status):
        write_prose(output, line)
    return ExitCode.OK


def show_links(path: Path, states: Collection[str], output: Console, *, as_json: bool) -> ExitCode:
    """Show the links of a journal that are in one of *states*, and why; return the exit code.

    Raises:
        JournalUnreadableError: There is no such journal.
    """
    for record in list_records(path, tuple(map(LinkState, states)), _ALL):
        if as_json:
            output.print(json.dumps(_build_link(record)), soft_wrap=True)
        else:
            write_prose(output, write_line(_describe_link(record)))
    return ExitCode.OK


def _list_lines(status: JournalStatus) -> list[str]:
    lines = [f"{status.path}: {_tell_run(status)}"]
    lines += [f"of {status.environment}"] if status.environment else []
    lines += [*_build_report(status).to_table().splitlines()]
    counts = status.counts.by_state
    under_way = [f"{count} {state}" for state, count in counts.items() if count and not state.is_final]
    if under_way:
        lines += ["", f"without an outcome yet: {', '.join(under_way)}"]
    if status.held_back:
        lines += ["", f"{status.held_back} refused with credentials that are not sent again"]
    if status.is_running and status.finished_per_minute:
        lines.append(f"{status.finished_per_minute:.0f} links a minute{_tell_time_left(status)}")
    parked = list_records(status.path, (LinkState.PARKED,), _SHOWN)
    if parked:
        more = counts[LinkState.PARKED] - len(parked)
        lines += ["", f"parked links, the next to expire first{_tell_challenges(status)}:"]
        lines += [f"  {record.link_id}  until {_write_time(record.expires_at)}" for record in parked]
        lines += [f"  and {more} more; --list parked shows all"] if more > 0 else []
    return [write_line(line) for line in lines]


def _tell_challenges(status: JournalStatus) -> str:
    """Tell what has become of the challenges, where this file knows it."""
    told = ", ".join(f"{count} {phase}" for phase, count in sorted(status.challenges.items()))
    return f" (their challenges: {told})" if told else ""


def _describe_link(record: Record) -> str:
    where = f" at {record.institution}" if record.institution else ""
    if record.state is LinkState.PARKED:
        return f"{record.link_id}{where}: parked, until {_write_time(record.expires_at)}"
    again = ""
    if record.may_retry:
        again = "; may be tried again"
        again += f" from {_write_time(record.retry_at)}" if record.retry_at else ""
    elif record.refused:
        again = "; these credentials are not sent again"
    why = f"{record.code}: {record.message}" if record.code else "no reason was written"
    return f"{record.link_id}{where}: {record.state}, {why}{again}"


def _build_link(record: Record) -> dict[str, object]:
    return {
        "kind": "link",
        "link_id": record.link_id,
        "institution": record.institution,
        "state": str(record.state),
        "at": _write_iso(record.at),
        "code": record.code,
        "message": record.message,
        "may_retry": record.may_retry,
        "is_held_back": bool(record.refused) and not record.may_retry,
        "retry_at": _write_iso(record.retry_at),
        "ticket": record.ticket,
        "expires_at": _write_iso(record.expires_at),
    }


def _tell_run(status: JournalStatus) -> str:
    run = f"run {status.runs}, begun {_write_time(status.started_at)}"
    if status.is_running:
        return f"{run}, is running"
    if status.ended_at is None:
        return f"{run}, was killed or cut off; run the same command again to go on"
    why = "" if status.reason is None else f" before its end: {status.reason}"
    return f"{run}, ended {_write_time(status.ended_at)}{why}"


def _tell_time_left(status: JournalStatus) -> str:
    if status.total is None:
        return ""
    left = status.total - sum(count for state, count in status.counts.by_state.items() if state.is_final)
    return f", about {write_duration(60 * max(0, left) / status.finished_per_minute)} left"


def _build_report(status: JournalStatus) -> RefreshReport:
    counts = status.counts
    return RefreshReport(
        total=status.total,
        updated=counts.by_state[LinkState.UPDATED],
        parked=counts.by_state[LinkState.PARKED],
        refused=counts.by_state[LinkState.REFUSED],
        unsettled=counts.by_state[LinkState.UNSETTLED],
        by_institution={
            name: {str(state): count for state, count in states.items()}
            for name, states in counts.by_institution.items()
        },
        by_code=counts.by_code,
        next_expiry=counts.next_expiry,
        stopped=status.reason,
    )


def _build_fields(status: JournalStatus) -> dict[str, object]:
    counts = status.counts
    return {
        "kind": "status",
        "path": str(status.path),
        "environment": status.environment,
        "runs": status.runs,
        "is_running": status.is_running,
        "started_at": _write_iso(status.started_at),
        "ended_at": _write_iso(status.ended_at),
        "reason": status.reason,
        "total": status.total,
        "finished_per_minute": status.finished_per_minute,
        "next_expiry": _write_iso(status.next_expiry),
        "held_back": status.held_back,
        "challenges": {str(phase): count for phase, count in status.challenges.items()},
        "by_state": {str(state): count for state, count in counts.by_state.items()},
        "by_institution": {
            name: {str(state): count for state, count in states.items()}
            for name, states in counts.by_institution.items()
        },
        "by_code": dict(counts.by_code),
    }


def _write_time(moment: datetime | None) -> str:
    return "never" if moment is None else f"{moment.astimezone():%Y-%m-%d %H:%M:%S}"


def _write_iso(moment: datetime | None) -> str | None:
    return None if moment is None else moment.isoformat()
