"""What the command line needs of the engine that carries out the tasks of a fleet."""

from collections.abc import AsyncIterable, Collection, Iterable
from contextlib import AbstractAsyncContextManager
from typing import Protocol, TypeAlias, runtime_checkable
from uuid import UUID

from belvo_async import Client
from belvo_async.models import Link

Links: TypeAlias = Iterable[Link | UUID | str] | AsyncIterable[Link | UUID | str]


@runtime_checkable
class TaskEngine(Protocol):
    """Carries out the tasks of a fleet: `contrib.procrastinate.FleetTasks`, or an engine of your own.

    `belvo-async fleet enqueue`, `worker` and `retry` use the one that `--tasks` names.
    """

    def open(self) -> AbstractAsyncContextManager[object]:
        """Connect to what keeps the tasks, as an asynchronous context.

        Raises:
            ConfigurationError: It is not ready to be used; says what to run.
        """
        ...

    async def enqueue(self, pool: Client, links: Links, *, job: str) -> int:
        """Take links into a job and into the queue; return how many."""
        ...

    async def retry(self, pool: Client, *, job: str, states: Collection[str]) -> int:
        """Put links of a job that have ended back to the start and into the queue; return how many."""
        ...

    async def run_worker(self, pool: Client, *, install_signal_handlers: bool = True) -> None:
        """Carry out tasks until the call is cancelled: then those under way end, and no new one begins.

        Args:
            pool: Does the logins.
            install_signal_handlers: Whether SIGINT and SIGTERM end it, too.
        """
        ...
