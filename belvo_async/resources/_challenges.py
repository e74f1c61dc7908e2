"""`pool.challenges`: challenges that outlive the call they came from, each under a ticket."""

import builtins
from collections.abc import Collection, Mapping
from datetime import UTC, datetime
from typing import Final
from uuid import UUID

from belvo_async._engine.callers import TokenProvider, check_provider
from belvo_async._engine.context import EngineContext
from belvo_async._engine.parked_challenges import ParkedChallenges
from belvo_async._engine.recorder import LoginRecorder, check_recorder
from belvo_async._engine.send_record import LONGEST_LOGIN
from belvo_async._engine.tickets import check_note
from belvo_async._http.hidden import hide
from belvo_async.backends._challenge_record import UNANSWERED
from belvo_async.errors import (
    InvalidValueError,
)
from belvo_async.models import AwaitingToken, ChallengePhase, ParkedChallenge
from belvo_async.params import LinkUpdate
from belvo_async.params._checks import read_link_id
from belvo_async.resources._challenge_answer import ChallengeAnswer, FindResumable, Resumed, decline
from belvo_async.resources._challenge_settling import ChallengeSettling
from belvo_async.resources._links import Links

_LONGEST_LIST: Final = 1000
_STORED_AS: Final[Mapping[ChallengePhase, tuple[ChallengePhase, ...]]] = dict.fromkeys(
    (ChallengePhase.OPEN, ChallengePhase.EXPIRED), (ChallengePhase.OPEN, ChallengePhase.CLAIMED)
)
"""Time runs out unwritten, and so do claims."""
_FOUND_AS: Final[Mapping[ChallengePhase, Collection[ChallengePhase]]] = {
    ChallengePhase.OPEN: UNANSWERED,
    ChallengePhase.ANSWERED: (ChallengePhase.ANSWERED,),
}
_EVER: Final = datetime.fromtimestamp(0, UTC)


