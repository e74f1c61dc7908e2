"""The job of the drill, as a process that can be killed: `python -m tests.bulk.drill_job order.json`."""

import asyncio
import json
import os
import random
import sys
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Final

import attrs
from attrs import frozen

from belvo_async import (
    Challenge,
    Concurrency,
    Credentials,
    LinkUpdate,
    RetryPolicy,
    SessionPool,
    TokenProvider,
)
from belvo_async.bulk import (
    JobLimits,
    JobRun,
    NotRetrieved,
    NotUpdated,
    Outcome,
    Parked,
    RetrievalOutcome,
    Retrieved,
    Unsettled,
    Updated,
    refresh,
    retrieve,
)
from belvo_async.models.transactions import Transaction
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
    output: str | None = None
    """Where the job keeps the transactions that it retrieves; None: it updates the links."""
    saves: bool = True
    """Whether Belvo stores them too."""

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


def describe(outcome: Outcome | RetrievalOutcome[Transaction]) -> str:
    match outcome:
        case Updated():
            return "updated"
        case Retrieved():
            return "retrieved"
        case Parked():
            return "parked"
        case NotUpdated() | NotRetrieved():
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


def begin(
    pool: SessionPool, order: Order, provide_token: TokenProvider | None
) -> JobRun[Outcome] | JobRun[RetrievalOutcome[Transaction]]:
    links = read_links(Path(order.links))
    limits = JobLimits(max_open_prompts=order.asking or 1, login_limit=order.login_limit)
    if order.output is None:
        return refresh(
            pool,
            links,
            provide_token=provide_token,
            journal=order.journal,
            retry=order.retry,
            limits=limits,
        )
    today = pool.clock.wall().date()
    return retrieve(
        pool.transactions,
        (link.link_id for link in links),
        output=order.output,
        provide_token=provide_token,
        journal=order.journal,
        retry=order.retry,
        limits=limits,
        date_from=today.replace(day=1) - timedelta(days=60),
        date_to=today,
        save_data=order.saves,
    )


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
    job = begin(pool, order, Crowd(clock).answer if order.asking else None)
    written = os.open(order.outcomes, os.O_WRONLY | os.O_CREAT | os.O_APPEND)
    async with pool, job as run:
        async for outcome in run:
            os.write(written, f"{outcome.link_id} {describe(outcome)}\n".encode())
    os.close(written)
    return job.report.to_json()


if __name__ == "__main__":
    sys.stdout.write(asyncio.run(work(Order.read(Path(sys.argv[1])))))
