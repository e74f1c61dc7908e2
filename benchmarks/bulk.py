"""The bulk refresh: goodput, speed, memory, parked challenges, and what the journal costs.

Run it from the repository's root, on Linux: `python -m benchmarks.bulk`, or one part of it:
`python -m benchmarks.bulk speed`.
All but `speed` run without sockets: a transport that answers by a script stands in for Belvo.
"""

import argparse
import os
import statistics
from collections.abc import Callable, Iterator, Mapping
from typing import Final

from benchmarks import _overhead, _speed
from benchmarks._clients import CONNECTIONS, Sample
from benchmarks._facts import choose_cores, describe_machine
from benchmarks._goodput import GOAL, LIMIT, WINDOW, Goodput, run_all
from benchmarks._memory import describe_memory, describe_parked
from benchmarks._pairs import settle_down
from benchmarks._server import run_server
from benchmarks._table import draw_table, judge

_LINKS: Final = {False: 100_000, True: 5_000}
_ROUNDS: Final = {False: 7, True: 3}
_SECONDS: Final = {False: 3.0, True: 1.0}


def _describe_goodput(*, quick: bool) -> Iterator[str]:
    links = _LINKS[quick]
    yield f"Goodput: {links:,} links, limit {LIMIT} requests in {WINDOW:g} s, simulated clock"
    results = list(run_all(links))
    heads = ("seconds of one login", "mean/s", "hours", "fullest window", "goodput")
    yield draw_table(heads, map(_list_goodput, results))
    least = min(result.share for result in results)
    yield judge("least goodput", least, f"{GOAL:.2f}", reached=least >= GOAL)
    most = max(result.most for result in results)
    yield judge("requests in the fullest window", most, f"at most {LIMIT}", reached=most <= LIMIT) + "\n"


def _list_goodput(result: Goodput) -> tuple[str, ...]:
    return (
        result.mix,
        f"{result.latency:.1f}",
        f"{result.seconds / 3600:.2f}",
        f"{result.most}",
        f"{result.share:.4f}",
    )


def _describe_speed(*, quick: bool) -> Iterator[str]:
    cores = choose_cores()
    everywhere = os.sched_getaffinity(0)
    with run_server(cores.server) as server:
        os.sched_setaffinity(0, {cores.client})
        rounds = _speed.run_rounds(server, rounds=_ROUNDS[quick], seconds=_SECONDS[quick])
        os.sched_setaffinity(0, everywhere)
    yield (
        f"Speed: links per second on one core, no limit, {CONNECTIONS} at once over real connections; "
        f"medians of {len(rounds)} rounds"
    )
    heads = (
        "",
        "links/s",
        "CPU µs",
        "of aiohttp's rate",
        "least - most",
        "by CPU",
        "of links.update's rate",
        "by CPU",
    )
    yield draw_table(heads, (_list_speed(name, rounds) for name in _speed.RUNS)) + "\n"


def _list_speed(name: str, rounds: list[dict[str, Sample]]) -> tuple[str, ...]:
    def compare(other: str) -> list[float]:
        return [samples[name].rate / samples[other].rate for samples in rounds]

    def compare_cpu(other: str) -> float:
        return statistics.median(samples[other].cpu_us / samples[name].cpu_us for samples in rounds)

    raw = compare(_speed.AIOHTTP)
    return (
        name,
        f"{statistics.median(samples[name].rate for samples in rounds):,.0f}",
        f"{statistics.median(samples[name].cpu_us for samples in rounds):.0f}",
        f"{statistics.median(raw):.3f}",
        f"{min(raw):.3f} - {max(raw):.3f}",
        f"{compare_cpu(_speed.AIOHTTP):.3f}",
        f"{statistics.median(compare(_speed.UPDATE)):.3f}",
        f"{compare_cpu(_speed.UPDATE):.3f}",
    )


def _describe_memory(*, quick: bool) -> Iterator[str]:
    yield from describe_memory(quick=quick)


def _describe_parked(*, quick: bool) -> Iterator[str]:
    del quick
    yield from describe_parked()


def _describe_journal(*, quick: bool) -> Iterator[str]:
    rounds = _ROUNDS[quick]
    yield f"Journal: µs of one link, no sockets, no limit; the best of {rounds} rounds, as noise only adds"
    for workers in (1, 100):
        links = (500 if quick else 2_000) if workers == 1 else (2_000 if quick else 10_000)
        samples = [_overhead.run_once(links, workers) for _ in range(rounds)]
        yield draw_table(_JOURNAL_HEADS, _list_journal(samples, workers))
    yield ""


_JOURNAL_HEADS: Final = ("", "at once", "CPU", "wall", "journal CPU", "journal wall", "CPU / links.update's")


def _list_journal(rounds: list[Mapping[str, Sample]], workers: int) -> Iterator[tuple[str, ...]]:
    def find_cpu(name: str) -> float:
        return min(samples[name].cpu_us for samples in rounds)

    def find_wall(name: str) -> float:
        return min(1e6 / samples[name].rate for samples in rounds)

    for name in rounds[0]:
        cpu, wall = find_cpu(name), find_wall(name)
        has_journal = name not in (_overhead.UPDATE, _overhead.NOTHING)
        yield (
            name,
            f"{workers}",
            f"{cpu:.0f}",
            f"{wall:.0f}",
            f"{cpu - find_cpu(_overhead.NOTHING):+.0f}" if has_journal else "",
            f"{wall - find_wall(_overhead.NOTHING):+.0f}" if has_journal else "",
            f"{cpu / find_cpu(_overhead.UPDATE):.2f}",
        )


_PARTS: Final[Mapping[str, Callable[..., Iterator[str]]]] = {
    "goodput": _describe_goodput,
    "speed": _describe_speed,
    "memory": _describe_memory,
    "parked": _describe_parked,
    "journal": _describe_journal,
}


def main() -> None:
    """Run one part of the benchmark, or all of them, and print the results."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.bulk", description=__doc__)
    parser.add_argument("part", nargs="?", choices=_PARTS, help="default: all")
    parser.add_argument("--quick", action="store_true", help="fewer links and rounds: noisy, 3 minutes")
    options = parser.parse_args()
    settle_down()
    print(describe_machine(choose_cores()), flush=True)
    for part in _PARTS if options.part is None else (options.part,):
        for text in _PARTS[part](quick=options.quick):
            print(text, flush=True)


if __name__ == "__main__":
    main()
