"""One login of a link: queued, in flight, or held after its response was lost."""

import asyncio
import copy
from collections.abc import Awaitable, Callable
from enum import Enum
from functools import partial
from typing import Final, Generic, Protocol, TypeVar, cast

from attrs import frozen

from belvo_async._engine.callers import Caller, Callers
from belvo_async._engine.context import EngineContext
from belvo_async._engine.exchange import outcome_unknown
from belvo_async._engine.link_lease import FindEnd
from belvo_async._engine.link_lock import LinkHold, LinkLock
from belvo_async._engine.send_record import SendRecord
from belvo_async._event_loop import end_all
from belvo_async.errors import BelvoError, ChallengeError, CoordinatorError, LinkBusyError, PoolClosedError
from belvo_async.models import AwaitingToken
from belvo_async.telemetry._events import AbandonedLoginEnded, LoginOperation
from belvo_async.telemetry._log import notify

S = TypeVar("S")
T = TypeVar("T")


class RunningLogin(Protocol):
    """One login, as far as it must be known here."""

    @property
    def departure(self) -> SendRecord:
        """The departures of its newest request."""
        ...

    @property
    def link_id(self) -> str | None:
        """The link, once it is known."""
        ...

    def find_seconds_left(self) -> float:
        """Return after how many seconds it has ended at the latest, if no further challenge comes."""
        ...


@frozen(kw_only=True)
class Wish(Generic[T]):
    """What a call wants."""

    name: LoginOperation
    keys: tuple[str, ...]
    """What only one login at a time may be for: the link, and the user at the institution, where known."""
    digest: str | None = None
    """Equal for calls that want the same: a keyed digest, as what they want holds a password. None where no
    two calls want the same."""
    is_shared: bool = True
    """Whether equal calls share one login: a recorder could not write down what has happened already."""
    finds_parked: bool = False
    """Whether the open challenge of an equal call is told, in place of another login."""
    operation: RunningLogin
    callers: Callers
    run: Callable[[LinkHold], Awaitable[T]]
    """Does the login for its callers, while the link is held."""
    look_again: Callable[[], Awaitable[None]] | None = None
    """Called where another process has logged in meanwhile; raises where nothing is to be sent."""
    wait_until_over: Callable[[], Awaitable[T | None]]
    """Waits until the login has surely ended; returns the result if a status check shows it."""
    is_parked: Callable[[AwaitingToken], Awaitable[bool]]
    """Whether a challenge waits in the store already."""
    find_end: FindEnd
    """Checks whether a login that this one waits for has ended."""


class _Phase(Enum):
    SERVING = "queued or in flight, for its callers or, where they have left, to be heard"
    CUT = "cut off before it left, as nobody waits for it"
    HELD = "its callers were told, and the login may still be running"


