"""What a command line needs of the engine that carries out a fleet's tasks."""

from collections.abc import AsyncIterable, Collection, Iterable
from types import TracebackType
from typing import Protocol, Self, runtime_checkable
from uuid import UUID

from belvo_async import Client, Link


@runtime_checkable
class TaskQueue(Protocol):
    """The tasks of fleet jobs in the queue of an engine: `contrib.procrastinate.FleetTasks`, or one of yours.

    `belvo-async fleet --tasks package.module:name` works with any. It is open within `async with`.
    """

    async def __aenter__(self) -> Self:
        """Connect to the queue.

        Raises:
            BackendError: It cannot be reached.
            ConfigurationError: It is not set up; the remedy says how.
        """
        ...

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None, /
    ) -> None:
        """Close what was opened."""
        ...

    async def enqueue(
        self, pool: Client, links: Iterable[Link | UUID | str] | AsyncIterable[Link | UUID | str], *, job: str
    ) -> int:
        """Take links into a job, as `admit` does, and into the queue; return how many."""
        ...

    async def retry(self, pool: Client, *, job: str, states: Collection[str] = ("refused",)) -> int:
        """Put links back to the start, as `retry` does, and into the queue; return how many."""
        ...

    async def run_worker(self, pool: Client, *, install_signal_handlers: bool = True) -> None:
        """Carry out tasks until this call is cancelled; those under way end first.

        Args:
            pool: Does the logins. Where it is closed, those under way are cut off.
            install_signal_handlers: Whether SIGINT and SIGTERM stop it too; else the caller watches for them.
        """
        ...
