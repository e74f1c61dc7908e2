"""Parked challenges: what listing, finding and answering cost with few and with many, and each one's size.

Run it from the repository's root: `python -m benchmarks.challenges`. Redis is measured where `redis-server`
is installed; it is started on a free port of this machine, and stopped.
"""

import asyncio
import gc
import shutil
import socket
import sqlite3
import statistics
import subprocess
import tempfile
import time
import tracemalloc
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, closing
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

from attrs import frozen

from belvo_async import Challenge
from belvo_async._clock import Instant
from belvo_async.backends import (
    ChallengeStore,
    MemoryChallengeStore,
    RedisChallengeStore,
    SqliteChallengeStore,
)
from belvo_async.backends._challenge_record import open_record, write_row
from belvo_async.backends._challenge_store import ChallengeRow
from belvo_async.models import AwaitingToken, ChallengeKind, ChallengePhase, TokenGenerationData
from benchmarks._table import draw_table, judge

_NUMBERS: Final = (100, 10_000)
_ROUNDS: Final = 300
_LISTED: Final = 10
_OWNER: Final = "0" * 32
_NOON: Final = datetime(2030, 1, 1, 12, tzinfo=UTC)
_MOST_RATIO: Final = 1.5


@frozen(kw_only=True)
class Figures:
    """What was measured with one store and one number of challenges."""

    store: str
    number: int
    list_microseconds: float
    find_microseconds: float
    replace_microseconds: float
    bytes_each: float


def build_row(number: int) -> ChallengeRow:
    """Build the row of one challenge, as `pool.challenges` would."""
    data = TokenGenerationData(
        kind=ChallengeKind.NUMERIC, value="12345", instructions="Use this code to generate the token"
    )
    challenge = Challenge(
        session=f"{number:032x}",
        link_id=f"00000000-0000-4000-8000-{number:012x}",
        expiry=9600.0,
        token_generation_data=data,
        request_id=f"{number:032x}",
        received_at=_NOON,
    )
    return write_row(
        open_record(
            AwaitingToken(challenge=challenge, deadline=9000.0 + number % 977),
            Instant(0.0, _NOON),
            key=f"{number:064x}",
            owner=_OWNER,
            ticket=f"{number:032x}",
            institution="erebor_mx_retail",
            reference=None,
        )
    )


@asynccontextmanager
async def _memory(_: Path) -> AsyncIterator[ChallengeStore]:
    yield MemoryChallengeStore()


@asynccontextmanager
async def _sqlite(directory: Path) -> AsyncIterator[ChallengeStore]:
    async with SqliteChallengeStore(directory / "challenges.sqlite") as store:
        yield store


@asynccontextmanager
async def _redis(directory: Path) -> AsyncIterator[ChallengeStore]:
    async with RedisChallengeStore.from_url(f"unix://{directory / 'redis.sock'}") as store:
        yield store


async def _time(call: Callable[[int], Awaitable[object]]) -> float:
    """Return the median of many calls, in microseconds."""
    seconds = []
    for turn in range(_ROUNDS):
        start = time.perf_counter()
        await call(turn)
        seconds.append(time.perf_counter() - start)
    return statistics.median(seconds) * 1e6


async def _measure(name: str, store: ChallengeStore, number: int, size: Callable[[], int]) -> Figures:
    gc.collect()
    before = size()
    for turn in range(number):
        await store.add(build_row(turn))
    gc.collect()
    each = (size() - before) / number

    links = [build_row(turn % number).link for turn in range(_ROUNDS)]

    async def list_next(_: int) -> None:
        rows = await store.list(_OWNER, ChallengePhase.OPEN, after=_NOON, limit=_LISTED)
        if len(rows) != _LISTED:
            raise RuntimeError(f"{name} listed {len(rows)}")

    async def find(turn: int) -> None:
        if len(await store.find(links[turn], after=_NOON, limit=_LISTED)) != 1:
            raise RuntimeError(f"{name} did not find")

    async def replace(turn: int) -> None:
        row = await store.read(f"{turn % number:064x}")
        if row is None or not await store.replace(_advance(row)):
            raise RuntimeError(f"{name} did not replace")

    return Figures(
        store=name,
        number=number,
        list_microseconds=await _time(list_next),
        find_microseconds=await _time(find),
        replace_microseconds=await _time(replace),
        bytes_each=each,
    )


