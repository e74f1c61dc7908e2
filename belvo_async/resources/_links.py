"""`pool.links`: everything about links, one login at a time for each."""

import math
from collections.abc import Iterable
from datetime import datetime
from typing import Final, Unpack
from uuid import UUID

from belvo_async._engine.callers import TokenProvider
from belvo_async._engine.context import EngineContext
from belvo_async._engine.exchange import Exchange
from belvo_async._engine.logins import Logins
from belvo_async._engine.parked_challenges import Superseding
from belvo_async._engine.recorder import LoginRecorder
from belvo_async._engine.single_flight import WhenBusy
from belvo_async._engine.status_check import StatusCheck
from belvo_async._http.hidden import hide
from belvo_async._wire.challenge_text import dump_state
from belvo_async._wire.requests import LINKS, build_changes, build_delete, build_link_read
from belvo_async._wire.responses import read_acceptance, read_link
from belvo_async.errors import InvalidValueError
from belvo_async.mfa import ResumeRoute
from belvo_async.models import AcceptedRequest, AwaitingToken, Link
from belvo_async.params import LinkChanges, LinkFilters, LinkRegistration, LinkUpdate
from belvo_async.params._checks import read_link_id, read_names
from belvo_async.params._filters import write_filters
from belvo_async.resources._challenge_settling import ChallengeSettling
from belvo_async.resources._link_sweep import LinkSweep, sweep
from belvo_async.resources._login_calls import LoginCalls, check_call
from belvo_async.resources._paginator import Paginator

_FILTERS: Final = frozenset(LinkFilters.__annotations__)


