"""The job of the drill, as a process that can be killed: `python -m tests.bulk.drill_job order.json`."""

import asyncio
import json
import os
import random
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Final

import attrs
from attrs import frozen

from belvo_async import Challenge, Concurrency, Credentials, LinkUpdate, RetryPolicy, SessionPool
from belvo_async.bulk import JobLimits, NotUpdated, Outcome, Parked, Unsettled, Updated, refresh
from tests.bulk.drill_clock import FastClock

RIGHT_TOKEN: Final = "111111"
WRONG_TOKEN: Final = "wrong-"
"""How a wrong one begins; the rest is different each time."""
_WRONG_ONCE_IN: Final = 4
_LONGEST_THOUGHT: Final = 1.0
"""Seconds until a person answers."""


@frozen(kw_only=True)
class Order:
    """What one run of the job is to do."""

    url: str
    keys: tuple[str, str]
    links: str
    """A file of lines: link id, institution."""
    journal: str
    outcomes: str
    """A file that gets a line for each outcome: link id, state."""
    speed: float
    origin: float
    concurrency: int
    login_limit: float
    asking: int
    """How many people are asked at once; 0: all challenges are parked."""
    retry: tuple[str, ...] = ()

    def write(self, path: Path) -> None:
        path.write_text(json.dumps(attrs.asdict(self)))

    @classmethod
    def read(cls, path: Path) -> "Order":
        return cls(**json.loads(path.read_text()))


def read_links(path: Path) -> Iterator[LinkUpdate]:
    with path.open() as lines:
        for line in lines:
            link_id, institution = line.split()
            yield LinkUpdate(link_id, password=f"secret-{link_id}", institution=institution)


def describe(outcome: Outcome) -> str:
    match outcome:
        case Updated():
            return "updated"
        case Parked():
            return "parked"
        case NotUpdated():
            return "refused"
        case Unsettled():
            return "unsettled"


class Crowd:
    """The people who are asked: slow, and one in four is wrong at first."""

    def __init__(self, clock: FastClock) -> None:
        self._clock: Final = clock

    async def answer(self, challenge: Challenge) -> str | None:
        await self._clock.sleep(random.uniform(0, _LONGEST_THOUGHT))  # noqa: S311 - a thought
        is_wrong = int(challenge.session, 16) % _WRONG_ONCE_IN == 0
        return f"{WRONG_TOKEN}{os.urandom(8).hex()}" if is_wrong else RIGHT_TOKEN


async def work(order: Order) -> str:
    """Do the job; return its report as JSON."""
    clock = FastClock(order.speed, order.origin)
    pool = SessionPool(
        Credentials(*order.keys),
        environment=order.url,
        concurrency=Concurrency(total=order.concurrency, per_institution=order.concurrency),
        retry=RetryPolicy(budget_reserve=1000.0),
        observer=lambda _: None,
        clock=clock,
    )
    job = refresh(
        pool,
        read_links(Path(order.links)),
        provide_token=Crowd(clock).answer if order.asking else None,
        journal=order.journal,
        retry=order.retry,
        limits=JobLimits(max_open_prompts=order.asking or 1, login_limit=order.login_limit),
    )
    written = os.open(order.outcomes, os.O_WRONLY | os.O_CREAT | os.O_APPEND)
    async with pool, job as run:
        async for outcome in run:
            os.write(written, f"{outcome.link_id} {describe(outcome)}\n".encode())
    os.close(written)
    return job.report.to_json()


if __name__ == "__main__":
    sys.stdout.write(asyncio.run(work(Order.read(Path(sys.argv[1])))))
