"""What the judge has seen of several processes, in numbers."""

from typing import Self

from attrs import frozen

from tests.processes.judge import Judge, find_worst_window, measure_goodput
from tests.processes.loads import Load


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

    @classmethod
    def build(cls, judge: Judge, load: Load) -> Self:
        arrivals = judge.arrivals
        return cls(
            load=load,
            arrivals=len(arrivals),
            worst=find_worst_window(arrivals, load.window),
            worst_with_margin=find_worst_window(arrivals, load.window + load.margin),
            goodput=measure_goodput(arrivals, load.limit, load.window, load.margin),
            lag=judge.lag,
        )

    def __str__(self) -> str:
        load = self.load
        return (
            f"{load}: {self.arrivals} arrivals, at most {self.worst} of {load.limit} in {load.window:g} s "
            f"({self.worst_with_margin} in {load.window + load.margin:g} s), goodput {self.goodput:.3f}, "
            f"the judge at most {self.lag:.3f} s late"
        )
