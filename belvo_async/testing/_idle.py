"""When an event loop has nothing left to do, by all that can be seen from inside it."""

import asyncio
from collections.abc import Callable
from typing import Final

PASSES: Final = 100
"""Turns of the loop without any news. A request to the sandbox and back takes about ten; 100 cost 0.3 ms."""


class QuietCounter:
    """Counts the turns of the loop since the last news."""

    def __init__(self, count_news: Callable[[], int]) -> None:
        self._count_news: Final = count_news
        self._seen = count_news()
        self._turns = 0

    def turn(self) -> bool:
        """Count one turn; return whether there have been enough."""
        news = self._count_news()
        self._turns = self._turns + 1 if news == self._seen else 0
        self._seen = news
        return self._turns >= PASSES


async def settle(count_news: Callable[[], int]) -> None:
    """Let everything run that can run, and what follows from it."""
    counter = QuietCounter(count_news)
    while not counter.turn():  # noqa: ASYNC110 - it counts the turns
        await asyncio.sleep(0)
