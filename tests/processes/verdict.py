"""What the judge has seen of several processes, in numbers."""

from collections.abc import Sequence
from statistics import fmean
from typing import Final, Self

from attrs import frozen

from tests.processes.judge import Judge, find_worst_window, measure_goodput
from tests.processes.launch import Ending
from tests.processes.loads import Load

_MOST_WAITED: Final = 0.9
"""Threads that wait at once count each: what is beyond says no more."""


@frozen(kw_only=True)
class Verdict:
    """How a load was sent."""

    load: Load
    arrivals: int
    worst: int
    """The most arrivals in any window: what Belvo counts."""
    worst_with_margin: int
    """The most in any window and margin: what a client counts, so more than the limit is a late arrival."""
    goodput: float
    lag: float
    """Seconds by which the judge itself was late at worst: more than the margin only harms where the kernel
    does not tell when a request came."""
    waited: float = 0.0
    """For which part of their time the processes have waited for a processor."""

    @property
    def use(self) -> float:
        """The goodput of the time in which the machine had a processor for the processes."""
        return self.goodput / (1.0 - min(self.waited, _MOST_WAITED))

    @classmethod
    def build(cls, judge: Judge, load: Load, endings: Sequence[Ending] = ()) -> Self:
        arrivals = judge.arrivals
        return cls(
            load=load,
            arrivals=len(arrivals),
            worst=find_worst_window(arrivals, load.window),
            worst_with_margin=find_worst_window(arrivals, load.window + load.margin),
            goodput=measure_goodput(arrivals, load.limit, load.window, load.margin),
            lag=judge.lag,
            waited=fmean(ending.waited for ending in endings) if endings else 0.0,
        )

    def __str__(self) -> str:
        load = self.load
        return (
            f"{load}: {self.arrivals} arrivals, at most {self.worst} of {load.limit} in {load.window:g} s "
            f"({self.worst_with_margin} in {load.window + load.margin:g} s), goodput {self.goodput:.3f}, "
            f"{self.waited:.0%} of the time without a processor, the judge at most {self.lag:.3f} s late"
        )
