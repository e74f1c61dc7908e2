"""Many links in one job: bounded, resumable, and told of as it goes.

Start with `refresh` or `retrieve`.
"""

from belvo_async._jobs.journal_status import list_links, read_status
from belvo_async._jobs.options import CredentialsProvider, JobLimits
from belvo_async._jobs.outcomes import (
    NotRetrieved,
    NotUpdated,
    Outcome,
    Parked,
    RetrievalOutcome,
    Retrieved,
    Unsettled,
    Updated,
)
from belvo_async._jobs.output import RowWriter
from belvo_async._jobs.prompts import LeftOpenError
from belvo_async._jobs.report import JobReport
from belvo_async._jobs.retrieval_call import RetrieveOptions
from belvo_async._jobs.stop_rule import StopRule
from belvo_async._version import publish as _publish
from belvo_async.backends import LinkState
from belvo_async.bulk._refresh import refresh
from belvo_async.bulk._retrieve import retrieve
from belvo_async.bulk._run import JobRun

__all__ = [
    "CredentialsProvider",
    "JobLimits",
    "JobReport",
    "JobRun",
    "LeftOpenError",
    "LinkState",
    "NotRetrieved",
    "NotUpdated",
    "Outcome",
    "Parked",
    "RetrievalOutcome",
    "RetrieveOptions",
    "Retrieved",
    "RowWriter",
    "StopRule",
    "Unsettled",
    "Updated",
    "list_links",
    "read_status",
    "refresh",
    "retrieve",
]

_publish(globals())
