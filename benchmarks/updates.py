"""Updates of links per second: `belvo_async`, bare aiohttp and belvo-python on one server.

Run it from the repository's root, on Linux: `python -m benchmarks.updates`.
"""

import argparse
import gc
import logging
import os
from typing import Final

from benchmarks._breakdown import describe_breakdown
from benchmarks._clients import CONNECTIONS, THREADS, run_aiohttp, run_belvo, run_ours
from benchmarks._facts import choose_cores, describe_machine
from benchmarks._pairs import run_pairs
from benchmarks._report import describe_pairs
from benchmarks._server import run_server

_AIOHTTP_GOAL: Final = 0.85
_BELVO_GOAL: Final = 1.0  # it keeps its connections, and the pool opens one for each login
_METHOD: Final = f"""\
How it was measured: a minimal HTTP server runs in a process of its own on another core and answers every
PUT /api/links/{{id}}/ at once with the documented link. The client process is pinned to one core.
- belvo_async: SessionPool with {CONNECTIONS} connections, rate limit off, retries and observer by default;
  every update checks its arguments, builds a LinkUpdate, and reads the answer into a Link.
- bare aiohttp: one ClientSession with TCPConnector(limit={CONNECTIONS}, force_close=True), as the pool opens
  a connection for each login, too; session.put(url, json=…), await r.json().
- belvo-python: {THREADS} threads, a Client for each, client.Links.update(…).
Both asyncio clients keep {CONNECTIONS} updates under way, each of another link; each run warms up first.
The runs alternate in pairs; CPU time is that of the client process, the kernel's part included.
"""


def main() -> None:
    """Run the benchmark and print its results."""
    options = _read_options()
    cores = choose_cores()
    logging.getLogger("belvo_async").setLevel(logging.WARNING)
    with run_server(cores.server) as url:
        os.sched_setaffinity(0, {cores.client})
        gc.collect()
        gc.freeze()  # else each full collection walks all imported modules, in whoever's run it falls
        print(describe_machine(cores), _METHOD, sep="\n")
        if options.breakdown:
            print(describe_breakdown(url, options.seconds))
            return
        pairs = run_pairs(run_ours, run_aiohttp, url, pairs=options.pairs, seconds=options.seconds)
        print(describe_pairs("aiohttp", pairs, _AIOHTTP_GOAL), end="\n\n")
        pairs = run_pairs(run_ours, run_belvo, url, pairs=options.pairs, seconds=options.seconds)
        print(describe_pairs("belvo-python", pairs, _BELVO_GOAL))


def _read_options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.updates", description=__doc__)
    parser.add_argument("--seconds", type=float, default=2.0, help="of each run (default: 2)")
    parser.add_argument("--pairs", type=int, default=9, help="of runs (default: 9)")
    parser.add_argument("--quick", action="store_true", help="5 pairs of half a second: noisy")
    parser.add_argument("--breakdown", action="store_true", help="show where our time goes, instead")
    options = parser.parse_args()
    if options.quick:
        options.seconds, options.pairs = 0.5, 5
    if options.seconds <= 0 or options.pairs < 1:
        parser.error("--seconds and --pairs must be positive")
    return options


if __name__ == "__main__":
    main()
