"""A worker of a fleet on Temporal, until SIGTERM.

`python -m tests.fleet.temporal_worker WHERE safe|naive`
"""

import asyncio
import signal
from datetime import timedelta

from temporalio import activity, workflow
from temporalio.client import Client
from temporalio.common import RetryPolicy
from temporalio.worker import Worker

from belvo_async import SessionPool
from belvo_async.contrib.temporal import LinkActivities, UpdateLink
from tests.fleet.trial_worker import (
    LOGIN_LIMIT,
    PLACES,
    QUEUE,
    log_in_without_ledger,
    read_arguments,
    read_vault,
    tell,
)


class NaiveActivities:
    def __init__(self, pool: SessionPool) -> None:
        self._pool = pool

    @activity.defn(name="naive")
    async def log_in(self, link_id: str) -> None:
        beating = asyncio.create_task(_beat())
        try:
            await log_in_without_ledger(self._pool, link_id)
        finally:
            beating.cancel()


async def _beat() -> None:
    while True:
        activity.heartbeat()
        await asyncio.sleep(0.5)


@workflow.defn(name="naive", sandboxed=False)
class NaiveLink:
    @workflow.run
    async def run(self, link_id: str) -> None:
        await workflow.execute_activity(
            "naive",
            link_id,
            start_to_close_timeout=timedelta(minutes=5),
            heartbeat_timeout=timedelta(seconds=3),
            retry_policy=RetryPolicy(initial_interval=timedelta(seconds=1)),
        )


async def main() -> None:
    where, is_naive = read_arguments()
    client, stopping = await Client.connect(where.temporal), asyncio.Event()
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, stopping.set)
    async with where.open_pool(is_naive=is_naive) as pool:
        activities = LinkActivities(pool, credentials=read_vault, on_challenge=tell, login_limit=LOGIN_LIMIT)
        async with Worker(
            client,
            task_queue=QUEUE,
            workflows=[UpdateLink, NaiveLink],
            activities=[activities.advance, NaiveActivities(pool).log_in],
            max_concurrent_activities=PLACES,
            graceful_shutdown_timeout=timedelta(seconds=20),
        ):
            await stopping.wait()


if __name__ == "__main__":
    asyncio.run(main())
