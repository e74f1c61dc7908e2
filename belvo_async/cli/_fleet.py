"""`belvo-async fleet`: queue the links of a job, work at them, stop it, let it go on, and try links again."""

import asyncio
from collections.abc import AsyncIterator, Callable, Collection
from itertools import islice
from typing import Final

from rich.console import Console

from belvo_async import Link, SessionPool, fleet
from belvo_async.cli._console import write_prose
from belvo_async.cli._exit_codes import ExitCode
from belvo_async.cli._interrupt import Interrupt, watch_signals
from belvo_async.cli._rows import RowCount, RowSource, build_link, check_rows, list_problems, read_links
from belvo_async.cli._threads import run_aside

_BATCH: Final = 1000


async def pause_job(pool: SessionPool, job: str, messages: Console) -> ExitCode:
    """Let no login of a job begin."""
    async with pool:
        await fleet.pause(pool, job=job)
    write_prose(messages, "No login of the job begins, on any machine. Challenges can still be answered.")
    return ExitCode.OK


async def resume_job(pool: SessionPool, job: str, messages: Console) -> ExitCode:
    """Let the logins of a job begin again."""
    async with pool:
        await fleet.resume(pool, job=job)
    write_prose(messages, "Logins of the job begin again, within a minute.")
    return ExitCode.OK


async def retry_links(
    pool: SessionPool, job: str, states: Collection[str], output: Console, messages: Console
) -> ExitCode:
    """Put links back to the start, and write their ids, one a line."""
    number = 0
    async with pool:
        async for batch in fleet.retry(pool, job=job, states=states):
            output.file.writelines(f"{link_id}\n" for link_id in batch)
            number += len(batch)
    write_prose(messages, f"{_count(number)} back at the start; put them into the queue of your engine.")
    return ExitCode.OK


async def retry_in_queue(
    pool: SessionPool, engine: fleet.TaskEngine, job: str, states: Collection[str], messages: Console
) -> ExitCode:
    """Put links back to the start, and into the queue."""
    async with engine.open(), pool:
        number = await engine.retry(pool, job=job, states=states)
    write_prose(messages, f"{_count(number)} back at the start, and in the queue.")
    return ExitCode.OK


def _count(number: int) -> str:
    return "1 link is" if number == 1 else f"{number:,} links are"


async def enqueue_links(
    pool: SessionPool, engine: fleet.TaskEngine, source: RowSource, job: str, messages: Console
) -> ExitCode:
    """Check the rows of a file, and take their links into a job and into the queue."""
    found = RowCount()
    await run_aside(lambda: check_rows(source, found, build_link))
    if found.problems:
        for line in list_problems(source.name, found):
            write_prose(messages, line)
        write_prose(messages, f"{found.problems:,} rows have to be corrected; nothing was queued.", "yellow")
        return ExitCode.USAGE
    async with engine.open(), pool:
        number = await engine.enqueue(pool, _read(source), job=job)
    left = found.good - number
    write_prose(messages, f"{_count(number)} in the queue of {job}{_tell_left(left)}.")
    return ExitCode.OK


def _tell_left(left: int) -> str:
    return f"; {left:,} of the file have ended already, and are left out" if left else ""


async def _read(source: RowSource) -> AsyncIterator[Link]:
    links = read_links(source)
    while batch := await run_aside(lambda: list(islice(links, _BATCH))):
        for link in batch:
            yield link


async def run_fleet_worker(pool: SessionPool, engine: fleet.TaskEngine, messages: Console) -> ExitCode:
    """Work until Ctrl-C or SIGTERM, and end what is under way; cut it off on the second one."""

    def say(text: str) -> None:
        write_prose(messages, text, "yellow")

    with watch_signals() as interrupt:
        async with engine.open(), pool:
            await pool.ping()  # with wrong keys, no link would be touched
            say("Working until Ctrl-C or SIGTERM.")
            working = asyncio.ensure_future(engine.run_worker(pool, install_signal_handlers=False))
            stopping = asyncio.ensure_future(_stop_worker(working, pool, interrupt, say))
            await asyncio.wait({working})
            stopping.cancel()
            await asyncio.gather(stopping, return_exceptions=True)
            if not working.cancelled():
                working.result()
    return ExitCode.INTERRUPTED if interrupt.second.is_set() else ExitCode.OK


async def _stop_worker(
    working: "asyncio.Future[None]", pool: SessionPool, interrupt: Interrupt, say: Callable[[str], None]
) -> None:
    await interrupt.first.wait()
    say("Stopping: no new login starts, those in flight may end. Ctrl-C again cuts them off.")
    working.cancel()
    await interrupt.second.wait()
    say("Cutting off what is in flight; other workers look at it.")
    await pool.aclose(grace=0)
