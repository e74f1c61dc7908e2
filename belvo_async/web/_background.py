"""Answers under way: a login takes longer than a browser, or a proxy before us, waits."""

import asyncio
from collections import OrderedDict
from enum import Enum
from typing import Final

from belvo_async import BelvoError, Client
from belvo_async.errors import (
    ChallengeAnsweredError,
    ChallengeSupersededError,
    InvalidTokenError,
    TokenRequiredError,
)

_FIRST_LOOK: Final = 1.0
"""Seconds in which an answer that cannot be sent is told at once."""
_REMEMBERED: Final = 1000


class AnswerResult(Enum):
    """What became of an answer so far."""

    UNDER_WAY = "under way"
    INVALID = "invalid"
    """It cannot be a token; nothing was sent."""
    NOT_SENT = "not_sent"
    """If the challenge is still open, it never left and can be given again."""
    OVER = "over"
    """The challenge itself tells how it ended."""


class Answering:
    """Sends answers in tasks of its own, so that a browser that goes away does not stop one."""

    def __init__(self, pool: Client) -> None:
        self._pool: Final = pool
        self._under_way: Final[dict[str, asyncio.Task[AnswerResult]]] = {}
        self._looks: Final[set[asyncio.Task[None]]] = set()
        self._not_sent: Final[OrderedDict[str, None]] = OrderedDict()

    def is_under_way(self, ticket: str) -> bool:
        """Whether an answer to this challenge is being sent from here."""
        return ticket in self._under_way

    def was_not_sent(self, ticket: str) -> bool:
        """Whether, if the challenge is open, the last answer from here could not be sent."""
        return ticket in self._not_sent

    async def answer(self, ticket: str, token: str | None, request_id: str | None) -> AnswerResult:
        """Begin to send an answer to the named challenge of a ticket, and wait for a moment."""
        if ticket in self._under_way:
            return AnswerResult.UNDER_WAY
        self._not_sent.pop(ticket, None)
        task = asyncio.create_task(self._send(ticket, token, request_id))
        self._under_way[ticket] = task
        task.add_done_callback(lambda _: self._under_way.pop(ticket, None))
        await asyncio.wait((task,), timeout=_FIRST_LOOK)
        return task.result() if task.done() else AnswerResult.UNDER_WAY

    async def _send(self, ticket: str, token: str | None, request_id: str | None) -> AnswerResult:
        try:
            await self._pool.challenges.resume(ticket, token, request_id=request_id)
        except InvalidTokenError:
            return AnswerResult.INVALID
        except (TokenRequiredError, ChallengeAnsweredError, ChallengeSupersededError):
            return AnswerResult.OVER
        except BelvoError:
            self._not_sent[ticket] = None
            if len(self._not_sent) > _REMEMBERED:
                self._not_sent.popitem(last=False)
            return AnswerResult.NOT_SENT
        return AnswerResult.OVER

    def settle(self, ticket: str) -> None:
        """Look at the link of an answer whose process is no more, aside."""
        task = asyncio.create_task(self._settle(ticket))
        self._looks.add(task)
        task.add_done_callback(self._looks.discard)

    async def _settle(self, ticket: str) -> None:
        try:
            await self._pool.challenges.settle(ticket)
        except BelvoError:
            return  # the page shows what is known, and somebody looks again later

    async def aclose(self, grace: float) -> None:
        """Wait up to *grace* seconds until all answers under way have ended."""
        until = asyncio.get_running_loop().time() + grace
        while tasks := (*self._under_way.values(), *self._looks):
            left = until - asyncio.get_running_loop().time()
            if left <= 0:
                return  # closing the pool ends them, and the challenges are settled later
            await asyncio.wait(tasks, timeout=left)
