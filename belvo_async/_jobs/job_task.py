"""What a job does with each of its links: one login, and what comes of it."""

from abc import ABC, abstractmethod
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import datetime
from typing import ClassVar

from belvo_async._engine.callers import TokenProvider
from belvo_async._engine.single_flight import WhenBusy
from belvo_async._jobs.job_recorder import JobRecorder
from belvo_async._jobs.outcomes import AnyOutcome, Refusal
from belvo_async._jobs.records import Job
from belvo_async.backends import OutputEnd
from belvo_async.models import Link


class JobTask(ABC):
    """One kind of job. It holds no state of a link: that is in the ledger."""

    collection: str
    """Where its challenges come from."""
    purpose: str | None = None
    """What `JobRow.purpose` keeps."""
    refusal: ClassVar[type[Refusal]]
    """How a link has ended whose login surely has not succeeded."""

    @abstractmethod
    async def log_in(self, job: Job, recorder: JobRecorder, when_busy: WhenBusy) -> AnyOutcome:
        """Send the one login of a link, each of its steps written down by *recorder*.

        Raises:
            HeldBackError: Its credentials were refused before.
            TokenRequiredError: The institution asks for a token.
            BelvoError: It has no result.
        """

    @abstractmethod
    async def answer(
        self, ticket: str, provide_token: TokenProvider, job: Job, recorder: JobRecorder
    ) -> AnyOutcome:
        """Ask for the tokens of a parked challenge, and send them.

        Raises:
            BelvoError: It has no result.
        """

    @abstractmethod
    def find_result(self, link: Link) -> AnyOutcome | None:
        """Return what a login has brought that the status of the link shows to have succeeded.

        None where that is in its response alone: somebody may be reading it, or it is lost.
        """

    @abstractmethod
    def conclude(self, link: Link, sent_at: datetime | None) -> AnyOutcome:
        """Return what such a login has come to, where nobody is at it any more."""

    def holds_back(self, job: Job) -> bool:  # noqa: ARG002 - for those that send credentials
        """Whether a link is left as it is, as its credentials were refused before."""
        return False

    async def open(self, end: OutputEnd | None) -> None:  # noqa: B027 - most have none
        """Prepare the output, before anything is sent: earlier runs have written to it up to *end*.

        Raises:
            OutputError: It is not what earlier runs have left.
        """

    async def close(self) -> None:  # noqa: B027 - most have none
        """Close the output."""

    async def deliver(self, outcome: AnyOutcome) -> None:  # noqa: B027 - most have none
        """Hand what a login has brought to a function of the user's, which may be cut off.

        Raises:
            OutputError: It was not taken.
        """

    @asynccontextmanager
    async def keep(self, outcome: AnyOutcome) -> AsyncIterator[OutputEnd | None]:  # noqa: ARG002 - most keep nothing
        """Write what a login has brought to the output, so that the ledger can say so within the block.

        Yield up to where the output holds it, where it is a file.

        Raises:
            OutputError: It could not be written.
        """
        yield None
