"""Work that blocks, such as reading a pipe, in a thread that nobody has to wait for."""

import asyncio
from collections.abc import Callable
from contextlib import suppress
from functools import partial
from threading import Thread
from typing import TypeVar

T = TypeVar("T")


async def run_aside(work: Callable[[], T]) -> T:
    """Return what *work* returns, or raise what it raises.

    A thread of `asyncio.to_thread` would have to end before the process can: Ctrl-C would then hang until
    somebody presses Enter, or the writer of a pipe ends.
    """
    loop = asyncio.get_running_loop()
    result: asyncio.Future[T] = loop.create_future()

    def deliver(settle: Callable[[], None]) -> None:
        if not result.done():
            settle()

    def run() -> None:
        try:
            settle = partial(result.set_result, work())
        except BaseException as error:  # noqa: BLE001 - the caller's business
            settle = partial(result.set_exception, error)
        with suppress(RuntimeError):  # the loop is closed: nobody wants the result any more
            loop.call_soon_threadsafe(deliver, settle)

    Thread(target=run, daemon=True).start()
    return await result