class Flight(Generic[T]):
    """One login: queued, in flight, or held after its response was lost."""

    def __init__(
        self,
        wish: Wish[T],
        context: EngineContext,
        locks: LinkLock,
        list_under: "Callable[[Flight[T], str], None]",
        *,
        may_wait: bool,
    ) -> None:
        self.wish: Final = wish
        self._context: Final = context
        self._hold: Final = locks.hold(
            *wish.keys,
            may_wait=may_wait,
            find_end=wish.find_end,
            when_added=partial(list_under, self),
        )
        self._phase = _Phase.SERVING
        self._evidence: Final[asyncio.Future[T | None]] = asyncio.get_running_loop().create_future()
        self._task: Final = asyncio.get_running_loop().create_task(self._fly())

    @property
    def task(self) -> "asyncio.Task[None]":
        """What drives it."""
        return self._task

    @property
    def keys(self) -> tuple[str, ...]:
        """What it holds, or waits for."""
        return self._hold.keys

    @property
    def is_over(self) -> bool:
        """Whether the link is free of it, or is let go at this moment."""
        is_ended = self._phase is _Phase.HELD and not self.wish.operation.departure.may_run
        return is_ended or self._evidence.done()

    def can_join(self, wish: Wish[S]) -> bool:
        """Whether a call may share its result."""
        is_equal = wish.digest is not None and wish.digest == self.wish.digest
        is_equal = is_equal and wish.is_shared and self.wish.is_shared
        return is_equal and not (self._phase is _Phase.CUT or self.is_over)

    async def join(self, caller: Caller) -> T | None:
        """Wait for the result; None where the login has ended without anything that shows it."""
        if self._phase is _Phase.HELD:
            # What its own callers were told is over; what a status check shows is as good a result.
            return await asyncio.shield(self._evidence)
        self.wish.callers.add(caller)
        try:
            return cast("T", await caller.result)
        except asyncio.CancelledError:
            await self._leave(caller)
            raise

    async def _leave(self, caller: Caller) -> None:
        """Go on without *caller*; without any caller only a login goes on whose end is not known yet."""
        self.wish.callers.remove(caller)
        is_needed = self.wish.callers or self.wish.operation.departure.is_in_doubt
        if is_needed or self._phase is not _Phase.SERVING:
            return
        self._phase = _Phase.CUT
        await end_all([self._task])

    async def _fly(self) -> None:
        try:
            async with self._hold:
                try:
                    with self._context.lifecycle:
                        await self._serve_callers()
                    self._phase = _Phase.HELD
                    if self.wish.operation.departure.may_run:
                        self._show(await self.wish.wait_until_over())
                except BaseException:
                    if self.wish.operation.departure.may_run:
                        self._hold.abandon()
                    raise
        except (PoolClosedError, LinkBusyError, CoordinatorError) as error:
            self._fail(error)
            self._phase = _Phase.HELD  # all were told: what ends the task has nobody left to tell
        finally:
            self._show(None)

    async def _serve_callers(self) -> None:
        try:
            if self.wish.look_again is not None and self._hold.has_waited:
                await self.wish.look_again()
            result = await self.wish.run(self._hold)
        except GeneratorExit:
            raise
        except BaseException as error:
            if _is_cancelled():
                raise
            try:
                await self._let_go(error)
            finally:
                self._fail(error)
        else:
            try:
                await self._let_go(None)
            finally:
                self._succeed(result)

    async def _let_go(self, error: BaseException | None) -> None:
        """Let other processes have the link before the callers are told, where the login has ended."""
        if self.wish.operation.departure.may_run:
            return
        unparked = error.state if isinstance(error, ChallengeError) and self.wish.callers else None
        if unparked is None or not self._hold.is_shared or await self.wish.is_parked(unparked):
            await self._hold.let_go()
        else:
            await self._hold.let_go(unparked.challenge.link_id)

    def end(self) -> None:
        """Tell whoever still waits: of a task that is cancelled before its first step nothing runs."""
        if self._phase is _Phase.SERVING:
            self._fail(self._explain_cut())
        self._show(None)

    def _succeed(self, result: T) -> None:
        told = [caller.succeed(result) for caller in self.wish.callers.take_all()]
        if not any(told):
            self._tell(None)

    def _fail(self, error: BaseException) -> None:
        if self._phase is _Phase.HELD:
            return  # all were told
        # Each its own: one that is raised in several tasks collects all their tracebacks.
        callers = self.wish.callers.take_all()
        told = [caller.fail(_copy(error) if number else error) for number, caller in enumerate(callers)]
        if not any(told):
            self._tell(error)

    def _tell(self, error: BaseException | None) -> None:
        ended = AbandonedLoginEnded(
            operation=self.wish.name,
            link_id=self.wish.operation.link_id,
            error=None if error is None else type(error).__name__,
            code=error.code if isinstance(error, BelvoError) else None,
        )
        notify(self._context.observer, ended)

    def _show(self, result: T | None) -> None:
        if not self._evidence.done():
            self._evidence.set_result(result)

    def _explain_cut(self) -> BelvoError:
        departure = self.wish.operation.departure
        if not departure.is_in_doubt:
            return PoolClosedError("The session pool was closed.", remedy="Make a new pool, and call again.")
        sent_at = self._context.find_belvo_time(departure.last)
        why = "the session pool was closed before it could be told."
        return outcome_unknown(why, self.wish.operation.link_id, sent_at)


def _is_cancelled() -> bool:
    """Whether this task is; a `CancelledError` of the user's own is an error like any other."""
    task = asyncio.current_task()
    return task is not None and task.cancelling() > 0


def _copy(error: BaseException) -> BaseException:
    if not isinstance(error, BelvoError):
        return error
    twin = copy.copy(error)
    twin.__cause__ = error.__cause__
    return twin
