"""What all calls have in common that log in: their checks, and their way into the engine."""

import math
from functools import partial
from typing import Final, TypeVar

from attrs import evolve

from belvo_async._engine.callers import TokenProvider, check_provider
from belvo_async._engine.context import EngineContext
from belvo_async._engine.flight import Wish
from belvo_async._engine.login_span import LoginSpan
from belvo_async._engine.logins import Logins
from belvo_async._engine.parked_challenges import parked_already
from belvo_async._engine.recorder import LoginRecorder, check_recorder
from belvo_async._engine.single_flight import WhenBusy, check_when_busy
from belvo_async._wire.challenge_text import load_state
from belvo_async.errors import ChallengeStoreError, InvalidValueError
from belvo_async.mfa import TokenGiven
from belvo_async.models import AwaitingToken, Link
from belvo_async.params._tokens import read_token

T = TypeVar("T")


def check_call(
    provide_token: TokenProvider | None,
    when_busy: WhenBusy,
    *,
    max_wait: float | None = None,
    recorder: LoginRecorder | None = None,
) -> None:
    """Refuse wrong arguments of a call that logs in.

    Raises:
        InvalidValueError: One is wrong; names it.
    """
    check_provider(provide_token)
    check_recorder(recorder)
    check_when_busy(when_busy)
    is_number = type(max_wait) in (int, float)
    if max_wait is not None and not (is_number and 0 < max_wait < math.inf):
        raise InvalidValueError.of(
            "max_wait", "is no number of seconds above 0", remedy="Pass seconds, or None to wait."
        )


class LoginCalls:
    """Makes the calls of one account that log in."""

    def __init__(self, context: EngineContext, logins: Logins) -> None:
        self._context: Final = context
        self._parked: Final = logins.parked
        self._memory: Final = logins.memory

    async def run(self, wish: Wish[T], provide_token: TokenProvider | None, when_busy: WhenBusy) -> T:
        """Return the result of a login.

        Raises:
            BelvoError: It ended without one.
        """
        with (
            self._context.lifecycle,
            LoginSpan(self._context, wish.name, wish.operation.link_id) as span,
        ):
            if wish.finds_parked and when_busy != "wait" and self._memory.flights.find_equal(wish) is None:
                await self._check_parked(wish)
                wish = evolve(wish, look_again=partial(self._check_parked, wish))
            self._parked.check_loop()
            result = await self._memory.flights.run(wish, provide_token, when_busy)
            if isinstance(result, Link):
                span.link_id = result.id
            return result

    async def _check_parked(self, wish: Wish[T]) -> None:
        """Refuse to ask the bank again what it has asked already: the person may be at it."""
        link_id = wish.operation.link_id
        if wish.digest is None or link_id is None:
            return
        try:
            found = await self._parked.find(link_id)
        except ChallengeStoreError as error:
            said = f"{error.message.rstrip('.')}; nothing was sent."
            raise ChallengeStoreError(said, remedy=error.remedy, link_id=link_id) from error
        state = None if found is None else found.read_state(self._context.now())
        if found is not None and state is not None and state.update_digest == wish.digest:
            raise parked_already(state, found.ticket)

    def read_state(self, challenge: str | AwaitingToken, collection: str) -> AwaitingToken:
        """Return a challenge that left an earlier call, if it is one of a collection.

        Raises:
            InvalidValueError: It is none, or one of another collection.
            DamagedStateError: The text is no parked challenge.
            ChallengeAnsweredError: This pool sent a token for it already.
        """
        state = self.unpark(challenge) if isinstance(challenge, str) else challenge
        if not isinstance(state, AwaitingToken):
            raise InvalidValueError.of(
                "challenge",
                f"is {type(state).__name__}, not AwaitingToken",
                remedy="Pass TokenRequiredError.state, or the text that park() made.",
            )
        asked = state.challenge.resume_target.collection
        if asked != collection:
            raise InvalidValueError.of(
                "challenge",
                f"is of {asked}, not of {collection}",
                remedy="Resume it at the resource that has raised it.",
                link_id=state.challenge.link_id,
            )
        return state

    def unpark(self, text: str) -> AwaitingToken:
        """Read a challenge that is written as text.

        Raises:
            DamagedStateError: The text is no parked challenge.
        """
        return load_state(text, self._context.now())

    def begin_answer(
        self, state: AwaitingToken, token: str | None, provide_token: TokenProvider | None
    ) -> TokenGiven | None:
        """Return the token of a challenge, where it is there already; None where a person is to be asked.

        Raises:
            InvalidTokenError: The token cannot be one.
            ChallengeAnsweredError: This pool sent a token for it already.
        """
        is_given = token is not None or provide_token is None
        if is_given:
            read_token(state.challenge, token, state)
        self._memory.sent_tokens.check(state)
        return TokenGiven(token, self._context.clock.monotonic()) if is_given else None
