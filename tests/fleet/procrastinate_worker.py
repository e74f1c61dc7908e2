"""A worker of a fleet on procrastinate.

`python -m tests.fleet.procrastinate_worker WHERE safe|naive`
"""

import asyncio
from typing import Final

from procrastinate import App, JobContext, PsycopgConnector

from belvo_async import SessionPool
from belvo_async.contrib.procrastinate import FleetTasks
from tests.fleet.trial_worker import (
    LOGIN_LIMIT,
    QUEUE,
    log_in_without_ledger,
    read_arguments,
    read_vault,
    tell,
)

STALLED_AFTER: Final = 3.0


def make_tasks(dsn: str) -> tuple[App, FleetTasks]:
    app = App(connector=PsycopgConnector(conninfo=dsn, max_size=4))
    app.task(name="naive", queue=QUEUE, pass_context=True, retry=5)(log_in_naively)
    tasks = FleetTasks(app, credentials=read_vault, on_challenge=tell, queue=QUEUE, login_limit=LOGIN_LIMIT)
    return app, tasks


async def log_in_naively(context: JobContext, *, link_id: str) -> None:
    (pool,) = context.additional_context.values()
    assert isinstance(pool, SessionPool)
    await log_in_without_ledger(pool, link_id)


async def main() -> None:
    where, is_naive = read_arguments()
    app, tasks = make_tasks(where.dsn)
    async with app.open_async(), where.open_pool(is_naive=is_naive) as pool:
        await tasks.run_worker(
            pool,
            fetch_job_polling_interval=0.5,
            update_heartbeat_interval=0.5,
            stalled_worker_timeout=STALLED_AFTER,
        )


if __name__ == "__main__":
    asyncio.run(main())
