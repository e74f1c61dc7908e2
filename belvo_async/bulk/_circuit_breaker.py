"""Lets institutions rest that do not work, and says which links are not worth the wait."""

from collections.abc import Iterator
from typing import Final

from belvo_async._jobs.outcomes import NotUpdated, Outcome, Parked, Updated
from belvo_async._jobs.records import Job
from belvo_async.bulk._queue import FairQueue
from belvo_async.errors import (
    ActivationRequiredError,
    ApiError,
    InstitutionUnavailableError,
    LoginFailedError,
    TooManySessionsError,
)

_BUSY_ENOUGH: Final = 3
"""Logins in a row that met `too_many_sessions`: one alone is about its own end-user."""


class CircuitBreaker:
    """Judges institutions by what becomes of their links."""

    def __init__(self, queue: FairQueue) -> None:
        self._queue: Final = queue
        self._causes: Final[dict[str | None, ApiError]] = {}

    def judge(self, institution: str | None, outcome: Outcome) -> None:
        """Let an institution rest that is down or busy, and end its rest when it answers."""
        match outcome:
            case NotUpdated(error=InstitutionUnavailableError() as error):
                self._complain(institution, error, enough=1)
            case NotUpdated(error=TooManySessionsError() as error):
                self._complain(institution, error, enough=_BUSY_ENOUGH)
            case Updated() | Parked() | NotUpdated(error=LoginFailedError() | ActivationRequiredError()):
                self._queue.praise(institution)
            case _:
                pass  # what Belvo or the network refuses says nothing about the institution

    def _complain(self, institution: str | None, error: ApiError, *, enough: int) -> None:
        if self._queue.complain(institution, enough=enough) is not None:
            self._causes[institution] = error

    def drop_excess(self, institution: str | None) -> Iterator[tuple[Job, InstitutionUnavailableError]]:
        """Take the links out of the queue that do not wait for the end of a rest, each with its error."""
        for job in self._queue.drop_excess(institution):
            cause = self._causes[institution]
            error = InstitutionUnavailableError(
                f"{institution} does not work now, so this link was not tried: {cause.message}",
                remedy="Run the job again later to retry refused links.",
                details=cause.details,
                link_id=job.link_id,
            )
            yield job, error
