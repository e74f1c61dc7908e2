"""Permits of the rate limit: what one costs, and what four processes with an uneven load make of the limit.

Run it from the repository's root: `python -m benchmarks.permits`. Beside the static split stand two published
limiters, which processes share by the same file or the same server. Redis is measured where `redis-server` is
installed; it is started on a free port of this machine, and stopped. So is a PostgreSQL of the tests, which
acknowledges nothing before it is on the disk.
"""

import asyncio
import json
import shutil
import socket
import statistics
import subprocess
import sys
import tempfile
import time
from bisect import bisect_left
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager, contextmanager
from pathlib import Path
from typing import Final, TypeAlias

from attrs import frozen

from belvo_async._clock import SYSTEM_CLOCK
from belvo_async._engine.priority import Priority
from belvo_async._engine.rate_limiter import RateLimiter
from belvo_async._engine.shared_window import SharedWindow
from belvo_async.backends import (
    Coordinator,
    MemoryCoordinator,
    PostgresCoordinator,
    RedisCoordinator,
    SqliteCoordinator,
)
from belvo_async.backends._window import WINDOW, Ask, WindowLimit
from belvo_async.params import RateLimit
from benchmarks._table import draw_table, judge
from tests.stores.postgres import running_postgres

Permit: TypeAlias = Callable[[], Awaitable[object]]
"""Waits until a request may leave."""

_LIMIT: Final = RateLimit(requests=80, window=3.0, margin=0.1)
_LOADS: Final = (280, 40, 40, 40)
_AT_ONCE: Final = 64
_ROUNDS: Final = 2000
_TOGETHER: Final = 20
_MOST_MEMORY: Final = 5.0
_MOST_SHARED: Final = 1000.0
_MOST_DURABLE: Final = 2000.0
_LEAST_GOODPUT: Final = 0.95
_PATIENCE: Final = 10.0


def time_permit(coordinator: Coordinator) -> list[float]:
    """Return what permits took, in µs: CPU where nothing is waited for, else the time from asking on.

    Each is the mean of some. All may leave at once.
    """
    limit = WindowLimit.of(RateLimit(requests=100_000, window=0.001, margin=0.0))
    asking, times = Ask(Priority.ANSWER, 1), list[float]()
    read_time = time.perf_counter if coordinator.is_blocking else time.process_time
    number = 1 if coordinator.is_blocking else _TOGETHER
    for _ in range(_ROUNDS):
        began = read_time()
        for _ in range(number):
            coordinator.change(WINDOW, "cost", lambda window, moment: window.ask(moment, limit, asking))
        times.append((read_time() - began) * 1e6 / number)
    return sorted(times)


@frozen(kw_only=True)
class Verdict:
    """What came of one way to share the limit."""

    name: str
    worst: int
    """The most starts in any window."""
    goodput: float
    """Of what the limit allows, from the 81st to the last start."""


@asynccontextmanager
async def _take_ours(coordinator: Coordinator, limit: RateLimit = _LIMIT) -> AsyncIterator[Permit]:
    limiter = RateLimiter(limit, SYSTEM_CLOCK, window=SharedWindow.alone(coordinator, limit))

    async def take() -> None:
        await limiter.take(await limiter.admit(Priority.CALL))

    yield take


