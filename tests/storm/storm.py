"""Runs one storm: a bank, a judge, and pools one after the other, each with links of its own."""

import asyncio
import time
import weakref
from collections import Counter
from datetime import timedelta
from itertools import count
from typing import Final

from attrs import define, field

from belvo_async import Concurrency, Credentials, SessionPool
from tests.storm.bank import Bank
from tests.storm.client import Client
from tests.storm.clock import TurnClock
from tests.storm.faults import seed_with
from tests.storm.judge import Fault, Judge
from tests.storm.rest import UNWINDING, judge_memory, judge_rest, measure_memory
from tests.storm.stories import STORIES, Story

_LINKS_AT_ONCE: Final = 150
_REQUESTS_OF_A_POOL: Final = 5000
_WATCH: Final = 100.0
"""Seconds between two looks at the calls and at the memory."""
_CLOSE_GRACES: Final = (30.0, 1.0, 10.0)
_BANK_AHEAD: Final = (0.0, -15.0, 0.7, 3600.5, -1.3)
"""Seconds by which the bank's clock is ahead: each seed takes one."""
_LONG: Final = 100_000
"""Requests from which on the memory is judged: before, caches and the allocator still fill."""


@define
class Report:
    """What came of one seed."""

    seed: int
    requests: int = 0
    real_seconds: float = 0.0
    seconds: float = 0.0
    injected: Counter[str] = field(factory=Counter)
    endings: Counter[str] = field(factory=Counter)
    faults: Counter[Fault] = field(factory=Counter)
    evidence: dict[Fault, list[str]] = field(factory=dict)
    memory: list[float] = field(factory=list)
    """MiB, now and then."""


class Storm:
    """One bank, and the pools that meet it."""

    def __init__(self, seed: int, requests: int, clock: TurnClock) -> None:
        self._seed: Final = seed
        self._requests: Final = requests
        self._clock: Final = clock
        self._judge: Final = Judge(clock.monotonic)
        self._bank: Final = Bank(str(seed), clock, self._judge)
        self._numbers: Final = count(1)
        self._report: Final = Report(seed, endings=Counter(), injected=self._bank.injected)

    async def run(self) -> Report:
        """Send the requests, in pools one after the other."""
        report, began, started = self._report, time.perf_counter(), self._clock.monotonic()
        async with self._bank.server as server:
            watch = asyncio.create_task(self._watch())
            known = asyncio.all_tasks()
            for number in count():
                if server.requests >= self._requests:
                    break
                pool = await self._use_pool(number)
                await judge_rest(self._judge, server, known, pool, self._clock)
                self._judge.forget()
                self._bank.forget()
            watch.cancel()
        report.requests, report.real_seconds = server.requests, time.perf_counter() - began
        report.seconds = self._clock.monotonic() - started
        if report.requests >= _LONG:
            judge_memory(self._judge, report.memory)
        report.faults, report.evidence = self._judge.faults, dict(self._judge.evidence)
        return report

    async def _use_pool(self, number: int) -> "weakref.ref[SessionPool]":
        """Send the requests of one pool, and close it: when all is done, or in the middle."""
        pool = SessionPool(
            Credentials("id", "password"),
            environment=self._bank.server.url,
            concurrency=Concurrency(total=2 * _LINKS_AT_ONCE),
            close_grace=_CLOSE_GRACES[number % len(_CLOSE_GRACES)],
            observer=lambda _: None,
            clock=self._clock,
        )
        client = Client(pool, self._judge, self._clock, self._report.endings)
        enough = min(self._requests, self._bank.server.requests + _REQUESTS_OF_A_POOL)
        async with pool:
            workers = [asyncio.create_task(self._work(client, enough)) for _ in range(_LINKS_AT_ONCE)]
            if number % 3:
                while self._bank.server.requests < enough - _REQUESTS_OF_A_POOL // 10:
                    await self._clock.sleep(1)
            else:
                await asyncio.gather(*workers)
                await self._sweep(client)
            began = self._clock.monotonic()
        took = self._clock.monotonic() - began
        if took > _CLOSE_GRACES[number % len(_CLOSE_GRACES)] + UNWINDING:
            self._judge.blame(Fault.ENDLESS_CALL, f"aclose took {took:.1f} s")
        await asyncio.gather(*workers)
        return weakref.ref(pool)

    async def _sweep(self, client: Client) -> None:
        await client.run("sweep", lambda _: client.pool.challenges.sweep())

    async def _work(self, client: Client, enough: int) -> None:
        while self._bank.server.requests < enough and not client.is_closed:
            number = next(self._numbers)
            rng = seed_with(f"{self._seed}/story/{number}")
            story = Story(client, number, rng)
            self._bank.add_link(story.link_id)
            await STORIES.draw(rng)(story)

    async def _watch(self) -> None:
        while True:
            self._judge.blame_overdue()
            self._report.memory.append(measure_memory())
            await self._clock.sleep(_WATCH)


async def run_storm(seed: int, requests: int) -> Report:
    """Run one storm, by its own clock."""
    async with TurnClock(timedelta(seconds=_BANK_AHEAD[seed % len(_BANK_AHEAD)])) as clock:
        return await Storm(seed, requests, clock).run()
