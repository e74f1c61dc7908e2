"""One answer to a parked challenge, and to those that follow under its ticket."""

from collections.abc import Callable
from typing import TypeAlias

from attrs import frozen

from belvo_async._clock import Instant
from belvo_async._engine.callers import Caller, Callers, TokenProvider
from belvo_async._engine.context import EngineContext
from belvo_async._engine.lease import answered
from belvo_async._engine.parked_challenges import ANSWER_PARKED, ParkedChallenges, Superseding
from belvo_async._engine.recorder import LoginRecorder, TwoRecorders
from belvo_async._engine.token_request import ask
from belvo_async._wire.requests import LINKS
from belvo_async.backends._challenge_record import ChallengeRecord
from belvo_async.errors import (
    BelvoError,
    ChallengeDeclinedError,
    ChallengeSupersededError,
    InvalidValueError,
    TokenRequiredError,
)
from belvo_async.mfa import Declined, Expired, TokenGiven, challenge_expired, declined
from belvo_async.models import AwaitingToken, ChallengePhase, DataModel, Link
from belvo_async.params import LinkUpdate
from belvo_async.params._tokens import read_token
from belvo_async.resources._data import ResumableData
from belvo_async.resources._links import Links

FindResumable: TypeAlias = Callable[[str], ResumableData[DataModel] | None]
"""Returns the data resource of a collection; None where there is none that takes a token."""
Resumed: TypeAlias = Link | tuple[object, ...]
"""What the call would have returned that was challenged: the link, or the rows of data."""


@frozen(eq=False)
class ChallengeAnswer:
    """See `Challenges.resume`."""

    _links: Links
    _find_resource: FindResumable
    _context: EngineContext
    _parked: ParkedChallenges
    _ticket: str
    _update: LinkUpdate | None
    _recorder: LoginRecorder | None
    _request_id: str | None
    """Of the challenge that the token is for, where the caller names it."""

    async def give(self, token: str | None, provide_token: TokenProvider | None) -> Resumed:
        """Send a token that is there, or that a person gives, until there is no further challenge."""
        while True:
            kept = await self._parked.read(self._ticket)
            now = self._context.now()
            await check_open(self._parked, kept, now)
            state = kept.read_state(now)
            if token is not None or provide_token is None:
                self._check_question(state)
            if provide_token is not None and token is None:
                token = await self._ask(state, provide_token)
                kept = await self._read_again(kept)
            read_token(state.challenge, token, state)
            try:
                return await self._send(kept, state, token)
            except TokenRequiredError as required:
                if provide_token is None or required.ticket is None:  # none: it could not be kept
                    raise
            token = None

    def _check_question(self, state: AwaitingToken) -> None:
        """Keep a token that was given for one question from answering the next, under the same ticket."""
        if self._request_id not in (None, state.challenge.request_id):
            raise answered("was answered already, and another question waits under its ticket")

    async def _read_again(self, asked: ChallengeRecord) -> ChallengeRecord:
        """Return the challenge that was asked, as it is now: others may have claimed it, and let go of it."""
        kept = await self._parked.read(self._ticket)
        await check_open(self._parked, kept, self._context.now())
        if kept.parked != asked.parked:
            raise answered("was answered by another call")
        return kept

    async def _ask(self, state: AwaitingToken, provide_token: TokenProvider) -> str | None:
        callers = Callers()
        callers.add(Caller(provide_token))
        try:
            reply = await ask(state, callers, self._context)
        except TokenRequiredError as required:  # the pool closes
            required.ticket, required.remedy = self._ticket, ANSWER_PARKED
            raise
        match reply:
            case TokenGiven(token=token):
                return token
            case Declined():
                await decline(self._parked, self._ticket, self._context.now())
                raise declined(state)
            case Expired():
                kept = await self._parked.read(self._ticket)
                await check_open(self._parked, kept, self._context.now())
                raise challenge_expired(state.challenge.link_id, "nobody answered in time")

    async def _send(self, kept: ChallengeRecord, state: AwaitingToken, token: str | None) -> Resumed:
        with self._context.lifecycle:  # the pool closes once it is written what became of the answer
            try:
                async with await self._parked.leases.claim(kept) as claim:
                    recorder = claim if self._recorder is None else TwoRecorders(self._recorder, claim)
                    return await self._resume(state, token, recorder)
            except BelvoError:  # it may be open again, and another one have been parked meanwhile
                await self._parked.end_open(state.challenge.link_id, Superseding.NEWER_CHALLENGE)
                raise

    async def _resume(self, state: AwaitingToken, token: str | None, recorder: LoginRecorder) -> Resumed:
        collection = state.challenge.resume_target.collection
        if collection == LINKS:
            return await self._links.resume(state, token, update=self._update, recorder=recorder)
        resource = self._find_resource(collection)
        if resource is None or self._update is not None:
            name, problem, remedy = (
                (
                    "ticket",
                    f"is of {collection}",
                    "Answer it with the version of belvo_async that has parked it.",
                )
                if resource is None
                else ("update", f"is of no use: the challenge is of {collection}", "Leave it out.")
            )
            raise InvalidValueError.of(name, problem, remedy=remedy, link_id=state.challenge.link_id)
        return await resource.resume(state, token, recorder=recorder)


async def decline(parked: ParkedChallenges, ticket: str, now: Instant) -> None:
    """See `Challenges.decline`."""
    kept = await parked.read(ticket)
    await check_open(parked, kept, now)
    kept.read_state(now)
    if not await parked.leases.replace(kept.enter(ChallengePhase.DECLINED)):
        raise answered("is being answered by another call")


async def check_open(parked: ParkedChallenges, kept: ChallengeRecord, now: Instant) -> None:
    """Refuse a challenge that cannot be answered any more, or not now.

    Raises:
        ChallengeAnsweredError: It was answered, or another call is about to.
        ChallengeDeclinedError: Somebody declined it.
        ChallengeExpiredError: Its time has run out.
        ChallengeSupersededError: A newer one counts, or the link needs none any more.
    """
    match kept.find_phase(now.wall):
        case ChallengePhase.OPEN:
            return
        case ChallengePhase.EXPIRED:
            link_id = kept.read_state(now).challenge.link_id
            raise challenge_expired(link_id, "nobody answered before its time ran out")
        case ChallengePhase.DECLINED:
            raise ChallengeDeclinedError(
                "The challenge was declined.",
                remedy="Update the link again when a token can be given.",
                link_id=kept.read_state(now).challenge.link_id,
            )
        case ChallengePhase.SUPERSEDED:
            raise await _superseded(parked, kept, kept.read_state(now).challenge.link_id)
        case ChallengePhase.CLAIMED:
            raise answered("is being answered by another call")
        case _:
            raise answered("was answered already")


async def _superseded(
    parked: ParkedChallenges, kept: ChallengeRecord, link_id: str
) -> ChallengeSupersededError:
    newest = await parked.find(link_id)
    if newest is not None:
        return ChallengeSupersededError(
            "A newer challenge of the link has taken its place; nothing was sent.",
            remedy="Show the person the newer one: parked = await pool.challenges.get(error.ticket)",
            link_id=link_id,
            ticket=newest.ticket,
        )
    return ChallengeSupersededError(
        f"Nobody has to answer the challenge any more ({kept.code}); nothing was sent.",
        remedy="Check the link with links.get(); update it again only if its status is not valid.",
        link_id=link_id,
    )
