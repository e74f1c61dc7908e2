"""Runs storms and prints what they found: `python -m tests.storm --requests 100000 --seed 1 --seed 2`."""

import argparse
import asyncio
import sys

from tests.storm.report import render
from tests.storm.storm import run_storm


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.storm", description=__doc__)
    parser.add_argument("--requests", type=int, default=20_000, help="for each seed; default: 20000")
    parser.add_argument("--seed", type=int, action="append", help="may be repeated; default: 1")
    options = parser.parse_args()
    failed = False
    for seed in options.seed or [1]:
        report = asyncio.run(run_storm(seed, options.requests))
        sys.stdout.write(render(report))
        sys.stdout.flush()
        failed = failed or report.faults.total() > 0
    return int(failed)


if __name__ == "__main__":
    sys.exit(main())
