"""`pool.links`: everything about links, one login at a time for each."""

from collections.abc import Iterable
from datetime import datetime
from typing import Final, Unpack
from uuid import UUID

from belvo_async._answers import read_acceptance, read_link
from belvo_async._claims import Claims
from belvo_async._driver import TokenProvider, check_provider, drive
from belvo_async._exchange import Exchange, Traffic
from belvo_async._http import Request
from belvo_async._login import LinkLogin, LoginRecorder, check_recorder
from belvo_async._models import (
    AcceptedRequest,
    Link,
    LinkChanges,
    LinkFilters,
    LinkRegistration,
    LinkUpdate,
    read_link_id,
    read_names,
    write_filters,
)
from belvo_async._pages import Listing
from belvo_async._parking import read_parked, write_parked
from belvo_async._requests import (
    LINKS,
    build_changes,
    build_delete,
    build_link_read,
    build_refresh,
    build_registration,
    build_update,
)
from belvo_async._settle import Accesses, Settler
from belvo_async._slots import LinkLocks
from belvo_async._watch import LoginWatch
from belvo_async.errors import InvalidValueError, TokenRequiredError
from belvo_async.mfa import AwaitingToken, ResumeRoute, State, Submitting, TokenGiven, advance, read_token

_FILTERS: Final = frozenset(LinkFilters.__annotations__)


