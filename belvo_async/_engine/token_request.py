"""Asks whoever waits for a login for its token, and tells the observer how that ended."""

import asyncio
from typing import TypeAlias

from belvo_async._engine.callers import Callers
from belvo_async._engine.context import EngineContext
from belvo_async._event_loop import first_of
from belvo_async.errors import ChallengeDeclinedError, TokenProviderError, TokenRequiredError
from belvo_async.mfa import Declined, Expired, TokenGiven, token_required
from belvo_async.models import AwaitingToken
from belvo_async.telemetry._events import ChallengeClosed, ChallengeEnding, ChallengeReceived
from belvo_async.telemetry._log import notify

Reply: TypeAlias = TokenGiven | Declined | Expired


async def ask(state: AwaitingToken, callers: Callers, context: EngineContext) -> Reply:
    """Ask for the token of a challenge, until its deadline.

    Raises:
        TokenRequiredError: Nobody can be asked, or the pool closes.
        TokenProviderError: The callback failed.
    """
    challenge = state.challenge
    received = ChallengeReceived(
        link_id=challenge.link_id,
        kind=challenge.kind,
        expiry=challenge.expiry,
        request_id=challenge.request_id,
    )
    notify(context.observer, received)
    began = context.clock.monotonic()
    ending = ChallengeEnding.CANCELLED
    try:
        event = await _await_token(state, callers, context)
        ending = _find_ending(event)
    except TokenProviderError:
        ending = ChallengeEnding.FAILED
        raise
    except TokenRequiredError:
        ending = ChallengeEnding.LEFT
        raise
    finally:
        seconds = context.clock.monotonic() - began
        closed = ChallengeClosed(
            link_id=challenge.link_id, kind=challenge.kind, ending=ending, seconds=seconds
        )
        notify(context.observer, closed)
    return event


def _find_ending(event: Reply) -> ChallengeEnding:
    match event:
        case Declined():
            return ChallengeEnding.DECLINED
        case Expired():
            return ChallengeEnding.EXPIRED
        case _:
            return ChallengeEnding.ANSWERED


async def _await_token(state: AwaitingToken, callers: Callers, context: EngineContext) -> Reply:
    while True:
        caller = callers.first
        if caller is None or caller.provide_token is None:
            raise token_required(state, "this call has nobody to ask")
        asking = caller.ask(state.challenge)
        left = context.clock.sleep(state.deadline - context.clock.monotonic())
        await first_of(asking, left, context.lifecycle.closing(), callers.wait_for_successor(caller))
        # The callback of a caller that has left may give a token all the same: that is not sent.
        if asking.done() and not asking.cancelled() and callers.first is caller:
            return _read_token(asking, state, context)
        if context.lifecycle.is_closing:
            raise token_required(state, "the session pool is closing")
        if context.clock.monotonic() >= state.deadline:
            return Expired()
        if callers.first is caller:
            raise _provider_failed(state, "was cancelled")


def _read_token(asking: "asyncio.Future[str | None]", state: AwaitingToken, context: EngineContext) -> Reply:
    error = asking.exception()
    if isinstance(error, ChallengeDeclinedError):
        return Declined()
    if isinstance(error, Exception):
        raise _provider_failed(state, f"raised {type(error).__name__}") from error
    if error is not None:
        raise error
    token = asking.result()
    if token is None and state.challenge.expects_user_input:
        return Declined()
    return TokenGiven(token, context.clock.monotonic())


def _provider_failed(state: AwaitingToken, what: str) -> TokenProviderError:
    return TokenProviderError(
        f"The provide_token callback {what}; no token was sent.",
        remedy="Mend the callback; until the challenge expires, this error's `state` can be resumed.",
        link_id=state.challenge.link_id,
        state=state,
    )
