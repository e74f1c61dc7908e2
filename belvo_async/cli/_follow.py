"""A job while it runs: drawn on time, its outcomes told one by one, and ended in good order on Ctrl-C."""

import asyncio
from collections.abc import Callable
from contextlib import AsyncExitStack
from typing import TypeVar

from belvo_async.bulk import JobRun
from belvo_async.cli._interrupt import Interrupt, close_on_interrupt, wait_or_interrupt
from belvo_async.cli._job_view import AnyOutcome, View

OutcomeT = TypeVar("OutcomeT", bound=AnyOutcome)


async def follow_job(
    run: JobRun[OutcomeT],
    view: View,
    interrupt: Interrupt,
    *,
    say: Callable[[str], None],
    tell: Callable[[OutcomeT], None],
    may_show: Callable[[], bool] = lambda: True,
) -> None:
    """Enter the run, and show it until it ends.

    Args:
        run: The job.
        view: Where it is shown; it has begun once the run was entered.
        interrupt: Stops the run; and cuts off its logins the second time.
        say: Tells what Ctrl-C does.
        tell: Takes each outcome.
        may_show: Whether the view may write now.

    Raises:
        BelvoError: The run cannot be entered, or has stopped.
    """

    def show() -> None:
        if view.has_begun and may_show():
            view.show(run.report)

    async with AsyncExitStack() as stack:
        stack.enter_context(view)
        stack.callback(show)  # once more, when the run has ended
        entering = asyncio.ensure_future(stack.enter_async_context(run))
        await wait_or_interrupt(entering, interrupt)
        if entering.cancelled():
            return
        entering.result()
        view.begin()
        showing = asyncio.ensure_future(_repeat(show, view.seconds))
        stopping = asyncio.ensure_future(_stop_on_interrupt(run, interrupt, say))
        try:
            async for outcome in run:
                tell(outcome)
            if interrupt.happened:
                await stopping
        finally:
            showing.cancel()
            stopping.cancel()


async def _repeat(act: Callable[[], None], seconds: float) -> None:
    while True:
        await asyncio.sleep(seconds)
        act()


async def _stop_on_interrupt(
    run: JobRun[AnyOutcome], interrupt: Interrupt, say: Callable[[str], None]
) -> None:
    await interrupt.first.wait()
    run.stop("interrupted")
    await close_on_interrupt(run, interrupt, say)
