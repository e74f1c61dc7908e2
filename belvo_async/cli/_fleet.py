"""`belvo-async fleet`: a job of many machines, whose tasks are in the queue of the user's own engine."""

import asyncio
from collections.abc import Collection, Iterator
from contextlib import AsyncExitStack

from attrs import frozen
from rich.console import Console

from belvo_async import SessionPool, fleet
from belvo_async.cli._backend import tell_waits
from belvo_async.cli._console import write_prose
from belvo_async.cli._exit_codes import ExitCode
from belvo_async.cli._interrupt import close_on_interrupt, wait_or_interrupt, watch_signals
from belvo_async.cli._row_check import check_source, tell_problems
from belvo_async.cli._rows import RowSource, read_link_ids
from belvo_async.cli._update import Desk


@frozen
class _Links:
    """The links of a file that was checked."""

    source: RowSource
    number: int

    def __iter__(self) -> Iterator[str]:
        return read_link_ids(self.source)

    def __len__(self) -> int:
        return self.number


async def enqueue_links(
    pool: SessionPool, tasks: fleet.TaskQueue, source: RowSource, job: str, desk: Desk
) -> ExitCode:
    """Take the links of a file into a job and the queue, once all of its rows were checked."""
    with watch_signals() as interrupt:
        checking = asyncio.ensure_future(check_source(source, desk))
        await wait_or_interrupt(checking, interrupt)
        if checking.cancelled():
            desk.say("Interrupted; nothing was enqueued.")
            return ExitCode.INTERRUPTED
        found = checking.result()
        if found.bad:
            tell_problems(source, found, desk)
            desk.say(f"{found.bad:,} of {found.good + found.bad:,} rows are bad; nothing was enqueued.")
            return ExitCode.USAGE
        async with pool, tasks:
            links = _Links(source, found.good - found.repeated)
            enqueueing = asyncio.ensure_future(tasks.enqueue(pool, links, job=job))
            await wait_or_interrupt(enqueueing, interrupt)
    if enqueueing.cancelled():
        desk.say("Interrupted. Run the same command again to go on: no link is logged in twice.")
        return ExitCode.INTERRUPTED
    write_prose(desk.messages, f"{_tell_number(enqueueing.result())} in the queue; the others have ended.")
    return ExitCode.OK


async def run_worker(pool: SessionPool, tasks: fleet.TaskQueue, desk: Desk) -> ExitCode:
    """Carry out tasks until SIGTERM or Ctrl-C; cut off what is in flight on the second one."""
    with watch_signals() as interrupt:
        async with pool, tasks:
            await pool.ping()  # a worker with wrong keys does not begin, on whichever engine
            await tell_waits(pool, desk.say)
            working = asyncio.ensure_future(tasks.run_worker(pool, install_signal_handlers=False))
            desk.say("The worker runs. Ctrl-C stops it.")
            worker = _Worker(working, pool)
            stopping = asyncio.ensure_future(close_on_interrupt(worker, interrupt, desk.say))
            await asyncio.wait([working])
            stopping.cancel()
        if not working.cancelled():
            working.result()
    return ExitCode.INTERRUPTED if interrupt.second.is_set() else ExitCode.OK


@frozen(eq=False)
class _Worker:
    """A worker that can be closed: its tasks under way may end, or are cut off."""

    working: "asyncio.Future[None]"
    pool: SessionPool

    async def aclose(self, grace: float | None = None) -> None:
        """Take no more tasks; cut off what is in flight after *grace* seconds, if that is given."""
        self.working.cancel()
        if grace is not None:
            await self.pool.aclose(grace=grace)
        await asyncio.wait([self.working])


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
    pool: SessionPool,
    tasks: fleet.TaskQueue | None,
    job: str,
    states: Collection[str],
    output: Console,
    messages: Console,
) -> ExitCode:
    """Put links back to the start, and into the queue; without one, write their ids, one a line."""
    async with AsyncExitStack() as opened:
        await opened.enter_async_context(pool)
        if tasks is not None:
            await opened.enter_async_context(tasks)
            number = await tasks.retry(pool, job=job, states=states)
            write_prose(messages, f"{_tell_number(number)} back at the start and in the queue.")
            return ExitCode.OK
        number = 0
        async for batch in fleet.retry(pool, job=job, states=states):
            output.file.writelines(f"{link_id}\n" for link_id in batch)
            number += len(batch)
    write_prose(
        messages, f"{_tell_number(number)} back at the start; put them into the queue of your engine."
    )
    return ExitCode.OK


def _tell_number(links: int) -> str:
    return "1 link is" if links == 1 else f"{links} links are"
