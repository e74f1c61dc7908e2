"""A job in the ledger of a pool's backend, and what one of its links needs."""

from attrs import frozen

from belvo_async import Client, check_client
from belvo_async._jobs.link_steps import LinkSteps
from belvo_async._jobs.opening import check_name
from belvo_async.backends import JobKey, JobRow, Ledger, LinkRow
from belvo_async.errors import ConfigurationError, InvalidValueError


@frozen
class FleetJob:
    """A job of a name, for the keys of a pool."""

    pool: Client
    ledger: Ledger
    key: JobKey

    @classmethod
    def find(cls, pool: Client, job: str) -> "FleetJob":
        """Return the job of a name, which need not have begun.

        Raises:
            ConfigurationError: The backend keeps no jobs.
            InvalidValueError: An argument is of a wrong kind.
        """
        check_client(pool)
        check_name(job)
        ledger = pool.backend.ledger
        if ledger is None:
            raise ConfigurationError(
                f"A {type(pool.backend).__name__} keeps no jobs.",
                remedy="Give the pool a backend that does: PostgreSQL, or an SQLite file on one machine.",
            )
        return cls(pool, ledger, JobKey(pool.identity.digest, job))

    async def check_begun(self) -> None:
        """Refuse the name of a job that was never begun: it may be mistyped.

        Raises:
            InvalidValueError: There is no such job.
        """
        if await self.ledger.read_job(self.key) is None:
            raise InvalidValueError.of(
                "job",
                "names no job that was begun with these keys, in this environment and backend",
                remedy="Correct the name: belvo-async status lists the jobs. Admit links to begin one.",
            )

    async def begin(self, total: int | None = None) -> JobRow:
        """Begin a run of it."""
        environment, now = self.pool.identity.environment, self.pool.clock.wall()
        return await self.ledger.begin(self.key, environment=environment, at=now, total=total)

    async def find_row(self, link_id: str) -> LinkRow:
        """Return the row of a link, which is admitted where it is new."""
        found = await self.ledger.read(self.key, [link_id])
        if link_id in found:
            return found[link_id]
        job = await self.ledger.read_job(self.key) or await self.begin()
        (row,) = await self.ledger.admit(self.key, job.runs, [(link_id, None)], at=self.pool.clock.wall())
        return row

    async def is_paused(self) -> bool:
        """Whether no login is to begin."""
        job = await self.ledger.read_job(self.key)
        return job is not None and job.is_paused

    def write(self, row: LinkRow) -> LinkSteps:
        """Return what writes the steps of a link."""
        return LinkSteps(self.ledger, self.key, row, self.pool.clock)
