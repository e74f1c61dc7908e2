"""Asks people for tokens: a bounded number at once, and nobody any more once the run stops."""

import asyncio
import inspect
from typing import Final

from belvo_async._engine.callers import TokenProvider
from belvo_async._event_loop import first_of
from belvo_async._http.hidden import hide
from belvo_async.errors import TokenProviderError
from belvo_async.models import Challenge
from belvo_async.params._tokens import read_token


class LeftOpenError(Exception):
    """Raise it in the `provide_token` of a job to leave a challenge open: its link is parked."""


def leave_open(link_id: str) -> TokenProviderError:
    """Build the error of a challenge that nobody can be asked about."""
    error = TokenProviderError(
        "The challenge is left open.", remedy="Answer it by its ticket.", link_id=link_id
    )
    error.__cause__ = LeftOpenError()
    return error


class Prompts:
    """Stands before the user's callback.

    Args:
        provider: The callback.
        most: How many people may be asked at once.
        stopping: Set when nobody is to be asked any more.
    """

    def __init__(self, provider: TokenProvider | None, most: int, stopping: asyncio.Event) -> None:
        self._provider: Final = provider
        self._most: Final = most
        self._stopping: Final = stopping
        self.asking = 0
        """How many people are being asked."""

    @property
    def provider(self) -> TokenProvider | None:
        """What the pool is given to call; None where there is nobody to ask."""
        return None if self._provider is None else self._ask

    async def _ask(self, challenge: Challenge) -> str | None:
        if self._provider is None or self.asking >= self._most or self._stopping.is_set():
            raise LeftOpenError
        self.asking += 1
        try:
            answer = asyncio.ensure_future(_call(self._provider, challenge))
            await first_of(answer, self._stopping.wait())
        finally:
            self.asking -= 1
        if answer.cancelled():
            raise LeftOpenError
        return answer.result()


def give_once(token: str, request_id: str | None = None) -> TokenProvider:
    """Build a callback that gives a token for one challenge, the named one, and leaves others open."""
    tokens = [hide(token)]

    def give(challenge: Challenge) -> str:
        if not tokens or request_id not in (None, challenge.request_id):
            raise LeftOpenError
        return tokens.pop()

    return give


def check_token(challenge: Challenge, token: str) -> None:
    """Refuse what can be no token for a challenge, before anything is done with it.

    Raises:
        InvalidTokenError: It cannot be sent.
    """
    read_token(challenge, token)


async def _call(provider: TokenProvider, challenge: Challenge) -> str | None:
    result = provider(challenge)
    return await result if inspect.isawaitable(result) else result
