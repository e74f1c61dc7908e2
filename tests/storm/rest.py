"""What a pool must not leave behind: tasks, connections, objects that hold it, and memory."""

import asyncio
import gc
import os
import weakref
from collections.abc import Collection, Sequence
from pathlib import Path
from typing import Any, Final, TypeAlias

from tests.storm.clock import TurnClock
from tests.storm.judge import Fault, Judge
from tests.storm.wire import Server

UNWINDING: Final = 5.0
"""Seconds until cancelled tasks and closed connections are gone."""
_MIB: Final = 2**20
_MOST_MIB: Final = 10.0
# Tasks of any result, and a reference to anything.
Tasks: TypeAlias = "Collection[asyncio.Task[Any]]"
Reference: TypeAlias = "weakref.ref[Any]"


async def judge_rest(judge: Judge, server: Server, known: Tasks, pool: Reference, clock: TurnClock) -> None:
    """Judge what is left of a pool that is closed; *known* are the tasks that were there before it."""

    def find_tasks() -> Tasks:
        mine = {*known, *server.tasks, asyncio.current_task()}
        return [task for task in asyncio.all_tasks() if task not in mine]

    def count_connections() -> int:
        return sum(line.is_open for line in server.lines)

    end = clock.monotonic() + UNWINDING
    while (find_tasks() or count_connections()) and clock.monotonic() < end:
        await clock.sleep(0.1)
    if tasks := find_tasks():
        judge.blame(Fault.LEFT_BEHIND, f"tasks: {tasks}", len(tasks))
    if connections := count_connections():
        judge.blame(Fault.LEFT_BEHIND, f"{connections} connections", connections)
    gc.collect()
    if pool() is not None:
        judge.blame(Fault.LEFT_BEHIND, "something that still holds the pool")


def judge_memory(judge: Judge, memory: Sequence[float]) -> None:
    """Judge what was measured now and then."""
    surplus = find_gain(memory) - _MOST_MIB
    if surplus > 0:
        judge.blame(Fault.MEMORY, "peak of the last third over that of the first", max(1, round(surplus)))


def find_gain(memory: Sequence[float]) -> float:
    """Return the MiB between the peaks of the first third and the last."""
    third = len(memory) // 3
    return max(memory[-third:]) - max(memory[:third]) if third else 0.0


def measure_memory() -> float:
    """Return the MiB that this process holds; zero where the system does not say."""
    try:
        pages = int(Path("/proc/self/statm").read_text(encoding="ascii").split()[1])
    except OSError:
        return 0.0
    return pages * os.sysconf("SC_PAGE_SIZE") / _MIB
