"""Results as text."""

from collections.abc import Iterator, Mapping
from typing import Final

from benchmarks._pairs import Pair, Spread
from benchmarks._table import draw_table, judge

_HEADS: Final = (
    "over",
    "ours/s",
    "other/s",
    "ratio",
    "middle half",
    "our CPU µs",
    "other's",
    "ratio",
    "middle half",
)


def describe_pairs(pairs: Mapping[str, list[Pair]], goals: Mapping[str, float]) -> Iterator[str]:
    """Yield a table of the medians and their spread, and which of the goals are reached."""
    yield draw_table(_HEADS, [_list_pairs(way, found) for way, found in pairs.items()])
    for way, goal in goals.items():
        yield _judge(f"{way}, by updates/s", [pair.by_rate for pair in pairs[way]], goal)
        yield _judge(f"{way}, by CPU time", [pair.by_cpu for pair in pairs[way]], goal)


def _list_pairs(way: str, pairs: list[Pair]) -> tuple[str, ...]:
    return (
        way,
        f"{Spread.of([pair.ours.rate for pair in pairs]).median:,.0f}",
        f"{Spread.of([pair.other.rate for pair in pairs]).median:,.0f}",
        *_list_ratio([pair.by_rate for pair in pairs]),
        f"{Spread.of([pair.ours.cpu_us for pair in pairs]).median:,.1f}",
        f"{Spread.of([pair.other.cpu_us for pair in pairs]).median:,.1f}",
        *_list_ratio([pair.by_cpu for pair in pairs]),
    )


def _list_ratio(ratios: list[float]) -> tuple[str, str]:
    spread = Spread.of(ratios)
    return f"{spread.median:.3f}", f"{spread.lower:.3f} - {spread.upper:.3f}"


def _judge(what: str, ratios: list[float], goal: float) -> str:
    median = Spread.of(ratios).median
    return judge(what, median, f"{goal:.2f}", reached=median >= goal)
