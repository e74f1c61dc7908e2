"""Peak memory by the number of links, and bytes of each challenge."""

from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final

from benchmarks._footprint import Footprint, Job, measure
from benchmarks._table import draw_table, judge

_MIB: Final = 1024 * 1024
_GOAL: Final = 20.0
"""MiB that a million links may take more than ten thousand."""
_SIZES: Final = (1_000, 10_000, 100_000, 1_000_000)
_SMALL: Final = 10_000
_MANY: Final = 10_000


def describe_memory(*, quick: bool) -> Iterator[str]:
    """Measure both journals at each size; yield a table for each, and whether the goal is reached."""
    sizes = _SIZES[:3] if quick else _SIZES
    with TemporaryDirectory(dir=".", prefix=".benchmark-") as directory:
        for name in ("temporary journal", "journal in a file"):
            in_file = name.startswith("journal")
            feet = {
                size: measure(
                    Job(links=size, journal=str(Path(directory, f"{size}.sqlite")) if in_file else None)
                )
                for size in sizes
            }
            yield f"Memory, {name} (MiB, the whole process; a fresh one for each row)"
            yield draw_table(_HEADS, [_list_row(size, foot, feet[_SMALL]) for size, foot in feet.items()])
            more = (feet[sizes[-1]].peak - feet[_SMALL].peak) / _MIB
            what = f"MiB more for {sizes[-1]:,} links than for {_SMALL:,}"
            yield judge(what, more, f"at most {_GOAL:.0f}", reached=more <= _GOAL) + "\n"


_HEADS: Final = ("links", "before", "peak", "peak - that of 10,000", "ratio", "journal", "links/s")


def _list_row(links: int, foot: Footprint, small: Footprint) -> tuple[str, ...]:
    return (
        f"{links:,}",
        f"{foot.before / _MIB:.1f}",
        f"{foot.peak / _MIB:.1f}",
        f"{(foot.peak - small.peak) / _MIB:+.1f}",
        f"{foot.peak / small.peak:.3f}",
        f"{foot.file / _MIB:.1f}",
        f"{links / foot.seconds:,.0f}",
    )


def describe_parked() -> Iterator[str]:
    """Measure challenges that are parked, kept by their consumer, and being asked."""
    with TemporaryDirectory(dir=".", prefix=".benchmark-") as directory:
        rows = [
            ("parked, outcomes dropped", *_measure(directory, asks=False, keeps=False)),
            ("parked, outcomes kept by the consumer", *_measure(directory, asks=False, keeps=True)),
            ("people being asked at once", *_measure(directory, asks=True, keeps=False)),
        ]
        plain = measure(Job(links=_MANY, challenged=0, journal=str(Path(directory, "plain.sqlite"))))
    yield f"Bytes of each of {_MANY:,} challenges"
    yield draw_table(("", "allocated by Python", "resident", "in the journal's file"), rows)
    resident = (plain.after - plain.before) / _MANY
    yield f"Without a challenge, a link has {plain.file / _MANY:,.0f} bytes in the file."
    yield f"Resident memory has a fixed part, too: without challenges it is {resident:,.0f} for each link.\n"


def _measure(directory: str, *, asks: bool, keeps: bool) -> tuple[str, str, str]:
    """Measure twice, as counting allocations takes memory itself."""

    def run(*, traces: bool) -> Footprint:
        path = str(Path(directory, f"{asks}-{keeps}-{traces}.sqlite"))
        return measure(Job(links=_MANY, challenged=1, journal=path, asks=asks, keeps=keeps, traces=traces))

    traced, plain = run(traces=True), run(traces=False)
    resident = (plain.after - plain.before) / _MANY
    return f"{traced.traced / _MANY:,.0f}", f"{resident:,.0f}", f"{plain.file / _MANY:,.0f}"
