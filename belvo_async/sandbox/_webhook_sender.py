"""Sends the webhooks, and repeats them when they are not taken."""

import asyncio
from typing import Final

import aiohttp

from belvo_async._clock import Clock
from belvo_async._event_loop import end_all
from belvo_async.sandbox._options import SandboxOptions
from belvo_async.sandbox._webhooks import Delivery, Event

REPETITIONS: Final = 5
ANSWER_SECONDS: Final = 5.0
"""How long the receiver may take."""


class WebhookSender:
    """The webhooks of one sandbox.

    Events that happen while the sandbox is stopped, or has no webhook address, are noted but never sent.
    """

    def __init__(self, options: SandboxOptions, clock: Clock) -> None:
        self.events: list[Event] = []
        """All that happened, in order."""
        self.sent: list[Delivery] = []
        """The deliveries that have ended, well or not, in the order of their end."""
        self._options = options
        self._clock = clock
        self._session: aiohttp.ClientSession | None = None
        self._tasks: set[asyncio.Task[None]] = set()

    def emit(self, event: Event) -> None:
        """Note *event*, and begin to send it if there is an address."""
        self.events.append(event)
        if self._session is None or self._options.webhook_url is None:
            return
        task = asyncio.create_task(self._deliver(event, self._session, self._options.webhook_url))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def drained(self) -> None:
        """Wait until every delivery that has begun has ended."""
        while self._tasks:
            await asyncio.wait(self._tasks)

    async def start(self) -> None:
        """Get ready to send."""
        if self._options.webhook_url is not None:
            self._session = aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=ANSWER_SECONDS))

    async def stop(self) -> None:
        """Give up the deliveries under way."""
        await end_all(list(self._tasks))
        if self._session is not None:
            await self._session.close()
            self._session = None

    async def _deliver(self, event: Event, session: aiohttp.ClientSession, url: str) -> None:
        delivery = Delivery(event=event, statuses=(await self._post(event, session, url),))
        for repetition in range(1, REPETITIONS + 1):
            if delivery.is_delivered:
                break
            await self._clock.sleep(repetition * self._options.webhook_backoff)
            status = await self._post(event, session, url)
            delivery = Delivery(event=event, statuses=(*delivery.statuses, status))
        self.sent.append(delivery)

    async def _post(self, event: Event, session: aiohttp.ClientSession, url: str) -> int | None:
        authorization = self._options.webhook_authorization
        headers = {} if authorization is None else {"Authorization": authorization}
        try:
            async with session.post(
                url, json=event.payload(), headers=headers, allow_redirects=False
            ) as answer:
                return answer.status
        except (aiohttp.ClientError, TimeoutError):
            return None
