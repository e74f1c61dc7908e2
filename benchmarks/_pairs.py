"""Two clients in alternation: what disturbs the machine for a while disturbs both."""

import gc
import statistics
from collections.abc import Callable
from typing import TypeAlias

from attrs import frozen

from benchmarks._clients import Sample

Run: TypeAlias = Callable[[str, float], Sample]
"""Runs one client against an address for so many seconds."""


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
    """The median of some numbers, and their range."""

    median: float
    least: float
    most: float

    @classmethod
    def of(cls, numbers: list[float]) -> "Spread":
        """Summarise at least one number."""
        return cls(statistics.median(numbers), min(numbers), max(numbers))


def run_pairs(ours: Run, other: Run, url: str, *, pairs: int, seconds: float) -> list[Pair]:
    """Run both in turns, beginning with ours."""

    def run(client: Run) -> Sample:
        gc.collect()  # nobody pays for the garbage of the run before
        return client(url, seconds)

    return [Pair(run(ours), run(other)) for _ in range(pairs)]
