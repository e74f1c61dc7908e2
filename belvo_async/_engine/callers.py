"""Who waits for one login: the first caller's callback is asked, and when it leaves, the next one's."""

import asyncio
import inspect
from collections.abc import Awaitable, Callable
from contextvars import Context
from typing import Any, Final, TypeAlias

from attrs import define, field

from belvo_async._http.hidden import hide
from belvo_async.errors import InvalidValueError
from belvo_async.models import Challenge

TokenProvider: TypeAlias = Callable[[Challenge], Awaitable[str | None] | str | None]
"""Asks a person. Returns the token as text; None to decline.

For a challenge that expects no input, returning (whatever it is) means that the person has confirmed.
It is called on the event loop: a plain function must not block it. It is cancelled when time runs out, and
when its caller leaves. The link is held meanwhile: a call about the same link from inside it would wait for
as long as it does itself.
"""


@define(eq=False)
class Caller:
    """One call that waits for a login."""

    provide_token: TokenProvider | None
    # Any: a caller knows what its own call returns, and who holds several of them does not.
    result: "asyncio.Future[Any]" = field(
        factory=lambda: asyncio.get_running_loop().create_future(), repr=False
    )
    context: Context | None = field(default=None, repr=False)
    """That of the call, for its callback to run in; None for the call in whose context the login runs."""

    def succeed(self, result: object) -> bool:
        """Give it the result; return False where it has left."""
        if self.result.done():
            return False
        self.result.set_result(result)
        return True

    def fail(self, error: BaseException) -> bool:
        """Give it the error, at its end; return False where it has left."""
        future = self.result
        # The error knows frames that know this caller. If that knew the error, all of them would stay in
        # memory until the next collection, with the credentials.
        del self.result
        if future.done():
            return False
        future.set_exception(error)
        return True

    def ask(self, challenge: Challenge) -> "asyncio.Task[str | None]":
        """Begin to ask its person."""
        asking = _call(self.provide_token, challenge)
        return asyncio.get_running_loop().create_task(asking, context=self.context)


async def _call(provide_token: TokenProvider | None, challenge: Challenge) -> str | None:
    given = None if provide_token is None else provide_token(challenge)
    return hide(await given if inspect.isawaitable(given) else given)


def check_provider(provider: object) -> None:
    """Refuse a callback that cannot be called.

    Raises:
        InvalidValueError: It is neither None nor callable.
    """
    if provider is not None and not callable(provider):
        raise InvalidValueError.of(
            "provide_token",
            f"is {type(provider).__name__}, which cannot be called",
            remedy="Pass a function that takes a Challenge and returns the token, without calling it.",
        )


class Callers:
    """All calls that share one login, in the order in which they came."""

    def __init__(self) -> None:
        self._waiting: Final[list[Caller]] = []
        self._has_changed: asyncio.Event | None = None
        """Made where somebody waits for it: most logins ask nobody."""

    def __bool__(self) -> bool:
        """Whether anybody waits."""
        return bool(self._waiting)

    @property
    def first(self) -> Caller | None:
        """The caller whose callback is asked; None where nobody waits any more."""
        return self._waiting[0] if self._waiting else None

    def add(self, caller: Caller) -> None:
        """Let one more wait."""
        self._waiting.append(caller)

    def remove(self, caller: Caller) -> None:
        """Forget one that has left; nothing happens where it is not there."""
        if caller in self._waiting:
            self._waiting.remove(caller)
            if self._has_changed is not None:
                self._has_changed.set()

    def take_all(self) -> list[Caller]:
        """Return all, and forget them."""
        waiting = self._waiting.copy()
        self._waiting.clear()
        return waiting

    async def wait_for_successor(self, caller: Caller) -> None:
        """Wait until *caller* is no longer the first."""
        while self.first is caller:
            self._has_changed = asyncio.Event()
            await self._has_changed.wait()
