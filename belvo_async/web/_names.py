"""What institutions call themselves, for people to read."""

import asyncio
from collections import OrderedDict
from typing import Final

from belvo_async import BelvoError, ParkedChallenge
from belvo_async.web._answering import Calls

_PATIENCE: Final = 2.0
"""Seconds that a page waits for a name."""
_REMEMBERED: Final = 1000


class Names:
    """Finds the name of a challenge's institution, asking Belvo once for each."""

    def __init__(self, pool: Calls) -> None:
        self._pool: Final = pool
        self._found: Final[OrderedDict[str, asyncio.Task[str | None]]] = OrderedDict()

    async def find(self, parked: ParkedChallenge) -> str | None:
        """Return the name, or None where it is not known soon enough."""
        key = parked.institution or parked.link_id
        task = self._found.get(key)
        if task is None:
            task = asyncio.create_task(self._ask(parked))
            self._found[key] = task
            if len(self._found) > _REMEMBERED:
                self._found.popitem(last=False)
        await asyncio.wait((task,), timeout=_PATIENCE)
        found = task.result() if task.done() and not task.cancelled() else None
        return found or parked.institution

    async def _ask(self, parked: ParkedChallenge) -> str | None:
        try:
            name = parked.institution or (await self._pool.links.get(parked.link_id)).institution
            if name is None:
                return None
            page = await anext(self._pool.institutions.list(name=name).pages())
        except (BelvoError, StopAsyncIteration):
            return parked.institution
        return next((found.display_name or name for found in page.results), name)

    async def aclose(self) -> None:
        """Give up what is still being asked."""
        tasks = list(self._found.values())
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