class Links:
    """Reads, registers, updates and deletes links."""

    def __init__(
        self,
        exchange: Exchange,
        traffic: Traffic,
        *,
        locks: LinkLocks,
        claims: Claims,
        accesses: Accesses,
    ) -> None:
        self._exchange: Final = exchange
        self._traffic: Final = traffic
        self._locks: Final = locks
        self._claims: Final = claims
        self._accesses: Final = accesses

    async def update(
        self,
        update: LinkUpdate,
        *,
        provide_token: TokenProvider | None = None,
        recorder: LoginRecorder | None = None,
    ) -> Link:
        """Update a link's credentials: one login at the bank, with whatever tokens it asks for.

        Two updates of one link wait for each other. A login that may have reached the bank is not
        repeated by itself, save where Belvo says so. Cancelling this call does not stop a login that was
        sent already.

        Args:
            update: The new credentials.
            provide_token: Asked for a token when the institution wants one. Without it, or when the pool
                closes meanwhile, the challenge leaves this call as `TokenRequiredError`.
            recorder: Writes down each step before it happens.

        Raises:
            InvalidValueError: An argument is wrong; nothing was sent.
            TokenRequiredError: The institution wants a token, and nobody can be asked.
            ChallengeError: The dialogue about a token ended otherwise: declined, expired, too many rounds.
            LoginFailedError: The institution refused the credentials or the token.
            OutcomeUnknownError: The answer was lost, and the link does not show a success.
            ApiError: Belvo answered with another error.
            TransportError: The network failed before anything was sent.
        """
        _check_type("update", update, LinkUpdate, "Pass LinkUpdate(link_id, password=…).")
        check_provider(provide_token)
        check_recorder(recorder)
        login = self._build_login(build_update(update), update, recorder)
        with self._traffic.gate, LoginWatch(self._traffic, "update", update.link_id):
            async with self._locks.hold(update.link_id):
                return await drive(Submitting(), login, provide_token, self._traffic)

    async def register(
        self, registration: LinkRegistration, *, provide_token: TokenProvider | None = None
    ) -> Link:
        """Register a new link: one login at the bank, with whatever tokens it asks for.

        Raises:
            DuplicatedLinkError: There is one already.
            OutcomeUnknownError: The answer was lost: look for the link with `list` before you repeat it.
            BelvoError: As for `update`.
        """
        _check_type(
            "registration",
            registration,
            LinkRegistration,
            "Pass LinkRegistration(institution=…, username=…, password=…).",
        )
        check_provider(provide_token)
        login = self._build_login(build_registration(registration), None)
        with self._traffic.gate, LoginWatch(self._traffic, "register", None) as watch:
            link = await drive(Submitting(), login, provide_token, self._traffic)
            watch.link_id = link.id
            return link

    async def resume(
        self,
        challenge: str | AwaitingToken,
        token: str | None = None,
        *,
        provide_token: TokenProvider | None = None,
        update: LinkUpdate | None = None,
        recorder: LoginRecorder | None = None,
    ) -> Link:
        """Answer a challenge that left an earlier call, in this process or in another.

        Args:
            challenge: `TokenRequiredError.state`, or the text that `park` made of it.
            token: The token; None where the challenge expects no input, or where *provide_token* is asked.
            provide_token: Asked for the token, and for those of further rounds.
            update: The credentials, only needed with `ResumeRoute.PUT_LINK` or `MfaPolicy.restarts`.
            recorder: Writes down each step before it happens.

        Raises:
            InvalidTokenError: The token cannot be one; nothing was sent.
            DamagedStateError: The text is no parked challenge.
            ChallengeAnsweredError: This pool sent a token for it already.
            BelvoError: As for `update`.
        """
        check_provider(provide_token)
        check_recorder(recorder)
        state = self.unpark(challenge) if isinstance(challenge, str) else challenge
        _check_type(
            "challenge", state, AwaitingToken, "Pass TokenRequiredError.state, or the text that park() made."
        )
        if update is not None:
            _check_type("update", update, LinkUpdate, "Pass LinkUpdate(link_id, password=…).")
        self._check_resumable(state, token, provide_token, update)
        login = self._build_login(None if update is None else build_update(update), update, recorder)
        with self._traffic.gate, LoginWatch(self._traffic, "resume", state.challenge.link_id):
            async with self._locks.hold(state.challenge.link_id):
                start: State = state
                if token is not None or provide_token is None:
                    given = TokenGiven(token, self._traffic.clock.monotonic())
                    start = advance(state, given, self._traffic.policy)
                return await drive(start, login, provide_token, self._traffic)

    def _check_resumable(
        self,
        state: AwaitingToken,
        token: str | None,
        provide_token: TokenProvider | None,
        update: LinkUpdate | None,
    ) -> None:
        policy = self._traffic.policy
        if token is not None or provide_token is None:
            read_token(state, token)
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
        return write_parked(state, self._traffic.now())

    def unpark(self, text: str) -> AwaitingToken:
        """Read what `park` wrote, to show the challenge to a person.

        Raises:
            InvalidValueError: It is no text.
            DamagedStateError: The text is no parked challenge.
        """
        _check_type("text", text, str, "Pass what park() returned.")
        return read_parked(text, self._traffic.now())

    def list(self, **filters: Unpack[LinkFilters]) -> Listing[Link]:
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
        return Listing(self._exchange, self._traffic.gate, LINKS, tuple(query.items()), Link)

    async def get(self, link_id: str | UUID) -> Link:
        """Read one link.

        Raises:
            NotFoundError: There is none with this id.
            BelvoError: It could not be read.
        """
        request = build_link_read(read_link_id(link_id))
        with self._traffic.gate:
            return read_link(await self._exchange.fetch(request), request)

    async def settle(self, link_id: str | UUID, *, since: datetime) -> Link | None:
        """Look whether a login that left at *since* has succeeded: after `OutcomeUnknownError`, or a crash.

        None means that the link shows no success: the login may still be running, for up to five minutes
        (Belvo error article: 408), or it failed.

        Args:
            link_id: The link.
            since: When the login left, aware; by Belvo's clock, as a `LoginRecorder` is told.

        Raises:
            InvalidValueError: *since* has no time zone.
            NotFoundError: There is no such link.
            BelvoError: The link could not be read.
        """
        _check_type("since", since, datetime, "Pass the aware datetime that a LoginRecorder was given.")
        if since.tzinfo is None:
            raise InvalidValueError.of(
                "since", "has no time zone", remedy="Pass an aware datetime, such as datetime.now(UTC)."
            )
        settler = Settler(self._exchange, self._traffic, self._accesses, read_link_id(link_id))
        with self._traffic.gate:
            return await settler.look(since)

    async def modify(self, link_id: str | UUID, changes: LinkChanges) -> Link:
        """Change how a link's data is retrieved. No login happens now.

        Raises:
            BelvoError: It could not be changed.
        """
        _check_type("changes", changes, LinkChanges, "Pass LinkChanges(…).")
        link_id = read_link_id(link_id)
        request = build_changes(link_id, changes)
        with self._traffic.gate:
            async with self._locks.hold(link_id):
                return read_link(await self._exchange.fetch(request), request)

    async def delete(self, link_id: str | UUID, *, in_background: bool = False) -> AcceptedRequest | None:
        """Delete a link and all its data.

        Belvo allows five deletes a minute; more are waited for. With *in_background* there is no such
        limit, and a webhook `link_deleted` follows.

        Returns:
            The accepted request in the background mode, else None.

        Raises:
            NotFoundError: There is none with this id.
            BelvoError: It could not be deleted.
        """
        link_id = read_link_id(link_id)
        request = build_delete(link_id, in_background=in_background)
        with self._traffic.gate:
            async with self._locks.hold(link_id):
                return read_acceptance(await self._exchange.fetch(request))

    async def refresh_data(
        self,
        link_id: str | UUID,
        *,
        fetch_resources: Iterable[str] | None = None,
        provide_token: TokenProvider | None = None,
    ) -> AcceptedRequest:
        """Let Belvo load a link's history again; a webhook follows.

        Raises:
            TryLaterError: It was refreshed less than ten minutes ago (`link_refreshed`).
            TokenRequiredError: The institution wants a token, and nobody can be asked.
            BelvoError: It was refused.
        """
        check_provider(provide_token)
        link_id = read_link_id(link_id)
        request = build_refresh(link_id, read_names(fetch_resources))
        with self._traffic.gate, LoginWatch(self._traffic, "refresh_data", link_id):
            async with self._locks.hold(link_id):
                try:
                    response = await self._exchange.fetch(request)
                except TokenRequiredError as required:
                    if provide_token is None:
                        raise
                    state = required.state
                else:
                    return read_acceptance(response) or AcceptedRequest(request_id=None)
                link = await drive(state, self._build_login(None, None), provide_token, self._traffic)
                return AcceptedRequest(request_id=None, link=link)

    def _build_login(
        self, request: Request | None, update: LinkUpdate | None, recorder: LoginRecorder | None = None
    ) -> LinkLogin:
        return LinkLogin(
            exchange=self._exchange,
            traffic=self._traffic,
            claims=self._claims,
            accesses=self._accesses,
            request=request,
            update=update,
            recorder=recorder,
        )


def _check_type(name: str, value: object, kind: type, remedy: str) -> None:
    if not isinstance(value, kind):
        raise InvalidValueError.of(name, f"is {type(value).__name__}, not {kind.__name__}", remedy=remedy)
