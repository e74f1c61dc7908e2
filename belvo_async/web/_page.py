"""The page on which a person answers a parked challenge."""

from collections.abc import Mapping
from datetime import timedelta
from types import TracebackType
from typing import TYPE_CHECKING, Final, Self
from urllib.parse import parse_qs

from attrs import frozen

from belvo_async import BelvoError, Client, Clock, ParkedChallenge, check_client
from belvo_async._event_loop import LoopBinding
from belvo_async.errors import (
    ChallengeAnsweredError,
    ChallengeDeclinedError,
    ChallengeExpiredError,
    ChallengeSupersededError,
    ConfigurationError,
    DamagedStateError,
    InvalidValueError,
    UnknownTicketError,
)
from belvo_async.mfa import ResumeRoute
from belvo_async.models import ChallengePhase
from belvo_async.web._attempts import Attempts
from belvo_async.web._background import Answering, AnswerResult
from belvo_async.web._csrf import COOKIE, FIELD, comes_from_our_form, find_proof, write_cookie
from belvo_async.web._drawing import ValueKind, draw_value, shorten
from belvo_async.web._http import PageRequest, PageResponse
from belvo_async.web._languages import CATALOGS, choose_language
from belvo_async.web._render import redirect, refuse_method, render, serve_file

if TYPE_CHECKING:
    from aiohttp import web

    from belvo_async.web._asgi import AsgiApp

_MOST_FIELDS: Final = 20
_SETTLE_AFTER: Final = timedelta(seconds=20)
_SIGNS: Final = {
    "working": "",
    "updated": "✓",
    "refused": "✕",
    "declined": "✕",
    "expired": "✕",
    "superseded": "✓",
    "unsettled": "?",
    "unknown": "?",
    "form": "!",
    "busy": "!",
    "large": "!",
    "trouble": "!",
}
_OVER: Final = (
    ChallengeAnsweredError,
    ChallengeDeclinedError,
    ChallengeExpiredError,
    ChallengeSupersededError,
)
_DOUBTFUL: Final = frozenset({ChallengePhase.ANSWERED, ChallengePhase.UNSETTLED})
_SESSION_EXPIRED: Final = "session_expired"


@frozen
class _Visit:
    """One request, in the language of who makes it."""

    request: PageRequest
    language: str


