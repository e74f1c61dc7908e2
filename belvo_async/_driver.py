"""Runs the machine over an exchange and a person. No policy here: `mfa` decides."""

import asyncio
import inspect
from collections.abc import Awaitable, Callable
from typing import Protocol, TypeAlias, assert_never

from attrs import evolve

from belvo_async._clock import first_of
from belvo_async._exchange import Traffic
from belvo_async._models import Challenge, Link
from belvo_async._observations import ChallengeClosed, ChallengeEnding, ChallengeReceived
from belvo_async._observer import notify
from belvo_async.errors import (
    ChallengeDeclinedError,
    InvalidValueError,
    TokenProviderError,
    TokenRequiredError,
)
from belvo_async.mfa import (
    AwaitingToken,
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

TokenProvider: TypeAlias = Callable[[Challenge], Awaitable[str | None] | str | None]
"""Asks a person. Returns the token as text; None to decline.

For a challenge that expects no input, returning (whatever it is) means that the person has confirmed.
It is called on the event loop: a plain function must not block it. It is cancelled when time runs out.
The link is locked meanwhile: a call about the same link from inside it would wait for ever.
"""


class Login(Protocol):
    """The two requests of one login."""

    @property
    def can_restart(self) -> bool:
        """Whether the login may be submitted once more."""
        ...

    async def submit(self) -> Event:
        """Send the login."""
        ...

    async def note_challenge(self, state: AwaitingToken) -> None:
        """Take note of a challenge, before anybody is asked."""
        ...

    async def resume(self, state: Resuming) -> Event:
        """Send the answer to a challenge."""
        ...


async def drive(state: State, login: Login, provider: TokenProvider | None, traffic: Traffic) -> Link:
    """Take a login from *state* to its end.

    Raises:
        BelvoError: It ended without an updated link.
    """
    policy = traffic.policy
    if policy.restarts and not login.can_restart:
        policy = evolve(policy, restarts=0)
    while True:
        match state:
            case Submitting():
                event = await login.submit()
            case AwaitingToken():
                await login.note_challenge(state)
                event = await _ask(state, provider, traffic)
            case Resuming():
                event = await login.resume(state)
            case Completed(link=link):
                return link
            case Failed(error=error):
                raise error
            case _:
                assert_never(state)
        state = advance(state, event, policy)


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


async def _ask(state: AwaitingToken, provider: TokenProvider | None, traffic: Traffic) -> Event:
    challenge = state.challenge
    received = ChallengeReceived(
        link_id=challenge.link_id,
        kind=challenge.kind,
        expiry=challenge.expiry,
        request_id=challenge.request_id,
    )
    notify(traffic.observer, received)
    began = traffic.clock.monotonic()
    ending = ChallengeEnding.CANCELLED
    try:
        event = await _await_answer(state, provider, traffic)
        ending = _find_ending(event)
    except TokenProviderError:
        ending = ChallengeEnding.FAILED
        raise
    except TokenRequiredError:
        ending = ChallengeEnding.LEFT
        raise
    finally:
        seconds = traffic.clock.monotonic() - began
        closed = ChallengeClosed(
            link_id=challenge.link_id, kind=challenge.kind, ending=ending, seconds=seconds
        )
        notify(traffic.observer, closed)
    return event


def _find_ending(event: Event) -> ChallengeEnding:
    match event:
        case Declined():
            return ChallengeEnding.DECLINED
        case Expired():
            return ChallengeEnding.EXPIRED
        case _:
            return ChallengeEnding.ANSWERED


async def _await_answer(state: AwaitingToken, provider: TokenProvider | None, traffic: Traffic) -> Event:
    if provider is None:
        raise token_required(state, "this call has nobody to ask")
    answer = asyncio.ensure_future(_call(provider, state.challenge))
    left = traffic.clock.sleep(state.deadline - traffic.clock.monotonic())
    await first_of(answer, left, traffic.gate.closing())
    if answer.done() and not answer.cancelled():
        return _read_answer(answer, state, traffic)
    if traffic.gate.is_closing:
        raise token_required(state, "the session pool is closing")
    if traffic.clock.monotonic() < state.deadline:
        raise _provider_failed(state, "was cancelled")
    return Expired()


async def _call(provider: TokenProvider, challenge: Challenge) -> str | None:
    result = provider(challenge)
    return await result if inspect.isawaitable(result) else result


def _read_answer(answer: "asyncio.Future[str | None]", state: AwaitingToken, traffic: Traffic) -> Event:
    error = answer.exception()
    if isinstance(error, ChallengeDeclinedError):
        return Declined()
    if isinstance(error, Exception):
        raise _provider_failed(state, f"raised {type(error).__name__}") from error
    if error is not None:
        raise error
    token = answer.result()
    if token is None and state.challenge.expects_user_input:
        return Declined()
    return TokenGiven(token, traffic.clock.monotonic())


def _provider_failed(state: AwaitingToken, what: str) -> TokenProviderError:
    return TokenProviderError(
        f"The provide_token callback {what}; no token was sent.",
        remedy="Mend the callback; until the challenge expires, this error's `state` can be resumed.",
        link_id=state.challenge.link_id,
        state=state,
    )