def _take_split(_: str) -> AbstractAsyncContextManager[Permit]:
    share = RateLimit(requests=80 // len(_LOADS), window=_LIMIT.window, margin=_LIMIT.margin)
    return _take_ours(MemoryCoordinator(), share)


@asynccontextmanager
async def _take_pyrate(path: str) -> AsyncIterator[Permit]:
    from pyrate_limiter import Limiter, Rate, SQLiteBucket  # noqa: PLC0415 - in the process that measures it

    rate = Rate(80, int((_LIMIT.window + _LIMIT.margin) * 1000))
    limiter = Limiter(SQLiteBucket.init_from_file([rate], db_path=path, use_file_lock=True))
    yield lambda: asyncio.to_thread(limiter.try_acquire, "belvo")


@asynccontextmanager
async def _take_limits(url: str) -> AsyncIterator[Permit]:
    from limits import RateLimitItemPerSecond  # noqa: PLC0415 - in the process that measures it
    from limits.storage import RedisStorage  # noqa: PLC0415 - likewise
    from limits.strategies import MovingWindowRateLimiter  # noqa: PLC0415 - likewise

    limiter, item = (
        MovingWindowRateLimiter(RedisStorage(url)),
        RateLimitItemPerSecond(80, round(_LIMIT.window)),
    )

    async def take() -> None:
        while not await asyncio.to_thread(limiter.hit, item, "belvo"):  # noqa: ASYNC110 - it knows no waiting
            await asyncio.sleep(0.05)

    yield take


_WAYS: Final[dict[str, Callable[[str], AbstractAsyncContextManager[Permit]]]] = {
    "ours, SQLite": lambda path: _take_ours(SqliteCoordinator(path)),
    "ours, Redis": lambda url: _take_ours(RedisCoordinator(url, prefix="permits")),
    "ours, PostgreSQL": lambda dsn: _take_ours(PostgresCoordinator(dsn)),
    "static split": _take_split,
    "pyrate-limiter, SQLite": _take_pyrate,
    "limits, Redis": _take_limits,
}


async def _work(name: str, place: str, number: int) -> list[float]:
    """Take permits; return when each was there, by the clock of the machine."""
    starts: list[float] = []
    at_once = asyncio.Semaphore(_AT_ONCE)

    async with _WAYS[name](place) as take:

        async def start() -> None:
            async with at_once:
                await take()
                starts.append(time.monotonic())

        await asyncio.gather(*(start() for _ in range(number)))
    return starts


def measure(name: str, place: str) -> Verdict:
    """Let several processes share the limit in one way, and judge what they made of it."""
    program = [sys.executable, "-m", "benchmarks.permits", name, place]
    workers = [
        subprocess.Popen([*program, str(load)], stdout=subprocess.PIPE)  # noqa: S603 - ourselves
        for load in _LOADS
    ]
    starts = sorted(start for worker in workers for start in json.loads(worker.communicate()[0]))
    worst = max(bisect_left(starts, start + _LIMIT.window) - index for index, start in enumerate(starts))
    steady = starts[80:]
    rate = (len(steady) - 1) / (steady[-1] - steady[0])
    return Verdict(name=name, worst=worst, goodput=rate * (_LIMIT.window + _LIMIT.margin) / 80)


@contextmanager
def run_redis(directory: Path) -> Iterator[str | None]:
    """Run a server that keeps nothing; give its address, or None where there is no program."""
    program = shutil.which("redis-server")
    if program is None:
        yield None
        return
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        port = listener.getsockname()[1]
    options = ["--port", str(port), "--bind", "127.0.0.1", "--save", "", "--dir", str(directory)]
    server = subprocess.Popen([program, *options], stdout=subprocess.DEVNULL)  # noqa: S603 - ours
    until = time.monotonic() + _PATIENCE
    while time.monotonic() < until:
        with socket.socket() as connection:
            if not connection.connect_ex(("127.0.0.1", port)):
                break
        time.sleep(0.05)
    yield f"redis://127.0.0.1:{port}/0"
    server.terminate()
    server.wait(_PATIENCE)


def measure_all(directory: Path, redis: str | None, postgres: str) -> tuple[str, list[str]]:
    """Return the tables, and the lines that judge them."""
    durable = PostgresCoordinator(postgres)
    durable.init()
    coordinators: dict[str, Coordinator] = {
        "memory": MemoryCoordinator(),
        "SQLite": SqliteCoordinator(directory / "cost"),
        "PostgreSQL": durable,
    }
    names = [name for name in _WAYS if redis is not None or "Redis" not in name]
    if redis is not None:
        coordinators["Redis"] = RedisCoordinator(redis, prefix="permits")
        RedisCoordinator(redis, prefix="permits").init()
    costs = {name: time_permit(coordinator) for name, coordinator in coordinators.items()}
    servers = {"Redis": redis, "PostgreSQL": postgres}
    places = {name: servers.get(name.split(", ")[-1]) or str(directory / name[:4]) for name in names}
    durable.close()
    verdicts = [measure(name, place) for name, place in places.items()]
    cost_table = draw_table(
        ("a permit", "median µs", "99 % µs"),
        [
            (name, f"{statistics.median(times):.1f}", f"{_find(times, 0.99):.1f}")
            for name, times in costs.items()
        ],
    )
    share_table = draw_table(
        ("4 processes, uneven", "worst window", "goodput"),
        [(verdict.name, f"{verdict.worst}", f"{verdict.goodput:.2f}") for verdict in verdicts],
    )
    return f"{cost_table}\n\n{share_table}", [*_judge_costs(costs), *_judge_ours(verdicts)]


def _judge_costs(costs: dict[str, list[float]]) -> Iterator[str]:
    for name, times in costs.items():
        most = {"memory": _MOST_MEMORY, "PostgreSQL": _MOST_DURABLE}.get(name, _MOST_SHARED)
        median = statistics.median(times)
        yield judge(f"a permit, {name} (µs)", median, f"under {most:.0f}", reached=median < most)


def _judge_ours(verdicts: Sequence[Verdict]) -> Iterator[str]:
    for verdict in verdicts:
        if verdict.name.startswith("ours"):
            reached = verdict.goodput >= _LEAST_GOODPUT and verdict.worst <= (_LIMIT.requests or 0)
            goal = f"{_LEAST_GOODPUT} or more, never over {_LIMIT.requests}"
            yield judge(f"goodput, {verdict.name}", verdict.goodput, goal, reached=reached)


def _find(times: Sequence[float], share: float) -> float:
    return times[int(len(times) * share)]


def main() -> None:
    """Measure, or, as a process of its own, take permits."""
    if len(sys.argv) > 1:
        name, place, number = sys.argv[1:]
        sys.stdout.write(json.dumps(asyncio.run(_work(name, place, int(number)))))
        return
    with (
        tempfile.TemporaryDirectory() as directory,
        run_redis(Path(directory)) as redis,
        running_postgres("fsync=on") as server,
    ):
        tables, lines = measure_all(Path(directory), redis, server.dsn)
    sys.stdout.write(f"{tables}\n\n" + "\n".join(lines) + "\n")


if __name__ == "__main__":
    main()
