"""Many links in one job: bounded, resumable, and told of as it goes.

Start with `refresh`.
"""

from belvo_async._jobs.journal_status import list_links, read_status
from belvo_async._jobs.options import CredentialsProvider, JobLimits
from belvo_async._jobs.outcomes import NotUpdated, Outcome, Parked, Unsettled, Updated
from belvo_async._jobs.prompts import LeftOpenError
from belvo_async._jobs.report import RefreshReport
from belvo_async._jobs.stop_rule import StopRule
from belvo_async._version import publish as _publish
from belvo_async.backends import LinkState
from belvo_async.bulk._refresh import refresh
from belvo_async.bulk._run import RefreshRun

__all__ = [
    "CredentialsProvider",
    "JobLimits",
    "LeftOpenError",
    "LinkState",
    "NotUpdated",
    "Outcome",
    "Parked",
    "RefreshReport",
    "RefreshRun",
    "StopRule",
    "Unsettled",
    "Updated",
    "list_links",
    "read_status",
    "refresh",
]

_publish(globals())
