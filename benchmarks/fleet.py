"""A fleet on procrastinate: goodput, memory of a worker, and what PostgreSQL has to do and to keep.

Run it from the repository's root, on Linux: `python -m benchmarks.fleet`. Four workers, each with an address
of its own, share a job; Belvo is a process that answers at once, and PostgreSQL is one of the tests, which
acknowledges nothing before it is on the disk. `--requests` says how many an address may send in 3 s, where
Belvo allows 80 in 30 s: as many as keep the machine busy and not overloaded. `--links 100000 --requests 25`
takes an hour.
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
from benchmarks._facts import choose_cores, read_load
from benchmarks._fleet_worker import MARGIN, WINDOW, WORKERS, Seen, Setting, open_tasks
from benchmarks._portfolio import build_id
from benchmarks._server import run_server
from benchmarks._table import draw_table, judge
from tests.stores.postgres import running_postgres

_JOB: Final = "benchmark"
_GOAL: Final = 0.95
_ENQUEUE_GOAL: Final = 10_000
_MEMORY_GOAL: Final = 20
_MEBIBYTE: Final = 1024 * 1024
_PARTS: Final = (0.0, 0.1, 0.2, 0.4, 0.6, 0.8, 1.0)
"""Of the job, at which the memory of a worker is shown: first after a thousand links."""
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
    before, load = _count_transactions(setting.dsn), read_load()
    workers = _run_workers(setting)
    took = sum(worker.processor for worker in workers)
    yield f"the machine: {read_load().since(load)}; the workers took {took:,.0f} s of that"
    transactions = _count_transactions(setting.dsn) - before
    after = _measure_tables(setting.dsn)
    yield draw_table(
        ("bytes of a link", "enqueued", "updated"),
        [(name, f"{sizes[name] / links:,.0f}", f"{after[name] / links:,.0f}") for name in _TABLES],
    )
    yield f"transactions of PostgreSQL for each login: {transactions / links:.1f}"
    yield draw_table(
        ("worker", "logins", *(f"MiB at {part:.0%}" for part in _PARTS), "most", "s of a core"),
        [_describe_worker(number, one) for number, one in enumerate(workers)],
    )
    growth = max(one.memory[-1] - one.memory[0] for one in workers) / _MEBIBYTE
    yield judge(
        "MiB that a worker grew, from the first to the last thousand",
        growth,
        f"{_MEMORY_GOAL}",
        reached=growth <= _MEMORY_GOAL,
    )
    yield f"updated: {asyncio.run(_count_updated(setting.dsn)):,} of {links:,}"
    ends = sorted(end for worker in workers for end in worker.ends)
    tenths = (ends[len(ends) * n // 10 : len(ends) * (n + 1) // 10] for n in range(10))
    shares = [f"{_find_goodput(tenth, setting.requests):.2f}" for tenth in tenths]
    yield f"goodput of each tenth of the job: {' '.join(shares)}"
    steady = ends[setting.requests * WORKERS : len(ends) * 9 // 10]  # without the first window, and the end
    share = _find_goodput(steady, setting.requests)
    yield judge("goodput", share, f"{_GOAL}", reached=share >= _GOAL)


def _describe_worker(number: int, worker: Seen) -> tuple[str, ...]:
    sizes = worker.memory
    parts = (sizes[min(int(part * len(sizes)), len(sizes) - 1)] for part in _PARTS)
    shown = (f"{size / _MEBIBYTE:.1f}" for size in (*parts, max(sizes)))
    return (str(number), f"{len(worker.ends):,}", *shown, f"{worker.processor:,.0f}")


def _find_goodput(ends: list[float], requests: int) -> float:
    """Return how many logins ended, of those that the limit allows in the time."""
    rate = (len(ends) - 1) / (ends[-1] - ends[0])
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
