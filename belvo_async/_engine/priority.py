"""Whose requests go first where there is not room for all at once."""

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from enum import IntEnum
from typing import Final


class Priority(IntEnum):
    """The classes of requests, the first one first."""

    ANSWER = 0
    """A person's answer to a challenge, whose time runs out, or a status check."""
    CALL = 1
    """What a call of the application sends: somebody waits for it."""
    JOB = 2
    """A login of a job: nobody waits for this one."""


PRIORITY: Final[ContextVar[Priority]] = ContextVar("belvo_async_priority", default=Priority.CALL)
"""Of the calls in this context; those of a job are behind all others."""


@contextmanager
def for_job() -> Iterator[None]:
    """Let the calls inside be those of a job."""
    token = PRIORITY.set(Priority.JOB)
    try:
        yield
    finally:
        PRIORITY.reset(token)
