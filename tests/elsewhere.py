"""Other places to call something from: another event loop, another thread, a forked process."""

import asyncio
import json
import os
import signal
import threading
import time
import warnings
from collections.abc import Awaitable, Callable
from typing import TypeAlias

import pytest

Call: TypeAlias = Callable[[], Awaitable[object]]
Place: TypeAlias = Callable[[Call], Awaitable[tuple[str, str]]]
LIMIT = 5.0
"""Seconds in which an error has to come: it comes at once, or never."""
_START = 30.0
"""Seconds that a process of a busy machine may take to begin."""

needs_fork = pytest.mark.skipif(not hasattr(os, "fork"), reason="no fork on this platform")


async def try_in_thread(call: Call) -> tuple[str, str]:
    """Return the name and the remedy of what *call* raises in a thread with an event loop of its own."""
    return await asyncio.to_thread(_run, call)


async def try_in_child(call: Call) -> tuple[str, str]:
    """Return the name and the remedy of what *call* raises in a forked process."""
    reader, writer = os.pipe()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)  # of Python 3.12: there are threads
        child = os.fork()
    if child == 0:
        _be_child(call, writer)
    os.close(writer)
    try:
        told = await asyncio.wait_for(asyncio.to_thread(_read_all, reader), _START)
    finally:
        os.kill(child, signal.SIGKILL)
        await asyncio.to_thread(os.waitpid, child, 0)
    name, remedy = json.loads(told)
    return name, remedy


def _be_child(call: Call, writer: int) -> None:
    try:
        os.write(writer, json.dumps(_run(call)).encode())
    finally:
        os._exit(0)


def _read_all(reader: int) -> bytes:
    with os.fdopen(reader, "rb") as file:
        return file.read()


def _run(call: Call) -> tuple[str, str]:
    began = time.monotonic()
    try:
        asyncio.run(_limit(call))
    except BaseException as error:  # noqa: BLE001 - whatever it is, the test wants its name
        lateness = " late" if time.monotonic() - began > LIMIT else ""
        return type(error).__name__ + lateness, str(getattr(error, "remedy", error))
    return "nothing", ""


async def _limit(call: Call) -> None:
    async with asyncio.timeout(LIMIT):
        await call()


def run_on_two_loops(first: Call, then: Call) -> tuple[str, str]:
    """Run *first* on a loop that is closed again, and return what *then* raises on the next one."""
    outcome: list[tuple[str, str]] = []

    def work() -> None:
        asyncio.run(_limit(first))
        outcome.append(_run(then))

    thread = threading.Thread(target=work)
    thread.start()
    thread.join(_START)
    return outcome[0]


PLACES = [
    pytest.param(try_in_thread, id="another thread"),
    pytest.param(try_in_child, id="a forked child", marks=needs_fork),
]