def _advance(row: ChallengeRow) -> ChallengeRow:
    return ChallengeRow.read_cells({**row.write_cells(), "version": row.version + 1})


async def _measure_memory(number: int) -> Figures:
    async with _memory(Path()) as store:
        tracemalloc.start()
        try:
            traced = await _measure("memory", store, number, lambda: tracemalloc.get_traced_memory()[0])
        finally:
            tracemalloc.stop()
    async with _memory(Path()) as store:
        timed = await _measure("memory", store, number, lambda: 0)
    return Figures(
        store="memory",
        number=number,
        list_microseconds=timed.list_microseconds,
        find_microseconds=timed.find_microseconds,
        replace_microseconds=timed.replace_microseconds,
        bytes_each=traced.bytes_each,
    )


async def _measure_sqlite(number: int) -> Figures:
    with tempfile.TemporaryDirectory() as directory:
        async with _sqlite(Path(directory)) as store:
            return await _measure("SQLite", store, number, lambda: _weigh(Path(directory)))


def _weigh(directory: Path) -> int:
    """Return the size of the file once the log has been moved into it."""
    path = directory / "challenges.sqlite"
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    return path.stat().st_size


async def _measure_redis(number: int) -> Figures:
    with tempfile.TemporaryDirectory() as directory:
        place = Path(directory) / "redis.sock"
        server = subprocess.Popen(  # noqa: ASYNC220, S603 - our own, and nothing else runs
            ["redis-server", "--port", "0", "--unixsocket", str(place), "--save", "", "--dir", directory],  # noqa: S607
            stdout=subprocess.DEVNULL,
        )
        try:
            await _wait_for(place)
            async with _redis(Path(directory)) as store:
                return await _measure("Redis", store, number, lambda: _ask_memory(place))
        finally:
            server.terminate()
            server.wait()


async def _wait_for(place: Path) -> None:
    async with asyncio.timeout(10.0):
        while not place.exists():  # noqa: ASYNC110, ASYNC240 - a file of another process
            await asyncio.sleep(0.02)


def _ask_memory(place: Path) -> int:
    with socket.socket(socket.AF_UNIX) as connection:
        connection.connect(str(place))
        connection.sendall(b"INFO memory\r\n")
        answer = connection.recv(65_536).decode()
    return int(answer.split("used_memory:")[1].split()[0])


def _list(figures: Figures) -> tuple[str, ...]:
    return (
        figures.store,
        f"{figures.number:,}",
        f"{figures.list_microseconds:,.0f}",
        f"{figures.find_microseconds:,.0f}",
        f"{figures.replace_microseconds:,.0f}",
        f"{figures.bytes_each:,.0f}",
    )


async def main() -> None:
    """Measure all stores and print a table."""
    measures = [_measure_memory, _measure_sqlite]
    if shutil.which("redis-server"):
        measures.append(_measure_redis)
    results = [[await measure(number) for number in _NUMBERS] for measure in measures]
    heads = (
        "store",
        "challenges",
        f"list {_LISTED} next (us)",
        "find a link (us)",
        "read and replace (us)",
        "bytes each",
    )
    print(draw_table(heads, [_list(figures) for pair in results for figures in pair]))
    for few, many in results:
        ratio = many.list_microseconds / few.list_microseconds
        what = f"{few.store}: listing with {many.number:,} against {few.number:,}"
        print(judge(what, ratio, f"at most {_MOST_RATIO}", reached=ratio <= _MOST_RATIO))
        ratio = many.find_microseconds / few.find_microseconds
        what = f"{few.store}: finding a link with {many.number:,} against {few.number:,}"
        print(judge(what, ratio, f"at most {_MOST_RATIO}", reached=ratio <= _MOST_RATIO))


if __name__ == "__main__":
    asyncio.run(main())
