"""What an error says of a link: refused, in doubt, left open, or a reason for the job to stop."""

from datetime import timedelta
from typing import Final

from belvo_async._jobs.doubt import STOPS_A_JOB, build_doubt, collect
from belvo_async._jobs.journal import Journal
from belvo_async._jobs.journal_recorder import JournalRecorder, Phase, show
from belvo_async._jobs.outcomes import (
    NotUpdated,
    Outcome,
    Parked,
    Unsettled,
    Updated,
    find_retry,
)
from belvo_async._jobs.prompts import LeftOpenError
from belvo_async._jobs.records import LinkState, Record
from belvo_async._pool import Client
from belvo_async.errors import (
    AddressBlockedError,
    ApiError,
    AuthenticationError,
    BelvoError,
    ChallengeAnsweredError,
    ChallengeError,
    CoordinatorError,
    DeadlineExceededError,
    OutcomeUnknownError,
    PoolClosedError,
    TokenNotSentError,
    TokenProviderError,
    TokenRequiredError,
    UnreachableError,
)
from belvo_async.models import Link, ParkedChallenge


class FailureReader:
    """Tells what became of a link by the error of its login or of its answer.

    Args:
        pool: Looks, and knows what has become of challenges.
        journal: Where a link is put back that nothing was sent for.
    """

    def __init__(self, pool: Client, journal: Journal) -> None:
        self._pool: Final = pool
        self._journal: Final = journal

    def refuse(self, link_id: str, error: BelvoError) -> NotUpdated:
        """Build the outcome of a link that keeps its old credentials."""
        seconds = find_retry(error)
        retry_at = self._pool.clock.wall() + timedelta(seconds=seconds) if seconds else None
        return NotUpdated(link_id=link_id, error=error, may_retry=seconds is not None, retry_at=retry_at)

    async def read(self, error: BelvoError, steps: JournalRecorder) -> Outcome:
        """Return the outcome of a link whose login or answer failed.

        Raises:
            BelvoError: The job cannot go on.
        """
        match error:
            case OutcomeUnknownError():
                return Unsettled(link_id=steps.link_id, error=error)
            case _ if steps.parked is not None and _leaves_open(error):
                return steps.parked
            case ChallengeAnsweredError() if steps.parked is not None:
                return await self._read_answer(error, steps, steps.parked)
            case DeadlineExceededError():
                return await self._read_lateness(error, steps)
            case AuthenticationError() | PoolClosedError() if _is_unsent(error, steps):
                await self._journal.requeue(steps.link_id)  # no login happened
                raise error
            case CoordinatorError() if steps.phase in (Phase.NOTHING, Phase.SUBMITTED) and not steps.parked:
                await self._journal.requeue(steps.link_id)  # what it needs before a login leaves is missing
                raise error
            case UnreachableError() | AddressBlockedError() if steps.phase is Phase.SUBMITTED:
                await self._journal.requeue(steps.link_id)  # it was announced, and did not leave
                raise error
            case _ if isinstance(error, STOPS_A_JOB):
                raise error
            case _ if steps.parked is not None and steps.phase is Phase.ASKING:
                return await self._give_up(error, steps, steps.parked)
            case _:
                return self._read_refusal(error, steps)

    async def _give_up(self, error: BelvoError, steps: JournalRecorder, parked: Parked) -> Outcome:
        """Keep others from answering a challenge of a link that is to be tried again, unless they have."""
        try:
            await self._pool.challenges.decline(parked.ticket)
        except ChallengeAnsweredError:
            return await self._read_answer(error, steps, parked)
        except ChallengeError:  # it is over in some other way
            pass
        return self._read_refusal(error, steps)

    async def _read_answer(self, error: BelvoError, steps: JournalRecorder, parked: Parked) -> Outcome:
        """Tell what has become of a challenge, whoever answers it."""
        record = Record(
            link_id=steps.link_id, state=LinkState.PARKED, at=self._pool.clock.wall(), ticket=parked.ticket
        )
        try:
            found = await self.collect(record, steps)
        except OutcomeUnknownError as unknown:
            return Unsettled(link_id=steps.link_id, error=unknown)
        except STOPS_A_JOB:
            raise
        except BelvoError as refusal:
            return self._read_refusal(refusal, steps)
        match found:
            case Link():
                return Updated(link_id=steps.link_id, link=found)
            case None:
                return self._read_refusal(error, steps)
            case _:
                return show(found)

    def _read_refusal(self, error: BelvoError, steps: JournalRecorder) -> Outcome:
        """Tell a login that failed from one that never began: then an earlier one stays in doubt."""
        if not steps.is_in_doubt or steps.submitted_at is not None:
            return self.refuse(steps.link_id, error)
        doubt = build_doubt(steps.link_id, f"no new one has begun: {error.message}")
        doubt.__cause__ = error
        return Unsettled(link_id=steps.link_id, error=doubt)

    async def _read_lateness(self, error: DeadlineExceededError, steps: JournalRecorder) -> Outcome:
        """Find out what became of a login that was given up in the middle."""
        if steps.phase is Phase.ASKING and steps.parked is not None:
            return steps.parked
        if steps.submitted_at is None:
            return self._read_refusal(error, steps)
        if steps.parked is not None:  # the store knows how far its answer has come
            return await self._read_answer(error, steps, steps.parked)
        try:
            link = await self._pool.links.settle(steps.link_id, since=steps.submitted_at)
        except BelvoError:
            link = None
        if link is not None:
            return Updated(link_id=steps.link_id, link=link)
        return Unsettled(link_id=steps.link_id, error=error)

    async def collect(self, record: Record, steps: JournalRecorder) -> Link | ParkedChallenge | None:
        """Collect what became of a challenge (`doubt.collect`), and note where its token was refused."""
        try:
            return await collect(self._pool, record)
        except ApiError:
            steps.is_refused = True
            raise


def _leaves_open(error: BelvoError) -> bool:
    """Whether it says that nobody has answered a challenge, or that the token surely did not leave."""
    is_unanswered = isinstance(error, TokenProviderError) and isinstance(error.__cause__, LeftOpenError)
    return is_unanswered or isinstance(error, TokenRequiredError | TokenNotSentError)


def _is_unsent(error: BelvoError, steps: JournalRecorder) -> bool:
    """Whether it says that no login has happened; a 401 with a code that nobody knows may mean anything.

    Of a login in place of one whose session had expired it says nothing: its challenge may be in the store.
    """
    is_sure = isinstance(error, PoolClosedError) or error.code in (None, "authentication_failed")
    return is_sure and steps.phase is Phase.SUBMITTED and steps.parked is None
