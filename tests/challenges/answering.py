"""A worker that answers parked challenges until it is killed: `python -m tests.challenges.answering ORDER`.

It tells each change of the store before and after it, so that whoever kills it knows where it is.
"""

import asyncio
import json
import os
import random
import sys
from collections.abc import Awaitable, Callable
from contextlib import suppress
from typing import Final

import attrs
from attrs import frozen

from belvo_async import Concurrency, Credentials, ParkedChallenge, SessionPool
from belvo_async.backends import MemoryBackend, SqliteChallengeStore
from belvo_async.errors import BelvoError
from belvo_async.models import ChallengePhase
from tests.bulk.drill_clock import FastClock
from tests.challenges.parked import RIGHT
from tests.challenges.stores import TroubledStore

_AT_ONCE: Final = 4
_LONGEST_WAY: Final = 1.0
"""Seconds to the store, or back."""
_WRONG: Final = 0.3
"""The share of people who are wrong."""


@frozen(kw_only=True)
class Order:
    """Where the bank and the store are, and what time it is there."""

    url: str
    keys: tuple[str, str]
    store: str
    speed: float
    origin: float
    seed: int

    def write(self) -> str:
        return json.dumps(attrs.asdict(self))

    @classmethod
    def read(cls, text: str) -> "Order":
        return cls(**json.loads(text))


def draw_token(chance: random.Random, parked: ParkedChallenge) -> str | None:
    if not parked.challenge.expects_user_input:
        return None
    return f"wrong-{os.urandom(8).hex()}" if chance.random() < _WRONG else RIGHT


def build_teller(chance: random.Random, clock: FastClock) -> Callable[[int, str], Awaitable[None]]:
    """Build what tells each change of the store, and takes its time there, as one far away does."""

    async def tell(_: int, name: str) -> None:
        if name.startswith("replace"):
            sys.stdout.write(f"{name}\n")
            sys.stdout.flush()
            await clock.sleep(chance.uniform(0.0, _LONGEST_WAY))

    return tell


async def answer(pool: SessionPool, chance: random.Random) -> bool:
    """Answer one of the open challenges; return whether there was one."""
    waiting = await pool.challenges.list(limit=20)
    if not waiting:
        return bool(await pool.challenges.list(phase=ChallengePhase.CLAIMED, limit=1))
    parked = chance.choice(waiting)
    with suppress(BelvoError):  # another worker was faster, or the token was wrong
        await pool.challenges.resume(parked.ticket, draw_token(chance, parked))
    return True


async def work(order: Order) -> None:
    chance = random.Random(order.seed)  # noqa: S311 - repeatable
    async with SqliteChallengeStore(order.store) as store:
        told = TroubledStore(store)
        clock = FastClock(order.speed, order.origin)
        told.before = told.after = build_teller(chance, clock)
        pool = SessionPool(
            Credentials(*order.keys),
            environment=order.url,
            concurrency=Concurrency(total=_AT_ONCE),
            backend=MemoryBackend(told),
            clock=clock,
            observer=lambda _: None,
        )

        async def go_on() -> None:
            while await answer(pool, chance):
                pass

        async with pool, asyncio.TaskGroup() as group:
            for _ in range(_AT_ONCE):
                group.create_task(go_on())


if __name__ == "__main__":
    asyncio.run(work(Order.read(sys.argv[1])))
