"""When a failed request is sent again, and after how long."""

import random
from collections.abc import Awaitable, Callable
from functools import partial
from typing import Final, TypeAlias, TypeVar

import tenacity
from attrs import field, frozen

from belvo_async._engine.priority import Priority
from belvo_async._http import Repeat, Request
from belvo_async._transport.failures import NEVER_LEFT
from belvo_async._wire.error_codes import is_belvos_own
from belvo_async.errors import (
    BelvoError,
    NotSentError,
    RateLimitedError,
    RequestTimeoutError,
    ResponseLostError,
    ServerError,
    TooManySessionsError,
    UnreachableError,
)
from belvo_async.params._validators import at_least, whole
from belvo_async.telemetry._events import RetryPlanned
from belvo_async.telemetry._log import Observer, notify

T = TypeVar("T")
Sleep: TypeAlias = Callable[[float], Awaitable[None]]
Jitter: TypeAlias = Callable[[], float]
"""Returns a number from 0 to 1."""


@frozen(kw_only=True)
class RetryPolicy:
    """How often, and after how many seconds, a request is repeated that may be repeated.

    Whether it may be is not a setting: a login that may have reached the bank never is, save where Belvo
    itself says so (error article: 50x backoff, `too_many_sessions`).

    Raises:
        ConfigurationError: A number is out of range.

    Example:
        >>> from belvo_async import RetryPolicy
        >>> policy = RetryPolicy(retries=2)
        >>> policy.base, policy.base * policy.factor  # seconds before the first repeat and the second
        (3.0, 6.0)
    """

    retries: int = field(default=5, validator=whole(0))
    """Belvo's own number for 50x answers."""
    unexpected_error_retries: int = field(default=3, validator=whole(0))
    """Belvo's own number for the code `unexpected_error`."""
    base: float = field(default=3.0, validator=at_least(0))
    """Seconds before the first repeat; then times `factor` each: 3, 6, 12, 24, 48."""
    connection_base: float = field(default=0.5, validator=at_least(0))
    """Seconds before the first repeat where no answer came."""
    factor: float = field(default=2.0, validator=at_least(1))
    jitter: float = field(default=0.1, validator=at_least(0))
    """The random part that is added, as a share of the wait."""
    budget_share: float = field(default=0.2, validator=at_least(0))
    """Repeats that the pool may add to its requests in the long run, as a share of them: calls, jobs, and
    answers with status checks have a budget each."""
    budget_reserve: float = field(default=50.0, validator=at_least(0))
    """Repeats that the pool may make on top of that at once."""

    @classmethod
    def never(cls) -> "RetryPolicy":
        """Build the policy that repeats nothing."""
        return cls(retries=0, unexpected_error_retries=0)

    def count_retries(self, error: BelvoError) -> int:
        """Return how often a request that failed with *error* is repeated at most."""
        if error.code == "unexpected_error":
            return min(self.retries, self.unexpected_error_retries)
        return self.retries

    def find_wait(self, error: BelvoError, attempt: int, random_part: float) -> float:
        """Return the seconds to wait after so many failed attempts."""
        if isinstance(error, RateLimitedError):
            return 0.0  # the limiter holds the whole pool back already
        base = self.base if error.status is not None else self.connection_base
        seconds = base * self.factor ** (attempt - 1)
        return seconds * (1 + self.jitter * random_part)


def is_repeatable(error: BaseException, repeat: Repeat, *, can_settle: bool) -> bool:
    """Whether a request of this kind may be sent again after *error* (rule: What is repeated).

    Args:
        error: What the last attempt ended with.
        repeat: The kind of request.
        can_settle: Whether status checks are made: an error of a login then comes here only once one was
            seen, and showed no success.
    """
    if isinstance(error, NotSentError):
        return not isinstance(error, UnreachableError)
    if repeat is Repeat.TOKEN:
        return False
    if isinstance(error, RateLimitedError):
        return True
    match repeat:
        case Repeat.READ:
            return isinstance(
                error, ServerError | RequestTimeoutError | ResponseLostError | TooManySessionsError
            )
        case Repeat.LOGIN:
            has_ended = isinstance(error, ServerError) and is_belvos_own(error.code)
            return isinstance(error, TooManySessionsError) or (has_ended and can_settle)
        case Repeat.CHANGE:
            return False


