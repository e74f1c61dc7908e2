"""Results as text."""

from typing import Final

from benchmarks._pairs import Pair, Spread

_HEADS: Final = ("ours/s", "other/s", "ratio", "our CPU µs", "their CPU µs", "ratio")
_DIGITS: Final = (0, 0, 3, 1, 1, 3)
_WIDTH: Final = 13


def describe_pairs(other: str, pairs: list[Pair], goal: float) -> str:
    """Return a table of all pairs, with the medians and their spread."""
    rows = [_read_row(pair) for pair in pairs]
    columns = [Spread.of(list(column)) for column in zip(*rows, strict=True)]
    return "\n".join(
        [
            f"belvo_async and {other}",
            "pair   " + "".join(f"{head:>{_WIDTH}}" for head in _HEADS),
            *(f"{number:<7}" + _write_row(row) for number, row in enumerate(rows, 1)),
            "median " + _write_row(tuple(column.median for column in columns)),
            _judge("updates/s", columns[2], goal),
            _judge("CPU time ", columns[5], goal),
        ]
    )


def _read_row(pair: Pair) -> tuple[float, ...]:
    ours, other = pair.ours, pair.other
    return ours.rate, other.rate, pair.by_rate, ours.cpu_us, other.cpu_us, pair.by_cpu


def _write_row(row: tuple[float, ...]) -> str:
    return "".join(f"{number:{_WIDTH}.{digits}f}" for number, digits in zip(row, _DIGITS, strict=True))


def _judge(what: str, ratio: Spread, goal: float) -> str:
    verdict = "reached" if ratio.median >= goal else "MISSED"
    return (
        f"ratio by {what}: median {ratio.median:.3f}, from {ratio.least:.3f} to {ratio.most:.3f}; "
        f"goal {goal:.2f} {verdict}"
    )
