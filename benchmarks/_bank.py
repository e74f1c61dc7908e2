"""A transport without sockets: it answers by a script, in the process and by the clock of the pool."""

from collections.abc import Callable
from typing import Any, Final
from unittest.mock import patch

from belvo_async import Credentials, SessionPool
from belvo_async._clock import Clock
from belvo_async._engine import engine
from belvo_async._http import Request, Response
from belvo_async._wire.json import dump_json
from belvo_async.params._transport import SendPermit
from belvo_async.testing import challenge_body, link_body
from benchmarks._clients import KEYS
from benchmarks._portfolio import INSTITUTIONS, build_id

_HEADERS: Final = {"content-type": "application/json"}
_ROOT: Final = Response(status=200, headers=_HEADERS, body=b"{}")
_ID: Final = build_id(1)
_INSTITUTION: Final = INSTITUTIONS[0]
_LINK: Final = dump_json(link_body(_ID, institution=_INSTITUTION)).decode()
_CHALLENGE: Final = dump_json(challenge_body(_ID)).decode()


class Bank:
    """Answers logins.

    Args:
        clock: By which a login takes its time.
        find_seconds: How long each login takes; zero is one turn of the event loop.
        challenges: Which of the logins ask for a token, by their number, from 0 on.
    """

    def __init__(
        self, clock: Clock, find_seconds: Callable[[Request], float], challenges: Callable[[int], bool]
    ) -> None:
        self._clock: Final = clock
        self._find_seconds: Final = find_seconds
        self._challenges: Final = challenges
        self._logins = 0
        self.starts: list[float] = []
        """When each request came, logins or not."""
        self.keeps_starts = False

    async def send(self, request: Request, start: SendPermit | None = None) -> Response:
        """Answer with the link, or with a challenge."""
        if start is not None:
            await start.wait()
            start.leave()
        if self.keeps_starts:
            self.starts.append(self._clock.monotonic())
        if not request.is_login or request.link_id is None:
            return _ROOT
        number = self._logins
        self._logins += 1
        await self._clock.sleep(self._find_seconds(request))
        if request.method == "PUT" and self._challenges(number):
            return Response(
                status=428, headers=_HEADERS, body=_CHALLENGE.replace(_ID, request.link_id).encode()
            )
        link = _LINK.replace(_ID, request.link_id)
        if request.institution is not None:
            link = link.replace(_INSTITUTION, request.institution)
        return Response(status=200, headers=_HEADERS, body=link.encode())

    async def aclose(self) -> None:
        """Close nothing."""


def open_pool(bank: Bank, **settings: Any) -> SessionPool:
    """Make a pool that sends to *bank*."""
    with patch.object(engine, "AiohttpTransport", lambda *_, **__: bank):
        return SessionPool(Credentials(*KEYS), environment="sandbox", **settings)


def every(number: int) -> Callable[[int], bool]:
    """Choose one of so many; none for 0, all for 1."""
    return lambda login: number > 0 and login % number == number - 1