class Links:
    """Reads, registers, updates and deletes links."""

    def __init__(self, exchange: Exchange, context: EngineContext, logins: Logins) -> None:
        self._exchange: Final = exchange
        self._context: Final = context
        self._logins: Final = logins
        self._memory: Final = logins.memory
        self._calls: Final = LoginCalls(context, logins)

    async def update(
        self,
        update: LinkUpdate,
        *,
        provide_token: TokenProvider | None = None,
        recorder: LoginRecorder | None = None,
        when_busy: WhenBusy = "join",
        max_wait: float | None = None,
    ) -> Link:
        """Update a link's credentials: one login at the bank, with whatever tokens it asks for.

        One login of a link is in flight at a time: equal updates that meet share one, others wait for it.
        Cancelling this call does not stop a login that was sent already, so the link is held until the pool
        has heard its response; after a lost response, until a status check shows how it ended, or 330 s have
        passed. A login that may have reached the bank is not repeated by itself, save where Belvo says so.

        Args:
            update: The new credentials.
            provide_token: Asked for a token when the institution wants one. Without it, or when the pool
                closes meanwhile, the challenge leaves this call as `TokenRequiredError`. Of calls that share
                a login the first one's is asked.
            recorder: Writes down each step before it happens.
            when_busy: What to do while another login of this link is in flight: `"join"` it if it asks for
                the same and wait for it otherwise, `"wait"` for it, or `"refuse"`. Unless it is `"wait"`, the
                open challenge of an equal update leaves this call as `TokenRequiredError` with its `ticket`.
            max_wait: Seconds that it may wait for Belvo's limit of requests; None: as long as it takes.
                Of calls that share a login the first one's counts.

        Raises:
            InvalidValueError: An argument is wrong; nothing was sent.
            LinkBusyError: Another login is in flight, and *when_busy* is `"refuse"`; nothing was sent.
            PoolBusyError: It would have waited for longer than *max_wait*; nothing was sent.
            TokenRequiredError: The institution wants a token, and nobody can be asked.
            ChallengeError: The dialogue about a token ended otherwise: declined, expired, too many rounds.
            LoginFailedError: The institution refused the credentials or the token.
            OutcomeUnknownError: The response was lost or an error, and no status check showed how the login
                ended.
            ApiError: Belvo responded with another error.
            TransportError: The network failed before anything was sent.
        """
        _check_type("update", update, LinkUpdate, "Pass LinkUpdate(link_id, password=…).")
        check_call(provide_token, when_busy, max_wait=max_wait, recorder=recorder)
        wish = self._logins.update(update, recorder, max_wait)
        return await self._calls.run(wish, provide_token, when_busy)

    async def register(
        self,
        registration: LinkRegistration,
        *,
        provide_token: TokenProvider | None = None,
        when_busy: WhenBusy = "join",
        max_wait: float | None = None,
    ) -> Link:
        """Register a new link: one login at the bank, with whatever tokens it asks for.

        One registration of a username at an institution is in flight at a time, as for `update`.

        Raises:
            DuplicatedLinkError: There is one already.
            OutcomeUnknownError: The response was lost: look for the link with `list` before you repeat it.
            BelvoError: As for `update`.
        """
        _check_type(
            "registration",
            registration,
            LinkRegistration,
            "Pass LinkRegistration(institution=…, username=…, password=…).",
        )
        check_call(provide_token, when_busy, max_wait=max_wait)
        wish = self._logins.register(registration, max_wait)
        return await self._calls.run(wish, provide_token, when_busy)

    async def resume(
        self,
        challenge: str | AwaitingToken,
        token: str | None = None,
        *,
        provide_token: TokenProvider | None = None,
        update: LinkUpdate | None = None,
        recorder: LoginRecorder | None = None,
        when_busy: WhenBusy = "join",
    ) -> Link:
        """Answer a challenge that left an earlier call, in this process or in another.

        Args:
            challenge: `TokenRequiredError.state`, or the text that `park` made of it.
            token: The token; None where the challenge expects no input, or where *provide_token* is asked.
            provide_token: Asked for the token, and for those of further rounds.
            update: The credentials, only needed with `ResumeRoute.PUT_LINK` or `MfaPolicy.restarts`.
            recorder: Writes down each step before it happens.
            when_busy: As for `update`, but no two calls share a request: a token is sent once.

        Raises:
            InvalidTokenError: The token cannot be one; nothing was sent.
            DamagedStateError: The text is no parked challenge.
            ChallengeAnsweredError: This pool sent a token for it already.
            BelvoError: As for `update`.
        """
        token = hide(token)
        check_call(provide_token, when_busy, recorder=recorder)
        state = self._calls.read_state(challenge, LINKS)
        self._check_update(state, update)
        given = self._calls.begin_answer(state, token, provide_token)
        wish = self._logins.resume(state, given, update, recorder)
        return await self._calls.run(wish, provide_token, when_busy)

    def _check_update(self, state: AwaitingToken, update: LinkUpdate | None) -> None:
        if update is not None:
            _check_type("update", update, LinkUpdate, "Pass LinkUpdate(link_id, password=…).")
        policy = self._context.policy
        needed = policy.resume_route is ResumeRoute.PUT_LINK or policy.restarts > state.restarts
        wrong = update is not None and update.link_id != state.challenge.link_id
        if wrong or (needed and update is None):
            raise InvalidValueError.of(
                "update",
                "is of another link" if wrong else "is missing",
                remedy="Pass the LinkUpdate again: this MfaPolicy sends the credentials once more.",
                link_id=state.challenge.link_id,
            )

    def park(self, state: AwaitingToken) -> str:
        """Write a waiting challenge as text, without any password or token, to answer it elsewhere.

        Raises:
            InvalidValueError: It is no waiting challenge.
        """
        _check_type("state", state, AwaitingToken, "Pass TokenRequiredError.state.")
        self._memory.locks.leases.let_go_soon(state.challenge.link_id)
        return dump_state(state, self._context.now())

    def unpark(self, text: str) -> AwaitingToken:
        """Read what `park` wrote, to show the challenge to a person.

        Raises:
            InvalidValueError: It is no text.
            DamagedStateError: The text is no parked challenge.
        """
        _check_type("text", text, str, "Pass what park() returned.")
        return self._calls.unpark(text)

    def list(self, **filters: Unpack[LinkFilters]) -> Paginator[Link]:
        """List links, filtered by what Belvo's reference names, such as `status__in=["invalid"]`.

        With `fields`, the `id` always comes too.

        Raises:
            InvalidValueError: A filter is not known, or has a wrong value.
        """
        query = dict(write_filters(filters, _FILTERS))
        if "id" in query.get("omit", "").split(","):
            raise InvalidValueError.of("omit", "leaves out the id", remedy="A Link without its id is no use.")
        if "fields" in query and "id" not in query["fields"].split(","):
            query["fields"] = f"id,{query['fields']}"
        note = self._memory.links.note
        return Paginator(self._exchange, self._context.lifecycle, LINKS, tuple(query.items()), Link, note)

    async def get(self, link_id: str | UUID) -> Link:
        """Read one link.

        Raises:
            NotFoundError: There is none with this id.
            BelvoError: It could not be read.
        """
        request = build_link_read(read_link_id(link_id))
        with self._context.lifecycle:
            link = read_link(await self._exchange.fetch(request), request)
        self._memory.links.note(link)
        return link

    async def settle(self, link_id: str | UUID, *, since: datetime) -> Link | None:
        """Check whether a login that left at *since* has succeeded: after `OutcomeUnknownError`, or a crash.

        None means that the link was read and shows no success: the login may still be running, for up to
        330 s after it left (Belvo error article: 408 after 300), or it failed. Only an access within that
        time counts: Belvo's own refresh logs in, too. A success that this pool has told a caller of counts
        for *since* as the recorder of that very login was told it, and for no other.

        Args:
            link_id: The link.
            since: When the login left, aware, by Belvo's clock: `OutcomeUnknownError.sent_at`, or what a
                `LoginRecorder` was told.

        Raises:
            InvalidValueError: *since* has no time zone.
            OutcomeUnknownError: What the link shows proves neither.
            NotFoundError: There is no such link.
            BelvoError: The link could not be read.
        """
        _check_type("since", since, datetime, "Pass the `sent_at` of the OutcomeUnknownError.")
        if since.tzinfo is None:
            raise InvalidValueError.of(
                "since", "has no time zone", remedy="Pass an aware datetime, such as datetime.now(UTC)."
            )
        check = StatusCheck(self._exchange, self._context, self._memory.accesses, read_link_id(link_id))
        with self._context.lifecycle:
            return await check.read(since)

    async def sweep(self, *, older_than: float = 60.0) -> LinkSweep:
        """Settle what killed processes have left in the backend: call it now and then, from one or all.

        It checks the status of each link at which a login left longer ago and was not heard yet, whichever
        process sent it. One that shows a success is free at once; the others are when their login must have
        ended, 330 s after it left. Parked challenges whose token was sent are settled. Claims of killed
        processes lapse by themselves: nothing was sent.

        Each link costs a request; one that cannot be read is in doubt.

        Args:
            older_than: Seconds since a login or a token left: those that are younger are most likely heard.

        Raises:
            InvalidValueError: *older_than* is no number of seconds.
            CoordinatorError: The backend cannot be used.
            ChallengeStoreError: The store cannot be used; the leases are done.
        """
        if type(older_than) not in (int, float) or not 0 <= older_than < math.inf:
            raise InvalidValueError.of(
                "older_than", "is no number of seconds, 0 or more", remedy="Pass seconds, or leave it out."
            )
        settling = ChallengeSettling(self._logins.parked, self._context, self.settle)
        with self._context.lifecycle:
            return await sweep(self._logins, settling, older_than)

    async def modify(self, link_id: str | UUID, changes: LinkChanges) -> Link:
        """Change how a link's data is retrieved. No login happens now.

        It waits while a login of the link is in flight, as `delete` does: that is minutes where a bank is
        slow, and up to 330 s after a lost response.

        Raises:
            BelvoError: It could not be changed.
        """
        _check_type("changes", changes, LinkChanges, "Pass LinkChanges(…).")
        link_id = read_link_id(link_id)
        request = build_changes(link_id, changes)
        with self._context.lifecycle:
            async with self._memory.locks.hold(link_id, find_end=self._logins.find_end):
                return read_link(await self._exchange.fetch(request), request)

    async def delete(self, link_id: str | UUID, *, in_background: bool = False) -> AcceptedRequest | None:
        """Delete a link and all its data.

        Belvo allows five deletes a minute; more are waited for. With *in_background* there is no such
        limit, and a webhook `link_deleted` follows. Either waits while a login of the link is in flight: that
        is minutes where a bank is slow, and up to 330 s after a lost response. Its open challenges end as
        superseded.

        Returns:
            The accepted request in the background mode, else None.

        Raises:
            NotFoundError: There is none with this id.
            BelvoError: It could not be deleted.
        """
        link_id = read_link_id(link_id)
        request = build_delete(link_id, in_background=in_background)
        with self._context.lifecycle:
            async with self._memory.locks.hold(link_id, find_end=self._logins.find_end):
                accepted = read_acceptance(await self._exchange.fetch(request), request)
                await self._logins.parked.end_open(link_id, Superseding.LINK_DELETED)
                return accepted

    async def refresh_data(
        self,
        link_id: str | UUID,
        *,
        fetch_resources: Iterable[str] | None = None,
        provide_token: TokenProvider | None = None,
        when_busy: WhenBusy = "join",
        max_wait: float | None = None,
    ) -> AcceptedRequest:
        """Let Belvo load a link's history again; a webhook follows.

        Raises:
            TryLaterError: It was refreshed less than ten minutes ago (`link_refreshed`).
            TokenRequiredError: The institution wants a token, and nobody can be asked.
            LinkBusyError: Another login is in flight, and *when_busy* is `"refuse"`; nothing was sent.
            PoolBusyError: It would have waited for longer than *max_wait*; nothing was sent.
            BelvoError: It was refused.
        """
        check_call(provide_token, when_busy, max_wait=max_wait)
        link_id = read_link_id(link_id)
        wish = self._logins.refresh_data(link_id, read_names(fetch_resources), max_wait)
        return await self._calls.run(wish, provide_token, when_busy)


def _check_type(name: str, value: object, kind: type, remedy: str) -> None:
    if not isinstance(value, kind):
        raise InvalidValueError.of(name, f"is {type(value).__name__}, not {kind.__name__}", remedy=remedy)
