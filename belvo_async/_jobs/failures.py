"""What an error says of a link: refused, in doubt, left open, or a reason for the job to stop."""

from datetime import timedelta
from typing import Final

from attrs import evolve

from belvo_async._client import Client
from belvo_async._jobs.doubt import STOPS_A_JOB, build_doubt, collect
from belvo_async._jobs.job_recorder import JobRecorder, Phase, show
from belvo_async._jobs.job_task import JobTask
from belvo_async._jobs.outcomes import (
    AnyOutcome,
    Parked,
    Refusal,
    Unsettled,
    find_retry,
)
from belvo_async._jobs.prompts import LeftOpenError
from belvo_async.backends import LinkRow, LinkState
from belvo_async.errors import (
    ApiError,
    AuthenticationError,
    BelvoError,
    ChallengeAnsweredError,
    ChallengeError,
    ChallengeSupersededError,
    DeadlineExceededError,
    LinkBusyError,
    OutcomeUnknownError,
    PoolClosedError,
    TokenNotSentError,
    TokenProviderError,
    TokenRequiredError,
)
from belvo_async.models import Link, ParkedChallenge


class FailureReader:
    """Tells what became of a link by the error of its login or of its answer.

    Args:
        pool: Looks, and knows what has become of challenges.
        task: What is done with a link.
        stops: Errors of a login that did not leave, which say that no other one would either.
    """

    def __init__(self, pool: Client, task: JobTask, stops: tuple[type[BelvoError], ...]) -> None:
        self._pool: Final = pool
        self._task: Final = task
        self._stops: Final = stops

    def refuse(self, link_id: str, error: BelvoError) -> Refusal:
        """Build the outcome of a link whose login surely has not succeeded."""
        seconds = find_retry(error)
        retry_at = self._pool.clock.wall() + timedelta(seconds=seconds) if seconds else None
        return self._task.refusal(
            link_id=link_id, error=error, may_retry=seconds is not None, retry_at=retry_at
        )

    async def read(self, error: BelvoError, recorder: JobRecorder) -> AnyOutcome:
        """Return the outcome of a link whose login or answer failed.

        Raises:
            BelvoError: The job cannot go on.
        """
        match error:
            case OutcomeUnknownError():
                return Unsettled(link_id=recorder.link_id, error=error)
            case _ if recorder.parked is not None and _leaves_open(error):
                return recorder.parked
            case ChallengeAnsweredError() | ChallengeSupersededError() if recorder.parked is not None:
                return await self._read_answer(error, recorder, recorder.parked)
            case DeadlineExceededError():
                return await self._read_lateness(error, recorder)
            case AuthenticationError() | PoolClosedError() if _is_unsent(error, recorder):
                await recorder.put_back()  # no login happened
                raise error
            case _ if isinstance(error, self._stops) and recorder.has_not_left:
                await recorder.put_back()  # it may have been announced, and did not leave
                raise error
            case _ if isinstance(error, (*STOPS_A_JOB, LinkBusyError)):  # the last: the worker may not wait
                raise error
            case _ if recorder.parked is not None and recorder.phase is Phase.ASKING:
                return await self._give_up(error, recorder, recorder.parked)
            case _:
                return self._read_refusal(error, recorder)

    async def _give_up(self, error: BelvoError, recorder: JobRecorder, parked: Parked) -> AnyOutcome:
        """Keep others from answering a challenge of a link that is to be tried again, unless they have."""
        try:
            await self._pool.challenges.decline(parked.ticket)
        except ChallengeAnsweredError:
            return await self._read_answer(error, recorder, parked)
        except ChallengeError:  # it is over in some other way
            pass
        return self._read_refusal(error, recorder)

    async def _read_answer(self, error: BelvoError, recorder: JobRecorder, parked: Parked) -> AnyOutcome:
        """Tell what has become of a challenge, whoever answers it."""
        record = evolve(recorder.steps.row, state=LinkState.PARKED, ticket=parked.ticket)
        try:
            found = await self.collect(record, recorder)
        except OutcomeUnknownError as unknown:
            return Unsettled(link_id=recorder.link_id, error=unknown)
        except STOPS_A_JOB:
            raise
        except BelvoError as refusal:
            return self._read_refusal(refusal, recorder)
        match found:
            case Link():
                return self._task.conclude(found, record.submitted_at)
            case None:
                return self._read_refusal(error, recorder)
            case _:
                return show(found)

    def _read_refusal(self, error: BelvoError, recorder: JobRecorder) -> AnyOutcome:
        """Tell a login that failed from one that never began: then an earlier one stays in doubt."""
        if not recorder.is_in_doubt or recorder.submitted_at is not None:
            return self.refuse(recorder.link_id, error)
        doubt = build_doubt(recorder.link_id, f"no new one has begun: {error.message}")
        doubt.__cause__ = error
        return Unsettled(link_id=recorder.link_id, error=doubt)

    async def _read_lateness(self, error: DeadlineExceededError, recorder: JobRecorder) -> AnyOutcome:
        """Find out what became of a login that was given up in the middle."""
        if recorder.phase is Phase.ASKING and recorder.parked is not None:
            return recorder.parked
        if recorder.submitted_at is None:
            return self._read_refusal(error, recorder)
        if recorder.parked is not None:  # the store knows how far its answer has come
            return await self._read_answer(error, recorder, recorder.parked)
        try:
            link = await self._pool.links.settle(recorder.link_id, since=recorder.submitted_at)
        except BelvoError:
            link = None
        if link is not None:
            return self._task.conclude(link, recorder.submitted_at)
        return Unsettled(link_id=recorder.link_id, error=error)

    async def collect(self, record: LinkRow, recorder: JobRecorder) -> Link | ParkedChallenge | None:
        """Collect what became of a challenge (`doubt.collect`), and note where its token was refused."""
        try:
            return await collect(self._pool, record)
        except ApiError:
            recorder.is_refused = True
            raise


def _leaves_open(error: BelvoError) -> bool:
    """Whether it says that nobody has answered a challenge, or that the token surely did not leave."""
    is_unanswered = isinstance(error, TokenProviderError) and isinstance(error.__cause__, LeftOpenError)
    return is_unanswered or isinstance(error, TokenRequiredError | TokenNotSentError)


def _is_unsent(error: BelvoError, recorder: JobRecorder) -> bool:
    """Whether it says that no login has happened; a 401 with a code that nobody knows may mean anything.

    Of a login in place of one whose session had expired it says nothing: its challenge may be in the store.
    """
    is_sure = isinstance(error, PoolClosedError) or error.code in (None, "authentication_failed")
    return is_sure and recorder.has_not_left
