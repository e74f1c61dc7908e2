"""Two clients in alternation: what disturbs the machine for a while disturbs both."""

import gc
import logging
import statistics
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from typing import TypeAlias

from attrs import frozen

from benchmarks._clients import Sample
from benchmarks._server import Server

Run: TypeAlias = Callable[[Server, float], Sample]
"""Runs one client against a server for so many seconds."""


@frozen
class Pair:
    """One run of each, one right after the other."""

    ours: Sample
    other: Sample

    @property
    def by_rate(self) -> float:
        """Our updates per second as a multiple of the other's."""
        return self.ours.rate / self.other.rate

    @property
    def by_cpu(self) -> float:
        """The other's CPU time per update as a multiple of ours; the neighbours' load matters less here."""
        return self.other.cpu_us / self.ours.cpu_us


@frozen
class Spread:
    """The median of some numbers, and where the middle half of them lies."""

    lower: float
    median: float
    upper: float

    @classmethod
    def of(cls, numbers: list[float]) -> "Spread":
        """Summarise at least two numbers."""
        return cls(*statistics.quantiles(numbers, n=4, method="inclusive"))


@frozen(kw_only=True)
class Extent:
    """How much is measured."""

    processes: int
    """How many, one after the other: the same code differs by 15 µs from process to process."""
    turns: int
    """Of both clients in each process."""
    seconds: float
    """Of one run in a turn."""


def settle_down() -> None:
    """Let this process measure nothing but the clients."""
    logging.getLogger("belvo_async").setLevel(logging.WARNING)
    gc.collect()
    gc.freeze()  # else each full collection walks all imported modules, in whoever's run it falls


def run_pairs(ours: Run, other: Run, server: Server, extent: Extent) -> list[Pair]:
    """Run both in turns, in each of so many fresh processes."""
    with ProcessPoolExecutor(1, get_context("spawn"), max_tasks_per_child=1) as processes:
        tasks = [processes.submit(_run_turns, ours, other, server, extent) for _ in range(extent.processes)]
        return [pair for task in tasks for pair in task.result()]


def _run_turns(ours: Run, other: Run, server: Server, extent: Extent) -> list[Pair]:
    """Run both in turns; who comes first changes each time."""
    settle_down()

    def run(client: Run) -> Sample:
        gc.collect()  # nobody pays for the garbage of the run before
        return client(server, extent.seconds)

    def run_both(*, begins_with_ours: bool) -> Pair:
        if begins_with_ours:
            return Pair(ours=run(ours), other=run(other))
        theirs = run(other)
        return Pair(ours=run(ours), other=theirs)

    return [run_both(begins_with_ours=turn % 2 == 0) for turn in range(extent.turns)]
