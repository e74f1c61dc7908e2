"""A program of somebody else's, for type checkers: it must be clean, and its last line must not be."""

import asyncio

from belvo_async import Challenge, Credentials, Link, LinkUpdate, ParkedChallenge, SessionPool, bulk
from belvo_async.backends import make_backend
from belvo_async.contrib.opentelemetry import OpenTelemetryObserver
from belvo_async.errors import BelvoError, ChallengeError
from belvo_async.web import ChallengePage


async def ask(challenge: Challenge) -> str | None:
    """Answer a challenge."""
    return challenge.value


async def main() -> None:
    """Use what most people use."""
    async with make_backend("challenges.sqlite") as backend:
        keys, observer = Credentials("id", "password"), OpenTelemetryObserver()
        pool = SessionPool(keys, environment="sandbox", backend=backend, observer=observer)
        async with pool, ChallengePage(pool) as page:
            page.asgi_app()
            link: Link = await pool.links.update(LinkUpdate("id", password="new"), provide_token=ask)
            links: list[Link] = [found async for found in pool.links.list(status__in=["valid"])]
            parked: list[ParkedChallenge] = await pool.challenges.list()
            async with bulk.refresh(pool, [LinkUpdate(link.id, password="new")]) as run:
                async for outcome in run:
                    match outcome:
                        case bulk.Updated(link=link):
                            print(link.status, len(links), len(parked))
                        case bulk.Parked(ticket=ticket):
                            print(ticket.upper())
                        case bulk.NotUpdated(error=error) | bulk.Unsettled(error=error):
                            print(error.remedy.upper())


try:
    asyncio.run(main())
except ChallengeError as error:
    print(error.state)
except BelvoError as error:
    print(error.code)

WRONG: int = LinkUpdate("id", password="new").link_id
