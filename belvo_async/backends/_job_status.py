"""How a job stands, as its ledger tells."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Final

from attrs import field, frozen

from belvo_async.backends._ledger import JobRow, LinkCounts
from belvo_async.models import ChallengePhase

WINDOW: Final = timedelta(minutes=5)


@frozen(kw_only=True)
class JobStatus:
    """How a job stands."""

    job: JobRow
    """Its name, its runs, and whether it is paused."""
    is_running: bool
    """Whether a run of `bulk.refresh` goes on now."""
    counts: LinkCounts
    finished_per_minute: float
    """Links that came to an end, whichever, in the last five minutes or since the run began."""
    challenges: Mapping[ChallengePhase, int] = field(factory=dict)
    """What has become of the challenges of parked links, where the journal keeps them too."""


def find_since(job: JobRow, now: datetime) -> datetime:
    """Return from when on the links are counted by which the pace of a job is told."""
    return max(job.started_at, now - WINDOW)


def build_status(
    job: JobRow,
    counts: LinkCounts,
    now: datetime,
    *,
    is_running: bool,
    challenges: Mapping[ChallengePhase, int] | None = None,
) -> JobStatus:
    """Build the status of a job from its row, and from its links as they were counted since `find_since`."""
    minutes = (now - find_since(job, now)) / timedelta(minutes=1)
    return JobStatus(
        job=job,
        is_running=is_running,
        counts=counts,
        finished_per_minute=counts.ended / minutes if minutes > 0 else 0.0,
        challenges=challenges or {},
    )
