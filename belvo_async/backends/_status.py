"""How a backend stands: whether it can be used."""

import asyncio
from collections.abc import Callable
from functools import partial
from typing import Final, TypeVar

from belvo_async.backends._backend import Backend
from belvo_async.backends._coordinator import RecordKind

T = TypeVar("T")

_TRIAL: Final = RecordKind(name="trial", create=str, dump=str, load=str, lasts=0.01)
"""A record that says nothing."""


async def check_backend(backend: Backend) -> None:
    """Check that an open backend can be used: change a record that nobody needs, as a login would.

    Raises:
        CoordinatorError: It cannot be used; says why.
    """
    await _work(backend, partial(backend.coordinator.change, _TRIAL, "", lambda _, _moment: None))


async def _work(backend: Backend, work: Callable[[], T]) -> T:
    """Let a coordinator do something without blocking the event loop."""
    return await asyncio.to_thread(work) if backend.coordinator.is_blocking else work()