class Retrier:
    """Runs attempts under one policy, with one budget for the whole pool against storms."""

    def __init__(
        self, policy: RetryPolicy, sleep: Sleep, observer: Observer, jitter: Jitter = random.random
    ) -> None:
        self._policy: Final = policy
        self._sleep: Final = sleep
        self._observer: Final = observer
        self._jitter: Final = jitter
        self._budgets: Final = dict.fromkeys(Priority, policy.budget_reserve)
        """Of each class: a job at a bank that is down does not use up the repeats of a person's call."""

    async def run(
        self,
        attempt: Callable[[], Awaitable[T]],
        request: Request,
        priority: Priority,
        *,
        is_wanted: Callable[[], bool],
        can_settle: bool = False,
    ) -> T:
        """Return what *attempt* returns, after as many repeats as the policy grants while it *is_wanted*.

        Raises:
            BelvoError: That of the last attempt.
        """
        budget = self._budgets[priority] + self._policy.budget_share
        self._budgets[priority] = min(budget, self._policy.budget_reserve)

        def may_repeat(error: BaseException) -> bool:
            return is_wanted() and is_repeatable(error, request.repeat, can_settle=can_settle)

        try:
            return await attempt()
        except BelvoError as error:
            if not may_repeat(error):
                raise
            first = error
        return await self._repeat(attempt, first, request, priority, may_repeat)

    async def _repeat(
        self,
        attempt: Callable[[], Awaitable[T]],
        first: BelvoError,
        request: Request,
        priority: Priority,
        may_repeat: Callable[[BaseException], bool],
    ) -> T:
        failed = [first]
        said: BelvoError | None = None
        """What the server said last; an attempt that never left after it must not hide it."""

        async def replay_first_then_attempt() -> T:
            # The run is built only once an attempt has failed: building it costs more than a good request.
            if failed:
                raise failed.pop()
            return await attempt()

        def before_sleep(run: tenacity.RetryCallState) -> None:
            nonlocal said
            error = _find_error(run)
            said = said if isinstance(error, NotSentError) else error
            notify(self._observer, _plan(error, request, run))

        run = tenacity.AsyncRetrying(
            retry=tenacity.retry_if_exception(may_repeat),
            stop=partial(self._is_over, priority),
            wait=lambda run: self._policy.find_wait(_find_error(run), run.attempt_number, self._jitter()),
            before_sleep=before_sleep,
            sleep=self._sleep,
            reraise=True,
        )
        try:
            return await run(replay_first_then_attempt)
        except NEVER_LEFT:
            if said is None:
                raise
        raise said

    def _is_over(self, priority: Priority, run: tenacity.RetryCallState) -> bool:
        error = _find_error(run)
        if run.attempt_number > self._policy.count_retries(error):
            return True
        if isinstance(error, RateLimitedError):
            return False  # no storm to stop: after a refusal the limiter lets one request through
        if self._budgets[priority] < 1:
            return True
        self._budgets[priority] -= 1
        return False


def _plan(error: BelvoError, request: Request, run: tenacity.RetryCallState) -> RetryPlanned:
    return RetryPlanned(
        method=request.method,
        path=request.path,
        link_id=request.link_id,
        request_id=error.request_id,
        reason=error.code or type(error).__name__,
        attempt=run.attempt_number,
        seconds=run.upcoming_sleep,
    )


def _find_error(run: tenacity.RetryCallState) -> BelvoError:
    error = run.outcome.exception() if run.outcome is not None else None
    if not isinstance(error, BelvoError):
        raise TypeError("a retry without an error of this package")
    return error
