"""Starts workers as processes, harms them, and ends what it has started."""

import asyncio
import json
import signal
import sys
from asyncio.subprocess import PIPE, Process
from collections.abc import AsyncIterator, Callable, Iterable, Mapping, Sequence
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from typing import Final

from attrs import define, field, frozen

from tests.processes.judge import Judge, Received
from tests.processes.worker import Settings

ROOT: Final = Path(__file__).parents[2]
_START: Final = 90.0
"""Seconds until all workers of a busy machine have opened their pools."""


@frozen(kw_only=True)
class Ending:
    """How a worker ended, and what it said."""

    code: int | None
    outcomes: Mapping[str, int] = field(factory=dict)
    stalls: int = 0
    waited: float = 0.0
    """For which part of its time its threads have waited for a processor, together."""
    errors: str = ""


@define(eq=False)
class Worker:
    """One process."""

    settings: Settings
    process: Process
    _is_ready: "asyncio.Future[bool]" = field(init=False)
    _may_begin: asyncio.Event = field(factory=asyncio.Event, init=False)
    ending: "asyncio.Task[Ending]" = field(init=False)

    def __attrs_post_init__(self) -> None:
        self._is_ready = asyncio.get_running_loop().create_future()
        self.ending = asyncio.create_task(self._follow())

    async def wait_until_ready(self) -> None:
        """Wait until its pool is open.

        Raises:
            AssertionError: It has ended instead; says what it complained of.
        """
        if not await asyncio.shield(self._is_ready):
            raise AssertionError(f"{self.settings.name} did not begin: {(await self.ending).errors}")

    def begin(self) -> None:
        """Let it send its first request."""
        self._may_begin.set()

    def send_signal(self, number: signal.Signals) -> None:
        """Send it a signal, unless it has ended."""
        with suppress(ProcessLookupError):
            self.process.send_signal(number)

    async def end(self) -> None:
        """Kill it if it still runs."""
        self.begin()
        self.send_signal(signal.SIGKILL)
        await self.ending

    def list_own(self, log: Iterable[Received]) -> list[Received]:
        """Return the logins that it has sent."""
        begins = f"{self.settings.name}-"
        return [entry for entry in log if str(entry.body.get("password")).startswith(begins)]

    def count_left(self, log: Iterable[Received]) -> int:
        """Return how many logins it has still to send."""
        return self.settings.updates - len(self.list_own(log))

    async def _follow(self) -> Ending:
        assert self.process.stdout is not None
        said = await self.process.stdout.readline()
        self._is_ready.set_result(said == b"ready\n")
        if self._is_ready.result():
            await self._may_begin.wait()
        output, errors = await self.process.communicate(b"go\n")
        result = json.loads(output) if self.process.returncode == 0 else {}
        return Ending(code=self.process.returncode, errors=errors.decode(), **result)


@asynccontextmanager
async def working(settings: Sequence[Settings]) -> AsyncIterator[list[Worker]]:
    """Start a worker for each of the settings: all open their pools at once, and then begin at once."""
    workers: list[Worker] = []
    try:
        for one in settings:
            workers.append(await _start(one))  # noqa: PERF401 - what has started is ended, whatever follows
        async with asyncio.timeout(_START):
            for worker in workers:
                await worker.wait_until_ready()
        for worker in workers:
            worker.begin()
        yield workers
    finally:
        for worker in workers:
            await worker.end()


async def _start(settings: Settings) -> Worker:
    command = (sys.executable, "-W", "error", "-m", "tests.processes.worker", settings.dump())
    process = await asyncio.create_subprocess_exec(*command, cwd=ROOT, stdin=PIPE, stdout=PIPE, stderr=PIPE)
    return Worker(settings, process)


async def wait_until(judge: Judge, workers: Sequence[Worker], is_so: Callable[[], bool]) -> None:
    """Wait until the judge has seen something.

    Raises:
        AssertionError: All workers have ended before.
    """
    waiting = asyncio.create_task(judge.wait_until(is_so))
    running = {worker.ending for worker in workers}
    while running and not waiting.done():
        await asyncio.wait([waiting, *running], return_when=asyncio.FIRST_COMPLETED)
        running = {ending for ending in running if not ending.done()}
    if not waiting.done():
        waiting.cancel()
        raise AssertionError("the workers have ended before the judge has seen what was waited for")


async def wait_for_arrivals(judge: Judge, workers: Sequence[Worker], count: int) -> None:
    """Wait until so many requests have come."""
    await wait_until(judge, workers, lambda: len(judge.log) >= count)


async def wait_for_all(workers: Sequence[Worker], patience: float) -> list[Ending]:
    """Wait until all workers have ended.

    Raises:
        AssertionError: Some have not, after *patience* seconds.
    """
    _, late = await asyncio.wait([worker.ending for worker in workers], timeout=patience)
    assert not late, f"{len(late)} of {len(workers)} workers have not ended after {patience:.0f} s"
    return [worker.ending.result() for worker in workers]