class Challenges:
    """Parks challenges under tickets, and answers each of them once, whichever process is asked.

    All that it keeps is in the pool's backend, without any password or token. A ticket is known to
    the Belvo account and environment that parked it, and to no other that shares the backend.

    Example:
        >>> import asyncio
        >>> from belvo_async import Credentials, LinkUpdate, SessionPool, TokenRequiredError
        >>> from belvo_async.sandbox import Sandbox
        >>> async def main() -> None:
        ...     async with Sandbox() as belvo:
        ...         link_id = belvo.add_link(institution="heimdall_mx_retail", username="mfa_numeric")
        ...         keys = Credentials(belvo.secret_id, belvo.secret_password)
        ...         async with SessionPool(keys, environment=belvo.url) as pool:
        ...             try:
        ...                 await pool.links.update(LinkUpdate(link_id, password="new-password"))
        ...             except TokenRequiredError as required:
        ...                 ticket = await pool.challenges.park(required.state)
        ...             print((await pool.challenges.get(ticket)).challenge.value)
        ...             await pool.challenges.resume(ticket, "111111")
        ...             print((await pool.challenges.get(ticket)).phase)
        >>> asyncio.run(main())
        12345
        updated
    """

    def __init__(
        self,
        links: Links,
        find_resource: FindResumable,
        context: EngineContext,
        parked: ParkedChallenges,
    ) -> None:
        self._links: Final = links
        self._find_resource: Final = find_resource
        self._context: Final = context
        self._parked: Final = parked
        self._store: Final = parked.store
        self._leases: Final = parked.leases
        self._settling: Final = ChallengeSettling(parked, context, links.settle)

    async def park(
        self,
        state: AwaitingToken,
        *,
        institution: str | None = None,
        reference: str | None = None,
        ticket: str | None = None,
    ) -> str:
        """Keep a waiting challenge, to be answered by another request, process or machine; once for a state.

        Only the newest challenge of a link can be answered: the others that are open end as superseded.

        Args:
            state: `TokenRequiredError.state`.
            institution: Its name, to show to the person; by default what the call or Belvo has told of it.
            reference: A note of yours, such as your own id of the person; at most 256 characters. It is shown
                to nobody.
            ticket: One of your own making, at least 128 random bits; by default a new one is drawn.

        Returns:
            The ticket, unguessable and fit for a URL. Whoever has it may answer.

        Raises:
            InvalidValueError: An argument is wrong.
            ChallengeStoreError: It could not be kept; *state* is as good as before.
        """
        self._context.lifecycle.bind()
        if not isinstance(state, AwaitingToken):
            raise InvalidValueError.of(
                "state",
                f"is {type(state).__name__}, not AwaitingToken",
                remedy="Pass TokenRequiredError.state.",
            )
        return await self._parked.park(state, institution=institution, reference=reference, ticket=ticket)

    async def get(self, ticket: str) -> ParkedChallenge:
        """Return the challenge of a ticket, whatever has become of it.

        Raises:
            UnknownTicketError: No challenge of this account has it.
            DamagedStateError: It cannot be read.
            ChallengeStoreError: The store cannot be used.
        """
        self._context.lifecycle.bind()
        return (await self._parked.read(ticket)).show(self._context.now())

    async def find(
        self,
        link_id: str | UUID | None = None,
        *,
        reference: str | None = None,
        phase: ChallengePhase = ChallengePhase.OPEN,
    ) -> ParkedChallenge | None:
        """Return the newest challenge of a link that waits for a token; None where there is none.

        It is open, or claimed by a call that is about to send the token. One that cannot be read is left out,
        and the observer is told. By its link it is found at once. By its reference it takes longer the more
        challenges are open, as all of them are read: about a second for 10,000.

        Args:
            link_id: The link.
            reference: What was noted as it was parked, in place of the link.
            phase: `ANSWERED` finds one whose token was sent instead, for as long as its login may run.

        Raises:
            InvalidValueError: An argument is wrong, or there is not exactly one of *link_id* and *reference*.
            ChallengeStoreError: The store cannot be used.
        """
        self._context.lifecycle.bind()
        if phase not in _FOUND_AS:
            raise InvalidValueError.of("phase", "is neither OPEN nor ANSWERED", remedy="Use list instead.")
        if (link_id is None) is (reference is None):
            raise InvalidValueError.of(
                "link_id", "or reference has to be given", remedy="Pass one of the two."
            )
        if reference is None:
            kept = await self._parked.find(read_link_id(link_id), _FOUND_AS[phase])
        else:
            check_note("reference", reference)
            kept = await self._parked.find_reference(reference, _FOUND_AS[phase])
        return None if kept is None else kept.show(self._context.now())

    async def list(
        self, *, phase: ChallengePhase = ChallengePhase.OPEN, limit: int = 100
    ) -> builtins.list[ParkedChallenge]:
        """Return the challenges in a phase: by default the open ones, those that expire soonest first.

        One that cannot be read is left out, and the observer is told.

        Raises:
            InvalidValueError: An argument is wrong.
            ChallengeStoreError: The store cannot be used.
        """
        self._context.lifecycle.bind()
        if not isinstance(phase, ChallengePhase):
            raise InvalidValueError.of(
                "phase", "is no ChallengePhase", remedy="Pass one, such as ChallengePhase.OPEN."
            )
        if type(limit) is not int or not 1 <= limit <= _LONGEST_LIST:
            raise InvalidValueError.of(
                "limit", "is out of range", remedy=f"Pass a whole number from 1 to {_LONGEST_LIST}."
            )
        found: builtins.list[ParkedChallenge] = []
        for stored in _STORED_AS.get(phase, (phase,)):
            found += await self._collect(stored, phase, limit)
        return sorted(found, key=lambda parked: parked.expires_at)[:limit]

    async def _collect(
        self, stored: ChallengePhase, phase: ChallengePhase, limit: int
    ) -> builtins.list[ParkedChallenge]:
        """Return up to *limit* or more challenges that are stored in one phase, and now are in another."""
        now = self._context.clock.wall()
        after = now if phase is ChallengePhase.OPEN else _EVER
        asked = limit
        while True:
            rows = await self._store.list(self._parked.owner, stored, after=after, limit=asked)
            shown = {row.key: self._parked.show(row) for row in rows}
            found = [parked for parked in shown.values() if parked is not None and parked.phase is phase]
            is_past = phase is ChallengePhase.EXPIRED and bool(rows) and rows[-1].expires_at > now
            if len(rows) < asked or len(found) >= limit or is_past:
                break
            asked *= 2  # damaged rows, and those of another phase, must not hide the rest
        for key in (key for key, parked in shown.items() if parked is None):
            self._leases.tell_trouble(key, "it cannot be read")
        return found

    async def resume(
        self,
        ticket: str,
        token: str | None = None,
        *,
        provide_token: TokenProvider | None = None,
        update: LinkUpdate | None = None,
        recorder: LoginRecorder | None = None,
        request_id: str | None = None,
    ) -> Resumed:
        """Answer a challenge: once, however many calls in however many processes try to.

        A new challenge, for instance after a wrong token, is parked under the same ticket: *provide_token* is
        asked again, and without it `TokenRequiredError` says so. While a person is asked nothing is held, and
        others may answer too: the first answer counts. Cancelling this call does not stop an answer that was
        sent already.

        Returns:
            The `Link` or the rows of data, whichever the challenged call would have returned.

        Args:
            ticket: What `park` returned.
            token: The token; None where the challenge expects no input, or where *provide_token* is asked.
            provide_token: Asked for the token, and for those of further rounds.
            update: The credentials, only needed with `ResumeRoute.PUT_LINK` or `MfaPolicy.restarts`.
            recorder: Writes down each step before it happens, besides the store.
            request_id: `Challenge.request_id` of the challenge that *token* is for. An institution may ask
                again under the same ticket: name it wherever this call may be made twice, as by a form that
                is sent again, so that the token does not answer the next question.

        Raises:
            UnknownTicketError: No challenge of this account has this ticket.
            ChallengeAnsweredError: It was answered already, or another call is about to; nothing was sent.
            ChallengeExpiredError: Its time has run out.
            ChallengeDeclinedError: Somebody declined it.
            ChallengeSupersededError: A newer challenge of the link counts, which the error names, or the link
                was updated another way or deleted; nothing was sent.
            InvalidTokenError: The token cannot be one; nothing was sent, the challenge is still open.
            TokenProviderError: *provide_token* failed; nothing was sent, the challenge is still open.
            TokenRequiredError: There is a new challenge under this ticket, and nobody can be asked.
            OutcomeUnknownError: The answer left, and what became of it is not known: see `settle`.
            DamagedStateError: The challenge cannot be read; nothing was sent.
            ChallengeStoreError: The store cannot be used; nothing was sent.
            BelvoError: As for `links.resume`.
        """
        self._context.lifecycle.bind()
        check_provider(provide_token)
        check_recorder(recorder)
        answer = ChallengeAnswer(
            self._links,
            self._find_resource,
            self._context,
            self._parked,
            ticket,
            update,
            recorder,
            request_id,
        )
        return await answer.give(hide(token), provide_token)

    async def decline(self, ticket: str) -> None:
        """Note that the person will not answer. The link keeps its old credentials; nothing is sent.

        Raises:
            UnknownTicketError: No challenge of this account has this ticket.
            ChallengeAnsweredError: It was answered already, or a call is about to.
            ChallengeExpiredError: Its time has run out.
            ChallengeDeclinedError: It was declined already.
            ChallengeSupersededError: A newer challenge counts, or the link needs none any more.
            DamagedStateError: It cannot be read.
            ChallengeStoreError: The store cannot be used.
        """
        self._context.lifecycle.bind()
        await decline(self._parked, ticket, self._context.now())

    async def settle(self, ticket: str) -> ParkedChallenge:
        """Check what became of a token that was sent by a call or a process that is no more.

        It only reads the link. Where the link shows no success 330 s after the token left, the challenge is
        unsettled: check the link, and update it again. In any other phase nothing is done.

        Raises:
            UnknownTicketError: No challenge of this account has this ticket.
            DamagedStateError: It cannot be read.
            ChallengeStoreError: The store cannot be used.
            BelvoError: The link could not be read.
        """
        self._context.lifecycle.bind()
        kept = await self._parked.read(ticket)
        settled = await self._settling.settle(kept)
        return settled.show(self._context.now())

    async def sweep(self) -> int:
        """Tidy up: settle what killed processes have left, and forget what is over for a day.

        Call it now and then, from one process or all. A store with a time to live, such as Redis, forgets by
        itself.

        Returns:
            How many challenges were forgotten, those of other accounts in the store included.

        Raises:
            ChallengeStoreError: The store cannot be used.
            BelvoError: A link could not be read; all else is done.
        """
        self._context.lifecycle.bind()
        swept = await self._settling.settle_all(LONGEST_LOGIN)
        forgotten = await self._store.forget(self._context.clock.wall())
        if swept.failure is not None:
            raise swept.failure
        return forgotten
