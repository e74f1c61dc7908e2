"""What institutions call themselves, for people to read."""

import asyncio
from collections import OrderedDict
from typing import Final

from belvo_async import BelvoError, Client, ParkedChallenge
from belvo_async._event_loop import end_all
from belvo_async.web._attempts import Allowance

_PATIENCE: Final = 2.0
"""Seconds that a page waits for a name."""
_REMEMBERED: Final = 1000


class Names:
    """Finds the name of a challenge's institution, asking Belvo once for each, and once a minute in vain."""

    def __init__(self, pool: Client) -> None:
        self._pool: Final = pool
        self._known: Final[OrderedDict[str, str]] = OrderedDict()
        self._asking: Final[dict[str, asyncio.Task[None]]] = {}
        self._tries: Final = Allowance(1)

    async def find(self, parked: ParkedChallenge) -> str | None:
        """Return the name, or None where it is not known soon enough."""
        key = parked.institution or parked.link_id
        if key not in self._known and key not in self._asking and self._may_ask(key):
            task = asyncio.create_task(self._learn(key, parked))
            self._asking[key] = task
            task.add_done_callback(lambda _: self._asking.pop(key, None))
        if key in self._asking:
            await asyncio.wait((self._asking[key],), timeout=_PATIENCE)
        return self._known.get(key, parked.institution)

    def _may_ask(self, key: str) -> bool:
        return self._tries.use(key, self._pool.clock.monotonic())

    async def _learn(self, key: str, parked: ParkedChallenge) -> None:
        name = await self._ask(parked)
        if name is not None:
            self._known[key] = name
            if len(self._known) > _REMEMBERED:
                self._known.popitem(last=False)

    async def _ask(self, parked: ParkedChallenge) -> str | None:
        try:
            name = parked.institution or (await self._pool.links.get(parked.link_id)).institution
            if name is None:
                return None
            page = await anext(self._pool.institutions.list(name=name).pages())
        except (BelvoError, StopAsyncIteration):
            return None
        return next((found.display_name or name for found in page.results), name)

    async def aclose(self) -> None:
        """Give up what is still being asked."""
        await end_all(list(self._asking.values()))
