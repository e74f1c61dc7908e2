"""`belvo-async update`: new credentials for one link, with a person at the terminal for the challenges."""

import asyncio
from collections.abc import Callable
from typing import Final

from attrs import field, frozen
from rich.console import Console

from belvo_async import BelvoError, Link, LinkUpdate, SessionPool
from belvo_async.cli._ask import Asker
from belvo_async.cli._console import write_error, write_prose
from belvo_async.cli._exit_codes import EndingKind, ExitCode, read_ending
from belvo_async.cli._interrupt import Interrupt, close_on_interrupt, watch_signals
from belvo_async.cli._lines import LineSource
from belvo_async.models import write_line
from belvo_async.telemetry import Observation, PoolPaused, RetryPlanned


@frozen(kw_only=True)
class Desk:
    """Where one command reads and writes."""

    output: Console
    messages: Console
    source: LineSource = field(repr=False)

    def say(self, text: str) -> None:
        """Tell the person something."""
        write_prose(self.messages, text, "yellow")


class WaitTeller:
    """An observer of a pool that tells in words why it waits."""

    def __init__(self, say: Callable[[str], None]) -> None:
        self._say: Final = say

    def __call__(self, observation: Observation) -> None:
        """Take in what the pool tells."""
        match observation:
            case RetryPlanned(reason=reason, seconds=seconds):
                self._say(f"{reason}: trying again in {seconds:.0f} s.")
            case PoolPaused(seconds=seconds):
                self._say(f"Belvo refuses more requests for now: waiting {seconds:.0f} s.")
            case _:
                pass


async def run_update(pool: SessionPool, update: LinkUpdate, desk: Desk) -> ExitCode:
    """Update one link and return the exit code."""
    with watch_signals() as interrupt:
        async with pool:
            asker = Asker(desk.messages, desk.source)

            def say(text: str) -> None:
                asker.end_line(is_echoed=desk.messages.is_terminal)
                desk.say(text)

            stopping = asyncio.ensure_future(close_on_interrupt(pool, interrupt, say))
            code = await _update(pool, update, asker, desk, interrupt)
            if interrupt.happened:
                await stopping
            stopping.cancel()
    return code


async def _update(
    pool: SessionPool, update: LinkUpdate, asker: Asker, desk: Desk, interrupt: Interrupt
) -> ExitCode:
    try:
        asker.institution = update.institution or (await pool.links.get(update.link_id)).institution
        desk.messages.print("Logging in, this can take minutes …", style="dim")
        link = await pool.links.update(update, provide_token=asker.answer)
    except BelvoError as error:
        ending = read_ending(error)
        _tell_error(error, desk, interrupt)
        write_prose(desk.output, f"Link {update.link_id}: {ending}.")
        return ExitCode.INTERRUPTED if interrupt.happened else ending.code
    _tell_success(link, desk.output)
    return ExitCode.OK


def _tell_error(error: BelvoError, desk: Desk, interrupt: Interrupt) -> None:
    expected = interrupt.happened and read_ending(error).kind is not EndingKind.NOT_UPDATED
    if not expected:
        write_error(desk.messages, error)


def _tell_success(link: Link, console: Console) -> None:
    at = (
        ""
        if link.last_accessed_at is None
        else f", last accessed {link.last_accessed_at.astimezone():%H:%M:%S}"
    )
    where = "" if link.institution is None else f" at {link.institution}"
    status = link.status or "not told"
    write_prose(console, write_line(f"Link {link.id}{where}: updated, status {status}{at}."))
