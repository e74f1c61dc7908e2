"""Runs the machine over an exchange and a person. No policy here: `mfa` decides."""

from typing import Protocol, TypeVar, assert_never

from attrs import evolve

from belvo_async._engine.callers import Callers
from belvo_async._engine.context import EngineContext
from belvo_async._engine.link_lock import LinkHold
from belvo_async._engine.token_request import ask
from belvo_async.errors import TokenRequiredError
from belvo_async.mfa import Completed, Event, Failed, Resuming, State, Submitting, advance
from belvo_async.models import AwaitingToken

T = TypeVar("T")
T_co = TypeVar("T_co", covariant=True)


class Dialogue(Protocol[T_co]):
    """The two requests of one login."""

    @property
    def can_restart(self) -> bool:
        """Whether the login may be submitted once more."""
        ...

    async def submit(self) -> Event[T_co]:
        """Send the login."""
        ...

    async def note_challenge(self, state: AwaitingToken) -> None:
        """Take note of a challenge, before anybody is asked; refuse one that was answered already."""
        ...

    async def leave_challenge(self, state: AwaitingToken) -> TokenRequiredError:
        """Take note of a challenge that came when all callers had left; return what to raise."""
        ...

    async def resume(self, state: Resuming) -> Event[T_co]:
        """Send the answer to a challenge."""
        ...


async def drive(
    state: State[T], login: Dialogue[T], callers: Callers, context: EngineContext, hold: LinkHold
) -> T:
    """Take a login from *state* to its end; *hold* holds the link that a challenge names, too.

    Raises:
        BelvoError: It ended without a result.
    """
    policy = context.policy
    if policy.restarts and not login.can_restart:
        policy = evolve(policy, restarts=0)
    event: Event[T]
    while True:
        match state:
            case Submitting():
                event = await login.submit()
            case AwaitingToken() if not callers:
                raise await login.leave_challenge(state)
            case AwaitingToken():
                await hold.add(state.challenge.link_id)
                await hold.ask(state.deadline - context.clock.monotonic())
                await login.note_challenge(state)
                event = await ask(state, callers, context)
            case Resuming():
                event = await login.resume(state)
            case Completed(result=result):
                return result
            case Failed(error=error):
                raise error
            case _:
                assert_never(state)
        state = advance(state, event, policy)
