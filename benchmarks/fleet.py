"""A fleet on procrastinate: goodput, memory of a worker, and what PostgreSQL has to do and to keep.

Run it from the repository's root, on Linux: `python -m benchmarks.fleet`. Four workers, each with an address
of its own, share a job; Belvo is a process that answers at once, and PostgreSQL is one of the tests, which
acknowledges nothing before it is on the disk. `--requests` says how many an address may send in 3 s, where
Belvo allows 80 in 30 s: as many as keep the machine busy and not overloaded.
"""

import argparse
import asyncio
import json
import subprocess
import sys
import time
from collections.abc import Iterator
from typing import Final

import psycopg
from attrs import asdict
from procrastinate.schema import SchemaManager

from belvo_async.backends import LinkState, PostgresBackend, read_jobs
from benchmarks._facts import choose_cores
from benchmarks._fleet_worker import MARGIN, WINDOW, WORKERS, Seen, Setting, open_tasks
from benchmarks._portfolio import build_id
from benchmarks._server import run_server
from benchmarks._table import draw_table, judge
from tests.stores.postgres import running_postgres

_JOB: Final = "benchmark"
_GOAL: Final = 0.95
_ENQUEUE_GOAL: Final = 10_000
_TABLES: Final = {
    "ledger": "belvo.links",
    "queue": "procrastinate_jobs",
    "queue, events": "procrastinate_events",
}


async def _enqueue(setting: Setting, links: int) -> float:
    """Make the tables, and take all links into the job and the queue; return links per second."""
    async with PostgresBackend(setting.dsn) as backend:
        await backend.init()
    with psycopg.connect(setting.dsn) as connection:
        connection.execute(SchemaManager.get_schema().encode())
    async with open_tasks(setting, Seen([])) as (pool, tasks):
        began = time.perf_counter()
        await tasks.enqueue(pool, map(build_id, range(links)), job=_JOB)
        return links / (time.perf_counter() - began)


async def _count_updated(dsn: str) -> int:
    async with PostgresBackend(dsn) as backend:
        (job,) = await read_jobs(backend, _JOB)
    return job.counts.by_state.get(LinkState.UPDATED, 0)


def _ask(dsn: str, query: str) -> int:
    with psycopg.connect(dsn) as connection:
        row = connection.execute(query.encode()).fetchone()
    return 0 if row is None else int(row[0])


def _measure_tables(dsn: str) -> dict[str, int]:
    return {name: _ask(dsn, f"SELECT pg_total_relation_size('{table}')") for name, table in _TABLES.items()}


def _count_transactions(dsn: str) -> int:
    return _ask(dsn, "SELECT xact_commit FROM pg_stat_database WHERE datname = current_database()")


def _run_workers(setting: Setting) -> list[Seen]:
    program = [sys.executable, "-c", "from benchmarks._fleet_worker import main; main()"]
    settings = [Setting(setting.dsn, setting.url, setting.requests, number) for number in range(WORKERS)]
    workers = [
        subprocess.Popen([*program, json.dumps(asdict(one))], stdout=subprocess.PIPE)  # noqa: S603 - ourselves
        for one in settings
    ]
    return [Seen(**json.loads(worker.communicate()[0])) for worker in workers]


def _describe(setting: Setting, links: int) -> Iterator[str]:
    yield f"Fleet: {links:,} links, {WORKERS} workers, each {setting.requests} requests in {WINDOW:g} s"
    rate = asyncio.run(_enqueue(setting, links))
    yield judge("enqueued links/s", rate, f"{_ENQUEUE_GOAL:,}", reached=rate >= _ENQUEUE_GOAL)
    sizes = _measure_tables(setting.dsn)
    before = _count_transactions(setting.dsn)
    workers = _run_workers(setting)
    transactions = _count_transactions(setting.dsn) - before
    after = _measure_tables(setting.dsn)
    yield draw_table(
        ("bytes of a link", "enqueued", "updated"),
        [(name, f"{sizes[name] / links:,.0f}", f"{after[name] / links:,.0f}") for name in _TABLES],
    )
    yield f"transactions of PostgreSQL for each login: {transactions / links:.1f}"
    mebibyte = 1024 * 1024
    yield draw_table(
        ("worker", "logins", "MiB after the first thousand", "MiB at the end"),
        [
            (
                str(n),
                f"{len(one.ends):,}",
                f"{one.first_memory / mebibyte:.1f}",
                f"{one.last_memory / mebibyte:.1f}",
            )
            for n, one in enumerate(workers)
        ],
    )
    yield f"updated: {asyncio.run(_count_updated(setting.dsn)):,} of {links:,}"
    share = _find_goodput(workers, setting.requests)
    yield judge("goodput", share, f"{_GOAL}", reached=share >= _GOAL)


def _find_goodput(workers: list[Seen], requests: int) -> float:
    """Return the logins of the steady part, of those that the limit allows."""
    ends = sorted(end for worker in workers for end in worker.ends)
    steady = ends[requests * WORKERS : len(ends) * 9 // 10]  # without the first window, and the end
    rate = (len(steady) - 1) / (steady[-1] - steady[0])
    return rate * (WINDOW + MARGIN) / (requests * WORKERS)


def main() -> None:
    """Run the benchmark, and print the results."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.fleet", description=__doc__)
    parser.add_argument("--links", type=int, default=5_000)
    parser.add_argument("--requests", type=int, default=16, help="of one address in 3 s")
    options = parser.parse_args()
    with running_postgres("fsync=on") as server, run_server(choose_cores().server) as bank:
        setting = Setting(server.make_database(), bank.url, options.requests)
        for line in _describe(setting, options.links):
            print(line, flush=True)


if __name__ == "__main__":
    main()