class ChallengePage:
    """Shows a parked challenge to whoever has its ticket, and sends the answer.

    The addresses are `{where it is mounted}/{ticket}`. An answer goes on when the browser goes away; the
    page shows what has come of it whenever it is opened again. Enter it inside the pool, `async with store,
    pool, page`, so that answers under way are waited for.

    The address holds the ticket, the only key: keep it out of access logs with a `TicketFilter`.

    Args:
        pool: The pool, or the account of it, that the challenges were parked with.
        brand: The name of your application, shown at the top.
        language: `en`, `es` or `pt`, where the browser prefers none of them.
        institution_names: What people call institutions, by Belvo's names of them; others are shown as they
            were parked. Nothing is asked of Belvo for a name.
        close_grace: Seconds to wait at the end for answers under way; then the pool gives them its own.

    Raises:
        ConfigurationError: An argument makes no sense.

    Example:
        >>> from belvo_async import Credentials, SessionPool
        >>> from belvo_async.web import ChallengePage
        >>> pool = SessionPool(Credentials("id", "password"), environment="sandbox")
        >>> page = ChallengePage(pool, brand="Cuentas Claras", language="es")
        >>> app = page.asgi_app()  # mount it: app.mount("/challenges", page.asgi_app())
    """

    def __init__(
        self,
        pool: Client,
        *,
        brand: str | None = None,
        language: str = "en",
        institution_names: Mapping[str, str] | None = None,
        close_grace: float = 30.0,
    ) -> None:
        check_client(pool)
        if pool.mfa.restarts or pool.mfa.resume_route is ResumeRoute.PUT_LINK:
            raise ConfigurationError(
                "The pool's MfaPolicy needs the password with every answer; the page has none.",
                remedy="Give the page a pool with ResumeRoute.PATCH_COLLECTION and without restarts.",
            )
        if language not in CATALOGS:
            raise ConfigurationError(
                "language is none that there is.", remedy=f"Pass one of {', '.join(CATALOGS)}."
            )
        if not close_grace >= 0:
            raise ConfigurationError(
                "close_grace is no number of seconds, 0 or more.", remedy="Correct the setting."
            )
        self._close_grace: Final = close_grace
        self._pool: Final = pool
        self._brand: Final = brand
        self._language: Final = language
        self._answering: Final = Answering(pool)
        self._institution_names: Final = dict(institution_names or {})
        self._binding: Final = LoopBinding("page", "with a pool of its own")
        self._attempts: Final = Attempts()

    async def __aenter__(self) -> Self:
        """Serve pages."""
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Wait for the answers under way."""
        self._binding.check()
        await self._answering.aclose(self._close_grace)

    def aiohttp_app(self) -> "web.Application":
        """Build an application of aiohttp, for `add_subapp("/challenges", …)`."""
        from belvo_async.web._aiohttp import build_app  # noqa: PLC0415 - either form without the other

        return build_app(self.handle)

    def asgi_app(self) -> "AsgiApp":
        """Build an ASGI application, for `mount("/challenges", …)`."""
        from belvo_async.web._asgi import AsgiApp  # noqa: PLC0415 - either form without the other

        return AsgiApp(self.handle)

    async def handle(self, request: PageRequest) -> PageResponse:
        """Answer one request, whichever server it came by."""
        self._binding.bind()
        accepted = request.headers.get("accept-language", "")
        visit = _Visit(request, choose_language(request.query.get("lang"), accepted, self._language))
        directory, _, name = request.path.partition("/")
        file = serve_file(request, name) if directory == "static" else None
        if file is not None:
            return file
        if request.method not in {"GET", "HEAD", "POST"}:
            return refuse_method("GET, HEAD, POST")
        try:
            return await self._serve(visit)
        except (UnknownTicketError, InvalidValueError):
            return self._refuse_unknown(visit)
        except DamagedStateError:  # it will not get better
            return self._tell(visit, "unknown", status=410)
        except BelvoError:
            return self._tell(visit, "trouble", status=503, may_reload=True)

    async def _serve(self, visit: _Visit) -> PageResponse:
        ticket = visit.request.path
        parked = await self._pool.challenges.get(ticket)
        if visit.request.method != "POST":
            return await self._show(visit, parked)
        body = visit.request.body
        if body is None:
            return self._tell(visit, "large", status=413, may_reload=True)
        form = _read_form(body)
        if not comes_from_our_form(visit.request, form.get(FIELD, "")):
            return self._tell(visit, "form", status=403, may_reload=True)
        if parked.phase is not ChallengePhase.OPEN or self._answering.is_under_way(ticket):
            return self._go_back(visit)
        return await self._take(visit, parked, form)

    async def _take(self, visit: _Visit, parked: ParkedChallenge, form: dict[str, str]) -> PageResponse:
        ticket = parked.ticket
        if form.get("do") == "decline":
            await self._decline(ticket)
            return self._go_back(visit)
        if not self._attempts.answers.use(ticket, self._now):
            return self._tell(visit, "busy", status=429, may_reload=True, headers={"Retry-After": "60"})
        asked = parked.challenge.request_id or ""
        if form.get("question", asked) != asked:  # the form is of a question that was answered since
            return self._go_back(visit)
        token = form.get("token") if parked.challenge.expects_user_input else None
        answer = self._answering.answer(ticket, token, parked.challenge.request_id)
        if await answer is AnswerResult.INVALID:
            return self._show_form(visit, parked, problem="invalid", status=422)
        return self._go_back(visit)

    async def _decline(self, ticket: str) -> None:
        try:
            await self._pool.challenges.decline(ticket)
        except _OVER:
            return  # somebody was faster: the page shows what holds

    async def _show(self, visit: _Visit, parked: ParkedChallenge) -> PageResponse:
        if self._answering.is_under_way(parked.ticket):
            return self._tell(visit, "working")
        if parked.phase is ChallengePhase.OPEN:
            problem = "again" if parked.attempts else None
            if self._answering.was_not_sent(parked.ticket):
                problem = "not_sent"
            return self._show_form(visit, parked, problem=problem)
        if parked.phase is ChallengePhase.SUPERSEDED:
            newer = await self._pool.challenges.find(parked.link_id)
            if newer is not None:
                return self._go_to(visit, newer.ticket)
        if parked.phase in _DOUBTFUL:
            self._look_again(parked)
        if parked.phase in {ChallengePhase.CLAIMED, ChallengePhase.ANSWERED}:
            return self._tell(visit, "working")
        is_expired = parked.phase is ChallengePhase.REFUSED and parked.code == _SESSION_EXPIRED
        name = "expired" if is_expired else str(parked.phase)
        # Whoever had the form open sees how it ended; for all others the ticket is used.
        is_gone = name in {"declined", "expired", "superseded"} or COOKIE not in visit.request.cookies
        return self._tell(visit, name, status=410 if is_gone else 200)

    def _show_form(
        self, visit: _Visit, parked: ParkedChallenge, *, problem: str | None, status: int = 200
    ) -> PageResponse:
        challenge, institution = parked.challenge, parked.institution or ""
        texts = CATALOGS[visit.language]
        value = draw_value(challenge)
        proof = find_proof(visit.request)
        seconds = max(0, int((parked.expires_at - self._clock.wall()).total_seconds()))
        context = {
            "brand": self._brand,
            "institution": self._institution_names.get(institution, institution),
            "instructions": shorten(challenge.instructions),
            "lines": challenge.extra_lines,
            "value": value,
            "is_question": value.kind is ValueKind.QUESTION,
            "is_numeric": value.kind is ValueKind.NUMBER,
            "expects_input": challenge.expects_user_input,
            "problem": None if problem is None else texts[problem],
            "proof": proof,
            "question": challenge.request_id or "",
            "seconds": seconds,
            "left": texts["minutes"].format(minutes=seconds // 60, seconds=seconds % 60),
        }
        headers = {"Set-Cookie": write_cookie(visit.request, proof)}
        return render("form.html", visit.language, context, status=status, headers=headers)

    def _tell(
        self,
        visit: _Visit,
        name: str,
        *,
        status: int = 200,
        may_reload: bool = False,
        headers: dict[str, str] | None = None,
    ) -> PageResponse:
        context = {"brand": self._brand, "name": name, "sign": _SIGNS[name], "may_reload": may_reload}
        return render("message.html", visit.language, context, status=status, headers=headers)

    def _refuse_unknown(self, visit: _Visit) -> PageResponse:
        """Tell that there is no such ticket; a valid one is served however many were guessed before."""
        if self._attempts.unknown_tickets.use(visit.request.remote, self._now):
            return self._tell(visit, "unknown", status=404)
        return self._tell(visit, "busy", status=429, headers={"Retry-After": "60"})

    def _go_back(self, visit: _Visit) -> PageResponse:
        return self._go_to(visit, visit.request.path)

    def _go_to(self, visit: _Visit, ticket: str) -> PageResponse:
        lang = visit.request.query.get("lang")
        chosen = f"?lang={lang}" if lang in CATALOGS else ""
        return redirect(f"{ticket}{chosen}", {})

    def _look_again(self, parked: ParkedChallenge) -> None:
        """Look at the link of an answer that has been under way elsewhere for a while, now and then."""
        sent_at = parked.answered_at
        if sent_at is None or self._clock.wall() - sent_at < _SETTLE_AFTER:
            return
        if self._attempts.status_checks.use(parked.ticket, self._now):
            self._answering.settle(parked.ticket)

    @property
    def _clock(self) -> Clock:
        return self._pool.clock

    @property
    def _now(self) -> float:
        return self._clock.monotonic()


def _read_form(body: bytes) -> dict[str, str]:
    try:
        fields = parse_qs(
            body.decode("ascii", "replace"), max_num_fields=_MOST_FIELDS, keep_blank_values=True
        )
    except ValueError:
        return {}
    return {name: values[0] for name, values in fields.items()}
