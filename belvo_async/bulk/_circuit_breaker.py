"""Lets an institution rest that does not work, and says which links are not worth the wait."""

from typing import Final

from attrs import define, frozen

from belvo_async._jobs.outcomes import AnyOutcome, Parked, Refusal, Retrieved, Updated
from belvo_async._jobs.records import Job
from belvo_async.errors import (
    ActivationRequiredError,
    ApiError,
    InstitutionUnavailableError,
    LoginFailedError,
    TooManySessionsError,
)

_FIRST_REST: Final = 60.0
_LONGEST_REST: Final = 900.0
_BUSY_ENOUGH: Final = 3
"""Logins in a row that met `too_many_sessions`: one alone is about its own end-user."""
_HELD_UP_AFTER: Final = 2
"""Rests in a row: one bad minute is waited for."""
_HOPELESS_AFTER: Final = 5
"""Rests in a row: half an hour without one login that went through."""
_LARGEST_SHARE: Final = 0.5
"""Of the queue, for the links of one institution that rests: the others need room too."""


@frozen
class Rest:
    """A time without logins at one institution."""

    cause: ApiError
    seconds: float
    until: float
    in_a_row: int

    def count_excess(self, waiting: int, size: int) -> int:
        """Return how many of the links that are *waiting* in a queue of *size* have no room, or no hope."""
        if self.in_a_row < _HELD_UP_AFTER:
            return 0
        most = 0 if self.in_a_row >= _HOPELESS_AFTER else int(size * _LARGEST_SHARE)
        return max(0, waiting - most)

    def refuse(self, job: Job) -> InstitutionUnavailableError:
        """Build the error of a link that does not wait for the end of the rest."""
        return InstitutionUnavailableError(
            f"{job.institution} does not work now, so this link was not tried: {self.cause.message}",
            remedy="Run the job again later to retry refused links.",
            details=self.cause.details,
            link_id=job.link_id,
        )


@define(eq=False)
class CircuitBreaker:
    """Judges one institution by what becomes of its links.

    One that is down rests: 60 s, then twice as long each time, 15 minutes at most.
    """

    rest: Rest | None = None
    """The last one, which may be over; None when all is well."""
    _complaints: int = 0
    """Logins in a row for which it was down or too busy."""

    @property
    def is_idle(self) -> bool:
        """Whether there is nothing to remember about it."""
        return self.rest is None and not self._complaints

    @property
    def rests_until(self) -> float:
        """When the last rest ends, or has ended; 0 when all is well."""
        return 0.0 if self.rest is None else self.rest.until

    def lets_through(self, running: int, now: float) -> bool:
        """Whether one more login may start beside those *running*: after a rest it is a probe, and alone."""
        return self.rest is None or (not running and now >= self.rests_until)

    def judge(self, outcome: AnyOutcome, now: float) -> None:
        """Let the institution rest when it is down or busy, and end its rest when it answers."""
        match outcome:
            case Refusal(error=InstitutionUnavailableError() as error):
                self._complain(error, now, enough=1)
            case Refusal(error=TooManySessionsError() as error):
                self._complain(error, now, enough=_BUSY_ENOUGH)
            case (
                Updated()
                | Retrieved()
                | Parked()
                | Refusal(error=LoginFailedError() | ActivationRequiredError())
            ):
                self._praise()
            case _:
                pass  # what Belvo or the network refuses says nothing about the institution

    def _complain(self, error: ApiError, now: float, *, enough: int) -> None:
        """Begin a rest after *enough* complaints in a row, unless one is under way."""
        self._complaints += 1
        if self._complaints < enough or now < self.rests_until:
            return
        last = self.rest
        seconds = _FIRST_REST if last is None else min(2 * last.seconds, _LONGEST_REST)
        self.rest = Rest(error, seconds, now + seconds, 1 if last is None else last.in_a_row + 1)

    def _praise(self) -> None:
        self.rest = None
        self._complaints = 0
