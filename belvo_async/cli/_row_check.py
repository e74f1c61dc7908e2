"""All rows of a file are checked before anything is done with them, and what is wrong is told."""

import asyncio
from typing import Final

from belvo_async.cli._console import write_prose
from belvo_async.cli._rows import RowCount, RowSource, check_rows, list_problems
from belvo_async.cli._threads import run_aside
from belvo_async.cli._update import Desk

_TELL_SECONDS: Final = 5.0


async def check_source(source: RowSource, desk: Desk) -> RowCount:
    """Check the rows, and tell now and then how far it has come."""
    count = RowCount()
    telling = asyncio.ensure_future(_tell_progress(count, desk))
    try:
        await run_aside(lambda: check_rows(source, count))
    finally:
        telling.cancel()
    return count


async def _tell_progress(count: RowCount, desk: Desk) -> None:
    while True:
        await asyncio.sleep(_TELL_SECONDS)
        if rows := count.good + count.bad:
            desk.say(f"{rows:,} rows checked; nothing is sent yet.")


def tell_problems(source: RowSource, count: RowCount, desk: Desk) -> None:
    """Tell about rows that are bad, and those that repeat a link."""
    for line in list_problems(source.name, count):
        write_prose(desk.messages, line)
