"""Who may answer a parked challenge: claims, and what became of them (design rule R5)."""

import asyncio
from collections.abc import Coroutine
from datetime import datetime
from types import TracebackType
from typing import Final, Self, TypeVar

from attrs import evolve

from belvo_async._dossier import Dossier, read_row, write_row
from belvo_async._exchange import Traffic
from belvo_async._observer import ParkedChallengeTroubled, notify
from belvo_async._tickets import ChallengePhase, ChallengeStore
from belvo_async.errors import (
    BelvoError,
    ChallengeAnsweredError,
    ChallengeStoreError,
    OutcomeUnknownError,
    TokenNotSentError,
    TokenRequiredError,
)
from belvo_async.mfa import AwaitingToken

T = TypeVar("T")

DOUBTFUL: Final = frozenset({ChallengePhase.ANSWERED, ChallengePhase.UNSETTLED})
"""The phases in which it is not known what became of an answer."""
_CORRECTIONS: Final = 3


class Custody:
    """Changes what a store keeps, one version at a time."""

    def __init__(self, store: ChallengeStore, traffic: Traffic) -> None:
        self._store: Final = store
        self.traffic: Final = traffic

    async def replace(self, dossier: Dossier) -> bool:
        """Put a dossier in the place of its former version; return whether nobody else was faster."""
        return await self._store.replace(write_row(dossier))

    async def correct(self, dossier: Dossier) -> Dossier:
        """Write what is now known of an answer, whoever wrote meanwhile that it is not; return what holds.

        Raises:
            ChallengeStoreError: It could not be written.
            DamagedStateError: What is there cannot be read.
        """
        for attempt in range(1, _CORRECTIONS + 1):
            try:
                if await self.replace(dossier):
                    return dossier
                current = await self.read(dossier.key)
            except ChallengeStoreError:  # it may be written, and nobody else can write it
                if attempt == _CORRECTIONS:
                    raise
                continue
            if current == dossier:
                return dossier
            if current.phase not in DOUBTFUL or current.answered_at != dossier.answered_at:
                return current
            dossier = evolve(dossier, version=current.version + 1)
        raise _changed()

    async def read(self, key: str) -> Dossier:
        """Read a dossier that was there.

        Raises:
            ChallengeStoreError: It is there no more, or the store cannot be used.
            DamagedStateError: It cannot be read.
        """
        row = await self._store.read(key)
        if row is None:
            raise _changed()
        return read_row(row)

    async def claim(self, dossier: Dossier) -> "Claim":
        """Keep all others from answering for a while.

        Raises:
            ChallengeAnsweredError: Somebody else was faster.
            ChallengeStoreError: The store cannot be used.
        """
        claimed = dossier.claim(self.traffic.clock.wall())
        taking = asyncio.ensure_future(self.replace(claimed))
        try:
            is_taken = await finish(taking)
        except asyncio.CancelledError:
            if taking.done() and not taking.cancelled() and taking.exception() is None and taking.result():
                await Claim(self, claimed).release()
            raise
        if not is_taken:
            raise answered("is being answered by another call")
        return Claim(self, claimed)

    def tell_trouble(self, key: str, problem: str) -> None:
        """Tell the observer of a challenge that is not kept as it should be."""
        notify(self.traffic.observer, ParkedChallengeTroubled(key=key, problem=problem))


class Claim:
    """One call's right to answer a challenge, and the recorder that notes what it does.

    Leaving the block writes what became of it. That may fail where the answer was sent already: then the
    observer is told, and the challenge is settled later by a look at the link.
    """

    def __init__(self, custody: Custody, claimed: Dossier) -> None:
        self._custody: Final = custody
        self._claimed: Final = claimed
        self._kept = claimed
        self._announced: Dossier | None = None
        self._is_new_one_kept = True

    async def note_submission(self, at: datetime) -> None:
        """Note that a new login leaves, in place of one whose session has expired."""
        await self.note_answer(at)

    async def note_answer(self, at: datetime) -> None:
        """Note that the answer leaves: the one step that nobody else can take too.

        Raises:
            ChallengeAnsweredError: Somebody else has.
            ChallengeStoreError: It could not be noted.
        """
        self._announced = self._kept.answer(at)
        if not await self._custody.replace(self._announced):
            self._announced = None
            raise answered("was answered by another call")
        self._kept = self._announced

    async def note_challenge(self, state: AwaitingToken) -> None:
        """Keep the challenge that came in return, under the same ticket."""
        try:
            self._kept = await self._custody.correct(self._kept.ask(state, self._custody.traffic.now()))
        except BelvoError as error:  # the caller gets the challenge all the same
            self._is_new_one_kept = False
            self._tell_unkept("the new challenge", error)

    async def __aenter__(self) -> Self:
        """Use the claim."""
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Write what became of it, also when cancelled."""
        match error:
            case None:
                await _shielded(self._end(ChallengePhase.UPDATED))
            case TokenRequiredError():
                error.remedy = (
                    "Ask the person again: the new challenge has the same ticket."
                    if self._is_new_one_kept
                    else "It could not be kept under its ticket: park this error's `state` once more."
                )
            case TokenNotSentError():
                await _shielded(self._release())
            case _ if self._kept is self._claimed:
                await _shielded(self._release())
            case OutcomeUnknownError():
                await _shielded(self._end(ChallengePhase.UNSETTLED, error))
            case BelvoError():
                await _shielded(self._end(ChallengePhase.REFUSED, error))
            case _:  # cancelled after it left: a look at the link will tell
                pass

    async def _end(self, phase: ChallengePhase, error: BelvoError | None = None) -> None:
        code = None if error is None else error.code or type(error).__name__
        message = None if error is None else error.message
        try:
            await self._custody.correct(self._kept.enter(phase, code=code, message=message))
        except BelvoError as failure:
            self._tell_unkept(f"that it is {phase}", failure)

    async def _release(self) -> None:
        """Open it again. Whether the announcement was written is not known where writing it failed."""
        opened = self._claimed.release()
        try:
            if self._announced is not None:
                reopened = evolve(opened, version=self._announced.version + 1)
                if await self._custody.replace(reopened):
                    return
            await self._custody.replace(opened)
        except ChallengeStoreError as failure:
            self._tell_unkept("that nothing was sent", failure)

    def _tell_unkept(self, what: str, error: BelvoError) -> None:
        self._custody.tell_trouble(self._claimed.key, f"{what} could not be noted ({type(error).__name__})")


def answered(how: str, link_id: str | None = None) -> ChallengeAnsweredError:
    """Build the error of a challenge that this call cannot answer, as somebody else does or did."""
    return ChallengeAnsweredError(
        f"The challenge {how}; nothing was sent.",
        remedy="Ask challenges.get(ticket) what became of it.",
        link_id=link_id,
    )


async def _shielded(work: Coroutine[object, object, T]) -> T:
    """Finish *work* even where the caller is cancelled meanwhile."""
    return await asyncio.shield(asyncio.ensure_future(work))
