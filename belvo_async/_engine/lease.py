"""Who may answer a parked challenge: claims, and what became of them (rule: A token is sent once)."""

import asyncio
from datetime import datetime
from types import TracebackType
from typing import Final, Self

from attrs import evolve

from belvo_async._engine.context import EngineContext
from belvo_async._event_loop import finish
from belvo_async.backends._challenge_record import ChallengeRecord, read_row, write_row
from belvo_async.backends._challenge_store import ChallengeStore
from belvo_async.errors import (
    BelvoError,
    ChallengeAnsweredError,
    ChallengeExpiredError,
    ChallengeStoreError,
    OutcomeUnknownError,
    TokenNotSentError,
    TokenRequiredError,
)
from belvo_async.models import AwaitingToken, ChallengePhase
from belvo_async.telemetry._events import ParkedChallengeChanged, ParkedChallengeTroubled
from belvo_async.telemetry._log import notify

DOUBTFUL: Final = frozenset({ChallengePhase.ANSWERED, ChallengePhase.UNSETTLED})
"""The phases in which it is not known what became of an answer."""
_SETTLE: Final = (
    "Wait until the login has ended, at most five and a half minutes, then settle it: "
    "parked = await pool.challenges.settle(ticket)"
)
_TRIES: Final = 3


class ChallengeLeases:
    """Changes what a store keeps, one version at a time."""

    def __init__(self, store: ChallengeStore, context: EngineContext) -> None:
        self._store: Final = store
        self.context: Final = context

    async def read(self, key: str) -> ChallengeRecord | None:
        """Return a record, or None where it is forgotten."""
        row = await self._store.read(key)
        return None if row is None else read_row(row)

    async def replace(self, kept: ChallengeRecord) -> bool:
        """Put a record in the place of its former version; return whether nobody else was faster."""
        is_replaced = await self._store.replace(write_row(kept))
        if is_replaced:
            self.tell_change(kept)
        return is_replaced

    async def correct(self, kept: ChallengeRecord) -> ChallengeRecord | None:
        """Write what is now known of an answer, whoever wrote meanwhile that it is not.

        Returns:
            What holds; None where it is forgotten.
        """
        failure = ChallengeStoreError(
            "The parked challenge keeps changing.", remedy="Ask challenges.get(ticket) what became of it."
        )
        for _ in range(_TRIES):
            try:
                if await self.replace(kept):
                    return kept
                current = await self.read(kept.key)
            except ChallengeStoreError as error:  # it may be written all the same
                failure = error
                continue
            if current is None or current == kept:
                return current
            if current.phase not in DOUBTFUL or current.answered_at != kept.answered_at:
                return current
            kept = evolve(kept, version=current.version + 1)
        raise failure

    async def claim(self, kept: ChallengeRecord) -> "Claim":
        """Keep all others from answering for a while.

        Raises:
            ChallengeAnsweredError: Somebody else was faster.
            ChallengeStoreError: The store cannot be used.
        """
        claimed = kept.claim(self.context.clock.wall())
        claim = Claim(self, claimed)
        taking = asyncio.ensure_future(self.replace(claimed))
        try:
            is_taken = await finish(taking)
        except asyncio.CancelledError:
            if _has_succeeded(taking):  # else a claim that was written all the same lapses
                await finish(claim.release())
            raise
        if not is_taken:
            raise answered("is being answered by another call")
        return claim

    def tell_change(self, kept: ChallengeRecord) -> None:
        """Tell the observer in which phase a challenge is now."""
        seconds = (self.context.clock.wall() - kept.parked_at).total_seconds()
        change = ParkedChallengeChanged(key=kept.key, phase=kept.phase, seconds=max(seconds, 0.0))
        notify(self.context.observer, change)

    def tell_trouble(self, key: str, problem: str) -> None:
        """Tell the observer of a challenge that is not kept as it should be."""
        notify(self.context.observer, ParkedChallengeTroubled(key=key, problem=problem))


