"""A worker of a fleet on procrastinate: it says on its output who has to be told of which challenge.

`python -m tests.contrib.procrastinate_worker DSN URL ID PASSWORD`
"""

import asyncio
import sys

from procrastinate import App, PsycopgConnector

from belvo_async import Concurrency, Credentials, LinkUpdate, RateLimit, SessionPool, fleet
from belvo_async.contrib.procrastinate import FleetTasks

JOB = "november"
LOGIN_LIMIT = 4.0
PASSWORD = "correct horse battery staple"
STALLED_AFTER = 2.0


def read_vault(link_id: str) -> LinkUpdate:
    return LinkUpdate(link_id, password=PASSWORD)


def tell(needs: fleet.NeedsToken) -> None:
    print(needs.link_id, needs.ticket, flush=True)  # noqa: T201 - to the one who answers


def make_tasks(dsn: str) -> tuple[App, FleetTasks]:
    app = App(connector=PsycopgConnector(conninfo=dsn, max_size=4))
    return app, FleetTasks(app, credentials=read_vault, on_challenge=tell, login_limit=LOGIN_LIMIT)


def open_pool(dsn: str, url: str, secret_id: str, secret_password: str) -> SessionPool:
    return SessionPool(
        Credentials(secret_id, secret_password),
        environment=url,
        backend=dsn,
        rate_limit=RateLimit.unlimited(),
        concurrency=Concurrency(total=10),
    )


async def main(dsn: str, *where: str) -> None:
    app, tasks = make_tasks(dsn)
    async with app.open_async(), open_pool(dsn, *where) as pool:
        await tasks.run_worker(
            pool,
            fetch_job_polling_interval=0.5,
            update_heartbeat_interval=0.5,
            stalled_worker_timeout=STALLED_AFTER,
        )


if __name__ == "__main__":
    asyncio.run(main(*sys.argv[1:]))
