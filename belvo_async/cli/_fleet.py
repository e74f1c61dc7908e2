"""`belvo-async fleet`: stop a job of many machines, let it go on, and try its links again."""

from collections.abc import Collection

import typer
from rich.console import Console

from belvo_async import SessionPool, fleet
from belvo_async.backends import JobKey
from belvo_async.cli._console import write_prose
from belvo_async.cli._exit_codes import ExitCode


async def pause_job(pool: SessionPool, job: str, messages: Console) -> ExitCode:
    """Let no login of a job begin."""
    async with pool:
        await _check_job(pool, job)
        await fleet.pause(pool, job=job)
    write_prose(messages, "No login of the job begins, on any machine. Challenges can still be answered.")
    return ExitCode.OK


async def resume_job(pool: SessionPool, job: str, messages: Console) -> ExitCode:
    """Let the logins of a job begin again."""
    async with pool:
        await _check_job(pool, job)
        await fleet.resume(pool, job=job)
    write_prose(messages, "Logins of the job begin again, within a minute.")
    return ExitCode.OK


async def retry_links(
    pool: SessionPool, job: str, states: Collection[str], output: Console, messages: Console
) -> ExitCode:
    """Put links back to the start, and write their ids, one a line."""
    number = 0
    async with pool:
        await _check_job(pool, job)
        async for batch in fleet.retry(pool, job=job, states=states):
            output.file.writelines(f"{link_id}\n" for link_id in batch)
            number += len(batch)
    told = "1 link is" if number == 1 else f"{number} links are"
    write_prose(messages, f"{told} back at the start; put them into the queue of your engine.")
    return ExitCode.OK


async def _check_job(pool: SessionPool, job: str) -> None:
    """Refuse the name of a job that there is not; the calls of `fleet` refuse a backend that keeps none."""
    ledger = pool.backend.ledger
    if ledger is not None and await ledger.read_job(JobKey(pool.identity.digest, job)) is None:
        raise typer.BadParameter("the backend has no such job of these keys.", param_hint="--job")