class Claim:
    """One call's right to answer a challenge, and the recorder that notes what it does.

    Leaving the block writes what became of it. That may fail where the answer was sent already: then the
    observer is told, and the challenge is settled later by a look at the link.
    """

    def __init__(self, leases: ChallengeLeases, claimed: ChallengeRecord) -> None:
        self._leases: Final = leases
        self._claimed: Final = claimed
        self._kept = claimed
        self._announced: ChallengeRecord | None = None
        self._has_left = False
        self._is_restarted = False
        self._is_asked_again = False
        self._is_new_one_kept = False

    async def note_submission(self, at: datetime) -> None:
        """Note that a new login leaves, in place of one whose session has expired."""
        self._is_restarted = self._is_restarted or self._kept is not self._claimed
        await self._announce(at)
        self._is_restarted = True

    async def note_answer(self, at: datetime) -> None:
        """Note that the answer leaves: the one step that nobody else can take too.

        It is noted again where it never left and is tried once more.

        Raises:
            ChallengeAnsweredError: Somebody else has.
            ChallengeStoreError: It could not be noted.
        """
        await self._announce(at)

    async def _announce(self, at: datetime) -> None:
        self._has_left = self._is_restarted
        self._announced = self._kept.answer(at)
        if not await self._leases.replace(self._announced):
            raise answered("was answered by another call")
        self._kept = self._announced
        self._has_left = True

    async def note_challenge(self, state: AwaitingToken) -> None:
        """Keep the challenge that came in return, under the same ticket."""
        self._is_asked_again = True
        await finish(self._ask(self._kept.ask(state, self._leases.context.now())))

    async def _ask(self, asked: ChallengeRecord) -> None:
        try:
            kept = await self._leases.correct(asked)
        except Exception as error:  # noqa: BLE001 - whatever a store raises, the caller gets the challenge
            self._tell_unkept("the new challenge", error)
            return
        self._is_new_one_kept = kept is not None and kept.phase is ChallengePhase.OPEN
        if kept is not None and self._is_new_one_kept:
            self._kept = kept

    async def __aenter__(self) -> Self:
        """Use the claim."""
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Write what became of it, also when cancelled."""
        match error:
            case None:
                await finish(self._end(ChallengePhase.UPDATED))
            case TokenRequiredError():
                error.ticket = self._claimed.ticket if self._is_new_one_kept else None
                error.remedy = (
                    "Ask the person again: the new challenge has the same ticket."
                    if self._is_new_one_kept
                    else "It could not be kept under its ticket: park this error's `state` once more."
                )
            case _ if self._is_asked_again:  # the new challenge is as open as before, whatever failed since
                pass
            case TokenNotSentError():
                error.remedy = "Resume once more with the same ticket, before the challenge expires."
                await finish(self.release())
            case ChallengeExpiredError(status=None) if not self._is_restarted:  # before it left
                await finish(self.release())
            case _ if not self._has_left:
                await finish(self.release())
            case OutcomeUnknownError():
                error.remedy = _SETTLE
                await finish(self._end(ChallengePhase.UNSETTLED, error))
            case BelvoError():
                await finish(self._end(ChallengePhase.REFUSED, error))
            case _:  # cancelled after it left: a look at the link will tell
                pass

    async def _end(self, phase: ChallengePhase, error: BelvoError | None = None) -> None:
        code = None if error is None else error.code or type(error).__name__
        message = None if error is None else error.message
        try:
            await self._leases.correct(self._kept.enter(phase, code=code, message=message))
        except Exception as failure:  # noqa: BLE001 - whatever a store raises, the login has ended as it has
            self._tell_unkept(f"that it is {phase}", failure)

    async def release(self) -> None:
        """Open it again: nothing was sent.

        Where noting the answer failed, the note may be there all the same. It is told from another call's
        work by its version, which only the holder of this claim can have written as an answer.
        """
        opened, mine = self._claimed.release(), self._kept
        failure: Exception | None = None
        for _ in range(_TRIES):
            try:
                if await self._leases.replace(evolve(opened, version=mine.version + 1)):
                    return
                current = await self._leases.read(mine.key)
            except Exception as error:  # noqa: BLE001 - whatever a store raises, the call ends as it does
                failure = error
                continue
            if current is None or current != self._announced:
                return
            mine = current
        if failure is not None:
            self._tell_unkept("that nothing was sent", failure)

    def _tell_unkept(self, what: str, error: Exception) -> None:
        self._leases.tell_trouble(self._claimed.key, f"{what} could not be noted ({type(error).__name__})")


def answered(how: str) -> ChallengeAnsweredError:
    """Build the error of a challenge that this call cannot answer, as somebody else does or did."""
    return ChallengeAnsweredError(
        f"The challenge {how}; nothing was sent.",
        remedy="Ask challenges.get(ticket) what became of it.",
    )


def _has_succeeded(work: "asyncio.Future[bool]") -> bool:
    return work.done() and not work.cancelled() and work.exception() is None and work.result()
