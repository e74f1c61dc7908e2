"""The page that lists what is open, for those who watch."""

import asyncio
import json
from collections.abc import AsyncGenerator, Callable
from typing import TYPE_CHECKING, Final
from urllib.parse import urlsplit

from attrs import frozen

from belvo_async import BelvoError, Client, ParkedChallenge, check_client
from belvo_async._event_loop import LoopBinding
from belvo_async.errors import ConfigurationError
from belvo_async.models import ChallengePhase
from belvo_async.web._http import PageRequest, PageResponse
from belvo_async.web._languages import CATALOGS, choose_language
from belvo_async.web._render import refuse_method, render, render_part, serve_file, stream_events

if TYPE_CHECKING:
    from aiohttp import web

    from belvo_async.web._asgi import AsgiApp

_LONGEST_WATCH: Final = 15.0
"""Seconds: a server that stops waits for those who watch, who come back by themselves if it goes on."""
_COME_BACK: Final = b"retry: 500\n\n"
_MOST_SHOWN: Final = 200
_SHOWN: Final = (ChallengePhase.OPEN, ChallengePhase.ANSWERED, ChallengePhase.UNSETTLED)
_SCHEMES: Final = frozenset({"", "http", "https"})


@frozen(kw_only=True)
class _Row:
    """One challenge, as the table shows it."""

    left: str
    institution: str
    kind: str
    link_id: str
    attempts: int
    phase: str
    address: str | None


@frozen
class _Sight:
    """What was seen in the store."""

    rows: tuple[ParkedChallenge, ...] = ()
    is_broken: bool = False


class OperatorPage:
    """Lists the open challenges live, those first that expire first, and those whose end is not known.

    It has no log-in of its own: mount it where your application has made sure who is looking. However many
    look, the store is asked once every few seconds, and not at all while nobody does.

    Args:
        pool: The pool, or the account of it, that the challenges were parked with.
        link_to: Builds the address of a ticket's page. Whoever opens it can answer.
        every: Seconds between two looks into the store.
        brand: The name of your application, shown at the top.
        language: `en`, `es` or `pt`, where the browser prefers none of them.

    Raises:
        ConfigurationError: An argument makes no sense.
    """

    def __init__(
        self,
        pool: Client,
        *,
        link_to: Callable[[str], str] | None = None,
        every: float = 2.0,
        brand: str | None = None,
        language: str = "en",
    ) -> None:
        check_client(pool)
        if language not in CATALOGS:
            raise ConfigurationError(
                "language is none that there is.", remedy=f"Pass one of {', '.join(CATALOGS)}."
            )
        if not every > 0:
            raise ConfigurationError("every is no number of seconds.", remedy="Pass more than 0.")
        self._pool: Final = pool
        self._link_to: Final = link_to
        self._every: Final = every
        self._brand: Final = brand
        self._language: Final = language
        self._binding: Final = LoopBinding("page", "with a pool of its own")
        self._look: asyncio.Task[_Sight] | None = None
        self._looked_at = -every

    def aiohttp_app(self) -> "web.Application":
        """Build an application of aiohttp, for `add_subapp("/operators", …)`."""
        from belvo_async.web._aiohttp import build_app  # noqa: PLC0415 - either form without the other

        return build_app(self.handle)

    def asgi_app(self) -> "AsgiApp":
        """Build an ASGI application, for `mount("/operators", …)`."""
        from belvo_async.web._asgi import AsgiApp  # noqa: PLC0415 - either form without the other

        return AsgiApp(self.handle)

    async def handle(self, request: PageRequest) -> PageResponse:
        """Answer one request, whichever server it came by."""
        self._binding.bind()
        accepted = request.headers.get("accept-language", "")
        language = choose_language(request.query.get("lang"), accepted, self._language)
        directory, _, name = request.path.partition("/")
        file = serve_file(request, name) if directory == "static" else None
        if file is not None:
            return file
        if request.method not in {"GET", "HEAD"}:
            return refuse_method("GET, HEAD")
        if request.path == "events":
            return stream_events(self._watch(language))
        if request.path:
            missing = {"brand": self._brand, "name": "unknown", "sign": "?", "may_reload": False}
            return render("message.html", language, missing, status=404)
        context = self._describe(await self._see(), language)
        return render("operator.html", language, {**context, "brand": self._brand})

    async def _watch(self, language: str) -> AsyncGenerator[bytes, None]:
        """Yield the table whenever it has changed; a comment in between shows that the line is alive."""
        last, until = "", self._pool.clock.monotonic() + _LONGEST_WATCH
        while self._pool.clock.monotonic() < until:
            text = render_part("rows.html", language, self._describe(await self._see(), language))
            yield f"event: rows\ndata: {json.dumps(text)}\n\n".encode() if text != last else b":\n\n"
            last = text
            await self._pool.clock.sleep(self._every)
        yield _COME_BACK

    async def _see(self) -> _Sight:
        """Look into the store; all who ask within the same few seconds see the same."""
        now = self._pool.clock.monotonic()
        if self._look is None or now - self._looked_at >= self._every:
            self._look, self._looked_at = asyncio.create_task(self._read()), now
        return await asyncio.shield(self._look)

    async def _read(self) -> _Sight:
        rows: list[ParkedChallenge] = []
        try:
            for phase in _SHOWN:
                rows += await self._pool.challenges.list(phase=phase, limit=_MOST_SHOWN)
        except BelvoError:
            return _Sight(is_broken=True)
        return _Sight(rows=tuple(rows))

    def _describe(self, sight: _Sight, language: str) -> dict[str, object]:
        return {
            "rows": [self._build_row(parked, language) for parked in sight.rows],
            "problem": sight.is_broken,
        }

    def _build_row(self, parked: ParkedChallenge, language: str) -> _Row:
        texts = CATALOGS[language]
        seconds = max(0, int((parked.expires_at - self._pool.clock.wall()).total_seconds()))
        return _Row(
            left=texts["minutes"].format(minutes=seconds // 60, seconds=seconds % 60),
            institution=parked.institution or "",
            kind=str(parked.challenge.kind or ""),
            link_id=parked.link_id,
            attempts=parked.attempts,
            phase=texts[f"phase_{parked.phase}"],
            address=self._find_address(parked.ticket),
        )

    def _find_address(self, ticket: str) -> str | None:
        address = None if self._link_to is None else self._link_to(ticket)
        return address if address is not None and urlsplit(address).scheme in _SCHEMES else None
