"""Processes around a job on Temporal: workers, and somebody to whom the users give their tokens.

`python -m tests.contrib.temporal_worker work|answer TEMPORAL DSN URL ID PASSWORD FILE`: workers write links
whose users are asked into the file, and who answers reads them there.
"""

import asyncio
import sys
from datetime import timedelta
from pathlib import Path
from typing import Final

from temporalio.client import Client
from temporalio.worker import Worker

from belvo_async import Concurrency, Credentials, LinkUpdate, RateLimit, SessionPool, fleet
from belvo_async.contrib.temporal import LinkActivities, UpdateLink, answered

JOB: Final = "november"
QUEUE: Final = "belvo"
PASSWORD: Final = "correct horse battery staple"
TOKEN: Final = "111111"
LOGIN_LIMIT: Final = 5.0
_AT_ONCE: Final = 5


def read_vault(link_id: str) -> LinkUpdate:
    return LinkUpdate(link_id, password=PASSWORD)


def read_lines(file: Path) -> list[str]:
    return file.read_text("utf-8").splitlines()


async def work(client: Client, pool: SessionPool, file: Path) -> None:
    """Serve workflows and activities until killed."""

    async def tell(needed: fleet.NeedsToken) -> None:
        with file.open("a") as lines:
            lines.write(f"{needed.link_id}\n")

    activities = LinkActivities(pool, credentials=read_vault, on_challenge=tell, login_limit=LOGIN_LIMIT)
    await Worker(
        client,
        task_queue=QUEUE,
        workflows=[UpdateLink],
        activities=[activities.advance],
        max_concurrent_activities=_AT_ONCE,
        graceful_shutdown_timeout=timedelta(seconds=1),
    ).run()


async def answer(client: Client, pool: SessionPool, file: Path) -> None:
    """Send the token of each link that is asked for one, and tell its workflow, until killed."""
    done: set[str] = set()
    while True:
        asked = set(read_lines(file)) - done
        for link_id in asked:
            await fleet.advance(
                pool, job=JOB, link_id=link_id, credentials=read_vault, token=TOKEN, login_limit=LOGIN_LIMIT
            )
            await answered(client, job=JOB, link_id=link_id)
        done |= asked
        await asyncio.sleep(0.1)


async def main(role: str, temporal: str, dsn: str, url: str, *rest: str) -> None:
    secret_id, secret_password, file = rest
    client = await Client.connect(temporal)
    async with SessionPool(
        Credentials(secret_id, secret_password),
        environment=url,
        backend=dsn,
        rate_limit=RateLimit.unlimited(),
        concurrency=Concurrency(total=_AT_ONCE),
    ) as pool:
        await {"work": work, "answer": answer}[role](client, pool, Path(file))


if __name__ == "__main__":
    asyncio.run(main(*sys.argv[1:]))
