"""Builds the logins that calls about links ask for, ready to be flown."""

from functools import partial
from typing import TypeVar

from attrs import evolve, frozen

from belvo_async._engine.callers import Callers
from belvo_async._engine.context import EngineContext
from belvo_async._engine.exchange import Exchange, ReadResult
from belvo_async._engine.flight import Wish
from belvo_async._engine.known_links import KnownLinks
from belvo_async._engine.link_lock import LinkHold, LinkLock
from belvo_async._engine.operation import FindInLink, Operation
from belvo_async._engine.parked_challenges import ParkedChallenges, Superseding
from belvo_async._engine.recorder import LoginRecorder
from belvo_async._engine.runner import drive
from belvo_async._engine.sent_tokens import SentTokens
from belvo_async._engine.single_flight import SingleFlight
from belvo_async._engine.status_check import SeenAccesses, StatusCheck
from belvo_async._http import Request, Response
from belvo_async._wire.requests import build_refresh, build_registration, build_update
from belvo_async._wire.responses import read_acceptance, read_link
from belvo_async.backends._lease import SentLogin
from belvo_async.mfa import State, Submitting, TokenGiven, advance
from belvo_async.models import AcceptedRequest, AwaitingToken, Link
from belvo_async.params import LinkRegistration, LinkUpdate
from belvo_async.params._keyed_digest import KeyedDigest
from belvo_async.telemetry._events import LoginOperation

T = TypeVar("T")


@frozen(kw_only=True)
class LoginMemory:
    """What a pool remembers of its logins, whichever account they are for."""

    flights: SingleFlight
    locks: LinkLock
    sent_tokens: SentTokens
    accesses: SeenAccesses
    links: KnownLinks


