"""What users do with one link: each story is drawn from the seed and the link's number."""

import asyncio
from collections.abc import Awaitable, Callable
from datetime import datetime
from random import Random
from typing import Final, TypeAlias
from uuid import UUID

from belvo_async import (
    Link,
    LinkRegistration,
    LinkUpdate,
    OutcomeUnknownError,
    TokenRequiredError,
    WhenBusy,
)
from tests.storm.client import Client, Result
from tests.storm.faults import Choice
from tests.storm.records import Call, Wish

_MOST_TOKENS: Final = 4
_WHEN_BUSY: Final[tuple[WhenBusy, ...]] = ("join", "wait", "refuse")


class Story:
    """One link, and the people who want something from it."""

    def __init__(self, client: Client, number: int, rng: Random) -> None:
        self.client: Final = client
        self.rng: Final = rng
        self.link_id: Final = str(UUID(int=number))
        self._wishes = 0

    def wish(self) -> Wish:
        """Draw a new password: a wish of its own."""
        self._wishes += 1
        return self.client.judge.wish(f"{self.link_id}/{self._wishes}", self.link_id)

    async def update(self, wish: Wish, *, asks: bool = True, when_busy: WhenBusy = "join") -> Result:
        """Update the link; *asks*: whether there is a person to ask."""

        def call(record: Call) -> Awaitable[Link]:
            person = self.client.find_person(record, self.rng) if asks else None
            update = LinkUpdate(self.link_id, password=wish.name)
            return self.client.pool.links.update(update, provide_token=person, when_busy=when_busy)

        return await self.client.run("update", call, wish, self.link_id)

    async def settle(self, wish: Wish, began: datetime, result: Result) -> None:
        """Look how an unknown update ended, and mostly update once more."""
        if not isinstance(result.error, OutcomeUnknownError):
            return
        since = result.error.sent_at or began
        if self.rng.random() < 0.6:
            await self.client.run(
                "settle",
                lambda _: self.client.pool.links.settle(self.link_id, since=since),
                wish,
                self.link_id,
            )
        if self.rng.random() < 0.5:
            await self.update(self.wish())

    async def start_later(
        self, call: Callable[[], Awaitable[Result]], former: "asyncio.Task[Result]"
    ) -> None:
        """Make a call a little later, if the former one has not ended by then."""
        await self.client.clock.sleep(self.rng.choice((0, 0.1, 0.5, 2, 10)))
        if not former.done():
            await call()


async def tell_update(story: Story) -> None:
    """One update, with a person to ask."""
    wish, began = story.wish(), story.client.clock.wall()
    await story.settle(wish, began, await story.update(wish))


async def tell_double_click(story: Story) -> None:
    """The same update, two or three times at once."""
    wish = story.wish()
    first = asyncio.create_task(story.update(wish))
    others = (story.start_later(lambda: story.update(wish), first) for _ in range(story.rng.randint(1, 2)))
    await asyncio.gather(first, *others)


async def tell_disagreement(story: Story) -> None:
    """Different updates at once."""
    first = asyncio.create_task(story.update(story.wish()))
    when_busy = story.rng.choice(_WHEN_BUSY)
    second = story.start_later(lambda: story.update(story.wish(), when_busy=when_busy), first)
    await asyncio.gather(first, second)


async def tell_change_of_mind(story: Story) -> None:
    """An update is cancelled, and made again: the same or another."""
    wish = story.wish()
    first = asyncio.create_task(story.update(wish))
    await story.client.clock.sleep(story.rng.choice((0, 0.3, 1, 3, 10, 30)))
    first.cancel()
    await asyncio.wait([first])
    await story.update(wish if story.rng.random() < 0.4 else story.wish())


async def tell_ticket(story: Story) -> None:
    """An update without anybody to ask: its challenge is parked, and answered under a ticket."""
    wish = story.wish()
    result = await story.update(wish, asks=False)
    if not isinstance(result.error, TokenRequiredError):
        return
    challenges, client, rng = story.client.pool.challenges, story.client, story.rng
    state = result.error.state
    ticket = await challenges.park(state)

    async def answer(given: str) -> Result:
        return await client.run("ticket", lambda _: challenges.resume(ticket, given), wish, story.link_id)

    for _ in range(_MOST_TOKENS):
        await client.clock.sleep(rng.uniform(0, 40))
        if rng.random() < 0.08:
            await client.run("decline", lambda _: challenges.decline(ticket))
        token = client.give_token(state.challenge, story.link_id)
        results = await asyncio.gather(*(answer(token) for _ in range(1 + (rng.random() < 0.3))))
        if any(isinstance(result.error, OutcomeUnknownError) for result in results):
            await client.clock.sleep(rng.choice((0, 400)))
            await client.run("settle a ticket", lambda _: challenges.settle(ticket))
        again = [result.error for result in results if isinstance(result.error, TokenRequiredError)]
        if not again:
            return
        state = again[0].state


async def tell_resume(story: Story) -> None:
    """An update without anybody to ask, whose challenge is answered by hand, now and then twice."""
    wish = story.wish()
    result = await story.update(wish, asks=False)
    links, client, rng = story.client.pool.links, story.client, story.rng
    for _ in range(_MOST_TOKENS):
        if not isinstance(result.error, TokenRequiredError):
            return
        state = result.error.state
        await client.clock.sleep(rng.uniform(0, 40))
        token = client.give_token(state.challenge, story.link_id)

        def call(_: Call, state: object = state, token: str = token) -> Awaitable[Link]:
            return links.resume(state, token)  # type: ignore[arg-type]

        for _ in range(1 + (rng.random() < 0.2)):
            result = await client.run("resume", call, wish, story.link_id)


async def tell_registration(story: Story) -> None:
    """A new link, registered once or by two clicks."""
    user = f"user-{story.link_id}"
    wish = story.client.judge.wish(user, user)
    registration = LinkRegistration(institution="erebor_mx_retail", username=user, password="password")

    async def register() -> Result:
        def call(record: Call) -> Awaitable[Link]:
            person = story.client.find_person(record, story.rng)
            return story.client.pool.links.register(registration, provide_token=person)

        return await story.client.run("register", call, wish)

    first = asyncio.create_task(register())
    if story.rng.random() < 0.4:
        await story.start_later(register, first)
    await first


async def tell_read(story: Story) -> None:
    """Reads of a link."""
    for _ in range(2):
        await story.client.run(
            "get", lambda _: story.client.pool.links.get(story.link_id), link_id=story.link_id
        )


Tell: TypeAlias = Callable[[Story], Awaitable[None]]
STORIES: Final[Choice[Tell]] = Choice(
    {
        tell_update: 48,
        tell_double_click: 12,
        tell_disagreement: 6,
        tell_change_of_mind: 8,
        tell_ticket: 10,
        tell_resume: 5,
        tell_registration: 5,
        tell_read: 6,
    }
)
