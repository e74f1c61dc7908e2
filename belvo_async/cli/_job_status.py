"""How a job stands, and which of its links are in which state: for people and for programs."""

import json
from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Final

from attrs import asdict, frozen
from rich.console import Console

from belvo_async.backends import JobStatus, LinkRow, LinkState, WindowStatus
from belvo_async.bulk import JobReport
from belvo_async.cli._console import write_prose
from belvo_async.cli._job_view import write_duration
from belvo_async.models import write_line

SHOWN: Final = 10
"""Parked links that are shown with the status of a job."""


@frozen
class RequestPace:
    """How many requests leave for the environment of a job, of all processes that share its backend."""

    addresses: tuple[str, ...]
    """The names of the egress addresses that were used within the last hour."""
    per_minute: float
    allowed: float | None
    """None where an address has no limit, and its requests are not counted."""

    @classmethod
    def of(cls, status: JobStatus, windows: Iterable[WindowStatus]) -> "RequestPace":
        """Add up the windows of the addresses."""
        found = [
            window
            for window in windows
            if window.counted == "requests" and window.server == status.job.environment
        ]
        limited = [(window, window.size) for window in found if window.size is not None]
        return cls(
            addresses=tuple(window.egress for window in found),
            per_minute=sum(60 * window.starts / window.span for window, _ in limited),
            allowed=sum(60 * size / window.span for window, size in limited)
            if len(limited) == len(found)
            else None,
        )


def show_job(
    place: str,
    status: JobStatus,
    parked: Sequence[LinkRow],
    output: Console,
    *,
    as_json: bool,
    pace: RequestPace | None = None,
) -> None:
    """Show the status of a job, which *place* names, and some of its parked links."""
    if as_json:
        told = {} if pace is None else {"requests": asdict(pace)}
        output.print(json.dumps(build_job(status) | told | {"place": place}), soft_wrap=True)
        return
    for line in _list_lines(place, status, parked, pace):
        write_prose(output, line)


def show_links(links: Iterable[LinkRow], output: Console, *, as_json: bool) -> None:
    """Show links of a job, and why they are as they are."""
    for row in links:
        if as_json:
            output.print(json.dumps(_build_link(row)), soft_wrap=True)
        else:
            write_prose(output, write_line(_describe_link(row)))


def _list_lines(
    place: str, status: JobStatus, parked: Sequence[LinkRow], pace: RequestPace | None
) -> list[str]:
    lines = [f"{place}: {tell_run(status)}", f"of {status.job.environment}"]
    lines += [*_build_report(status).to_table().splitlines()]
    counts = status.counts.by_state
    under_way = [f"{count} {state}" for state, count in counts.items() if count and not state.is_final]
    if under_way:
        lines += ["", f"without an outcome yet: {', '.join(under_way)}"]
    if status.counts.held_back:
        lines += ["", f"{status.counts.held_back} refused with credentials that are not sent again"]
    if status.job.ended_at is None and status.finished_per_minute:
        lines.append(f"{status.finished_per_minute:.0f} links a minute{_tell_time_left(status)}")
    if pace is not None and pace.addresses:
        lines.append(_tell_requests(pace))
    if parked:
        more = counts[LinkState.PARKED] - len(parked)
        lines += ["", f"parked links, the next to expire first{_tell_challenges(status)}:"]
        lines += [f"  {row.link_id}  until {_write_time(row.expires_at)}" for row in parked]
        lines += [f"  and {more} more; --list parked shows all"] if more > 0 else []
    return [write_line(line) for line in lines]


def _tell_requests(pace: RequestPace) -> str:
    count = len(pace.addresses)
    over = f"over {count} egress {'address' if count == 1 else 'addresses'}: {', '.join(pace.addresses)}"
    if pace.allowed is None:
        return f"requests of all processes: no limit, {over}"
    return f"requests of all processes: {pace.per_minute:.0f} of {pace.allowed:.0f} a minute, {over}"


def _tell_challenges(status: JobStatus) -> str:
    """Tell what has become of the challenges, where this file knows it."""
    told = ", ".join(f"{count} {phase}" for phase, count in sorted(status.challenges.items()))
    return f" (their challenges: {told})" if told else ""


def _describe_link(row: LinkRow) -> str:
    where = f" at {row.institution}" if row.institution else ""
    if row.state is LinkState.PARKED:
        return f"{row.link_id}{where}: parked, until {_write_time(row.expires_at)}"
    again = ""
    if row.may_retry:
        again = "; may be tried again"
        again += f" from {_write_time(row.retry_at)}" if row.retry_at else ""
    elif row.refused:
        again = "; these credentials are not sent again"
    why = f"{row.code}: {row.message}" if row.code else "no reason was written"
    return f"{row.link_id}{where}: {row.state}, {why}{again}"


def _build_link(row: LinkRow) -> dict[str, object]:
    return {
        "kind": "link",
        "link_id": row.link_id,
        "institution": row.institution,
        "state": str(row.state),
        "at": _write_iso(row.at),
        "code": row.code,
        "message": row.message,
        "may_retry": row.may_retry,
        "is_held_back": bool(row.refused) and not row.may_retry,
        "retry_at": _write_iso(row.retry_at),
        "ticket": row.ticket,
        "expires_at": _write_iso(row.expires_at),
    }


def tell_run(status: JobStatus) -> str:
    """Tell whether a job runs, and how its last run ended."""
    job = status.job
    run = f"run {job.runs}, begun {_write_time(job.started_at)}"
    if job.is_paused and job.ended_at is None:
        return f"{run}, is paused: no login begins until `belvo-async fleet resume`"
    if status.is_running:
        return f"{run}, is running"
    if job.ended_at is None:
        is_over = all(state.is_final for state, count in status.counts.by_state.items() if count)
        if is_over:
            return f"{run}, every link has its outcome"
        return f"{run}, was killed or cut off, or a fleet carries it out; run the same command again to go on"
    why = "" if job.reason is None else f" before its end: {job.reason}"
    return f"{run}, ended {_write_time(job.ended_at)}{why}"


def _tell_time_left(status: JobStatus) -> str:
    if status.job.total is None:
        return ""
    by_state = status.counts.by_state
    done = sum(count for state, count in by_state.items() if state.is_final)
    left = max(status.job.total, sum(by_state.values())) - done
    return f", about {write_duration(60 * left / status.finished_per_minute)} left" if left else ""


def _build_report(status: JobStatus) -> JobReport:
    counts = status.counts
    return JobReport(
        total=status.job.total,
        purpose=status.job.purpose,
        retrieved=counts.by_state[LinkState.RETRIEVED],
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
        stopped=status.job.reason,
    )


def build_job(status: JobStatus) -> dict[str, object]:
    """Return the fields of a job for a program."""
    job, counts = status.job, status.counts
    return {
        "kind": "status",
        "name": job.key.name,
        "environment": job.environment,
        "runs": job.runs,
        "is_running": status.is_running,
        "is_paused": job.is_paused,
        "started_at": _write_iso(job.started_at),
        "ended_at": _write_iso(job.ended_at),
        "reason": job.reason,
        "total": job.total,
        "purpose": job.purpose,
        "finished_per_minute": status.finished_per_minute,
        "next_expiry": _write_iso(counts.next_expiry),
        "held_back": counts.held_back,
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
