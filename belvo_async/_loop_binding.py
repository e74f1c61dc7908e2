"""Which event loop, in which process, an object belongs to (design rule R12)."""

import asyncio
import os
from typing import Final

from belvo_async.errors import WrongEventLoopError


class LoopBinding:
    """Ties an object to the event loop and the process of its first use, and refuses every other.

    Args:
        name: What the object is called in the error.
        renewal: How to get another one, as the end of "Make a new one …".
    """

    def __init__(self, name: str, renewal: str = "inside the coroutine that uses it") -> None:
        self._name: Final = name
        self._renewal: Final = renewal
        self._loop: asyncio.AbstractEventLoop | None = None
        self._process: int | None = None

    def bind(self) -> None:
        """Tie it to the running event loop, if it is not tied already.

        Raises:
            WrongEventLoopError: It belongs to another event loop, or to the process that this one was forked
                from.
        """
        if self._loop is None:
            self._loop, self._process = _find_running(), os.getpid()
        else:
            self.check()

    def check(self) -> None:
        """Refuse every event loop but its own, and every use where none runs.

        Raises:
            WrongEventLoopError: It is tied, and the running event loop is not its own.
        """
        if self._loop is None:
            return
        if self._process != os.getpid():
            raise self._refuse("was used before this process was forked", f"{self._renew()}, in this process")
        if self._loop is _find_running():
            return
        if self._loop.is_closed():
            raise self._refuse("belongs to an event loop that has ended", self._renew())
        how = "hand the call to its loop with asyncio.run_coroutine_threadsafe or loop.call_soon_threadsafe"
        raise self._refuse("belongs to another event loop", f"{self._renew()}, or {how}")

    def release(self) -> None:
        """Let the next event loop have it."""
        self._loop = self._process = None

    def _renew(self) -> str:
        return f"Make a new one {self._renewal}"

    def _refuse(self, problem: str, remedy: str) -> WrongEventLoopError:
        return WrongEventLoopError(f"This {self._name} {problem}; nothing was done.", remedy=f"{remedy}.")


def _find_running() -> asyncio.AbstractEventLoop | None:
    try:
        return asyncio.get_running_loop()
    except RuntimeError:
        return None
