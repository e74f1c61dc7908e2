"""How one request comes to leave: within the limits, announced, and checked once more."""

from typing import Final, Self

from attrs import define, field

from belvo_async._engine.context import EngineContext
from belvo_async._engine.priority import Priority
from belvo_async._engine.rate_limit_queue import Turn
from belvo_async._engine.rate_limiter import RateLimiter
from belvo_async._engine.send_record import SendRecord
from belvo_async._http import Request
from belvo_async.mfa import challenge_expired

_NOTE_LASTS: Final = 10.0
"""Seconds after which a login that was announced and has not left is announced again."""


@define
class RequestStart:
    """Lets one request leave, within each of the limits that it is under."""

    _request: Request
    _departure: SendRecord | None
    _context: EngineContext
    _turns: list[tuple[RateLimiter, Turn]] = field(factory=list, init=False)
    left_at: float | None = field(default=None, init=False)
    """When it left, by the monotonic clock."""
    _noted_at: float | None = field(default=None, init=False)

    async def admit(self, priority: Priority) -> Self:
        """Wait until its connection may be opened.

        Raises:
            PoolBusyError: It would have to wait for longer than its `max_wait`.
            PoolClosedError: The pool closes.
        """
        context, request = self._context, self._request
        limiters = (context.deletes, context.limiter) if request.is_limited_delete else (context.limiter,)
        try:
            for limiter in limiters:
                turn = await limiter.admit(priority, request.institution, max_wait=request.max_wait)
                self._turns.append((limiter, turn))
        except BaseException:
            self.give_up()
            raise
        return self

    async def wait(self) -> None:
        """Wait for the start, now that the connection stands.

        A login is announced first, so that a slow recorder costs no start; other processes are told last.
        """
        self._give_back()
        self._check()
        while True:
            await self._announce()
            for limiter, turn in self._turns:
                await limiter.take(turn)
            if self._is_noted() and await self._depart() and self._is_fresh():
                return
            self._give_back()

    def leave(self) -> None:
        """Let it go, if it still may."""
        self._check()
        self.left_at = self._context.clock.monotonic()
        if self._departure is not None:
            self._departure.leave(self.left_at)

    def give_up(self) -> None:
        """Note that it has failed, and give back its starts where it has not left."""
        for limiter, turn in self._turns:
            if self.left_at is None:
                limiter.give_up(turn)
            limiter.dropped(turn)

    def passed(self) -> None:
        """Note that the server took it."""
        for limiter, turn in self._turns:
            limiter.passed(turn)

    async def refused(self, status: int, retry_after: float | None) -> float | None:
        """Note that the server refused it for coming too fast; return the seconds of the pause that begins.

        Of an operation with a limit of its own, a 429 is about that limit, an HTML 403 about all requests.
        """
        (limiter, turn), *others = self._turns if status == 429 else self._turns[::-1]
        for other, other_turn in others:
            other.passed(other_turn)
        return await limiter.refused(turn, retry_after, is_page=status == 403)

    def _give_back(self) -> None:
        for limiter, turn in self._turns:
            limiter.give_back(turn)

    async def _announce(self) -> None:
        if self._departure is None or self._departure.announce is None or self._is_noted():
            return
        self._departure.announced_at = await self._departure.announce()
        self._noted_at = self._context.clock.monotonic()
        self._check()

    async def _depart(self) -> bool:
        return self._departure is None or self._departure.depart is None or await self._departure.depart()

    def _is_fresh(self) -> bool:
        return all(limiter.is_fresh(turn) for limiter, turn in self._turns)

    def _is_noted(self) -> bool:
        if self._departure is None or self._departure.announce is None:
            return True
        if self._noted_at is None:
            return False
        return self._context.clock.monotonic() - self._noted_at <= _NOTE_LASTS

    def _check(self) -> None:
        """Look once more, right before a login leaves: the wait may have been long."""
        request = self._request
        if not request.is_login:
            return
        self._context.lifecycle.check_open()
        if request.deadline is not None and self._context.clock.monotonic() >= request.deadline:
            raise challenge_expired(request.link_id, "the token waited too long to be sent, and was not")
