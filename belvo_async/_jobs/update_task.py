"""The job that updates links: each login sends the credentials that somebody has looked up."""

import asyncio
import inspect
from datetime import datetime
from typing import Final

from belvo_async._client import Client
from belvo_async._engine.callers import TokenProvider
from belvo_async._engine.single_flight import WhenBusy
from belvo_async._event_loop import is_cancelled_from_outside
from belvo_async._jobs.job_recorder import JobRecorder
from belvo_async._jobs.job_task import JobTask
from belvo_async._jobs.options import JobOptions
from belvo_async._jobs.outcomes import NotUpdated, Updated
from belvo_async._jobs.prompts import leave_open
from belvo_async._jobs.records import Job
from belvo_async._jobs.refused_credentials import HeldBackError, RefusedCredentials
from belvo_async.errors import InvalidValueError, SourceError
from belvo_async.mfa import ResumeRoute
from belvo_async.models import Link
from belvo_async.params import LinkUpdate


class UpdateTask(JobTask):
    """Updates links.

    Args:
        pool: Sends the logins.
        options: Say where credentials come from, and which are sent once more.
    """

    collection = "/api/links/"
    refusal = NotUpdated

    def __init__(self, pool: Client, options: JobOptions) -> None:
        self._pool: Final = pool
        self._find: Final = options.credentials
        self._credentials: Final = RefusedCredentials(pool.identity, options.resend)

    async def log_in(self, job: Job, recorder: JobRecorder, when_busy: WhenBusy) -> Updated:
        """Send the credentials of a link; see `JobTask`."""
        job.update = update = job.update or await self._find_update(job.link_id)
        if self.holds_back(job):
            raise HeldBackError
        recorder.credentials = self._credentials.digest(update)
        return self.find_result(await self._pool.links.update(update, recorder=recorder, when_busy=when_busy))

    async def answer(
        self, ticket: str, provide_token: TokenProvider, job: Job, recorder: JobRecorder
    ) -> Updated:
        """Answer a challenge, with the credentials where they have to be sent once more; see `JobTask`."""
        update = await self._find_update_to_resume(job)
        if update is None and self._needs_update:
            raise leave_open(job.link_id)
        recorder.credentials = None if update is None else self._credentials.digest(update)
        resumed = await self._pool.challenges.resume(
            ticket, provide_token=provide_token, update=update, recorder=recorder
        )
        if isinstance(resumed, Link):
            return self.find_result(resumed)
        raise TypeError("a challenge of a job that updates links was one of data")

    def find_result(self, link: Link) -> Updated:
        """Return that a link is updated."""
        return Updated(link_id=link.id, link=link)

    def conclude(self, link: Link, sent_at: datetime | None) -> Updated:  # noqa: ARG002 - the link is all
        """Return that a link is updated."""
        return self.find_result(link)

    def holds_back(self, job: Job) -> bool:
        """Whether the credentials of a link were refused before; those to be looked up are not known yet."""
        return job.update is not None and self._credentials.holds_back(job.update, job.row.refused)

    @property
    def _needs_update(self) -> bool:
        """Whether a token may have to be sent with the credentials, or after another login with them."""
        policy = self._pool.mfa
        return policy.resume_route is ResumeRoute.PUT_LINK or policy.restarts > 0

    async def _find_update_to_resume(self, job: Job) -> LinkUpdate | None:
        """Return the credentials, where a resumed login may have to send them once more, and may do so."""
        if not self._needs_update:
            return None
        if job.update is None and self._find is not None:
            job.update = await self._find_update(job.link_id)
        return None if self.holds_back(job) else job.update

    async def _find_update(self, link_id: str) -> LinkUpdate:
        find = self._find
        if find is None:
            raise SourceError(f"There are no credentials for link {link_id}.", remedy="Pass credentials=.")
        try:
            found = find(link_id)
            update = await found if inspect.isawaitable(found) else found
        except (Exception, asyncio.CancelledError) as error:
            if is_cancelled_from_outside(error):
                raise
            raise SourceError(
                f"credentials raised {type(error).__name__} for link {link_id}; nothing was sent.",
                remedy="Mend it and run the job again: by name or journal, it goes on where it stopped.",
                link_id=link_id,
            ) from error
        if isinstance(update, LinkUpdate) and update.link_id == link_id:
            return update
        problem = "returned none" if update is None else "returned something else than its LinkUpdate"
        raise InvalidValueError.of(
            "credentials", problem, remedy="Return LinkUpdate(link_id, password=…).", link_id=link_id
        )
