"""Calls the public face of `belvo_async`, and tells the judge of each call and each person."""

import asyncio
from collections import Counter
from collections.abc import Awaitable, Callable
from random import Random
from typing import Final

from attrs import frozen

from belvo_async import BelvoError, Challenge, Link, SessionPool, TokenProvider
from belvo_async.errors import (
    ChallengeError,
    LinkBusyError,
    OutcomeUnknownError,
    PoolClosedError,
    UsageError,
)
from tests.storm.clock import TurnClock
from tests.storm.judge import End, Fault, Judge
from tests.storm.records import Call, Wish

_BOUND: Final = 3000.0
"""Seconds: a call may wait for others of its link, and each of those for a login of 330 s and its repeats."""

_SHORT_EXPIRY: Final = 120.0
"""Seconds that a person may let pass; longer ones would stop the storm."""


@frozen
class Result:
    """How a call ended."""

    link: Link | None = None
    error: BelvoError | None = None


class Client:
    """One pool's user."""

    def __init__(self, pool: SessionPool, judge: Judge, clock: TurnClock, endings: Counter[str]) -> None:
        self.pool: Final = pool
        self.judge: Final = judge
        self.clock: Final = clock
        self._endings: Final = endings
        self._tokens = 0
        self.is_closed = False

    async def run(
        self,
        name: str,
        call: Callable[[Call], Awaitable[object]],
        wish: Wish | None = None,
        link_id: str | None = None,
    ) -> Result:
        """Make one call, and tell the judge how it ended.

        Raises:
            asyncio.CancelledError: The user has cancelled it.
        """
        task = asyncio.current_task()
        assert task is not None
        record = self.judge.begin(name, wish, link_id, _BOUND, task.cancel)
        result, ending, end = Result(), "cancelled", End.CANCELLED
        try:
            value = await call(record)
            link = value if isinstance(value, Link) else None
            result = Result(link)
            ending = "success" if value is not None else "no success seen"
            end = End.SUCCESS if value is not None else End.NO_SUCCESS
        except asyncio.CancelledError:
            if not record.is_overdue:
                raise
            task.uncancel()
        except BelvoError as error:
            result, ending = Result(error=error), type(error).__name__
            self.is_closed = self.is_closed or isinstance(error, PoolClosedError)
            end = _classify(name, error)
        except Exception as error:  # noqa: BLE001 - whatever it is, it is judged
            self.judge.blame(Fault.FOREIGN_ERROR, f"{name} raised {error!r}")
            ending, end = type(error).__name__, End.OTHER
        finally:
            self._endings[f"{name}: {ending}"] += 1
            self.judge.end(record, end, None if result.link is None else result.link.id)
        return result

    def find_person(self, call: Call, rng: Random) -> TokenProvider:
        """Return a person who gives a token: mostly soon, now and then late, or never."""

        async def provide_token(challenge: Challenge) -> str | None:
            self.judge.ask(call, challenge.link_id)
            await self.clock.sleep(_draw_thought(challenge, rng))
            mood = rng.random()
            if mood < 0.03:
                return None
            if mood < 0.05:
                raise RuntimeError("the person's telephone is broken")
            return self.give_token(challenge, call.link_id)

        return provide_token

    def give_token(self, challenge: Challenge, link_id: str | None) -> str:
        """Return a token that no other challenge has had."""
        self._tokens += 1
        token = f"{challenge.link_id}-{self._tokens}"
        self.judge.give(token, link_id or challenge.link_id, challenge.session)
        return token


def _draw_thought(challenge: Challenge, rng: Random) -> float:
    """Draw the seconds that a person needs: some are late, or nearly."""
    if rng.random() < 0.15 and challenge.expiry is not None and challenge.expiry <= _SHORT_EXPIRY:
        return challenge.expiry - rng.uniform(-3, 12)
    return rng.uniform(0.1, 20)


def _classify(name: str, error: BelvoError) -> End:
    if isinstance(error, ChallengeError | UsageError | LinkBusyError):
        return End.OTHER
    if name == "settle" and not isinstance(error, OutcomeUnknownError):
        return End.OTHER  # the link could not be read: that claims nothing
    return End.NO_SUCCESS
