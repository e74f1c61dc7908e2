"""Runs the machine over an exchange and a person. No policy here: `mfa` decides."""

import asyncio
from typing import Protocol, assert_never

from attrs import evolve

from belvo_async._engine.callers import Callers
from belvo_async._engine.context import EngineContext
from belvo_async._engine.link_lock import HoldLink
from belvo_async._event_loop import first_of
from belvo_async.errors import (
    ChallengeDeclinedError,
    TokenProviderError,
    TokenRequiredError,
)
from belvo_async.mfa import (
    Completed,
    Declined,
    Event,
    Expired,
    Failed,
    Resuming,
    State,
    Submitting,
    TokenGiven,
    advance,
    token_required,
)
from belvo_async.models import AwaitingToken, Link
from belvo_async.telemetry._events import ChallengeClosed, ChallengeEnding, ChallengeReceived
from belvo_async.telemetry._observer import notify


class Dialogue(Protocol):
    """The two requests of one login."""

    @property
    def can_restart(self) -> bool:
        """Whether the login may be submitted once more."""
        ...

    async def submit(self) -> Event:
        """Send the login."""
        ...

    async def note_challenge(self, state: AwaitingToken) -> None:
        """Take note of a challenge, before anybody is asked; refuse one that was answered already."""
        ...

    async def leave_challenge(self, state: AwaitingToken) -> TokenRequiredError:
        """Take note of a challenge that came when all callers had left; return what to raise."""
        ...

    async def resume(self, state: Resuming) -> Event:
        """Send the answer to a challenge."""
        ...


async def drive(
    state: State, login: Dialogue, callers: Callers, context: EngineContext, hold_link: HoldLink
) -> Link:
    """Take a login from *state* to its end; *hold_link* holds the link that a challenge names.

    Raises:
        BelvoError: It ended without an updated link.
    """
    policy = context.policy
    if policy.restarts and not login.can_restart:
        policy = evolve(policy, restarts=0)
    while True:
        match state:
            case Submitting():
                event = await login.submit()
            case AwaitingToken() if not callers:
                raise await login.leave_challenge(state)
            case AwaitingToken():
                await hold_link(state.challenge.link_id)
                await login.note_challenge(state)
                event = await _ask(state, callers, context)
            case Resuming():
                event = await login.resume(state)
            case Completed(link=link):
                return link
            case Failed(error=error):
                raise error
            case _:
                assert_never(state)
        state = advance(state, event, policy)


async def _ask(state: AwaitingToken, callers: Callers, context: EngineContext) -> Event:
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


def _find_ending(event: Event) -> ChallengeEnding:
    match event:
        case Declined():
            return ChallengeEnding.DECLINED
        case Expired():
            return ChallengeEnding.EXPIRED
        case _:
            return ChallengeEnding.ANSWERED


async def _await_token(state: AwaitingToken, callers: Callers, context: EngineContext) -> Event:
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


def _read_token(asking: "asyncio.Future[str | None]", state: AwaitingToken, context: EngineContext) -> Event:
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