@frozen(kw_only=True)
class Logins:
    """The logins of one account."""

    exchange: Exchange
    context: EngineContext
    memory: LoginMemory
    parked: ParkedChallenges
    digest: KeyedDigest

    def update(
        self, update: LinkUpdate, recorder: LoginRecorder | None, max_wait: float | None
    ) -> Wish[Link]:
        """Build the login with new credentials."""
        request = build_update(update)
        login = self._build_link_login(
            request, update=update, recorder=recorder, link_id=update.link_id, max_wait=max_wait
        )
        digest = self.digest.of("update", request.body or b"")
        start = Submitting(update_digest=digest)
        keys = self._find_keys(update.link_id, update.institution_user_id)
        wish = self._build_wish("update", keys, login, start, digest)
        return evolve(wish, is_shared=recorder is None, finds_parked=True)

    def register(self, registration: LinkRegistration, max_wait: float | None) -> Wish[Link]:
        """Build the login that makes a link."""
        request = build_registration(registration)
        user = self.digest.of("user", registration.institution, registration.username)
        digest = self.digest.of("register", request.body or b"")
        keys = (f"registration {user}",)
        login = self._build_link_login(request, max_wait=max_wait)
        return self._build_wish("register", keys, login, Submitting(), digest)

    def resume(
        self,
        state: AwaitingToken,
        given: TokenGiven | None,
        update: LinkUpdate | None,
        recorder: LoginRecorder | None,
    ) -> Wish[Link]:
        """Build the rest of a login, from its challenge on; without a token its callers are asked."""
        link_id = state.challenge.link_id
        request = None if update is None else build_update(update)
        login = self._build_link_login(request, update=update, recorder=recorder, link_id=link_id)
        start: State[Link] = state if given is None else advance(state, given, self.context.policy)
        keys = self._find_keys(link_id, None if update is None else update.institution_user_id)
        return self._build_wish("resume", keys, login, start, None)

    def refresh_data(
        self, link_id: str, resources: tuple[str, ...] | None, max_wait: float | None
    ) -> Wish[AcceptedRequest]:
        """Build the login that lets Belvo load a history again."""
        return self.load_in_background("refresh_data", build_refresh(link_id, resources), max_wait)

    def load_in_background(
        self, name: LoginOperation, request: Request, max_wait: float | None
    ) -> Wish[AcceptedRequest]:
        """Build a login whose data Belvo loads in the background; its result says that Belvo took it."""
        return self.send(
            name,
            request,
            read=_read_acceptance,
            find=lambda _link, _sent_at: AcceptedRequest(request_id=None),
            max_wait=max_wait,
        )

    def retrieve(
        self,
        request: Request,
        *,
        read: ReadResult[T],
        find: FindInLink[T],
        recorder: LoginRecorder | None = None,
        max_wait: float | None = None,
    ) -> Wish[T]:
        """Build the login that retrieves data of a link."""
        link_id = str(request.link_id)
        login = self._build_data_login(request, link_id, read, find, recorder, max_wait)
        asked = f"{request.path} {request.query} ".encode() + (request.body or b"")
        digest = self.digest.of("retrieve", asked)
        start = Submitting(update_digest=digest)
        wish = self._build_wish("retrieve", self._find_keys(link_id, None), login, start, digest)
        return evolve(wish, is_shared=recorder is None, finds_parked=True)

    def resume_retrieval(
        self,
        state: AwaitingToken,
        given: TokenGiven | None,
        *,
        read: ReadResult[T],
        find: FindInLink[T],
        recorder: LoginRecorder | None = None,
    ) -> Wish[T]:
        """Build the rest of a retrieval, from its challenge on; without a token its callers are asked."""
        link_id = state.challenge.link_id
        login = self._build_data_login(None, link_id, read, find, recorder, None)
        start: State[T] = state if given is None else advance(state, given, self.context.policy)
        return self._build_wish("resume", self._find_keys(link_id, None), login, start, None)

    def _build_data_login(
        self,
        request: Request | None,
        link_id: str,
        read: ReadResult[T],
        find: FindInLink[T],
        recorder: LoginRecorder | None,
        max_wait: float | None,
    ) -> Operation[T]:
        login = self._build_login(
            request, read=read, find=find, recorder=recorder, link_id=link_id, max_wait=max_wait
        )
        login.supersedes_as = Superseding.NEWER_LOGIN
        return login

    def send(
        self,
        name: LoginOperation,
        request: Request,
        *,
        read: ReadResult[T],
        find: FindInLink[T],
        max_wait: float | None = None,
        is_shared: bool = True,
    ) -> Wish[T]:
        """Build a request about a link that may log in, and whose end the link does not show."""
        link_id = str(request.link_id)
        login = self._build_login(
            request, read=read, find=find, is_shown=False, link_id=link_id, max_wait=max_wait
        )
        digest = self.digest.of(name, f"{request.path} ".encode() + (request.body or b""))
        wish = self._build_wish(name, self._find_keys(link_id, None), login, Submitting(), digest)
        return evolve(wish, is_shared=is_shared)

    def _build_wish(
        self,
        name: LoginOperation,
        keys: tuple[str, ...],
        login: Operation[T],
        start: State[T],
        digest: str | None,
    ) -> Wish[T]:
        return Wish(
            name=name,
            keys=keys,
            digest=digest,
            operation=login,
            callers=login.callers,
            run=partial(_run, start, login),
            wait_until_over=login.wait_until_over,
            is_parked=self.parked.is_parked,
            find_end=self.find_end,
        )

    async def find_end(self, sent: SentLogin) -> bool:
        """Check once whether a login of another process has surely succeeded; see `FindEnd`."""
        check = StatusCheck(self.exchange, self.context, self.memory.accesses, sent.link_id)
        return await check.find_end(sent.seconds)

    def _find_keys(self, link_id: str, user: str | None) -> tuple[str, ...]:
        user = user or self.memory.links.find_user(link_id)
        return (link_id,) if user is None else (link_id, f"user {user}")

    def _build_link_login(
        self,
        request: Request | None,
        *,
        update: LinkUpdate | None = None,
        recorder: LoginRecorder | None = None,
        link_id: str | None = None,
        max_wait: float | None = None,
    ) -> Operation[Link]:
        return self._build_login(
            request,
            read=read_link,
            find=lambda link, _: link,
            update=update,
            recorder=recorder,
            link_id=link_id,
            max_wait=max_wait,
        )

    def _build_login(
        self,
        request: Request | None,
        *,
        read: ReadResult[T],
        find: FindInLink[T],
        is_shown: bool = True,
        update: LinkUpdate | None = None,
        recorder: LoginRecorder | None = None,
        link_id: str | None = None,
        max_wait: float | None = None,
    ) -> Operation[T]:
        return Operation(
            exchange=self.exchange,
            context=self.context,
            sent_tokens=self.memory.sent_tokens,
            accesses=self.memory.accesses,
            links=self.memory.links,
            callers=Callers(),
            request=request,
            read=read,
            find=find,
            is_shown=is_shown,
            update=update,
            recorder=recorder,
            parked=self.parked,
            link_id=link_id,
            max_wait=max_wait,
        )


async def _run(start: State[T], login: Operation[T], hold: LinkHold) -> T:
    login.hold = hold
    return await drive(start, login, login.callers, login.context, hold)


def _read_acceptance(response: Response, request: Request) -> AcceptedRequest:
    return read_acceptance(response, request) or AcceptedRequest(request_id=None)
