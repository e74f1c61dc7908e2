"""What a call costs: `belvo_async` beside bare aiohttp and other clients, over TLS and plain.

Run it from the repository's root, on Linux: `python -m benchmarks.updates`. It takes a quarter of an hour.
"""

import argparse
import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Final

from attrs import field, frozen

from benchmarks import _others, _pages
from benchmarks._breakdown import describe_breakdown
from benchmarks._clients import CONNECTIONS, get_aiohttp, get_ours, put_aiohttp, update_ours
from benchmarks._facts import choose_cores, describe_machine
from benchmarks._goodput import LIMIT, WINDOW
from benchmarks._pairs import Extent, Pair, Run, Spread, run_pairs, settle_down
from benchmarks._report import describe_pairs
from benchmarks._server import Server, run_server, run_tls_server
from benchmarks._speed import refresh_ours
from benchmarks._table import judge

_TLS: Final = "TLS"
_PLAIN: Final = "plain"
_MOST_SHARE: Final = 0.01
_QUICK: Final = Extent(processes=2, turns=2, seconds=0.3)
_TURNS: Final = 4
_METHOD: Final = f"""\
How it is measured: a minimal HTTP server runs in a process of its own on another core and answers every
request at once with the documented link. Fresh processes measure, one after the other, each pinned to one
core. Each runs both clients in turns, after a warm-up of each run. {CONNECTIONS} requests are under way;
belvo-python has {_others.THREADS} threads, and pages are read one at a time. CPU time is that of the client's
process, the kernel's part included. A ratio is that of two runs one right after the other; above 1, ours is
faster. The tables show medians, and the middle half of the ratios.
- belvo_async: SessionPool without a rate limit, retries and observer by default. It checks the arguments and
  reads the response into a Link. It opens a connection for each login, and keeps those of other requests.
- belvo-python, httpx and belvo-js keep all connections: over TLS they save the handshake of each login.
"""


@frozen(kw_only=True)
class _Comparison:
    """Two clients that do the same."""

    title: str
    ours: Run
    other: Run
    ways: Sequence[str] = (_TLS, _PLAIN)
    goals: Mapping[str, float] = field(factory=dict)
    is_available: Callable[[], bool] = lambda: True

    def run(self, servers: Mapping[str, Server], extent: Extent) -> dict[str, list[Pair]]:
        """Measure both with each server."""
        return {way: run_pairs(self.ours, self.other, servers[way], extent) for way in self.ways}


_COMPARISONS: Final = (
    _Comparison(
        title="Logins: links.update, and bare aiohttp with a connection for each request, too",
        ours=update_ours,
        other=put_aiohttp,
        goals={_TLS: 0.95, _PLAIN: 0.85},
    ),
    _Comparison(
        title="Reads: links.get, and bare aiohttp with connections that are kept, too",
        ours=get_ours,
        other=get_aiohttp,
        goals={_TLS: 0.85, _PLAIN: 0.80},
    ),
    _Comparison(
        title="A page of 1,000 links: links.list(…).page(1), and json.loads of the same bytes alone",
        ours=_pages.list_ours,
        other=_pages.load_json,
    ),
    _Comparison(
        title="The bytes of that page, without a connection: our models, and json.loads alone",
        ours=_pages.read_ours,
        other=_pages.load_json,
        ways=(_PLAIN,),
    ),
    _Comparison(
        title="The same PUT: links.update, and belvo-python in threads",
        ours=update_ours,
        other=_others.put_belvo,
    ),
    _Comparison(
        title="The same PUT: links.update, and httpx.AsyncClient",
        ours=update_ours,
        other=_others.put_httpx,
    ),
    _Comparison(
        title="The same PUT: links.update, and belvo-js on Node",
        ours=update_ours,
        other=_others.put_belvo_js,
        is_available=_others.install_belvo_js,
    ),
)
_JOB: Final = _Comparison(
    title="A job: bulk.refresh with a journal, and links.update",
    ours=refresh_ours,
    other=update_ours,
    ways=(_TLS,),
)


def _describe_all(servers: Mapping[str, Server], extent: Extent) -> Iterator[str]:
    for comparison in _COMPARISONS:
        if comparison.is_available():
            yield from _describe(comparison, comparison.run(servers, extent))
        else:
            yield f"{comparison.title}: not available\n"
    pairs = _JOB.run(servers, extent)
    yield from _describe(_JOB, pairs)
    yield from _describe_share(pairs[_TLS])


def _describe(comparison: _Comparison, pairs: Mapping[str, list[Pair]]) -> Iterator[str]:
    yield comparison.title
    yield from describe_pairs(pairs, comparison.goals)
    yield ""


def _describe_share(pairs: list[Pair]) -> Iterator[str]:
    yield f"Share of one core at {LIMIT} logins in {WINDOW:g} s over TLS, in %"
    costs = {
        "links.update": [pair.other.cpu_us for pair in pairs],
        "bulk.refresh": [pair.ours.cpu_us for pair in pairs],
    }
    for name, microseconds in costs.items():
        share = Spread.of(microseconds).median / 1e6 * LIMIT / WINDOW
        goal = f"below {_MOST_SHARE:.0%}"
        yield judge(name, share * 100, goal, reached=share < _MOST_SHARE)


def main() -> None:
    """Run the benchmark and print its results."""
    options = _read_options()
    extent = (
        _QUICK
        if options.quick
        else Extent(processes=options.processes, turns=_TURNS, seconds=options.seconds)
    )
    cores = choose_cores()
    with run_server(cores.server) as plain, run_tls_server(cores.server) as tls:
        os.sched_setaffinity(0, {cores.client})
        settle_down()
        print(describe_machine(cores), flush=True)
        if options.breakdown:
            print(describe_breakdown(plain.url, extent.seconds))
            return
        print(_METHOD, flush=True)
        for text in _describe_all({_TLS: tls, _PLAIN: plain}, extent):
            print(text, flush=True)


def _read_options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.updates", description=__doc__)
    parser.add_argument("--seconds", type=float, default=0.5, help="of each run (default: 0.5)")
    parser.add_argument("--processes", type=int, default=5, help="for each comparison (default: 5)")
    parser.add_argument("--quick", action="store_true", help="2 processes, short runs: noisy, 4 minutes")
    parser.add_argument("--breakdown", action="store_true", help="show where our time goes, instead")
    options = parser.parse_args()
    if options.seconds <= 0 or options.processes < 1:
        parser.error("--seconds and --processes must be positive")
    return options


if __name__ == "__main__":
    main()
